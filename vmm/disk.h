/*
 * Disks of VMs, and the real ATA disk behind most of them, driven by interrupts: guests go on
 * while it works.
 *
 *   disk=0             all of the real disk
 *   disk=128+64        64 of its sectors, from 128 on: the VM sees a disk of 64
 *   disk=NAME          a module of the monitor's as an image; what is written goes to memory of
 *                      the VM's own, 4 KiB at a time, and is lost with it
 *
 * A sector of the real disk belongs to one VM (the allocator says to which). Each VM has at most
 * one request, of one sector; they take turns.
 */
#ifndef VMM_DISK_H
#define VMM_DISK_H

#include "vmm/lib.h"

struct disk_choice;
struct vm;
struct vmm;

struct disk {
    uint32_t sectors; /* 0: the machine has no disk */
    struct vm *user;  /* whose request is under way, NULL for none */
    bool images_wait; /* there are requests that need no real disk */
};

#define IMAGE_BLOCK  4096u
#define IMAGE_BLOCKS 1024u /* the most: 4 MiB */

/* What a VM has as its disk. Its size is its virtual disk's, vm->ata.sectors. */
struct vdisk {
    uint32_t first;       /* its first sector on the real disk */
    bool is_part;         /* it is not all of that */
    const uint8_t *image; /* or the module, NULL for none */
    uint32_t image_size;  /* bytes */
    uint8_t **blocks;     /* IMAGE_BLOCKS copies of those that were written, NULL: not written */
    uint8_t command;      /* of its request, 0 for none */
    uint32_t lba;
};

/* Asks the real disk for its size. Before interrupts are on. */
void disk_init(struct vmm *vmm);

/* Gives a VM its disk, or says why not. */
bool disk_give(struct vm *vm, const struct disk_choice *choice, struct line *why);
/* Frames that this disk may take. */
word disk_frames(const struct vmm *vmm, const struct disk_choice *choice);

/* Begins one command (ATA_COMMAND_...) for a VM: of one sector, out of or into its virtual disk's
 * buffer. vata_done tells the end, later. False while its last one goes on. */
bool disk_start(struct vm *vm, uint8_t command, uint32_t lba);

void disk_interrupt(struct vmm *vmm);
/* Carries out what waits for images. */
void disk_serve_images(struct vmm *vmm);

/* A VM goes away: waits for its request's end and forgets it. */
void disk_forget(struct vm *vm);

#endif
