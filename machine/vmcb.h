/*
 * The rules of vmrun: what a VMCB must be for anything to run (isa/vmcb_rules.def).
 */
#ifndef MACHINE_VMCB_H
#define MACHINE_VMCB_H

#include "isa/vmcb.h"
#include "machine/machine.h"

#define VMCB_WORDS (0x180 / sizeof(word)) /* of these some have names; behind them none has */

/* The processor's own copy. */
struct vmcb {
    word words[VMCB_WORDS];
};
static inline word vmcb_get(const struct vmcb *v, enum vmcb_offset offset)
{
    return v->words[(unsigned)offset / sizeof(word)];
}

/* The rule that is broken and the offset of the word that breaks it; VMCB_RULE_none when it may
 * run. `page` is the VMCB in RAM, of which `v` is the copy. */
enum vmcb_rule vmcb_check(const struct vmcb *v, const uint8_t *page,
                          const struct machine_config *config, word *offset);

#endif
