/* The verbs backwards; see backwards.h. */
#include "world/backwards.h"

#include "isa/csr.h"
#include "world/flow.h"
#include "world/lines_back.h"
#include "world/timeline.h"
#include "world/view.h"

#include <stdlib.h>

#define STEP_KINDS (EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_mem) | EVENT_BIT(EVENT_walk))

/* Why it stands: a reason, or what went wrong. */
static void stand(struct verbs *v, int code, const char *reason, const struct error *err)
{
    verbs_stop(v, code ? err->text : reason);
}

/* It has come to its own end. */
static void arrive(struct verbs *v, int code, const char *reason, const struct error *err)
{
    v->done = code == 0;
    stand(v, code, reason, err);
}

/* From `from`, so far back as the recording allows; false when that ends it. */
static bool to_place(struct verbs *v, uint64_t from, uint64_t steps, const char *reason)
{
    uint64_t recorded = from - timeline_first(v->host);
    bool enough = steps < recorded;
    struct error err;

    if (!enough) {
        steps = recorded;
        reason = "here the recording begins";
    }
    stand(v, timeline_seek(v->host, from - steps, &err), reason, &err);
    return enough;
}

static uint64_t now(const struct verbs *v)
{
    return machine_icount(host_machine(v->host));
}

/* Bounds a search that is slow. */
static bool search(struct verbs *v, struct filter *f, bool *found, struct error *err)
{
    if (filter_kinds(f) & STEP_KINDS)
        f->max = BACKWARDS_MOST;
    v->has_event = false;
    if (timeline_back_to(v->host, f, found, &v->event, err))
        return false;
    v->has_event = *found;
    return true;
}

/* ---- traps and exits -------------------------------------------------------------------- */

static void back_to_event(struct verbs *v, enum event_kind kind)
{
    struct filter f = v->filter;
    char reason[128];
    struct text t = text_init(reason, sizeof reason);
    const char *name = event_info(kind)->name;
    struct error err;
    bool found;

    f.kinds = EVENT_BIT(kind);
    bool done = search(v, &f, &found, &err);
    v->done = done && found;
    if (v->done) {
        const struct cause_info *cause = cause_info(v->event.cause);
        text_add(&t, "%s %s", name, cause ? cause->name : "unknown cause");
    } else {
        text_add(&t, "there was no such %s before", name);
    }
    stand(v, !done, reason, &err);
}

/* ---- breakpoints ------------------------------------------------------------------------ */

static bool meets_break(void *user, const struct event *e)
{
    struct verbs *v = user;

    return breaks_match(v->breaks, v->host, e) != NULL;
}

static void back_to_break(struct verbs *v)
{
    struct filter f = {.kinds = breaks_mask(v->breaks), .when = meets_break, .user = v};
    uint64_t from = now(v);
    struct error err;
    bool found;

    if (f.kinds == 0) {
        to_place(v, from, UINT64_MAX, "");
    } else if (!search(v, &f, &found, &err)) {
        verbs_stop(v, err.text);
    } else if (!found) {
        to_place(v, from, f.max ? f.max : UINT64_MAX,
                 "no breakpoint was met so far back; once more goes on");
    } else {
        const struct break_point *p = breaks_match(v->breaks, v->host, &v->event);
        v->met = p ? p->number : 0;
        verbs_stop(v, "breakpoint, backwards");
    }
}

/* ---- over ------------------------------------------------------------------------------- */

/* Where it stood before, and the instruction that led there. */
struct over {
    struct verbs *v;
    uint16_t context;
    uint8_t ring;
    word pc, sp;
    bool returned; /* by a return in the same code: only what it returned from can be meant */
    bool called;   /* and that was a call */
};

