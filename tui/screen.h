/*
 * The terminal as a place to show a grid and to get keys from: the only file that knows
 * curses. term.h keeps the terminal's old state; open that first.
 */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include "base/error.h"
#include "tui/grid.h"
#include "tui/keys.h"

enum theme {
    THEME_DARK,
    THEME_LIGHT, /* for projectors */
    THEME_PLAIN, /* no colour; bold and reverse stay */
};

struct screen;

int screen_open(struct screen **out, enum theme theme, struct error *err);
void screen_close(struct screen *s); /* NULL is fine */

/* The window's size now. Call it again after a resize: it tells curses too. */
void screen_size(struct screen *s, int *w, int *h);
/* Shows the grid; the cursor stands at cx, cy, or is hidden when cx is negative. */
void screen_show(struct screen *s, const struct grid *g, int cx, int cy);
/* The next key that waits; KEYS_NONE when there is none. Never waits. */
uint32_t screen_key(struct screen *s);
/* The next show draws everything. */
void screen_redraw(struct screen *s);
void screen_theme(struct screen *s, enum theme theme);
/* Out of the full screen and back, for ^Z. */
void screen_leave(struct screen *s);
void screen_enter(struct screen *s);

#endif
