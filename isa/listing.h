/*
 * A whole program as text: what `trapeze disasm` prints, one line at a time.
 */
#ifndef ISA_LISTING_H
#define ISA_LISTING_H

#include "isa/disasm.h"

enum listing_kind {
    LISTING_SEGMENT, /* address, size and flags; text says them */
    LISTING_LABEL,   /* text is the symbol's name */
    LISTING_INSN,    /* text is the instruction, meaning what it does */
    LISTING_DATA,    /* bits of a segment that is not executable, or its odd end */
    LISTING_ZERO,    /* `size` bytes of zero that are not in the file */
};

struct listing_line {
    enum listing_kind kind;
    gva address;
    word size; /* bytes that the line stands for */
    word bits; /* the word, or the byte of an odd end */
    const char *text;
    const char *meaning; /* NULL where there is none */
};

struct listing {
    bool plain;    /* no pseudo-instructions */
    bool data;     /* segments without instructions too, word by word */
    word from, to; /* addresses from <= a < to; to = 0: to the end */
};

/* Nonzero stops the listing. The texts live until it returns. */
typedef int listing_each(void *context, const struct listing_line *line);

/* Calls `each` for every line, in order of address; what it returned when it stopped, else 0. */
int listing_image(const struct image *image, const struct listing *options, listing_each *each,
                  void *context);

/* The line as a person reads it, without a newline. */
void listing_text(struct text *out, const struct listing_line *line, bool meaning);

#endif
