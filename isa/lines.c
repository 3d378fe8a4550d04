/*
 * Line tables, read by our own hand: libdwarf as Debian 12 has it loops and corrupts memory on
 * damaged tables, and here every file may be a student's broken one.
 *
 * A table is a program for a small machine (DWARF 5, section 6.2): its registers are an address
 * and a line, and its instructions append rows. Each unit:
 *
 *   length, version, [address and segment sizes], header length, minimum_inst_length,
 *   [maximum operations], default_is_stmt, line_base, line_range, opcode_base,
 *   operand counts, directories, files, then the program
 *
 * Every read goes through a cursor that cannot leave its section; a read past the end marks
 * the cursor broken and gives zeros, so that a loop needs to ask only once a round.
 */
#include "isa/lines.h"

#include "base/text.h"

#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX  (1u << 22)
#define FILES_MAX 65535u

enum {
    LNS_COPY = 1,
    LNS_ADVANCE_PC,
    LNS_ADVANCE_LINE,
    LNS_SET_FILE,
    LNS_CONST_ADD_PC = 8,
    LNS_FIXED_ADVANCE_PC,
    LNE_END_SEQUENCE = 1,
    LNE_SET_ADDRESS,
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

struct cursor {
    const uint8_t *at, *end;
    bool broken;
};

struct sections {
    struct cursor line, line_str, str;
};

/* A file or directory entry of a unit's header. */
struct entry {
    const char *path;
    uint64_t directory;
};

struct unit {
    struct cursor program;
    unsigned version, min_length, line_range, opcode_base;
    int line_base;
    uint8_t operands[256];
    struct entry *directories, *files;
    unsigned directory_count, file_count;
    const char **names; /* interned, by file number; NULL until used */
};

struct reader {
    struct sections sections;
    const struct image *image;
    struct lines *out;
    unsigned row_room, file_room;
    bool no_memory;
};

/* ---- cursor ------------------------------------------------------------------------------- */

static uint64_t fixed(struct cursor *c, unsigned size)
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

static uint64_t uleb(struct cursor *c)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint64_t byte = fixed(c, 1);
        if (shift < 64)
            v |= (byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return v;
    }
    c->broken = true;
    return 0;
}

static int64_t sleb(struct cursor *c)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint64_t byte = fixed(c, 1);
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

static void skip(struct cursor *c, uint64_t size)
{
    if (c->broken || (uint64_t)(c->end - c->at) < size)
        c->broken = true;
    else
        c->at += size;
}

/* The string here, behind which the cursor then stands; "" when it has no end. */
static const char *string(struct cursor *c)
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

static const char *string_at(struct cursor section, uint64_t offset, struct cursor *user)
{
    skip(&section, offset);
    const char *s = string(&section);
    user->broken |= section.broken;
    return s;
}

/* ---- rows --------------------------------------------------------------------------------- */

static bool grow(void **array, unsigned count, unsigned *room, size_t size)
{
    if (count < *room)
        return true;
    unsigned bigger = *room ? *room * 2 : 64;
    void *moved = realloc(*array, bigger * size);

    if (!moved)
        return false;
    *array = moved;
    *room = bigger;
    return true;
}

/* One copy of each path. */
static const char *intern(struct reader *r, const char *directory, const char *path)
{
    struct lines *l = r->out;
    char whole[1024];
    bool joined = path[0] != '/' && *directory && strcmp(directory, ".") != 0;
    struct text t = text_init(whole, sizeof whole);

    text_add(&t, "%s%s%s", joined ? directory : "", joined ? "/" : "", path);
    const char *name = strncmp(whole, "./", 2) == 0 ? whole + 2 : whole;
    for (unsigned i = l->file_count; i-- > 0;)
        if (strcmp(l->files[i], name) == 0)
            return l->files[i];
    char *copy = l->file_count < FILES_MAX ? strdup(name) : NULL;
    if (!copy || !grow((void **)&l->files, l->file_count, &r->file_room, sizeof *l->files)) {
        free(copy);
        r->no_memory = true;
        return "";
    }
    l->files[l->file_count++] = copy;
    return copy;
}

