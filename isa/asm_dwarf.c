/*
 * Line numbers as DWARF 4; see asm_dwarf.h.
 *
 *   .debug_abbrev  one shape: a compile unit
 *   .debug_info    one unit of that shape: name, producer, addresses, where its lines are
 *   .debug_line    header, files, then for each section a sequence of (address, line) steps
 *
 * The steps use only the standard opcodes with operands: small enough, and easy to read.
 */
#include "isa/asm_dwarf.h"

#include <string.h>

enum {
    DW_TAG_compile_unit = 0x11,
    DW_AT_name = 0x03,
    DW_AT_stmt_list = 0x10,
    DW_AT_low_pc = 0x11,
    DW_AT_high_pc = 0x12,
    DW_AT_language = 0x13,
    DW_AT_producer = 0x25,
    DW_FORM_addr = 0x01,
    DW_FORM_data2 = 0x05,
    DW_FORM_data4 = 0x06,
    DW_FORM_string = 0x08,
    DW_FORM_sec_offset = 0x17,
    DW_LANG_Mips_Assembler = 0x8001,
    DW_LNS_copy = 1,
    DW_LNS_advance_pc = 2,
    DW_LNS_advance_line = 3,
    DW_LNS_set_file = 4,
    DW_LNE_end_sequence = 1,
    DW_LNE_set_address = 2,
};

#define VERSION     4
#define OPCODE_BASE 13
#define FILES_MAX   1000 /* that have names of their own; only line markers can make more */

void asm_lines_init(struct assembler *as)
{
    as->lines = asm_alloc(as, sizeof *as->lines);
}

static unsigned file_index(struct assembler *as, const char *name)
{
    struct asm_lines *l = as->lines;

    for (size_t i = l->file_count; i-- > 0;)
        if (strcmp(l->files[i], name) == 0)
            return (unsigned)i;
    if (l->file_count == FILES_MAX)
        return FILES_MAX - 1;
    l->files = asm_grow(as, l->files, l->file_count, &l->file_room, sizeof *l->files);
    l->files[l->file_count] = name;
    return (unsigned)l->file_count++;
}

void asm_line(struct assembler *as, word offset, const struct asm_where *where)
{
    struct asm_lines *l = as->lines;
    const struct asm_where *w = where;

    for (const struct asm_source *s = where->source; s->kind != ASM_FILE; s = s->from->source)
        if (s->kind == ASM_MACRO)
            w = s->from;
    l->list = asm_grow(as, l->list, l->count, &l->room, sizeof *l->list);
    l->list[l->count++] = (struct asm_line){.section = asm_section_current(as),
                                            .offset = offset,
                                            .file = file_index(as, w->file),
                                            .line = w->line};
}

/* ---- bytes ---- */

void asm_bytes(struct assembler *as, struct asm_bytes *b, const void *data, size_t size)
{
    if (b->size + size > b->room) {
        size_t room = 2 * b->room + size + 256;
        uint8_t *more = asm_alloc(as, room);

        if (b->size)
            memcpy(more, b->data, b->size);
        b->data = more;
        b->room = room;
    }
    if (size)
        memcpy(b->data + b->size, data, size);
    b->size += size;
}

static void number(struct assembler *as, struct asm_bytes *b, uint32_t v, size_t size)
{
    asm_bytes(as, b, &v, size);
}

static void string(struct assembler *as, struct asm_bytes *b, const char *s)
{
    asm_bytes(as, b, s, strlen(s) + 1);
}

static void uleb(struct assembler *as, struct asm_bytes *b, uint32_t v)
{
    do {
        number(as, b, (v & 0x7f) | (v > 0x7f ? 0x80 : 0), 1);
        v >>= 7;
    } while (v);
}

static void sleb(struct assembler *as, struct asm_bytes *b, int32_t v)
{
    bool more = true;

    while (more) {
        uint32_t low = (uint32_t)v & 0x7f;

        v >>= 7;
        more = !((v == 0 && !(low & 0x40)) || (v == -1 && (low & 0x40)));
        number(as, b, low | (more ? 0x80 : 0), 1);
    }
}

/* Writes over a length that was left open. */
static void close_length(struct asm_bytes *b, size_t at)
{
    uint32_t length = (uint32_t)(b->size - at - 4);

    memcpy(b->data + at, &length, 4);
}

/* ---- the three sections ---- */

