/*
 * The VMCB in names and numbers: its words, intercepts, exit codes, and the rules of vmrun
 * (vmcb.def, vmcb_rules.def).
 *
 * Exit codes as causes. Events, counters and filters know why control left a guest by one word:
 * the cause of a trap as it is, or CAUSE_EXIT and the exit code of a vmrun. cause_info (csr.h)
 * has names for both; an intercepted exception has the same name in either form, and
 * vmcb_plain_cause makes one of the two, so that they can be compared across techniques.
 */
#ifndef ISA_VMCB_H
#define ISA_VMCB_H

#include "base/types.h"
#include "isa/csr.h"
#include "isa/vmcb_bits.h"

#define VMCB_MAGIC     0x42434d56u /* the bytes VMCB */
#define VMCB_FIRST_CSR CSR_status  /* bit 0 of the register intercepts */

enum vmcb_offset {
#define VMCB(area, name, offset, meaning) VMCB_##name = (offset),
#include "isa/vmcb.def"
};
enum vmcb_intercept {
#define INTERCEPT(name, bit, meaning) INTERCEPT_##name = (bit),
#include "isa/vmcb.def"
};
/* The first code of each word of the intercept vector, then those past it. */
enum vmcb_exit_code {
#define EXITS(name, first, meaning) EXIT_##name = (first),
#define EXIT(name, code, meaning)   EXIT_##name = (int)(code),
#include "isa/vmcb.def"
};
#define CAUSE_EXIT 0x40000000u

/* info2 of a nested page fault. */
enum { NESTED_READ = 0, NESTED_WRITE = 1, NESTED_FETCH = 2, NESTED_IN_WALK = 4 };

enum vmcb_rule {
    VMCB_RULE_none,
#define VMCB_RULE(name, text) VMCB_RULE_##name,
#include "isa/vmcb_rules.def"
    VMCB_RULE_COUNT
};

struct vmcb_word_info {
    const char *name;
    word offset;
    const char *meaning;
};
/* NULL for a word that has no name. */
const struct vmcb_word_info *vmcb_word_info(word offset);

struct vmcb_rule_info {
    const char *name, *text;
};
/* NULL past the end; rule 0 is none. */
const struct vmcb_rule_info *vmcb_rule_info(word rule);

/* The exits of vmrun, `cause` with CAUSE_EXIT set. */
extern const struct cause_info vmcb_exit_table[];
extern const unsigned vmcb_exit_count;

/* The trap that a trap-and-emulate monitor would have seen for the same reason, where the exit is
 * for an exception or an hcall; any other cause as it is. */
word vmcb_plain_cause(word cause);

#endif
