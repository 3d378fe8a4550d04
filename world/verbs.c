/* Advancing machines; see verbs.h. */
#include "world/verbs.h"

#include <string.h>

#include "base/text.h"
#include "isa/csr.h"
#include "isa/insn.h"
#include "machine/machine.h"
#include "world/flow.h"
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

static const char *cause_name(word cause)
{
    const struct cause_info *info = cause_info(cause);

    return info ? info->name : "unknown cause";
}

/* Back where `n` began: at the instruction, or behind it. A deeper call of the same
 * function has a lower stack. */
static bool is_over(const struct verbs *v, const struct host *h, const struct event *e)
{
    return e->context == v->context && e->ring_from == v->ring &&
           (e->pc == v->pc || e->pc == v->pc + 4) &&
           machine_regs(host_machine(h))->x[FLOW_SP] >= v->sp;
}

/* Counts calls and returns of the code that `f` began in. */
static bool is_out(struct verbs *v, const struct event *e)
{
    struct insn i = insn_decode(e->insn);

    if (v->leaving)
        return true;
    if (e->context != v->context || e->ring_from != v->ring)
        return false;
    v->trapped = false;
    if (flow_is_call(&i))
        v->depth++;
    else if ((flow_is_return(&i) || i.id == INSN_tret) && v->depth-- == 0)
        v->leaving = true;
    return false;
}

/* A trap whose handler runs in the ring that `f` began in is like a call: on the machine itself
 * at once, in a VM when its monitor reflects it. A VM's ring 0 is real ring 1. */
static void count_trap(struct verbs *v, const struct event *e)
{
    if (e->kind == EVENT_hint) {
        v->depth += v->trapped && e->a == HINT_reflect;
        v->trapped = v->trapped && e->a != HINT_reflect;
    } else if (e->context == v->context && e->ring_from == v->ring) {
        v->depth += v->context == 0 && v->ring == 0;
        v->trapped = v->context != 0 && v->ring == 1;
    }
}

/* What a breakpoint has met, in a few words. */
static void say_met(struct verbs *v, const struct host *h, const struct event *e,
                    const struct break_point *p)
{
    char name[64];
    bool store = (e->b & 256) != 0;

    if (p->kind == BREAK_MEMORY)
        set_reason(v, "%s of %u bytes at %08x, value %08x", store ? "write" : "read", e->b & 0xff,
                   e->tval, e->a);
    else if (e->kind == EVENT_trap || e->kind == EVENT_exit)
        set_reason(v, "breakpoint: %s %s", event_info((enum event_kind)e->kind)->name,
                   cause_name(e->cause));
    else if (e->kind != EVENT_insn)
        set_reason(v, "breakpoint: %s", event_info((enum event_kind)e->kind)->name);
    else if (*view_symbol_text(h, e->context, e->pc, false, name, sizeof name))
        set_reason(v, "breakpoint %s", name);
    else
        set_reason(v, "breakpoint %08x", e->pc);
}

static bool is_break(struct verbs_watch *w, const struct event *e)
{
    struct verbs *v = w->verbs;
    struct break_point *p;

    if (v->away && e->kind == EVENT_insn)
        return false;
    p = breaks_match(&v->breaks, w->host, e);
    if (!p)
        return false;
    p->hits++;
    v->met = p->once ? 0 : p->number;
    say_met(v, w->host, e, p);
    return true;
}

/* The verb's own condition, on the machine that is looked at or, for traps, on any. */
static bool is_done(struct verbs_watch *w, const struct event *e)
{
    struct verbs *v = w->verbs;

    switch (v->verb) {
    case VERB_OVER:
        return w->host == v->host && e->kind == EVENT_insn && is_over(v, w->host, e);
    case VERB_OUT:
        if (w->host != v->host)
            return false;
        if (e->kind == EVENT_insn)
            return is_out(v, e);
        if (e->kind == EVENT_trap || e->kind == EVENT_hint)
            count_trap(v, e);
        return false;
    case VERB_TRAP:
    case VERB_EXIT:
        return e->kind == (v->verb == VERB_EXIT ? EVENT_exit : EVENT_trap) &&
               filter_match(&v->filter, machine_contexts(host_machine(w->host)), e);
    default:
        return false;
    }
}

static void say_done(struct verbs *v, const struct event *e)
{
    if (v->verb == VERB_TRAP || v->verb == VERB_EXIT)
        set_reason(v, "%s %s", v->verb == VERB_EXIT ? "exit" : "trap", cause_name(e->cause));
    else
        set_reason(v, v->verb == VERB_OVER ? "over" : "out");
}

