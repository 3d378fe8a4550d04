/*
 * Macros; see asm_macro.h.
 *
 *   .macro name a, b=4, rest:vararg      in the body \a is the first argument, \b the second,
 *   .endm                                \@ a number that every use increases, \() nothing
 *
 * A body is a piece of its file's text; using it makes a copy with the arguments put in. Lines
 * stay lines, so places in the copy are places in the file.
 */
#include "isa/asm_macro.h"
#include "isa/asm_input.h"
#include "isa/asm_substitute.h"
#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

#define BUCKETS    256u
#define MACROS_MAX 10000u
#define PARAMS_MAX 64u

struct asm_macro {
    struct asm_macro *next;
    const char *name;
    struct asm_parameter *params;
    unsigned param_count;
    struct asm_slice body;
    const char *file;
    unsigned line;
    struct asm_where where;
    bool purged;
};

struct asm_macros {
    struct asm_macro *buckets[BUCKETS];
    unsigned count;
};

static const char *const macro_openers[] = {".macro", NULL};

void asm_macros_init(struct assembler *as)
{
    as->macros = asm_alloc(as, sizeof *as->macros);
}

static unsigned bucket(struct asm_slice name)
{
    unsigned h = 0;

    for (size_t i = 0; i < name.length; i++)
        h = h * 31 + (unsigned char)name.at[i];
    return h % BUCKETS;
}

struct asm_macro *asm_macro_find(const struct assembler *as, struct asm_slice name)
{
    struct asm_macro *m = as->macros->buckets[bucket(name)];

    while (m && (m->purged || !asm_slice_is(name, m->name)))
        m = m->next;
    return m;
}

void asm_macro_offer(const struct assembler *as, struct suggest *near)
{
    for (unsigned b = 0; b < BUCKETS; b++)
        for (const struct asm_macro *m = as->macros->buckets[b]; m; m = m->next)
            if (!m->purged)
                suggest_offer(near, m->name);
}

/* ---- definition ---- */

/* One parameter: name, name:req, name:vararg, name=default. */
static bool parameter(struct asm_cursor *c, struct asm_parameter *p)
{
    *p = (struct asm_parameter){.name = asm_name(c), .value = {"", 0}};
    if (p->name.length == 0) {
        struct asm_where w = asm_where_next(c);

        asm_error(c->as, &w, "the name of a parameter is missing");
        return false;
    }
    if (asm_take(c, ':')) {
        struct asm_slice kind = asm_name(c);

        p->required = asm_slice_is(kind, "req");
        p->rest = asm_slice_is(kind, "vararg");
        if (!p->required && !p->rest) {
            struct asm_where w = asm_where_slice(c, kind);

            asm_error(c->as, &w, "a parameter is :req or :vararg or neither");
            return false;
        }
    }
    if (asm_take(c, '=')) {
        asm_blanks(c);
        p->value.at = c->p;
        while (c->p < c->end && *c->p != ',' && *c->p != ' ' && *c->p != '\t')
            c->p++;
        p->value.length = (size_t)(c->p - p->value.at);
    }
    return true;
}

static bool parameters(struct asm_cursor *c, struct asm_macro *m)
{
    struct asm_parameter list[PARAMS_MAX];

    asm_take(c, ',');
    while (!asm_at_end(c)) {
        if (m->param_count == PARAMS_MAX) {
            asm_error(c->as, &c->where, "a macro has at most %u parameters", PARAMS_MAX);
            return false;
        }
        if (m->param_count && list[m->param_count - 1].rest) {
            asm_error(c->as, &c->where, "nothing may follow a :vararg parameter");
            return false;
        }
        if (!parameter(c, &list[m->param_count]))
            return false;
        if (asm_parameter(list, m->param_count, list[m->param_count].name)) {
            struct asm_where w = asm_where_slice(c, list[m->param_count].name);

            asm_error(c->as, &w, "two parameters have this name");
            return false;
        }
        m->param_count++;
        asm_take(c, ',');
    }
    m->params = asm_alloc(c->as, (m->param_count + 1) * sizeof *m->params);
    memcpy(m->params, list, m->param_count * sizeof *m->params);
    return true;
}

