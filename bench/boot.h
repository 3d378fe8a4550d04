/*
 * The teaching OS, natively or under the monitor, from reset to the shell's first prompt.
 */
#ifndef BENCH_BOOT_H
#define BENCH_BOOT_H

#include "base/error.h"
#include "base/types.h"

struct boot {
    double seconds; /* processor time */
    uint64_t steps, cycles, digest;
    uint64_t counted;
};

struct boot_how {
    const char *guests; /* the directory of the images */
    bool monitor;
    uint32_t recorded; /* kinds of events that the recorder takes */
    uint32_t counted;  /* kinds that somebody counts */
};

int boot_run(struct boot *b, const struct boot_how *how, struct error *err);

#endif
