/*
 * .insn; see asm_raw.h. A format is a list of fields in the order in which they are written.
 */
#include "isa/asm_raw.h"
#include "isa/asm_insn.h"

#include <string.h>

struct field {
    char kind; /* n number, r register, i 12-bit immediate, m the split one of stores */
    unsigned low, bits;
};

#define FIELDS_MAX 6

static const struct raw {
    const char *name;
    const char *form;
    struct field fields[FIELDS_MAX + 1];
} formats[] = {
    {"r",
     "r opcode, funct3, funct7, rd, rs1, rs2",
     {{'n', 0, 7}, {'n', 12, 3}, {'n', 25, 7}, {'r', 7, 5}, {'r', 15, 5}, {'r', 20, 5}}},
    {"i",
     "i opcode, funct3, rd, rs1, imm",
     {{'n', 0, 7}, {'n', 12, 3}, {'r', 7, 5}, {'r', 15, 5}, {'i', 20, 12}}},
    {"s",
     "s opcode, funct3, rs2, imm(rs1)",
     {{'n', 0, 7}, {'n', 12, 3}, {'r', 20, 5}, {'r', 15, 5}, {'m', 0, 12}}},
};

/* imm(rs1) is two fields: the register, then the number. */
static int flatten(struct asm_operand *list, int count)
{
    struct asm_operand *last = &list[count - 1];

    if (count < 1 || count >= ASM_OPERANDS_MAX || last->kind != ASM_MEMORY)
        return count;
    last[1] = *last;
    last[0].kind = ASM_REGISTER;
    last[1].kind = ASM_EXPRESSION;
    return count + 1;
}

static bool put(struct assembler *as, const struct field *f, const struct asm_operand *o,
                word *bits)
{
    int64_t v = o->reg;

    if ((f->kind == 'r') != (o->kind == ASM_REGISTER)) {
        asm_error(as, &o->where, "this must be a %s", f->kind == 'r' ? "register" : "number");
        return false;
    }
    if (f->kind != 'r' && !asm_constant_of(as, o->expr, &o->where, &v, "a field of .insn"))
        return false;
    bool is_signed = f->kind == 'i' || f->kind == 'm';
    int64_t low = is_signed ? -(1 << (f->bits - 1)) : 0;
    int64_t high = is_signed ? (1 << (f->bits - 1)) - 1 : (1 << f->bits) - 1;
    if (v < low || v > high) {
        asm_error(as, &o->where, "the field has %u bits: %lld to %lld", f->bits, (long long)low,
                  (long long)high);
        return false;
    }
    word field = (word)v & ((1u << f->bits) - 1);
    *bits |= f->kind == 'm' ? (field >> 5) << 25 | (field & 31) << 7 : field << f->low;
    return true;
}

static bool encode(struct asm_cursor *c, const struct raw *raw, word *bits)
{
    struct asm_operand list[ASM_OPERANDS_MAX + 1];
    int wanted = 0, count = asm_operands(c, list);

    if (count < 0)
        return false;
    if (count > 0)
        count = flatten(list, count);
    while (raw->fields[wanted].kind)
        wanted++;
    if (count != wanted) {
        asm_error(c->as, &c->where, "valid form: .insn %s", raw->form);
        return false;
    }
    for (int n = 0; n < wanted; n++)
        if (!put(c->as, &raw->fields[n], &list[n], bits))
            return false;
    if ((*bits & 3) != 3) {
        asm_error(c->as, &list[0].where, "the opcode of a 32-bit instruction ends in binary 11");
        return false;
    }
    return true;
}

void asm_raw(struct asm_cursor *c)
{
    struct asm_slice name = asm_name(c);
    word bits = 0;

    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        if (!asm_slice_is(name, formats[i].name))
            continue;
        bool ok = encode(c, &formats[i], &bits);
        uint8_t *p = asm_insn_room(c);
        if (ok && p)
            memcpy(p, &bits, sizeof bits);
        return;
    }
    struct asm_where w = asm_where_slice(c, name);
    asm_error(c->as, &w, "the format of .insn must be r, i or s");
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        asm_note(c->as, NULL, "%s: .insn %s", i ? "or" : "valid form", formats[i].form);
}
