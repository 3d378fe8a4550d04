/*
 * Storms: random programs that use everything at once, to compare ways of running them.
 *
 * Two pages of random instructions of every kind, which also store into themselves, run in all
 * rings under three address spaces (one bare), with the timer and software interrupts going
 * off. The trap handler answers an interrupt by setting the next one, and an exception by going
 * on at a random place in a random ring. Nothing is random twice: a seed gives one program.
 */
#ifndef TESTS_MACHINE_STORM_H
#define TESTS_MACHINE_STORM_H

#include "tests/machine/harness.h"

void storm_init(struct rig *r, struct machine_config config, uint32_t seed);

/* What a run left behind. */
struct storm_result {
    uint64_t digest; /* of the machine */
    uint64_t events; /* of all events but insn and mem */
    uint64_t icount;
    unsigned traps;
};

/* How to run it. All fields 0: in one go, with nobody looking closer. */
struct storm_way {
    uint64_t piece; /* steps of one call of machine_run, 0: all */
    uint32_t watch; /* kinds that a second subscriber takes */
    unsigned stops; /* it asks to stop at every nth of them, 0: never */
    bool deaf;      /* no events are taken at all; the result's are 0 */
    bool twice;     /* each piece is run, taken back by a snapshot, and run again */
};

struct storm_result storm_run(struct machine_config config, uint32_t seed, uint64_t steps,
                              const struct storm_way *way);

#endif
