/*
 * .insn: an instruction by its fields, for those that have no name.
 */
#ifndef ISA_ASM_RAW_H
#define ISA_ASM_RAW_H

#include "isa/asm_operand.h"

/*
 *   .insn r opcode, funct3, funct7, rd, rs1, rs2
 *   .insn i opcode, funct3, rd, rs1, imm      or  ... rd, imm(rs1)
 *   .insn s opcode, funct3, rs2, imm(rs1)
 */
void asm_raw(struct asm_cursor *c);

#endif