/* Whether it is in the same code; behind a return, the call or trap that it belongs to. */
static bool is_before(void *user, const struct event *e)
{
    const struct over *o = user;
    struct insn i = insn_decode(e->insn);

    if (e->context != o->context || e->ring_from != o->ring)
        return false;
    if (!o->returned)
        return true;
    if (machine_regs(host_machine(o->v->host))->x[FLOW_SP] != o->sp)
        return false;
    return o->called ? e->pc == o->pc - 4 && flow_is_call(&i)
                     : (e->pc == o->pc || e->pc == o->pc - 4) && i.id != INSN_tret;
}

/* The instruction that ran last; false when the last step was an interrupt, or failed. */
static bool last_insn(struct verbs *v, struct event *e)
{
    struct filter f = {.kinds = EVENT_BIT(EVENT_insn), .max = 1};
    struct error err;
    bool found;

    return timeline_back_to(v->host, &f, &found, e, &err) == 0 && found;
}

static void back_over(struct verbs *v)
{
    const struct cpu_regs *regs = machine_regs(host_machine(v->host));
    struct over o = {
        v, view_current(v->host), (uint8_t)regs->ring, regs->pc, regs->x[FLOW_SP], false, false};
    struct filter f = {.kinds = EVENT_BIT(EVENT_insn), .when = is_before, .user = &o};
    uint64_t from = now(v);
    struct event last;
    struct error err;
    bool found;

    if (!last_insn(v, &last)) {
        v->done = to_place(v, from, 1, "over, backwards");
        return;
    }
    struct insn i = insn_decode(last.insn);
    bool same = last.context == o.context && last.ring_from == o.ring;
    o.called = flow_is_return(&i);
    o.returned = same && (o.called || i.id == INSN_tret);
    if (same && !o.returned) {
        v->done = true;
        verbs_stop(v, "over, backwards");
    } else if (!search(v, &f, &found, &err)) {
        verbs_stop(v, err.text);
    } else if (!found) {
        stand(v, timeline_seek(v->host, from, &err), "where this came from is too far back", &err);
    } else {
        v->done = true;
        verbs_stop(v, "over, backwards");
    }
}

/* ---- out -------------------------------------------------------------------------------- */

#define OUT_DEPTH 1024

/*
 * The innermost call that has not returned. The past is looked at in pieces, the latest first, and
 * each from its beginning to its end: in a piece, calls are put on a stack and returns take them
 * off. Returns that find none belong to calls of earlier pieces.
 */
struct out {
    const struct host *host;
    uint16_t context;
    uint8_t ring;
    uint64_t last;    /* icount of the event before; an earlier one begins an earlier piece */
    uint64_t trapped; /* icount of a trap that may be handled in this ring, plus 1; 0: none */
    uint64_t calls[OUT_DEPTH];
    unsigned depth;
    unsigned unmatched; /* returns of this piece */
    unsigned wanted;    /* returns of all later pieces */
    uint64_t answer;    /* icount of the call, plus 1; 0: not found yet */
};

static void push(struct out *o, uint64_t icount)
{
    if (o->depth < OUT_DEPTH)
        o->calls[o->depth] = icount;
    o->depth++;
}

static void end_piece(struct out *o)
{
    unsigned place = o->depth - o->wanted - 1;

    if (o->depth <= o->wanted)
        o->wanted += o->unmatched - o->depth;
    else if (place < OUT_DEPTH)
        o->answer = o->calls[place] + 1;
    o->depth = o->unmatched = 0;
    o->trapped = 0;
}

/* As in until.c: in a VM's kernel a trap is like a call once its monitor reflects it. */
static void count_trap(struct out *o, const struct event *e)
{
    if (e->kind == EVENT_hint) {
        if (o->trapped && e->a == HINT_reflect)
            push(o, o->trapped - 1);
        o->trapped = e->a == HINT_reflect ? 0 : o->trapped;
    } else if (o->context == machine_contexts(host_machine(o->host))->base) {
        if (o->ring == 0)
            push(o, e->icount);
    } else if (e->context == o->context) {
        o->trapped = o->ring == 1 ? e->icount + 1 : 0;
    }
}

