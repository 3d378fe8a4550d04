/*
 * What to say about a word that is no instruction, directive or macro.
 */
#ifndef ISA_ASM_UNKNOWN_H
#define ISA_ASM_UNKNOWN_H

#include "isa/asm_lex.h"

void asm_unknown(struct asm_cursor *c, struct asm_slice name);

#endif
