/*
 * Proportional share; see sched.h.
 *
 *   elapsed    A |==========>            weight 256: a cycle is 1
 *              B |======>                weight 512: a cycle is 1/2; B is next
 *              C |===|--- away ---|==>   put forward to `floor` less a slice when it is back
 *                            floor
 *
 * All in cycles. Only the real timer counts in ticks of machine time: a deadline is turned into
 * them, rounded up, when it is set.
 */
#include "vmm/sched.h"

#include "vmm/arch.h"
#include "vmm/time.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#define POINT       16 /* bits behind the point of virtual time */
#define HEAD_START  ((uint64_t)SCHED_SLICE << POINT)
#define DIVIDER_MAX 65536u /* the machine's */
#define PERCENT     100u

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- accounts ----------------------------------------------------------------------------- */

static void charge(struct vm *vm, uint64_t from, uint64_t used)
{
    struct share *s = &vm->share;

    s->elapsed += used * s->pace;
    if (s->cap)
        s->not_before =
            later(s->not_before, from) + (used * ((PERCENT << POINT) / s->cap) >> POINT);
}

void sched_account(struct vmm *vmm)
{
    struct sched *s = &vmm->sched;
    uint64_t now = arch_cycle(), used = now - s->since;

    vmm->alloc.cycles[s->payer ? s->payer->id : OWNER_VMM] += used;
    if (s->payer)
        charge(s->payer, s->since, used);
    s->since = now;
}

struct vm *sched_pay(struct vmm *vmm, struct vm *vm)
{
    struct vm *before = vmm->sched.payer;

    sched_account(vmm);
    vmm->sched.payer = vm;
    return before;
}

void sched_sleep(struct vmm *vmm)
{
    uint64_t asleep = arch_cycle();

    arch_wait();
    vmm->sched.idle += arch_cycle() - asleep;
}

void sched_set(struct vm *vm, word weight, word cap)
{
    sched_account(vm->vmm);
    vm->share.weight = weight;
    vm->share.cap = cap;
    vm->share.pace = (SCHED_WEIGHT << POINT) / weight;
    if (!cap)
        vm->share.not_before = 0;
    sched_woken(vm);
}

void sched_admit(struct vm *vm, word weight, word cap)
{
    vm->share = (struct share){.away = true};
    sched_set(vm, weight, cap);
}

/* ---- time --------------------------------------------------------------------------------- */

/* By what both counters say so far; exact enough for a timer once some time has passed. A
 * monitor's own time may have an offset: any divider will do that is not 0. */
void sched_init(struct vmm *vmm)
{
    uint64_t ticks = arch_time(), cycles = arch_cycle();

    vmm->sched = (struct sched){.since = cycles, .divider = DIVIDER_MAX};
    for (; (cycles | ticks) >> 32; cycles >>= 1)
        ticks >>= 1;
    if (ticks)
        vmm->sched.divider = cycles > ticks ? (word)cycles / (word)ticks : 1;
}

/* The machine's time at a cycle to come; deadlines beyond 32 bits come earlier, and again. */
static uint64_t time_at(const struct sched *s, uint64_t cycle)
{
    uint64_t now = arch_cycle();
    uint64_t wait = cycle > now ? earlier(cycle - now, UINT32_MAX) : 0;

    return arch_time() + ((word)wait + (s->divider - 1)) / s->divider;
}

/* ---- choosing ----------------------------------------------------------------------------- */

static bool ready(const struct vm *vm, uint64_t now)
{
    return vm_runnable(vm) && vm->share.not_before <= now;
}

/* The least that those have who have been able to run all the time. It never falls. Asked before
 * anybody's `away` changes. */
static void raise_floor(struct vmm *vmm)
{
    uint64_t least = UINT64_MAX;

    for (unsigned i = 0; i < vmm->vm_slots; i++)
        if (vmm->vms[i] && !vmm->vms[i]->share.away)
            least = earlier(least, vmm->vms[i]->share.elapsed);
    if (least != UINT64_MAX)
        vmm->sched.floor = later(vmm->sched.floor, least);
}

