/* The virtual disk; see ata.c for its registers. */
#ifndef VMM_VDEV_ATA_H
#define VMM_VDEV_ATA_H

#include "vmm/vdev/bus.h"

#define SECTOR_SIZE 512u

struct vata {
    uint32_t sectors;  /* 0: no disk */
    uint32_t lba;      /* of the sector that comes next */
    uint32_t left;     /* sectors of the command that are not done */
    uint32_t position; /* byte of the buffer that the data port is at */
    uint8_t error, count, lba_low, lba_mid, lba_high, device, status;
    uint8_t command; /* being carried out, 0 none */
    uint8_t buffer[SECTOR_SIZE];
};

extern const struct vdev_ops vata_ops;

/* sectors 0: no disk answers. */
void vata_init(struct vm *vm, uint32_t sectors);

/* The real disk has done what disk_start asked for; error as ATA's register, 0 good. */
void vata_done(struct vm *vm, uint8_t error);

/* Is a command on its way that will raise the line? */
bool vata_can_raise(const struct vm *vm);

#endif
