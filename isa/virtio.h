/*
 * Virtio's split virtqueues and the devices that the monitor has behind them, as in the virtio
 * standard, version 1: what driver and device agree on. All numbers little-endian.
 *
 *   desc    table of `size` descriptors: pieces of memory, chained by next
 *   avail   the driver's: ring[idx % size] = head of a chain; then idx + 1
 *   used    the device's: ring[idx % size] = {head, bytes written}; then idx + 1
 *
 * Each ring is written by one side only; idx only grows, modulo 2^16.
 */
#ifndef ISA_VIRTIO_H
#define ISA_VIRTIO_H

#include <stdint.h>

#define VIRTQ_SIZE_MAX     128u /* a power of two; the standard allows more */

#define VIRTQ_NEXT         1 /* flags of a descriptor: the chain goes on */
#define VIRTQ_WRITE        2 /* the device writes it; else it reads it */
#define VIRTQ_INDIRECT     4 /* it holds descriptors: not offered here */
#define VIRTQ_NO_INTERRUPT 1 /* flags of avail: the driver wants no events */

#define VIRTQ_ALIGN_DESC   16u
#define VIRTQ_ALIGN_AVAIL  2u
#define VIRTQ_ALIGN_USED   4u

struct virtq_desc {
    uint32_t address, address_high, length;
    uint16_t flags, next;
};
struct virtq_avail {
    uint16_t flags, idx;
    uint16_t ring[VIRTQ_SIZE_MAX]; /* as many as the queue's size */
};
struct virtq_used_element {
    uint32_t id, length;
};
struct virtq_used {
    uint16_t flags, idx;
    struct virtq_used_element ring[VIRTQ_SIZE_MAX]; /* the same */
};

/* Words of a device's configuration (hypercall device). */
#define VIRTIO_WORD_ID          0 /* what it is, 0: there is none */
#define VIRTIO_WORD_QUEUES      1
#define VIRTIO_WORD_STATUS      2 /* VIRTIO_NEEDS_RESET: the driver has broken a queue */
#define VIRTIO_WORD_FIRST       8 /* its own, from here on */

#define VIRTIO_NEEDS_RESET      0x40

#define VIRTIO_ID_NET           1
#define VIRTIO_ID_BLOCK         2
#define VIRTIO_ID_CONSOLE       3

/* Console: what comes in, what goes out. */
#define VIRTIO_CONSOLE_RECEIVE  0
#define VIRTIO_CONSOLE_TRANSMIT 1

/* Block: a chain is the head, for the device to read; data; a byte of status, for it to write. */
struct virtio_block_head {
    uint32_t type, reserved;
    uint32_t sector, sector_high;
};
#define VIRTIO_BLOCK_IN          0
#define VIRTIO_BLOCK_OUT         1
#define VIRTIO_BLOCK_FLUSH       4
#define VIRTIO_BLOCK_OK          0
#define VIRTIO_BLOCK_ERROR       1
#define VIRTIO_BLOCK_UNSUPPORTED 2
#define VIRTIO_BLOCK_SECTORS     0 /* word of its own configuration, and the next: capacity */

#endif
