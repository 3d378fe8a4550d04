/*
 * Sections, numbers and unit headers of DWARF line tables; see dwarf.h. By our own hand: libdwarf
 * as Debian 12 has it loops and corrupts memory on damaged tables, and here every file may be
 * a student's broken one.
 *
 * A unit: length, version, [address and segment sizes], header length, minimum_inst_length,
 * [maximum operations], default_is_stmt, line_base, line_range, opcode_base, operand counts,
 * directories, files, then the program that lines.c runs.
 */
#include "isa/dwarf.h"

#include "base/array.h"

#include <libelf.h>
#include <stdlib.h>
#include <string.h>

enum {
    LNCT_PATH = 1,
    LNCT_DIRECTORY = 2,
    FORM_DATA2 = 0x05,
    FORM_DATA4 = 0x06,
    FORM_DATA8 = 0x07,
    FORM_STRING = 0x08,
    FORM_BLOCK = 0x09,
    FORM_DATA1 = 0x0b,
    FORM_STRP = 0x0e,
    FORM_UDATA = 0x0f,
    FORM_DATA16 = 0x1e,
    FORM_LINE_STRP = 0x1f,
};

/* ---- cursor ------------------------------------------------------------------------------- */

uint64_t dwarf_fixed(struct dwarf_cursor *c, unsigned size)
{
    uint64_t v = 0;

    if (c->broken || (size_t)(c->end - c->at) < size) {
        c->broken = true;
        return 0;
    }
    for (unsigned i = 0; i < size; i++)
        v |= (uint64_t)c->at[i] << (8 * (i & 7));
    c->at += size;
    return v;
}

uint64_t dwarf_uleb(struct dwarf_cursor *c)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint64_t byte = dwarf_fixed(c, 1);
        if (shift < 64)
            v |= (byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return v;
    }
    c->broken = true;
    return 0;
}

int64_t dwarf_sleb(struct dwarf_cursor *c)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint64_t byte = dwarf_fixed(c, 1);
        if (shift < 64)
            v |= (byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            if ((byte & 0x40) && shift + 7 < 64)
                v |= ~(uint64_t)0 << (shift + 7);
            return (int64_t)v;
        }
    }
    c->broken = true;
    return 0;
}

void dwarf_skip(struct dwarf_cursor *c, uint64_t size)
{
    if (c->broken || (uint64_t)(c->end - c->at) < size)
        c->broken = true;
    else
        c->at += size;
}

const char *dwarf_string(struct dwarf_cursor *c)
{
    const char *s = (const char *)c->at;
    const void *nul = c->broken ? NULL : memchr(c->at, 0, (size_t)(c->end - c->at));

    if (!nul) {
        c->broken = true;
        return "";
    }
    c->at = (const uint8_t *)nul + 1;
    return s;
}

static const char *string_at(struct dwarf_cursor section, uint64_t offset,
                             struct dwarf_cursor *user)
{
    dwarf_skip(&section, offset);
    const char *s = dwarf_string(&section);
    user->broken |= section.broken;
    return s;
}

/* ---- sections ----------------------------------------------------------------------------- */

/* A section's bytes by name; empty when there is none. Nothing in the file is believed. */
static struct dwarf_cursor find_section(const struct image *image, const char *name)
{
    struct dwarf_cursor empty = {image->bytes, image->bytes, false}, names;
    Elf32_Ehdr header;
    Elf32_Shdr s, strings;
    size_t size = image->byte_count;

    if (size < sizeof header)
        return empty;
    memcpy(&header, image->bytes, sizeof header);
    if (header.e_shentsize != sizeof s || header.e_shoff > size ||
        header.e_shnum > (size - header.e_shoff) / sizeof s || header.e_shstrndx >= header.e_shnum)
        return empty;
    const uint8_t *table = image->bytes + header.e_shoff;
    memcpy(&strings, table + header.e_shstrndx * sizeof s, sizeof s);
    if (strings.sh_offset > size || strings.sh_size > size - strings.sh_offset)
        return empty;
    names.end = image->bytes + strings.sh_offset + strings.sh_size;
    for (unsigned i = 0; i < header.e_shnum; i++) {
        memcpy(&s, table + i * sizeof s, sizeof s);
        if (s.sh_type == SHT_NOBITS || s.sh_offset > size || s.sh_size > size - s.sh_offset ||
            s.sh_name >= strings.sh_size)
            continue;
        names.at = image->bytes + strings.sh_offset + s.sh_name;
        names.broken = false;
        if (strcmp(dwarf_string(&names), name) == 0)
            return (struct dwarf_cursor){image->bytes + s.sh_offset,
                                         image->bytes + s.sh_offset + s.sh_size, false};
    }
    return empty;
}

struct dwarf_sections dwarf_sections(const struct image *image)
{
    return (struct dwarf_sections){
        .line = find_section(image, ".debug_line"),
        .line_str = find_section(image, ".debug_line_str"),
        .str = find_section(image, ".debug_str"),
    };
}

/* ---- header ------------------------------------------------------------------------------- */

