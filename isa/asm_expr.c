/* Expressions from characters: precedence climbing over one table; see asm_expr.h. */
#include "isa/asm_expr.h"

#include <ctype.h>
#include <string.h>

static const struct {
    const char *text; /* longer ones first */
    enum asm_operator op;
    unsigned rank; /* higher binds more tightly */
} binaries[] = {
    {"<<", ASM_SHIFT_LEFT, 6}, {">>", ASM_SHIFT_RIGHT, 6}, {"&&", ASM_AND_THEN, 2},
    {"||", ASM_OR_ELSE, 1},    {"==", ASM_EQUAL, 3},       {"!=", ASM_UNEQUAL, 3},
    {"<>", ASM_UNEQUAL, 3},    {"<=", ASM_LESS_EQUAL, 3},  {">=", ASM_GREATER_EQUAL, 3},
    {"<", ASM_LESS, 3},        {">", ASM_GREATER, 3},      {"*", ASM_MULTIPLY, 6},
    {"/", ASM_DIVIDE, 6},      {"%", ASM_MODULO, 6},       {"|", ASM_OR, 5},
    {"&", ASM_AND, 5},         {"^", ASM_XOR, 5},          {"+", ASM_ADD, 4},
    {"-", ASM_SUBTRACT, 4},
};

static const struct {
    const char *name;
    enum asm_operator op;
} functions[] = {
    {"hi", ASM_HI},
    {"lo", ASM_LO},
    {"pcrel_hi", ASM_PCREL_HI},
    {"pcrel_lo", ASM_PCREL_LO},
};

#define OPERATORS_MAX 500u /* of one expression: its tree is walked by recursion */

struct parser {
    struct asm_cursor *c;
    unsigned depth, operators;
};

static struct asm_expr *binary(struct parser *p, unsigned rank);

static struct asm_expr *node(struct asm_cursor *c, enum asm_operator op, const char *at)
{
    struct asm_expr *e = asm_alloc(c->as, sizeof *e);

    e->op = op;
    e->at = (struct asm_slice){at, (size_t)(c->p - at)};
    return e;
}

struct asm_expr *asm_expr_number(struct assembler *as, int64_t number)
{
    struct asm_expr *e = asm_alloc(as, sizeof *e);

    e->op = ASM_NUMBER;
    e->number = number;
    return e;
}

/* An address is the beginning of its section plus a number. */
struct asm_expr *asm_expr_value(struct assembler *as, const struct asm_value *v)
{
    struct asm_expr *number = asm_expr_number(as, v->number);

    if (!v->section)
        return number;
    struct asm_expr *start = asm_alloc(as, sizeof *start), *sum = asm_alloc(as, sizeof *sum);
    start->op = ASM_SYMBOL;
    start->symbol = asm_symbol_here(as);
    start->symbol->section = v->section;
    start->symbol->offset = 0;
    *sum = (struct asm_expr){.op = ASM_ADD, .left = start, .right = number};
    return sum;
}

struct asm_expr *asm_expr_wrap(struct assembler *as, enum asm_operator op, struct asm_expr *left)
{
    struct asm_expr *e = asm_alloc(as, sizeof *e);

    e->op = op;
    e->left = left;
    e->at = left->at;
    return e;
}

