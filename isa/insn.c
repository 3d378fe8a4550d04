/*
 * Decode and encode by table.
 *
 * The rows are tried in the order of instructions.def, so a special case stands before the
 * general row it is cut from. The machine decodes a block once, so there is no finer index.
 */
#include "isa/insn.h"

#include <string.h>

enum {
#define FORMAT(name, mask, syntax) MASK_##name = (int)(mask),
#include "isa/formats.def"
#undef FORMAT
};

#define FORMAT(name, mask, syntax) static const char syntax_##name[] = syntax;
#include "isa/formats.def"
#undef FORMAT

static const struct insn_info infos[INSN_COUNT] = {
    [INSN_ILLEGAL] = {"illegal", FORMAT_NONE, CLASS_USER, 0, 0xffffffff, "",
                      "no instruction: cause 2"},
#define INSN(name, mnemonic, format, class, match, meaning)                                        \
    [INSN_##name] = {mnemonic,        FORMAT_##format, CLASS_##class, match, (word)MASK_##format,  \
                     syntax_##format, meaning},
#include "isa/instructions.def"
#undef INSN
};

static word bits_of(word w, unsigned high, unsigned low)
{
    return w >> low & ((2u << (high - low)) - 1);
}

/* Sign-extends the low `n` bits. */
static int32_t sign(word w, unsigned n)
{
    return (int32_t)(w << (32 - n)) >> (32 - n);
}

static int32_t decode_imm(enum insn_format format, word w)
{
    switch (format) {
    case FORMAT_I:
    case FORMAT_LOAD:
    case FORMAT_JALR:
    case FORMAT_HINT:
        return sign(w >> 20, 12);
    case FORMAT_SHIFT:
        return (int32_t)bits_of(w, 24, 20);
    case FORMAT_FENCE:
        return (int32_t)bits_of(w, 31, 20);
    case FORMAT_STORE:
        return sign(bits_of(w, 31, 25) << 5 | bits_of(w, 11, 7), 12);
    case FORMAT_B:
        return sign(bits_of(w, 31, 31) << 12 | bits_of(w, 7, 7) << 11 | bits_of(w, 30, 25) << 5 |
                        bits_of(w, 11, 8) << 1,
                    13);
    case FORMAT_U:
        return (int32_t)(w & 0xfffff000);
    case FORMAT_J:
        return sign(bits_of(w, 31, 31) << 20 | bits_of(w, 19, 12) << 12 | bits_of(w, 20, 20) << 11 |
                        bits_of(w, 30, 21) << 1,
                    21);
    case FORMAT_CSRI:
        return (int32_t)bits_of(w, 19, 15);
    default:
        return 0;
    }
}

/* Which register fields a format has: the letters of its syntax. */
static bool has(enum insn_id id, char letter)
{
    return strchr(infos[id].syntax, letter) != NULL;
}

struct insn insn_decode(word bits)
{
    struct insn i = {.id = INSN_ILLEGAL, .bits = bits};

    for (unsigned id = 1; id < INSN_COUNT; id++) {
        if ((bits & infos[id].mask) == infos[id].match) {
            i.id = (enum insn_id)id;
            break;
        }
    }
    if (i.id == INSN_ILLEGAL)
        return i;
    if (has(i.id, 'd'))
        i.rd = (uint8_t)bits_of(bits, 11, 7);
    if (has(i.id, 's'))
        i.rs1 = (uint8_t)bits_of(bits, 19, 15);
    if (has(i.id, 't'))
        i.rs2 = (uint8_t)bits_of(bits, 24, 20);
    if (has(i.id, 'c'))
        i.csr = (uint16_t)bits_of(bits, 31, 20);
    i.imm = decode_imm(infos[i.id].format, bits);
    return i;
}

static bool fits(int32_t imm, unsigned bits, unsigned align)
{
    return sign((word)imm, bits) == imm && (imm & (int32_t)(align - 1)) == 0;
}

/* Puts the immediate where its format wants it; false when it does not fit. */
static bool encode_imm(enum insn_format format, int32_t imm, word *out)
{
    word v = (word)imm;

    switch (format) {
    case FORMAT_I:
    case FORMAT_LOAD:
    case FORMAT_JALR:
    case FORMAT_HINT:
        *out |= v << 20;
        return fits(imm, 12, 1);
    case FORMAT_SHIFT:
        *out |= v << 20;
        return v < 32;
    case FORMAT_FENCE:
        *out |= v << 20;
        return v < 4096;
    case FORMAT_STORE:
        *out |= bits_of(v, 11, 5) << 25 | bits_of(v, 4, 0) << 7;
        return fits(imm, 12, 1);
    case FORMAT_B:
        *out |= bits_of(v, 12, 12) << 31 | bits_of(v, 10, 5) << 25 | bits_of(v, 4, 1) << 8 |
                bits_of(v, 11, 11) << 7;
        return fits(imm, 13, 2);
    case FORMAT_U:
        *out |= v;
        return (v & 0xfff) == 0;
    case FORMAT_J:
        *out |= bits_of(v, 20, 20) << 31 | bits_of(v, 10, 1) << 21 | bits_of(v, 11, 11) << 20 |
                bits_of(v, 19, 12) << 12;
        return fits(imm, 21, 2);
    case FORMAT_CSRI:
        *out |= v << 15;
        return v < 32;
    default:
        return imm == 0;
    }
}

bool insn_encode(const struct insn *i, word *bits)
{
    if (i->id <= INSN_ILLEGAL || i->id >= INSN_COUNT)
        return false;
    if (i->rd > 31 || i->rs1 > 31 || i->rs2 > 31 || i->csr > 0xfff)
        return false;
    word w = infos[i->id].match;
    bool ok = encode_imm(infos[i->id].format, i->imm, &w);
    if (has(i->id, 'd'))
        w |= (word)i->rd << 7;
    if (has(i->id, 's'))
        w |= (word)i->rs1 << 15;
    if (has(i->id, 't'))
        w |= (word)i->rs2 << 20;
    if (has(i->id, 'c'))
        w |= (word)i->csr << 20;
    *bits = w;
    return ok;
}

const struct insn_info *insn_info(enum insn_id id)
{
    return &infos[(unsigned)id < INSN_COUNT ? id : INSN_ILLEGAL];
}

enum insn_id insn_find(const char *name)
{
    for (unsigned id = 1; id < INSN_COUNT; id++)
        if (strcmp(infos[id].name, name) == 0)
            return (enum insn_id)id;
    return INSN_ILLEGAL;
}
