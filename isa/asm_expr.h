/*
 * Expressions. Operators and their ranks are those of GNU as, which are not C's:
 *
 *   highest  - ~ ! (in front)   * / % << >>   | & ^   + -   == != <> < <= > >=   &&   ||
 *
 * Numbers have 64 bits and wrap. A comparison is -1 when true, as in GNU as.
 */
#ifndef ISA_ASM_EXPR_H
#define ISA_ASM_EXPR_H

#include "isa/asm_lex.h"
#include "isa/asm_section.h"
#include "isa/asm_symbol.h"

enum asm_operator {
    ASM_NUMBER,
    ASM_SYMBOL,
    ASM_NEGATE,
    ASM_COMPLEMENT,
    ASM_NOT,
    ASM_MULTIPLY,
    ASM_DIVIDE,
    ASM_MODULO,
    ASM_SHIFT_LEFT,
    ASM_SHIFT_RIGHT,
    ASM_OR,
    ASM_AND,
    ASM_XOR,
    ASM_ADD,
    ASM_SUBTRACT,
    ASM_EQUAL,
    ASM_UNEQUAL,
    ASM_LESS,
    ASM_LESS_EQUAL,
    ASM_GREATER,
    ASM_GREATER_EQUAL,
    ASM_AND_THEN,
    ASM_OR_ELSE,
    ASM_HI,       /* %hi: upper 20 bits, so that adding a signed %lo gives the whole */
    ASM_LO,       /* %lo: lower 12 bits, signed */
    ASM_PCREL_HI, /* %pcrel_hi: %hi of the distance from this instruction */
    ASM_PCREL_LO, /* %pcrel_lo(label): %lo of the distance that the auipc at label has */
    ASM_PAIR_LO,  /* %lo of the distance from the instruction before: second half of a pair */
};

struct asm_expr {
    enum asm_operator op;
    int64_t number;
    struct asm_symbol *symbol;
    struct asm_expr *left, *right;
    struct asm_slice at; /* where it is written */
};

/* A number, or an address as an offset in a section. */
struct asm_value {
    int64_t number;
    struct asm_section *section; /* NULL: a plain number */
};

/* The place whose value is asked for: what `.` and %pcrel mean. */
struct asm_place {
    const struct asm_section *section;
    word offset;
};

/* An expression from the cursor; NULL, with a message, when there is none. */
struct asm_expr *asm_expr(struct asm_cursor *c);
struct asm_expr *asm_expr_number(struct assembler *as, int64_t number);
/* The shortest expression with that value. */
struct asm_expr *asm_expr_value(struct assembler *as, const struct asm_value *v);
struct asm_expr *asm_expr_wrap(struct assembler *as, enum asm_operator op, struct asm_expr *left);

/*
 * First pass: the value when it is known already; false, without a message, when it is not.
 * Addresses of one section can be subtracted and compared, not else combined.
 */
bool asm_known(struct assembler *as, const struct asm_expr *e, struct asm_value *out);

/* Second pass: addresses are numbers. False after a message at `where`. */
bool asm_final(struct assembler *as, const struct asm_expr *e, const struct asm_place *place,
               const struct asm_where *where, int64_t *out);

/* An expression that must be a known number here; `what` names it: "the count of .rept". */
bool asm_constant(struct asm_cursor *c, int64_t *out, const char *what);
bool asm_constant_of(struct assembler *as, const struct asm_expr *e, const struct asm_where *where,
                     int64_t *out, const char *what);

/* A symbol alone and its name, or false. */
bool asm_expr_is_symbol(const struct asm_expr *e);

#endif