static void count_flow(struct out *o, const struct event *e)
{
    struct insn i = insn_decode(e->insn);

    if (e->context != o->context || e->ring_from != o->ring)
        return;
    o->trapped = 0;
    if (flow_is_call(&i))
        push(o, e->icount);
    else if (!flow_is_return(&i) && i.id != INSN_tret)
        return;
    else if (o->depth > 0)
        o->depth--;
    else
        o->unmatched++;
}

/* True ends the search: the answer is known. */
static bool count_calls(void *user, const struct event *e)
{
    struct out *o = user;

    if (e->icount < o->last)
        end_piece(o);
    o->last = e->icount;
    if (o->answer)
        return true;
    if (e->kind == EVENT_insn)
        count_flow(o, e);
    else
        count_trap(o, e);
    return false;
}

static void back_out(struct verbs *v)
{
    struct out o = {.host = v->host,
                    .context = view_current(v->host),
                    .ring = (uint8_t)machine_regs(host_machine(v->host))->ring};
    struct filter f = {.kinds =
                           EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_hint),
                       .when = count_calls,
                       .user = &o};
    uint64_t from = now(v);
    struct error err;
    bool found;

    if (!search(v, &f, &found, &err)) {
        verbs_stop(v, err.text);
        return;
    }
    v->has_event = false;
    if (!o.answer)
        end_piece(&o);
    if (o.answer)
        arrive(v, timeline_seek(v->host, o.answer - 1, &err), "out, backwards", &err);
    else
        stand(v, timeline_seek(v->host, from, &err),
              from - timeline_first(v->host) > BACKWARDS_MOST
                  ? "where this was called is too far back"
                  : "where this was called is not recorded",
              &err);
}

/* ---- lines ------------------------------------------------------------------------------ */

static void back_line(struct verbs *v, bool over)
{
    struct lines_back *l = malloc(sizeof *l);
    uint64_t from = now(v), there = from;
    struct error err;
    bool found;

    if (!l) {
        verbs_stop(v, "out of memory");
        return;
    }
    lines_back_begin(l, v->host, over);
    struct filter f = lines_back_filter(l);
    bool searched = search(v, &f, &found, &err);
    v->has_event = false;
    bool known = searched && lines_back_end(l, &there);
    free(l);
    if (!searched)
        verbs_stop(v, err.text);
    else if (known)
        arrive(v, timeline_seek(v->host, there, &err), "line, backwards", &err);
    else
        stand(v, timeline_seek(v->host, from, &err),
              from - timeline_first(v->host) > BACKWARDS_MOST ? "the line before is too far back"
                                                              : "no line before is recorded",
              &err);
}

/* ----------------------------------------------------------------------------------------- */

static void begin(struct verbs *v)
{
    v->commands++;
    v->hit = v->has_event = v->done = false;
    v->met = 0;
}

int verbs_seek(struct verbs *v, uint64_t icount, struct error *err)
{
    int code = timeline_seek(v->host, icount, err);

    if (code)
        return code;
    begin(v);
    verbs_stop(v, "seek");
    return 0;
}

void verbs_back(struct verbs *v, enum verb verb, uint64_t steps)
{
    begin(v);
    if (!v->host || !timeline_on(v->host)) {
        verbs_stop(v, "the history of this machine is not recorded");
        return;
    }
    if (now(v) == timeline_first(v->host)) {
        verbs_stop(v, "here the recording begins");
        return;
    }
    switch (verb) {
    case VERB_STEP:
        v->done = to_place(v, now(v), steps, "step back");
        break;
    case VERB_OVER:
        back_over(v);
        break;
    case VERB_OUT:
        back_out(v);
        break;
    case VERB_LINE:
    case VERB_LINE_OVER:
        back_line(v, verb == VERB_LINE_OVER);
        break;
    case VERB_TRAP:
        back_to_event(v, EVENT_trap);
        break;
    case VERB_EXIT:
        back_to_event(v, EVENT_exit);
        break;
    case VERB_GO:
        back_to_break(v);
        break;
    default:
        verbs_stop(v, "there is no such verb backwards");
    }
}
