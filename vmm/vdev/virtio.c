/*
 * Split virtqueues from the device's side, and the hypercalls that lead to them; see virtio.h.
 *
 *   avail.idx - taken      chains that wait; more than the queue's size is a lie
 *   ring[taken % size]     head; below size
 *   desc[head]...          each copied once; at most CHAIN_PIECES, so a loop ends; in RAM; what is
 *                          read before what is written; no indirection
 */
#include "vmm/vdev/virtio.h"

#include "vmm/hypercall.h"
#include "vmm/lib.h"
#include "vmm/p2m.h"
#include "vmm/para.h"
#include "vmm/vdev/virtio_block.h"
#include "vmm/vdev/virtio_console.h"
#include "vmm/vm.h"

#define AT_IDX  2 /* byte offsets in both rings */
#define AT_RING 4

/* ---- queues ------------------------------------------------------------------------------- */

void virtqueue_break(struct virtqueue *q)
{
    q->broken = true;
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

void virtqueue_give(struct vm *vm, struct virtqueue *q, word port, const struct chain *c,
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
        para_raise(vm, port);
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

/* ---- hypercalls --------------------------------------------------------------------------- */

static const struct virtio_ops *const devices[] = {
    [EVENT_PORT_console] = &virtio_console_ops,
    [EVENT_PORT_block] = &virtio_block_ops,
};

/* NULL when the guest has no such device. */
static const struct virtio_ops *device_at(word number)
{
    return number < COUNT_OF(devices) ? devices[number] : NULL;
}

static struct virtqueue *queue_at(struct vm *vm, word device, word queue)
{
    const struct virtio_ops *ops = device_at(device);

    return ops && queue < ops->queues ? ops->queue(vm, queue) : NULL;
}

static bool is_broken(struct vm *vm, const struct virtio_ops *ops)
{
    for (word i = 0; i < ops->queues; i++)
        if (ops->queue(vm, i)->broken)
            return true;
    return false;
}

enum outcome hypercall_device(struct vcpu *v)
{
    const struct virtio_ops *ops = device_at(hypercall_argument(v, 0));
    word n = hypercall_argument(v, 1);

    if (!ops)
        return hypercall_answer(v, 0);
    switch (n) {
    case VIRTIO_WORD_ID:
        return hypercall_answer(v, ops->id);
    case VIRTIO_WORD_QUEUES:
        return hypercall_answer(v, ops->queues);
    case VIRTIO_WORD_STATUS:
        return hypercall_answer(v, is_broken(v->vm, ops) ? VIRTIO_NEEDS_RESET : 0);
    default:
        return hypercall_answer(
            v, n < VIRTIO_WORD_FIRST ? 0 : ops->config(v->vm, n - VIRTIO_WORD_FIRST));
    }
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

enum outcome hypercall_queue(struct vcpu *v)
{
    struct virtqueue *q = queue_at(v->vm, hypercall_argument(v, 0), hypercall_argument(v, 1));
    struct virtqueue wanted = {.size = hypercall_argument(v, 2),
                               .desc = hypercall_argument(v, 3),
                               .avail = hypercall_argument(v, 4),
                               .used = hypercall_argument(v, 5)};

    if (!q || wanted.size > VIRTQ_SIZE_MAX || (wanted.size & (wanted.size - 1)))
        return hypercall_refuse(v, HYPERCALL_ERROR_invalid);
    if (wanted.size && !fits(v->vm, &wanted))
        return hypercall_refuse(v, HYPERCALL_ERROR_address);
    wanted.set_up = q->set_up + 1;
    *q = wanted;
    return hypercall_answer(v, 0);
}

enum outcome hypercall_notify(struct vcpu *v)
{
    word device = hypercall_argument(v, 0), queue = hypercall_argument(v, 1);

    if (!queue_at(v->vm, device, queue))
        return hypercall_refuse(v, HYPERCALL_ERROR_invalid);
    if (device_at(device)->notify(v->vm, queue))
        return REPEATS;
    return hypercall_answer(v, 0);
}
