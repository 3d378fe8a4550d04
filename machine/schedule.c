/* Alarms in a row; see schedule.h. `next` is always the least `at` of the row. */
#include "machine/schedule.h"

#include <assert.h>

void schedule_init(struct schedule *s)
{
    *s = (struct schedule){.next = SCHEDULE_NEVER};
}

void schedule_add(struct schedule *s, struct alarm *a)
{
    assert(s->count < SCHEDULE_MAX);
    a->at = SCHEDULE_NEVER;
    s->alarms[s->count++] = a;
}

/* The first to ring; the order of adding decides among equals. NULL when none is set. */
static struct alarm *earliest(const struct schedule *s)
{
    struct alarm *best = NULL;

    for (unsigned i = 0; i < s->count; i++)
        if (s->alarms[i]->at != SCHEDULE_NEVER && (!best || s->alarms[i]->at < best->at))
            best = s->alarms[i];
    return best;
}

static void update(struct schedule *s)
{
    const struct alarm *a = earliest(s);

    s->next = a ? a->at : SCHEDULE_NEVER;
}

void schedule_set(struct schedule *s, struct alarm *a, uint64_t at)
{
    bool known = false;

    for (unsigned i = 0; i < s->count; i++)
        known |= s->alarms[i] == a;
    assert(known);
    a->at = at;
    update(s);
}

void schedule_run(struct schedule *s, uint64_t now)
{
    while (s->next <= now && s->next != SCHEDULE_NEVER) {
        struct alarm *a = earliest(s);

        a->at = SCHEDULE_NEVER;
        update(s);
        a->fn(a->user);
    }
}
