/*
 * DWARF, as far as line tables need it (DWARF 5, section 6.2; versions 2 to 5): bounded reading
 * of a program's sections, and the headers of line-table units.
 *
 * Every read goes through a cursor that cannot leave its section; a read past the end marks
 * the cursor broken and gives zeros, so that a loop needs to ask only once a round.
 */
#ifndef ISA_DWARF_H
#define ISA_DWARF_H

#include "isa/image.h"

struct dwarf_cursor {
    const uint8_t *at, *end;
    bool broken;
};

uint64_t dwarf_fixed(struct dwarf_cursor *c, unsigned size); /* little-endian, 1 to 8 bytes */
uint64_t dwarf_uleb(struct dwarf_cursor *c);
int64_t dwarf_sleb(struct dwarf_cursor *c);
void dwarf_skip(struct dwarf_cursor *c, uint64_t size);
/* The string here, behind which the cursor then stands; "" when it has no end. */
const char *dwarf_string(struct dwarf_cursor *c);

/* What a program has of these; empty where it has none. */
struct dwarf_sections {
    struct dwarf_cursor line, line_str, str;
};
struct dwarf_sections dwarf_sections(const struct image *image);

/* A file or directory of a unit's header. */
struct dwarf_entry {
    const char *path;
    uint64_t directory;
};

#define DWARF_ENTRIES_MAX 65535u

struct dwarf_unit {
    struct dwarf_cursor program;
    unsigned version, min_length, line_range, opcode_base;
    int line_base;
    uint8_t operands[256]; /* how many each standard opcode has */
    struct dwarf_entry *directories, *files;
    unsigned directory_count, file_count;
    bool no_memory;
};

/* The next unit of sections->line, which then stands behind it. False: damaged, of an unknown
 * version, or without memory. The unit must be freed in either case. */
bool dwarf_unit_read(struct dwarf_unit *u, struct dwarf_sections *sections);
void dwarf_unit_free(struct dwarf_unit *u);

#endif
