/*
 * A split virtqueue (isa/virtio.h) from the driver's side. All of its parts in one page.
 */
#ifndef OS_PV_VIRTQUEUE_H
#define OS_PV_VIRTQUEUE_H

#include "guests/os/types.h"
#include "isa/virtio.h"

#define VIRTQUEUE_SIZE 16 /* descriptors */

struct virtqueue {
    struct virtq_desc desc[VIRTQUEUE_SIZE];
    struct {
        uint16_t flags, idx, ring[VIRTQUEUE_SIZE];
    } avail;
    struct {
        uint16_t flags, idx;
        struct virtq_used_element ring[VIRTQUEUE_SIZE];
    } used;
    uint16_t taken; /* of used, so far; only the driver's */
    word device, number;
};

/* False when the monitor has no such device. */
bool virtqueue_init(struct virtqueue *q, word device, word number);

/* Fills in a descriptor; `next` 0: the chain ends here. */
void virtqueue_describe(struct virtqueue *q, word i, const void *piece, word size, word flags,
                        word next);
/* Offers the chain that begins with descriptor `head`. The device need not look yet. */
void virtqueue_offer(struct virtqueue *q, word head);
/* It looks now. */
void virtqueue_notify(const struct virtqueue *q);
/* A chain that the device has given back: its head and how many bytes it wrote. False: none. */
bool virtqueue_take(struct virtqueue *q, word *head, word *written);
/* Chains that the device still has. */
word virtqueue_waiting(const struct virtqueue *q);

#endif
