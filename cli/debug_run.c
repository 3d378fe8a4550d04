/*
 * The debugger's verbs and breakpoints: world/verbs.h with words around it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "cli/debug.h"
#include "world/explain.h"

#define SLICE 2000000u /* steps between two looks at Ctrl-C: some milliseconds */

/* ---- where it stands ---------------------------------------------------------------------- */

static bool has_monitor(const struct host *h)
{
    return view_is_monitor(h, 0);
}

static void add_place(const struct debug *d, struct text *t)
{
    const struct host *h = d->verbs.host;
    uint16_t context = view_current(h);
    const struct cpu_regs *regs = machine_regs(host_machine(h));
    const struct line_row *row = view_line(h, context, regs->pc);
    char name[64], symbol[96];

    text_add(t, "#%llu  ", (unsigned long long)machine_icount(host_machine(h)));
    if (world_host_count(d->verbs.world) > 1)
        text_add(t, "%s  ", host_name(h));
    if (has_monitor(h))
        text_add(t, "L%u %s  ", view_context(h, context)->level,
                 view_context_name(h, context, name, sizeof name));
    text_add(t, "ring %u  %08x", regs->ring, regs->pc);
    if (*view_symbol_text(h, context, regs->pc, has_monitor(h), symbol, sizeof symbol))
        text_add(t, " %s", symbol);
    if (row)
        text_add(t, "  %s:%u", row->file, row->line);
}

static void show_json(struct debug *d)
{
    const struct host *h = d->verbs.host;
    const struct cpu_regs *regs = machine_regs(host_machine(h));
    uint16_t context = view_current(h);
    const struct line_row *row = view_line(h, context, regs->pc);
    char buffer[2048], name[96];
    struct text t = text_init(buffer, sizeof buffer);

    text_add(&t, "{\"stop\":\"");
    text_add_json(&t, d->verbs.reason);
    text_add(&t, "\",\"machine\":\"%s\",\"icount\":%llu,\"cycle\":%llu,\"level\":%u,\"context\":\"",
             host_name(h), (unsigned long long)machine_icount(host_machine(h)),
             (unsigned long long)machine_cycle(host_machine(h)), view_context(h, context)->level);
    text_add_json(&t, view_context_name(h, context, name, sizeof name));
    text_add(&t, "\",\"ring\":%u,\"pc\":\"0x%08x\"", regs->ring, regs->pc);
    if (d->verbs.met)
        text_add(&t, ",\"breakpoint\":%u", d->verbs.met);
    if (*view_symbol_text(h, context, regs->pc, true, name, sizeof name))
        text_add(&t, ",\"symbol\":\"%s\"", name);
    if (row) {
        text_add(&t, ",\"file\":\"");
        text_add_json(&t, row->file);
        text_add(&t, "\",\"line\":%u", row->line);
    }
    text_add_char(&t, '}');
    debug_say_json(d, buffer);
}

static bool is_plain(const char *reason)
{
    return !*reason || strcmp(reason, "step") == 0 || strcmp(reason, "over") == 0 ||
           strcmp(reason, "out") == 0 || strcmp(reason, "line") == 0;
}

/* What the scenario said has been printed when it said it. */
static bool was_said(const struct debug *d)
{
    const char *said = d->script ? script_said(d->script, NULL) : "";

    return *said && strncmp(said, d->verbs.reason, strlen(d->verbs.reason)) == 0;
}

/* The explanation of a shutdown says where and why by itself. */
static bool show_shutdown(struct debug *d)
{
    char story[EXPLAIN_SIZE];
    struct text t = text_init(story, sizeof story);

    if (machine_state(host_machine(d->verbs.host)) == MACHINE_SHUTDOWN)
        explain_shutdown(d->verbs.host, &t);
    if (t.length)
        debug_say(d, "%s", story);
    return t.length > 0;
}

/* The event that has stopped it, where it says more than the place does. */
static void show_event(struct debug *d)
{
    enum event_kind kind = (enum event_kind)d->verbs.event.kind;

    if (d->verbs.has_event && kind != EVENT_insn && kind != EVENT_mem)
        debug_event(d, d->verbs.host, &d->verbs.event);
}