/* It can run again. */
static void come_back(struct vm *vm)
{
    const struct sched *s = &vm->vmm->sched;

    if (vm->share.away && s->floor > HEAD_START)
        vm->share.elapsed = later(vm->share.elapsed, s->floor - HEAD_START);
    vm->share.away = false;
}

static void switch_to(struct sched *s, struct vm *vm)
{
    s->current = s->payer = vm;
    s->expired = false;
    s->slice_end = s->since + SCHED_SLICE;
    s->timer_stale = true;
}

/* Of equals the one behind the current, so that they take turns. */
struct vm *sched_pick(struct vmm *vmm)
{
    struct sched *s = &vmm->sched;
    word start = s->current ? s->current->id : 0;
    struct vm *best = NULL;

    sched_account(vmm);
    raise_floor(vmm);
    for (unsigned i = 0; i < vmm->vm_slots; i++) {
        struct vm *vm = vmm->vms[(start + i) % vmm->vm_slots];
        if (!vm)
            continue;
        if (!ready(vm, s->since)) {
            vm->share.away = true;
            continue;
        }
        come_back(vm);
        if (!best || vm->share.elapsed < best->share.elapsed)
            best = vm;
    }
    switch_to(s, best);
    return best;
}

/* Somebody who was away may be more urgent than who runs. Accounts are up to date. */
static void compare(struct vm *vm)
{
    struct sched *s = &vm->vmm->sched;

    if (!s->current || vm == s->current || !vm->share.away || !ready(vm, s->since))
        return;
    come_back(vm);
    s->timer_stale = true; /* from now on there is a slice */
    if (vm->share.elapsed < s->current->share.elapsed)
        s->expired = true;
}

void sched_woken(struct vm *vm)
{
    struct vmm *vmm = vm->vmm;

    if (!vmm->sched.current || !vm->share.away)
        return;
    sched_account(vmm);
    raise_floor(vmm);
    compare(vm);
}

void sched_tick(struct vmm *vmm)
{
    struct sched *s = &vmm->sched;

    sched_account(vmm);
    raise_floor(vmm);
    for (unsigned i = 0; i < vmm->vm_slots; i++) {
        if (!vmm->vms[i])
            continue;
        vtimer_update(&vmm->vms[i]->vcpu);
        compare(vmm->vms[i]);
    }
    if (s->since >= s->slice_end)
        s->expired = true;
    s->timer_stale = true;
}

/* ---- the real timer ----------------------------------------------------------------------- */

/* What a VM that does not run waits for: its own timer, its cap, or the end of the slice. */
static uint64_t wanted_by(const struct vm *vm, bool *shares)
{
    const struct sched *s = &vm->vmm->sched;

    if (vm->state != VM_STARTED)
        return ARCH_NEVER;
    uint64_t next = vtimer_deadline(&vm->vcpu);
    if (vm == s->current) {
        *shares |= vm->share.cap != 0;
        return next;
    }
    if (!vm_runnable(vm))
        return next;
    if (vm->share.away) /* its cap may have let it go since the others were compared: at once */
        return earlier(next, time_at(s, vm->share.not_before));
    *shares = true;
    return next;
}

void sched_program(struct vmm *vmm)
{
    struct sched *s = &vmm->sched;
    uint64_t next = ARCH_NEVER;
    bool shares = false;

    for (unsigned i = 0; i < vmm->vm_slots; i++) {
        const struct vm *vm = vmm->vms[i];
        if (vm && !vm->ended)
            next = earlier(next, wanted_by(vm, &shares));
    }
    if (shares && s->current)
        next = earlier(next, time_at(s, s->slice_end));
    arch_set_timer(next);
    s->timer_stale = false;
}

void sched_timer_changed(struct vmm *vmm)
{
    vmm->sched.timer_stale = true;
}

void sched_forget(struct vm *vm)
{
    struct sched *s = &vm->vmm->sched;

    sched_account(vm->vmm);
    if (s->payer == vm)
        s->payer = NULL;
    if (s->current == vm)
        s->current = NULL;
    s->timer_stale = true;
}
