/*
 * How a history is recorded: what run.c and edit.c tell it, for world/ alone. Everybody else has
 * timeline.h.
 */
#ifndef WORLD_HISTORY_H
#define WORLD_HISTORY_H

#include "world/journal.h"
#include "world/points.h"
#include "world/timeline.h"

struct mark {
    char name[TIMELINE_MARK_SIZE];
    uint64_t icount;
};

struct timeline {
    struct points points;
    struct journal journal;
    struct journal_place last; /* the furthest it has been */
    uint64_t due;              /* icount of the next snapshot, or of a look whether it is time */
    struct {
        uint64_t point;        /* icount of the one behind which it stands */
        uint64_t icount, slow; /* (machine.h) from here on work is counted */
    } since;
    struct mark marks[TIMELINE_MARKS];
    unsigned mark_count;
    bool restart; /* an edit could not be noted: begin again when nobody is under way */
};

/* All of these do nothing on a host without a timeline. */

/* Of so many steps from here, how many may be run before history_arrived. */
uint64_t history_limit(const struct host *h, uint64_t steps);
/* The machine has run, and edits are carried out: does again what was done here, and takes a
 * snapshot when it is time for one. */
void history_arrived(struct host *h);

/* An edit is about to be carried out; and it was. Begins a new future when this is news. */
void history_note(struct host *h, const struct host_edit *e);
void history_noted(struct host *h);

/* A program was loaded: begins again. */
void history_restart(struct host *h);

/* ---- for timeline.c ---- */

/* Carries out what the journal has for this place. False when the machine does not come to it as
 * it did the first time. */
bool history_catch_up(struct host *h);
/* Lets the instruction at pc begin, as far as it had begun when the machine was last here. */
bool history_begin_step(struct host *h, enum machine_begun want);
/* When the next snapshot is due, seen from here. */
void history_set_due(struct host *h);
/* The machine is now what it was at this point: work for the way to the next is counted from here. */
void history_at_point(struct host *h, const struct point *p);
void history_free(struct host *h);

#endif
