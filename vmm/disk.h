/*
 * The real ATA disk, driven by interrupts: guests go on while it works. It belongs to one VM
 * (the allocator says to which), so there is at most one request.
 */
#ifndef VMM_DISK_H
#define VMM_DISK_H

#include "vmm/types.h"

struct vm;
struct vmm;

struct disk {
    uint32_t sectors; /* 0: the machine has no disk */
    struct vm *user;  /* whose request is under way, NULL for none */
    uint8_t command;
};

/* Asks the real disk for its size. Before interrupts are on. */
void disk_init(struct vmm *vmm);

/* Begins one command (ATA_COMMAND_...) for a VM: of one sector, out of or into its virtual disk's buffer. vata_done
 * tells the end. The previous one must have ended. */
void disk_start(struct vm *vm, uint8_t command, uint32_t lba);

void disk_interrupt(struct vmm *vmm);

/* A VM goes away: waits for its request's end and forgets it. */
void disk_forget(struct vm *vm);

#endif
