/*
 * The management mailbox; see mailbox.c for its registers.
 *
 * Commands are texts from outside (mailbox_command); whoever runs the machine's ring 0 reads and
 * answers them. The device itself knows nothing of what they mean.
 */
#ifndef MACHINE_MAILBOX_H
#define MACHINE_MAILBOX_H

#include "machine/bus.h"

#define MAILBOX_COMMANDS 4096u  /* bytes of all commands that wait, with a NUL behind each */
#define MAILBOX_ANSWER   16384u /* bytes of an answer; what is longer is cut */

struct mailbox_regs {
    uint32_t irq;      /* enabled */
    uint32_t used;     /* bytes of commands; the first is the one at hand */
    uint32_t at;       /* of it, the byte that is read next */
    uint32_t written;  /* bytes of the answer at hand */
    uint32_t answered; /* commands, since reset */
    uint32_t status;   /* of the last answer, 0 well */
    uint32_t length;   /* of it */
    uint8_t commands[MAILBOX_COMMANDS];
    uint8_t answer[MAILBOX_ANSWER]; /* at hand while written > 0, else the last */
};

struct mailbox {
    struct device device;
    struct irq irq;
    struct mailbox_regs regs;
};

void mailbox_init(struct mailbox *b, const struct board *board, struct irq irq);

/* Publishes a `mailbox` event. False when there is no room, or it is empty or has a NUL in it. */
bool mailbox_command(struct mailbox *b, const void *text, size_t size);

/* Commands that have not been answered. */
unsigned mailbox_waiting(const struct mailbox *b);

/* Would a command raise the line? */
bool mailbox_command_raises(const struct mailbox *b);

#endif
