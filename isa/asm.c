/*
 * The assembler from end to end; see asm.h and, for its parts, asm_core.h.
 *
 *   statement = { label: } [ name = value | .directive | macro | instruction ]
 */
#include "isa/asm.h"
#include "isa/asm_condition.h"
#include "isa/asm_core.h"
#include "isa/asm_directive.h"
#include "isa/asm_elf.h"
#include "isa/asm_fix.h"
#include "isa/asm_input.h"
#include "isa/asm_insn.h"
#include "isa/asm_macro.h"
#include "isa/asm_section.h"
#include "isa/asm_symbol.h"
#include "isa/asm_unknown.h"
#include "isa/registers.h"
#include "base/file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define BASE 0x80000000u /* where RAM begins */

/* ---- statements ---- */

static void define_label(struct asm_cursor *c, struct asm_slice name)
{
    struct asm_where w = asm_where_slice(c, name);
    struct asm_symbol *s = asm_symbol(c->as, name.at, name.length);

    if (register_find(s->name) >= 0) {
        asm_error(c->as, &w, "\"%s\" is a register, it cannot be a label", s->name);
        return;
    }
    asm_label(c->as, s, &w);
}

/* 1: and so on; false when there is none at the cursor. */
static bool numeric_label(struct asm_cursor *c)
{
    struct asm_cursor ahead = *c;
    const char *at = c->p;
    unsigned number = 0;

    while (ahead.p < ahead.end && isdigit((unsigned char)*ahead.p) && number < ASM_NUMERIC_MAX)
        number = number * 10 + (unsigned)(*ahead.p++ - '0');
    if (ahead.p == at || ahead.p >= ahead.end || *ahead.p != ':')
        return false;
    c->p = ahead.p + 1;
    if (asm_skipping(c->as))
        return true;
    struct asm_where w = asm_where_from(c, at);
    if (number >= ASM_NUMERIC_MAX)
        asm_error(c->as, &w, "numeric labels go up to %u", ASM_NUMERIC_MAX - 1);
    else
        asm_label_numeric(c->as, number, &w);
    return true;
}

/* name: and so on; leaves the cursor behind the last label. */
static void labels(struct asm_cursor *c)
{
    for (;;) {
        asm_blanks(c);
        if (numeric_label(c))
            continue;
        struct asm_cursor ahead = *c;
        struct asm_slice name = asm_name(&ahead);
        if (name.length == 0 || !asm_take(&ahead, ':'))
            return;
        *c = ahead;
        if (!asm_skipping(c->as))
            define_label(c, name);
    }
}

/* name = value; the cursor is behind the name. */
static bool assignment(struct asm_cursor *c, struct asm_slice name)
{
    struct asm_cursor ahead = *c;

    if (!asm_take(&ahead, '=') || (ahead.p < ahead.end && *ahead.p == '='))
        return false;
    *c = ahead;
    asm_assign(c, name, false);
    return true;
}

static void statement(struct asm_cursor *c)
{
    labels(c);
    if (asm_at_end(c))
        return;
    struct asm_slice name = asm_name(c);
    if (name.length && *name.at == '.' && asm_condition(c, name))
        return;
    if (asm_skipping(c->as))
        return;
    if (name.length == 0) {
        struct asm_where w = asm_where_next(c);

        asm_error(c->as, &w, "expected an instruction, a directive or a label");
        return;
    }
    if (assignment(c, name))
        return;
    c->where.at = name.at; /* complaints about the whole point behind its labels */
    c->where.length = (unsigned)(c->end - name.at);
    struct asm_macro *m = asm_macro_find(c->as, name);
    if (m)
        asm_macro_use(c, m);
    else if (asm_insn_known(name))
        asm_insn(c, name);
    else if (*name.at != '.' || !asm_directive(c, name))
        asm_unknown(c, name);
}

/* ---- passes ---- */

static void assemble(struct assembler *as, const char *name, struct asm_bytes *out)
{
    struct asm_cursor c = {.as = as};

    while (asm_statement(as, &c))
        statement(&c);
    asm_condition_close(as, NULL);
    if (!asm_layout(as, as->options->base ? as->options->base : BASE)) {
        struct asm_where w = c.where;

        asm_error(as, &w, "the program does not fit below the end of the address space");
        return;
    }
    asm_fix_all(as);
    if (as->error_count == 0)
        asm_elf(as, name, out);
}

