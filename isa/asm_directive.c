/* The table of directives, and those about sections and symbols; see asm_directive.h. */
#include "isa/asm_directive.h"
#include "isa/asm_condition.h"
#include "isa/asm_data.h"
#include "isa/asm_input.h"
#include "isa/asm_macro.h"
#include "isa/asm_raw.h"
#include "isa/asm_repeat.h"
#include "isa/asm_section.h"
#include "isa/asm_symbol.h"
#include "isa/asm_expr.h"
#include "base/suggest.h"

#include <string.h>

enum { SYMBOL_GLOBAL, SYMBOL_LOCAL };

static void usage(struct asm_cursor *c, const struct asm_directive *d)
{
    struct asm_where w = asm_where_next(c);

    asm_error(c->as, &w, "valid form: %s %s", d->name, d->syntax);
}

/* ---- sections ---- */

static void named_section(struct asm_cursor *c, const struct asm_directive *d)
{
    asm_section_switch(c->as, d->name, strlen(d->name), NULL, false, &c->where);
    if (!asm_at_end(c)) { /* a subsection number, as in .text 0 */
        int64_t n;

        asm_constant(c, &n, "a subsection");
    }
}

/* , "flags", @nobits, and what else there may be. */
static bool section_attributes(struct asm_cursor *c, const char **flags, bool *nobits)
{
    size_t length;

    if (!asm_take(c, ','))
        return true;
    if (!asm_string_literal(c, flags, &length))
        return false;
    if (!asm_take(c, ','))
        return true;
    if (!asm_take(c, '@') && !asm_take(c, '%'))
        asm_take(c, '"');
    *nobits = asm_slice_is(asm_name(c), "nobits");
    c->p = c->end; /* entry size, group */
    return true;
}

static struct asm_slice section_name(struct asm_cursor *c)
{
    const char *bytes;
    size_t length;

    if (asm_peek(c) == '"' && asm_string_literal(c, &bytes, &length))
        return (struct asm_slice){bytes, length};
    return asm_name(c);
}

static void section(struct asm_cursor *c, const struct asm_directive *d)
{
    struct asm_slice name = section_name(c);
    const char *flags = NULL;
    bool nobits = false;

    if (name.length == 0 || memchr(name.at, 0, name.length)) {
        usage(c, d);
        return;
    }
    if (section_attributes(c, &flags, &nobits) && asm_end_expected(c, "the section"))
        asm_section_switch(c->as, name.at, name.length, flags, nobits, &c->where);
}

static void push_section(struct asm_cursor *c, const struct asm_directive *d)
{
    struct asm_sections *s = c->as->sections;

    if (s->pushed_count == ASM_DEPTH_MAX) {
        asm_error(c->as, &c->where, ".pushsection is nested %u deep", ASM_DEPTH_MAX);
        return;
    }
    s->pushed[s->pushed_count++] = s->current;
    section(c, d);
}

static void pop_section(struct asm_cursor *c, const struct asm_directive *d)
{
    struct asm_sections *s = c->as->sections;

    if (s->pushed_count == 0)
        asm_error(c->as, &c->where, "%s without .pushsection", d->name);
    else
        asm_section_select(c->as, s->pushed[--s->pushed_count]);
}

static void previous_section(struct asm_cursor *c, const struct asm_directive *d)
{
    (void)d;
    asm_section_select(c->as, c->as->sections->previous);
}

/* ---- symbols ---- */

static void visibility(struct asm_cursor *c, const struct asm_directive *d)
{
    do {
        struct asm_slice name = asm_name(c);

        if (name.length == 0) {
            usage(c, d);
            return;
        }
        asm_symbol(c->as, name.at, name.length)->global = d->argument == SYMBOL_GLOBAL;
    } while (asm_take(c, ','));
    asm_end_expected(c, "a symbol but a comma");
}

static void type(struct asm_cursor *c, const struct asm_directive *d)
{
    struct asm_slice name = asm_name(c);

    if (name.length == 0 || !asm_take(c, ',')) {
        usage(c, d);
        return;
    }
    struct asm_symbol *s = asm_symbol(c->as, name.at, name.length);
    if (!asm_take(c, '@') && !asm_take(c, '%'))
        asm_take(c, '"');
    struct asm_slice kind = asm_name(c);
    s->function = asm_slice_is(kind, "function") || asm_slice_is(kind, "STT_FUNC");
    s->object = asm_slice_is(kind, "object") || asm_slice_is(kind, "STT_OBJECT");
    if (!s->function && !s->object && !asm_slice_is(kind, "notype")) {
        struct asm_where w = asm_where_slice(c, kind);

        asm_error(c->as, &w, "a type is @function, @object or @notype");
    }
}

