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
#include "vmm/isa.h"
#include "vmm/paging.h"
#include "vmm/technique.h"
#include "vmm/vm.h"

static void enter(struct vcpu *v)
{
    word step = v->cb->status & FIELD_status_tf ? FIELD_status_ptf : 0;

    v->real_status = FIELD_status_tps | step | ring_real(v->cb->ring) << SHIFT_status_pring;
    arch_enter(v);
}

const struct technique technique_full = {
    .name = "full",
    .set_root = paging_set_root,
    .enter = enter,
    .handle_exit = dispatch_exit,
    .map = paging_map,
    .unmap = paging_unmap,
    .forget = paging_forget,
    .refetch = paging_refetch,
};
