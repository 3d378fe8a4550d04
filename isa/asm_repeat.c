/*
 * .rept, .irp and .irpc; see asm_repeat.h. The body of .rept is read again and again as it
 * stands; each round of the others is a copy with the value put in.
 */
#include "isa/asm_repeat.h"
#include "isa/asm_expr.h"
#include "isa/asm_input.h"
#include "isa/asm_substitute.h"

static const char *const openers[] = {".rept", ".irp", ".irpc", NULL};

struct rounds {
    int64_t left;          /* .rept */
    struct asm_slice list; /* .irp, .irpc: what is still to come */
    struct asm_slice name, body;
    struct asm_cursor cursor;
    bool characters;
};

static bool again(struct assembler *as, struct asm_input *in)
{
    struct rounds *r = in->state;

    (void)as;
    return --r->left > 0;
}

void asm_repeat(struct asm_cursor *c)
{
    struct assembler *as = c->as;
    struct rounds *r = asm_alloc(as, sizeof *r);
    const char *file;
    unsigned line;
    bool ok = asm_constant(c, &r->left, "the count of .rept") && asm_end_expected(c, "the count");

    if (!asm_block(c, openers, ".endr", &r->body, &file, &line) || !ok)
        return;
    if (r->left < 0)
        asm_error(as, &c->where, "the count of .rept is negative");
    if (r->left <= 0)
        return;
    struct asm_input *in =
        asm_input_text(as, ASM_REPEAT, r->body, file, line, "repeated from here", &c->where);
    in->again = again;
    in->state = r;
}

/* The next value of .irp or .irpc; false when there is none. */
static bool next_value(struct rounds *r, struct asm_parameter *p)
{
    *p = (struct asm_parameter){.name = r->name};
    if (r->characters) {
        if (r->list.length == 0)
            return false;
        p->value = (struct asm_slice){r->list.at++, 1};
        r->list.length--;
        return true;
    }
    if (asm_at_end(&r->cursor))
        return false;
    p->value = asm_unquoted(asm_argument(&r->cursor));
    asm_take(&r->cursor, ',');
    return true;
}

static bool again_with(struct assembler *as, struct asm_input *in)
{
    struct rounds *r = in->state;
    struct asm_parameter p;

    if (!next_value(r, &p))
        return false;
    asm_input_replace(as, in, asm_substitute(as, r->body, &p, 1));
    return true;
}

static void repeat_list(struct asm_cursor *c, bool characters)
{
    struct assembler *as = c->as;
    struct rounds *r = asm_alloc(as, sizeof *r);
    struct asm_parameter p;
    const char *file;
    unsigned line;

    r->name = asm_name(c);
    r->characters = characters;
    asm_take(c, ',');
    asm_blanks(c);
    r->cursor = *c;
    r->list = asm_unquoted((struct asm_slice){c->p, (size_t)(c->end - c->p)});
    if (!asm_block(c, openers, ".endr", &r->body, &file, &line))
        return;
    if (r->name.length == 0) {
        asm_error(as, &c->where, "the name of the parameter is missing");
        return;
    }
    if (!next_value(r, &p))
        p = (struct asm_parameter){.name = r->name, .value = {"", 0}}; /* once, with nothing */
    struct asm_input *in = asm_input_text(as, ASM_REPEAT, asm_substitute(as, r->body, &p, 1), file,
                                          line, "repeated from here", &c->where);
    in->again = again_with;
    in->state = r;
}

void asm_repeat_words(struct asm_cursor *c)
{
    repeat_list(c, false);
}

void asm_repeat_characters(struct asm_cursor *c)
{
    repeat_list(c, true);
}
