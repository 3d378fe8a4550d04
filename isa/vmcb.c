/* The tables of vmcb.def and vmcb_rules.def as data; see vmcb.h. */
#include "isa/vmcb.h"

static const struct vmcb_word_info words[] = {
#define VMCB(area, name, offset, meaning) {#name, offset, meaning},
#include "isa/vmcb.def"
};

static const struct vmcb_rule_info rules[VMCB_RULE_COUNT] = {
#define VMCB_RULE(name, text) [VMCB_RULE_##name] = {#name, text},
#include "isa/vmcb_rules.def"
};

/* Only control registers have intercepts of their own. */
#define ACCESS_EXITS_COUNTER(name, number, meaning)
#define ACCESS_EXITS_CONTROL(name, number, meaning)                                                \
    {"read_" #name, CAUSE_EXIT | (EXIT_CSR_READ + (number)-VMCB_FIRST_CSR), "read of " #name},     \
        {"write_" #name, CAUSE_EXIT | (EXIT_CSR_WRITE + (number)-VMCB_FIRST_CSR),                  \
         "write of " #name},

const struct cause_info vmcb_exit_table[] = {
#define INTERCEPT(name, bit, meaning) {#name, CAUSE_EXIT | (bit), meaning},
#include "isa/vmcb.def"
#define CAUSE(name, code, tval, text) {#name, CAUSE_EXIT | (EXIT_CAUSE + (code)), text},
#include "isa/causes.def"
#define CSR(name, number, kind, hole, wmask, meaning) ACCESS_EXITS_##kind(name, number, meaning)
#include "isa/csrs.def"
#define EXIT(name, code, meaning) {#name, CAUSE_EXIT | (code), meaning},
#include "isa/vmcb.def"
};
const unsigned vmcb_exit_count = COUNT_OF(vmcb_exit_table);

const struct vmcb_word_info *vmcb_word_info(word offset)
{
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (words[i].offset == offset)
            return &words[i];
    return NULL;
}

const struct vmcb_rule_info *vmcb_rule_info(word rule)
{
    return rule > VMCB_RULE_none && rule < VMCB_RULE_COUNT ? &rules[rule] : NULL;
}

word vmcb_plain_cause(word cause)
{
    word code = cause & ~CAUSE_EXIT;

    if (!(cause & CAUSE_EXIT) || (cause & CAUSE_INTERRUPT))
        return cause;
    if (code >= EXIT_CAUSE && code < EXIT_CSR_READ)
        return code - EXIT_CAUSE;
    return code == INTERCEPT_hcall ? (word)CAUSE_hcall : cause;
}
