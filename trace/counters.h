/*
 * Counters: how often what happened, in which context, and what it cost.
 *
 * One row for each (kind, context, cause, detail). The detail of a trap, exit or hole is the
 * instruction, and the control register where it names one; of a written register its number,
 * of a port the port, of a device register its address, of a line the line, of a hint its
 * number; 0 elsewhere. Rows are bounded: when they run short, new details are counted under
 * detail 0, and when there are no rows at all, as lost.
 *
 * Cost in cycles: of an exit the time until the VM is entered again, of a trap the time until
 * its handler returns (what nested traps took included).
 */
#ifndef TRACE_COUNTERS_H
#define TRACE_COUNTERS_H

#include "base/error.h"
#include "base/text.h"
#include "trace/context.h"
#include "trace/event.h"

#define COUNTERS_ROWS   4096 /* power of two */
#define COUNTERS_NESTED 16   /* traps inside traps whose cost is kept track of */

/* What the counters listen to: all but what happens at nearly every instruction. */
#define COUNTERS_MASK                                                                              \
    (EVENT_ALL & ~(EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_mem) | EVENT_BIT(EVENT_walk) |          \
                   EVENT_BIT(EVENT_tlb)))

/* Of a detail that is an instruction: enum insn_id and, above it, the number of its register. */
#define COUNTER_INSN(id, csr) ((word)(id) | (word)(csr) << 16)

struct counter {
    uint16_t kind;
    uint16_t context;
    word cause;
    word detail;
    uint64_t count;  /* 0: a free row */
    uint64_t costed; /* how many of them have come to their end */
    uint64_t cycles; /* sum of their cost */
    uint64_t max;
};

/* How a context has spent the machine's time. */
struct counter_share {
    uint64_t cycles;
    uint64_t steps;
};

/* Where events that look like this are counted, so that the next needs no search. */
struct counter_memo {
    uint64_t what;       /* kind, context, cause */
    word from;           /* the word of the event that its detail is made of */
    struct counter *row; /* NULL: nothing is known */
};
#define COUNTERS_MEMO 256 /* what eight bits can tell apart */

struct counter_open {
    uint64_t cycle;
    unsigned row;
};

struct counters {
    struct counter rows[COUNTERS_ROWS]; /* open addressing */
    unsigned used;
    uint64_t lost;
    uint64_t totals[EVENT_COUNT];
    struct counter_memo memo[COUNTERS_MEMO];
    struct counter_open traps[COUNTERS_NESTED]; /* not returned from, oldest first */
    unsigned nested;
    unsigned exits[CONTEXT_MAX]; /* by context: row + 1 of its last exit, 0 none */
    struct counter_share shares[CONTEXT_MAX];
    struct counter_open since; /* when control last moved; row: the context that runs */
    uint64_t since_icount;
    struct counter scratch[COUNTERS_ROWS]; /* of counters_list */
    struct trace *trace;
    struct trace_subscriber subscriber;
};

int counters_new(struct counters **out, struct error *err); /* it is large: on the heap */
void counters_free(struct counters *c);                     /* detaches; NULL is fine */
void counters_attach(struct counters *c, struct trace *trace);
void counters_detach(struct counters *c);
void counters_reset(struct counters *c); /* all to zero */
void counters_add(struct counters *c, const struct event *e);

/* What was counted up to now, to go back to later. NULL: out of memory. */
struct counters_kept;
struct counters_kept *counters_keep(const struct counters *c);
void counters_put_back(struct counters *c, const struct counters_kept *kept);
void counters_kept_free(struct counters_kept *kept); /* NULL is fine */
size_t counters_kept_bytes(const struct counters_kept *kept);

/* Which rows, and what to add up: contexts, details. */
struct counter_query {
    uint32_t kinds; /* EVENT_BITs */
    bool one_context;
    uint16_t context;
    bool by_context; /* contexts apart, else added up under context 0 */
    bool by_detail;  /* details apart, else added up under detail 0 */
};
/* Fills at most `max` rows, most frequent first (then by kind, context, cause, detail), and
 * returns how many there are in all. */
unsigned counters_list(struct counters *c, const struct counter_query *q, struct counter *out,
                       unsigned max);

uint64_t counters_total(const struct counters *c, enum event_kind kind);

/* Cycles and steps of a context up to `cycle` and `icount`, the machine's now. */
struct counter_share counters_share(const struct counters *c, uint16_t context, uint64_t cycle,
                                    uint64_t icount);

/* "privileged csrrs status", "ecall_ring3", "timer", "port 0x1f0": what a row is about. */
void counter_label(const struct counter *row, struct text *out);

#endif
