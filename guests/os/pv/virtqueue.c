/*
 * A split virtqueue from the driver's side. The device is the monitor, which runs when the kernel
 * does not: nothing has to be ordered but what the compiler might turn round.
 */
#include "guests/os/pv/virtqueue.h"

#include "guests/os/arch.h"

bool virtqueue_init(struct virtqueue *q, word device, word number)
{
    q->device = device;
    q->number = number;
    return hypercall(HYPERCALL_queue, device, number, VIRTQUEUE_SIZE, (word)q->desc,
                     (word)&q->avail, (word)&q->used) == 0;
}

void virtqueue_describe(struct virtqueue *q, word i, const void *piece, word size, word flags,
                        word next)
{
    q->desc[i] = (struct virtq_desc){.address = (word)piece,
                                     .length = size,
                                     .flags = (uint16_t)(flags | (next ? VIRTQ_NEXT : 0)),
                                     .next = (uint16_t)next};
}

void virtqueue_offer(struct virtqueue *q, word head)
{
    volatile uint16_t *idx = &q->avail.idx;

    q->avail.ring[*idx % VIRTQUEUE_SIZE] = (uint16_t)head;
    __asm__ volatile("" : : : "memory"); /* the chain is complete before it counts */
    *idx = (uint16_t)(*idx + 1);
}

void virtqueue_notify(const struct virtqueue *q)
{
    hypercall_do(HYPERCALL_notify, q->device, q->number, 0);
}

static uint16_t given(const struct virtqueue *q)
{
    return *(const volatile uint16_t *)&q->used.idx;
}

bool virtqueue_take(struct virtqueue *q, word *head, word *written)
{
    if (given(q) == q->taken)
        return false;
    __asm__ volatile("" : : : "memory");
    const struct virtq_used_element *e = &q->used.ring[q->taken % VIRTQUEUE_SIZE];
    *head = e->id;
    *written = e->length;
    q->taken++;
    return true;
}

word virtqueue_waiting(const struct virtqueue *q)
{
    return (uint16_t)(q->avail.idx - given(q));
}
