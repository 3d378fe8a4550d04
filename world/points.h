/*
 * Snapshots of one host along its history, many near where it stands and few far away.
 *
 *     0 ------------------------|---------|----|--|-|||||| now
 *
 * Going back by n steps runs again at most what lies between two neighbours there.
 *
 *   spacing   a new one is due when the host has worked for a while since the last, by its own
 *             count (machine_slow): for longer after one that had much memory to copy, so that
 *             recording slows programs down little; but not for so long that the way back from
 *             there would be
 *   thinning  one whose neighbours are closer to each other than 1/8 of their distance from now
 *             is dropped; their number grows with the logarithm of the way
 *   limit     to stay under it, those are dropped first that are least missed. The first and the
 *             one at or before now stay always
 */
#ifndef WORLD_POINTS_H
#define WORLD_POINTS_H

#include "base/error.h"
#include "world/host.h"

#define POINTS_SPACING (1u << 21) /* steps: what is near, unless told otherwise */
#define POINTS_LOOK    (1u << 18) /* steps until the next look whether one is due */
#define POINTS_MAX     256

struct counters_kept;
struct snapshot;

/* The host as it was. */
struct point {
    uint64_t icount;
    uint64_t work; /* of the host until the next is due, in plain steps (machine.h) */
    size_t entry;  /* of the journal: the first that had not taken effect */
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
    uint64_t spacing; /* steps: what is near */
    bool even;        /* the next is due after that many steps, whatever they are */
    size_t bytes, limit;
};

/* Takes one of the host as it stands; the place must be its own. Then thins out. */
int points_take(struct points *p, struct host *h, size_t entry, struct error *err);

/* Where the next is due, or to be looked for, for a host that stands at `now`, behind the point
 * `index`, and whose work since then was so much. `now` when it is due here. */
uint64_t points_due(const struct points *p, unsigned index, uint64_t now, uint64_t work);

/* Index of the last with icount <= this. There is one: ask for nothing before the first. */
unsigned points_find(const struct points *p, uint64_t icount);

/* Drops those behind this place. */
void points_cut(struct points *p, uint64_t icount, size_t entry);
void points_clear(struct points *p);

#endif
