/*
 * The bus of events: a chain of subscribers in order of subscription.
 *
 * Subscribers come and go while an event is on its way. Each publication under way keeps a
 * record of where it is, and attach and detach keep these records right.
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

static void update_wanted(struct trace *t)
{
    t->wanted = 0;
    for (const struct trace_subscriber *s = t->first; s; s = s->next)
        t->wanted |= s->mask;
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
    update_wanted(t);
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
    update_wanted(t);
}

void trace_set_mask(struct trace *t, struct trace_subscriber *s, uint32_t mask)
{
    s->mask = mask;
    update_wanted(t);
}

void trace_publish(struct trace *t, const struct event *e)
{
    struct trace_walk walk = {.next = t->first, .outer = t->walks};

    t->walks = &walk;
    while (walk.next && walk.next != walk.stop) {
        struct trace_subscriber *s = walk.next;

        walk.next = s->next;
        if (s->mask & EVENT_BIT(e->kind))
            s->fn(s->user, e);
    }
    t->walks = walk.outer;
}
