/*
 * The real console: guests' output, the monitor's messages, and input for the VM that has it.
 */
#ifndef VMM_CONSOLE_H
#define VMM_CONSOLE_H

#include "vmm/lib.h"

struct vm;
struct vmm;
struct vuart;

struct console {
    bool mid_line;           /* what was written last was no newline */
    bool stopped;            /* input waits in the real device: its reader has no room */
    const struct vm *writer; /* of the line, NULL for the monitor */
};

void console_init(struct vmm *vmm);

/* A byte that a guest sent. With one VM it goes out as it is; of several, each line says whose it
 * is, and lines do not mix. */
void console_output(struct vm *vm, uint8_t byte);

/* A message of the monitor: a line of its own, beginning with "vmm: ". */
void console_say(struct vmm *vmm, const struct line *l);

/* The real device has input. It goes to the first VM that lives. */
void console_interrupt(struct vmm *vmm);
/* A VM's virtual console has room again. */
void console_refill(struct vm *vm);
/* A VM has gone: what it had not read of `typed` goes to the next reader. */
void console_pass_on(struct vmm *vmm, struct vuart *typed);

#endif
