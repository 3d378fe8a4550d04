/*
 * Samples of one quantity, and what is said of them: the middle one, and how far apart they lie.
 */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include "base/types.h"

#define SAMPLES_MAX 64u

struct samples {
    double value[SAMPLES_MAX];
    unsigned count; /* more than SAMPLES_MAX are not taken */
};

void samples_add(struct samples *s, double value);
double samples_median(const struct samples *s); /* 0 when there are none */
/* The distance between the quartiles, in percent of the median. */
double samples_spread(const struct samples *s);

/* Processor time of this process, in seconds. */
double clock_own(void);

#endif
