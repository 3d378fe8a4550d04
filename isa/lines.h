/*
 * Source lines: which line of which file an address comes from, by the DWARF line tables
 * (versions 2 to 5, section .debug_line) of a program.
 */
#ifndef ISA_LINES_H
#define ISA_LINES_H

#include "isa/image.h"

struct line_row {
    word address;     /* up to the next row's */
    uint32_t line;    /* from 1; 0: from here on no source is known */
    const char *file; /* as the compiler was given it; owned by the table */
};

struct lines {
    struct line_row *rows; /* by address, only where the program has code */
    unsigned count;
    char **files;
    unsigned file_count;
};

/* A program without line tables gives an empty table and no error; damaged ones are refused. */
int lines_read(struct lines *out, const struct image *image, struct error *err);
void lines_free(struct lines *lines);

/* NULL when no line is known. */
const struct line_row *lines_at(const struct lines *lines, word address);
/* The lowest address that comes from a line of a file whose path ends in `file` ("os/main.c";
 * NULL: any). False when there is none. */
bool lines_find(const struct lines *lines, const char *file, uint32_t line, word *address);

#endif