static void size(struct asm_cursor *c, const struct asm_directive *d)
{
    struct asm_slice name = asm_name(c);

    if (name.length == 0 || !asm_take(c, ',')) {
        usage(c, d);
        return;
    }
    struct asm_expr *e = asm_expr(c);
    if (e && asm_end_expected(c, "the size"))
        asm_symbol(c->as, name.at, name.length)->size = e;
}

void asm_assign(struct asm_cursor *c, struct asm_slice name, bool once)
{
    struct assembler *as = c->as;
    struct asm_where w = asm_where_slice(c, name);
    struct asm_symbol *s = asm_symbol(as, name.at, name.length);
    struct asm_value v;
    struct asm_expr *e = asm_expr(c);

    if (!e || !asm_end_expected(c, "the value"))
        return;
    if (s->kind == ASM_LABEL || (s->kind == ASM_VALUE && (once || s->fixed))) {
        asm_error(as, &w, "\"%s\" is already defined", s->name);
        asm_note(as, &s->where, "first defined here");
        return;
    }
    s->value = asm_known(as, e, &v) ? asm_expr_value(as, &v) : e;
    s->kind = ASM_VALUE;
    s->where = w;
    s->fixed = once;
}

static void equ(struct asm_cursor *c, const struct asm_directive *d)
{
    struct asm_slice name = asm_name(c);

    if (name.length == 0 || !asm_take(c, ','))
        usage(c, d);
    else
        asm_assign(c, name, d->argument);
}

/* ---- the rest ---- */

static void option(struct asm_cursor *c, const struct asm_directive *d)
{
    static const char *const known[] = {"push", "pop", "norvc", "relax", "norelax", "nopic", "pic"};
    struct asm_slice name = asm_name(c);
    struct asm_where w = asm_where_slice(c, name);

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (asm_slice_is(name, known[i]))
            return;
    if (asm_slice_is(name, "rvc"))
        asm_error(c->as, &w, "the machine has no compressed instructions");
    else
        usage(c, d);
}

static void message(struct asm_cursor *c, const struct asm_directive *d)
{
    const char *text = d->name;
    size_t length = strlen(text);

    if (!asm_at_end(c) && !asm_string_literal(c, &text, &length))
        return;
    (d->argument ? asm_error : asm_warning)(c->as, &c->where, "%.*s", (int)length, text);
}

static void include(struct asm_cursor *c, const struct asm_directive *d)
{
    (void)d;
    asm_include(c);
}

static void macro(struct asm_cursor *c, const struct asm_directive *d)
{
    (void)d;
    asm_macro_define(c);
}

static void purge(struct asm_cursor *c, const struct asm_directive *d)
{
    (void)d;
    asm_macro_purge(c);
}

static void repeat(struct asm_cursor *c, const struct asm_directive *d)
{
    static void (*const kinds[])(struct asm_cursor *) = {asm_repeat, asm_repeat_words,
                                                         asm_repeat_characters};

    kinds[d->argument](c);
}

static void closer(struct asm_cursor *c, const struct asm_directive *d)
{
    asm_error(c->as, &c->where, "%s closes nothing: there is no %s before it", d->name, d->syntax);
}

static void leave(struct asm_cursor *c, const struct asm_directive *d)
{
    if (c->as->input->is_file)
        asm_error(c->as, &c->where, "%s outside of a macro", d->name);
    else
        asm_input_leave(c->as);
}

static void insn(struct asm_cursor *c, const struct asm_directive *d)
{
    (void)d;
    asm_raw(c);
}

static void end(struct asm_cursor *c, const struct asm_directive *d)
{
    (void)d;
    c->as->ended = true;
}

/* What other tools want to know: read, and of no use here. */
static void nothing(struct asm_cursor *c, const struct asm_directive *d)
{
    (void)c;
    (void)d;
}