static bool add_entry(struct dwarf_entry **entries, unsigned *count, unsigned *room,
                      struct dwarf_entry e)
{
    if (*count == DWARF_ENTRIES_MAX ||
        !array_grow((void **)entries, *count, room, sizeof **entries))
        return false;
    (*entries)[(*count)++] = e;
    return true;
}

static void read_lists_v4(struct dwarf_unit *u, struct dwarf_cursor *c)
{
    unsigned rooms[2] = {0, 0};
    const char *path;

    while (!c->broken && *(path = dwarf_string(c)))
        u->no_memory |= !add_entry(&u->directories, &u->directory_count, &rooms[0],
                                   (struct dwarf_entry){path, 0});
    while (!c->broken && *(path = dwarf_string(c))) {
        struct dwarf_entry e = {path, dwarf_uleb(c)};
        dwarf_uleb(c); /* time */
        dwarf_uleb(c); /* size */
        u->no_memory |= !add_entry(&u->files, &u->file_count, &rooms[1], e);
    }
}

/* One value of an entry, by its form: a path, or a number. */
static uint64_t read_form(const struct dwarf_sections *sections, struct dwarf_cursor *c,
                          uint64_t form, const char **path)
{
    switch (form) {
    case FORM_STRING:
        *path = dwarf_string(c);
        return 0;
    case FORM_LINE_STRP:
        *path = string_at(sections->line_str, dwarf_fixed(c, 4), c);
        return 0;
    case FORM_STRP:
        *path = string_at(sections->str, dwarf_fixed(c, 4), c);
        return 0;
    case FORM_UDATA:
        return dwarf_uleb(c);
    case FORM_DATA1:
        return dwarf_fixed(c, 1);
    case FORM_DATA2:
        return dwarf_fixed(c, 2);
    case FORM_DATA4:
        return dwarf_fixed(c, 4);
    case FORM_DATA8:
        return dwarf_fixed(c, 8);
    case FORM_DATA16:
        dwarf_skip(c, 16);
        return 0;
    case FORM_BLOCK:
        dwarf_skip(c, dwarf_uleb(c));
        return 0;
    default:
        c->broken = true;
        return 0;
    }
}

static void read_list_v5(struct dwarf_unit *u, const struct dwarf_sections *sections,
                         struct dwarf_cursor *c, struct dwarf_entry **entries, unsigned *count)
{
    struct {
        uint64_t content, form;
    } formats[16];
    unsigned room = 0, format_count = (unsigned)dwarf_fixed(c, 1);

    if (format_count > COUNT_OF(formats)) {
        c->broken = true;
        return;
    }
    for (unsigned i = 0; i < format_count; i++) {
        formats[i].content = dwarf_uleb(c);
        formats[i].form = dwarf_uleb(c);
    }
    uint64_t n = dwarf_uleb(c);
    for (uint64_t i = 0; i < n && !c->broken && !u->no_memory; i++) {
        struct dwarf_entry e = {"", 0};
        for (unsigned f = 0; f < format_count; f++) {
            const char *path = NULL;
            uint64_t value = read_form(sections, c, formats[f].form, &path);
            if (formats[f].content == LNCT_PATH && path)
                e.path = path;
            else if (formats[f].content == LNCT_DIRECTORY)
                e.directory = value;
        }
        u->no_memory |= !add_entry(entries, count, &room, e);
    }
}

bool dwarf_unit_read(struct dwarf_unit *u, struct dwarf_sections *sections)
{
    struct dwarf_cursor *section = &sections->line;

    *u = (struct dwarf_unit){0};
    uint64_t length = dwarf_fixed(section, 4);
    struct dwarf_cursor c = *section;

    dwarf_skip(section, length);
    if (section->broken)
        return false;
    c.end = section->at;
    u->version = (unsigned)dwarf_fixed(&c, 2);
    if (u->version < 2 || u->version > 5)
        return false;
    if (u->version >= 5)
        dwarf_skip(&c, 2); /* sizes of an address and of a segment selector */
    uint64_t header = dwarf_fixed(&c, 4);
    u->program = c;
    dwarf_skip(&u->program, header);
    u->min_length = (unsigned)dwarf_fixed(&c, 1);
    if (u->version >= 4)
        dwarf_skip(&c, 1); /* operations of one instruction */
    dwarf_skip(&c, 1);     /* default_is_stmt */
    u->line_base = (int8_t)dwarf_fixed(&c, 1);
    u->line_range = (unsigned)dwarf_fixed(&c, 1);
    u->opcode_base = (unsigned)dwarf_fixed(&c, 1);
    for (unsigned i = 1; i < u->opcode_base; i++)
        u->operands[i] = (uint8_t)dwarf_fixed(&c, 1);
    if (u->version >= 5) {
        read_list_v5(u, sections, &c, &u->directories, &u->directory_count);
        read_list_v5(u, sections, &c, &u->files, &u->file_count);
    } else {
        read_lists_v4(u, &c);
    }
    return !c.broken && !u->program.broken && u->line_range && u->opcode_base && !u->no_memory;
}

void dwarf_unit_free(struct dwarf_unit *u)
{
    free(u->directories);
    free(u->files);
}
