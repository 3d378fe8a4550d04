/* The virtio disk; see virtio_block.c. */
#ifndef VMM_VDEV_VIRTIO_BLOCK_H
#define VMM_VDEV_VIRTIO_BLOCK_H

#include "vmm/vdev/virtio.h"

struct vblock {
    struct virtqueue queue;
    bool busy;          /* the real disk works for the request in: */
    struct chain chain; /* what is under way */
    word type;
    uint32_t sector; /* the one that comes next */
    word done, size; /* bytes of data */
};

extern const struct virtio_ops virtio_block_ops;

/* The real disk has done a sector, or a flush, of the request that is under way. */
void virtio_block_done(struct vm *vm, uint8_t error);

#endif
