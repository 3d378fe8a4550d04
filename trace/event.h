/*
 * Events: fixed-size records of what happened, and the bus that hands them on.
 *
 * A subscriber gives a mask of kinds. With no subscriber for a kind an emit costs one test
 * of `trace_wants`. Subscribers see events in the order of subscription and must not change
 * the machine inside the call; to stop it they call machine_stop, which takes effect at the
 * next instruction boundary.
 */
#ifndef TRACE_EVENT_H
#define TRACE_EVENT_H

#include "base/error.h"
#include "base/types.h"

enum event_kind {
#define EVENT(name, cause, tval, a, b, meaning) EVENT_##name,
#include "trace/events.def"
#undef EVENT
    EVENT_COUNT
};

#define EVENT_BIT(kind) (1u << (kind))
#define EVENT_ALL       ((1u << EVENT_COUNT) - 1)

struct event {
    uint64_t icount;   /* steps of the machine before this instruction (machine.h) */
    uint64_t cycle;    /* simulated cycles at this point */
    uint16_t kind;     /* enum event_kind */
    uint16_t context;  /* whose code was running (context.h): 0 is the machine itself */
    uint8_t machine;   /* number of the machine in its world */
    uint8_t ring_from; /* real ring before */
    uint8_t ring_to;   /* and after; the same where nothing changes */
    uint8_t reserved;
    word pc;    /* address of the instruction it belongs to */
    word insn;  /* its bits, 0 for interrupts and fetch faults */
    word cause; /* the rest: see events.def */
    word tval;
    word a;
    word b;
};

struct event_info {
    const char *name;
    const char *cause, *tval, *a, *b; /* what the words hold, "" for nothing */
    const char *meaning;
};
const struct event_info *event_info(enum event_kind kind);
enum event_kind event_find(const char *name); /* EVENT_COUNT when there is none */

typedef void trace_fn(void *user, const struct event *e);

struct trace_subscriber {
    uint32_t mask;
    trace_fn *fn;
    void *user;
    struct trace_subscriber *next;
};

/* A ring that events are made in as they happen, before any subscriber hears of them. */
struct trace_tape {
    struct event *ring, *end; /* the slots */
    struct event *next;       /* that of the next event */
    uint64_t laps;            /* how often it has come to the end */
    uint32_t mask;            /* the kinds it takes */
};

/* The slot for the next event, which the caller fills. */
static inline struct event *tape_slot(struct trace_tape *tape)
{
    struct event *slot = tape->next++;

    if (tape->next == tape->end) {
        tape->next = tape->ring;
        tape->laps++;
    }
    return slot;
}

#define TRACE_OWN 8 /* so deep may events come inside events */

/* The bus of one machine. Zero-initialised is empty. */
struct trace {
    uint32_t wanted; /* union of all masks: read it through trace_wants */
    bool *changed;   /* set when `wanted` changes; NULL: nobody needs to know */
    struct trace_tape *tape_of[EVENT_COUNT];        /* where this kind is made, once it is wanted */
    struct trace_subscriber *first_of[EVENT_COUNT]; /* that wants this kind */
    struct trace_subscriber *first;
    struct trace_walk *walks; /* publications under way */
    struct trace_tape *tape;  /* NULL: none but the own, for what it does not take */
    struct trace_tape own;
    struct event own_ring[TRACE_OWN];
};

static inline bool trace_wants(const struct trace *t, enum event_kind kind)
{
    return (t->wanted & EVENT_BIT(kind)) != 0;
}

/* The caller owns `s` and keeps it alive until it is detached. All three may be called from inside
 * a trace_fn: a subscriber attached there sees the next event, a detached one sees no more. */
void trace_attach(struct trace *t, struct trace_subscriber *s);
void trace_detach(struct trace *t, struct trace_subscriber *s);
void trace_set_mask(struct trace *t, struct trace_subscriber *s, uint32_t mask);
/* Puts in a tape, or takes it out (NULL). The caller keeps it alive meanwhile. */
void trace_set_tape(struct trace *t, struct trace_tape *tape);

void trace_publish(struct trace *t, const struct event *e);

/* The same without a copy, for a kind that is wanted: where to make the event, and telling who
 * listens once it is made. */
static inline struct event *trace_place(struct trace *t, enum event_kind kind)
{
    return tape_slot(t->tape_of[kind]);
}
void trace_tell_from(struct trace *t, struct trace_subscriber *first, const struct event *e);
static inline void trace_tell(struct trace *t, enum event_kind kind, const struct event *e)
{
    struct trace_subscriber *s = t->first_of[kind];

    if (!s)
        return;
    if (s->next)
        trace_tell_from(t, s, e);
    else
        s->fn(s->user, e);
}

#endif
