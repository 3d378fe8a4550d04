/* Shadow paging as techniques use it; see paging.h. */
#include "vmm/paging.h"

#include "vmm/arch.h"
#include "vmm/emulate.h"
#include "vmm/isa.h"
#include "vmm/vm.h"

static void end_for_memory(struct vcpu *v)
{
    vm_end(v->vm, "there is no memory left for its page tables", NULL);
}

void paging_set_root(struct vcpu *v)
{
    v->real_ptbr = shadow_select(&v->vm->shadow, v->cb->ptbr, v->cb->ring);
    if (!v->real_ptbr)
        end_for_memory(v);
    v->root_stale = false;
}

void paging_answer(struct vcpu *v, const struct shadow_fault *f, enum shadow_answer answer)
{
    switch (answer) {
    case SHADOW_FILLED:
        break;
    case SHADOW_NO_WRITE:
        p2m_write_fault(v->vm, f->walk.address); /* the guest tries again */
        break;
    case SHADOW_GUEST_FAULT:
        vcpu_trap(v, f->cause, f->address);
        break;
    case SHADOW_DEVICE:
        if (f->access == ACCESS_FETCH)
            vcpu_trap(v, CAUSE_fetch_access, f->address);
        else
            emulate_access(v, f->address, f->walk.address, f->access == ACCESS_STORE);
        break;
    case SHADOW_NO_MEMORY:
        end_for_memory(v);
        break;
    }
}

void paging_map(struct vcpu *v, gva address, enum access access)
{
    struct shadow_fault f = {.address = address, .access = access, .ring = v->cb->ring};

    arch_hint_routine("shadow");
    paging_answer(v, &f, shadow_resolve(&v->vm->shadow, v->cb->ptbr, &f));
}

void paging_unmap(struct vcpu *v, const gva *address, const word *asid)
{
    shadow_fence(&v->vm->shadow, address, asid);
}

void paging_forget(struct vm *vm, gpa page, hpa frame)
{
    shadow_forget(&vm->shadow, page, frame);
}

void paging_refetch(struct vcpu *v, gva address)
{
    shadow_drop(&v->vm->shadow, address);
}