void asm_macro_define(struct asm_cursor *c)
{
    struct assembler *as = c->as;
    struct asm_macro *m = asm_alloc(as, sizeof *m);
    struct asm_slice name = asm_name(c);
    bool ok = name.length && parameters(c, m);

    m->where = c->where;
    if (!name.length)
        asm_error(as, &c->where, "the name of the macro is missing: .macro NAME PARAMETERS");
    if (!asm_block(c, macro_openers, ".endm", &m->body, &m->file, &m->line) || !ok)
        return;
    const struct asm_macro *old = asm_macro_find(as, name);
    if (old) {
        asm_error(as, &c->where, "the macro \"%s\" is already defined", old->name);
        asm_note(as, &old->where, "first defined here");
        return;
    }
    if (++as->macros->count > MACROS_MAX) {
        asm_error(as, &c->where, "more than %u macros", MACROS_MAX);
        asm_stop(as);
    }
    m->name = asm_slice_string(as, name);
    m->next = as->macros->buckets[bucket(name)];
    as->macros->buckets[bucket(name)] = m;
}

void asm_macro_purge(struct asm_cursor *c)
{
    struct asm_slice name = asm_name(c);
    struct asm_macro *m = asm_macro_find(c->as, name);

    if (m) {
        m->purged = true;
        return;
    }
    struct asm_where w = asm_where_slice(c, name);
    asm_error(c->as, &w, "there is no macro of this name");
}

/* ---- use ---- */

/* name=value; NULL when the argument is one by position. */
static struct asm_parameter *by_name(struct asm_cursor *c, struct asm_parameter *params,
                                     unsigned count)
{
    struct asm_cursor ahead = *c;
    struct asm_slice name = asm_name(&ahead);

    if (name.length == 0 || !asm_take(&ahead, '=') || asm_peek(&ahead) == '=')
        return NULL;
    struct asm_parameter *p = (struct asm_parameter *)asm_parameter(params, count, name);
    if (p)
        *c = ahead;
    return p;
}

static bool arguments(struct asm_cursor *c, const struct asm_macro *m, struct asm_parameter *params,
                      bool *given)
{
    unsigned position = 0;

    while (!asm_at_end(c)) {
        struct asm_parameter *p = by_name(c, params, m->param_count);

        if (!p && position == m->param_count) {
            struct asm_where w = asm_where_slice(c, asm_argument(c));

            asm_error(c->as, &w, "the macro \"%s\" takes %u argument%s", m->name, m->param_count,
                      m->param_count == 1 ? "" : "s");
            asm_note(c->as, &m->where, "defined here");
            return false;
        }
        if (!p)
            p = &params[position++];
        asm_blanks(c);
        struct asm_slice text = {c->p, (size_t)(c->end - c->p)};
        if (p->rest)
            c->p = c->end;
        else
            text = asm_argument(c);
        if (text.length) {
            p->value = p->rest ? text : asm_unquoted(text);
            given[p - params] = true;
        }
        asm_take(c, ',');
    }
    return true;
}

void asm_macro_use(struct asm_cursor *c, struct asm_macro *m)
{
    struct assembler *as = c->as;
    struct asm_parameter params[PARAMS_MAX];
    bool given[PARAMS_MAX] = {false};
    char how[96];

    memcpy(params, m->params, m->param_count * sizeof *params);
    if (!arguments(c, m, params, given))
        return;
    for (unsigned n = 0; n < m->param_count; n++) {
        if (!params[n].required || given[n])
            continue;
        asm_error(as, &c->where, "the macro \"%s\" needs its argument \"%.*s\"", m->name,
                  (int)params[n].name.length, params[n].name.at);
        asm_note(as, &m->where, "defined here");
        return;
    }
    struct asm_slice text = asm_substitute(as, m->body, params, m->param_count);
    snprintf(how, sizeof how, "in the macro \"%s\", used here", m->name);
    asm_input_text(as, ASM_MACRO, text, m->file, m->line, asm_string(as, how, strlen(how)),
                   &c->where);
}
