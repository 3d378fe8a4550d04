/*
 * Recording a history; see history.h and timeline.h.
 *
 * A run is cut into slices that end where something is to be done: at the next entry of the
 * journal (the machine is in its past), at the end of what is known, where a snapshot is due.
 * Slices change nothing: machine_run is exact, and comes back between two instructions.
 */
#include "world/history.h"

#include <stdlib.h>

#define JOURNAL_MOST (64u << 20) /* bytes; beyond, the history begins again */

/* ---- places ----------------------------------------------------------------------------- */

static void stop_there(void *machine, const struct event *e)
{
    (void)e;
    machine_stop(machine);
}

bool history_begin_step(struct host *h, enum machine_begun want)
{
    struct machine *m = h->machine;
    uint64_t icount = machine_icount(m);
    struct trace_subscriber stop = {
        .mask = want == BEGUN_ANNOUNCED ? EVENT_BIT(EVENT_insn) : 0,
        .fn = stop_there,
        .user = m,
    };

    if (machine_begun(m) >= want)
        return true;
    trace_attach(machine_trace(m), &stop);
    h->running = true;
    machine_run(m, 1);
    h->running = false;
    trace_detach(machine_trace(m), &stop);
    if (h->silent)
        host_drop_edits(h);
    else
        host_apply_edits(h);
    return machine_icount(m) == icount && machine_begun(m) >= want;
}

/* Handlers that hear the instruction begin may have made the next edits themselves. */
bool history_catch_up(struct host *h)
{
    struct journal *j = &h->timeline->journal;
    uint64_t now = machine_icount(h->machine);

    while (journal_next(j) == now) {
        if (!history_begin_step(h, j->entries[j->next].place.begun))
            return false;
        if (journal_next(j) == now && machine_begun(h->machine) >= j->entries[j->next].place.begun)
            host_carry_out(h, &j->entries[j->next++].edit);
    }
    return journal_next(j) > now;
}

void history_at_point(struct host *h, const struct point *p)
{
    h->timeline->since.point = h->timeline->since.icount = p->icount;
    h->timeline->since.slow = machine_slow(h->machine);
}

/* A point that was passed on the way is noticed late, by a look at most. */
void history_set_due(struct host *h)
{
    struct timeline *t = h->timeline;
    uint64_t now = machine_icount(h->machine), slow = machine_slow(h->machine);
    unsigned index = points_find(&t->points, now);

    if (t->since.point != t->points.at[index].icount) {
        t->since.point = t->points.at[index].icount;
        t->since.icount = now;
        t->since.slow = slow;
    }
    t->due = points_due(&t->points, index, now, now - t->since.icount + slow - t->since.slow);
}

/* ---- running ---------------------------------------------------------------------------- */

/* `steps`, or fewer to come to `place` if that is ahead. */
static uint64_t at_most_to(uint64_t now, uint64_t steps, uint64_t place)
{
    return place > now && place - now < steps ? place - now : steps;
}

uint64_t history_limit(const struct host *h, uint64_t steps)
{
    const struct timeline *t = h->timeline;

    if (!t)
        return steps;
    uint64_t now = machine_icount(h->machine);
    steps = at_most_to(now, steps, journal_next(&t->journal));
    steps = at_most_to(now, steps, t->last.icount);
    return at_most_to(now, steps, t->due > now ? t->due : now + 1);
}

static bool is_behind(const struct journal_place *a, const struct journal_place *b)
{
    return a->icount != b->icount ? a->icount > b->icount : a->begun > b->begun;
}

/* Without memory for it there is none: going back takes longer then. */
static void take_point(struct host *h)
{
    struct timeline *t = h->timeline;

    if (points_take(&t->points, h, t->journal.next, NULL)) {
        t->due = machine_icount(h->machine) + t->points.spacing;
        return;
    }
    history_at_point(h, &t->points.at[points_find(&t->points, machine_icount(h->machine))]);
    history_set_due(h);
}

/* Time for a look: is one due? */
static void look(struct host *h)
{
    uint64_t now = machine_icount(h->machine);

    history_set_due(h);
    if (h->timeline->due <= now && machine_begun(h->machine) == BEGUN_NOT)
        take_point(h);
}

void history_arrived(struct host *h)
{
    struct timeline *t = h->timeline;

    if (!t)
        return;
    bool same = history_catch_up(h);
    struct journal_place here = journal_here(h->machine);
    if (is_behind(&here, &t->last))
        t->last = here;
    else if (here.icount == t->last.icount)
        same = history_begin_step(h, t->last.begun) && same;
    if (!same || t->restart)
        history_restart(h);
    else if (machine_icount(h->machine) >= t->due)
        look(h);
}

/* ---- edits ------------------------------------------------------------------------------ */

/* What was recorded behind here is not going to happen. */
static void cut(struct host *h)
{
    struct timeline *t = h->timeline;
    uint64_t now = machine_icount(h->machine);
    unsigned kept = 0;

    journal_truncate(&t->journal);
    points_cut(&t->points, now, t->journal.next);
    for (unsigned i = 0; i < t->mark_count; i++)
        if (t->marks[i].icount <= now)
            t->marks[kept++] = t->marks[i];
    t->mark_count = kept;
    host_goal_from(h, now, h->console_total);
    history_set_due(h);
}

void history_note(struct host *h, const struct host_edit *e)
{
    struct timeline *t = h->timeline;

    if (!t)
        return;
    struct journal_place here = journal_here(h->machine);
    if (journal_repeats(&t->journal, &here, e)) {
        t->journal.next++;
        return;
    }
    cut(h);
    t->last = (struct journal_place){0};
    t->restart = !journal_add(&t->journal, &here, e) || t->journal.bytes > JOURNAL_MOST;
}

void history_noted(struct host *h)
{
    struct timeline *t = h->timeline;

    if (!t)
        return;
    struct journal_place here = journal_here(h->machine);
    if (is_behind(&here, &t->last))
        t->last = here;
}

/* ---- beginning and end ------------------------------------------------------------------ */

void history_restart(struct host *h)
{
    struct timeline *t = h->timeline;

    if (!t)
        return;
    journal_clear(&t->journal);
    points_clear(&t->points);
    t->mark_count = 0;
    t->restart = false;
    t->last = journal_here(h->machine);
    if (points_take(&t->points, h, 0, NULL))
        history_free(h);
    else
        history_set_due(h);
}

void history_free(struct host *h)
{
    if (!h->timeline)
        return;
    journal_clear(&h->timeline->journal);
    points_clear(&h->timeline->points);
    free(h->timeline);
    h->timeline = NULL;
}
