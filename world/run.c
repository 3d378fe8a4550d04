/*
 * How a host runs: what it listens to, and its goal; see world.h.
 *
 * Two subscribers sit on the machine's bus. The watcher is always there: it keeps the console
 * text and remembers what a VM held at its exit, and what was real while it ran. The goal's watcher has a mask only while an
 * event is waited for, so that a run to the end costs nothing.
 */
#include "base/text.h"
#include "isa/insn.h"
#include "isa/vmcb.h"
#include "trace/counters.h"
#include "trace/recorder.h"
#include "world/history.h"
#include "world/host.h"

#include <stdlib.h>
#include <string.h>

/* ---- the watcher ---- */

/* Whose output the next byte is. Pieces of text that is not kept go when there is no room. */
static void console_piece(struct host *h, uint16_t context)
{
    uint64_t first = h->console_total - h->console_length;
    size_t gone = 0;

    if (h->piece_count && h->pieces[h->piece_count - 1].context == context)
        return;
    if (h->piece_count && h->piece_count == h->piece_room) {
        while (gone + 1 < h->piece_count && h->pieces[gone + 1].from <= first)
            gone++;
        h->piece_count -= gone;
        memmove(h->pieces, h->pieces + gone, h->piece_count * sizeof h->pieces[0]);
    }
    if (h->piece_count == h->piece_room) {
        size_t room = h->piece_room ? 2 * h->piece_room : 16;
        struct console_piece *more = realloc(h->pieces, room * sizeof *more);
        if (!more)
            return; /* the text counts as that of the piece before */
        h->pieces = more;
        h->piece_room = room;
    }
    h->pieces[h->piece_count++] = (struct console_piece){h->console_total, context};
}

/* Keeps the last CONSOLE_KEEP bytes at least; the buffer grows to twice that and is then cut. */
static void console_add(struct host *h, char c)
{
    if (h->console_length + 1 >= h->console_room) {
        size_t room = h->console_room < 2 * CONSOLE_KEEP ? 2 * h->console_room : h->console_room;

        if (room == h->console_room) {
            size_t cut = h->console_length - CONSOLE_KEEP;
            memmove(h->console, h->console + cut, CONSOLE_KEEP);
            h->console_length = CONSOLE_KEEP;
        } else {
            char *more = realloc(h->console, room);
            if (!more)
                return; /* the text goes on missing; the run does not depend on it */
            h->console = more;
            h->console_room = room;
        }
    }
    h->console[h->console_length++] = c;
    h->console[h->console_length] = '\0';
    h->console_total++;
}

void host_truncate_console(struct host *h, uint64_t total)
{
    if (total >= h->console_total)
        return;
    uint64_t cut = h->console_total - total;

    h->console_length = cut < h->console_length ? h->console_length - (size_t)cut : 0;
    h->console[h->console_length] = '\0';
    h->console_total = total;
    while (h->piece_count && h->pieces[h->piece_count - 1].from >= total)
        h->piece_count--;
}

static void goal_reached(struct host *h, const struct event *e)
{
    h->goal_state = GOAL_REACHED;
    h->goal_event = *e;
    h->goal_has_event = true;
    machine_stop(h->machine);
}

/* Is it for this context's output that the goal waits? Of its filter, who is all that counts. */
static bool waited_for(const struct host *h, uint16_t context)
{
    const struct filter *f = &h->goal.filter;
    struct filter who = {.in_context = f->in_context, .context = f->context, .level = f->level};
    struct event said = {.kind = EVENT_console, .context = context};

    memcpy(who.vm, f->vm, sizeof who.vm);
    return filter_match(&who, machine_contexts(h->machine), &said);
}

/* Whether the output since the goal was set ends with its text: asked after each byte. What
 * others have said in between does not count. */
