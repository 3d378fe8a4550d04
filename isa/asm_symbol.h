/*
 * Names of the program: labels, values set by .equ, numeric local labels.
 */
#ifndef ISA_ASM_SYMBOL_H
#define ISA_ASM_SYMBOL_H

#include "isa/asm_core.h"

struct asm_section;
struct asm_expr;

enum asm_symbol_kind {
    ASM_UNDEFINED,
    ASM_LABEL, /* section and offset */
    ASM_VALUE, /* .equ: an expression */
};

struct asm_symbol {
    struct asm_symbol *next_in_bucket, *next; /* next: in order of first mention */
    const char *name;
    size_t length;
    uint32_t hash;
    enum asm_symbol_kind kind;
    struct asm_section *section;
    word offset;
    struct asm_expr *value;
    struct asm_expr *size;                 /* .size; NULL when unknown */
    struct asm_where where;                /* of the definition */
    bool global, function, object, hidden; /* hidden: a numeric label or a place, not written */
    bool fixed;                            /* .equiv: may not be set again */
    bool evaluating;                       /* guard against a value defined by itself */
};

void asm_symbols_init(struct assembler *as);

/* The symbol of that name, made when it is new. */
struct asm_symbol *asm_symbol(struct assembler *as, const char *name, size_t length);
/* The same, but NULL when it was never mentioned. */
struct asm_symbol *asm_symbol_lookup(struct assembler *as, const char *name, size_t length);
struct asm_symbol *asm_symbol_first(const struct assembler *as);

/* A nameless label at the current place. */
struct asm_symbol *asm_symbol_here(struct assembler *as);

/* Defines the label here; complains, and says where, when the name is taken. */
void asm_label(struct assembler *as, struct asm_symbol *s, const struct asm_where *where);

/* Numeric labels: each definition is a symbol of its own; number is below ASM_NUMERIC_MAX. */
#define ASM_NUMERIC_MAX 1000u
void asm_label_numeric(struct assembler *as, unsigned number, const struct asm_where *where);
/* "1b": the last definition, NULL when there is none; "1f": the next one. */
struct asm_symbol *asm_symbol_numeric(struct assembler *as, unsigned number, bool forward);

/* Complains about an undefined symbol, with near names. */
void asm_undefined(struct assembler *as, const struct asm_symbol *s, const struct asm_where *where);

#endif