void debug_show_stop(struct debug *d)
{
    char line[512];
    struct text t = text_init(line, sizeof line);

    if (!d->verbs.host) {
        debug_say(d, "%s", *d->verbs.reason ? d->verbs.reason : "no machine yet");
        return;
    }
    d->list_line = 0;
    d->next_code = machine_regs(host_machine(d->verbs.host))->pc;
    if (d->json) {
        show_event(d);
        show_json(d);
        show_shutdown(d);
        return;
    }
    if (show_shutdown(d))
        return;
    if (d->verbs.met)
        debug_say(d, "[%u] %s", d->verbs.met, d->verbs.reason);
    else if (!is_plain(d->verbs.reason) && !was_said(d))
        debug_say(d, "%s", d->verbs.reason);
    if (machine_state(host_machine(d->verbs.host)) != MACHINE_READY)
        return;
    if (d->verbs.has_event && d->verbs.event.kind != EVENT_insn && d->verbs.event.kind != EVENT_mem)
        debug_event(d, d->verbs.host, &d->verbs.event);
    add_place(d, &t);
    debug_say(d, "%s", line);
    debug_show_code(d, (struct space){SPACE_GVA, debug_context(d)}, d->next_code);
}

void debug_where(struct debug *d, const char *arguments)
{
    (void)arguments;
    if (debug_host(d))
        debug_show_stop(d);
}

/* ---- verbs -------------------------------------------------------------------------------- */

static uint64_t steps_so_far(const struct debug *d)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < world_host_count(d->verbs.world); i++)
        sum += machine_icount(host_machine(world_host(d->verbs.world, i)));
    return sum;
}

/* A slice of what `left` allows; false when something other than the verb has ended it. */
static bool slice(struct debug *d, uint64_t *left)
{
    uint64_t before = steps_so_far(d), after;

    if (*left == 0) {
        verbs_stop(&d->verbs, "the budget of steps is used up; --max allows more");
        d->ran_out = d->quit = true;
        return false;
    }
    verbs_slice(&d->verbs, *left < SLICE ? *left : SLICE);
    debug_listen(d);
    fflush(stdout);
    after = steps_so_far(d);
    uint64_t done = after > before ? after - before : 1; /* a scenario may go back in time */
    *left -= done < *left ? done : *left;
    if (!debug_interrupted())
        return true;
    d->in_line = true; /* the terminal has shown ^C */
    verbs_stop(&d->verbs, "stopped by you");
    return false;
}

/* The verb, so many times unless something else comes in between; then shows where it stands. */
static void run(struct debug *d, enum verb verb, uint64_t steps, uint64_t times)
{
    uint64_t left = d->budget ? d->budget : UINT64_MAX;
    bool goes_on = true;

    if (!d->verbs.host && d->verbs.over) {
        debug_host(d);
        return;
    }
    debug_interrupted();
    debug_listen(d);
    for (; goes_on && times > 0; times--) {
        verbs_begin(&d->verbs, verb, steps);
        while (goes_on && verbs_running(&d->verbs))
            goes_on = slice(d, &left);
        goes_on = goes_on && is_plain(d->verbs.reason);
    }
    debug_show_stop(d);
}

static bool read_count(struct debug *d, const char *arguments, uint64_t *out)
{
    *out = 1;
    if (!*arguments || (number_parse(arguments, out) && *out > 0))
        return true;
    debug_fail(d, "'%s' is no number of times%s", arguments,
               *arguments == '-' ? "; backwards are rnext, rstepline, rnextline" : "");
    return false;
}

void debug_step(struct debug *d, const char *arguments)
{
    uint64_t n;

    if (*arguments == '-')
        debug_back_step(d, arguments + 1);
    else if (read_count(d, arguments, &n))
        run(d, VERB_STEP, n, 1);
}

static void run_times(struct debug *d, enum verb verb, const char *arguments)
{
    uint64_t n;

    if (read_count(d, arguments, &n))
        run(d, verb, 0, n);
}

void debug_next(struct debug *d, const char *arguments)
{
    run_times(d, VERB_OVER, arguments);
}

void debug_step_line(struct debug *d, const char *arguments)
{
    run_times(d, VERB_LINE, arguments);
}

void debug_next_line(struct debug *d, const char *arguments)
{
    run_times(d, VERB_LINE_OVER, arguments);
}

void debug_finish(struct debug *d, const char *arguments)
{
    (void)arguments;
    run(d, VERB_OUT, 0, 1);
}

void debug_continue(struct debug *d, const char *arguments)
{
    (void)arguments;
    run(d, VERB_GO, 0, 1);
}

static void run_filtered(struct debug *d, enum verb verb, const char *arguments)
{
    if (debug_filter(d, arguments, &d->verbs.filter))
        run(d, verb, 0, 1);
}

void debug_trap(struct debug *d, const char *arguments)
{
    run_filtered(d, VERB_TRAP, arguments);
}

void debug_exit(struct debug *d, const char *arguments)
{
    run_filtered(d, VERB_EXIT, arguments);
}

/* ---- breakpoints -------------------------------------------------------------------------- */

static unsigned add(struct debug *d, const struct break_point *p)
{
    unsigned number = verbs_add_break(&d->verbs, p);

    if (!number)
        debug_fail(d, "there are %d breakpoints, and no room for more", BREAKS_MAX);
    return number;
}

