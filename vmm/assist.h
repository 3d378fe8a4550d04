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

#include "isa/vmcb_bits.h"

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

#define FEATURE_VT  2u /* of cpuid leaf 1 */
#define FEATURE_NPT 4u

/* The event word for a cause as the register has it. */
static inline word event_of(word cause)
{
    return VMCB_EVENT_VALID | (cause & CAUSE_INTERRUPT ? VMCB_EVENT_INTERRUPT : 0) | (cause & 31);
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
    EXIT_VECTOR = 128, /* codes from here on are no bits of it */
};

/* TLB control */
enum { FLUSH_NOTHING, FLUSH_ALL, FLUSH_VMID };

/* info2 of a nested fault */
#define NESTED_ACCESS 3u
enum { NESTED_READ, NESTED_WRITE, NESTED_FETCH };
#define NESTED_WALK 4u /* in a walk of the guest's own table */

/* Answers the exit in the VMCB (assist_exit.c). */
void assist_exit(struct vcpu *v);

#endif