static void on_event(void *user, const struct event *e)
{
    struct verbs_watch *w = user;

    if (w->verbs->hit)
        return;
    if (is_break(w, e)) {
        hit(w, e);
    } else if (is_done(w, e)) {
        say_done(w->verbs, e);
        hit(w, e);
    }
}

static uint32_t verb_mask(enum verb verb)
{
    switch (verb) {
    case VERB_OVER:
        return EVENT_BIT(EVENT_insn);
    case VERB_OUT:
        return EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_hint);
    case VERB_TRAP:
        return EVENT_BIT(EVENT_trap);
    case VERB_EXIT:
        return EVENT_BIT(EVENT_exit);
    default:
        return 0;
    }
}

static uint32_t mask_of(const struct verbs *v)
{
    if (v->verb == VERB_NOTHING)
        return 0;
    return verb_mask(v->verb) | breaks_mask(&v->breaks);
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

/* Lets the story go on until it waits for a machine or is over. STORY_ bits of what it did. */
static unsigned go_on(struct verbs *v, struct text *why)
{
    unsigned news = 0;

    while (v->story.go_on && !v->over && !pending_host(v)) {
        news |= v->story.go_on(v->story.user, why);
        v->over = (news & STORY_OVER) != 0;
    }
    watch(v);
    if (!v->chosen && pending_host(v))
        v->host = pending_host(v);
    return news;
}

void verbs_init(struct verbs *v, struct world *world, const struct verbs_story *story)
{
    char why[sizeof v->reason];
    struct text text = text_init(why, sizeof why);

    *v = (struct verbs){.world = world};
    if (story)
        v->story = *story;
    go_on(v, &text);
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
    breaks_remove_once(&v->breaks);
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

/* One step away from where it stands, so that a condition that holds here does not end the
 * verb before it began. For `n` that is all, unless it was a call or has trapped: then true. */
static bool step_away(struct verbs *v)
{
    struct space space = {SPACE_GVA, v->context};
    uint64_t retired = machine_instret(host_machine(v->host));
    word bits = 0;

    view_read(v->host, space, v->pc, &bits, sizeof bits);
    struct insn i = insn_decode(bits);
    v->verb = VERB_STEP;
    v->away = true;
    watch(v);
    host_advance(v->host, 1);
    v->away = false;
    return flow_is_call(&i) || machine_instret(host_machine(v->host)) == retired;
}

/* Whether a breakpoint is met by the instruction at which it stands. */
static bool break_is_here(struct verbs *v)
{
    struct event e = {.kind = EVENT_insn,
                      .context = v->context,
                      .ring_from = v->ring,
                      .ring_to = v->ring,
                      .icount = machine_icount(host_machine(v->host)),
                      .pc = v->pc};

    view_read(v->host, (struct space){SPACE_GVA, v->context}, v->pc, &e.insn, sizeof e.insn);
    return breaks_match(&v->breaks, v->host, &e) != NULL;
}

static void begin_here(struct verbs *v)
{
    const struct cpu_regs *regs = machine_regs(host_machine(v->host));

    v->context = view_current(v->host);
    v->ring = (uint8_t)regs->ring;
    v->pc = regs->pc;
    v->sp = regs->x[FLOW_SP];
    v->depth = 0;
    v->leaving = v->trapped = false;
    v->step = "step";
}

void verbs_begin(struct verbs *v, enum verb verb, uint64_t steps)
{
    char text[128];

    v->commands++;
    v->hit = v->has_event = false;
    v->met = 0;
    if (!v->host)
        return;
    if (!can_run(v) && !pending_host(v)) {
        verbs_stop(v, host_end_text(v->host, text, sizeof text));
        return;
    }
    begin_here(v);
    if (verb == VERB_OVER && !step_away(v)) {
        verb = VERB_STEP;
        steps = 0;
        v->step = "over";
    } else if (verb != VERB_OVER && break_is_here(v)) {
        step_away(v);
        steps -= verb == VERB_STEP;
    }
    v->left = v->hit ? 0 : steps;
    v->verb = v->hit ? VERB_STEP : verb;
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
    else if (v->verb == VERB_STEP && v->left == 0)
        verbs_stop(v, v->step);
}

unsigned verbs_add_break(struct verbs *v, const struct break_point *point)
{
    unsigned number = breaks_add(&v->breaks, point);

    watch(v);
    return number;
}

bool verbs_remove_break(struct verbs *v, unsigned number)
{
    bool removed = breaks_remove(&v->breaks, number);

    watch(v);
    return removed;
}

enum breaks_change verbs_toggle_break(struct verbs *v, const struct break_point *point)
{
    enum breaks_change change = breaks_toggle(&v->breaks, point);

    watch(v);
    return change;
}
