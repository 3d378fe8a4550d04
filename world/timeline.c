/*
 * Going back and forth in a history; see timeline.h.
 *
 * The machine's subscribers are put aside while the past is run again. In their place is one
 * that keeps up what belongs to the host: console text, recorder, counters. A search looks
 * without even that, segment by segment backwards; when it has found its event it goes there.
 *
 *      point i        found           point i + 1        now
 *        |--------------x---------------|-----------------|
 *        <-- 2. here to here, again     <---- 1. nothing -->
 */
#include "world/history.h"

#include "machine/snapshot.h"
#include "trace/counters.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- silence ---------------------------------------------------------------------------- */

/* Looks for an event between two places. */
struct search {
    struct trace_subscriber subscriber;
    struct host *host;
    const struct filter *filter;
    uint64_t low, high; /* the place to stop at: low <= place < high */
    uint64_t seen;      /* events that pass, since the machine was put at a point */
    uint64_t stop_at;   /* stops at that one: 1 is the first; 0 does not stop */
    uint64_t found;     /* the last whose place is right; 0 none */
    struct event event; /* that one */
};

struct silence {
    struct host *host;
    struct trace trace; /* put aside */
    struct trace_subscriber watcher, counters;
};

static void keep_count(void *host, const struct event *e)
{
    counters_add(((struct host *)host)->counters, e);
}

static void be_heard(struct silence *s, struct trace_subscriber *by, uint32_t mask, trace_fn *fn)
{
    *by = (struct trace_subscriber){.mask = mask, .fn = fn, .user = s->host};
    trace_attach(machine_trace(s->host->machine), by);
}

/* With a search, nothing is kept up but what its filter may ask the host about. */
static void silence_begin(struct silence *s, struct host *h, struct search *search)
{
    struct trace *t = machine_trace(h->machine);
    bool keep = !search || search->stop_at;

    s->host = h;
    s->trace = *t;
    *t = (struct trace){.changed = s->trace.changed};
    h->silent = h->running = true;
    be_heard(s, &s->watcher, h->watcher.mask & ~(keep ? 0 : EVENT_BIT(EVENT_console)),
             h->watcher.fn);
    if (keep && h->recorder.trace)
        trace_set_tape(t, &h->recorder.tape);
    if (keep && h->counters->trace)
        be_heard(s, &s->counters, h->counters->subscriber.mask, keep_count);
    if (search)
        trace_attach(t, &search->subscriber);
}

static void silence_end(struct silence *s)
{
    *machine_trace(s->host->machine) = s->trace;
    s->host->silent = s->host->running = false;
    host_drop_edits(s->host); /* a filter may look only */
}

/* ---- running the past ------------------------------------------------------------------- */

/* The next place for a snapshot on the way: halfway there, again and again, so that the next
 * steps back from there are short. */
static uint64_t halfway(const struct host *h, uint64_t target)
{
    uint64_t now = machine_icount(h->machine), way = target - now;

    return way > 2 * h->timeline->points.spacing ? now + way / 2 : target;
}

/* At a place of the journal or of a snapshot on the way, or at the end. */
static bool arrive(struct host *h, uint64_t target, bool leave_points)
{
    struct timeline *t = h->timeline;
    uint64_t now = machine_icount(h->machine);

    if (!history_catch_up(h))
        return false;
    if (now == t->last.icount)
        return history_begin_step(h, t->last.begun);
    if (leave_points && now < target && machine_begun(h->machine) == BEGUN_NOT &&
        t->points.at[points_find(&t->points, now)].icount != now)
        points_take(&t->points, h, t->journal.next, NULL);
    return true;
}

static bool has_stopped(const struct search *search)
{
    return search && search->stop_at && search->seen >= search->stop_at;
}

/* False when the machine does not do what it did the first time. */
static bool repeat(struct host *h, uint64_t target, const struct search *search)
{
    bool leave_points = !search || search->stop_at;
    uint64_t now, stop;

    if (!arrive(h, target, false))
        return false;
    while ((now = machine_icount(h->machine)) < target && !has_stopped(search)) {
        stop = leave_points ? halfway(h, target) : target;
        if (journal_next(&h->timeline->journal) < stop)
            stop = journal_next(&h->timeline->journal);
        h->running = true;
        enum machine_stop why = machine_run(h->machine, stop - now);
        if (has_stopped(search))
            return history_catch_up(h);
        now = machine_icount(h->machine);
        if (now < stop && why != STOP_REQUESTED)
            return false;
        if (now == stop && !arrive(h, target, leave_points))
            return false;
    }
    return true;
}

