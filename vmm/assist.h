/*
 * Hardware assist: the processor runs the guest by vmrun and comes back where the VMCB says.
 *
 *   technique npt     guest-physical addresses go through the VM's map (nested paging)
 *   technique assist  the guest's tables are shadowed, as under trap and emulate
 *
 * With nested paging the virtual CPU's page is the VMCB that vmrun is given: what the guest
 * believes is what the processor has. With shadow paging the two differ in the registers that
 * name page tables, so vmrun has a page of its own.
 */
#ifndef VMM_ASSIST_H
#define VMM_ASSIST_H

#include "vmm/vcpu.h"

struct nested;

/* A register that names a page table, with shadow paging. */
struct root_pair {
    word guest; /* what the guest believes */
    word real;  /* what the processor has */
};

enum { ROOT_PTBR, ROOT_TPTBR, ROOT_EPTBR, ROOTS };

struct assist {
    union vmcb *hw;                /* of shadow paging; NULL with nested paging */
    struct root_pair roots[ROOTS]; /* as of the last entry */
    hpa nothing;                   /* a table that maps nothing */
    word nothing_asids[2];
    bool tlb_stale;        /* the processor may hold translations that are no longer so */
    struct nested *nested; /* where the VM has hardware assist itself, else NULL */
};

#define EVENT_VALID     0x80000000u /* word of an event in the VMCB: injected, or being delivered */
#define EVENT_INTERRUPT 0x40000000u

/* The event word for a cause as the register has it, and back. */
static inline word event_of(word cause)
{
    return EVENT_VALID | (cause & CAUSE_INTERRUPT ? EVENT_INTERRUPT : 0) | (cause & 31);
}

static inline word event_cause(word event)
{
    return (event & EVENT_INTERRUPT ? CAUSE_INTERRUPT : 0) | (event & 31);
}

enum intercept_bit {
#define INTERCEPT(name, bit, meaning) INTERCEPT_##name = (bit),
#include "isa/vmcb.def"
};

/* Exit codes: past the vector by name, in it by where each of its four words begins. */
enum exit_code {
#define EXIT(name, code, meaning) EXIT_##name = (int)(code),
#include "isa/vmcb.def"
    EXIT_INSN = 0,
    EXIT_CAUSE = 32,
    EXIT_CSR_READ = 64,
    EXIT_CSR_WRITE = 96,
};

/* info2 of a nested fault */
#define NESTED_ACCESS 3u /* 0 read, 1 write, 2 fetch */
#define NESTED_WRITE  1u
#define NESTED_WALK   4u /* in a walk of the guest's own table */

/* Gives the processor what it needs to know and runs the guest until its next exit, which is
 * then in the VMCB (and, where the guest was in the middle of a trap, that trap is injected
 * again at the next entry). */
void assist_run(struct vcpu *v, union vmcb *hw, bool *tlb_stale);

/* Answers the exit in the VMCB (assist_exit.c). */
void assist_exit(struct vcpu *v);

#endif
