/*
 * The executable: everything that was assembled, as one ELF32 file.
 */
#ifndef ISA_ASM_ELF_H
#define ISA_ASM_ELF_H

#include "isa/asm_dwarf.h"

/* `name` is the program's, for the debugger. All fixups must be done. */
void asm_elf(struct assembler *as, const char *name, struct asm_bytes *out);

#endif
