/* Advancing machines; see run.h. */
#include "tui/run.h"

#include <string.h>

#include "base/text.h"
#include "isa/csr.h"
#include "isa/insn.h"
#include "machine/machine.h"
#include "world/view.h"

enum { RA = 1, SP = 2 };

static void set_reason(struct run *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void set_reason(struct run *r, const char *format, ...)
{
    struct text reason = text_init(r->reason, sizeof r->reason);
    va_list args;

    va_start(args, format);
    text_vadd(&reason, format, args);
    va_end(args);
}

/* From inside an event: this is what the verb waited for. */
static void hit(struct run_watch *w)
{
    w->run->hit = true;
    if (!w->run->chosen)
        w->run->host = w->host;
    host_stop(w->host);
}

static const char *cause_name(word cause)
{
    const struct cause_info *info = cause_info(cause);

    return info ? info->name : "unknown cause";
}

static bool is_call(const struct insn *i)
{
    return (i->id == INSN_jal || i->id == INSN_jalr) && i->rd == RA;
}

static bool is_return(const struct insn *i)
{
    return i->id == INSN_jalr && i->rd == 0 && i->rs1 == RA;
}

/* Back where `n` began: at the instruction, or behind it. A deeper call of the same
 * function has a lower stack. */
static bool is_over(const struct run *r, const struct host *h, const struct event *e)
{
    return e->context == r->context && e->ring_from == r->ring &&
           (e->pc == r->pc || e->pc == r->pc + 4) && machine_regs(host_machine(h))->x[SP] >= r->sp;
}

/* Counts calls and returns of the code that `f` began in. */
static bool is_out(struct run *r, const struct event *e)
{
    struct insn i = insn_decode(e->insn);

    if (r->leaving)
        return true;
    if (e->context != r->context || e->ring_from != r->ring)
        return false;
    r->trapped = false;
    if (is_call(&i))
        r->depth++;
    else if ((is_return(&i) || i.id == INSN_tret) && r->depth-- == 0)
        r->leaving = true;
    return false;
}

/* A trap whose handler runs in the ring that `f` began in is like a call: on the machine itself
 * at once, in a VM when its monitor reflects it. A VM's ring 0 is real ring 1. */
static void count_trap(struct run *r, const struct event *e)
{
    if (e->kind == EVENT_hint) {
        r->depth += r->trapped && e->a == HINT_reflect;
        r->trapped = r->trapped && e->a != HINT_reflect;
    } else if (e->context == r->context && e->ring_from == r->ring) {
        r->depth += r->context == 0 && r->ring == 0;
        r->trapped = r->context != 0 && r->ring == 1;
    }
}

static void on_insn(struct run_watch *w, const struct event *e)
{
    struct run *r = w->run;

    if (breaks_at(&r->breaks, w->host, e->context, e->pc)) {
        char name[64];

        view_symbol_text(w->host, e->context, e->pc, false, name, sizeof name);
        if (name[0])
            set_reason(r, "breakpoint %s", name);
        else
            set_reason(r, "breakpoint %08x", (unsigned)e->pc);
        hit(w);
    } else if (w->host == r->host && r->verb == RUN_OVER && is_over(r, w->host, e)) {
        set_reason(r, "over");
        hit(w);
    } else if (w->host == r->host && r->verb == RUN_OUT && is_out(r, e)) {
        set_reason(r, "out");
        hit(w);
    }
}

static void on_event(void *user, const struct event *e)
{
    struct run_watch *w = user;
    struct run *r = w->run;

    if (r->hit)
        return;
    if (e->kind == EVENT_insn) {
        on_insn(w, e);
        return;
    }
    if (r->verb == RUN_OUT) {
        if (w->host == r->host)
            count_trap(r, e);
        return;
    }
    if (!filter_match(&r->filter, machine_contexts(host_machine(w->host)), e))
        return;
    set_reason(r, "%s %s", e->kind == EVENT_exit ? "exit" : "trap", cause_name(e->cause));
    hit(w);
}

static uint32_t mask_of(const struct run *r)
{
    uint32_t mask = r->breaks.count ? EVENT_BIT(EVENT_insn) : 0;

    switch (r->verb) {
    case RUN_OVER:
        return mask | EVENT_BIT(EVENT_insn);
    case RUN_OUT:
        return mask | EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_hint);
    case RUN_TRAP:
        return mask | EVENT_BIT(EVENT_trap);
    case RUN_EXIT:
        return mask | EVENT_BIT(EVENT_exit);
    default:
        return r->verb == RUN_STEP ? 0 : mask;
    }
}

/* Listens to machines that are new, and to what the verb needs. */
static void watch(struct run *r)
{
    struct world *world = script_world(r->script);

    while (r->watch_count < world_host_count(world)) {
        struct run_watch *w = &r->watches[r->watch_count];

        *w = (struct run_watch){.run = r, .host = world_host(world, r->watch_count)};
        w->subscriber = (struct trace_subscriber){.fn = on_event, .user = w};
        trace_attach(machine_trace(host_machine(w->host)), &w->subscriber);
        r->watch_count++;
    }
    for (unsigned i = 0; i < r->watch_count; i++)
        trace_set_mask(machine_trace(host_machine(r->watches[i].host)), &r->watches[i].subscriber,
                       mask_of(r));
    if (!r->host)
        r->host = world_host(world, 0);
}

static struct host *pending_host(const struct run *r)
{
    struct world *world = script_world(r->script);