static int run_silently(struct host *h, uint64_t target, struct search *search, struct error *err)
{
    struct silence s;

    silence_begin(&s, h, search);
    bool same = repeat(h, target, search);
    silence_end(&s);
    if (same)
        return 0;
    history_restart(h);
    return error_set(err, ERROR_check,
                     "%s: the machine was changed by another way than its host, and does not "
                     "repeat what it did: its history begins again at %" PRIu64,
                     h->name, machine_icount(h->machine));
}

/* Machine and journal only. */
static int put_back_machine(struct host *h, const struct point *p, struct error *err)
{
    int code = snapshot_restore(p->snapshot, h->machine, err);

    if (code)
        return code;
    h->timeline->journal.next = p->entry;
    history_at_point(h, p);
    h->leaver = p->leaver;
    memcpy(h->real, p->real, sizeof h->real);
    return 0;
}

static int put_back(struct host *h, const struct point *p, struct error *err)
{
    int code = put_back_machine(h, p, err);

    if (code)
        return code;
    recorder_truncate(&h->recorder, p->recorder_total);
    host_truncate_console(h, p->console_total);
    counters_put_back(h->counters, p->counters);
    return 0;
}

/* To `icount` (a search may stop earlier), from the point in front of it. */
static int go_back(struct host *h, unsigned point, uint64_t icount, struct search *search,
                   struct error *err)
{
    int code = put_back(h, &h->timeline->points.at[point], err);

    h->moves++;
    if (code == 0)
        code = run_silently(h, icount, search, err);
    if (h->timeline)
        history_set_due(h);
    return code;
}

/* ---- the verbs -------------------------------------------------------------------------- */

static int check(struct host *h, struct error *err)
{
    assert(!h->running);
    if (h->timeline && h->timeline->restart)
        history_restart(h);
    if (!h->timeline)
        return error_set(err, ERROR_usage, "%s: its history is not recorded", h->name);
    return 0;
}

int timeline_seek(struct host *h, uint64_t icount, struct error *err)
{
    int code = check(h, err);

    if (code)
        return code;
    if (icount < timeline_first(h))
        return error_set(err, ERROR_usage,
                         "%s: step %" PRIu64 " is before the recording, which "
                         "begins at %" PRIu64,
                         h->name, icount, timeline_first(h));
    if (icount > timeline_last(h))
        return error_set(err, ERROR_usage,
                         "%s: step %" PRIu64 " has not been yet; the furthest "
                         "is %" PRIu64,
                         h->name, icount, timeline_last(h));
    if (icount == machine_icount(h->machine))
        return 0;
    if (icount < machine_icount(h->machine))
        return go_back(h, points_find(&h->timeline->points, icount), icount, NULL, err);
    h->moves++;
    code = run_silently(h, icount, NULL, err);
    if (h->timeline)
        history_set_due(h);
    return code;
}

int timeline_back(struct host *h, uint64_t steps, struct error *err)
{
    uint64_t now = machine_icount(h->machine);
    int code = check(h, err);

    if (code)
        return code;
    if (steps > now - timeline_first(h))
        return error_set(err, ERROR_usage, "%s: only %" PRIu64 " steps are recorded up to here",
                         h->name, now - timeline_first(h));
    return timeline_seek(h, now - steps, err);
}

/* ---- searching -------------------------------------------------------------------------- */

/* Where a run stops that waits for this event. */
static uint64_t place_of(const struct event *e)
{
    return e->kind == EVENT_insn ? e->icount : e->icount + 1;
}

static void on_event(void *user, const struct event *e)
{
    struct search *s = user;

    if (!filter_match(s->filter, machine_contexts(s->host->machine), e))
        return;
    s->seen++;
    if (s->seen == s->stop_at)
        machine_stop(s->host->machine);
    if (s->stop_at || place_of(e) < s->low || place_of(e) >= s->high)
        return;
    s->found = s->seen;
    s->event = *e;
}

/* What passes between a point and the next, or the end of the search. */
static int look(struct host *h, unsigned point, struct search *s, struct error *err)
{
    const struct points *p = &h->timeline->points;
    uint64_t end = point + 1 < p->count && p->at[point + 1].icount < s->high
                       ? p->at[point + 1].icount
                       : s->high;
    int code = put_back_machine(h, &p->at[point], err);

    s->seen = s->found = 0;
    return code ? code : run_silently(h, end, s, err);
}

/* Finds the segment with the last one; `point` is where it begins. */
static int look_back(struct host *h, struct search *s, unsigned *point, struct error *err)
{
    for (unsigned i = points_find(&h->timeline->points, s->high - 1);; i--) {
        int code = look(h, i, s, err);

        *point = i;
        if (code || s->found || i == 0 || h->timeline->points.at[i].icount <= s->low)
            return code;
    }
}

