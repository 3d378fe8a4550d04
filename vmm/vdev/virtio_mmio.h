/* Virtio devices reached by registers; see virtio_mmio.c. */
#ifndef VMM_VDEV_VIRTIO_MMIO_H
#define VMM_VDEV_VIRTIO_MMIO_H

#include "vmm/vdev/bus.h"
#include "vmm/vdev/virtio.h"

struct vmmio_slot {
    word status, irq;
    word offers_sel, takes_sel;
    word takes_high; /* features 32 to 63 that the driver takes */
    word queue;      /* the one that is spoken of */
    struct virtqueue wanted;
};

struct vmmio {
    bool present; /* the VM was given it: virtio=on */
    struct vmmio_slot slots[VIRTIO_DEVICES];
};

extern const struct vdev_ops virtio_mmio_ops;

/* A device has given chains back. */
void virtio_mmio_interrupt(struct vm *vm, word device);
/* Can a line of theirs become high by itself? */
bool virtio_mmio_can_raise(const struct vm *vm);

#endif