static void abbreviations(struct assembler *as, struct asm_bytes *b)
{
    static const uint16_t attributes[][2] = {
        {DW_AT_producer, DW_FORM_string},
        {DW_AT_language, DW_FORM_data2},
        {DW_AT_name, DW_FORM_string},
        {DW_AT_low_pc, DW_FORM_addr},
        {DW_AT_high_pc, DW_FORM_data4},
        {DW_AT_stmt_list, DW_FORM_sec_offset},
        {0, 0},
    };

    uleb(as, b, 1);
    uleb(as, b, DW_TAG_compile_unit);
    number(as, b, 0, 1); /* no children */
    for (size_t i = 0; i < COUNT_OF(attributes); i++) {
        uleb(as, b, attributes[i][0]);
        uleb(as, b, attributes[i][1]);
    }
    number(as, b, 0, 1);
}

/* The addresses of all text, which is one run. */
static void text_range(const struct assembler *as, word *low, word *size)
{
    bool any = false;
    word high = 0;

    *low = 0;
    for (const struct asm_section *s = as->sections->first; s; s = s->next) {
        if (s->group != ASM_TEXT || s->size == 0)
            continue;
        if (!any || s->address < *low)
            *low = s->address;
        if (s->address + s->size > high)
            high = s->address + s->size;
        any = true;
    }
    *size = high - *low;
}

static void unit(struct assembler *as, const char *name, struct asm_bytes *b)
{
    word low, size;

    text_range(as, &low, &size);
    number(as, b, 0, 4);
    number(as, b, VERSION, 2);
    number(as, b, 0, 4); /* .debug_abbrev from its beginning */
    number(as, b, 4, 1); /* bytes of an address */
    uleb(as, b, 1);
    string(as, b, "trapeze asm");
    number(as, b, DW_LANG_Mips_Assembler, 2);
    string(as, b, name);
    number(as, b, low, 4);
    number(as, b, size, 4);
    number(as, b, 0, 4); /* .debug_line from its beginning */
    close_length(b, 0);
}

static void line_header(struct assembler *as, struct asm_bytes *b)
{
    static const uint8_t operands[OPCODE_BASE - 1] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};

    number(as, b, 0, 4);
    number(as, b, VERSION, 2);
    size_t header = b->size;
    number(as, b, 0, 4);
    number(as, b, 1, 1);           /* bytes of the shortest instruction step */
    number(as, b, 1, 1);           /* operations per instruction */
    number(as, b, 1, 1);           /* a line begins a statement */
    number(as, b, (uint8_t)-5, 1); /* smallest line step of a special opcode, */
    number(as, b, 14, 1);          /* and how many there are: none is used */
    number(as, b, OPCODE_BASE, 1);
    asm_bytes(as, b, operands, sizeof operands);
    number(as, b, 0, 1); /* no folders: names are as the assembler was given them */
    for (size_t i = 0; i < as->lines->file_count; i++) {
        string(as, b, as->lines->files[i]);
        number(as, b, 0, 3); /* folder, time, size: unknown */
    }
    number(as, b, 0, 1);
    close_length(b, header);
}

static void extended(struct assembler *as, struct asm_bytes *b, uint8_t opcode, const void *data,
                     uint32_t size)
{
    number(as, b, 0, 1);
    uleb(as, b, size + 1);
    number(as, b, opcode, 1);
    asm_bytes(as, b, data, size);
}

static void sequence(struct assembler *as, struct asm_bytes *b, const struct asm_section *s)
{
    const struct asm_lines *l = as->lines;
    word at = 0;
    unsigned line = 1, file = 1;
    bool begun = false;

    for (size_t i = 0; i < l->count; i++) {
        const struct asm_line *n = &l->list[i];

        if (n->section != s)
            continue;
        if (!begun)
            extended(as, b, DW_LNE_set_address, &s->address, 4);
        begun = true;
        if (n->file + 1 != file) {
            number(as, b, DW_LNS_set_file, 1);
            uleb(as, b, n->file + 1);
        }
        if (n->offset != at) {
            number(as, b, DW_LNS_advance_pc, 1);
            uleb(as, b, n->offset - at);
        }
        if (n->line != line) {
            number(as, b, DW_LNS_advance_line, 1);
            sleb(as, b, (int32_t)(n->line - line));
        }
        number(as, b, DW_LNS_copy, 1);
        at = n->offset;
        line = n->line;
        file = n->file + 1;
    }
    if (!begun)
        return;
    number(as, b, DW_LNS_advance_pc, 1);
    uleb(as, b, s->size - at);
    extended(as, b, DW_LNE_end_sequence, NULL, 0);
}

void asm_dwarf(struct assembler *as, const char *name, struct asm_bytes *info,
               struct asm_bytes *abbrev, struct asm_bytes *line)
{
    abbreviations(as, abbrev);
    unit(as, name, info);
    line_header(as, line);
    for (const struct asm_section *s = as->sections->first; s; s = s->next)
        if (s->group == ASM_TEXT)
            sequence(as, line, s);
    close_length(line, 0);
}
