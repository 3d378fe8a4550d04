/*
 * The console, driven by interrupts.
 */
#ifndef OS_CONSOLE_H
#define OS_CONSOLE_H

#include "guests/os/space.h"
#include "guests/os/types.h"

void console_init(void);

/* Queues text; never waits (where the queue is full, it sends by polling). */
void console_put(const char *text, size_t size);
/* Returns when everything has gone out, by polling. */
void console_flush(void);

/* For processes: waits while the queue is full. Bytes written, or a negative error. */
int console_write(struct space *s, word address, word size);
/* Waits for a line and edits it; gives at most what is left of one line. 0: end of input. */
int console_read(struct space *s, word address, word size);

#endif
