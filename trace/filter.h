/*
 * Filters: which events somebody wants. One form for all who ask: handlers, run_until, trace
 * and search. Empty is everything; what is set must all hold.
 *
 * As text, words between blanks:
 *
 *     trap cause=privileged from=1 level=1 csr=status
 *     trap,exit vm=os pc=kmain once
 *     mem addr=0x80010000+0x1000
 *
 * A word without `=` is one or more event kinds (events.def), or `once`. Lists are separated
 * by commas. filter_keys() has the rest with a line of help each. From Lua's tables each pair
 * goes through filter_set.
 */
#ifndef TRACE_FILTER_H
#define TRACE_FILTER_H

#include "base/error.h"
#include "trace/context.h"
#include "trace/event.h"

#define FILTER_LIST_MAX  16
#define FILTER_NAME_SIZE 16

/* Alternatives; count 0: not asked for. */
struct filter_list {
    unsigned count;
    word values[FILTER_LIST_MAX];
};
struct filter_range {
    bool set;
    word first, last; /* both included */
};

struct filter {
    uint32_t kinds;              /* EVENT_BITs; 0: all */
    char vm[FILTER_NAME_SIZE];   /* name or vmid of a VM: its events and those inside it; "" any */
    bool in_context;             /* the same by number of the context */
    uint16_t context;            /* of in_context */
    struct filter_list level;    /* of virtualization: 0 the machine, 1 a VM ... */
    struct filter_list from, to; /* rings */
    struct filter_list cause;    /* of traps, exits and shutdowns; bit 31 for interrupts */
    struct filter_list insn;     /* enum insn_id */
    struct filter_list csr;      /* register written, or named by the instruction */
    struct filter_list hint;     /* numbers of hints.def */
    struct filter_range addr;    /* address or port accessed, translated, or at fault */
    struct filter_range pc;
    bool once;    /* for who asks: the first match is enough */
    uint64_t max; /* for who asks: at most so many steps; 0 no bound */
    bool (*when)(void *user, const struct event *e); /* asked last; NULL: no more conditions */
    void *user;
};

/* Names that only the caller knows; each may be NULL. */
struct filter_names {
    /* Where a function begins and ends (included). */
    bool (*symbol)(void *user, const char *name, word *first, word *last);
    void *user;
};

/* Makes *f from text; the error names the word, and what it may have been meant to be. What *f
 * holds after an error is a valid filter, but not one to use. */
int filter_parse(struct filter *f, const char *text, const struct filter_names *names,
                 struct error *err);

/* One condition on top of the others: `kinds`, or a key of filter_keys. */
int filter_set(struct filter *f, const char *key, const char *value,
               const struct filter_names *names, struct error *err);

/* NULL is the empty filter. Without contexts nothing is in a VM. */
bool filter_match(const struct filter *f, const struct contexts *contexts, const struct event *e);

/* The kinds it can match, for a subscriber's mask: a filter by cause, hint or address does not make
 * a machine publish every instruction. */
uint32_t filter_kinds(const struct filter *f);

struct filter_key {
    const char *name, *value, *help;
};
/* The keys with help; NULL past the end. */
const struct filter_key *filter_key(unsigned index);

#endif
