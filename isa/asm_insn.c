/*
 * Instructions; see asm_insn.h.
 *
 * A name may have several forms: its row of instructions.def, rows of pseudo.def, pairs. The
 * first form whose shape the operands have is taken. Whatever the operands are worth, a
 * form has a fixed size, so that every address is known at the end of the first pass.
 */
#include "isa/asm_insn.h"
#include "isa/asm_dwarf.h"
#include "isa/asm_fix.h"
#include "isa/csr.h"
#include "isa/pseudo.h"
#include "isa/registers.h"
#include "base/suggest.h"

#include <string.h>

#define FORMS_SHOWN 3

/* One way to write an instruction. */
struct form {
    const char *syntax;
    enum insn_id id;
    const char *operands;           /* of pseudo.def; NULL: the syntax is the row's own */
    const struct pseudo_pair *pair; /* NULL: one instruction */
    bool li;
};

/* The n-th form of a name; false when there are no more. */
static bool form_at(struct asm_slice name, unsigned n, struct form *out)
{
    *out = (struct form){0};
    if (asm_slice_is(name, "li")) {
        *out = (struct form){.syntax = "d, k", .li = true};
        return n == 0;
    }
    for (unsigned id = 1; id < INSN_COUNT; id++) {
        const struct insn_info *info = insn_info((enum insn_id)id);

        if (asm_slice_is(name, info->name) && n-- == 0) {
            *out = (struct form){.syntax = info->syntax, .id = (enum insn_id)id};
            return true;
        }
    }
    for (unsigned i = 0; i < pseudo_count; i++) {
        const struct pseudo *p = &pseudo_table[i];

        if (asm_slice_is(name, p->name) && n-- == 0) {
            *out = (struct form){.syntax = p->syntax, .id = p->id, .operands = p->operands};
            return true;
        }
    }
    for (unsigned i = 0; i < pseudo_pair_count; i++) {
        if (asm_slice_is(name, pseudo_pairs[i].name) && n-- == 0) {
            *out = (struct form){.syntax = pseudo_pairs[i].syntax, .pair = &pseudo_pairs[i]};
            return true;
        }
    }
    return false;
}

bool asm_insn_known(struct asm_slice name)
{
    struct form f;

    return form_at(name, 0, &f);
}

/* ---- words ---- */

/* The classic slip: .data above, and no .text before the code goes on. */
static void warn_section(struct asm_cursor *c)
{
    struct asm_section *s = asm_section_current(c->as);

    if (s->group == ASM_TEXT || s->group == ASM_BSS || s->warned)
        return;
    s->warned = true;
    asm_warning(c->as, &c->where, "an instruction in \"%s\", which is not for code", s->name);
    asm_note(c->as, NULL, "put .text before it");
}

uint8_t *asm_insn_room(struct asm_cursor *c)
{
    struct assembler *as = c->as;
    word at = asm_section_current(as)->size;

    if (at % 4) {
        asm_error(as, &c->where, "an instruction must be at a multiple of 4, not %u bytes behind",
                  at % 4);
        asm_note(as, NULL, "put .balign 4 before it");
    }
    warn_section(c);
    uint8_t *p = asm_emit(as, &c->where, 4, true);
    asm_line(as, at, &c->where);
    return p;
}

/* expr, when there is one, gives the operand `letter`. */
static void emit(struct asm_cursor *c, const struct insn *i, char letter, struct asm_expr *expr,
                 const struct asm_where *where)
{
    uint8_t *p = asm_insn_room(c);
    word bits;

    if (expr)
        asm_fix_insn(c->as, asm_section_current(c->as)->size - 4, i, letter, expr, where);
    else if (p && insn_encode(i, &bits))
        memcpy(p, &bits, sizeof bits);
}

/* ---- special operands ---- */

static bool fence_set(struct assembler *as, const struct asm_operand *o, int32_t *out)
{
    static const char letters[] = "iorw";
    int64_t number;

    *out = 0;
    if (!asm_expr_is_symbol(o->expr))
        return asm_constant_of(as, o->expr, &o->where, &number, "a fence's set") &&
               (*out = (int32_t)number & 15) == number;
    for (const char *s = o->expr->symbol->name; *s; s++) {
        const char *l = strchr(letters, *s);

        if (!l || *out & 8 >> (l - letters)) {
            asm_error(as, &o->where, "not a set of a fence");
            asm_note(as, NULL, "letters of \"iorw\", each once: input, output, read, write");
            return false;
        }
        *out |= 8 >> (l - letters);
    }
    return true;
}

