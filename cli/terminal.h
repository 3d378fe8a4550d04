/*
 * This terminal as the simulated computer's console: bytes go in as they are typed, the guest
 * echoes. Standard input that is no terminal is read to its end instead.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#define TERMINAL_ESCAPE 0x1d /* Ctrl-] leaves */

/* Takes the terminal over; given back by terminal_close, at exit, and on a signal. */
void terminal_open(void);
void terminal_close(void);

/* Reads what is there; with `wait`, until there is something. 0: nothing now, -1: the end.
 * *escape is set when the user asks to leave. */
long terminal_read(char *buffer, size_t size, bool wait, bool *escape);

#endif
