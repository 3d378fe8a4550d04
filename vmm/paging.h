/*
 * Shadow paging as techniques use it: rows of struct technique that full, bt and assist share.
 */
#ifndef VMM_PAGING_H
#define VMM_PAGING_H

#include "vmm/shadow.h"
#include "vmm/vcpu.h"
#include "vmm/walk.h"

/* real_ptbr for the guest's ptbr and ring. */
void paging_set_root(struct vcpu *v);
/* A real page fault of the guest: its own, a device, or a page that the shadow lacks. */
void paging_map(struct vcpu *v, gva address, enum access access);
/* What follows from the shadow's answer to a fault. */
void paging_answer(struct vcpu *v, const struct shadow_fault *f, enum shadow_answer answer);
void paging_unmap(struct vcpu *v, const gva *address, const word *asid);
void paging_forget(struct vm *vm, gpa page, hpa frame);
void paging_refetch(struct vcpu *v, gva address);

#endif
