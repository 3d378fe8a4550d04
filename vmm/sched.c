/* Round robin; see sched.h. */
#include "vmm/sched.h"

#include "vmm/arch.h"
#include "vmm/time.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

static void charge(struct vmm *vmm)
{
    struct sched *s = &vmm->sched;
    uint64_t now = arch_cycle();

    if (s->current)
        vmm->alloc.cycles[s->current->id] += now - s->since;
    s->since = now;
}

static void switch_to(struct vmm *vmm, struct vm *vm)
{
    charge(vmm);
    vmm->sched.current = vm;
    vmm->sched.expired = false;
    vmm->sched.slice_end = arch_time() + SCHED_SLICE;
    vmm->sched.timer_stale = true;
}

struct vm *sched_pick(struct vmm *vmm)
{
    struct sched *s = &vmm->sched;
    word start = s->current ? s->current->id : 0;

    for (unsigned i = 0; i < vmm->vm_slots; i++) {
        struct vm *vm = vmm->vms[(start + i) % vmm->vm_slots];
        if (vm && vm_runnable(vm)) {
            switch_to(vmm, vm);
            return vm;
        }
    }
    switch_to(vmm, NULL);
    return NULL;
}

void sched_tick(struct vmm *vmm)
{
    for (unsigned i = 0; i < vmm->vm_slots; i++)
        if (vmm->vms[i])
            vtimer_update(&vmm->vms[i]->vcpu);
    if (arch_time() >= vmm->sched.slice_end)
        vmm->sched.expired = true;
    vmm->sched.timer_stale = true;
}

void sched_program(struct vmm *vmm)
{
    struct sched *s = &vmm->sched;
    uint64_t next = ARCH_NEVER;
    bool others = false;

    for (unsigned i = 0; i < vmm->vm_slots; i++) {
        struct vm *vm = vmm->vms[i];
        if (!vm || vm->ended)
            continue;
        uint64_t deadline = vtimer_deadline(&vm->vcpu);
        if (deadline < next)
            next = deadline;
        others |= vm != s->current && vm_runnable(vm);
    }
    if (others && s->slice_end < next)
        next = s->slice_end;
    arch_set_timer(next);
    s->timer_stale = false;
}

void sched_timer_changed(struct vmm *vmm)
{
    vmm->sched.timer_stale = true;
}

void sched_woken(struct vm *vm)
{
    if (vm != vm->vmm->sched.current) /* from now on there is a slice */
        vm->vmm->sched.timer_stale = true;
}

void sched_forget(struct vm *vm)
{
    struct vmm *vmm = vm->vmm;

    if (vmm->sched.current == vm) {
        charge(vmm);
        vmm->sched.current = NULL;
    }
}