static int digit_of(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    return isalpha((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : 99;
}

/* 12, 0x1f, 017, 0b101; the letters behind it belong to it, and must be digits. */
static struct asm_expr *number(struct asm_cursor *c)
{
    const char *at = c->p;
    uint64_t v = 0;
    int base = 10;
    bool overflow = false, bad = false;

    if (*c->p == '0' && c->end - c->p > 1) {
        char kind = (char)tolower((unsigned char)c->p[1]);

        base = kind == 'x' ? 16 : kind == 'b' ? 2 : asm_is_name(kind) ? 8 : 10;
        c->p += base == 16 || base == 2 ? 2 : 0;
    }
    const char *digits = c->p;
    for (; c->p < c->end && asm_is_name(*c->p); c->p++) {
        int d = digit_of(*c->p);

        bad = bad || d >= base;
        overflow = overflow || v > (UINT64_MAX - (uint64_t)(d & 15)) / (uint64_t)base;
        v = v * (uint64_t)base + (uint64_t)(d & 15);
    }
    struct asm_where w = asm_where_from(c, at);
    if (bad || c->p == digits) {
        asm_error(c->as, &w, "not a number in base %d", base);
        asm_note(c->as, NULL,
                 "numbers: 42, 0x2a, 0b101010, 052 (octal), 'c'; 1f and 1b are the "
                 "next and the last label 1:");
        return NULL;
    }
    if (overflow) {
        asm_error(c->as, &w, "the number does not fit 64 bits");
        return NULL;
    }
    struct asm_expr *e = node(c, ASM_NUMBER, at);
    e->number = (int64_t)v;
    return e;
}

/* 1f and 1b; NULL when the digits are an ordinary number. */
static struct asm_expr *numeric_label(struct asm_cursor *c, bool *failed)
{
    const char *p = c->p, *at = c->p;
    unsigned n = 0;

    while (p < c->end && isdigit((unsigned char)*p) && n < ASM_NUMERIC_MAX)
        n = n * 10 + (unsigned)(*p++ - '0');
    if (p >= c->end || (*p != 'f' && *p != 'b') || (p + 1 < c->end && asm_is_name(p[1])))
        return NULL;
    c->p = p + 1;
    struct asm_where w = asm_where_from(c, at);
    struct asm_symbol *s = n < ASM_NUMERIC_MAX ? asm_symbol_numeric(c->as, n, *p == 'f') : NULL;
    if (!s) {
        if (n >= ASM_NUMERIC_MAX)
            asm_error(c->as, &w, "numeric labels go up to %u", ASM_NUMERIC_MAX - 1);
        else
            asm_error(c->as, &w, "no label %u: stands before this line", n);
        *failed = true;
        return NULL;
    }
    struct asm_expr *e = node(c, ASM_SYMBOL, at);
    e->symbol = s;
    return e;
}

static struct asm_expr *character(struct asm_cursor *c)
{
    const char *at = c->p++;
    char v = 0;

    if (c->p >= c->end) {
        struct asm_where w = asm_where_from(c, at);

        asm_error(c->as, &w, "a character must follow '");
        return NULL;
    }
    if (!asm_escape(c, &v))
        return NULL;
    if (c->p < c->end && *c->p == '\'')
        c->p++;
    struct asm_expr *e = node(c, ASM_NUMBER, at);
    e->number = (unsigned char)v;
    return e;
}

/* A value that .set may change later is what it is now. */
static struct asm_expr *symbol(struct asm_cursor *c)
{
    struct asm_slice name = asm_name(c);
    struct asm_expr *e = node(c, ASM_SYMBOL, name.at);

    e->symbol =
        asm_slice_is(name, ".") ? asm_symbol_here(c->as) : asm_symbol(c->as, name.at, name.length);
    if (e->symbol->kind == ASM_VALUE) {
        *e = *e->symbol->value;
        e->at = name;
    }
    return e;
}

static struct asm_expr *parenthesis(struct parser *p, const char *what)
{
    struct asm_cursor *c = p->c;

    if (!asm_take(c, '(')) {
        struct asm_where w = asm_where_next(c);

        asm_error(c->as, &w, "( expected behind %s", what);
        return NULL;
    }
    struct asm_expr *e = binary(p, 1);
    if (e && !asm_take(c, ')')) {
        struct asm_where w = asm_where_next(c);

        asm_error(c->as, &w, ") expected");
        return NULL;
    }
    return e;
}

static struct asm_expr *function(struct parser *p)
{
    struct asm_cursor *c = p->c;
    const char *at = c->p++;
    struct asm_slice name = asm_name(c);

    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        if (!asm_slice_is(name, functions[i].name))
            continue;
        struct asm_expr *left = parenthesis(p, "%hi, %lo, %pcrel_hi and %pcrel_lo");
        if (!left)
            return NULL;
        struct asm_expr *e = node(c, functions[i].op, at);
        e->left = left;
        return e;
    }
    struct asm_where w = asm_where_from(c, at);
    asm_error(c->as, &w, "unknown function of an address");
    asm_note(c->as, NULL, "known: %%hi(x) %%lo(x) %%pcrel_hi(x) %%pcrel_lo(label)");
    return NULL;
}

static struct asm_expr *prefixed(struct parser *p, enum asm_operator op);

static struct asm_expr *primary(struct parser *p)
{
    struct asm_cursor *c = p->c;
    bool failed = false;

    while (asm_take(c, '+'))
        ;
    char next = asm_peek(c);
    if (isdigit((unsigned char)next)) {
        struct asm_expr *e = numeric_label(c, &failed);

        return e || failed ? e : number(c);
    }
    switch (next) {
    case '\'':
        return character(c);
    case '(':
        return parenthesis(p, "an operator");
    case '%':
        return function(p);
    case '-':
        return prefixed(p, ASM_NEGATE);
    case '~':
        return prefixed(p, ASM_COMPLEMENT);
    case '!':
        return prefixed(p, ASM_NOT);
    default:
        break;
    }
    if (asm_is_name(next))
        return symbol(c);
    struct asm_where w = asm_where_next(c);
    if (next == '\\')
        asm_error(c->as, &w, "no macro around here has a parameter of this name");
    else
        asm_error(c->as, &w, next ? "expected a number, a symbol or (" : "a value is missing here");
    return NULL;
}

static bool too_deep(struct parser *p)
{
    if (++p->depth <= ASM_DEPTH_MAX)
        return false;
    struct asm_where w = asm_where_next(p->c);
    asm_error(p->c->as, &w, "the expression is nested too deeply");
    return true;
}

static bool too_long(struct parser *p)
{
    if (++p->operators <= OPERATORS_MAX)
        return false;
    struct asm_where w = asm_where_next(p->c);
    asm_error(p->c->as, &w, "the expression has more than %u operators", OPERATORS_MAX);
    return true;
}

static struct asm_expr *prefixed(struct parser *p, enum asm_operator op)
{
    const char *at = p->c->p++;

    if (too_deep(p))
        return NULL;
    struct asm_expr *left = primary(p);
    p->depth--;
    if (!left)
        return NULL;
    struct asm_expr *e = node(p->c, op, at);
    e->left = left;
    return e;
}

/* The operator at the cursor when it binds at least as tightly as `rank`. */
static int operator_at(struct asm_cursor *c, unsigned rank)
{
    asm_blanks(c);
    for (size_t i = 0; i < COUNT_OF(binaries); i++) {
        size_t n = strlen(binaries[i].text);

        if ((size_t)(c->end - c->p) < n || memcmp(c->p, binaries[i].text, n) != 0)
            continue;
        if (binaries[i].rank < rank)
            return -1;
        c->p += n;
        return (int)i;
    }
    return -1;
}

static struct asm_expr *binary(struct parser *p, unsigned rank)
{
    if (too_deep(p))
        return NULL;
    asm_blanks(p->c);
    const char *at = p->c->p;
    struct asm_expr *left = primary(p);
    for (int i; left && (i = operator_at(p->c, rank)) >= 0;) {
        struct asm_expr *right = binary(p, binaries[i].rank + 1);

        if (!right || too_long(p)) {
            left = NULL;
            break;
        }
        struct asm_expr *e = node(p->c, binaries[i].op, at);
        e->left = left;
        e->right = right;
        left = e;
    }
    p->depth--;
    return left;
}

struct asm_expr *asm_expr(struct asm_cursor *c)
{
    struct parser p = {.c = c};

    return binary(&p, 1);
}

bool asm_expr_is_symbol(const struct asm_expr *e)
{
    return e->op == ASM_SYMBOL && !e->symbol->hidden;
}
