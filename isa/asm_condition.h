/*
 * .if and its relatives: which statements are read at all.
 */
#ifndef ISA_ASM_CONDITION_H
#define ISA_ASM_CONDITION_H

#include "isa/asm_lex.h"

/* An open .if; they are a stack. */
struct asm_condition {
    struct asm_condition *below;
    struct asm_where where;
    bool outside; /* the statements around it are read */
    bool reading; /* the branch we are in is read */
    bool done;    /* some branch was */
    bool has_else;
};

/* Are we in a branch that is not read? */
bool asm_skipping(const struct assembler *as);

/* Takes the directive when it is one of these: .if .ifdef .else .elseif .endif ... */
bool asm_condition(struct asm_cursor *c, struct asm_slice name);

/* A text ends: complains about what was opened in it. */
void asm_condition_close(struct assembler *as, const struct asm_condition *until);

struct suggest;
void asm_condition_offer(struct suggest *near);

#endif
