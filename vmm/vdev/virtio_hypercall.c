/*
 * Virtio devices reached by hypercalls: for paravirtual guests. Events come through ports.
 */
#include "vmm/hypercall.h"
#include "vmm/vdev/virtio.h"
#include "vmm/vm.h"

enum outcome hypercall_device(struct vcpu *v)
{
    const struct virtio_ops *ops = virtio_device(hypercall_argument(v, 0));
    word n = hypercall_argument(v, 1);

    if (!ops)
        return hypercall_answer(v, 0);
    switch (n) {
    case VIRTIO_WORD_ID:
        return hypercall_answer(v, ops->id);
    case VIRTIO_WORD_QUEUES:
        return hypercall_answer(v, ops->queues);
    case VIRTIO_WORD_STATUS:
        return hypercall_answer(v, virtio_is_broken(v->vm, ops) ? VIRTIO_NEEDS_RESET : 0);
    default:
        return hypercall_answer(
            v, n < VIRTIO_WORD_FIRST ? 0 : ops->config(v->vm, n - VIRTIO_WORD_FIRST));
    }
}

enum outcome hypercall_queue(struct vcpu *v)
{
    struct virtqueue *q = virtio_queue(v->vm, hypercall_argument(v, 0), hypercall_argument(v, 1));
    struct virtqueue wanted = {.size = hypercall_argument(v, 2),
                               .desc = hypercall_argument(v, 3),
                               .avail = hypercall_argument(v, 4),
                               .used = hypercall_argument(v, 5)};

    switch (q ? virtqueue_set(v->vm, q, &wanted) : QUEUE_BAD_SIZE) {
    case QUEUE_BAD_SIZE:
        return hypercall_refuse(v, HYPERCALL_ERROR_invalid);
    case QUEUE_BAD_ADDRESS:
        return hypercall_refuse(v, HYPERCALL_ERROR_address);
    case QUEUE_SET:
        break;
    }
    return hypercall_answer(v, 0);
}

enum outcome hypercall_notify(struct vcpu *v)
{
    word device = hypercall_argument(v, 0), queue = hypercall_argument(v, 1);

    if (!virtio_queue(v->vm, device, queue))
        return hypercall_refuse(v, HYPERCALL_ERROR_invalid);
    if (virtio_device(device)->notify(v->vm, queue))
        return REPEATS;
    return hypercall_answer(v, 0);
}
