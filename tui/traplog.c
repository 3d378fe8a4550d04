/* Traps as a tree; see traplog.h. */
#include "tui/traplog.h"

#include <stdlib.h>

#include "isa/csr.h"
#include "isa/vmcb.h"
#include "machine/machine.h"
#include "trace/recorder.h"
#include "world/timeline.h"

static struct trap_node *node(struct traplog *t, uint64_t serial)
{
    return &t->ring[serial % TRAPLOG_KEEP];
}

static uint64_t first_kept(const struct traplog *t)
{
    return t->total > TRAPLOG_KEEP ? t->total - TRAPLOG_KEEP : 0;
}

static uint16_t level_of(const struct traplog *t, uint16_t context)
{
    const struct contexts *c = machine_contexts(host_machine(t->host));

    return context < c->count ? c->table[context].level : 0;
}

static struct trap_node *add(struct traplog *t, const struct event *e)
{
    struct trap_node *n = node(t, t->total);

    *n = (struct trap_node){
        .e = *e, .level = level_of(t, e->context), .depth = (uint16_t)t->open_count};
    t->total++;
    return n;
}

static void open_trap(struct traplog *t, const struct event *e)
{
    struct trap_node *n = add(t, e);

    /* Deeper than anybody nests: a guest that traps in its handler, again and again. */
    if (t->open_count == TRAPLOG_DEPTH) {
        for (unsigned i = 1; i < TRAPLOG_DEPTH; i++)
            t->open[i - 1] = t->open[i];
        t->open_count--;
    }
    n->open = true;
    t->open[t->open_count].serial = t->total - 1;
    t->open[t->open_count].out = false;
    t->open[t->open_count++].level = n->level;
}

/* The trap before it in the same step went out; an exit of vmrun is nobody's trap. */
static void on_exit_event(struct traplog *t, const struct event *e)
{
    if ((e->cause & (CAUSE_EXIT | CAUSE_INTERRUPT)) == CAUSE_EXIT || t->open_count == 0)
        open_trap(t, e);
    t->open[t->open_count - 1].out = true;
    t->last_out = e->context;
}

static void close_trap(struct traplog *t, const struct event *e)
{
    uint64_t serial = t->open[--t->open_count].serial;
    struct trap_node *n = node(t, serial);

    if (serial < first_kept(t))
        return; /* overwritten meanwhile */
    n->open = false;
    n->cost = e->cycle - n->e.cycle;
}

/* Is the innermost open trap one to its own ring 0 (or, with `out`, to its monitor) from there? */
static bool is_open(const struct traplog *t, bool out, int level)
{
    return t->open_count && t->open[t->open_count - 1].out == out &&
           t->open[t->open_count - 1].level == level;
}

/* Who is entered has been answered, and so has everybody further out. */
static void on_entry(struct traplog *t, const struct event *e)
{
    int level = level_of(t, e->context);

    while (is_open(t, true, level) || (t->open_count && t->open[t->open_count - 1].level < level))
        close_trap(t, e);
}

/* In its own ring 0: the innermost handler returns; outwards: all have. */
static void on_ret(struct traplog *t, const struct event *e)
{
    int level = level_of(t, e->context);

    do {
        if (is_open(t, false, level))
            close_trap(t, e);
    } while (e->ring_to > 0 && is_open(t, false, level));
}

static void on_hint(struct traplog *t, const struct event *e)
{
    struct trap_node *n;

    if (t->open_count == 0 || t->open[t->open_count - 1].serial < first_kept(t))
        return;
    n = node(t, t->open[t->open_count - 1].serial);
    if (e->a == HINT_routine) {
        n->routine = e->b;
        n->whose = e->context;
    } else if (e->a == HINT_reflect) {
        n->reflected = true;
    }
}

static void take(struct traplog *t, const struct event *e)
{
    switch (e->kind) {
    case EVENT_trap:
        open_trap(t, e);
        break;
    case EVENT_exit:
        on_exit_event(t, e);
        break;
    case EVENT_ret:
        on_ret(t, e);
        break;
    case EVENT_entry:
        on_entry(t, e);
        break;
    case EVENT_hint:
        on_hint(t, e);
        break;
    default:
        add(t, e);
        break;
    }
}

#define TRAPLOG_MASK                                                                               \
    (EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_exit) | EVENT_BIT(EVENT_ret) |                        \
     EVENT_BIT(EVENT_entry) | EVENT_BIT(EVENT_hint) | EVENT_BIT(EVENT_hole) |                      \
     EVENT_BIT(EVENT_refused) | EVENT_BIT(EVENT_halt) | EVENT_BIT(EVENT_shutdown))

/* The host went elsewhere in time: what has happened there is in its recorder. */
static bool went_elsewhere(struct traplog *t)
{
    const struct recorder *r = host_recorder(t->host);
    uint64_t moves = timeline_moves(t->host);

    if (t->moves == moves)
        return false;
    t->moves = moves;
    t->total = 0;
    t->open_count = 0;
    t->last_out = 0;
    traplog_refilter(t);
    for (uint64_t n = recorder_first(r); n < recorder_total(r); n++)
        if (EVENT_BIT(recorder_at(r, n)->kind) & TRAPLOG_MASK)
            take(t, recorder_at(r, n));
    return true;
}

/* The recorder has it already. */
static void on_event(void *user, const struct event *e)
{
    struct traplog *t = user;

    if (!went_elsewhere(t))
        take(t, e);
}

int traplog_new(struct traplog **out, struct host *h, struct error *err)
{
    struct traplog *t = *out = calloc(1, sizeof *t);

    if (!t)
        return error_set(err, ERROR_memory, "out of memory for the log of traps");
    t->host = h;
    t->moves = timeline_moves(h);
    t->subscriber = (struct trace_subscriber){
        .mask = TRAPLOG_MASK,
        .fn = on_event,
        .user = t,
    };
    trace_attach(machine_trace(host_machine(h)), &t->subscriber);
    traplog_refilter(t);
    return 0;
}

void traplog_free(struct traplog *t)
{
    if (t)
        trace_detach(machine_trace(host_machine(t->host)), &t->subscriber);
    free(t);
}

void traplog_refilter(struct traplog *t)
{
    t->passing_total = UINT64_MAX;
}

unsigned traplog_count(struct traplog *t, const struct filter *f)
{
    const struct contexts *contexts = machine_contexts(host_machine(t->host));

    went_elsewhere(t);
    if (t->passing_total == t->total)
        return t->passing_count;
    t->passing_total = t->total;
    t->passing_count = 0;
    for (uint64_t i = first_kept(t); i < t->total; i++)
        if (filter_match(f, contexts, &node(t, i)->e))
            t->passing[t->passing_count++] = i;
    return t->passing_count;
}

const struct trap_node *traplog_at(const struct traplog *t, unsigned place)
{
    return place < t->passing_count ? &t->ring[t->passing[place] % TRAPLOG_KEEP] : NULL;
}
