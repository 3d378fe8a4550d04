/*
 * The verbs backwards in time (timeline.h): the machine comes to stand where it was, at once.
 *
 *   VERB_STEP   so many steps, or to where the recording begins
 *   VERB_OVER   the instruction before this one in the same code; a call or a trap counts as one
 *   VERB_OUT    the call of this function, or what has trapped into this handler
 *   VERB_LINE   where the source line before this one began, in the same code; _OVER: calls passed over
 *   VERB_TRAP   where VERB_TRAP would have stopped before; so VERB_EXIT
 *   VERB_GO     the breakpoint that was met last, or where the recording begins
 *
 * A search that needs to see every instruction or access looks at
 * BACKWARDS_MOST steps; VERB_GO stands there then, and can go on.
 */
#ifndef WORLD_BACKWARDS_H
#define WORLD_BACKWARDS_H

#include "world/verbs.h"

#define BACKWARDS_MOST 20000000u

/* Afterwards v->reason says why it stands where it stands. */
void verbs_back(struct verbs *v, enum verb verb, uint64_t steps);

/* To a step that has been (timeline_seek). On failure it stands where it stood. */
int verbs_seek(struct verbs *v, uint64_t icount, struct error *err);

#endif
