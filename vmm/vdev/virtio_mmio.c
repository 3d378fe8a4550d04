/*
 * Virtio devices reached by registers, as the standard's "virtio over MMIO", version 2: for guests of
 * every technique, where the VM was given virtio=on. A slot each: the console, then the disk.
 *
 *   1000_1000 + 1000h * slot   registers of devices.def, VIRTIO; words only
 *   line 3 + slot              high while IRQ is not 0
 *
 * The high halves of addresses must stay 0, which they are. The one feature is bit 32, "version 1":
 * a driver that does not take it is refused FEATURES, and its queues do nothing.
 *
 * A notification does a part of the work only (virtio_console.c) and there is nobody to repeat it, so
 * it goes on here, at most once around the queue.
 */
#include "vmm/vdev/virtio_mmio.h"

#include "vmm/platform.h"
#include "vmm/vm.h"

#include "isa/hypercall.h"
#include "isa/paging.h"

#define MAGIC     0x74726976u
#define VERSION   2
#define VENDOR    0x5a505254u
#define VERSION_1 1u /* bit 32 of the features */
#define IRQ_USED  1u
#define AT_ONCE   VIRTQ_SIZE_MAX

static void set_line(struct vm *vm, word slot)
{
    vintc_set_line(vm, LINE_virtio + slot, vm->vmmio.slots[slot].irq != 0);
}

void virtio_mmio_interrupt(struct vm *vm, word device)
{
    vm->vmmio.slots[device].irq |= IRQ_USED;
    set_line(vm, device);
}

bool virtio_mmio_can_raise(const struct vm *vm)
{
    return (vintc_listens(vm, LINE_virtio + EVENT_PORT_console) &&
            vm->vconsole.queues[VIRTIO_CONSOLE_RECEIVE].size) ||
           (vintc_listens(vm, LINE_virtio + EVENT_PORT_block) && vm->vblock.busy);
}

static void reset(struct vm *vm, word slot)
{
    static const struct virtqueue nothing = {.size = 0};

    for (word i = 0; i < virtio_device(slot)->queues; i++)
        virtqueue_set(vm, virtio_queue(vm, slot, i), &nothing);
    vm->vmmio.slots[slot] = (struct vmmio_slot){.status = 0};
    set_line(vm, slot);
}

static word status_of(struct vm *vm, word slot)
{
    word broken = virtio_is_broken(vm, virtio_device(slot)) ? VIRTIO_STATUS_RESET : 0;

    return vm->vmmio.slots[slot].status | broken;
}

static word read(struct vm *vm, word offset)
{
    word slot = offset / PAGE_SIZE, reg = offset % PAGE_SIZE;
    const struct virtio_ops *ops = virtio_device(slot);
    const struct vmmio_slot *s = &vm->vmmio.slots[slot];

    switch (reg) {
    case VIRTIO_MAGIC:
        return MAGIC;
    case VIRTIO_VERSION:
        return VERSION;
    case VIRTIO_DEVICE:
        return ops->id;
    case VIRTIO_VENDOR:
        return VENDOR;
    case VIRTIO_OFFERS:
        return s->offers_sel == 1 ? VERSION_1 : 0;
    case VIRTIO_QUEUE_MAX:
        return virtio_queue(vm, slot, s->queue) ? VIRTQ_SIZE_MAX : 0;
    case VIRTIO_READY:
        return virtio_queue(vm, slot, s->queue) && virtio_queue(vm, slot, s->queue)->size;
    case VIRTIO_IRQ:
        return s->irq;
    case VIRTIO_STATUS:
        return status_of(vm, slot);
    default:
        return reg >= VIRTIO_CONFIG ? ops->config(vm, (reg - VIRTIO_CONFIG) / 4) : 0;
    }
}

static void set_status(struct vm *vm, word slot, word value)
{
    struct vmmio_slot *s = &vm->vmmio.slots[slot];

    if (value == 0) {
        reset(vm, slot);
        return;
    }
    s->status = value & ~(word)VIRTIO_STATUS_RESET;
    if (!(s->takes_high & VERSION_1))
        s->status &= ~(word)VIRTIO_STATUS_FEATURES;
}

static void set_ready(struct vm *vm, word slot, word value)
{
    struct vmmio_slot *s = &vm->vmmio.slots[slot];
    struct virtqueue *q = virtio_queue(vm, slot, s->queue);

    if (!q || !(s->status & VIRTIO_STATUS_FEATURES))
        return;
    if (!value)
        s->wanted.size = 0;
    virtqueue_set(vm, q, &s->wanted); /* else READY stays 0 */
}

static void notify(struct vm *vm, word slot, word queue)
{
    if (!virtio_queue(vm, slot, queue))
        return;
    for (unsigned i = 0; i < AT_ONCE && virtio_device(slot)->notify(vm, queue); i++)
        ;
}

static void write(struct vm *vm, word offset, word value)
{
    word slot = offset / PAGE_SIZE;
    struct vmmio_slot *s = &vm->vmmio.slots[slot];

    switch (offset % PAGE_SIZE) {
    case VIRTIO_OFFERS_SEL:
        s->offers_sel = value;
        break;
    case VIRTIO_TAKES_SEL:
        s->takes_sel = value;
        break;
    case VIRTIO_TAKES:
        if (s->takes_sel == 1)
            s->takes_high = value;
        break;
    case VIRTIO_QUEUE:
        s->queue = value;
        s->wanted = (struct virtqueue){.size = 0};
        break;
    case VIRTIO_QUEUE_SIZE:
        s->wanted.size = value;
        break;
    case VIRTIO_DESC:
        s->wanted.desc = value;
        break;
    case VIRTIO_AVAIL:
        s->wanted.avail = value;
        break;
    case VIRTIO_USED:
        s->wanted.used = value;
        break;
    case VIRTIO_READY:
        set_ready(vm, slot, value);
        break;
    case VIRTIO_NOTIFY:
        notify(vm, slot, value);
        break;
    case VIRTIO_ACK:
        s->irq &= ~value;
        set_line(vm, slot);
        break;
    case VIRTIO_STATUS:
        set_status(vm, slot, value);
        break;
    }
}

const struct vdev_ops virtio_mmio_ops = {"virtio", 4, VIRTIO_DEVICES *PAGE_SIZE, read, write};
