/*
 * Nesting: vmrun inside a VM that has hardware assist itself. The VM is then a monitor (L1) with
 * a guest of its own (L2), and this monitor (L0) runs both.
 *
 *   L1: vmrun -> exit to L0: L1's VMCB copied, checked, merged with L0's -> vmrun of L2
 *   L2: exit to L0 -> L0's business: answered, L2 goes on
 *                  -> what L1 asked for: written into L1's VMCB, L1 goes on behind its vmrun
 *
 * The processor knows one level of guests only, and neither L1 nor L2 can tell.
 */
#ifndef VMM_NESTED_H
#define VMM_NESTED_H

#include "vmm/emulate.h"
#include "vmm/shadow.h"

struct line;

#define NESTED_VMIDS 8 /* of L1's guests: more than this keep no translations between them */

struct nested_vmid {
    word guest;     /* as in L1's VMCB; 0: unused */
    word real;      /* what tags its translations in the processor */
    bool tlb_stale; /* the processor may hold some that are no longer so */
    uint32_t used;  /* larger is more recent */
};

struct nested {
    union vmcb *copy;     /* L1's VMCB as it was at its vmrun; L2's state in between */
    union vmcb *merged;   /* what the real vmrun is given */
    gpa vmcb;             /* where L1's VMCB is */
    unsigned rs1;         /* the register by which L1's vmrun named it */
    word virtual_ip;      /* as L1 gave it */
    bool stepping;        /* L1 had TF set when its vmrun began */
    struct shadow tables; /* with nested paging: L1's nested tables through the VM's map */
    bool tables_stale;    /* the processor may hold entries that `tables` has lost */
    struct nested_vmid vmids[NESTED_VMIDS];
    struct nested_vmid *vmid; /* of the guest that runs */
    uint32_t clock;
};

/* False: why says what is missing. Only for a VM whose technique is hardware assist. */
bool nested_create(struct vm *vm, struct line *why);

/* Feature bits of hardware assist that the guest finds in cpuid leaf 1. */
word nested_features(const struct vm *vm);

/* The routine of L1's vmrun in its ring 0. */
emulate_fn nested_vmrun;

/* L1 goes on behind its vmrun, with this exit in its VMCB. */
void nested_leave(struct vcpu *v, word code, word info1, word info2);

/* Is the exit that stands in v->cb, of L2, one that L1 asked for? Then L1 has it now. */
bool nested_exits(struct vcpu *v);
/* The same for a trap that L0 is about to raise in L2. */
bool nested_traps(struct vcpu *v, word cause, word tval);
/* L2 can go no further: it cannot take this trap. */
void nested_shutdown(struct vcpu *v, word cause, word tval);
/* Before L2 is entered: is there an interrupt for L1, which then has the exit? */
bool nested_interrupted(struct vcpu *v);

/* Does L2 run, behind nested tables of L1's? */
bool nested_paged(const struct vcpu *v);
/* L2 touched what the merged tables lack at a guest-physical address of its own. True when that is
 * answered; else L1 lets it reach `address` of L1's, where no RAM is. */
bool nested_fault(struct vcpu *v, gpa *address);
/* Such an access came through L2's own table: sets A, and D for a store, there. False when L1 does
 * not let that table be written, and has the exit. */
bool nested_marks(struct vcpu *v, gva address, enum access access);

/* What is pending in L2 but for its own timer and software bit. */
word nested_pending(const struct vcpu *v);

/* The VM's map changed (see struct technique, forget). */
void nested_forget(struct vm *vm, gpa page, hpa frame);
/* The processor may hold translations of nested guests that are no longer so. */
void nested_flush(struct vm *vm);
/* Where it is noted for the one that runs. */
bool *nested_stale(struct vcpu *v);

#endif
