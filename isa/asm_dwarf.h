/*
 * Line numbers: which line of which file every instruction comes from, as DWARF 4.
 */
#ifndef ISA_ASM_DWARF_H
#define ISA_ASM_DWARF_H

#include "isa/asm_section.h"

struct asm_line {
    const struct asm_section *section;
    word offset;
    unsigned file; /* index of files */
    unsigned line;
};

struct asm_lines {
    struct asm_line *list;
    size_t count, room;
    const char **files;
    size_t file_count, file_room;
};

/* Bytes that grow. */
struct asm_bytes {
    uint8_t *data;
    size_t size, room;
};

void asm_lines_init(struct assembler *as);

/* The instruction at `offset` of the current section comes from `where`; what a macro makes
 * comes from the line that uses the macro. */
void asm_line(struct assembler *as, word offset, const struct asm_where *where);

void asm_bytes(struct assembler *as, struct asm_bytes *b, const void *data, size_t size);

/* The contents of the three sections; `name` is the program's. Addresses must be known. */
void asm_dwarf(struct assembler *as, const char *name, struct asm_bytes *info,
               struct asm_bytes *abbrev, struct asm_bytes *line);

#endif
