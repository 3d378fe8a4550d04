/* An explanation under way (explain.c), and its parts; for world/ alone. */
#ifndef WORLD_EXPLAIN_STORY_H
#define WORLD_EXPLAIN_STORY_H

#include "isa/insn.h"
#include "world/explain.h"

struct story {
    const struct host *host;
    const struct event *event;
    struct insn insn;
    struct text *out;
};

/* Whether nothing has run since: what the handler has done to the registers is not what the
 * instruction saw. */
static inline bool story_is_fresh(const struct story *s)
{
    return machine_icount(host_machine(s->host)) <= s->event->icount + 1;
}

/* A line about the instruction and its operands (explain.c). */
void explain_instruction(const struct story *s);

/* What did not trap (explain_hole.c). */
void explain_hole(const struct story *s);
void explain_escape(const struct story *s);

/* The rules by cause, in lines (explain_memory.c). */
void explain_misaligned(const struct story *s);
void explain_fetch_misaligned(const struct story *s);
void explain_walk(const struct story *s);
void explain_access(const struct story *s);
void explain_fetch_access(const struct story *s);
void explain_nested_fault(const struct story *s);

#endif
