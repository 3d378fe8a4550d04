/*
 * Full virtualization by trap and emulate: the unmodified guest runs in rings 1 to 3, on
 * shadow tables, with every privilege taken away; what it may not do traps, and the monitor
 * does it for it.
 *
 *   virtual ring 0 1 2 3      real IOPL 0, cntren 0, IE without effect: ports, counters and
 *   real ring    1 2 3 3      interrupts are the monitor's
 *
 * Right exactly when every sensitive instruction is privileged (Popek and Goldberg): on a
 * classic machine the guest goes wrong by itself.
 */
#include "vmm/arch.h"
#include "vmm/dispatch.h"
#include "vmm/emulate.h"
#include "vmm/isa.h"
#include "vmm/technique.h"
#include "vmm/vm.h"

static void set_root(struct vcpu *v)
{
    v->real_ptbr = shadow_select(&v->vm->shadow, v->cb->ptbr, v->cb->ring);
    if (!v->real_ptbr)
        vm_end(v->vm, "there is no memory left for its page tables", NULL);
    v->root_stale = false;
}

static void enter(struct vcpu *v)
{
    word step = v->cb->status & FIELD_status_tf ? FIELD_status_ptf : 0;

    v->real_status = FIELD_status_tps | step | ring_real(v->cb->ring) << SHIFT_status_pring;
    arch_enter(v);
}

static void map(struct vcpu *v, gva address, enum access access)
{
    struct shadow_fault f = {.address = address, .access = access, .ring = v->cb->ring};

    arch_hint_routine("shadow");
    switch (shadow_resolve(&v->vm->shadow, v->cb->ptbr, &f)) {
    case SHADOW_FILLED:
        break;
    case SHADOW_GUEST_FAULT:
        vcpu_trap(v, f.cause, address);
        break;
    case SHADOW_DEVICE:
        if (access == ACCESS_FETCH)
            vcpu_trap(v, CAUSE_fetch_access, address);
        else
            emulate_access(v, address, f.walk.address, access == ACCESS_STORE);
        break;
    case SHADOW_NO_MEMORY:
        vm_end(v->vm, "there is no memory left for its page tables", NULL);
        break;
    }
}

static void unmap(struct vcpu *v, const gva *address, const word *asid)
{
    shadow_fence(&v->vm->shadow, address, asid);
}

static void refetch(struct vcpu *v, gva address)
{
    shadow_drop(&v->vm->shadow, address);
}

const struct technique technique_full = {
    .name = "full",
    .set_root = set_root,
    .enter = enter,
    .handle_exit = dispatch_exit,
    .map = map,
    .unmap = unmap,
    .refetch = refetch,
};
