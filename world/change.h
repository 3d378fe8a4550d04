/*
 * Setting registers from outside, as a debugger does: one set of rules for the debugger, the
 * dashboard and Lua. Where a register lives decides how it is set:
 *
 *   the machine's own            in the processor
 *   x and pc of a VM that runs   in the processor: they are the guest's
 *   what a VM sees of a control  in the page where its monitor keeps it; the monitor reads it there
 *   register                     when it next answers for the guest
 *   x of a VM that does not run  where its monitor has saved them
 *
 * Refused, with the reason: what is derived from other things (counters, the ring, wires), and what
 * a monitor has drawn conclusions from that a write behind its back would leave wrong.
 * A change is an edit as any other (world.h): inside an event it waits for the next instruction, it
 * is in the history, and happens again when that is run again.
 */
#ifndef WORLD_CHANGE_H
#define WORLD_CHANGE_H

#include "base/error.h"
#include "base/text.h"
#include "world/view.h"

enum change_side {
    CHANGE_SEEN, /* as the context sees it */
    CHANGE_REAL, /* the processor's, while the context runs */
};

/* `reg` as in view.h. *now (may be NULL) is what it will hold: bits that a register does not have
 * are dropped. */
int change_register(struct host *h, uint16_t context, enum change_side side, word reg, word value,
                    word *now, struct error *err);

/*
 * As people write it, in the debugger and the dashboard:
 *
 *     [real] REGISTER [=] VALUE         real: the processor's, where a VM sees another
 *     [/b | /h | /w] PLACE [=] VALUE... bytes, halves or words (place.h) one behind the other
 *
 * `said` gets a line for each; on an error, for those before it.
 */
int change_text(struct host *h, uint16_t context, const char *text, struct text *said,
                struct error *err);

#endif
