/*
 * The little that the monitor needs of a C library, and a bounded line of text.
 *
 * memcpy and memset are the compiler's own needs too; on the simulated processor they are in
 * arch_lib.c, in the unit tests the host's.
 */
#ifndef VMM_LIB_H
#define VMM_LIB_H

#include "vmm/types.h"

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);

/* A piece of text inside a longer one; not NUL-terminated. */
struct slice {
    const char *at;
    unsigned length;
};

bool slice_is(struct slice s, const char *text);
/* Copies at most size - 1 characters and a NUL. */
void slice_copy(struct slice s, char *to, unsigned size);
unsigned string_length(const char *s);
/* The same for a buffer that may lack its NUL. */
unsigned string_length_max(const char *s, unsigned max);

/* a * b / c, c not 0; the result must fit. */
word multiply_divide(word a, word b, word c);

/* What does not fit is dropped. Always ends with NUL. */
struct line {
    char text[256];
    unsigned length;
};

void line_char(struct line *l, char c);
void line_str(struct line *l, const char *s);
void line_slice(struct line *l, struct slice s);
void line_hex(struct line *l, word value); /* eight digits */
void line_dec(struct line *l, word value);
void line_dec64(struct line *l, uint64_t value);

#endif
