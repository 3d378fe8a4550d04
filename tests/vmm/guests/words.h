/*
 * Code that test kernels make at run time: words in `pool`, run in some ring by a trap return and
 * left by the next trap, with all registers before and after known.
 */
#ifndef TESTS_VMM_GUESTS_WORDS_H
#define TESTS_VMM_GUESTS_WORDS_H

#include "tests/vmm/guests/kernel.h"

#define COUNT(x)      (sizeof(x) / sizeof((x)[0]))
#define ADDRESS(p)    ((word)(uintptr_t)(p))
#define LEAF_ALL      (PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL)
#define VA            0x40000000u
#define PAGE_WORDS    1024u
#define POOL_PAGES    100u

#define NOP           0x00000013u
#define RET           0x00008067u
#define EBREAK        0x00100073u
#define ECALL         0x00000073u
#define ADDI(d, s, i) (0x13u | (word)(d) << 7 | (word)(s) << 15 | (word)(i) << 20)
#define LW(d, s, i)   (0x2003u | (word)(d) << 7 | (word)(s) << 15 | (word)(i) << 20)
#define SW(t, s, i)                                                                                \
    (0x2023u | ((word)(i)&31) << 7 | (word)(s) << 15 | (word)(t) << 20 | (word)(i) >> 5 << 25)
#define JALR(d, s, i) (0x67u | (word)(d) << 7 | (word)(s) << 15 | (word)(i) << 20)
#define CSRR(d, c)    (0x2073u | (word)(d) << 7 | (word)(c) << 20)
#define CSR_OP(f, d, c, s)                                                                         \
    (0x73u | (word)(f) << 12 | (word)(d) << 7 | (word)(c) << 20 | (word)(s) << 15)
#define JAL(d, o)                                                                                  \
    (0x6fu | (word)(d) << 7 | ((word)(o) >> 12 & 255) << 12 | ((word)(o) >> 11 & 1) << 20 |        \
     ((word)(o) >> 1 & 1023) << 21 | ((word)(o) >> 20 & 1) << 31)
#define BRANCH(f, s, t, o)                                                                         \
    (0x63u | (word)(f) << 12 | (word)(s) << 15 | (word)(t) << 20 | ((word)(o) >> 11 & 1) << 7 |    \
     ((word)(o) >> 1 & 15) << 8 | ((word)(o) >> 5 & 63) << 25 | ((word)(o) >> 12 & 1) << 31)
#define PROBE(d, s) (0x400bu | (word)(d) << 7 | (word)(s) << 15)
#define CPUID(d, s) (0x500bu | (word)(d) << 7 | (word)(s) << 15)

/* registers */
enum { ZERO, RA, SP, GP, TP, T0, T1, T2, S0, S1, A0, A1, A2, A3, A4, A5 };

extern word pool[POOL_PAGES * PAGE_WORDS];

/* The registers that a run begins with, and those that its trap found. */
extern word regs_in[32], regs_out[32];

/* Runs words until they trap; status is what tret takes. Clobbers timecmp. */
void go(word status, const void *code);
void clear_regs(void); /* of regs_in */
void random_regs(void);

/* One number for all that was added since the start; seeded, always the same. */
void add(word value);
void add_all(void); /* what the last run left */
word random_word(void);

void put_digest(const char *what);
/* What the last run left in a register, its cause and where. */
void put_run(const char *what, unsigned reg, const void *code);

#endif
