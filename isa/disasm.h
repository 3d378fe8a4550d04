/*
 * Disassembler: from a word to what a person would have written, and to one line that says
 * what it does with the actual registers.
 */
#ifndef ISA_DISASM_H
#define ISA_DISASM_H

#include "base/text.h"
#include "isa/image.h"
#include "isa/insn.h"

/* The name that covers `address` and how far behind it; NULL when there is none. */
typedef const char *disasm_symbol(const void *context, word address, word *offset);

struct disasm {
    bool plain;            /* no pseudo-instructions: addi a0, zero, 5 and not li a0, 5 */
    unsigned width;        /* mnemonics are padded to this many columns; 0: one blank */
    disasm_symbol *symbol; /* names of branch targets; NULL: numbers */
    const void *context;   /* for symbol */
};

/* A disasm_symbol whose context is a struct image. */
const char *disasm_image_symbol(const void *image, word address, word *offset);

/*
 * The instruction at `pc`. A word that is no instruction is `.word 0x...`. how may be NULL:
 * pseudo-instructions, no symbols. Every text but the symbols can be assembled again.
 */
void disasm_insn(struct text *out, word bits, gva pc, const struct disasm *how);

/* What it does: "a0 = sp + 16", "if (a0 == zero) pc += -8 (loop)". */
void disasm_meaning(struct text *out, word bits, gva pc, const struct disasm *how);

/* "name", "name+0x14", or "0x80000014" when there is no symbol. */
void disasm_address(struct text *out, gva address, const struct disasm *how);

#endif
