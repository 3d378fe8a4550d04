/*
 * Input of the assembler; see asm_input.h.
 *
 * A line `# 12 "file"`, which the C preprocessor leaves, says where the next line really comes
 * from.
 */
#include "isa/asm_input.h"
#include "isa/asm_comment.h"
#include "isa/asm_condition.h"
#include "base/file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- the stack ---- */

static struct asm_input *push(struct assembler *as, struct asm_source *source, const char *file,
                              unsigned line)
{
    struct asm_input *in = asm_alloc(as, sizeof *in);

    in->below = as->input;
    in->depth = in->below ? in->below->depth + 1 : 0;
    in->source = source;
    in->p = source->text;
    in->file = file;
    in->line = in->first_line = line;
    in->condition = as->condition;
    in->at_line_start = true;
    if (in->depth >= ASM_DEPTH_MAX) {
        asm_error(as, source->from, "includes, macros and repetitions are nested %u deep",
                  ASM_DEPTH_MAX);
        asm_note(as, NULL, "a macro that uses itself needs an .if that ends it");
        asm_stop(as);
    }
    as->input = in;
    return in;
}

static const struct asm_where *keep(struct assembler *as, const struct asm_where *where)
{
    if (!where)
        return NULL;
    struct asm_where *copy = asm_alloc(as, sizeof *copy);
    *copy = *where;
    return copy;
}

void asm_input_file(struct assembler *as, const char *name, const char *text, size_t size,
                    const struct asm_where *from)
{
    struct asm_source *s = asm_alloc(as, sizeof *s);
    char *stripped = asm_string(as, text, size);

    s->name = asm_string(as, name, strlen(name));
    s->original = asm_string(as, text, size);
    s->text = stripped;
    s->size = size;
    s->how = "included here";
    s->from = keep(as, from);
    asm_comments(as, s, stripped);
    push(as, s, s->name, 1)->is_file = true;
}

struct asm_input *asm_input_text(struct assembler *as, enum asm_source_kind kind,
                                 struct asm_slice text, const char *file, unsigned line,
                                 const char *how, const struct asm_where *from)
{
    struct asm_source *s = asm_alloc(as, sizeof *s);

    s->kind = kind;
    s->name = file;
    s->text = s->original = text.at;
    s->size = text.length;
    s->how = how;
    s->from = keep(as, from);
    return push(as, s, file, line);
}

void asm_input_replace(struct assembler *as, struct asm_input *in, struct asm_slice text)
{
    struct asm_source *s = asm_alloc(as, sizeof *s);

    *s = *in->source;
    s->text = s->original = text.at;
    s->size = text.length;
    in->source = s;
}

void asm_input_leave(struct assembler *as)
{
    struct asm_input *in = as->input;

    in->p = in->source->text + in->source->size;
    in->again = NULL;
    as->condition = in->condition;
}

/* ---- statements ---- */

static const char *text_end(const struct asm_input *in)
{
    return in->source->text + in->source->size;
}

/* `# 12 "file" flags`: the next line is line 12 of file. */
static void take_marker(struct assembler *as, struct asm_input *in)
{
    const char *end = text_end(in), *p = in->p + 2;
    unsigned long line = 0;

    while (p < end && isdigit((unsigned char)*p) && line < 100000000)
        line = line * 10 + (unsigned long)(*p++ - '0');
    while (p < end && *p == ' ')
        p++;
    if (p < end && *p == '"') {
        const char *name = ++p;

        while (p < end && *p != '"' && *p != '\n')
            p++;
        in->file = asm_string(as, name, (size_t)(p - name));
    }
    while (p < end && *p != '\n')
        p++;
    in->p = p;
    in->line = (unsigned)line - 1;
}

/* Behind the statement that begins at p: a newline, a semicolon or the end. */
static const char *statement_end(const char *p, const char *end)
{
    while (p < end && *p != '\n' && *p != ';') {
        if (*p == '"') {
            for (p++; p < end && *p != '"' && *p != '\n'; p++)
                p += *p == '\\' && end - p > 1 && p[1] != '\n';
            p += p < end && *p == '"';
        } else if (*p == '\'') {
            p++;
            p += p < end && *p == '\\';
            p += p < end && *p != '\n';
            p += p < end && *p == '\'';
        } else {
            p++;
        }
    }
    return p;
}

/* To the first character of a statement; false at the end of the text. */
static bool find_statement(struct assembler *as, struct asm_input *in)
{
    const char *end = text_end(in);

    while (in->p < end) {
        if (in->at_line_start && in->is_file && asm_is_marker(in->p, end)) {
            take_marker(as, in);
            continue;
        }
        in->at_line_start = false;
        if (*in->p == '\n') {
            in->line++;
            in->at_line_start = true;
        } else if (*in->p != ';' && !isspace((unsigned char)*in->p)) {
            return true;
        }
        in->p++;
    }
    return false;
}

