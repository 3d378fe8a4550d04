/*
 * When a verb is done: a condition on the events that a machine publishes, begun where it stands.
 * The verbs of the dashboard and the debugger (verbs.h) ask it, and so do goals that Lua sets.
 *
 *   OVER   the first step decides: a call, or one that traps, is over when its code goes on behind
 *          it (a deeper call of the same function has a lower stack); any other one at once
 *   OUT    calls and returns are counted, and traps, which are like calls where their handler
 *          runs in the same ring
 *   LINE   an instruction of another source line, or of the same one from its beginning, in the
 *          same context and ring; traps are passed over, and code without lines.
 *          LINE goes into calls, LINE_OVER passes over them; both go on in the caller.
 *          Where no line is known they are a step, and OVER
 *
 * No event before `from` counts. Where the machine went back in time, counting begins anew.
 */
#ifndef WORLD_UNTIL_H
#define WORLD_UNTIL_H

#include "base/text.h"
#include "isa/insn.h"
#include "trace/filter.h"
#include "world/view.h"

enum verb {
    VERB_NOTHING,   /* the machine stands */
    VERB_STEP,      /* so many steps */
    VERB_OVER,      /* the instruction behind this one, whatever happens in between */
    VERB_OUT,       /* this function or trap handler returns */
    VERB_LINE,      /* another source line */
    VERB_LINE_OVER, /* the same; a call counts as one */
    VERB_TRAP,      /* a trap */
    VERB_EXIT,      /* control leaves a VM */
    VERB_GO,        /* until something else stops it */
};

struct until {
    enum verb verb;
    struct filter filter; /* of TRAP and EXIT */

    /* Where it began. */
    const struct host *host;
    uint64_t from;
    uint16_t context;
    uint8_t ring;
    word pc, sp, ptbr;
    struct insn first;          /* at pc: whether it is published depends on what stopped there */
    const struct line_row *row; /* NULL: no line is known */

    /* What has been since. */
    uint64_t last; /* icount of the event before */
    int depth;     /* calls, and traps into the same ring, that have not returned yet */
    bool trapped;  /* out of a VM's kernel: its own handler may be next */
    bool leaving;  /* the next instruction is the one behind the return */
    bool deep;     /* OVER: the step was a call, or has trapped */
    bool any_ring; /* LINE: has returned from its own handler */
};

void until_begin(struct until *u, const struct host *h, enum verb verb,
                 const struct filter *filter);
/* The kinds of events that until_met must see. */
uint32_t until_mask(const struct until *u);
/* Whether this event of machine `h` is it: before an instruction, behind any other. */
bool until_met(struct until *u, const struct host *h, const struct event *e);
/* "over", "trap privileged", ...: what has been met. */
void until_say(const struct until *u, const struct event *e, struct text *out);

/* Is this the instruction at which it stood? A breakpoint there has been met already. */
static inline bool until_stands_at(const struct until *u, const struct host *h,
                                   const struct event *e)
{
    return e->kind == EVENT_insn && h == u->host && e->icount == u->from;
}

#endif
