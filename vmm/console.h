/*
 * The real console: guests' output, the monitor's messages, and input for the VM that has it.
 */
#ifndef VMM_CONSOLE_H
#define VMM_CONSOLE_H

#include "vmm/lib.h"

struct vm;
struct vmm;

struct console {
    bool mid_line; /* what was written last was no newline */
    bool stopped;  /* input waits in the real device: its reader has no room */
};

void console_init(struct vmm *vmm);

/* A byte that a guest sent. */
void console_output(struct vm *vm, uint8_t byte);

/* A message of the monitor: a line of its own, beginning with "vmm: ". */
void console_say(struct vmm *vmm, const struct line *l);

/* The real device has input. It goes to the first VM that lives. */
void console_interrupt(struct vmm *vmm);
/* A VM's virtual console has room again. */
void console_refill(struct vm *vm);

#endif
