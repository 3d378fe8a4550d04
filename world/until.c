/* When a verb is done; see until.h. */
#include "world/until.h"

#include "isa/csr.h"
#include "machine/machine.h"
#include "world/flow.h"

#include <string.h>

#define USER_RING 3 /* where several programs run at the same addresses */

/* The page table that the context believes to have loaded: which program it is. */
static word table_of(const struct host *h, uint16_t context)
{
    word ptbr = 0;

    view_guest(h, context, CSR_ptbr, &ptbr);
    return ptbr;
}

uint32_t until_mask(const struct until *u)
{
    switch (u->verb) {
    case VERB_OVER:
        return EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_trap);
    case VERB_OUT:
    case VERB_LINE:
    case VERB_LINE_OVER:
        return EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_hint);
    case VERB_TRAP:
        return EVENT_BIT(EVENT_trap);
    case VERB_EXIT:
        return EVENT_BIT(EVENT_exit);
    default:
        return 0;
    }
}

/* ---- over --------------------------------------------------------------------------------- */

/* In the step over which to go; or an interrupt, or a fetch that failed, in place of the one behind. */
static void note_trap(struct until *u, const struct event *e)
{
    if (e->icount == u->from + 1 && !u->deep) {
        u->context = e->context;
        u->ring = e->ring_from;
        u->pc = e->pc;
    }
    u->deep = u->deep || e->icount <= u->from + 1;
}

static bool is_over(struct until *u, const struct event *e)
{
    if (e->kind == EVENT_trap) {
        note_trap(u, e);
        return false;
    }
    return !u->deep || (e->context == u->context && e->ring_from == u->ring &&
                        (e->pc == u->pc || e->pc == u->pc + 4) &&
                        machine_regs(host_machine(u->host))->x[FLOW_SP] >= u->sp);
}

/* ---- out ---------------------------------------------------------------------------------- */

/* A trap whose handler runs in the ring where it began is like a call, wherever it comes from: the
 * tret that ends it, or that has led there, like a return. On the machine itself, and in
 * non-root mode, it is so at once; in any other VM when its monitor reflects it. A VM's ring 0 is
 * real ring 1 there. */
static void count_trap(struct until *u, const struct event *e)
{
    uint16_t base = machine_contexts(host_machine(u->host))->base;

    if (e->kind == EVENT_hint) {
        u->depth += u->trapped && e->a == HINT_reflect;
        u->trapped = u->trapped && e->a != HINT_reflect;
    } else if (u->context == base) {
        u->depth += u->ring == 0;
    } else if (e->context == u->context) {
        u->trapped = u->ring == 1;
    }
}

/* Calls and returns of the code where it began. */
static void count_calls(struct until *u, const struct insn *i)
{
    if (flow_is_call(i))
        u->depth++;
    else if ((flow_is_return(i) || i->id == INSN_tret) && u->depth-- == 0)
        u->leaving = true;
}

/* What it returns to may be another context, a VM, but not a monitor that carries out the return. */
static bool has_left(const struct until *u, const struct event *e)
{
    return u->leaving &&
           view_context(u->host, e->context)->level >= view_context(u->host, u->context)->level;
}

static bool is_out(struct until *u, const struct event *e)
{
    struct insn i = insn_decode(e->insn);

    if (e->kind != EVENT_insn) {
        count_trap(u, e);
        return false;
    }
    if (u->leaving)
        return has_left(u, e);
    if (e->context != u->context || e->ring_from != u->ring)
        return false;
    u->trapped = false;
    count_calls(u, &i);
    return false;
}

/* ---- lines -------------------------------------------------------------------------------- */

static bool is_new_line(const struct until *u, const struct event *e)
{
    const struct line_row *row = view_line(u->host, e->context, e->pc);

    if (!row || !row->line)
        return false;
    return row->line != u->row->line || strcmp(row->file, u->row->file) != 0 || e->pc == u->pc;
}

