/*
 * The characters of one statement, taken from the left.
 */
#ifndef ISA_ASM_LEX_H
#define ISA_ASM_LEX_H

#include "isa/asm_core.h"

/* What is left of a statement; `where` is the statement, to make places from. */
struct asm_cursor {
    struct assembler *as;
    const char *p, *end;
    struct asm_where where;
};

/* A piece of the source, not terminated. */
struct asm_slice {
    const char *at;
    size_t length;
};

void asm_blanks(struct asm_cursor *c);
/* Blanks skipped: is this the end? */
bool asm_at_end(struct asm_cursor *c);
/* Blanks skipped: takes the character when it is next. */
bool asm_take(struct asm_cursor *c, char wanted);
/* The next character behind blanks, 0 at the end; not taken. */
char asm_peek(struct asm_cursor *c);

/* Letters, digits, _ . $, not beginning with a digit; length 0 when there is none. */
struct asm_slice asm_name(struct asm_cursor *c);
bool asm_is_name(char c);
bool asm_slice_is(struct asm_slice s, const char *text);

/* The slice as a string of the arena. */
char *asm_slice_string(struct assembler *as, struct asm_slice s);

/* Everything up to the next comma outside parentheses and strings, without blanks around. */
struct asm_slice asm_argument(struct asm_cursor *c);

/* "text" with escapes, into memory of the arena; false, with a message, when it is none. */
bool asm_string_literal(struct asm_cursor *c, const char **bytes, size_t *length);

/* One character of a string or of a character constant, behind its quote. */
bool asm_escape(struct asm_cursor *c, char *out);

/* Places: of a slice, from `at` to the cursor, at the cursor. */
struct asm_where asm_where_slice(const struct asm_cursor *c, struct asm_slice s);
struct asm_where asm_where_from(const struct asm_cursor *c, const char *at);
struct asm_where asm_where_next(struct asm_cursor *c);

/* Complains when something is left. */
bool asm_end_expected(struct asm_cursor *c, const char *behind);

#endif
