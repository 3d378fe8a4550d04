/*
 * Management: commands that come through the mailbox from outside, while VMs run. A command is a
 * line of words; its answer is text, and a status that says whether it was done.
 *
 *     pause a                       ok
 *     list                          name=a id=1 state=paused ...
 *     weight b heavy                heavy: give a number from 1 to 65535; 256 is usual
 */
#ifndef VMM_MGMT_H
#define VMM_MGMT_H

#include "vmm/lib.h"

struct vmm;

#define MGMT_COMMAND_SIZE 2048 /* of a command, with its NUL */

struct mgmt {
    bool pending; /* a command waits, with the interrupt off until it is served */
};

/* From here on the mailbox interrupts. */
void mgmt_init(struct vmm *vmm);

/* It did: somebody must call mgmt_serve, but not in the middle of an exit. */
void mgmt_interrupt(struct vmm *vmm);

/* Carries out one command and answers it. Any VM may be gone after it. */
void mgmt_serve(struct vmm *vmm);

#endif
