/*
 * Values of expressions; see asm_expr.h. In the first pass an address is an offset in its
 * section, and what depends on where sections will lie is not known. In the second pass
 * everything is a number.
 */
#include "isa/asm_expr.h"
#include "isa/asm_fix.h"

#include <stddef.h>

#define RECURSION_MAX 2000      /* values defined by values defined by values */
#define STEPS_MAX     100000000 /* a value used twice in one that is used twice in one ... */

struct evaluation {
    struct assembler *as;
    const struct asm_place *place; /* NULL in the first pass */
    const struct asm_where *where; /* NULL: no messages */
    unsigned depth;
};

static bool evaluate(struct evaluation *v, const struct asm_expr *e, struct asm_value *out);

/* The symbol's own characters when they stand in the statement that complains. */
static struct asm_where place_of(const struct evaluation *v, const struct asm_expr *e)
{
    struct asm_where w = *v->where;
    const char *text = w.source->text;

    if (e->at.at && e->at.at >= w.at && e->at.at + e->at.length <= text + w.source->size &&
        e->at.at < w.at + w.length) {
        w.at = e->at.at;
        w.length = (unsigned)e->at.length;
    }
    return w;
}

static bool known_symbol(struct evaluation *v, struct asm_symbol *s, struct asm_value *out)
{
    const struct image_symbol *i =
        v->as->options->known ? image_symbol_find(v->as->options->known, s->name) : NULL;

    if (i)
        *out = (struct asm_value){i->value, NULL};
    return i;
}

static bool value_of_symbol(struct evaluation *v, const struct asm_expr *e, struct asm_value *out)
{
    struct asm_symbol *s = e->symbol;

    if (s->kind == ASM_LABEL) {
        *out = (struct asm_value){s->offset, s->section};
        return true;
    }
    if (s->kind == ASM_UNDEFINED) {
        if (known_symbol(v, s, out))
            return true;
        if (v->where) {
            struct asm_where w = place_of(v, e);

            asm_undefined(v->as, s, &w);
        }
        return false;
    }
    if (s->evaluating) {
        if (v->where)
            asm_error(v->as, &s->where, "\"%s\" is defined by itself", s->name);
        return false;
    }
    s->evaluating = true;
    bool ok = evaluate(v, s->value, out);
    s->evaluating = false;
    return ok;
}

static int64_t low12(int64_t v)
{
    return (int32_t)((uint32_t)v << 20) >> 20;
}

static int64_t high20(int64_t v)
{
    return ((uint32_t)v + 0x800) >> 12 & 0xfffff;
}

/* The functions of an address; those of the pc need the second pass. */
static bool function(struct evaluation *v, const struct asm_expr *e, int64_t x, int64_t *out)
{
    if (e->op == ASM_HI || e->op == ASM_LO) {
        *out = e->op == ASM_HI ? high20(x) : low12(x);
        return true;
    }
    if (!v->place)
        return false;
    int64_t here = v->place->section->address + v->place->offset;
    if (e->op == ASM_PCREL_HI) {
        *out = high20(x - here);
        return true;
    }
    if (e->op == ASM_PAIR_LO) {
        *out = low12(x - (here - 4));
        return true;
    }
    const struct asm_fixup *hi = asm_fix_pcrel_hi(v->as, (word)x);
    if (!hi) {
        struct asm_where w = place_of(v, e);

        asm_error(v->as, &w, "no auipc with %%pcrel_hi stands at that label");
        asm_note(v->as, NULL,
                 "label: auipc a0, %%pcrel_hi(x), then addi a0, a0, "
                 "%%pcrel_lo(label)");
        return false;
    }
    struct asm_place there = {hi->section, hi->offset};
    struct evaluation inner = {v->as, &there, &hi->where, v->depth};
    struct asm_value target;
    if (!evaluate(&inner, hi->expr->left, &target))
        return false;
    *out = low12(target.number - x);
    return true;
}

static bool unary(struct evaluation *v, const struct asm_expr *e, struct asm_value *out)
{
    struct asm_value x;

    if (!evaluate(v, e->left, &x) || x.section)
        return false;
    out->section = NULL;
    switch (e->op) {
    case ASM_NEGATE:
        out->number = (int64_t)(0 - (uint64_t)x.number);
        return true;
    case ASM_COMPLEMENT:
        out->number = ~x.number;
        return true;
    case ASM_NOT:
        out->number = !x.number;
        return true;
    default:
        return function(v, e, x.number, &out->number);
    }
}

static int64_t shift(int64_t a, int64_t b, bool left)
{
    if (b < 0 || b > 63)
        return 0;
    return (int64_t)(left ? (uint64_t)a << b : (uint64_t)a >> b);
}

static bool divide(struct evaluation *v, const struct asm_expr *e, int64_t a, int64_t b,
                   int64_t *out)
{
    if (b == 0) {
        if (v->where) {
            struct asm_where w = place_of(v, e);

            asm_error(v->as, &w, "division by zero");
        }
        return false;
    }
    if (b == -1) /* the smallest number has no opposite */
        *out = e->op == ASM_DIVIDE ? (int64_t)(0 - (uint64_t)a) : 0;
    else
        *out = e->op == ASM_DIVIDE ? a / b : a % b;
    return true;
}