static bool text_arrived(const struct host *h)
{
    uint64_t first = h->console_total - h->console_length, to = h->console_total;
    size_t left = strlen(h->goal.text);

    if (first < h->goal_console_from)
        first = h->goal_console_from;
    for (size_t i = h->piece_count; i-- > 0 && left > 0 && to > first;) {
        uint64_t from = h->pieces[i].from > first ? h->pieces[i].from : first;
        const char *end = h->console + h->console_length - (h->console_total - to);
        size_t size = to > from ? (size_t)(to - from) : 0, n = size < left ? size : left;

        if (!waited_for(h, h->pieces[i].context)) {
            if (to == h->console_total)
                return false; /* the byte at hand is somebody else's */
        } else if (memcmp(end - n, h->goal.text + left - n, n) != 0) {
            return false;
        } else {
            left -= n;
        }
        to = from;
    }
    return left == 0;
}

static void on_console(struct host *h, const struct event *e)
{
    if (e->b) /* typed, not printed */
        return;
    console_piece(h, contexts_writer(machine_contexts(h->machine)));
    console_add(h, (char)e->a);
    if (h->goal_state == GOAL_PENDING && h->goal.kind == GOAL_TEXT && !h->silent && text_arrived(h))
        goal_reached(h, e);
}

static struct host_real *real_of(struct host *h, uint16_t context)
{
    const struct context *c = &machine_contexts(h->machine)->table[context];

    return c->level < CONTEXT_LEVELS ? &h->real[c->level] : NULL;
}

static void note_entry(struct host *h, const struct event *e)
{
    struct host_real *real = real_of(h, e->context);

    h->leaver.context = CONTEXT_NONE;
    if (!real)
        return;
    struct insn i = insn_decode(e->insn);
    *real = (struct host_real){.context = e->context,
                               .vmrun = i.id == INSN_vmrun ? i.rs1 : 0,
                               .regs = *machine_regs(h->machine)};
}

/* The registers that an exit of vmrun has stored in the VMCB at `address`. */
static bool read_vmcb(const struct host *h, hpa address, struct cpu_regs *regs)
{
    word words[(VMCB_eptbr - VMCB_pc) / 4 + 1];

    if (!machine_read(h->machine, address + VMCB_pc, words, sizeof words))
        return false;
#define TAKE(name) regs->name = words[(VMCB_##name - VMCB_pc) / 4];
    TAKE(pc)
    TAKE(ring)
    TAKE(status)
    TAKE(tvec)
    TAKE(tscratch)
    TAKE(epc)
    TAKE(cause)
    TAKE(tval)
    TAKE(ie)
    TAKE(ip)
    TAKE(ptbr)
    TAKE(tptbr)
    TAKE(timecmp)
    TAKE(timecmph)
    TAKE(cntren)
    TAKE(eptbr)
#undef TAKE
    return true;
}

static void note_exit(struct host *h, const struct event *e)
{
    const struct cpu_regs *regs = machine_regs(h->machine);
    struct host_real *real = real_of(h, e->context);

    h->leaver.context = e->context;
    h->leaver.pc = e->pc;
    memcpy(h->leaver.x, regs->x, sizeof h->leaver.x);
    if (!real)
        return;
    if (real->context != e->context) {
        real->context = CONTEXT_NONE;
    } else if (!real->vmrun) {
        real->regs.pc = e->pc;
        real->regs.ip = regs->ip;
    } else {
        hpa vmcb = regs->x[real->vmrun]; /* the guest's own value is in there */
        machine_read(h->machine, vmcb + VMCB_rs1, &h->leaver.x[real->vmrun], sizeof(word));
        if (!read_vmcb(h, vmcb, &real->regs))
            real->context = CONTEXT_NONE;
    }
}

void host_forget_contexts(struct host *h)
{
    h->leaver.context = CONTEXT_NONE;
    for (unsigned i = 0; i < COUNT_OF(h->real); i++)
        h->real[i].context = CONTEXT_NONE;
}

static void watch(void *user, const struct event *e)
{
    struct host *h = user;

    switch (e->kind) {
    case EVENT_console:
        on_console(h, e);
        break;
    case EVENT_exit:
        note_exit(h, e);
        break;
    case EVENT_entry:
        note_entry(h, e);
        break;
    case EVENT_hint:
        h->leaver.context = CONTEXT_NONE;
        break;
    default:
        break;
    }
}

