/*
 * Breakpoints. An address alone says little: the monitor and its guests use the same ones. So
 * a breakpoint belongs to the context whose code was looked at when it was set, or to a symbol,
 * which is met wherever that program's code lies at the address.
 */
#ifndef TUI_BREAKS_H
#define TUI_BREAKS_H

#include "world/view.h"

#define BREAKS_MAX 32

struct break_point {
    word address;
    uint16_t context; /* not looked at when there is a symbol */
    char symbol[96];  /* as it was typed: "main" or "os.elf:main"; "" for an address */
};

/* Zero-initialised is empty. */
struct breaks {
    struct break_point list[BREAKS_MAX];
    unsigned count;
};

enum breaks_change { BREAKS_SET, BREAKS_CLEARED, BREAKS_FULL };

/* Sets it, or clears the one that is the same. */
enum breaks_change breaks_toggle(struct breaks *b, const struct break_point *point);
/* Whether one is met where `context` executes `address`. */
bool breaks_at(const struct breaks *b, const struct host *h, uint16_t context, word address);

#endif
