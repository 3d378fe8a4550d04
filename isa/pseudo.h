/*
 * Pseudo-instructions, shared by the disassembler and the assembler; what
 * the columns mean is told in pseudo.def.
 */
#ifndef ISA_PSEUDO_H
#define ISA_PSEUDO_H

#include "isa/insn.h"

struct pseudo {
    bool printed; /* the disassembler uses it */
    const char *name;
    const char *syntax;
    enum insn_id id;
    const char *operands;
};

extern const struct pseudo pseudo_table[];
extern const unsigned pseudo_count;

/* Two instructions that reach any address. */
struct pseudo_pair {
    const char *name;
    const char *syntax;
    const char *high; /* the register of the auipc: a letter of syntax, or a name */
    enum insn_id id;  /* the second */
    const char *operands;
};

extern const struct pseudo_pair pseudo_pairs[];
extern const unsigned pseudo_pair_count;

/* The first printed row that says the same as `i`; NULL when there is none. */
const struct pseudo *pseudo_for(const struct insn *i);

/*
 * One operand of a syntax or operands string, punctuation left out: its length at *text, which
 * moves behind it; 0 at the end.
 */
unsigned pseudo_operand(const char **text, const char **start);

/* Sets the operand `letter` of formats.def in `i` to a register number or other value. */
void pseudo_set(struct insn *i, char letter, int32_t value);
int32_t pseudo_get(const struct insn *i, char letter);

/* What a fixed operand means: the number of a register or control register, or the number. */
int32_t pseudo_fixed(const char *text, unsigned length);

#endif
