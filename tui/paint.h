/*
 * What a pane draws with: the methods of the object `p` that its functions are given
 * (lua-scripts/panes/README.md lists them). Everything is cut to the pane's box; outside a
 * drawing the box is empty, so a `p` that was kept can do no harm.
 */
#ifndef TUI_PAINT_H
#define TUI_PAINT_H

#include "tui/pane.h"

struct lua_State;

void paint_library(struct lua_State *L);
/* Pushes the object for `p`, which must stay where it is. */
void paint_new(struct lua_State *L, struct pane *p);
/* Bytes of `s` that fit a line of so many columns, broken at a blank where there is one. At
 * least one character; stops before a newline. */
size_t text_wrap(const char *s, int columns);

#endif
