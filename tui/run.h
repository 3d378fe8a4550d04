/*
 * Advancing machines: what the keys s n f t x c mean, and when they are done.
 *
 * A verb is a condition. It is looked for in the machine's events by subscribers of our own,
 * beside the goals of the scenario (world.h): whichever comes first. When a goal of the
 * scenario ends, the scenario goes on from there and may set the next.
 */
#ifndef TUI_RUN_H
#define TUI_RUN_H

#include "script/script.h"
#include "trace/filter.h"
#include "tui/breaks.h"
#include "world/world.h"

enum run_verb {
    RUN_NOTHING, /* the machine stands */
    RUN_STEP,    /* so many steps */
    RUN_OVER,    /* the instruction behind this one, whatever happens in between */
    RUN_OUT,     /* this function or trap handler returns */
    RUN_TRAP,    /* a trap */
    RUN_EXIT,    /* control leaves a VM */
    RUN_GO,      /* until something else stops it */
};

struct run;

/* What listens to one machine. */
struct run_watch {
    struct trace_subscriber subscriber;
    struct run *run;
    struct host *host;
};

struct run {
    struct script *script;
    struct host *host; /* the one that is looked at and stepped */
    bool chosen;       /* by the user: it does not change by itself */
    enum run_verb verb;
    uint64_t left;     /* steps of RUN_STEP */
    const char *step;  /* what a RUN_STEP is called when it is done */
    uint64_t commands; /* verbs so far */

    /* RUN_OVER and RUN_OUT: where they began. */
    uint16_t context;
    uint8_t ring;
    word pc, sp;
    int depth;    /* calls, and traps into the same ring, that have not returned yet */
    bool trapped; /* out of a VM's kernel: its own handler may be next */
    bool leaving; /* the next instruction is the one behind the return */

    struct filter filter; /* of RUN_TRAP and RUN_EXIT */
    struct breaks breaks;

    bool hit;      /* a watch has stopped a machine */
    unsigned said; /* moments of the story so far (script_said) */
    struct run_watch watches[WORLD_HOSTS_MAX];
    unsigned watch_count;
    char reason[160]; /* why it stands, "" at the beginning */
};

/* After script_start. Also looks after machines that the scenario makes later. */
void run_init(struct run *r, struct script *s);
void run_fini(struct run *r);

/* Begins a verb; run_slice does it. `steps` is for RUN_STEP. */
void run_begin(struct run *r, enum run_verb verb, uint64_t steps);
/* Advances by at most `steps`. Afterwards r->verb is RUN_NOTHING if it has come to its end. */
void run_slice(struct run *r, uint64_t steps);
void run_stop(struct run *r, const char *reason);
static inline bool run_running(const struct run *r)
{
    return r->verb != RUN_NOTHING;
}

/* Looks at another machine. */
void run_choose(struct run *r, struct host *h);

enum breaks_change run_toggle_break(struct run *r, const struct break_point *point);

#endif
