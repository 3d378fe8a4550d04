/*
 * Counters in a hash table of bounded size; see counters.h.
 *
 * A trap opens a row and the return from its handler closes it. Handlers nest, so open rows
 * form a stack; a return to an outer ring is the end of all of them, so that traps that never
 * return (a process killed in its trap) do not stay.
 */
#include "trace/counters.h"

#include "isa/csr.h"
#include "isa/insn.h"
#include "isa/vmcb.h"

#include <stdlib.h>
#include <string.h>

/* Never quite full: looking for what is not there must stay short. */
#define ROWS_USED_MAX   (COUNTERS_ROWS / 8 * 7)
#define ROWS_FOR_DETAIL (COUNTERS_ROWS / 4 * 3)

int counters_new(struct counters **out, struct error *err)
{
    *out = calloc(1, sizeof **out);
    return *out ? 0 : error_set(err, ERROR_memory, "out of memory for counters");
}

void counters_free(struct counters *c)
{
    if (c)
        counters_detach(c);
    free(c);
}

static void take(void *user, const struct event *e)
{
    counters_add(user, e);
}

void counters_attach(struct counters *c, struct trace *trace)
{
    counters_detach(c);
    c->trace = trace;
    c->subscriber = (struct trace_subscriber){.mask = COUNTERS_MASK, .fn = take, .user = c};
    trace_attach(trace, &c->subscriber);
}

void counters_detach(struct counters *c)
{
    if (c->trace)
        trace_detach(c->trace, &c->subscriber);
    c->trace = NULL;
}

void counters_reset(struct counters *c)
{
    struct trace *trace = c->trace;

    counters_detach(c);
    memset(c, 0, sizeof *c);
    if (trace)
        counters_attach(c, trace);
}

/* ---- rows ---- */

/* What tells events of a kind apart: a cause where it has one (all ones), and the word that its
 * detail is made of. */
static const word causes[EVENT_COUNT] = {
#define EVENT(name, cause, tval, a, b, meaning) sizeof(cause) > 1 ? ~0u : 0,
#include "trace/events.def"
#undef EVENT
};

static const struct detail {
    word bits;       /* all ones: there is one, */
    uint8_t at;      /* from the word at this byte of the event, */
    bool names_insn; /* which is an instruction */
} details[EVENT_COUNT] = {
#define FROM(member) .bits = ~0u, .at = offsetof(struct event, member)
    [EVENT_trap] = {FROM(insn), .names_insn = true},
    [EVENT_exit] = {FROM(insn), .names_insn = true},
    [EVENT_hole] = {FROM(insn), .names_insn = true},
    [EVENT_csr] = {FROM(tval)},
    [EVENT_port] = {FROM(tval)},
    [EVENT_mmio] = {FROM(tval)},
    [EVENT_irq] = {FROM(a)},
    [EVENT_hint] = {FROM(a)},
    [EVENT_hypercall] = {FROM(a)},
    [EVENT_disk] = {FROM(b)},
#undef FROM
};

static word detail_of(uint16_t kind, word from)
{
    if (!details[kind].names_insn || from == 0)
        return from;
    struct insn i = insn_decode(from);

    return COUNTER_INSN(i.id, i.csr);
}

static bool same(const struct counter *a, const struct counter *b)
{
    return a->kind == b->kind && a->context == b->context && a->cause == b->cause &&
           a->detail == b->detail;
}

