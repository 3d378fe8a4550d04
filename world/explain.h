/*
 * Why-not in words: a trap that nobody handles, told so that a student can mend it. Source
 * line, instruction, the operands at that time, the rule of the manual, and what is near.
 */
#ifndef WORLD_EXPLAIN_H
#define WORLD_EXPLAIN_H

#include "base/text.h"
#include "trace/event.h"
#include "world/world.h"

#define EXPLAIN_SIZE 2048

/*
 * Appends lines about a `trap`, `exit`, `refused`, `hole`, `escape` or `shutdown` event of `h`, the
 * last without a newline.
 * Registers are read as they are, so they are told only of the step that was just made; page
 * tables are those of now.
 */
void explain_event(const struct host *h, const struct event *e, struct text *out);

/* What a page-table entry says: "page 0x80003000, rwx-d, rings 0 to 3", "not valid". */
void explain_entry(word entry, struct text *out);

/* As explain_event, for why the machine has shut down; nothing for a machine that has not. */
void explain_shutdown(struct host *h, struct text *out);

/* What a machine cannot get out of: its shutdown, or the loop of traps that it is in. False when
 * there is neither. */
bool explain_end(struct host *h, struct text *out);

/* The same, else the trap, exit, refused vmrun, hole or escape that the last step has ended in;
 * nothing when it has not. */
void explain_stop(struct host *h, struct text *out);

/*
 * For a machine that has used up its budget: when its last traps were all the same one, which
 * it is. Nothing otherwise. A handler that returns to the instruction that trapped, without
 * having mended anything, goes round like this for ever.
 */
void explain_trap_loop(struct host *h, struct text *out);

#endif
