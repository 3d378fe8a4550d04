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
    struct vm *focus;        /* reads what is typed; NULL: the first VM that lives */
    word speaker;            /* the VM whose output the record was told this is; 0 the monitor */
};

/* What was typed for one VM alone, and waits until its virtual device has room. In a frame of
 * the VM's own. */
#define TYPED_SIZE 4088u
struct typed {
    word head, count;
    uint8_t bytes[TYPED_SIZE];
};

void console_init(struct vmm *vmm);

/* A byte that a guest sent. With one VM it goes out as it is; of several, each line says whose it
 * is, and lines do not mix. */
void console_output(struct vm *vm, uint8_t byte);

/* A message of the monitor: a line of its own, beginning with "vmm: ". */
void console_say(struct vmm *vmm, const struct line *l);

/* Types on a VM's own console. False (and nothing is typed) when there is no room for all of it. */
bool console_type(struct vm *vm, struct slice text);
/* What is typed on the real console is for this VM from here on. */
void console_focus(struct vm *vm);

/* The real device has input. */
void console_interrupt(struct vmm *vmm);
/* A VM's virtual console has room again. */
void console_refill(struct vm *vm);
/* A VM goes: nothing is for it any more. */
void console_forget(struct vm *vm);
/* It has gone: what it had not read of `typed` goes to the next reader. */
void console_pass_on(struct vmm *vmm, struct vuart *typed);

#endif
