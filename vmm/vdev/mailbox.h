/* The virtual mailbox: the platform has one, and nobody sends a guest commands through it. */
#ifndef VMM_VDEV_MAILBOX_H
#define VMM_VDEV_MAILBOX_H

#include "vmm/vdev/bus.h"

struct vmailbox {
    word irq; /* enabled */
};

extern const struct vdev_ops vmailbox_ops;

#endif