static bool arithmetic(struct evaluation *v, const struct asm_expr *e, int64_t a, int64_t b,
                       int64_t *out)
{
    uint64_t x = (uint64_t)a, y = (uint64_t)b;

    switch (e->op) {
    case ASM_MULTIPLY:
        *out = (int64_t)(x * y);
        return true;
    case ASM_DIVIDE:
    case ASM_MODULO:
        return divide(v, e, a, b, out);
    case ASM_SHIFT_LEFT:
    case ASM_SHIFT_RIGHT:
        *out = shift(a, b, e->op == ASM_SHIFT_LEFT);
        return true;
    case ASM_OR:
        *out = a | b;
        return true;
    case ASM_AND:
        *out = a & b;
        return true;
    case ASM_XOR:
        *out = a ^ b;
        return true;
    case ASM_ADD:
        *out = (int64_t)(x + y);
        return true;
    case ASM_SUBTRACT:
        *out = (int64_t)(x - y);
        return true;
    case ASM_EQUAL:
        *out = -(a == b);
        return true;
    case ASM_UNEQUAL:
        *out = -(a != b);
        return true;
    case ASM_LESS:
        *out = -(a < b);
        return true;
    case ASM_LESS_EQUAL:
        *out = -(a <= b);
        return true;
    case ASM_GREATER:
        *out = -(a > b);
        return true;
    case ASM_GREATER_EQUAL:
        *out = -(a >= b);
        return true;
    case ASM_AND_THEN:
        *out = a && b;
        return true;
    default:
        *out = a || b;
        return true;
    }
}

/* address + n, n + address, address - n, address - address, comparisons; nothing else. */
static bool of_addresses(enum asm_operator op, const struct asm_value *a, const struct asm_value *b,
                         struct asm_section **section)
{
    *section = NULL;
    if (!a->section && !b->section)
        return true;
    if (op == ASM_ADD && (!a->section || !b->section)) {
        *section = a->section ? a->section : b->section;
        return true;
    }
    if (op == ASM_SUBTRACT && !b->section) {
        *section = a->section;
        return true;
    }
    return a->section == b->section &&
           (op == ASM_SUBTRACT || (op >= ASM_EQUAL && op <= ASM_GREATER_EQUAL));
}

static bool evaluate(struct evaluation *v, const struct asm_expr *e, struct asm_value *out)
{
    struct asm_value a, b;
    bool ok;

    if (v->depth >= RECURSION_MAX || ++v->as->steps > STEPS_MAX) {
        if (v->where)
            asm_error(v->as, v->where, "the expression takes too many steps");
        return false;
    }
    v->depth++;
    if (e->op == ASM_NUMBER) {
        *out = (struct asm_value){e->number, NULL};
        ok = true;
    } else if (e->op == ASM_SYMBOL) {
        ok = value_of_symbol(v, e, out);
    } else if (!e->right) {
        ok = unary(v, e, out);
    } else {
        ok = evaluate(v, e->left, &a) && evaluate(v, e->right, &b) &&
             of_addresses(e->op, &a, &b, &out->section) &&
             arithmetic(v, e, a.number, b.number, &out->number);
    }
    v->depth--;
    if (ok && out->section && v->place) /* second pass */
        *out = (struct asm_value){out->number + out->section->address, NULL};
    return ok;
}

bool asm_known(struct assembler *as, const struct asm_expr *e, struct asm_value *out)
{
    struct evaluation v = {.as = as};

    return evaluate(&v, e, out);
}

bool asm_final(struct assembler *as, const struct asm_expr *e, const struct asm_place *place,
               const struct asm_where *where, int64_t *out)
{
    struct evaluation v = {.as = as, .place = place, .where = where};
    struct asm_value value;

    if (!evaluate(&v, e, &value))
        return false;
    *out = value.number;
    return true;
}

/* The first undefined symbol of a tree that could not be evaluated; NULL too when the tree is
 * larger than evaluate would bear. */
static const struct asm_expr *unknown(struct assembler *as, const struct asm_expr *e,
                                      unsigned depth)
{
    if (!e || e->op == ASM_NUMBER || depth > RECURSION_MAX || ++as->steps > STEPS_MAX)
        return NULL;
    if (e->op == ASM_SYMBOL)
        return e->symbol->kind == ASM_UNDEFINED ? e : NULL;
    const struct asm_expr *u = unknown(as, e->left, depth + 1);
    return u ? u : unknown(as, e->right, depth + 1);
}

bool asm_constant_of(struct assembler *as, const struct asm_expr *e, const struct asm_where *where,
                     int64_t *out, const char *what)
{
    struct evaluation v = {.as = as, .where = where};
    struct asm_value value;
    const struct asm_expr *u = unknown(as, e, 0);
    unsigned errors = as->error_count;

    if (!u && evaluate(&v, e, &value) && !value.section) {
        *out = value.number;
        return true;
    }
    if (u && u->symbol->hidden) {
        asm_error(as, where, "%s must be known here, but depends on a label that follows", what);
    } else if (u) {
        struct asm_where w = place_of(&v, u);

        asm_error(as, &w, "%s must be known here, but \"%s\" is not defined before this line", what,
                  u->symbol->name);
        asm_note(as, NULL, "define it further up with .equ %s, VALUE", u->symbol->name);
    } else if (as->error_count == errors) {
        asm_error(as, where, "%s must be a number, not an address", what);
    }
    return false;
}

bool asm_constant(struct asm_cursor *c, int64_t *out, const char *what)
{
    asm_blanks(c);
    const char *at = c->p;
    const struct asm_expr *e = asm_expr(c);

    if (!e)
        return false;
    struct asm_where w = asm_where_from(c, at);
    return asm_constant_of(c->as, e, &w, out, what);
}
