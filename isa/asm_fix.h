/*
 * The second pass: places whose bytes need an expression. The first pass leaves room and
 * writes down what to put there.
 */
#ifndef ISA_ASM_FIX_H
#define ISA_ASM_FIX_H

#include "isa/asm_expr.h"
#include "isa/insn.h"

struct asm_fixup {
    struct asm_section *section;
    word offset;
    struct asm_expr *expr;
    struct asm_where where; /* the operand */
    uint8_t size;           /* 1, 2, 4 or 8 bytes of data; 0: an instruction */
    char letter;            /* of the operand in formats.def that expr gives */
    struct insn insn;       /* without it */
};

struct asm_fixups {
    struct asm_fixup *list;
    size_t count, room;
    struct asm_pcrel {
        word address; /* second pass */
        size_t fixup; /* an index: the list moves */
    } * pcrel;        /* those with %pcrel_hi; second pass: in order of address */
    size_t pcrel_count, pcrel_room;
};

void asm_fixups_init(struct assembler *as);

/* A place in the current section, `offset` bytes from its beginning. */
void asm_fix_insn(struct assembler *as, word offset, const struct insn *insn, char letter,
                  struct asm_expr *expr, const struct asm_where *where);
void asm_fix_data(struct assembler *as, word offset, unsigned size, struct asm_expr *expr,
                  const struct asm_where *where);

/* The instruction with %pcrel_hi at an address, NULL when there is none; second pass only. */
const struct asm_fixup *asm_fix_pcrel_hi(const struct assembler *as, word address);

/* Does all of it. */
void asm_fix_all(struct assembler *as);

#endif
