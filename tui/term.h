/*
 * The terminal as it was: remembered before curses changes it, and put back on every way
 * out, also when the program is killed or crashes. And waiting for a key, a signal or a
 * moment, whichever comes first.
 *
 *   SIGSEGV SIGBUS SIGFPE SIGILL SIGABRT   put back, say so, die of the same signal
 *   SIGTERM SIGHUP                         put back, die of the same signal
 *   SIGINT SIGTSTP SIGWINCH SIGCONT        noted; the main loop acts
 */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include "base/error.h"
#include "base/types.h"

enum term_note {
    TERM_INTERRUPT = 1, /* ^C */
    TERM_SUSPEND = 2,   /* ^Z */
    TERM_RESIZE = 4,    /* the window, or back from being suspended */
};

/* Can the dashboard run here? If not, `why` says so in one sentence. */
bool term_possible(char *why, size_t size);

/* Remembers the terminal and takes the signals. Once at a time. */
int term_open(struct error *err);
/* Gives the signals back. Curses must have ended. */
void term_close(void);

/* Waits for a key on standard input, a note, or the end of the time (-1: none). */
void term_wait(int milliseconds);
/* Notes since the last call, or-ed. */
unsigned term_notes(void);
/* Stops the program as ^Z does for others; returns when it goes on. Curses must have ended. */
void term_suspend(void);

#endif
