/*
 * What the parts of the translator share: the unit that is being written, and how words, ways out
 * and callouts are put into it.
 */
#ifndef VMM_BT_EMIT_H
#define VMM_BT_EMIT_H

#include "vmm/bt.h"
#include "vmm/bt_insn.h"
#include "vmm/isa.h"

#define INSN_MOST 36 /* words that one instruction can become, its ways out included */

struct translation {
    struct bt *bt;
    struct bt_unit *u;
    word number;   /* of u */
    word *code;    /* of u, in the cache */
    gva pc;        /* of the instruction at hand */
    bool plain;    /* nothing in line: no vcpu page, or the guest single-steps */
    unsigned outs; /* ways out so far */
};

/* What follows the instruction in its unit. */
enum next { GOES_ON, ENDS };

typedef enum next translate_fn(struct translation *t, word bits);

/* bt_jump.c and bt_control.c: rows of instructions.def by format and class. */
translate_fn bt_branch, bt_jump, bt_jump_register, bt_control;

/* ---- words --------------------------------------------------------------------------------- */

static inline void put(struct translation *t, word bits)
{
    t->code[t->u->words++] = bits;
}

/* A word to come: a branch to what will be put next. Returns where. */
static inline unsigned put_later(struct translation *t)
{
    put(t, 0);
    return t->u->words - 1u;
}

static inline void branch_here(struct translation *t, unsigned from, word match, unsigned rs1,
                               unsigned rs2)
{
    t->code[from] = insn_b(match, rs1, rs2, (int)(t->u->words - from) * 4);
}

/* A word of the vcpu page. */
static inline void put_load(struct translation *t, unsigned rd, int offset)
{
    put(t, insn_i(MATCH_lw, rd, X0, offset));
}

static inline void put_store(struct translation *t, unsigned rs2, int offset)
{
    put(t, insn_s(MATCH_sw, rs2, X0, offset));
}

static inline int spill(unsigned i)
{
    return BT_OFFSET(spills) + (int)i * 4;
}

/* lui and addi together give a value. */
static inline word upper_of(word value)
{
    return (value + 0x800) >> 12;
}

static inline int lower_of(word value)
{
    return (int)(value << 20) >> 20;
}

static inline void put_constant(struct translation *t, unsigned rd, word value)
{
    word upper = upper_of(value);
    int low = lower_of(value);

    if (upper)
        put(t, insn_u(MATCH_lui, rd, upper));
    if (low || !upper)
        put(t, insn_i(MATCH_addi, rd, upper ? rd : X0, low));
}

/* ---- leaving ------------------------------------------------------------------------------- */

static inline void put_exit(struct translation *t, enum bt_exit kind, unsigned which)
{
    put(t, (word)MATCH_ecall);
    put(t, (word)kind << 28 | which << 24 | t->number);
}

static inline void put_way_out(struct translation *t, gva target)
{
    struct bt_way_out *out = &t->u->out[t->outs];

    *out = (struct bt_way_out){target, t->u->words, UNIT_NONE};
    put_exit(t, target & 3 ? BT_MISALIGNED : BT_JUMP, t->outs++);
}

static inline enum next callout(struct translation *t, word bits)
{
    put_exit(t, BT_INSN, 0);
    put(t, bits);
    t->bt->counts.callouts++;
    return ENDS;
}

static inline enum next replaced(struct translation *t, enum next next)
{
    t->bt->counts.replaced++;
    return next;
}

#endif
