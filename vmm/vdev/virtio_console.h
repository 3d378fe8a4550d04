/* The virtio console; see virtio_console.c. */
#ifndef VMM_VDEV_VIRTIO_CONSOLE_H
#define VMM_VDEV_VIRTIO_CONSOLE_H

#include "vmm/vdev/virtio.h"

struct vconsole {
    struct virtqueue queues[2];
};

extern const struct virtio_ops virtio_console_ops;

/* Input waits in the VM's UART: as much as there is room for goes into the driver's buffers. */
void virtio_console_input(struct vm *vm);

#endif
