/*
 * Time travel: the history of a host, from when recording began up to the furthest that it has
 * been. Opt-in for each host; off, it costs a test for each slice of a run.
 *
 *     first                    where it stands            last
 *       |----------------------------o----------------------|     host_advance goes on behind
 *                  <-- back                seek -->               `last` as ever
 *
 * The same again. Recording changes nothing: same events, counts, digests. Going back puts the
 * machine into an earlier snapshot and runs it silently to the very instruction; what came from
 * outside in between (console input, host_write, host_write_reg, host_write_csr) is done again at
 * the same place. n steps forward and n back is the same state to the last bit. To stand at an
 * instruction count means: all that was done there from outside has been done.
 *
 * What is seen goes back too. Console text, recorder and counters are what they were at that
 * time (events that the recorder had dropped stay lost). Handlers and other subscribers hear
 * nothing of a seek; host_advance is as loud in the past as it was the first time.
 *
 * Another future. In the past, input or an edit that was not made there before begins a new
 * future: what was recorded behind it, and the marks there, are dropped. The same edit at the
 * same place, as a handler makes it when it is run again, is no difference. A goal (world.h)
 * that was set later than where the host stands waits until then, or until the future is new.
 *
 * Bounds. Memory of all snapshots: `memory`, though two are always kept. Loading a program begins
 * a new history. So does running out of memory for the journal of what came from outside (64 MiB).
 * Changes by other ways than world.h (machine_write on host_machine) are not recorded: make them
 * before timeline_start.
 *
 * Nothing here may be called from inside an event.
 */
#ifndef WORLD_TIMELINE_H
#define WORLD_TIMELINE_H

#include "base/error.h"
#include "trace/filter.h"
#include "world/world.h"

struct timeline_options {
    uint64_t spacing; /* steps between snapshots near now; 0: about 8 to 12 ms of the host's time */
    size_t memory;    /* bytes of all snapshots together; 0: four times the RAM, 32 MiB to 1 GiB */
};

/* From here on. NULL are the defaults; on already: begins again. Refuses a machine that writes to
 * its disk's file. */
int timeline_start(struct host *h, const struct timeline_options *options, struct error *err);
void timeline_stop(struct host *h);
bool timeline_on(const struct host *h);

/* The history's ends; both the present when it is off. */
uint64_t timeline_first(const struct host *h);
uint64_t timeline_last(const struct host *h);

/* To this instruction count, first to last. On failure the host stands where it did. */
int timeline_seek(struct host *h, uint64_t icount, struct error *err);
/* So many steps back. */
int timeline_back(struct host *h, uint64_t steps, struct error *err);

/*
 * To the last place before this one at which a run forward, waiting for the filter, would have
 * stopped: before an instruction (`insn`), else behind the one that published the event. *out is
 * the event. filter->max bounds how many steps back are looked at, 0: all. When there is none:
 * *found is false, and the host stands where it did. Filters that want every instruction or
 * access (insn, mem, walk) take about ten times as long as others.
 */
int timeline_back_to(struct host *h, const struct filter *filter, bool *found, struct event *out,
                     struct error *err);

/* Names for instruction counts. */
#define TIMELINE_MARKS     64
#define TIMELINE_MARK_SIZE 32
/* The present is called `name` from now on. Refuses an empty or too long name, and too many. */
int timeline_mark(struct host *h, const char *name, struct error *err);
bool timeline_find_mark(const struct host *h, const char *name, uint64_t *icount);
/* In order of marking; NULL past the end. */
const char *timeline_mark_name(const struct host *h, unsigned index, uint64_t *icount);

/* Changes whenever the host went elsewhere in its history, or another machine was loaded into it:
 * who keeps something of what has happened makes it anew from the recorder then. */
uint64_t timeline_moves(const struct host *h);

struct timeline_stats {
    unsigned snapshots;
    size_t bytes;   /* of memory, all snapshots together */
    size_t entries; /* inputs and edits */
};
struct timeline_stats timeline_stats(const struct host *h);

#endif
