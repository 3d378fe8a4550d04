/*
 * The disk: sectors of 512 bytes behind ATA ports, driven by interrupts.
 */
#ifndef OS_DISK_H
#define OS_DISK_H

#include "guests/os/types.h"

/* Looks whether there is one. */
void disk_init(void);
/* Sectors, 0 when there is no disk. */
word disk_size(void);

/* One sector, two-byte aligned in memory; waits until it is done. 0, or a negative error. */
int disk_read(word lba, void *sector);
int disk_write(word lba, const void *sector);

#endif
