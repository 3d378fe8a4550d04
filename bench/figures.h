/*
 * The other figures: what a monitor lives on, what is slow, and what watching costs. Measured in
 * this process, through machine.h, in rounds like the comparison.
 */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include "base/error.h"
#include "bench/samples.h"

#define FIGURES_MAX 32u

struct figure {
    const char *name;
    const char *unit;
    const char *meaning;
    struct samples values; /* one: a count, the same in every round */
};

struct figures {
    const char *directory; /* of the built workloads */
    const char *guests;    /* of the teaching OS and the monitor */
    struct figure list[FIGURES_MAX];
    unsigned count;
};

/* Takes one sample of everything. Fails when a result is wrong, or a count not what it was. */
int figures_round(struct figures *f, struct error *err);
/* How long the compiler takes over the interpreter. `command`: argv, ends with NULL. */
int figures_compile(struct figures *f, const char *const *command, struct error *err);

#endif
