/*
 * Split virtqueues from the device's side, and the table of devices; see virtio.h.
 *
 *   avail.idx - taken      chains that wait; more than the queue's size is a lie
 *   ring[taken % size]     head; below size
 *   desc[head]...          each copied once; at most CHAIN_PIECES, so a loop ends; in RAM; what is
 *                          read before what is written; no indirection
 */
#include "vmm/vdev/virtio.h"

#include "vmm/lib.h"
#include "vmm/p2m.h"
#include "vmm/para.h"
#include "vmm/vdev/virtio_block.h"
#include "vmm/vdev/virtio_console.h"
#include "vmm/vdev/virtio_mmio.h"
#include "vmm/vm.h"

#define AT_IDX  2 /* byte offsets in both rings */
#define AT_RING 4

/* ---- queues ------------------------------------------------------------------------------- */

void virtqueue_break(struct virtqueue *q)
{
    q->broken = true;
}

/* Everything of the queue that the device will ever touch, by the numbers alone, is RAM now. */
static bool fits(struct vm *vm, const struct virtqueue *q)
{
    return q->desc % VIRTQ_ALIGN_DESC == 0 && q->avail % VIRTQ_ALIGN_AVAIL == 0 &&
           q->used % VIRTQ_ALIGN_USED == 0 &&
           p2m_covers(&vm->map, q->desc, q->size * (word)sizeof(struct virtq_desc)) &&
           p2m_covers(&vm->map, q->avail, AT_RING + q->size * 2) &&
           p2m_covers(&vm->map, q->used,
                      AT_RING + q->size * (word)sizeof(struct virtq_used_element));
}

enum virtqueue_set virtqueue_set(struct vm *vm, struct virtqueue *q, const struct virtqueue *wanted)
{
    if (wanted->size > VIRTQ_SIZE_MAX || (wanted->size & (wanted->size - 1)))
        return QUEUE_BAD_SIZE;
    if (wanted->size && !fits(vm, wanted))
        return QUEUE_BAD_ADDRESS;
    *q = (struct virtqueue){.size = wanted->size,
                            .desc = wanted->desc,
                            .avail = wanted->avail,
                            .used = wanted->used,
                            .set_up = q->set_up + 1};
    return QUEUE_SET;
}

static bool read16(struct vm *vm, gpa address, uint16_t *value)
{
    return p2m_read(&vm->map, address, value, sizeof *value);
}

/* Copies the descriptors of the chain at c->head; false when the driver has broken a rule. */
static bool take_pieces(struct vm *vm, const struct virtqueue *q, struct chain *c)
{
    uint16_t next = c->head;

    for (unsigned i = 0; i < CHAIN_PIECES; i++) {
        struct virtq_desc d;
        if (next >= q->size || !p2m_read(&vm->map, q->desc + next * (word)sizeof d, &d, sizeof d))
            return false;
        bool writable = d.flags & VIRTQ_WRITE;
        word *size = writable ? &c->write_size : &c->read_size;
        if ((d.flags & VIRTQ_INDIRECT) || (c->writable && !writable) || d.address_high ||
            !p2m_covers(&vm->map, d.address, d.length) || d.length > ~0u - *size)
            return false;
        c->pieces[i].address = d.address;
        c->pieces[i].length = d.length;
        *size += d.length;
        *(writable ? &c->writable : &c->readable) += 1;
        if (!(d.flags & VIRTQ_NEXT))
            return true;
        next = d.next;
    }
    return false;
}

bool virtqueue_take(struct vm *vm, struct virtqueue *q, struct chain *c)
{
    uint16_t idx;

    if (!q->size || q->broken)
        return false;
    *c = (struct chain){.set_up = q->set_up};
    if (!read16(vm, q->avail + AT_IDX, &idx) || (uint16_t)(idx - q->taken) > q->size) {
        virtqueue_break(q);
        return false;
    }
    if (idx == q->taken)
        return false;
    word slot = q->taken % q->size;
    if (!read16(vm, q->avail + AT_RING + slot * 2, &c->head) || !take_pieces(vm, q, c)) {
        virtqueue_break(q);
        return false;
    }
    q->taken++;
    return true;
}

void virtqueue_give(struct vm *vm, struct virtqueue *q, word device, const struct chain *c,
                    word written)
{
    struct virtq_used_element e = {c->head, written};
    uint16_t flags, idx = (uint16_t)(q->given + 1);

    if (!virtqueue_has(q, c))
        return;
    word slot = q->given % q->size;
    if (!p2m_write(&vm->map, q->used + AT_RING + slot * (word)sizeof e, &e, sizeof e) ||
        !p2m_write(&vm->map, q->used + AT_IDX, &idx, sizeof idx) || !read16(vm, q->avail, &flags)) {
        virtqueue_break(q);
        return;
    }
    q->given = idx;
    if (!(flags & VIRTQ_NO_INTERRUPT))
        virtio_interrupt(vm, device);
}

/* ---- chains ------------------------------------------------------------------------------- */

/* Where byte `offset` of the chain's readable, or writable, bytes is, and how many of the `size`
 * from there on lie together. False: they end before. */
static bool place(const struct chain *c, bool writable, word offset, word size, gpa *at, word *n)
{
    unsigned first = writable ? c->readable : 0;
    unsigned end = writable ? first + c->writable : c->readable;

    for (unsigned i = first; i < end; i++) {
        word length = c->pieces[i].length;
        if (offset < length) {
            *at = c->pieces[i].address + offset;
            *n = length - offset < size ? length - offset : size;
            return true;
        }
        offset -= length;
    }
    return false;
}

bool chain_read(struct vm *vm, const struct chain *c, word offset, void *to, word size)
{
    gpa at;
    word n;

    for (uint8_t *t = to; size; t += n, offset += n, size -= n)
        if (!place(c, false, offset, size, &at, &n) || !p2m_read(&vm->map, at, t, n))
            return false;
    return true;
}

bool chain_write(struct vm *vm, const struct chain *c, word offset, const void *from, word size)
{
    gpa at;
    word n;

    for (const uint8_t *f = from; size; f += n, offset += n, size -= n)
        if (!place(c, true, offset, size, &at, &n) || !p2m_write(&vm->map, at, f, n))
            return false;
    return true;
}

/* ---- devices ------------------------------------------------------------------------------ */

const struct virtio_ops *virtio_device(word number)
{
    static const struct virtio_ops *const devices[VIRTIO_DEVICES] = {
        [EVENT_PORT_console] = &virtio_console_ops,
        [EVENT_PORT_block] = &virtio_block_ops,
    };

    return number < COUNT_OF(devices) ? devices[number] : NULL;
}

struct virtqueue *virtio_queue(struct vm *vm, word device, word number)
{
    const struct virtio_ops *ops = virtio_device(device);

    return ops && number < ops->queues ? ops->queue(vm, number) : NULL;
}

bool virtio_is_broken(struct vm *vm, const struct virtio_ops *ops)
{
    for (word i = 0; i < ops->queues; i++)
        if (ops->queue(vm, i)->broken)
            return true;
    return false;
}

void virtio_interrupt(struct vm *vm, word device)
{
    if (vm->para)
        para_raise(vm, device);
    else
        virtio_mmio_interrupt(vm, device);
}
