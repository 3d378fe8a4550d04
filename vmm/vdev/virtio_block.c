/*
 * Virtio disk: one queue of requests, carried out one by one, sector by sector, on what the VM
 * has as its disk (disk.h), while the guest goes on.
 *
 *   head {type, sector}  read by the device
 *   data                 read (OUT) or written (IN): whole sectors
 *   status               one byte, written
 *
 * A whole request is one notification and one event, where the ATA disk's ports are some 270
 * accesses a sector, each an exit.
 */
#include "vmm/vdev/virtio_block.h"

#include "vmm/disk.h"
#include "vmm/platform.h"
#include "vmm/vm.h"

#include "isa/hypercall.h"

static word config(struct vm *vm, word n)
{
    return n == VIRTIO_BLOCK_SECTORS ? vm->ata.sectors : 0;
}

static struct virtqueue *queue(struct vm *vm, word number)
{
    (void)number;
    return &vm->vblock.queue;
}

/* The request is over. */
static void finish(struct vm *vm, uint8_t status)
{
    struct vblock *b = &vm->vblock;
    word in = b->type == VIRTIO_BLOCK_IN ? b->done : 0;

    b->busy = false;
    if (!chain_write(vm, &b->chain, b->chain.write_size - 1, &status, 1))
        virtqueue_break(&b->queue);
    else
        virtqueue_give(vm, &b->queue, EVENT_PORT_block, &b->chain, in + 1);
}

/* The next sector of the request under way, or its end. */
static void go_on(struct vm *vm)
{
    struct vblock *b = &vm->vblock;

    if (b->done == b->size) {
        finish(vm, VIRTIO_BLOCK_OK);
        return;
    }
    if (b->type == VIRTIO_BLOCK_OUT &&
        !chain_read(vm, &b->chain, (word)sizeof(struct virtio_block_head) + b->done, vm->ata.buffer,
                    SECTOR_SIZE)) {
        finish(vm, VIRTIO_BLOCK_ERROR);
        return;
    }
    b->busy = disk_start(vm, b->type == VIRTIO_BLOCK_OUT ? ATA_COMMAND_WRITE : ATA_COMMAND_READ,
                         b->sector);
    if (!b->busy) /* the VM uses its ATA ports as well */
        finish(vm, VIRTIO_BLOCK_ERROR);
}

/* Looks at the head of a request that has been taken, and begins it. False: no request at all. */
static bool begin(struct vm *vm)
{
    struct vblock *b = &vm->vblock;
    struct virtio_block_head head;
    const struct chain *c = &b->chain;

    if (c->read_size < sizeof head || c->write_size < 1 ||
        !chain_read(vm, c, 0, &head, sizeof head))
        return false;
    b->type = head.type;
    b->sector = head.sector;
    b->done = 0;
    b->size = head.type == VIRTIO_BLOCK_OUT ? c->read_size - (word)sizeof head : c->write_size - 1;
    if (head.type == VIRTIO_BLOCK_FLUSH) {
        b->busy = disk_start(vm, ATA_COMMAND_FLUSH, 0);
        if (!b->busy)
            finish(vm, VIRTIO_BLOCK_ERROR);
    } else if (head.type != VIRTIO_BLOCK_IN && head.type != VIRTIO_BLOCK_OUT) {
        finish(vm, VIRTIO_BLOCK_UNSUPPORTED);
    } else if (b->size % SECTOR_SIZE || head.sector_high || head.sector > vm->ata.sectors ||
               b->size / SECTOR_SIZE > vm->ata.sectors - head.sector) {
        finish(vm, VIRTIO_BLOCK_ERROR);
    } else {
        go_on(vm);
    }
    return true;
}

/* Takes requests until one is on its way to the real disk. */
static bool next(struct vm *vm)
{
    struct vblock *b = &vm->vblock;

    if (b->busy || !vm->ata.sectors || !virtqueue_take(vm, &b->queue, &b->chain))
        return false;
    if (!begin(vm))
        virtqueue_break(&b->queue);
    return !b->busy;
}

/* A sector, or a flush, of the request under way. */
static void step_done(struct vm *vm, uint8_t error)
{
    struct vblock *b = &vm->vblock;

    if (!error && b->type == VIRTIO_BLOCK_FLUSH) {
        finish(vm, VIRTIO_BLOCK_OK);
        return;
    }
    if (error || (b->type == VIRTIO_BLOCK_IN &&
                  !chain_write(vm, &b->chain, b->done, vm->ata.buffer, SECTOR_SIZE))) {
        finish(vm, VIRTIO_BLOCK_ERROR);
        return;
    }
    b->done += SECTOR_SIZE;
    b->sector++;
    go_on(vm);
}

void virtio_block_done(struct vm *vm, uint8_t error)
{
    struct vblock *b = &vm->vblock;

    b->busy = false;
    if (virtqueue_has(&b->queue, &b->chain))
        step_done(vm, error);
    while (next(vm)) /* at most as many as the queue holds */
        ;
}

/* One at a time, so that a queue of requests that end at once does not hold us. */
static bool notify(struct vm *vm, word number)
{
    (void)number;
    return next(vm);
}

const struct virtio_ops virtio_block_ops = {
    .name = "virtio-block",
    .id = VIRTIO_ID_BLOCK,
    .queues = 1,
    .config = config,
    .queue = queue,
    .notify = notify,
};