/* Calls that are gone into do not count, nor do the returns from them. */
static void count_flow(struct until *u, const struct insn *i)
{
    bool calls = u->verb == VERB_LINE_OVER;

    if (calls && flow_is_call(i))
        u->depth++;
    else if (u->depth > 0)
        u->depth -= i->id == INSN_tret || (calls && flow_is_return(i));
    else if (i->id == INSN_tret)
        u->any_ring = true;
}

static bool is_line(struct until *u, const struct event *e)
{
    struct insn i = insn_decode(e->insn);

    if (e->kind != EVENT_insn) {
        count_trap(u, e);
        return false;
    }
    if (e->context != u->context || (e->ring_from != u->ring && !u->any_ring))
        return false;
    if (u->ring == USER_RING && !u->any_ring && table_of(u->host, e->context) != u->ptbr)
        return false;
    u->trapped = false;
    if (u->depth == 0 && is_new_line(u, e))
        return true;
    count_flow(u, &i);
    return false;
}

/* ------------------------------------------------------------------------------------------- */

/* Counting begins, with the instruction where it stood, or where the machine is now in time. */
static void restart(struct until *u, bool first)
{
    u->depth = 0;
    u->trapped = u->leaving = u->any_ring = false;
    u->deep = !first || (flow_is_call(&u->first) && u->verb != VERB_LINE);
    if (first && u->verb == VERB_OUT)
        count_calls(u, &u->first);
    else if (first && (u->verb == VERB_LINE || u->verb == VERB_LINE_OVER))
        count_flow(u, &u->first);
}

void until_begin(struct until *u, const struct host *h, enum verb verb, const struct filter *filter)
{
    const struct cpu_regs *regs = machine_regs(host_machine(h));
    word bits = 0;

    *u = (struct until){.verb = verb, .host = h, .from = machine_icount(host_machine(h))};
    if (filter)
        u->filter = *filter;
    u->context = view_current(h);
    u->ring = (uint8_t)regs->ring;
    u->pc = regs->pc;
    u->sp = regs->x[FLOW_SP];
    u->last = u->from;
    view_read(h, (struct space){SPACE_GVA, u->context}, u->pc, &bits, sizeof bits);
    u->first = insn_decode(bits);
    if (verb == VERB_LINE || verb == VERB_LINE_OVER) {
        u->row = view_line(h, u->context, u->pc);
        u->ptbr = table_of(h, u->context);
    }
    restart(u, true);
}

/* An interrupt came first: the instruction where it stood has yet to run. */
static bool is_early(const struct until *u, const struct event *e)
{
    return e->kind == EVENT_trap && e->icount == u->from && (e->cause & CAUSE_INTERRUPT);
}

bool until_met(struct until *u, const struct host *h, const struct event *e)
{
    if (u->verb == VERB_TRAP || u->verb == VERB_EXIT)
        return e->kind == (u->verb == VERB_EXIT ? EVENT_exit : EVENT_trap) &&
               filter_match(&u->filter, machine_contexts(host_machine(h)), e);
    if (h != u->host || !(until_mask(u) & EVENT_BIT(e->kind)) || e->icount < u->from ||
        until_stands_at(u, h, e))
        return false;
    if (e->icount < u->last || is_early(u, e))
        restart(u, false);
    u->last = e->icount;
    switch (u->verb) {
    case VERB_OVER:
        return is_over(u, e);
    case VERB_OUT:
        return is_out(u, e);
    case VERB_LINE:
        return u->row ? is_line(u, e) : e->kind == EVENT_insn;
    default:
        return u->row ? is_line(u, e) : is_over(u, e);
    }
}

void until_say(const struct until *u, const struct event *e, struct text *out)
{
    const struct cause_info *cause = cause_info(e->cause);

    switch (u->verb) {
    case VERB_TRAP:
    case VERB_EXIT:
        text_add(out, "%s %s", u->verb == VERB_EXIT ? "exit" : "trap",
                 cause ? cause->name : "unknown cause");
        break;
    case VERB_OVER:
        text_add(out, "over");
        break;
    case VERB_OUT:
        text_add(out, "out");
        break;
    default:
        text_add(out, u->row ? "line" : "no source line is known here: one instruction");
    }
}
