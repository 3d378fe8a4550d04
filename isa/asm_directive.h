/*
 * Directives: the statements that begin with a dot. One table; .if and its relatives are in
 * asm_condition.
 */
#ifndef ISA_ASM_DIRECTIVE_H
#define ISA_ASM_DIRECTIVE_H

#include "isa/asm_lex.h"

struct asm_directive {
    const char *name;
    void (*run)(struct asm_cursor *c, const struct asm_directive *d);
    int argument;       /* what tells relatives apart: a size, a kind */
    const char *syntax; /* what follows the name */
};

/* False when there is none of that name. */
bool asm_directive(struct asm_cursor *c, struct asm_slice name);

/* name = expression, and .equ, .set, .equiv. */
void asm_assign(struct asm_cursor *c, struct asm_slice name, bool once);

struct suggest;
void asm_directive_offer(struct suggest *near);

#endif