static bool csr_number(struct assembler *as, const struct asm_operand *o, int32_t *out)
{
    int64_t number;

    if (asm_expr_is_symbol(o->expr)) {
        const char *name = o->expr->symbol->name;
        const struct csr_info *csr = csr_find(name);
        struct suggest near = suggest_for(name);

        if (csr) {
            *out = (int32_t)csr->number;
            return true;
        }
        if (o->expr->symbol->kind == ASM_UNDEFINED) {
            asm_error(as, &o->where, "\"%s\" is no control register", name);
            for (unsigned i = 0; i < csr_count; i++)
                suggest_offer(&near, csr_table[i].name);
            asm_note_near(as, &near);
            return false;
        }
    }
    if (!asm_constant_of(as, o->expr, &o->where, &number, "a control register's number"))
        return false;
    if (number < 0 || number > 0xfff) {
        asm_error(as, &o->where, "control registers have numbers from 0 to 0xfff");
        return false;
    }
    *out = (int32_t)number;
    return true;
}

/* ---- forms ---- */

/* The fixed operands of a row of pseudo.def. */
static void set_fixed(struct insn *i, const char *operands)
{
    const char *own = insn_info(i->id)->syntax, *letter, *text;

    while (pseudo_operand(&own, &letter)) {
        unsigned length = pseudo_operand(&operands, &text);

        if (length != 1 || *text != *letter)
            pseudo_set(i, *letter, pseudo_fixed(text, length));
    }
}

/* The letters of a syntax in order, parentheses or not: "d, i(s)" is d, i, s. */
static char next_letter(const char **syntax)
{
    const char *at;

    return pseudo_operand(syntax, &at) ? *at : '\0';
}

static bool one(struct asm_cursor *c, const struct form *f, const struct asm_operand *list,
                int count)
{
    struct insn i = {.id = f->id};
    const char *syntax = f->syntax;
    const struct asm_operand *value = NULL;
    char value_letter = 0;
    int32_t v = 0, w = 0;

    if (f->operands)
        set_fixed(&i, f->operands);
    for (int n = 0; n < count; n++) {
        char letter = next_letter(&syntax);

        if (letter == 'f') {
            if (!fence_set(c->as, &list[0], &v) || !fence_set(c->as, &list[1], &w))
                return false;
            i.imm = v << 4 | w;
            break;
        }
        if (letter == 'c') {
            if (!csr_number(c->as, &list[n], &v))
                return false;
            i.csr = (uint16_t)v;
        } else if (list[n].kind == ASM_REGISTER) {
            pseudo_set(&i, letter, list[n].reg);
        } else {
            value = &list[n];
            value_letter = letter;
            if (list[n].kind == ASM_MEMORY)
                pseudo_set(&i, next_letter(&syntax), list[n].reg);
        }
    }
    emit(c, &i, value_letter, value ? value->expr : NULL, value ? &value->where : NULL);
    return true;
}

/* The register that a letter of `syntax` was given, or that a name says. */
static int pair_register(const struct pseudo_pair *pair, const struct asm_operand *list,
                         const char *text, unsigned length)
{
    const char *syntax = pair->syntax;

    for (int n = 0; length == 1 && asm_syntax_letter(syntax, n); n++)
        if (asm_syntax_letter(syntax, n) == *text)
            return list[n].reg;
    return pseudo_fixed(text, length);
}

static bool pair(struct asm_cursor *c, const struct pseudo_pair *p, const struct asm_operand *list)
{
    struct insn high = {.id = INSN_auipc}, low = {.id = p->id};
    const char *own = insn_info(p->id)->syntax, *given = p->operands, *letter, *text;
    const struct asm_operand *address = &list[0];
    char value_letter = 0;

    while (address->kind != ASM_EXPRESSION)
        address++;
    high.rd = (uint8_t)pair_register(p, list, p->high, (unsigned)strlen(p->high));
    while (pseudo_operand(&own, &letter)) {
        unsigned length = pseudo_operand(&given, &text);

        if (length == 1 && *text == 'a')
            value_letter = *letter;
        else
            pseudo_set(&low, *letter, pair_register(p, list, text, length));
    }
    if (high.rd == 0)
        asm_error(c->as, &c->where, "zero cannot hold the address that this needs");
    else if (value_letter == 'm' && low.rs2 == high.rd)
        asm_error(c->as, &c->where, "%s would be lost: it takes the address before it is stored",
                  register_name(high.rd));
    emit(c, &high, 'u', asm_expr_wrap(c->as, ASM_PCREL_HI, address->expr), &address->where);
    emit(c, &low, value_letter, asm_expr_wrap(c->as, ASM_PAIR_LO, address->expr), &address->where);
    return true;
}

