/*
 * Snapshots: a whole machine as it was, in memory.
 *
 * A snapshot shares pages of RAM and written disk blocks with its machine and with other
 * snapshots of it, so taking one costs as much as what has changed since the last. It may
 * outlive its machine. What follows after restoring is what followed the first time: the same
 * events, state and digests, given the same input.
 *
 * Not in it: who listens to events, and what is decoded or cached for speed.
 */
#ifndef MACHINE_SNAPSHOT_H
#define MACHINE_SNAPSHOT_H

#include "base/error.h"
#include "machine/machine.h"

struct snapshot;

/* Between runs only. Refuses a machine whose disk is written to its file: a file does not go
 * back in time. On failure *out is NULL. */
int snapshot_take(struct snapshot **out, struct machine *m, struct error *err);
void snapshot_free(struct snapshot *s); /* NULL is fine */

/* Bytes of memory that taking one now would need for RAM that has changed since the last. */
size_t snapshot_needs(const struct machine *m);

/* Between runs only. Into its own machine, or another of the same description and disk. On
 * failure the machine is as before. */
int snapshot_restore(const struct snapshot *s, struct machine *m, struct error *err);

uint64_t snapshot_icount(const struct snapshot *s);

/* Bytes of RAM contents that only this snapshot holds: what freeing it would give back. */
size_t snapshot_own_bytes(const struct snapshot *s);

/* Bytes of memory that it holds and that `before`, of the same machine, does not hold too (NULL:
 * all that it holds). Of snapshots in the order of time, the sum is what they take together. */
size_t snapshot_bytes(const struct snapshot *s, const struct snapshot *before);

#endif