int timeline_back_to(struct host *h, const struct filter *filter, bool *found, struct event *out,
                     struct error *err)
{
    struct journal_place here = journal_here(h->machine);
    unsigned point = 0;
    struct search s = {.host = h, .filter = filter, .high = here.icount};
    int code = check(h, err);

    *found = false;
    if (code || here.icount == timeline_first(h))
        return code;
    s.subscriber = (struct trace_subscriber){filter_kinds(filter), on_event, &s, NULL};
    s.low = timeline_first(h);
    if (filter->max && filter->max < here.icount - s.low)
        s.low = here.icount - filter->max;
    code = look_back(h, &s, &point, err);
    if (code)
        return code;
    *found = s.found != 0;
    if (!*found) {
        code = go_back(h, points_find(&h->timeline->points, here.icount), here.icount, NULL, err);
        if (code == 0)
            history_begin_step(h, here.begun);
        return code;
    }
    *out = s.event;
    s.seen = 0;
    s.stop_at = s.found;
    return go_back(h, point, here.icount, &s, err);
}

/* ---- marks ------------------------------------------------------------------------------ */

static struct mark *find_mark(const struct host *h, const char *name)
{
    struct timeline *t = h->timeline;

    for (unsigned i = 0; t && i < t->mark_count; i++)
        if (strcmp(t->marks[i].name, name) == 0)
            return &t->marks[i];
    return NULL;
}

int timeline_mark(struct host *h, const char *name, struct error *err)
{
    struct mark *m = find_mark(h, name);
    int code = check(h, err);

    if (code)
        return code;
    if (!*name || strlen(name) >= TIMELINE_MARK_SIZE)
        return error_set(err, ERROR_usage, "a mark's name has 1 to %d characters",
                         TIMELINE_MARK_SIZE - 1);
    if (!m && h->timeline->mark_count == TIMELINE_MARKS)
        return error_set(err, ERROR_usage, "there are %d marks already", TIMELINE_MARKS);
    if (!m)
        m = &h->timeline->marks[h->timeline->mark_count++];
    strcpy(m->name, name);
    m->icount = machine_icount(h->machine);
    return 0;
}

bool timeline_find_mark(const struct host *h, const char *name, uint64_t *icount)
{
    const struct mark *m = find_mark(h, name);

    if (m)
        *icount = m->icount;
    return m != NULL;
}

const char *timeline_mark_name(const struct host *h, unsigned index, uint64_t *icount)
{
    const struct timeline *t = h->timeline;

    if (!t || index >= t->mark_count)
        return NULL;
    *icount = t->marks[index].icount;
    return t->marks[index].name;
}

/* ---- on and off ------------------------------------------------------------------------- */

static size_t memory_limit(const struct host *h, const struct timeline_options *options)
{
    size_t ram = machine_config(h->machine)->ram_size, memory = options ? options->memory : 0;

    if (!memory)
        memory = 4 * ram;
    if (!(options && options->memory) && memory < 32u << 20)
        memory = 32u << 20;
    if (!(options && options->memory) && memory > 1u << 30)
        memory = 1u << 30;
    return memory;
}

int timeline_start(struct host *h, const struct timeline_options *options, struct error *err)
{
    assert(!h->running);
    history_free(h);
    struct timeline *t = calloc(1, sizeof *t);
    if (!t)
        return error_set(err, ERROR_memory, "out of memory for a history");
    h->timeline = t;
    t->points.limit = memory_limit(h, options);
    t->points.even = options && options->spacing;
    t->points.spacing = t->points.even ? options->spacing : POINTS_SPACING;
    t->last = journal_here(h->machine);
    int code = points_take(&t->points, h, 0, err);
    if (code)
        history_free(h);
    else
        history_set_due(h);
    return code;
}

void timeline_stop(struct host *h)
{
    history_free(h);
}

bool timeline_on(const struct host *h)
{
    return h->timeline != NULL;
}

uint64_t timeline_first(const struct host *h)
{
    return h->timeline ? h->timeline->points.at[0].icount : machine_icount(h->machine);
}

uint64_t timeline_last(const struct host *h)
{
    return h->timeline ? h->timeline->last.icount : machine_icount(h->machine);
}

uint64_t timeline_moves(const struct host *h)
{
    return h->moves;
}

struct timeline_stats timeline_stats(const struct host *h)
{
    const struct timeline *t = h->timeline;

    return t ? (struct timeline_stats){t->points.count, t->points.bytes, t->journal.count}
             : (struct timeline_stats){0};
}
