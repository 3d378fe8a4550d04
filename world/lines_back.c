/* Where the source line before this one began; see lines_back.h. */
#include "world/lines_back.h"

#include "isa/csr.h"
#include "machine/machine.h"
#include "world/flow.h"

#include <string.h>

#define USER_RING 3 /* where several programs run at the same addresses */

static word table_of(const struct host *h, uint16_t context)
{
    word ptbr = 0;

    view_guest(h, context, CSR_ptbr, &ptbr);
    return ptbr;
}

void lines_back_begin(struct lines_back *l, const struct host *h, bool over)
{
    *l = (struct lines_back){.host = h, .over = over, .context = view_current(h)};
    l->from = machine_icount(host_machine(h));
    l->ring = (uint8_t)machine_regs(host_machine(h))->ring;
    l->ptbr = table_of(h, l->context);
}

static struct line_frame *top(struct lines_back *l)
{
    return &l->frames[l->depth < LINES_BACK_DEPTH ? l->depth : LINES_BACK_DEPTH - 1];
}

/* `begin`: what counts as the beginning of its line until it has one, plus 1. */
static void push(struct lines_back *l, uint64_t begin)
{
    l->depth++;
    *top(l) = (struct line_frame){.begin = begin};
}

static void pop(struct lines_back *l)
{
    if (l->depth > 0) {
        l->depth--;
    } else {
        l->unmatched++;
        l->frames[0] = (struct line_frame){0};
    }
}

static void end_piece(struct lines_back *l)
{
    if (l->depth >= l->wanted) {
        unsigned place = l->depth - l->wanted;

        if (place >= LINES_BACK_DEPTH)
            place = LINES_BACK_DEPTH - 1;
        while (place > 0 && !l->frames[place].begin)
            place--;
        l->answer = l->frames[place].begin;
        l->wanted = l->unmatched;
    } else {
        l->wanted += l->unmatched - l->depth;
    }
    l->depth = l->unmatched = 0;
    l->frames[0] = (struct line_frame){0};
    l->trapped = 0;
}

/* As in until.c. */
static void count_trap(struct lines_back *l, const struct event *e)
{
    if (e->kind == EVENT_hint) {
        if (l->trapped && e->a == HINT_reflect)
            push(l, l->trapped);
        l->trapped = e->a == HINT_reflect ? 0 : l->trapped;
    } else if (l->context == machine_contexts(host_machine(l->host))->base) {
        if (l->ring == 0)
            push(l, e->icount + 1);
    } else if (e->context == l->context) {
        l->trapped = l->ring == 1 ? e->icount + 1 : 0;
    }
}

static bool same_line(const struct line_row *a, const struct line_row *b)
{
    return a && b && a->line == b->line && strcmp(a->file, b->file) == 0;
}

/* What came before the first instruction of a piece is not known: the one in front of it, unless
 * it was jumped to. */
static void note_line(struct lines_back *l, const struct event *e)
{
    const struct line_row *row = view_line(l->host, e->context, e->pc);
    struct line_frame *f = top(l);

    if (!row || !row->line)
        return;
    if (f->row ? !same_line(row, f->row) || e->pc == f->pc
               : !same_line(row, view_line(l->host, e->context, e->pc - 4))) {
        f->begin = e->icount + 1;
        f->pc = e->pc;
    }
    f->row = row;
}

static void note_insn(struct lines_back *l, const struct event *e)
{
    struct insn i = insn_decode(e->insn);

    if (e->context == l->context && e->ring_from < l->ring && i.id == INSN_tret &&
        e->icount >= l->entered)
        l->entered = e->icount + 1;
    if (e->context != l->context || e->ring_from != l->ring ||
        (l->ring == USER_RING && table_of(l->host, e->context) != l->ptbr))
        return;
    l->trapped = 0;
    note_line(l, e);
    if (l->over && flow_is_call(&i))
        push(l, 0);
    else if (i.id == INSN_tret || (l->over && flow_is_return(&i)))
        pop(l);
}

/* True ends the search: the answer is known. */
static bool look(void *user, const struct event *e)
{
    struct lines_back *l = user;

    if (e->icount >= l->from)
        return false;
    if (e->icount < l->last)
        end_piece(l);
    l->last = e->icount;
    if (l->answer)
        return true;
    if (e->kind == EVENT_insn)
        note_insn(l, e);
    else
        count_trap(l, e);
    return false;
}

struct filter lines_back_filter(struct lines_back *l)
{
    return (struct filter){
        .kinds = EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_hint),
        .when = look,
        .user = l,
    };
}

bool lines_back_end(struct lines_back *l, uint64_t *icount)
{
    if (!l->answer)
        end_piece(l);
    if (!l->answer)
        l->answer = l->entered;
    if (!l->answer)
        return false;
    *icount = l->answer - 1;
    return true;
}
