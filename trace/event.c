/*
 * The bus of events: a chain of subscribers in order of subscription.
 *
 * Subscribers come and go while an event is on its way. Each publication under way keeps a
 * record of where it is, and attach and detach keep these records right. The last of the chain is
 * called without such a record: nobody behind it is to be visited.
 */
#include "trace/event.h"

#include <string.h>

struct trace_walk {
    struct trace_subscriber *next; /* to be visited */
    struct trace_subscriber *stop; /* the first that came too late for this event, or NULL */
    struct trace_walk *outer;
};

static const struct event_info infos[EVENT_COUNT] = {
#define EVENT(name, cause, tval, a, b, meaning) {#name, cause, tval, a, b, meaning},
#include "trace/events.def"
#undef EVENT
};

const struct event_info *event_info(enum event_kind kind)
{
    static const struct event_info unknown = {"unknown", "", "", "", "", "no such event"};

    return (unsigned)kind < EVENT_COUNT ? &infos[kind] : &unknown;
}

enum event_kind event_find(const char *name)
{
    unsigned i = 0;

    while (i < EVENT_COUNT && strcmp(infos[i].name, name) != 0)
        i++;
    return (enum event_kind)i;
}

static void update_kind(struct trace *t, enum event_kind kind)
{
    struct trace_subscriber *s = t->first;

    while (s && !(s->mask & EVENT_BIT(kind)))
        s = s->next;
    t->first_of[kind] = s;
    t->tape_of[kind] = t->tape && t->tape->mask & EVENT_BIT(kind) ? t->tape : &t->own;
    if (s || t->tape_of[kind] == t->tape)
        t->wanted |= EVENT_BIT(kind);
}

/* Who wants what has changed. */
static void update(struct trace *t)
{
    uint32_t wanted = t->wanted;

    if (!t->own.ring)
        t->own = (struct trace_tape){t->own_ring, t->own_ring + TRACE_OWN, t->own_ring, 0, 0};
    t->wanted = 0;
    for (unsigned kind = 0; kind < EVENT_COUNT; kind++)
        update_kind(t, (enum event_kind)kind);
    if (t->changed && t->wanted != wanted)
        *t->changed = true;
}

void trace_set_tape(struct trace *t, struct trace_tape *tape)
{
    t->tape = tape;
    update(t);
}

void trace_attach(struct trace *t, struct trace_subscriber *s)
{
    struct trace_subscriber **end = &t->first;

    while (*end)
        end = &(*end)->next;
    *end = s;
    s->next = NULL;
    for (struct trace_walk *w = t->walks; w; w = w->outer)
        if (!w->stop)
            w->stop = s;
    update(t);
}

void trace_detach(struct trace *t, struct trace_subscriber *s)
{
    struct trace_subscriber **link = &t->first;

    while (*link && *link != s)
        link = &(*link)->next;
    if (!*link)
        return;
    *link = s->next;
    for (struct trace_walk *w = t->walks; w; w = w->outer) {
        if (w->next == s)
            w->next = s->next;
        if (w->stop == s)
            w->stop = s->next;
    }
    update(t);
}

void trace_set_mask(struct trace *t, struct trace_subscriber *s, uint32_t mask)
{
    s->mask = mask;
    update(t);
}

void trace_tell_from(struct trace *t, struct trace_subscriber *first, const struct event *e)
{
    struct trace_walk walk = {.next = first, .outer = t->walks};

    t->walks = &walk;
    while (walk.next && walk.next != walk.stop) {
        struct trace_subscriber *s = walk.next;

        walk.next = s->next;
        if (s->mask & EVENT_BIT(e->kind))
            s->fn(s->user, e);
    }
    t->walks = walk.outer;
}

void trace_publish(struct trace *t, const struct event *e)
{
    enum event_kind kind = (enum event_kind)e->kind;

    if (!trace_wants(t, kind))
        return;
    struct event *place = trace_place(t, kind);
    *place = *e;
    trace_tell(t, kind, place);
}