/* Files are numbered from 1 before version 5, and from 0 since; directory 0 is where the
 * compiler ran, which says nothing to a reader of this tree. */
static const char *file_name(struct reader *r, struct unit *u, uint64_t number)
{
    uint64_t i = u->version < 5 ? number - 1 : number;
    const char *directory = "";

    if (i >= u->file_count)
        return "?";
    if (u->names[i])
        return u->names[i];
    uint64_t d = u->files[i].directory;
    if (d > 0) {
        d -= u->version < 5 ? 1 : 0;
        directory = d < u->directory_count ? u->directories[d].path : "";
    }
    u->names[i] = intern(r, directory, u->files[i].path);
    return u->names[i];
}

/* Of functions that the linker threw away the table speaks too, at address 0. */
static bool is_code(const struct image *image, word address, bool end)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct image_segment *s = &image->segments[i];
        if ((s->flags & PF_X) && address >= s->vaddr && address - s->vaddr < s->size + end)
            return true;
    }
    return false;
}

static void add_row(struct reader *r, struct unit *u, word address, uint64_t file, uint64_t line,
                    bool end)
{
    struct lines *l = r->out;

    if (!is_code(r->image, address, end))
        return;
    if (l->count == ROWS_MAX || !grow((void **)&l->rows, l->count, &r->row_room, sizeof *l->rows)) {
        r->no_memory = true;
        return;
    }
    l->rows[l->count++] = (struct line_row){.address = address,
                                            .line = end || line > UINT32_MAX ? 0 : (uint32_t)line,
                                            .file = end ? "" : file_name(r, u, file)};
}

/* ---- header ------------------------------------------------------------------------------- */

static bool add_entry(struct entry **entries, unsigned *count, unsigned *room, struct entry e)
{
    if (*count == FILES_MAX || !grow((void **)entries, *count, room, sizeof **entries))
        return false;
    (*entries)[(*count)++] = e;
    return true;
}

static void read_lists_v4(struct reader *r, struct unit *u, struct cursor *c)
{
    unsigned rooms[2] = {0, 0};
    const char *path;

    while (!c->broken && *(path = string(c)))
        r->no_memory |=
            !add_entry(&u->directories, &u->directory_count, &rooms[0], (struct entry){path, 0});
    while (!c->broken && *(path = string(c))) {
        struct entry e = {path, uleb(c)};
        uleb(c); /* time */
        uleb(c); /* size */
        r->no_memory |= !add_entry(&u->files, &u->file_count, &rooms[1], e);
    }
}

/* One value of an entry, by its form: a path, or a number. */
static uint64_t read_form(struct reader *r, struct cursor *c, uint64_t form, const char **path)
{
    switch (form) {
    case FORM_STRING:
        *path = string(c);
        return 0;
    case FORM_LINE_STRP:
        *path = string_at(r->sections.line_str, fixed(c, 4), c);
        return 0;
    case FORM_STRP:
        *path = string_at(r->sections.str, fixed(c, 4), c);
        return 0;
    case FORM_UDATA:
        return uleb(c);
    case FORM_DATA1:
        return fixed(c, 1);
    case FORM_DATA2:
        return fixed(c, 2);
    case FORM_DATA4:
        return fixed(c, 4);
    case FORM_DATA8:
        return fixed(c, 8);
    case FORM_DATA16:
        skip(c, 16);
        return 0;
    case FORM_BLOCK:
        skip(c, uleb(c));
        return 0;
    default:
        c->broken = true;
        return 0;
    }
}

