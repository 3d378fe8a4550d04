/*
 * The checks of vmrun (isa/vmcb_checks.def), for the VMCB of a nested guest: what the processor
 * would refuse is refused to L1 in the same words.
 */
#ifndef VMM_NESTED_CHECK_H
#define VMM_NESTED_CHECK_H

#include "vmm/p2m.h"
#include "vmm/vcpu.h"

/* The words that have names, and the page up to the last of them. */
enum { VMCB_NAMED_SIZE = offsetof(union vmcb, instreth) + sizeof(word) };

struct refusal {
    word offset; /* of the word */
    word rule;   /* of vmcb_rules.def, counted from 1 */
};

/*
 * `copy` is the head of the VMCB at `at`; features as in cpuid leaf 1 of who runs it. False: why.
 * Words without a name follow the head in memory, where they are looked at once and never used.
 */
bool nested_check(struct p2m *map, gpa at, const union vmcb *copy, word features,
                  struct refusal *why);

/* Writes the exit of a refused VMCB into it. */
void nested_refuse(struct p2m *map, gpa at, const struct refusal *why);

#endif
