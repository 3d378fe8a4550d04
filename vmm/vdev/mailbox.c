/*
 * Virtual management mailbox: the platform's, register by register, empty for ever: management
 * from outside is for the machine's own monitor.
 *
 *   0 STATUS   no command waits
 *   4 DATA     0
 *   8 IRQ      bit 0 is kept
 */
#include "vmm/vdev/mailbox.h"

#include "vmm/vm.h"

#include "vmm/platform.h"

static word read(struct vm *vm, word offset)
{
    return offset == MAILBOX_IRQ ? vm->mailbox.irq : 0;
}

static void write(struct vm *vm, word offset, word value)
{
    if (offset == MAILBOX_IRQ)
        vm->mailbox.irq = value & MAILBOX_IRQ_ENABLE;
}

const struct vdev_ops vmailbox_ops = {"vmailbox", 4, 12, read, write};