/* "[1] at 80001040 main  os.elf" */
static void break_text(const struct debug *d, const struct break_point *p, struct text *t)
{
    const struct place *place = &p->place;
    uint8_t there;
    char name[64];

    text_add(t, "[%u] ", p->number);
    if (p->kind == BREAK_EVENT) {
        text_add(t, "when %s", p->text);
        return;
    }
    if (p->kind == BREAK_MEMORY)
        text_add(t, "%s of %s %08x to %08x",
                 !p->reads    ? "write"
                 : !p->writes ? "read"
                              : "read or write",
                 space_name(place->space.kind), place->address, place->address + p->size - 1);
    else
        text_add(t, "at %08x", place->address);
    if (strncmp(p->text, "0x", 2) != 0)
        text_add(t, "  %s", p->text);
    if (!view_read(d->verbs.host, place->space, place->address, &there, 1))
        text_add(t, "  where nothing is mapped now%s",
                 p->kind == BREAK_PLACE ? " (a source line is written FILE:LINE)" : "");
    if (*place->image)
        text_add(t, "  in %s", place->image);
    else if (has_monitor(d->verbs.host) && place->space.kind != SPACE_HPA)
        text_add(t, "  of %s",
                 view_context_name(d->verbs.host, place->space.context, name, sizeof name));
}

static void say_break(struct debug *d, unsigned number)
{
    const struct break_point *p = breaks_find(d->verbs.breaks, number);
    char line[512];
    struct text t = text_init(line, sizeof line);

    if (!p)
        return;
    break_text(d, p, &t);
    if (p->hits)
        text_add(&t, "  (met %llu time%s)", (unsigned long long)p->hits, p->hits == 1 ? "" : "s");
    debug_say(d, "%s%s", line, p->off ? "  (disabled)" : "");
}

typedef int parse_fn(struct break_point *out, const struct host *h, uint16_t context,
                     const char *text, struct error *err);

static void add_break(struct debug *d, parse_fn *parse, const char *arguments)
{
    struct break_point p;
    struct error err;
    unsigned number;

    if (!debug_host(d))
        return;
    if (parse(&p, d->verbs.host, debug_context(d), arguments, &err))
        debug_fail(d, "%s", err.text);
    else if ((number = add(d, &p)))
        say_break(d, number);
}

void debug_break(struct debug *d, const char *arguments)
{
    if (*arguments)
        add_break(d, break_parse, arguments);
    else
        add_break(d, break_parse, "$pc");
}

void debug_watch(struct debug *d, const char *arguments)
{
    add_break(d, break_parse_memory, arguments);
}

void debug_breaks(struct debug *d, const char *arguments)
{
    (void)arguments;
    if (!d->verbs.breaks->count)
        debug_say(d, "no breakpoints");
    for (unsigned i = 0; i < d->verbs.breaks->count; i++)
        say_break(d, d->verbs.breaks->list[i].number);
}

void debug_delete(struct debug *d, const char *arguments)
{
    uint64_t number;

    if (!*arguments) {
        while (d->verbs.breaks->count)
            verbs_remove_break(&d->verbs, d->verbs.breaks->list[0].number);
        debug_say(d, "no breakpoints");
    } else if (!number_parse(arguments, &number) || number > UINT32_MAX ||
               !verbs_remove_break(&d->verbs, (unsigned)number)) {
        debug_fail(d, "there is no breakpoint %s; 'info breaks' lists them", arguments);
    }
}

/* One of this number, or all. */
static void turn(struct debug *d, const char *arguments, bool off)
{
    struct breaks *b = d->verbs.breaks;
    struct break_point *p;
    uint64_t number;

    if (!*arguments) {
        for (unsigned i = 0; i < b->count; i++)
            b->list[i].off = off;
        debug_breaks(d, "");
    } else if (!number_parse(arguments, &number) || number > UINT32_MAX ||
               !(p = breaks_find(b, (unsigned)number))) {
        debug_fail(d, "there is no breakpoint %s; 'info breaks' lists them", arguments);
    } else {
        p->off = off;
        say_break(d, p->number);
    }
}

void debug_disable(struct debug *d, const char *arguments)
{
    turn(d, arguments, true);
}

void debug_enable(struct debug *d, const char *arguments)
{
    turn(d, arguments, false);
}

void debug_until(struct debug *d, const char *arguments)
{
    struct break_point p;
    struct error err;

    if (!debug_host(d))
        return;
    if (break_parse(&p, d->verbs.host, debug_context(d), arguments, &err)) {
        debug_fail(d, "%s", err.text);
        return;
    }
    p.once = p.unlisted = true;
    if (add(d, &p))
        run(d, VERB_GO, 0, 1);
}
