/* Operands; see asm_operand.h. */
#include "isa/asm_operand.h"
#include "isa/registers.h"
#include "base/suggest.h"

#include <ctype.h>
#include <string.h>

static int register_of(struct asm_slice s)
{
    char name[8];

    if (s.length == 0 || s.length >= sizeof name)
        return -1;
    memcpy(name, s.at, s.length);
    name[s.length] = '\0';
    return register_find(name);
}

/* A register's name at the cursor; the cursor stays when there is none. */
static bool take_register(struct asm_cursor *c, int *reg)
{
    struct asm_cursor ahead = *c;

    *reg = register_of(asm_name(&ahead));
    if (*reg < 0)
        return false;
    *c = ahead;
    return true;
}

/* (reg) */
static bool take_base(struct asm_cursor *c, int *reg)
{
    struct asm_cursor ahead = *c;

    if (!asm_take(&ahead, '(') || !take_register(&ahead, reg) || !asm_take(&ahead, ')'))
        return false;
    *c = ahead;
    return true;
}

static void not_a_base(struct asm_cursor *c)
{
    struct asm_cursor ahead = *c;
    struct suggest near;

    asm_take(&ahead, '(');
    struct asm_where w = asm_where_next(&ahead);
    struct asm_slice name = asm_name(&ahead);
    if (name.length) {
        near = suggest_for(asm_slice_string(c->as, name));
        for (unsigned n = 0; n < REGISTER_COUNT; n++)
            suggest_offer(&near, register_name(n));
        asm_error(c->as, &w, "\"%s\" is not a register", near.word);
        asm_note_near(c->as, &near);
    } else {
        asm_error(c->as, &w, "a register must stand between ( and )");
    }
}

static bool operand(struct asm_cursor *c, struct asm_operand *o)
{
    asm_blanks(c);
    const char *at = c->p;
    bool ok = true;

    *o = (struct asm_operand){.kind = ASM_EXPRESSION, .reg = -1};
    if (take_register(c, &o->reg)) {
        o->kind = ASM_REGISTER;
    } else if (take_base(c, &o->reg)) {
        o->kind = ASM_MEMORY;
        o->expr = asm_expr_number(c->as, 0);
    } else {
        o->expr = asm_expr(c);
        ok = o->expr;
        if (ok && take_base(c, &o->reg)) {
            o->kind = ASM_MEMORY;
        } else if (ok && asm_peek(c) == '(') {
            not_a_base(c);
            ok = false;
        }
    }
    const char *end = c->p;
    while (end > at && isspace((unsigned char)end[-1]))
        end--;
    o->where = asm_where_slice(c, (struct asm_slice){at, (size_t)(end - at)});
    return ok;
}

int asm_operands(struct asm_cursor *c, struct asm_operand *list)
{
    int count = 0;

    if (asm_at_end(c))
        return 0;
    do {
        if (count == ASM_OPERANDS_MAX) {
            asm_error(c->as, &c->where, "too many operands");
            return -1;
        }
        if (!operand(c, &list[count]))
            return -1;
        count++;
    } while (asm_take(c, ','));
    if (asm_at_end(c))
        return count;
    struct asm_where w = asm_where_next(c);
    asm_error(c->as, &w, "a comma or the end of the line must follow an operand");
    return -1;
}

int asm_syntax_count(const char *syntax)
{
    int n = *syntax != '\0';

    for (; *syntax; syntax++)
        n += *syntax == ',' || *syntax == 'f'; /* a fence has two sets */
    return n;
}

char asm_syntax_letter(const char *syntax, int n)
{
    if (*syntax == 'f')
        return 'f';
    for (; n > 0 && *syntax; syntax++)
        n -= *syntax == ',';
    syntax += strspn(syntax, " ");
    return syntax[0] && syntax[1] == '(' ? '(' : *syntax;
}

static bool fits(char letter, const struct asm_operand *o)
{
    switch (letter) {
    case 'd':
    case 's':
    case 't':
        return o->kind == ASM_REGISTER;
    case '(':
        return o->kind == ASM_MEMORY;
    default:
        return o->kind == ASM_EXPRESSION;
    }
}

bool asm_operands_fit(const char *syntax, const struct asm_operand *list, int count, int *wrong)
{
    *wrong = count;
    if (asm_syntax_count(syntax) != count)
        return false;
    for (int n = 0; n < count; n++) {
        if (!fits(asm_syntax_letter(syntax, n), &list[n])) {
            *wrong = n;
            return false;
        }
    }
    return true;
}

static const struct {
    char letter;
    const char *name;
} names[] = {
    {'d', "rd"},     {'s', "rs1"},   {'t', "rs2"},    {'i', "imm"},           {'h', "shamt"},
    {'m', "offset"}, {'b', "label"}, {'j', "label"},  {'u', "imm20"},         {'c', "csr"},
    {'z', "uimm5"},  {'a', "label"}, {'k', "number"}, {'f', "before, after"},
};

void asm_syntax_text(struct text *out, const char *syntax)
{
    for (; *syntax; syntax++) {
        const char *name = NULL;

        for (size_t i = 0; i < COUNT_OF(names); i++)
            if (names[i].letter == *syntax)
                name = names[i].name;
        if (name)
            text_add(out, "%s", name);
        else
            text_add_char(out, *syntax);
    }
}