static int by_order(const void *a, const void *b)
{
    const struct asm_message *m = a, *n = b;

    return m->order < n->order ? -1 : m->order > n->order;
}

static int first_error(const struct asm_result *r, struct error *err)
{
    for (unsigned i = 0; i < r->message_count; i++) {
        const struct asm_message *m = &r->messages[i];

        if (!m->warning)
            return error_set(err, ERROR_input, "%s:%u:%u: error: %s", m->file, m->line, m->column,
                             m->text);
    }
    return error_set(err, ERROR_memory, "out of memory while assembling");
}

/* Hands over what was made, or the reasons why nothing was. */
static int deliver(struct assembler *as, const struct asm_bytes *elf, bool done,
                   struct asm_result *out, struct error *err)
{
    as->arena.limit = 0; /* what there is to say must be said */
    struct asm_message *list = arena_alloc(&as->arena, sizeof as->messages);

    qsort(as->messages, as->message_count, sizeof *list, by_order);
    if (list)
        memcpy(list, as->messages, sizeof as->messages);
    *out = (struct asm_result){
        .messages = list,
        .message_count = list ? as->message_count : 0,
        .error_count = as->error_count,
        .more = as->more,
        .arena = as->arena,
    };
    if (!done || as->error_count || !list)
        return first_error(out, err);
    out->elf = elf->data;
    out->elf_size = elf->size;
    return 0;
}

int asm_source(struct asm_result *out, const char *name, const char *text, size_t size,
               const struct asm_options *options, struct error *err)
{
    static const struct asm_options ordinary = {0};
    struct assembler *as = calloc(1, sizeof *as);
    struct asm_bytes *elf = calloc(1, sizeof *elf);
    volatile bool done = false;
    int failed;

    *out = (struct asm_result){0};
    if (!as || !elf) {
        failed = error_set(err, ERROR_memory, "out of memory while assembling");
        goto end;
    }
    as->options = options ? options : &ordinary;
    as->arena.limit = as->options->memory ? as->options->memory : ASM_MEMORY_MAX;
    if (setjmp(as->stop) == 0) {
        asm_symbols_init(as);
        asm_sections_init(as);
        asm_fixups_init(as);
        asm_macros_init(as);
        asm_lines_init(as);
        asm_input_file(as, name, text, size, NULL);
        assemble(as, name, elf);
        done = true;
    }
    failed = deliver(as, elf, done, out, err);
end:
    free(elf);
    free(as);
    return failed;
}

int asm_file(struct asm_result *out, const char *path, const struct asm_options *options,
             struct error *err)
{
    uint8_t *text;
    size_t size;

    *out = (struct asm_result){0};
    int failed = file_read(path, "source file", ASM_FILE_MAX, &text, &size, err);
    if (failed)
        return failed;
    failed = asm_source(out, path, (const char *)text, size, options, err);
    free(text);
    return failed;
}

void asm_result_free(struct asm_result *result)
{
    arena_free(&result->arena);
    *result = (struct asm_result){0};
}

/* ---- messages ---- */

static void caret(struct text *out, const struct asm_message *m)
{
    size_t width = strlen(m->source), from = m->column - 1;

    if (from > width)
        return;
    text_add(out, "    ");
    for (size_t i = 0; i < from; i++) /* a tab stays one, so that the caret stands right */
        text_add_char(out, m->source[i] == '\t' ? '\t' : ' ');
    text_add_char(out, '^');
    for (size_t i = 1; i < m->length && from + i < width; i++)
        text_add_char(out, '~');
    text_add_char(out, '\n');
}

void asm_message_text(struct text *out, const struct asm_message *m)
{
    text_add(out, "%s:%u:%u: %s: %s\n", m->file, m->line, m->column,
             m->warning ? "warning" : "error", m->text);
    text_add(out, "    %s\n", m->source);
    caret(out, m);
    for (unsigned n = 0; n < m->note_count; n++) {
        const struct asm_note *note = &m->notes[n];

        if (note->file)
            text_add(out, "  %s:%u: %s\n", note->file, note->line, note->text);
        else
            text_add(out, "  hint: %s\n", note->text);
    }
}