static void watch_goal(void *user, const struct event *e)
{
    struct host *h = user;

    if (h->goal_state == GOAL_PENDING && e->icount >= h->goal_from &&
        filter_match(&h->goal.filter, machine_contexts(h->machine), e))
        goal_reached(h, e);
}

#define RECORDER_CAPACITY (1u << 16) /* a few MiB */

void host_record(struct host *h, bool on)
{
    if (on) {
        recorder_attach(&h->recorder, machine_trace(h->machine), COUNTERS_MASK);
        counters_attach(h->counters, machine_trace(h->machine));
    } else {
        recorder_detach(&h->recorder);
        counters_detach(h->counters);
    }
}

struct counters *host_counters(struct host *h)
{
    return h->counters;
}

struct recorder *host_recorder(struct host *h)
{
    return &h->recorder;
}

int host_attach(struct host *h, struct error *err)
{
    h->console_room = 4096;
    h->console = calloc(1, h->console_room);
    if (!h->console)
        return error_set(err, ERROR_memory, "out of memory");
    int code = recorder_init(&h->recorder, RECORDER_CAPACITY, err);
    if (code == 0)
        code = counters_new(&h->counters, err);
    if (code)
        return code;
    host_forget_contexts(h);
    h->watcher = (struct trace_subscriber){
        .mask = EVENT_BIT(EVENT_console) | EVENT_BIT(EVENT_exit) | EVENT_BIT(EVENT_entry) |
                EVENT_BIT(EVENT_hint),
        .fn = watch,
        .user = h,
    };
    trace_attach(machine_trace(h->machine), &h->watcher);
    h->goal_watcher = (struct trace_subscriber){.fn = watch_goal, .user = h};
    trace_attach(machine_trace(h->machine), &h->goal_watcher);
    host_record(h, true);
    return 0;
}

void host_detach(struct host *h)
{
    if (!h->machine)
        return;
    trace_detach(machine_trace(h->machine), &h->watcher);
    trace_detach(machine_trace(h->machine), &h->goal_watcher);
    recorder_fini(&h->recorder);
    counters_free(h->counters);
}

/* ---- goals ---- */

void host_set_goal(struct host *h, const struct goal *goal)
{
    uint64_t now = machine_icount(h->machine);

    h->goal_has_event = false;
    h->goal_state = goal ? GOAL_PENDING : GOAL_NONE;
    h->goal = goal ? *goal : (struct goal){0};
    h->goal_end = h->goal.budget < UINT64_MAX - now ? now + h->goal.budget : UINT64_MAX;
    h->goal_from = now;
    h->goal_console_from = h->console_total;
    trace_set_mask(machine_trace(h->machine), &h->goal_watcher,
                   goal && goal->kind == GOAL_EVENT ? filter_kinds(&goal->filter) : 0);
    if (goal && goal->kind == GOAL_STEPS && goal->budget == 0)
        h->goal_state = GOAL_REACHED;
}

void host_goal_from(struct host *h, uint64_t icount, uint64_t console_total)
{
    if (h->goal_from > icount)
        h->goal_from = icount;
    if (h->goal_console_from > console_total)
        h->goal_console_from = console_total;
}

enum goal_state host_goal(const struct host *h)
{
    return h->goal_state;
}

const struct goal *host_goal_set(const struct host *h)
{
    return &h->goal;
}

const struct event *host_goal_event(const struct host *h)
{
    return h->goal_has_event ? &h->goal_event : NULL;
}

uint64_t host_goal_left(const struct host *h)
{
    uint64_t now = machine_icount(h->machine);

    return h->goal_state == GOAL_PENDING && h->goal_end > now ? h->goal_end - now : 0;
}

/* A pending goal comes to its end in `state`. */
static void end_goal(struct host *h, enum goal_state state)
{
    if (h->goal_state == GOAL_PENDING)
        h->goal_state = state;
    if (h->goal_state != GOAL_PENDING)
        trace_set_mask(machine_trace(h->machine), &h->goal_watcher, 0);
}

/* ---- running ---- */

void host_stop(struct host *h)
{
    h->stop = true;
    if (h->running)
        machine_stop(h->machine);
}

