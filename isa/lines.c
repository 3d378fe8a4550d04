/*
 * Line tables: a unit's program, run into rows (DWARF 5, section 6.2). It is a program for a
 * small machine: its registers are an address and a line, and its instructions append rows.
 * The table of a program is the rows of all its units, sorted by address.
 */
#include "isa/lines.h"

#include "base/array.h"
#include "base/text.h"
#include "isa/dwarf.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX  (1u << 22)
#define FILES_MAX 65535u
#define FLAG_X    1u

enum {
    LNS_COPY = 1,
    LNS_ADVANCE_PC,
    LNS_ADVANCE_LINE,
    LNS_SET_FILE,
    LNS_CONST_ADD_PC = 8,
    LNS_FIXED_ADVANCE_PC,
    LNE_END_SEQUENCE = 1,
    LNE_SET_ADDRESS,
};

struct unit {
    struct dwarf_unit header;
    const char **names; /* interned, by file number; NULL until used */
};

struct reader {
    struct dwarf_sections sections;
    const struct image *image;
    struct lines *out;
    unsigned row_room, file_room;
    bool no_memory;
};

/* ---- rows --------------------------------------------------------------------------------- */

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
    if (!copy || !array_grow((void **)&l->files, l->file_count, &r->file_room, sizeof *l->files)) {
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
    uint64_t i = u->header.version < 5 ? number - 1 : number;
    const char *directory = "";

    if (i >= u->header.file_count)
        return "?";
    if (u->names[i])
        return u->names[i];
    uint64_t d = u->header.files[i].directory;
    if (d > 0) {
        d -= u->header.version < 5 ? 1 : 0;
        directory = d < u->header.directory_count ? u->header.directories[d].path : "";
    }
    u->names[i] = intern(r, directory, u->header.files[i].path);
    return u->names[i];
}

/* Of functions that the linker threw away the table speaks too, at address 0. */
static bool is_code(const struct image *image, word address, bool end)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct image_segment *s = &image->segments[i];
        if ((s->flags & FLAG_X) && address >= s->vaddr && address - s->vaddr < s->size + end)
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
    if (l->count == ROWS_MAX ||
        !array_grow((void **)&l->rows, l->count, &r->row_room, sizeof *l->rows)) {
        r->no_memory = true;
        return;
    }
    l->rows[l->count++] = (struct line_row){.address = address,
                                            .line = end || line > UINT32_MAX ? 0 : (uint32_t)line,
                                            .file = end ? "" : file_name(r, u, file)};
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

static void extended(struct reader *r, struct unit *u, struct dwarf_cursor *c, struct registers *m)
{
    uint64_t size = dwarf_uleb(c);
    struct dwarf_cursor body = *c;

    dwarf_skip(c, size);
    if (c->broken || size == 0)
        return;
    body.end = c->at;
    switch (dwarf_fixed(&body, 1)) {
    case LNE_END_SEQUENCE:
        add_row(r, u, m->address, m->file, m->line, true);
        reset(m);
        break;
    case LNE_SET_ADDRESS:
        m->address = (word)dwarf_fixed(&body, 4);
        break;
    default:
        break; /* discriminators and the like */
    }
    c->broken |= body.broken;
}

static void standard(struct reader *r, struct unit *u, struct dwarf_cursor *c, struct registers *m,
                     unsigned opcode)
{
    switch (opcode) {
    case LNS_COPY:
        add_row(r, u, m->address, m->file, m->line, false);
        break;
    case LNS_ADVANCE_PC:
        m->address += (word)dwarf_uleb(c) * u->header.min_length;
        break;
    case LNS_ADVANCE_LINE:
        m->line += (uint64_t)dwarf_sleb(c);
        break;
    case LNS_SET_FILE:
        m->file = dwarf_uleb(c);
        break;
    case LNS_CONST_ADD_PC:
        m->address += (255 - u->header.opcode_base) / u->header.line_range * u->header.min_length;
        break;
    case LNS_FIXED_ADVANCE_PC:
        m->address += (word)dwarf_fixed(c, 2);
        break;
    default:
        for (unsigned i = 0; i < u->header.operands[opcode]; i++)
            dwarf_uleb(c);
    }
}

static void run_program(struct reader *r, struct unit *u)
{
    struct dwarf_cursor *c = &u->header.program;
    struct registers m;

    reset(&m);
    while (c->at < c->end && !c->broken && !r->no_memory) {
        unsigned opcode = (unsigned)dwarf_fixed(c, 1);
        if (opcode == 0) {
            extended(r, u, c, &m);
        } else if (opcode < u->header.opcode_base) {
            standard(r, u, c, &m, opcode);
        } else {
            unsigned n = opcode - u->header.opcode_base;
            m.address += n / u->header.line_range * u->header.min_length;
            m.line += (uint64_t)(int64_t)(u->header.line_base + (int)(n % u->header.line_range));
            add_row(r, u, m.address, m.file, m.line, false);
        }
    }
}

static bool read_unit(struct reader *r)
{
    struct unit u = {0};
    bool ok = dwarf_unit_read(&u.header, &r->sections);

    r->no_memory |= u.header.no_memory;
    u.names = calloc(u.header.file_count + 1, sizeof *u.names);
    r->no_memory |= !u.names;
    if (ok && u.names)
        run_program(r, &u);
    ok = ok && !u.header.program.broken;
    dwarf_unit_free(&u.header);
    free((void *)u.names);
    return ok;
}

/* ---- the whole table ---------------------------------------------------------------------- */

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
    struct reader r = {.image = image, .out = out, .sections = dwarf_sections(image)};
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