/* Its middle bits depend on all of the key. */
static uint64_t mix(const struct counter *key)
{
    uint64_t a = (uint64_t)key->kind << 48 | (uint64_t)key->context << 32 | key->cause;
    uint64_t b = (a ^ key->detail * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;

    return b >> 32 ^ b;
}

/* The row of `key`, or the free one where it would be. */
static struct counter *find(struct counters *c, const struct counter *key)
{
    uint64_t i = mix(key);

    while (c->rows[i % COUNTERS_ROWS].count && !same(&c->rows[i % COUNTERS_ROWS], key))
        i++;
    return &c->rows[i % COUNTERS_ROWS];
}

/* The row for such events, made when it is the first. NULL when there is no row left. */
static struct counter *row_for(struct counters *c, struct counter key)
{
    struct counter *row = find(c, &key);

    if (!row->count && c->used >= ROWS_FOR_DETAIL) {
        key.detail = 0;
        row = find(c, &key);
    }
    if (!row->count) {
        if (c->used == ROWS_USED_MAX) {
            c->lost++;
            return NULL;
        }
        *row = key;
        c->used++;
    }
    return row;
}

static void charge(struct counter *row, uint64_t cycles)
{
    row->costed++;
    row->cycles += cycles;
    if (cycles > row->max)
        row->max = cycles;
}

/* ---- cost ---- */

static void open_trap(struct counters *c, const struct counter *row, uint64_t cycle)
{
    if (c->nested == COUNTERS_NESTED)
        memmove(c->traps, c->traps + 1, --c->nested * sizeof c->traps[0]);
    c->traps[c->nested++] = (struct counter_open){cycle, (unsigned)(row - c->rows)};
}

static void close_trap(struct counters *c, const struct event *e)
{
    if (c->nested > 0) {
        const struct counter_open *t = &c->traps[--c->nested];

        charge(&c->rows[t->row], e->cycle - t->cycle);
    }
    if (e->ring_to != 0)
        c->nested = 0;
}

/* Control moves to `context`: what has passed was the other's. */
static void move_to(struct counters *c, uint16_t context, const struct event *e)
{
    struct counter_share *s = &c->shares[c->since.row];

    s->cycles += e->cycle - c->since.cycle;
    s->steps += e->icount - c->since_icount;
    c->since = (struct counter_open){e->cycle, context};
    c->since_icount = e->icount;
}

static void close_exit(struct counters *c, const struct event *e)
{
    unsigned row = c->exits[e->context];

    if (row)
        charge(&c->rows[row - 1], e->b);
    c->exits[e->context] = 0;
}

/* ---- an event ---- */

/* What an event is counted by, before it is known where. */
struct look {
    uint64_t what;
    word from;
};

static inline struct look look_at(const struct event *e)
{
    const struct detail *detail = &details[e->kind];
    struct look l;

    l.what = (uint64_t)e->kind << 48 | (uint64_t)e->context << 32 | (e->cause & causes[e->kind]);
    memcpy(&l.from, (const char *)e + detail->at, sizeof l.from);
    l.from &= detail->bits;
    return l;
}

static inline struct counter_memo *memo_of(struct counters *c, const struct look *l)
{
    return &c->memo[(l->what ^ (uint64_t)l->from << 16) * 0x9e3779b97f4a7c15u >> 56];
}

/* The context that an exit leads to: from vmrun always the machine's own. */
static uint16_t went_to(const struct event *e)
{
    bool by_vmrun = (e->cause & CAUSE_EXIT) && !(e->cause & CAUSE_INTERRUPT);

    return by_vmrun || e->b >= CONTEXT_MAX ? 0 : (uint16_t)e->b;
}

static void count(struct counters *c, const struct event *e, struct counter *row)
{
    c->totals[e->kind]++;
    if (row)
        row->count++;
    switch (e->kind) {
    case EVENT_trap:
        if (row)
            open_trap(c, row, e->cycle);
        break;
    case EVENT_ret:
        close_trap(c, e);
        break;
    case EVENT_exit:
        c->exits[e->context] = row ? (unsigned)(row - c->rows) + 1 : 0;
        move_to(c, went_to(e), e);
        break;
    case EVENT_entry:
        close_exit(c, e);
        move_to(c, e->context, e);
        break;
    default:
        break;
    }
}

/* The first that looks like this, or not seen for a while. */
__attribute__((noinline)) static void count_new(struct counters *c, const struct event *e)
{
    struct look l = look_at(e);
    struct counter *row = row_for(c, (struct counter){.kind = e->kind,
                                                      .context = e->context,
                                                      .cause = (word)l.what,
                                                      .detail = detail_of(e->kind, l.from)});

    if (row)
        *memo_of(c, &l) = (struct counter_memo){l.what, l.from, row};
    count(c, e, row);
}

/* Most events look like one that was counted lately; where its row is has not changed. */
void counters_add(struct counters *c, const struct event *e)
{
    if (e->kind >= EVENT_COUNT || e->context >= CONTEXT_MAX)
        return;
    struct look l = look_at(e);
    const struct counter_memo *memo = memo_of(c, &l);
    if (memo->what == l.what && memo->from == l.from && memo->row)
        count(c, e, memo->row);
    else
        count_new(c, e);
}

/* ---- going back ---- */

struct counters_kept {
    unsigned used;
    uint64_t lost;
    uint64_t totals[EVENT_COUNT];
    struct counter_open traps[COUNTERS_NESTED];
    unsigned nested;
    unsigned exits[CONTEXT_MAX];
    struct counter_share shares[CONTEXT_MAX];
    struct counter_open since;
    uint64_t since_icount;
    struct kept_row {
        unsigned place;
        struct counter row;
    } rows[]; /* `used` of them */
};

struct counters_kept *counters_keep(const struct counters *c)
{
    struct counters_kept *k = malloc(sizeof *k + c->used * sizeof k->rows[0]);

    if (!k)
        return NULL;
    k->used = 0;
    k->lost = c->lost;
    k->nested = c->nested;
    k->since = c->since;
    k->since_icount = c->since_icount;
    memcpy(k->totals, c->totals, sizeof k->totals);
    memcpy(k->traps, c->traps, sizeof k->traps);
    memcpy(k->exits, c->exits, sizeof k->exits);
    memcpy(k->shares, c->shares, sizeof k->shares);
    for (unsigned i = 0; i < COUNTERS_ROWS; i++)
        if (c->rows[i].count)
            k->rows[k->used++] = (struct kept_row){i, c->rows[i]};
    return k;
}

void counters_put_back(struct counters *c, const struct counters_kept *k)
{
    memset(c->rows, 0, sizeof c->rows);
    memset(c->memo, 0, sizeof c->memo);
    for (unsigned i = 0; i < k->used; i++)
        c->rows[k->rows[i].place] = k->rows[i].row;
    c->used = k->used;
    c->lost = k->lost;
    c->nested = k->nested;
    c->since = k->since;
    c->since_icount = k->since_icount;
    memcpy(c->totals, k->totals, sizeof k->totals);
    memcpy(c->traps, k->traps, sizeof k->traps);
    memcpy(c->exits, k->exits, sizeof k->exits);
    memcpy(c->shares, k->shares, sizeof k->shares);
}

void counters_kept_free(struct counters_kept *k)
{
    free(k);
}

size_t counters_kept_bytes(const struct counters_kept *k)
{
    return sizeof *k + k->used * sizeof k->rows[0];
}

/* ---- asking ---- */

uint64_t counters_total(const struct counters *c, enum event_kind kind)
{
    return (unsigned)kind < EVENT_COUNT ? c->totals[kind] : 0;
}

struct counter_share counters_share(const struct counters *c, uint16_t context, uint64_t cycle,
                                    uint64_t icount)
{
    struct counter_share s = {0};

    if (context >= CONTEXT_MAX)
        return s;
    s = c->shares[context];
    if (context == c->since.row) {
        s.cycles += cycle - c->since.cycle;
        s.steps += icount - c->since_icount;
    }
    return s;
}

static int compare(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_key(const void *left, const void *right)
{
    const struct counter *a = left, *b = right;
    int d = compare(a->kind, b->kind);

    d = d ? d : compare(a->context, b->context);
    d = d ? d : compare(a->cause, b->cause);
    return d ? d : compare(a->detail, b->detail);
}

static int by_count(const void *left, const void *right)
{
    const struct counter *a = left, *b = right;
    int d = compare(b->count, a->count);

    return d ? d : by_key(left, right);
}

static void merge(struct counter *to, const struct counter *from)
{
    to->count += from->count;
    to->costed += from->costed;
    to->cycles += from->cycles;
    if (from->max > to->max)
        to->max = from->max;
}

/* The rows asked for, in scratch, with what is not told apart set to 0. */
static unsigned collect(struct counters *c, const struct counter_query *q)
{
    unsigned n = 0;

    for (unsigned i = 0; i < COUNTERS_ROWS; i++) {
        const struct counter *row = &c->rows[i];

        if (!row->count || !(q->kinds & EVENT_BIT(row->kind)) ||
            (q->one_context && row->context != q->context))
            continue;
        c->scratch[n] = *row;
        if (!q->by_context)
            c->scratch[n].context = 0;
        if (!q->by_detail)
            c->scratch[n].detail = 0;
        n++;
    }
    return n;
}

unsigned counters_list(struct counters *c, const struct counter_query *q, struct counter *out,
                       unsigned max)
{
    unsigned rows = collect(c, q), n = 0;

    qsort(c->scratch, rows, sizeof c->scratch[0], by_key);
    for (unsigned i = 0; i < rows; i++) {
        if (n > 0 && same(&c->scratch[n - 1], &c->scratch[i]))
            merge(&c->scratch[n - 1], &c->scratch[i]);
        else
            c->scratch[n++] = c->scratch[i];
    }
    qsort(c->scratch, n, sizeof c->scratch[0], by_count);
    for (unsigned i = 0; i < n && i < max; i++)
        out[i] = c->scratch[i];
    return n;
}

static void add_insn(const struct counter *row, struct text *out)
{
    enum insn_id id = (enum insn_id)(row->detail & 0xffff);
    const struct csr_info *csr = csr_info(row->detail >> 16);

    if (row->detail == 0)
        return;
    text_add(out, " %s", insn_info(id)->name);
    if (insn_info(id)->class == CLASS_CSR && csr)
        text_add(out, " %s", csr->name);
    else if (insn_info(id)->class == CLASS_CSR)
        text_add(out, " 0x%03x", row->detail >> 16);
}

static void add_detail(const struct counter *row, struct text *out)
{
    const struct csr_info *csr = csr_info(row->detail);
    const struct hint_info *hint = hint_info(row->detail);
    const struct hypercall_info *call = hypercall_info(row->detail);

    if (row->kind == EVENT_trap || row->kind == EVENT_exit || row->kind == EVENT_hole)
        add_insn(row, out);
    else if (row->kind == EVENT_csr && csr)
        text_add(out, " %s", csr->name);
    else if (row->kind == EVENT_hint && hint)
        text_add(out, " %s", hint->name);
    else if (row->kind == EVENT_hypercall && call)
        text_add(out, " %s", call->name);
    else if (row->kind == EVENT_irq || row->kind == EVENT_hint)
        text_add(out, " %u", row->detail);
    else if (row->detail)
        text_add(out, " 0x%x", row->detail);
}

void counter_label(const struct counter *row, struct text *out)
{
    const struct event_info *info = event_info((enum event_kind)row->kind);
    const struct cause_info *cause = cause_info(row->cause);

    if (!*info->cause)
        text_add(out, "%s", info->name);
    else if (cause)
        text_add(out, "%s", cause->name);
    else
        text_add(out, "cause 0x%x", row->cause);
    add_detail(row, out);
}
