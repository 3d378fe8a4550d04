/*
 * Random programs for the privileged machine: RAM full of plausible instructions and page
 * tables, registers that point at them. Everything follows from the seed.
 */
#ifndef TESTS_REFERENCE_GENERATE_H
#define TESTS_REFERENCE_GENERATE_H

#include "machine/machine.h"

struct rng {
    uint64_t state;
};

struct rng rng_init(uint64_t seed);
word rng_word(struct rng *g);
word rng_below(struct rng *g, word limit); /* limit > 0 */
bool rng_percent(struct rng *g, unsigned percent);

/* Bytes of RAM from its base that generate_ram fills; the machine has at least as many. */
#define GENERATE_RAM 0x1a000u

struct machine_config generate_config(struct rng *g);
void generate_ram(struct rng *g, uint8_t *ram);
/* Registers to begin a round with; `cycle` is now, for a timer that will fire soon. */
void generate_regs(struct rng *g, struct cpu_regs *regs, uint64_t cycle);

/* How many there are, and the n-th, for a guest of a machine whose registers are these: plausible,
 * valid in most cases. */
#define GENERATE_VMCBS     4u
#define GENERATE_VMCB_PAGE 16u /* of the first, in RAM */
void generate_vmcb(struct rng *g, uint8_t *ram, unsigned n, const struct machine_config *config,
                   const struct cpu_regs *regs, uint64_t cycle);

#endif
