/*
 * .rept, .irp, .irpc ... .endr: text that is read more than once, here and now.
 */
#ifndef ISA_ASM_REPEAT_H
#define ISA_ASM_REPEAT_H

#include "isa/asm_lex.h"

/* Behind the directive's name: COUNT; NAME, VALUE, VALUE ...; NAME, CHARACTERS. */
void asm_repeat(struct asm_cursor *c);
void asm_repeat_words(struct asm_cursor *c);
void asm_repeat_characters(struct asm_cursor *c);

#endif
