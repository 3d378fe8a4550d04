/*
 * Operands of an instruction as written, before anybody knows what they are for.
 */
#ifndef ISA_ASM_OPERAND_H
#define ISA_ASM_OPERAND_H

#include "isa/asm_expr.h"

#define ASM_OPERANDS_MAX 8

enum asm_operand_kind {
    ASM_REGISTER,
    ASM_EXPRESSION,
    ASM_MEMORY, /* expr(reg); without expr 0 */
};

struct asm_operand {
    enum asm_operand_kind kind;
    int reg;
    struct asm_expr *expr;
    struct asm_where where;
};

/* All that is left of the statement: their number, -1 after a message. */
int asm_operands(struct asm_cursor *c, struct asm_operand *list);

/*
 * Does the list have the shape of a syntax (letters of formats.def; a: an address, k: a known
 * number)? *wrong is the index of the first operand that does not fit, or the count when
 * their number differs.
 */
bool asm_operands_fit(const char *syntax, const struct asm_operand *list, int count, int *wrong);

/* How many operands a syntax has, and its n-th one's letter ('(' stands for x(s)). */
int asm_syntax_count(const char *syntax);
char asm_syntax_letter(const char *syntax, int n);

/* "rd, rs1, imm" for "d, s, i". */
void asm_syntax_text(struct text *out, const char *syntax);

#endif
