/*
 * Instructions: from a name and its operands to words and fixups. What there is stands in
 * instructions.def and pseudo.def.
 */
#ifndef ISA_ASM_INSN_H
#define ISA_ASM_INSN_H

#include "isa/asm_operand.h"

/* Is there an instruction of this name, real or pseudo? */
bool asm_insn_known(struct asm_slice name);

/* One word at the end of the section, with its line number; complains when misaligned. NULL
 * where nothing can be written. */
uint8_t *asm_insn_room(struct asm_cursor *c);

/* The statement behind the name; complains when the operands do not fit. */
void asm_insn(struct asm_cursor *c, struct asm_slice name);

#endif