    if (r->host && host_goal(r->host) == GOAL_PENDING)
        return r->host;
    for (unsigned i = 0; i < world_host_count(world); i++)
        if (host_goal(world_host(world, i)) == GOAL_PENDING)
            return world_host(world, i);
    return NULL;
}

void run_choose(struct run *r, struct host *h)
{
    r->host = h;
    r->chosen = true;
}

static void say_done(const struct script *s, struct text *out)
{
    unsigned checks = script_check_count(s), failed = script_failed_count(s);

    text_add(out, "%sthe scenario is done", out->length ? "; " : "");
    if (failed)
        text_add(out, ": %u of %u checks fail", failed, checks);
    else if (checks)
        text_add(out, ": all %u checks hold", checks);
}

/* Lets the scenario go on until it waits for a machine, ends, or fails. What it says about
 * this moment of its story, or about its end, is appended. True: it said something. */
static bool resume(struct run *r, struct text *why)
{
    struct error err = {0};
    unsigned said = r->said;

    while (script_state(r->script) <= SCRIPT_WAITING && !pending_host(r)) {
        enum script_state state = script_resume(r->script, &err);
        unsigned before = r->said;
        const char *story = script_said(r->script, &r->said);

        if (r->said != before)
            text_add(why, "%s%s", why->length ? "; " : "", story);

        if (state == SCRIPT_DONE)
            say_done(r->script, why);
        else if (state == SCRIPT_FAILED)
            text_add(why, "%s%s", why->length ? "; " : "", err.text);
    }
    watch(r);
    if (!r->chosen && pending_host(r))
        r->host = pending_host(r);
    return r->said != said;
}

void run_init(struct run *r, struct script *s)
{
    char why[sizeof r->reason];
    struct text text = text_init(why, sizeof why);

    *r = (struct run){.script = s};
    resume(r, &text);
    run_stop(r, why);
}

void run_fini(struct run *r)
{
    for (unsigned i = 0; i < r->watch_count; i++)
        trace_detach(machine_trace(host_machine(r->watches[i].host)), &r->watches[i].subscriber);
}

void run_stop(struct run *r, const char *reason)
{
    r->verb = RUN_NOTHING;
    set_reason(r, "%s", reason);
    watch(r);
}

static bool can_run(const struct run *r)
{
    return r->host && machine_state(host_machine(r->host)) == MACHINE_READY;
}

/* One step away from where it stands, so that a condition that holds here does not end the
 * verb before it began. For `n` that is all, unless it was a call or has trapped: then true. */
static bool step_away(struct run *r)
{
    struct space space = {SPACE_GVA, r->context};
    uint64_t retired = machine_instret(host_machine(r->host));
    word bits = 0;

    view_read(r->host, space, r->pc, &bits, sizeof bits);
    struct insn i = insn_decode(bits);
    r->verb = RUN_STEP;
    watch(r);
    host_advance(r->host, 1);
    return is_call(&i) || machine_instret(host_machine(r->host)) == retired;
}

void run_begin(struct run *r, enum run_verb verb, uint64_t steps)
{
    const struct cpu_regs *regs;
    char text[128];

    r->commands++;
    r->hit = false;
    if (!r->host)
        return;
    if (!can_run(r) && !pending_host(r)) {
        run_stop(r, host_end_text(r->host, text, sizeof text));
        return;
    }
    regs = machine_regs(host_machine(r->host));
    r->context = view_current(r->host);
    r->ring = (uint8_t)regs->ring;
    r->pc = regs->pc;
    r->sp = regs->x[SP];
    r->depth = 0;
    r->leaving = r->trapped = false;
    r->step = "step";
    if (verb == RUN_OVER && !step_away(r)) {
        verb = RUN_STEP;
        steps = 0;
        r->step = "over";
    } else if (verb != RUN_STEP && verb != RUN_OVER &&
               breaks_at(&r->breaks, r->host, r->context, r->pc)) {
        step_away(r);
    }
    r->left = steps;
    r->verb = verb;
    watch(r);
}

/* Why this machine cannot go on; nothing when it can. */
static void say_end(const struct host *h, enum advance end, struct text *why)
{
    char text[128];

    if (end == ADVANCE_INPUT)
        text_add(why, "the machine waits for input (i: type)");
    else if (end == ADVANCE_HALTED || end == ADVANCE_SHUTDOWN)
        text_add(why, "%s", host_end_text(h, text, sizeof text));
}

void run_slice(struct run *r, uint64_t steps)
{
    char why[sizeof r->reason];
    struct text text = text_init(why, sizeof why);
    enum script_state before = script_state(r->script);
    struct host *h = r->host && can_run(r) ? r->host : pending_host(r);

    if (!run_running(r))
        return;
    if (!h) {
        run_stop(r, "there is no machine that can run");
        return;
    }
    if (r->verb == RUN_STEP && steps > r->left)
        steps = r->left;
    if (r->verb == RUN_STEP)
        r->left -= steps;
    say_end(h, host_advance(h, steps), &text);
    if (resume(r, &text)) {
        run_stop(r, why);
    } else if (r->hit) {
        r->verb = RUN_NOTHING;
        watch(r);
    } else if (text.length > 0 && (before != script_state(r->script) || !pending_host(r))) {
        run_stop(r, why);
    } else if (r->verb == RUN_STEP && r->left == 0) {
        run_stop(r, r->step);
    }
}

enum breaks_change run_toggle_break(struct run *r, const struct break_point *point)
{
    enum breaks_change change = breaks_toggle(&r->breaks, point);

    watch(r);
    return change;
}
