/*
 * The traps of one machine as a tree, and what each cost (sums are trace/counters.h's).
 *
 * A trap out of a VM, and an exit of vmrun, is open until its monitor enters that VM again; what
 * traps in the meantime lies inside it. A trap to the software's own ring 0, on the machine itself
 * or in a VM of a processor that helps, is open until its tret; a tret to an outer ring ends all
 * of them.
 *
 *   exit from level 2 ---------------------------------------- entry to level 2
 *        entry to level 1 (its monitor), which traps in turn:
 *        |- exit from level 1 -- entry      each of these is one deeper
 *        `- exit from level 1 -- entry
 *
 * Cost is the cycles in between. The last TRAPLOG_KEEP are kept.
 */
#ifndef TUI_TRAPLOG_H
#define TUI_TRAPLOG_H

#include "trace/event.h"
#include "trace/filter.h"
#include "world/world.h"

#define TRAPLOG_KEEP  4096
#define TRAPLOG_DEPTH 16

struct trap_node {
    struct event e; /* trap, exit of vmrun, hole, refused, halt or shutdown */
    uint16_t level; /* of the context it came from */
    uint16_t depth; /* how many were open around it */
    bool open;      /* not answered yet */
    bool reflected; /* the guest's own handler got it */
    uint64_t cost;  /* cycles until it was answered */
    word routine;   /* address of the name of who answered; 0 unknown */
    uint16_t whose; /* context that said so: the address is physical in its eyes */
};

struct traplog {
    struct host *host;
    struct trace_subscriber subscriber;
    uint64_t moves; /* timeline_moves: after one, all is made anew from the recorder */
    struct trap_node ring[TRAPLOG_KEEP];
    uint64_t total;
    struct {
        uint64_t serial;
        uint16_t level;
        bool out;          /* to its monitor, not to its own ring 0 */
    } open[TRAPLOG_DEPTH]; /* outermost first; may be older than what is kept */
    unsigned open_count;
    uint16_t last_out; /* the context that was left last; 0: none but the machine itself */

    /* Those that pass `filter`, oldest first; made when asked for. */
    uint64_t passing[TRAPLOG_KEEP];
    unsigned passing_count;
    uint64_t passing_total;
};

/* Listens from now on. */
int traplog_new(struct traplog **out, struct host *h, struct error *err);
void traplog_free(struct traplog *t); /* NULL is fine */

/* How many of those that are kept pass; traplog_at gives one by its place, oldest first. */
unsigned traplog_count(struct traplog *t, const struct filter *f);
const struct trap_node *traplog_at(const struct traplog *t, unsigned place);
/* The next count asks the filter anew: it has changed. */
void traplog_refilter(struct traplog *t);

#endif
