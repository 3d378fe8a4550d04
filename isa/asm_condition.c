/* Conditions; see asm_condition.h. */
#include "isa/asm_condition.h"
#include "isa/asm_expr.h"
#include "isa/asm_input.h"
#include "base/suggest.h"

#include <string.h>

enum kind { OPEN, ELSE_IF, ELSE, END };

/* Each test takes the rest of the statement and gives the truth; false after a message. */
typedef bool test(struct asm_cursor *c, int what, bool *truth);

enum comparison { EQ, NE, LT, LE, GT, GE };

static bool test_value(struct asm_cursor *c, int what, bool *truth)
{
    int64_t v;

    if (!asm_constant(c, &v, "the condition") || !asm_end_expected(c, "the condition"))
        return false;
    const bool results[] = {
        [EQ] = v == 0,
        [NE] = v != 0,
        [LT] = v<0, [LE] = v <= 0, [GT] = v> 0,
        [GE] = v >= 0,
    };
    *truth = results[what];
    return true;
}

static bool test_defined(struct asm_cursor *c, int what, bool *truth)
{
    struct asm_slice name = asm_name(c);
    const struct asm_symbol *s = asm_symbol_lookup(c->as, name.at, name.length);

    if (name.length == 0) {
        struct asm_where w = asm_where_next(c);

        asm_error(c->as, &w, "the name of a symbol is missing");
        return false;
    }
    *truth = (s && s->kind != ASM_UNDEFINED) == what;
    return asm_end_expected(c, "the name");
}

static bool test_blank(struct asm_cursor *c, int what, bool *truth)
{
    *truth = asm_at_end(c) == what;
    return true;
}

static bool test_same(struct asm_cursor *c, int what, bool *truth)
{
    struct asm_slice a = asm_argument(c);

    if (!asm_take(c, ',')) {
        asm_error(c->as, &c->where, "two texts with a comma between them are needed");
        return false;
    }
    struct asm_slice b = asm_argument(c);
    *truth = (a.length == b.length && memcmp(a.at, b.at, a.length) == 0) == what;
    return asm_end_expected(c, "the second text");
}

static const struct row {
    const char *name;
    test *test;
    enum kind kind;
    int what;
} rows[] = {
    {".if", test_value, OPEN, NE},
    {".ifne", test_value, OPEN, NE},
    {".ifeq", test_value, OPEN, EQ},
    {".iflt", test_value, OPEN, LT},
    {".ifle", test_value, OPEN, LE},
    {".ifgt", test_value, OPEN, GT},
    {".ifge", test_value, OPEN, GE},
    {".ifdef", test_defined, OPEN, true},
    {".ifndef", test_defined, OPEN, false},
    {".ifnotdef", test_defined, OPEN, false},
    {".ifb", test_blank, OPEN, true},
    {".ifnb", test_blank, OPEN, false},
    {".ifc", test_same, OPEN, true},
    {".ifnc", test_same, OPEN, false},
    {".elseif", test_value, ELSE_IF, NE},
    {".else", NULL, ELSE, 0},
    {".endif", NULL, END, 0},
};

bool asm_skipping(const struct assembler *as)
{
    return as->condition && !as->condition->reading;
}

static void open(struct asm_cursor *c, const struct row *row)
{
    struct assembler *as = c->as;
    struct asm_condition *n = asm_alloc(as, sizeof *n);
    bool truth = false;

    n->below = as->condition;
    n->where = c->where;
    n->outside = !asm_skipping(as);
    if (n->outside && !row->test(c, row->what, &truth))
        n->done = true; /* an error: read neither branch */
    n->reading = truth;
    n->done = n->done || truth;
    as->condition = n;
}

/* The condition that .else, .elseif or .endif belongs to; NULL after a message. */
static struct asm_condition *opened(struct asm_cursor *c, struct asm_slice name)
{
    struct assembler *as = c->as;

    if (as->condition != as->input->condition)
        return as->condition;
    asm_error(as, &c->where, "%.*s without .if", (int)name.length, name.at);
    return NULL;
}

static void other_branch(struct asm_cursor *c, const struct row *row, struct asm_condition *n)
{
    bool truth = true;

    n->reading = false;
    if (n->has_else) {
        asm_error(c->as, &c->where, "%s behind .else", row->name);
        asm_note(c->as, &n->where, "the .if stands here");
        return;
    }
    n->has_else = row->kind == ELSE;
    if (!n->outside || n->done)
        return;
    if (row->test && !row->test(c, row->what, &truth))
        n->done = true;
    else
        n->reading = n->done = truth;
}

bool asm_condition(struct asm_cursor *c, struct asm_slice name)
{
    const struct row *row = NULL;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (asm_slice_is(name, rows[i].name))
            row = &rows[i];
    if (!row)
        return false;
    if (row->kind == OPEN) {
        open(c, row);
        return true;
    }
    struct asm_condition *n = opened(c, name);
    if (n && row->kind == END)
        c->as->condition = n->below;
    else if (n)
        other_branch(c, row, n);
    return true;
}

void asm_condition_close(struct assembler *as, const struct asm_condition *until)
{
    for (; as->condition != until; as->condition = as->condition->below)
        asm_error(as, &as->condition->where, "no .endif ends this");
}

void asm_condition_offer(struct suggest *near)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        suggest_offer(near, rows[i].name);
}
