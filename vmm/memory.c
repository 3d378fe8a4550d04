/* How scarce memory is, and what is done about it; see memory.h. */
#include "vmm/memory.h"

#include "vmm/arch.h"
#include "vmm/lib.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#include "isa/paging.h"

#define PATIENCE   4  /* times that balloons are asked before a VM that waits is given up */
#define IDLE_PAGES 16 /* looked at before it is asked again whether somebody can run */

/* falls: percent below which the state is left for the next worse; rises: above which for the
 * next better one. */
static const struct {
    const char *name;
    word falls, rises;
    unsigned scan; /* pages that sharing looks at in a tick */
} states[] = {
    [MEMORY_HIGH] = {"high", 4, 100, 1},
    [MEMORY_SOFT] = {"soft", 2, 6, 4},
    [MEMORY_HARD] = {"hard", 1, 4, 16},
    [MEMORY_LOW] = {"low", 0, 2, 16},
};

const char *memory_state_name(enum memory_state state)
{
    return states[state].name;
}

static word percent(const struct vmm *vmm, word of)
{
    return vmm->alloc.count / 100 * of;
}

static void find_state(struct vmm *vmm)
{
    word spare = alloc_spare(&vmm->alloc);
    enum memory_state state = vmm->memory.state;

    while (state < MEMORY_LOW && spare < percent(vmm, states[state].falls))
        state++;
    while (state > MEMORY_HIGH && spare > percent(vmm, states[state].rises))
        state--;
    if (state == vmm->memory.state)
        return;
    vmm->memory.state = state;
    arch_hint_message(states[state].name);
}

/* ---- balloons ----------------------------------------------------------------------------- */

/* Pages that a VM has beyond what it was promised, and could give. */
static word excess(const struct vmm *vmm, const struct vm *vm)
{
    word held = vmm->alloc.held[vm->id], promised = vmm->alloc.promised[vm->id];

    return vm->balloon.driver && !vm->balloon.manual && held > promised ? held - promised : 0;
}

/* The larger the weight, the less it is asked for. */
static word burden(const struct vmm *vmm, const struct vm *vm)
{
    word e = excess(vmm, vm);

    return e ? e * 16 / (vm->share.weight / 16 + 1) + 1 : 0;
}

static void set_target(struct vm *vm, word pages)
{
    word most = balloon_most(vm);

    vm->balloon.target = pages < most ? pages : most;
}

/* What is missing until memory is plenty is asked of all by their burden. */
static void inflate(struct vmm *vmm)
{
    word wanted = percent(vmm, states[MEMORY_SOFT].rises) + 1 - alloc_spare(&vmm->alloc), sum = 0;

    for (unsigned i = 0; i < vmm->vm_slots; i++)
        if (vmm->vms[i])
            sum += burden(vmm, vmm->vms[i]);
    for (unsigned i = 0; i < vmm->vm_slots && sum; i++) {
        struct vm *vm = vmm->vms[i];
        word b = vm ? burden(vmm, vm) : 0;
        if (b)
            set_target(vm, vm->balloon.pages + multiply_divide(wanted, b, sum) + 1);
    }
}

/* What there is beyond plenty goes back, to one after the other. */
static void deflate(struct vmm *vmm)
{
    word plenty = percent(vmm, states[MEMORY_SOFT].rises), spare = alloc_spare(&vmm->alloc);
    word left = spare > plenty ? spare - plenty : 0;

    for (unsigned i = 0; i < vmm->vm_slots && left; i++) {
        struct vm *vm = vmm->vms[i];
        if (!vm || vm->balloon.manual || !vm->balloon.target)
            continue;
        word back = vm->balloon.target < left ? vm->balloon.target : left;
        vm->balloon.target -= back;
        left -= back;
    }
}

void memory_set_balloon(struct vm *vm, word pages)
{
    vm->balloon.manual = pages != 0;
    set_target(vm, pages);
    balloon_ask(vm);
}

/* ---- time passes -------------------------------------------------------------------------- */

/* The state has changed for the worse, or time has passed: everybody's balloon anew. */
static void balance(struct vmm *vmm)
{
    if (vmm->memory.state == MEMORY_HIGH)
        deflate(vmm);
    else
        inflate(vmm);
    for (unsigned i = 0; i < vmm->vm_slots; i++)
        if (vmm->vms[i])
            balloon_ask(vmm->vms[i]);
}

/* The monitor pays: what it finds is for all. */
void memory_tick(struct vmm *vmm)
{
    if (!vmm->memory.looks)
        return;
    struct vm *payer = sched_pay(vmm, NULL);
    find_state(vmm);
    balance(vmm);
    sharing_scan(vmm, states[vmm->memory.state].scan);
    sched_pay(vmm, payer);
}

void memory_taken(struct vmm *vmm)
{
    enum memory_state before = vmm->memory.state;

    vmm->memory.asked = 0;
    find_state(vmm);
    if (vmm->memory.state > before)
        balance(vmm);
}

/* Of those that could run if there were memory, the one with the most beyond its promise. */
static struct vm *most_wanting(struct vmm *vmm)
{
    struct vm *most = NULL;

    for (unsigned i = 0; i < vmm->vm_slots; i++) {
        struct vm *vm = vmm->vms[i];
        if (!vm || !vm_starved(vm))
            continue;
        if (!most || excess(vmm, vm) > excess(vmm, most))
            most = vm;
    }
    return most;
}

/* And balloons have brought something since this was asked last: they may bring more. */
static bool still_scarce(struct vmm *vmm)
{
    word before = vmm->memory.spare;

    vmm->memory.spare = alloc_spare(&vmm->alloc);
    return vmm->memory.state != MEMORY_HIGH && vmm->memory.spare != before;
}

bool memory_idle(struct vmm *vmm)
{
    if (!vmm->memory.looks)
        return false;
    if (sharing_scan(vmm, IDLE_PAGES))
        return true;
    if (still_scarce(vmm)) {
        memory_tick(vmm);
        return true;
    }
    struct vm *vm = most_wanting(vmm);
    if (!vm)
        return false;
    if (vmm->memory.asked++ < PATIENCE) {
        memory_tick(vmm);
        return true;
    }
    vmm->memory.asked = 0;
    vm_end(vm, "this machine has no memory left for it", NULL);
    vm_destroy(vm);
    return true;
}
