/*
 * Advancing machines: step, over, out, trap, exit, run, and when they are done. The dashboard's
 * keys and the debugger's commands are these.
 *
 * A verb is a condition. It is looked for in the machine's events by subscribers of our own,
 * beside the goals of the world (world.h): whichever comes first. Goals are set by somebody
 * else's story, a scenario; when one is reached the story goes on, and may set the next.
 */
#ifndef WORLD_VERBS_H
#define WORLD_VERBS_H

#include "world/breaks.h"
#include "world/until.h"

/* Who sets goals. `go_on` is called when none is pending: it goes on until it has set one, or is
 * over, and appends to `why` what there is to say. */
#define STORY_SAID 1u /* a moment for which the machine should stand */
#define STORY_OVER 2u /* there is nothing to come: it is not called again */
struct verbs_story {
    unsigned (*go_on)(void *user, struct text *why); /* NULL: no story */
    void *user;
    const char *input_hint; /* what to do when the machine waits for input; "" for nothing */
};

struct verbs;

/* What listens to one machine. */
struct verbs_watch {
    struct trace_subscriber subscriber;
    struct verbs *verbs;
    struct host *host;
};

struct verbs {
    struct world *world;
    struct verbs_story story;
    bool over;         /* the story is */
    struct host *host; /* the one that is looked at and stepped */
    bool chosen;       /* by the user: it does not change by itself */
    enum verb verb;
    uint64_t left;      /* steps of VERB_STEP */
    const char *step;   /* what a VERB_STEP is called when it is done */
    uint64_t commands;  /* verbs so far */
    struct until until; /* its condition */

    struct filter filter;  /* of VERB_TRAP and VERB_EXIT */
    struct breaks *breaks; /* the world's */

    bool hit; /* a watch has stopped a machine */
    struct verbs_watch watches[WORLD_HOSTS_MAX];
    unsigned watch_count;

    /* Why it stands. */
    char reason[400];   /* "" at the beginning */
    bool done;          /* the verb has come to its own end */
    bool has_event;     /* an event has ended the verb: */
    struct event event; /* this one */
    unsigned met;       /* the number of the lasting breakpoint that has; 0: none */
};

/* The world is there, its story has begun. Also looks after machines that are made later. */
void verbs_init(struct verbs *v, struct world *world, const struct verbs_story *story);
void verbs_fini(struct verbs *v);

/* Begins a verb; verbs_slice does it. `steps` is for VERB_STEP. */
void verbs_begin(struct verbs *v, enum verb verb, uint64_t steps);
/* Advances by at most `steps`. Afterwards v->verb is VERB_NOTHING if it has come to its end. */
void verbs_slice(struct verbs *v, uint64_t steps);
void verbs_stop(struct verbs *v, const char *reason);
static inline bool verbs_running(const struct verbs *v)
{
    return v->verb != VERB_NOTHING;
}

/* Looks at another machine. */
void verbs_choose(struct verbs *v, struct host *h);

/* As in breaks.h; the machines are listened to accordingly. */
unsigned verbs_add_break(struct verbs *v, const struct break_point *point);
bool verbs_remove_break(struct verbs *v, unsigned number);
enum breaks_change verbs_toggle_break(struct verbs *v, const struct break_point *point);

#endif