static const struct asm_directive directives[] = {
    {".text", named_section, 0, ""},
    {".data", named_section, 0, ""},
    {".rodata", named_section, 0, ""},
    {".bss", named_section, 0, ""},
    {".section", section, 0, "NAME, \"FLAGS\", @TYPE"},
    {".pushsection", push_section, 0, "NAME, \"FLAGS\", @TYPE"},
    {".popsection", pop_section, 0, ""},
    {".previous", previous_section, 0, ""},
    {".globl", visibility, SYMBOL_GLOBAL, "SYMBOL"},
    {".global", visibility, SYMBOL_GLOBAL, "SYMBOL"},
    {".weak", visibility, SYMBOL_GLOBAL, "SYMBOL"},
    {".local", visibility, SYMBOL_LOCAL, "SYMBOL"},
    {".type", type, 0, "SYMBOL, @function"},
    {".size", size, 0, "SYMBOL, . - SYMBOL"},
    {".equ", equ, false, "SYMBOL, VALUE"},
    {".set", equ, false, "SYMBOL, VALUE"},
    {".equiv", equ, true, "SYMBOL, VALUE"},
    {".byte", asm_data_values, 1, "VALUE, ..."},
    {".2byte", asm_data_values, 2, "VALUE, ..."},
    {".half", asm_data_values, 2, "VALUE, ..."},
    {".hword", asm_data_values, 2, "VALUE, ..."},
    {".short", asm_data_values, 2, "VALUE, ..."},
    {".4byte", asm_data_values, 4, "VALUE, ..."},
    {".word", asm_data_values, 4, "VALUE, ..."},
    {".long", asm_data_values, 4, "VALUE, ..."},
    {".int", asm_data_values, 4, "VALUE, ..."},
    {".8byte", asm_data_values, 8, "VALUE, ..."},
    {".dword", asm_data_values, 8, "VALUE, ..."},
    {".quad", asm_data_values, 8, "VALUE, ..."},
    {".ascii", asm_data_string, 0, "\"TEXT\", ..."},
    {".asciz", asm_data_string, 1, "\"TEXT\", ..."},
    {".string", asm_data_string, 1, "\"TEXT\", ..."},
    {".space", asm_data_space, 0, "BYTES, FILL"},
    {".skip", asm_data_space, 0, "BYTES, FILL"},
    {".zero", asm_data_space, 0, "BYTES"},
    {".fill", asm_data_fill, 0, "COUNT, SIZE, VALUE"},
    {".align", asm_data_align, 1, "POWER"},
    {".p2align", asm_data_align, 1, "POWER"},
    {".balign", asm_data_align, 0, "BYTES"},
    {".comm", asm_data_common, true, "SYMBOL, SIZE, ALIGNMENT"},
    {".lcomm", asm_data_common, false, "SYMBOL, SIZE, ALIGNMENT"},
    {".incbin", asm_data_incbin, 0, "\"FILE\""},
    {".include", include, 0, "\"FILE\""},
    {".macro", macro, 0, "NAME PARAMETER, ..."},
    {".endm", closer, 0, ".macro"},
    {".exitm", leave, 0, ""},
    {".purgem", purge, 0, "NAME"},
    {".rept", repeat, 0, "COUNT"},
    {".irp", repeat, 1, "PARAMETER, VALUE, ..."},
    {".irpc", repeat, 2, "PARAMETER, CHARACTERS"},
    {".endr", closer, 0, ".rept or .irp"},
    {".insn", insn, 0, "r OPCODE, FUNCT3, FUNCT7, RD, RS1, RS2"},
    {".option", option, 0, "norvc"},
    {".error", message, true, "\"TEXT\""},
    {".warning", message, false, "\"TEXT\""},
    {".end", end, 0, ""},
    {".file", nothing, 0, ""},
    {".loc", nothing, 0, ""},
    {".ident", nothing, 0, ""},
    {".attribute", nothing, 0, ""},
    {".hidden", nothing, 0, ""},
    {".protected", nothing, 0, ""},
    {".internal", nothing, 0, ""},
    {".addrsig", nothing, 0, ""},
    {".addrsig_sym", nothing, 0, ""},
    {".cfi_sections", nothing, 0, ""},
    {".cfi_startproc", nothing, 0, ""},
    {".cfi_endproc", nothing, 0, ""},
    {".cfi_def_cfa", nothing, 0, ""},
    {".cfi_def_cfa_offset", nothing, 0, ""},
    {".cfi_def_cfa_register", nothing, 0, ""},
    {".cfi_offset", nothing, 0, ""},
    {".cfi_restore", nothing, 0, ""},
};

bool asm_directive(struct asm_cursor *c, struct asm_slice name)
{
    for (size_t i = 0; i < COUNT_OF(directives); i++) {
        if (!asm_slice_is(name, directives[i].name))
            continue;
        directives[i].run(c, &directives[i]);
        return true;
    }
    return false;
}

void asm_directive_offer(struct suggest *near)
{
    for (size_t i = 0; i < COUNT_OF(directives); i++)
        if (directives[i].run != nothing)
            suggest_offer(near, directives[i].name);
    asm_condition_offer(near);
}