static void read_list_v5(struct reader *r, struct cursor *c, struct entry **entries,
                         unsigned *count)
{
    struct {
        uint64_t content, form;
    } formats[16];
    unsigned room = 0, format_count = (unsigned)fixed(c, 1);

    if (format_count > COUNT_OF(formats)) {
        c->broken = true;
        return;
    }
    for (unsigned i = 0; i < format_count; i++) {
        formats[i].content = uleb(c);
        formats[i].form = uleb(c);
    }
    uint64_t n = uleb(c);
    for (uint64_t i = 0; i < n && !c->broken && !r->no_memory; i++) {
        struct entry e = {"", 0};
        for (unsigned f = 0; f < format_count; f++) {
            const char *path = NULL;
            uint64_t value = read_form(r, c, formats[f].form, &path);
            if (formats[f].content == LNCT_PATH && path)
                e.path = path;
            else if (formats[f].content == LNCT_DIRECTORY)
                e.directory = value;
        }
        r->no_memory |= !add_entry(entries, count, &room, e);
    }
}

/* A unit's header from the section's cursor, which then stands behind the whole unit. */
static bool read_header(struct reader *r, struct unit *u)
{
    struct cursor *section = &r->sections.line;
    uint64_t length = fixed(section, 4);
    struct cursor c = *section;

    skip(section, length);
    if (section->broken)
        return false;
    c.end = section->at;
    u->version = (unsigned)fixed(&c, 2);
    if (u->version < 2 || u->version > 5)
        return false;
    if (u->version >= 5)
        skip(&c, 2); /* sizes of an address and of a segment selector */
    uint64_t header = fixed(&c, 4);
    u->program = c;
    skip(&u->program, header);
    u->min_length = (unsigned)fixed(&c, 1);
    if (u->version >= 4)
        skip(&c, 1); /* operations of one instruction */
    skip(&c, 1);     /* default_is_stmt */
    u->line_base = (int8_t)fixed(&c, 1);
    u->line_range = (unsigned)fixed(&c, 1);
    u->opcode_base = (unsigned)fixed(&c, 1);
    for (unsigned i = 1; i < u->opcode_base; i++)
        u->operands[i] = (uint8_t)fixed(&c, 1);
    if (u->version >= 5) {
        read_list_v5(r, &c, &u->directories, &u->directory_count);
        read_list_v5(r, &c, &u->files, &u->file_count);
    } else {
        read_lists_v4(r, u, &c);
    }
    u->names = calloc(u->file_count + 1, sizeof *u->names);
    r->no_memory |= !u->names;
    return !c.broken && !u->program.broken && u->line_range && u->opcode_base && !r->no_memory;
}

/* ---- program ------------------------------------------------------------------------------ */

struct registers {
    word address;
    uint64_t file, line;
};

static void reset(struct registers *m)
{
    *m = (struct registers){.file = 1, .line = 1};
}

static void extended(struct reader *r, struct unit *u, struct cursor *c, struct registers *m)
{
    uint64_t size = uleb(c);
    struct cursor body = *c;

    skip(c, size);
    if (c->broken || size == 0)
        return;
    body.end = c->at;
    switch (fixed(&body, 1)) {
    case LNE_END_SEQUENCE:
        add_row(r, u, m->address, m->file, m->line, true);
        reset(m);
        break;
    case LNE_SET_ADDRESS:
        m->address = (word)fixed(&body, 4);
        break;
    default:
        break; /* discriminators and the like */
    }
    c->broken |= body.broken;
}

static void standard(struct reader *r, struct unit *u, struct cursor *c, struct registers *m,
                     unsigned opcode)
{
    switch (opcode) {
    case LNS_COPY:
        add_row(r, u, m->address, m->file, m->line, false);
        break;
    case LNS_ADVANCE_PC:
        m->address += (word)uleb(c) * u->min_length;
        break;
    case LNS_ADVANCE_LINE:
        m->line += (uint64_t)sleb(c);
        break;
    case LNS_SET_FILE:
        m->file = uleb(c);
        break;
    case LNS_CONST_ADD_PC:
        m->address += (255 - u->opcode_base) / u->line_range * u->min_length;
        break;
    case LNS_FIXED_ADVANCE_PC:
        m->address += (word)fixed(c, 2);
        break;
    default:
        for (unsigned i = 0; i < u->operands[opcode]; i++)
            uleb(c);
    }
}

