/*
 * Instructions as words: what the translator takes apart and puts together. The fixed bits come
 * from isa/instructions.def, under MATCH_name.
 */
#ifndef VMM_BT_INSN_H
#define VMM_BT_INSN_H

#include "vmm/types.h"

enum bt_match {
#define INSN(name, mnemonic, format, class, match, meaning) MATCH_##name = (int)(match),
#include "isa/instructions.def"
#undef INSN
};

/* The bits of a control register that a write changes. */
enum bt_writable {
#define CSR(name, number, kind, hole, wmask, meaning) WRITABLE_##name = (int)(wmask),
#include "isa/csrs.def"
};

enum { X0 = 0, SCRATCH_A = 31, SCRATCH_B = 30, SCRATCH_C = 29 };

static inline word insn_i(word match, unsigned rd, unsigned rs1, int imm)
{
    return match | rd << 7 | rs1 << 15 | (word)imm << 20;
}

static inline word insn_s(word match, unsigned rs2, unsigned rs1, int imm)
{
    word i = (word)imm;

    return match | (i & 31) << 7 | rs1 << 15 | rs2 << 20 | i >> 5 << 25;
}

static inline word insn_r(word match, unsigned rd, unsigned rs1, unsigned rs2)
{
    return match | rd << 7 | rs1 << 15 | rs2 << 20;
}

static inline word insn_u(word match, unsigned rd, word upper)
{
    return match | rd << 7 | upper << 12;
}

/* offset in bytes */
static inline word insn_b(word match, unsigned rs1, unsigned rs2, int offset)
{
    word i = (word)offset;

    return match | (i >> 11 & 1) << 7 | (i >> 1 & 15) << 8 | rs1 << 15 | rs2 << 20 |
           (i >> 5 & 63) << 25 | (i >> 12 & 1) << 31;
}

static inline word insn_j(unsigned rd, word offset)
{
    word i = offset;

    return (word)MATCH_jal | rd << 7 | (i >> 12 & 255) << 12 | (i >> 11 & 1) << 20 |
           (i >> 1 & 1023) << 21 | (i >> 20 & 1) << 31;
}

static inline word imm_i(word bits)
{
    return (word)((int32_t)bits >> 20);
}

static inline word imm_s(word bits)
{
    return (word)((int32_t)bits >> 25) << 5 | (bits >> 7 & 31);
}

static inline word imm_b(word bits)
{
    return ((word)((int32_t)bits >> 19) & 0xfffff000) | (bits >> 7 & 1) << 11 |
           (bits >> 25 & 63) << 5 | (bits >> 8 & 15) << 1;
}

static inline word imm_j(word bits)
{
    return ((word)((int32_t)bits >> 11) & 0xfff00000) | (bits >> 12 & 255) << 12 |
           (bits >> 20 & 1) << 11 | (bits >> 21 & 1023) << 1;
}

#endif
