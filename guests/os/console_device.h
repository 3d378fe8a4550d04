/*
 * What the console is made of: native/uart.c on the bare machine, pv/console.c with a monitor.
 * Interrupts are off in all of it.
 */
#ifndef OS_CONSOLE_DEVICE_H
#define OS_CONSOLE_DEVICE_H

#include "guests/os/types.h"

/* What it interrupts for: input is there; it can take output again. */
enum console_reason { CONSOLE_RECEIVED = 1, CONSOLE_SENT = 2 };

/* From now on `handler` is called when there is a reason; at first, for input. */
void console_device_init(void (*handler)(void));
/* Is there a reason now? The handler asks until there is none. */
bool console_device_interrupts(void);

bool console_device_wants(enum console_reason reason);
void console_device_want(enum console_reason reason, bool on);

/* How many bytes of the text it has taken; 0 when it is busy. */
word console_device_send(const char *text, word size);
/* The next byte, -1 when there is none. */
int console_device_receive(void);

#endif
