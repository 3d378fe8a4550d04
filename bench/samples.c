/* Medians and quartiles of a few samples; see samples.h. */
#include "bench/samples.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

void samples_add(struct samples *s, double value)
{
    if (s->count < SAMPLES_MAX)
        s->value[s->count++] = value;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The value below which this share of the samples lies, between two samples where it must. */
static double quantile(const struct samples *s, double share)
{
    double sorted[SAMPLES_MAX];

    if (s->count == 0)
        return 0;
    memcpy(sorted, s->value, s->count * sizeof(double));
    qsort(sorted, s->count, sizeof(double), compare);
    double at = share * (s->count - 1);
    unsigned low = (unsigned)at, high = low + 1 < s->count ? low + 1 : low;
    return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

double samples_median(const struct samples *s)
{
    return quantile(s, 0.5);
}

double samples_spread(const struct samples *s)
{
    double median = samples_median(s);

    return median > 0 ? (quantile(s, 0.75) - quantile(s, 0.25)) / median * 100 : 0;
}

double clock_own(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
