/*
 * Macros: named pieces of text with parameters.
 */
#ifndef ISA_ASM_MACRO_H
#define ISA_ASM_MACRO_H

#include "isa/asm_lex.h"

struct asm_macro;
struct suggest;

void asm_macros_init(struct assembler *as);

/* NULL when there is none of that name. */
struct asm_macro *asm_macro_find(const struct assembler *as, struct asm_slice name);

/* Puts the body, with the arguments at the cursor filled in, on top of the input. */
void asm_macro_use(struct asm_cursor *c, struct asm_macro *macro);

/* The directives, behind their names. */
void asm_macro_define(struct asm_cursor *c);
void asm_macro_purge(struct asm_cursor *c);

void asm_macro_offer(const struct assembler *as, struct suggest *near);

#endif
