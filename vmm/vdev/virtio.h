/*
 * Virtio devices: split virtqueues (isa/virtio.h) in a guest's memory, seen from the device.
 *
 * The queue code knows no device, and the devices do not know by which way the guest reaches them:
 * hypercalls and event ports (virtio_hypercall.c) or registers and interrupts (virtio_mmio.c).
 *
 * Everything in a queue is the guest's, and may change at any time. So each word is read once,
 * into memory of the monitor's own, checked there, and used from there. A driver that breaks the
 * rules loses the queue until it is set up again, and nobody else anything.
 */
#ifndef VMM_VDEV_VIRTIO_H
#define VMM_VDEV_VIRTIO_H

#include "vmm/types.h"

#include "isa/virtio.h"

struct vm;

struct virtqueue {
    word size; /* 0: not set up */
    gpa desc, avail, used;
    uint16_t taken; /* chains taken from avail so far */
    uint16_t given; /* and given back through used */
    word set_up;    /* how often it was: a chain of an earlier time is nobody's */
    bool broken;
};

#define CHAIN_PIECES 8 /* of one request: more than any driver here needs */

/* A request: pieces that the device reads come before those that it writes. */
struct chain {
    word set_up; /* of its queue, when it was taken */
    uint16_t head;
    uint16_t readable, writable; /* pieces of each */
    word read_size, write_size;  /* bytes of each, together */
    struct {
        gpa address;
        word length;
    } pieces[CHAIN_PIECES];
};

/* A kind of device. */
struct virtio_ops {
    const char *name;
    word id, queues;
    /* Word n of its own configuration. */
    word (*config)(struct vm *vm, word n);
    struct virtqueue *(*queue)(struct vm *vm, word number);
    /* There may be new chains. True: there are more than can be done at once. */
    bool (*notify)(struct vm *vm, word queue);
};

/* Devices by number, which is also their event port and their slot; NULL where there is none. */
const struct virtio_ops *virtio_device(word number);
#define VIRTIO_DEVICES 2u
/* The queue of a device, NULL when it has none of this number. */
struct virtqueue *virtio_queue(struct vm *vm, word device, word number);
/* Has the driver broken a queue of the device? */
bool virtio_is_broken(struct vm *vm, const struct virtio_ops *ops);
/* Tells the driver, by the way that this VM has. */
void virtio_interrupt(struct vm *vm, word device);

/* The driver says where a queue's parts are; size 0: nowhere. Only size and addresses of `wanted`
 * count. */
enum virtqueue_set { QUEUE_SET, QUEUE_BAD_SIZE, QUEUE_BAD_ADDRESS };
enum virtqueue_set virtqueue_set(struct vm *vm, struct virtqueue *q,
                                 const struct virtqueue *wanted);

/* Takes the next chain that the driver offers. False: there is none, or the queue is broken. */
bool virtqueue_take(struct vm *vm, struct virtqueue *q, struct chain *c);
/* Is the chain still the driver's wish? When not, its memory must be left alone. */
static inline bool virtqueue_has(const struct virtqueue *q, const struct chain *c)
{
    return q->size && q->set_up == c->set_up;
}
/* Gives it back, with so many bytes written into it, and tells the driver if it wants to know. */
void virtqueue_give(struct vm *vm, struct virtqueue *q, word device, const struct chain *c,
                    word written);
/* No chain of it is to be used any more. */
void virtqueue_break(struct virtqueue *q);

/* Copies out of the chain's readable bytes, or into its writable ones, from byte `offset` on. False
 * when they end before, or are no memory to write. */
bool chain_read(struct vm *vm, const struct chain *c, word offset, void *to, word size);
bool chain_write(struct vm *vm, const struct chain *c, word offset, const void *from, word size);

#endif
