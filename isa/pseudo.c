/*
 * The table of pseudo.def as data, and the two walks over it: a row's `operands` beside the
 * `syntax` of its instruction, operand by operand.
 *
 *   mv    syntax "d, s"    operands   "d, s, 0"
 *                          addi's own  d, s, i     so: i must be 0
 */
#include "isa/pseudo.h"
#include "isa/csr.h"
#include "isa/registers.h"

#include <stdlib.h>
#include <string.h>

enum { PRINT_READ = false, PRINT_BOTH = true };

const struct pseudo pseudo_table[] = {
#define PSEUDO(use, name, syntax, insn, operands)                                                  \
    {PRINT_##use, name, syntax, INSN_##insn, operands},
#include "isa/pseudo.def"
};
const unsigned pseudo_count = COUNT_OF(pseudo_table);

const struct pseudo_pair pseudo_pairs[] = {
#define PAIR(name, syntax, high, insn, operands) {name, syntax, high, INSN_##insn, operands},
#include "isa/pseudo.def"
};
const unsigned pseudo_pair_count = COUNT_OF(pseudo_pairs);

unsigned pseudo_operand(const char **text, const char **start)
{
    *start = *text + strspn(*text, " ,()");
    *text = *start + strcspn(*start, " ,()");
    return (unsigned)(*text - *start);
}

void pseudo_set(struct insn *i, char letter, int32_t value)
{
    switch (letter) {
    case 'd':
        i->rd = (uint8_t)value;
        break;
    case 's':
        i->rs1 = (uint8_t)value;
        break;
    case 't':
        i->rs2 = (uint8_t)value;
        break;
    case 'c':
        i->csr = (uint16_t)value;
        break;
    default:
        i->imm = value;
    }
}

int32_t pseudo_get(const struct insn *i, char letter)
{
    switch (letter) {
    case 'd':
        return i->rd;
    case 's':
        return i->rs1;
    case 't':
        return i->rs2;
    case 'c':
        return i->csr;
    default:
        return i->imm;
    }
}

int32_t pseudo_fixed(const char *text, unsigned length)
{
    char name[16];

    if (length >= sizeof name)
        return 0;
    memcpy(name, text, length);
    name[length] = '\0';
    int reg = register_find(name);
    if (reg >= 0)
        return reg;
    const struct csr_info *csr = csr_find(name);
    return csr ? (int32_t)csr->number : (int32_t)strtol(name, NULL, 0);
}

static bool fits(const struct pseudo *p, const struct insn *i)
{
    const char *own = insn_info(i->id)->syntax, *given = p->operands;
    const char *letter, *text;
    unsigned length;

    while (pseudo_operand(&own, &letter)) {
        length = pseudo_operand(&given, &text);
        if (length == 1 && *text == *letter)
            continue;
        if (pseudo_fixed(text, length) != pseudo_get(i, *letter))
            return false;
    }
    return true;
}

const struct pseudo *pseudo_for(const struct insn *i)
{
    for (unsigned n = 0; n < pseudo_count; n++) {
        const struct pseudo *p = &pseudo_table[n];

        if (p->printed && p->id == i->id && fits(p, i))
            return p;
    }
    return NULL;
}