static void run_program(struct reader *r, struct unit *u)
{
    struct cursor *c = &u->program;
    struct registers m;

    reset(&m);
    while (c->at < c->end && !c->broken && !r->no_memory) {
        unsigned opcode = (unsigned)fixed(c, 1);
        if (opcode == 0) {
            extended(r, u, c, &m);
        } else if (opcode < u->opcode_base) {
            standard(r, u, c, &m, opcode);
        } else {
            unsigned n = opcode - u->opcode_base;
            m.address += n / u->line_range * u->min_length;
            m.line += (uint64_t)(int64_t)(u->line_base + (int)(n % u->line_range));
            add_row(r, u, m.address, m.file, m.line, false);
        }
    }
}

static bool read_unit(struct reader *r)
{
    struct unit u = {0};
    bool ok = read_header(r, &u);

    if (ok)
        run_program(r, &u);
    free(u.directories);
    free(u.files);
    free((void *)u.names);
    return ok && !u.program.broken;
}

/* ---- the file ----------------------------------------------------------------------------- */

/* A section's bytes by name; empty when there is none. Nothing in the file is believed. */
static struct cursor find_section(const struct image *image, const char *name)
{
    struct cursor empty = {image->bytes, image->bytes, false}, names;
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
        if (strcmp(string(&names), name) == 0)
            return (struct cursor){image->bytes + s.sh_offset,
                                   image->bytes + s.sh_offset + s.sh_size, false};
    }
    return empty;
}

static int by_address(const void *a, const void *b)
{
    const struct line_row *p = a, *q = b;

    if (p->address != q->address)
        return p->address < q->address ? -1 : 1;
    /* Where one sequence ends and another begins, the beginning is what holds. */
    if ((p->line != 0) != (q->line != 0))
        return p->line ? 1 : -1;
    return 0;
}

int lines_read(struct lines *out, const struct image *image, struct error *err)
{
    struct reader r = {.image = image,
                       .out = out,
                       .sections = {.line = find_section(image, ".debug_line"),
                                    .line_str = find_section(image, ".debug_line_str"),
                                    .str = find_section(image, ".debug_str")}};
    bool ok = true;

    *out = (struct lines){0};
    while (ok && r.sections.line.at < r.sections.line.end)
        ok = read_unit(&r);
    if (ok && !r.no_memory) {
        if (out->count)
            qsort(out->rows, out->count, sizeof *out->rows, by_address);
        return 0;
    }
    lines_free(out);
    if (r.no_memory)
        return error_set(err, ERROR_memory, "%s: its line tables do not fit into memory",
                         image->path);
    return error_set(err, ERROR_input,
                     "%s: its line tables (.debug_line) are damaged; build it again", image->path);
}

void lines_free(struct lines *lines)
{
    for (unsigned i = 0; i < lines->file_count; i++)
        free(lines->files[i]);
    free((void *)lines->files);
    free(lines->rows);
    *lines = (struct lines){0};
}

const struct line_row *lines_at(const struct lines *lines, word address)
{
    unsigned low = 0, high = lines->count;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (lines->rows[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low && lines->rows[low - 1].line ? &lines->rows[low - 1] : NULL;
}

static bool path_ends_in(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);

    return n >= m && strcmp(path + n - m, end) == 0 && (n == m || path[n - m - 1] == '/');
}

bool lines_find(const struct lines *lines, const char *file, uint32_t line, word *address)
{
    for (unsigned i = 0; i < lines->count; i++) {
        const struct line_row *row = &lines->rows[i];
        if (line && row->line == line && (!file || path_ends_in(row->file, file))) {
            *address = row->address;
            return true;
        }
    }
    return false;
}