/* Every statement and every round of a repetition counts, so that all input comes to an end. */
static void count(struct assembler *as, const struct asm_input *in)
{
    if (++as->statements <= ASM_STATEMENTS_MAX)
        return;
    struct asm_where w = {in->source, in->file, in->line, 1, in->p, as->statements};
    asm_error(as, &w, "more than %u statements", ASM_STATEMENTS_MAX);
    asm_note(as, NULL, "does a .rept or a macro repeat without end?");
    asm_stop(as);
}

static void read_statement(struct assembler *as, struct asm_input *in, struct asm_cursor *out)
{
    const char *end = statement_end(in->p, text_end(in));

    count(as, in);
    out->as = as;
    out->p = in->p;
    out->end = end;
    out->where = (struct asm_where){in->source, in->file,      in->line, (unsigned)(end - in->p),
                                    in->p,      as->statements};
    in->p = end;
}

/* The top of the stack is read to its end: once more, or off with it. */
static void finish(struct assembler *as)
{
    struct asm_input *in = as->input;

    asm_condition_close(as, in->condition);
    if (in->again && in->again(as, in)) {
        count(as, in);
        in->p = in->source->text;
        in->line = in->first_line;
        in->at_line_start = true;
        return;
    }
    as->input = in->below;
}

bool asm_statement(struct assembler *as, struct asm_cursor *out)
{
    while (as->input && !as->ended) {
        if (find_statement(as, as->input)) {
            read_statement(as, as->input, out);
            return true;
        }
        finish(as);
    }
    return false;
}

/* ---- blocks ---- */

static bool opens(struct asm_slice name, const char *const *open)
{
    for (; *open; open++)
        if (asm_slice_is(name, *open))
            return true;
    return false;
}

bool asm_block(struct asm_cursor *opener, const char *const *open, const char *close,
               struct asm_slice *body, const char **file, unsigned *line)
{
    struct assembler *as = opener->as;
    struct asm_input *in = as->input;
    struct asm_cursor c;
    unsigned depth = 1;

    body->at = in->p;
    *file = in->file;
    *line = in->line;
    while (find_statement(as, in)) {
        const char *at = in->p;

        read_statement(as, in, &c);
        struct asm_slice name = asm_name(&c);
        if (opens(name, open))
            depth++;
        else if (asm_slice_is(name, close) && --depth == 0) {
            body->length = (size_t)(at - body->at);
            return true;
        }
    }
    asm_error(as, &opener->where, "no %s ends this", close);
    return false;
}

/* ---- files ---- */

/* Beside the including file first, then in the folders of the options, in order. */
static char *candidate(struct assembler *as, const char *name, unsigned n)
{
    const char *folder = "";
    size_t length = 0;

    if (n == 0) {
        const char *slash = strrchr(as->input->file, '/');

        folder = as->input->file;
        length = slash && *name != '/' ? (size_t)(slash - folder) + 1 : 0;
    } else {
        folder = as->options->include_dirs[n - 1];
        length = strlen(folder);
    }
    char *path = asm_alloc(as, length + strlen(name) + 2);
    memcpy(path, folder, length);
    if (length && path[length - 1] != '/')
        path[length++] = '/';
    strcpy(path + length, name);
    return path;
}

bool asm_find_file(struct asm_cursor *c, const uint8_t **bytes, size_t *size, const char **path)
{
    struct assembler *as = c->as;
    struct error err, first;
    const char *name;
    size_t length;

    asm_blanks(c);
    const char *at = c->p;
    if (!asm_string_literal(c, &name, &length))
        return false;
    for (unsigned n = 0; n <= as->options->include_dir_count; n++) {
        uint8_t *data;

        *path = candidate(as, name, n);
        if (file_read(*path, "file", ASM_FILE_MAX, &data, size, &err) == 0) {
            *bytes = (const uint8_t *)asm_string(as, (const char *)data, *size);
            free(data);
            return true;
        }
        if (n == 0)
            first = err;
    }
    struct asm_where w = asm_where_from(c, at);
    asm_error(as, &w, "%s", first.text);
    return false;
}

void asm_include(struct asm_cursor *c)
{
    struct assembler *as = c->as;
    const uint8_t *bytes;
    const char *path;
    size_t size;

    if (!asm_find_file(c, &bytes, &size, &path) || !asm_end_expected(c, "the file's name"))
        return;
    for (const struct asm_input *in = as->input; in; in = in->below) {
        if (in->is_file && strcmp(in->source->name, path) == 0) {
            asm_error(as, &c->where, "\"%s\" includes itself", path);
            return;
        }
    }
    if (as->expanded + size > ASM_EXPANSION_MAX) {
        asm_error(as, &c->where, "included files are too long together");
        asm_stop(as);
    }
    as->expanded += size;
    asm_input_file(as, path, (const char *)bytes, size, &c->where);
}
