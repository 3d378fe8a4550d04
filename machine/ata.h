/* The ATA disk with programmed I/O; see ata.c for its registers. */
#ifndef MACHINE_ATA_H
#define MACHINE_ATA_H

#include "machine/bus.h"
#include "machine/disk.h"

struct ata_regs {
    uint32_t lba;      /* of the sector that comes next */
    uint32_t left;     /* sectors of the command that are not done */
    uint32_t position; /* byte of the buffer that the data port is at */
    uint8_t error, count, lba_low, lba_mid, lba_high, device, status;
    uint8_t command;     /* being carried out, 0 none */
    uint8_t irq;         /* level of the line */
    uint8_t reserved[3]; /* no padding: digests go over bytes */
    uint8_t buffer[DISK_SECTOR];
};

struct ata {
    struct device device;
    struct irq irq;
    struct disk *disk;
    uint32_t sector_cost; /* cycles per sector */
    struct alarm alarm;   /* the end of BSY; the board adds it to its schedule */
    struct ata_regs regs;
};

/* `disk` must outlive it. */
void ata_init(struct ata *a, const struct board *board, struct irq irq, struct disk *disk,
              uint32_t sector_cost);

#endif
