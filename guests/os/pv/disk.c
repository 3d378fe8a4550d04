/*
 * The disk with a monitor: a virtio disk. A request is a chain of three: what to do, the
 * sector, one byte that says how it went.
 */
#include "guests/os/disk.h"

#include "guests/abi.h"
#include "guests/os/arch.h"
#include "guests/os/intc.h"
#include "guests/os/lock.h"
#include "guests/os/pv/virtqueue.h"
#include "guests/os/sched.h"
#include "guests/os/timer.h"

enum { HEAD, DATA, STATUS };

static word sectors;
static struct lock lock; /* one request at a time */
static struct virtqueue queue __attribute__((aligned(4096)));
static struct virtio_block_head head;
static uint8_t status;

static void disk_interrupt(void)
{
    sched_wake(&sectors);
}

void disk_init(void)
{
    word capacity = VIRTIO_WORD_FIRST + VIRTIO_BLOCK_SECTORS;
    int answer = hypercall(HYPERCALL_device, EVENT_PORT_block, capacity, 0, 0, 0, 0);

    if (answer <= 0 || !virtqueue_init(&queue, EVENT_PORT_block, 0))
        return;
    sectors = (word)answer;
    intc_enable(EVENT_PORT_block, disk_interrupt);
}

word disk_size(void)
{
    return sectors;
}

/* While the kernel starts there is nobody else to run. */
static void wait(void)
{
    word irq = irq_save();
    word which, written;

    while (!virtqueue_take(&queue, &which, &written)) {
        if (sched_can_sleep())
            sched_sleep(&sectors, TIMER_NEVER);
        else
            cpu_wait();
    }
    irq_restore(irq);
}

/* `data` NULL: there is none. */
static int request(word type, word lba, const void *data, word flags)
{
    head = (struct virtio_block_head){.type = type, .sector = lba};
    status = VIRTIO_BLOCK_ERROR;
    virtqueue_describe(&queue, HEAD, &head, sizeof head, 0, data ? DATA : STATUS);
    virtqueue_describe(&queue, DATA, data, SECTOR_SIZE, flags, STATUS);
    virtqueue_describe(&queue, STATUS, &status, 1, VIRTQ_WRITE, 0);
    virtqueue_offer(&queue, HEAD);
    virtqueue_notify(&queue);
    wait();
    return *(volatile uint8_t *)&status == VIRTIO_BLOCK_OK ? 0 : -ERROR_io;
}

static int check(word lba)
{
    if (!sectors)
        return -ERROR_no_disk;
    return lba < sectors ? 0 : -ERROR_invalid;
}

int disk_read(word lba, void *sector)
{
    int error = check(lba);

    if (error)
        return error;
    lock_take(&lock);
    error = request(VIRTIO_BLOCK_IN, lba, sector, VIRTQ_WRITE);
    lock_give(&lock);
    return error;
}

int disk_write(word lba, const void *sector)
{
    int error = check(lba);

    if (error)
        return error;
    lock_take(&lock);
    error = request(VIRTIO_BLOCK_OUT, lba, sector, 0);
    if (!error)
        error = request(VIRTIO_BLOCK_FLUSH, 0, NULL, 0);
    lock_give(&lock);
    return error;
}