static bool li(struct asm_cursor *c, const struct asm_operand *list)
{
    uint8_t rd = (uint8_t)list[0].reg;
    int64_t v;

    if (!asm_constant_of(c->as, list[1].expr, &list[1].where, &v, "the number of li")) {
        asm_note(c->as, NULL, "la loads an address");
        return false;
    }
    if (v < INT32_MIN || v > UINT32_MAX) {
        asm_error(c->as, &list[1].where, "%lld does not fit a register of 32 bits", (long long)v);
        return false;
    }
    int32_t number = (int32_t)(word)v;
    int32_t low = (int32_t)((word)number << 20) >> 20;
    word high = (word)number - (word)low;
    if (high) {
        struct insn lui = {.id = INSN_lui, .rd = rd, .imm = (int32_t)high};
        emit(c, &lui, 0, NULL, NULL);
    }
    if (low || !high) {
        struct insn addi = {.id = INSN_addi, .rd = rd, .rs1 = high ? rd : 0, .imm = low};
        emit(c, &addi, 0, NULL, NULL);
    }
    return true;
}

/* ---- complaints ---- */

static const char *expectation(char letter)
{
    switch (letter) {
    case 'd':
    case 's':
    case 't':
        return "a register";
    case '(':
        return "an offset and a register: 8(sp)";
    case 'c':
        return "a control register";
    case 'a':
    case 'b':
    case 'j':
        return "a label";
    case 'f':
        return "a set of iorw";
    default:
        return "a number";
    }
}

/* A number where a register should be, a misspelt register, and so on. */
static void wrong_operand(struct asm_cursor *c, struct asm_slice name, char letter, int n,
                          const struct asm_operand *o)
{
    bool wants_register = letter == 'd' || letter == 's' || letter == 't';

    if (wants_register && o->kind == ASM_EXPRESSION && asm_expr_is_symbol(o->expr)) {
        struct suggest near = suggest_for(o->expr->symbol->name);

        asm_error(c->as, &o->where, "\"%s\" is not a register", near.word);
        for (unsigned r = 0; r < REGISTER_COUNT; r++)
            suggest_offer(&near, register_name(r));
        asm_note_near(c->as, &near);
        return;
    }
    asm_error(c->as, &o->where, "operand %d of %.*s must be %s", n + 1, (int)name.length, name.at,
              expectation(letter));
}

static void note_forms(struct asm_cursor *c, struct asm_slice name)
{
    struct form f;

    for (unsigned n = 0; n < FORMS_SHOWN && form_at(name, n, &f); n++) {
        char buffer[64];
        struct text t = text_init(buffer, sizeof buffer);

        asm_syntax_text(&t, f.syntax);
        asm_note(c->as, NULL, "%s: %.*s%s%s", n ? "or" : "valid form", (int)name.length, name.at,
                 *buffer ? " " : "", buffer);
    }
}

/* No form fits: says what the nearest one, with as many operands, would have wanted. */
static void misfit(struct asm_cursor *c, struct asm_slice name, const struct asm_operand *list,
                   int count)
{
    struct form f, nearest = {0};
    int wrong, farthest = -1;

    for (unsigned n = 0; form_at(name, n, &f); n++) {
        asm_operands_fit(f.syntax, list, count, &wrong);
        if (wrong < count && wrong > farthest) {
            farthest = wrong;
            nearest = f;
        }
    }
    if (farthest >= 0) {
        wrong_operand(c, name, asm_syntax_letter(nearest.syntax, farthest), farthest,
                      &list[farthest]);
    } else {
        form_at(name, 0, &f);
        int wanted = asm_syntax_count(f.syntax);
        struct asm_where w = count > wanted && wanted >= 0 ? list[wanted].where : c->where;

        asm_error(c->as, &w, "%.*s takes %d operand%s, not %d", (int)name.length, name.at, wanted,
                  wanted == 1 ? "" : "s", count);
    }
    note_forms(c, name);
}

void asm_insn(struct asm_cursor *c, struct asm_slice name)
{
    struct asm_operand list[ASM_OPERANDS_MAX];
    struct form f;
    int wrong, count = asm_operands(c, list);
    bool ok = false, fits = false;

    for (unsigned n = 0; count >= 0 && !fits && form_at(name, n, &f); n++) {
        fits = asm_operands_fit(f.syntax, list, count, &wrong);
        if (!fits)
            continue;
        if (f.pair)
            ok = pair(c, f.pair, list);
        else
            ok = f.li ? li(c, list) : one(c, &f, list, count);
    }
    if (count >= 0 && !fits)
        misfit(c, name, list, count);
    if (!ok) /* keeps the layout right, so that what follows is not blamed */
        asm_emit(c->as, &c->where, 4, false);
}