void host_stop_goal(struct host *h)
{
    end_goal(h, GOAL_STOPPED);
    if (h->running)
        host_stop(h);
}

static enum machine_stop run(struct host *h, uint64_t steps)
{
    h->running = true;
    enum machine_stop why = machine_run(h->machine, history_limit(h, steps));
    h->running = false;
    host_apply_edits(h);
    history_arrived(h);
    return why;
}

static bool goal_pending(const struct host *h)
{
    return h->goal_state == GOAL_PENDING;
}

/* What the end of a run means when the machine itself cannot go on; ADVANCE_SLICE: it can. */
static enum advance machine_ended(struct host *h, enum machine_stop why)
{
    enum goal_state ended = h->goal.kind == GOAL_END ? GOAL_REACHED : GOAL_ENDED;

    switch (why) {
    case STOP_HALTED:
        end_goal(h, ended);
        return ADVANCE_HALTED;
    case STOP_SHUTDOWN:
        end_goal(h, ended);
        return ADVANCE_SHUTDOWN;
    case STOP_INPUT:
        end_goal(h, GOAL_INPUT);
        return ADVANCE_INPUT;
    case STOP_BUDGET:
    case STOP_REQUESTED:
        break;
    }
    return ADVANCE_SLICE;
}

enum advance host_advance(struct host *h, uint64_t steps)
{
    uint64_t now = machine_icount(h->machine);
    uint64_t end = steps < UINT64_MAX - now ? now + steps : UINT64_MAX;
    bool had_goal = goal_pending(h);

    while (!h->stop) {
        uint64_t limit = goal_pending(h) && h->goal_end < end ? h->goal_end : end;
        enum advance ended = machine_ended(h, run(h, limit - now));

        if (ended != ADVANCE_SLICE)
            return ended;
        now = machine_icount(h->machine);
        if (goal_pending(h) && now >= h->goal_end)
            end_goal(h, h->goal.kind == GOAL_STEPS ? GOAL_REACHED : GOAL_BUDGET);
        if (had_goal && !goal_pending(h)) {
            end_goal(h, h->goal_state);
            return h->stop ? (h->stop = false, ADVANCE_STOPPED) : ADVANCE_GOAL;
        }
        if (now >= end)
            break;
    }
    if (!h->stop)
        return ADVANCE_SLICE;
    h->stop = false;
    return ADVANCE_STOPPED;
}

bool world_advance(struct world *w, uint64_t steps)
{
    bool pending = false;

    for (unsigned i = 0; i < world_host_count(w); i++) {
        struct host *h = world_host(w, i);

        if (!goal_pending(h))
            continue;
        host_advance(h, steps);
        pending |= goal_pending(h);
    }
    return pending;
}

/* ---- looking ---- */

const char *host_console(const struct host *h, size_t *length)
{
    if (length)
        *length = h->console_length;
    return h->console;
}

uint64_t host_console_total(const struct host *h)
{
    return h->console_total;
}

const char *host_console_of(const struct host *h, uint16_t context, uint64_t *at, size_t *length)
{
    uint64_t first = h->console_total - h->console_length;

    for (size_t i = 0; i < h->piece_count; i++) {
        uint64_t from = h->pieces[i].from < first ? first : h->pieces[i].from;
        uint64_t to = i + 1 < h->piece_count ? h->pieces[i + 1].from : h->console_total;

        if (from < *at || to <= from ||
            !contexts_is_inside(machine_contexts(h->machine), h->pieces[i].context, context))
            continue;
        *at = to;
        *length = (size_t)(to - from);
        return h->console + (from - first);
    }
    return NULL;
}

const char *host_end_text(const struct host *h, char *buffer, size_t size)
{
    struct text t = text_init(buffer, size);

    switch (machine_state(h->machine)) {
    case MACHINE_READY:
        break;
    case MACHINE_HALTED:
        text_add(&t, "powered off with status %u", (unsigned)machine_status(h->machine));
        break;
    case MACHINE_SHUTDOWN:
        text_add(&t, "shut down: %s", machine_shutdown_text(machine_shutdown(h->machine)));
        break;
    }
    return buffer;
}
