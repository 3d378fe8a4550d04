/*
 * The dashboard: a scenario, or one program, on the screen, driven by keys.
 *
 *   tui.c        the main loop: keys, signals, a slice of simulated time, a picture
 *   dashboard.c  what is looked at, the panes, what a key does: all that needs no terminal
 *   run.c        advancing machines: step, over, out, trap, exit, run; breaks.c breakpoints
 *   traplog.c    traps as a tree, with what they cost
 *   frame.c      title line, borders, bottom lines; calls the panes
 *   pane.c       a pane is a Lua file of lua-scripts/panes; paint.c what it draws with
 *   ui.c         the Lua library `ui`
 *   command.c    the command line behind the colon (commands.def); line.c its editor
 *   keys.def     every key, as a command line
 *   layout.c, grid.c, save.c   where panes go; the picture; the picture as a file
 *   screen.c, term.c           curses; signals, and the terminal put back
 */
#ifndef TUI_TUI_H
#define TUI_TUI_H

#include "base/error.h"
#include "base/types.h"

struct world;

struct tui_options {
    const char *path; /* of the scenario */
    /* Where there is none: puts a machine into the world that has the program at `path` in it. */
    int (*build)(void *user, struct world *world, struct error *err);
    void *user;
    const char
        *commands; /* to begin with, as behind the colon; ; or a newline between; NULL: none */
    uint64_t seed; /* of tz.rng; 0 gives 1 */
    bool ascii;    /* no line drawing, no marks beyond ASCII */
    bool plain;    /* no colour; also when NO_COLOR is set */
    bool light;    /* colours for a light background */
};

/* Can the dashboard run here? If not, `why` says so in one sentence. */
bool tui_possible(char *why, size_t size);

/* Until the user leaves. Errors of the scenario's file come back before the screen is
 * taken; those of a running scenario are shown, and returned only if nobody leaves first. */
int tui_run(const struct tui_options *options, struct error *err);

#endif
