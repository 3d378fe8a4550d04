/*
 * Snapshots of one host along its history, many near where it stands and few far away.
 *
 *     0 ------------------------|---------|----|--|-|||||| now
 *
 * Going back by n steps runs again at most what lies between two neighbours there: about
 * POINTS_SPACING steps near by, an eighth of the way for what is far away.
 *
 *   spacing   new ones are this far apart: more steps after one that had much memory to copy, so
 *             that recording slows no program down much, whatever it writes
 *   thinning  one whose neighbours are closer to each other than 1/8 of their distance from now
 *             is dropped; their number grows with the logarithm of the way
 *   limit     over it, those are dropped first that are least missed. The first and the one at
 *             or before now stay always: pages being shared, they need twice the RAM at most
 */
#ifndef WORLD_POINTS_H
#define WORLD_POINTS_H

#include "base/error.h"
#include "world/host.h"

#define POINTS_SPACING (1u << 21) /* steps, unless told otherwise */
#define POINTS_MAX     256

struct counters_kept;
struct snapshot;

/* The host as it was. */
struct point {
    uint64_t icount;
    uint64_t spacing; /* to the one behind, when that is taken */
    size_t entry;     /* of the journal: the first that had not taken effect */
    struct snapshot *snapshot;
    struct counters_kept *counters;
    struct host_leaver leaver;
    struct host_real real[CONTEXT_LEVELS];
    uint64_t console_total, recorder_total;
    size_t bytes; /* that it holds and the one in front does not */
};

struct points {
    struct point at[POINTS_MAX]; /* by rising icount */
    unsigned count;
    uint64_t spacing;
    size_t bytes, limit;
};

/* Takes one of the host as it stands; the place must be its own. Then thins out. */
int points_take(struct points *p, struct host *h, size_t entry, struct error *err);

/* Index of the last with icount <= this. There is one: ask for nothing before the first. */
unsigned points_find(const struct points *p, uint64_t icount);

/* Drops those behind this place. */
void points_cut(struct points *p, uint64_t icount, size_t entry);
void points_clear(struct points *p);

#endif
