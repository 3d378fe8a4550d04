/*
 * A kernel with drivers for the virtio devices at their registers: it speaks through the console, reads a
 * sector of the disk, waits for the interrupt, and compares with what the ATA ports give.
 */
#include <stdbool.h>

#include "isa/virtio.h"
#include "tests/vmm/guests/kernel.h"

int kernel_main(const struct boot_page *boot);

#define CONSOLE 0u
#define DISK    1u
#define SLOT    0x1000u
#define SIZE    8u
#define SECTOR  512u

struct queue {
    struct virtq_desc desc[SIZE];
    struct {
        uint16_t flags, idx, ring[SIZE];
    } avail;
    struct {
        uint16_t flags, idx;
        struct virtq_used_element ring[SIZE];
    } used;
} __attribute__((aligned(16)));

static struct queue transmit, requests;
static struct virtio_block_head head;
static uint16_t sector[SECTOR / 2], same[SECTOR / 2];
static volatile uint8_t status;

static volatile word *reg(word slot, word offset)
{
    return (volatile word *)(uintptr_t)(REGION_virtio + slot * SLOT + offset);
}

static word address(const volatile void *p)
{
    return (word)(uintptr_t)p;
}

/* False when something is not as the standard has it. */
static bool set_up(word slot, word id, word queue, struct queue *q)
{
    if (*reg(slot, VIRTIO_MAGIC) != 0x74726976 || *reg(slot, VIRTIO_VERSION) != 2 ||
        *reg(slot, VIRTIO_DEVICE) != id)
        return false;
    *reg(slot, VIRTIO_STATUS) = 0;
    *reg(slot, VIRTIO_STATUS) = 1 | 2 | VIRTIO_STATUS_FEATURES;
    if (*reg(slot, VIRTIO_STATUS) & VIRTIO_STATUS_FEATURES) /* we have not taken version 1 */
        return false;
    *reg(slot, VIRTIO_TAKES_SEL) = 1;
    *reg(slot, VIRTIO_TAKES) = 1;
    *reg(slot, VIRTIO_STATUS) = 1 | 2 | VIRTIO_STATUS_FEATURES;
    if (!(*reg(slot, VIRTIO_STATUS) & VIRTIO_STATUS_FEATURES))
        return false;
    *reg(slot, VIRTIO_QUEUE) = queue;
    if (*reg(slot, VIRTIO_QUEUE_MAX) < SIZE || *reg(slot, VIRTIO_READY))
        return false;
    *reg(slot, VIRTIO_QUEUE_SIZE) = SIZE;
    *reg(slot, VIRTIO_DESC) = address(q->desc);
    *reg(slot, VIRTIO_AVAIL) = address(&q->avail);
    *reg(slot, VIRTIO_USED) = address(&q->used);
    *reg(slot, VIRTIO_READY) = 1;
    *reg(slot, VIRTIO_STATUS) = 1 | 2 | VIRTIO_STATUS_FEATURES | 4;
    return *reg(slot, VIRTIO_READY) == 1;
}

static void describe(struct queue *q, word i, const volatile void *piece, word size, word flags)
{
    q->desc[i] = (struct virtq_desc){.address = address(piece),
                                     .length = size,
                                     .flags = (uint16_t)flags,
                                     .next = (uint16_t)(i + 1)};
}

static void offer(struct queue *q, word slot, word queue)
{
    q->avail.ring[q->avail.idx % SIZE] = 0;
    __asm__ volatile("" : : : "memory");
    q->avail.idx++;
    __asm__ volatile("" : : : "memory");
    *reg(slot, VIRTIO_NOTIFY) = queue;
}

static void say(const char *text)
{
    word size = 0;

    while (text[size])
        size++;
    describe(&transmit, 0, text, size, 0);
    offer(&transmit, CONSOLE, VIRTIO_CONSOLE_TRANSMIT);
}

static uint16_t given(const struct queue *q)
{
    return *(const volatile uint16_t *)&q->used.idx;
}

/* The interrupt ends wfi and is not taken: IE is 0. */
static bool read_sector(word number)
{
    volatile word *intc = (volatile word *)(uintptr_t)REGION_intc;

    intc[INTC_ENABLE / 4] = 1u << (LINE_virtio + DISK);
    csr_write(CSR_ie, ie_ext);
    head = (struct virtio_block_head){.type = VIRTIO_BLOCK_IN, .sector = number};
    describe(&requests, 0, &head, sizeof head, VIRTQ_NEXT);
    describe(&requests, 1, sector, SECTOR, VIRTQ_NEXT | VIRTQ_WRITE);
    describe(&requests, 2, &status, 1, VIRTQ_WRITE);
    status = 0xff;
    offer(&requests, DISK, 0);
    while (given(&requests) == 0)
        wfi();
    if (intc[INTC_CLAIM / 4] != LINE_virtio + DISK || *reg(DISK, VIRTIO_IRQ) != 1)
        return false;
    *reg(DISK, VIRTIO_ACK) = 1;
    intc[INTC_CLAIM / 4] = LINE_virtio + DISK;
    return status == VIRTIO_BLOCK_OK && intc[INTC_CLAIM / 4] == 0;
}

static void read_by_ports(word number)
{
    pout(PORT_ata + ATA_COUNT, 1);
    pout(PORT_ata + ATA_LBA_LOW, number);
    pout(PORT_ata + ATA_LBA_MID, 0);
    pout(PORT_ata + ATA_LBA_HIGH, 0);
    pout(PORT_ata + ATA_DEVICE, ATA_DEVICE_LBA);
    pout(PORT_ata + ATA_COMMAND, ATA_COMMAND_READ);
    while (pin(PORT_ata + ATA_STATUS) & ATA_STATUS_BSY)
        ;
    for (word i = 0; i < SECTOR / 2; i++)
        same[i] = (uint16_t)pin(PORT_ata + ATA_DATA);
}

int kernel_main(const struct boot_page *boot)
{
    (void)boot;
    if (!set_up(CONSOLE, 3, VIRTIO_CONSOLE_TRANSMIT, &transmit) || !set_up(DISK, 2, 0, &requests))
        return 3;
    say("a console of virtqueues\n");
    if (*reg(DISK, VIRTIO_CONFIG) < 2 || !read_sector(1))
        return 4;
    read_by_ports(1);
    for (word i = 0; i < SECTOR / 2; i++)
        if (sector[i] != same[i])
            return 5;
    say("a disk of virtqueues\n");
    describe(&requests, 0, &head, sizeof head, VIRTQ_NEXT | VIRTQ_INDIRECT);
    offer(&requests, DISK, 0);
    if (!(*reg(DISK, VIRTIO_STATUS) & VIRTIO_STATUS_RESET))
        return 6;
    *reg(DISK, VIRTIO_STATUS) = 0;
    return *reg(DISK, VIRTIO_STATUS) == 0 ? 0 : 7;
}
