/* Advancing machines; see verbs.h. */
#include "world/verbs.h"

#include <string.h>

#include "base/text.h"
#include "isa/csr.h"
#include "machine/machine.h"
#include "world/view.h"

static void set_reason(struct verbs *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void set_reason(struct verbs *v, const char *format, ...)
{
    struct text reason = text_init(v->reason, sizeof v->reason);
    va_list args;

    va_start(args, format);
    text_vadd(&reason, format, args);
    va_end(args);
}

/* From inside an event: this is what the verb, or a breakpoint, waited for. */
static void hit(struct verbs_watch *w, const struct event *e)
{
    w->verbs->hit = true;
    w->verbs->has_event = true;
    w->verbs->event = *e;
    if (!w->verbs->chosen)
        w->verbs->host = w->host;
    host_stop(w->host);
}

static bool is_break(struct verbs_watch *w, const struct event *e)
{
    struct verbs *v = w->verbs;
    struct break_point *p;

    if (until_stands_at(&v->until, w->host, e))
        return false;
    p = breaks_match(v->breaks, w->host, e);
    if (!p)
        return false;
    break_hit(p, e);
    v->met = p->once ? 0 : p->number;
    struct text reason = text_init(v->reason, sizeof v->reason);
    break_say(p, w->host, e, &reason);
    return true;
}

/* The verb's own condition. */
static bool is_done(struct verbs_watch *w, const struct event *e)
{
    struct verbs *v = w->verbs;

    v->done = until_met(&v->until, w->host, e);
    if (v->done) {
        struct text reason = text_init(v->reason, sizeof v->reason);
        until_say(&v->until, e, &reason);
    }
    return v->done;
}

static void on_event(void *user, const struct event *e)
{
    struct verbs_watch *w = user;

    if (w->verbs->hit)
        return;
    if (is_break(w, e) || is_done(w, e))
        hit(w, e);
}

static uint32_t mask_of(const struct verbs *v)
{
    if (v->verb == VERB_NOTHING)
        return 0;
    return until_mask(&v->until) | breaks_mask(v->breaks);
}

/* Listens to machines that are new, and to what the verb needs. */
static void watch(struct verbs *v)
{
    struct world *world = v->world;

    while (v->watch_count < world_host_count(world)) {
        struct verbs_watch *w = &v->watches[v->watch_count];

        *w = (struct verbs_watch){.verbs = v, .host = world_host(world, v->watch_count)};
        w->subscriber = (struct trace_subscriber){.fn = on_event, .user = w};
        trace_attach(machine_trace(host_machine(w->host)), &w->subscriber);
        v->watch_count++;
    }
    for (unsigned i = 0; i < v->watch_count; i++)
        trace_set_mask(machine_trace(host_machine(v->watches[i].host)), &v->watches[i].subscriber,
                       mask_of(v));
    if (!v->host)
        v->host = world_host(world, 0);
}

static struct host *pending_host(const struct verbs *v)
{
    struct world *world = v->world;

    if (v->host && host_goal(v->host) == GOAL_PENDING)
        return v->host;
    for (unsigned i = 0; i < world_host_count(world); i++)
        if (host_goal(world_host(world, i)) == GOAL_PENDING)
            return world_host(world, i);
    return NULL;
}

void verbs_choose(struct verbs *v, struct host *h)
{
    v->host = h;
    v->chosen = true;
}

/* Looks at the machine that the story waits for. */
static void follow(struct verbs *v)
{
    struct host *h = pending_host(v);

    if (!v->chosen && h)
        v->host = h;
}

/* Lets the story go on until it waits for a machine or is over. STORY_ bits of what it did. */
static unsigned go_on(struct verbs *v, struct text *why)
{
    unsigned news = 0;

    while (v->story.go_on && !v->over && !pending_host(v)) {
        news |= v->story.go_on(v->story.user, why);
        v->over = (news & STORY_OVER) != 0;
    }
    watch(v);
    if (!(news & STORY_SAID)) /* else what was said is about the one that has run */
        follow(v);
    return news;
}

void verbs_init(struct verbs *v, struct world *world, const struct verbs_story *story)
{
    char why[sizeof v->reason];
    struct text text = text_init(why, sizeof why);

    *v = (struct verbs){.world = world, .breaks = world_breaks(world)};
    if (story)
        v->story = *story;
    go_on(v, &text);
    follow(v);
    verbs_stop(v, why);
}

void verbs_fini(struct verbs *v)
{
    for (unsigned i = 0; i < v->watch_count; i++)
        trace_detach(machine_trace(host_machine(v->watches[i].host)), &v->watches[i].subscriber);
}

/* It stands, for the reason that has been set. */
static void stand(struct verbs *v)
{
    v->verb = VERB_NOTHING;
    breaks_remove_once(v->breaks);
    watch(v);
}

void verbs_stop(struct verbs *v, const char *reason)
{
    set_reason(v, "%s", reason);
    stand(v);
}

static bool can_run(const struct verbs *v)
{
    return v->host && machine_state(host_machine(v->host)) == MACHINE_READY;
}

void verbs_begin(struct verbs *v, enum verb verb, uint64_t steps)
{
    char text[128];

    v->commands++;
    v->hit = v->has_event = v->done = false;
    v->met = 0;
    follow(v);
    if (!v->host)
        return;
    if (!can_run(v) && !pending_host(v)) {
        verbs_stop(v, host_end_text(v->host, text, sizeof text));
        return;
    }
    until_begin(&v->until, v->host, verb, &v->filter);
    v->left = steps;
    v->verb = verb;
    watch(v);
}

/* Why this machine cannot go on; nothing when it can. */
static void say_end(const struct verbs *v, const struct host *h, enum advance end, struct text *why)
{
    char text[128];

    if (end == ADVANCE_INPUT)
        text_add(why, "the machine waits for input%s",
                 v->story.input_hint ? v->story.input_hint : "");
    else if (end == ADVANCE_HALTED || end == ADVANCE_SHUTDOWN)
        text_add(why, "%s", host_end_text(h, text, sizeof text));
}

void verbs_slice(struct verbs *v, uint64_t steps)
{
    char why[sizeof v->reason];
    struct text text = text_init(why, sizeof why);
    struct host *h = v->host && can_run(v) ? v->host : pending_host(v);

    if (!verbs_running(v))
        return;
    if (!h) {
        verbs_stop(v, "there is no machine that can run");
        return;
    }
    if (v->verb == VERB_STEP && steps > v->left)
        steps = v->left;
    if (v->verb == VERB_STEP)
        v->left -= steps;
    say_end(v, h, host_advance(h, steps), &text);
    unsigned news = go_on(v, &text);
    if (news & STORY_SAID)
        verbs_stop(v, why);
    else if (v->hit)
        stand(v);
    else if (text.length > 0 && ((news & STORY_OVER) || !pending_host(v)))
        verbs_stop(v, why);
    else if (v->verb == VERB_STEP && v->left == 0) {
        v->done = true;
        verbs_stop(v, "step");
    }
}

unsigned verbs_add_break(struct verbs *v, const struct break_point *point)
{
    unsigned number = breaks_add(v->breaks, point);

    watch(v);
    return number;
}

bool verbs_remove_break(struct verbs *v, unsigned number)
{
    bool removed = breaks_remove(v->breaks, number);

    watch(v);
    return removed;
}

enum breaks_change verbs_toggle_break(struct verbs *v, const struct break_point *point)
{
    enum breaks_change change = breaks_toggle(v->breaks, point);

    watch(v);
    return change;
}
