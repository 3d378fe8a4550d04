/*
 * A module as a disk, copy on write:
 *
 *   image    |block 0|block 1|block 2|        the module, never written, for all who have it
 *   blocks   |   -   |   *   |   -   |
 *                        |
 *                     a frame of the VM's own
 *
 * The last block of a module that ends in the middle of one is zeros behind its end.
 */
#include "vmm/image.h"

#include "vmm/loader.h"
#include "vmm/phys.h"
#include "vmm/platform.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#include "isa/boot.h"
#include "isa/paging.h"

#define PER_BLOCK     (IMAGE_BLOCK / SECTOR_SIZE)
#define IDENTIFY_LBA  98 /* byte offset of word 49, capabilities */
#define LBA_SUPPORTED 0x0200u
#define IDENTIFY_SIZE 120 /* of words 60 and 61 */

static const struct boot_module *find(const struct vmm *vmm, struct slice name)
{
    return vmm->boot ? loader_find(vmm->boot, name) : NULL;
}

word image_frames(const struct vmm *vmm, struct slice name)
{
    const struct boot_module *m = find(vmm, name);

    return m ? 1 + (m->size + IMAGE_BLOCK - 1) / IMAGE_BLOCK : 0;
}

static bool refuse(struct line *why, struct slice name, const char *what)
{
    line_slice(why, name);
    line_str(why, what);
    return false;
}

bool image_give(struct vm *vm, struct slice name, struct line *why)
{
    const struct boot_module *m = find(vm->vmm, name);
    hpa table;

    if (!m)
        return refuse(why, name, ": there is no module of this name for its disk");
    if (m->size < SECTOR_SIZE || m->size > IMAGE_BLOCK * IMAGE_BLOCKS)
        return refuse(why, name, ": a disk image has one sector at least, and 4 MiB at most");
    if (!alloc_frame_zero(&vm->vmm->alloc, vm->id, FRAME_VM, &table))
        return refuse(why, name, ": there is no memory for this disk");
    vm->vdisk.image = phys_ptr(m->address);
    vm->vdisk.image_size = m->size;
    vm->vdisk.blocks = phys_ptr(table);
    vata_init(vm, m->size / SECTOR_SIZE);
    return true;
}

/* What is in the image of a block, in a frame of the VM's own. */
static uint8_t *own_block(struct vm *vm, word number)
{
    const struct vdisk *d = &vm->vdisk;
    word from = number * IMAGE_BLOCK, left = d->image_size - from;
    hpa frame;

    if (d->blocks[number])
        return d->blocks[number];
    if (!alloc_frame_zero(&vm->vmm->alloc, vm->id, FRAME_VM, &frame))
        return NULL;
    memcpy(phys_ptr(frame), d->image + from, left < IMAGE_BLOCK ? left : IMAGE_BLOCK);
    return d->blocks[number] = phys_ptr(frame);
}

static uint8_t write_sector(struct vm *vm)
{
    uint8_t *block = own_block(vm, vm->vdisk.lba / PER_BLOCK);

    if (!block)
        return ATA_ERROR_ABRT;
    memcpy(block + vm->vdisk.lba % PER_BLOCK * SECTOR_SIZE, vm->ata.buffer, SECTOR_SIZE);
    return 0;
}

static uint8_t read_sector(struct vm *vm)
{
    const struct vdisk *d = &vm->vdisk;
    const uint8_t *block = d->blocks[d->lba / PER_BLOCK];

    if (block)
        memcpy(vm->ata.buffer, block + d->lba % PER_BLOCK * SECTOR_SIZE, SECTOR_SIZE);
    else
        memcpy(vm->ata.buffer, d->image + d->lba * SECTOR_SIZE, SECTOR_SIZE);
    return 0;
}

/* The words that drivers look at. */
static uint8_t identify(struct vm *vm)
{
    uint8_t *b = vm->ata.buffer;

    memset(b, 0, SECTOR_SIZE);
    b[IDENTIFY_LBA + 1] = LBA_SUPPORTED >> 8;
    for (unsigned i = 0; i < 4; i++)
        b[IDENTIFY_SIZE + i] = (uint8_t)(vm->ata.sectors >> 8 * i);
    return 0;
}

uint8_t image_carry_out(struct vm *vm)
{
    switch (vm->vdisk.command) {
    case ATA_COMMAND_READ:
        return read_sector(vm);
    case ATA_COMMAND_WRITE:
        return write_sector(vm);
    case ATA_COMMAND_IDENTIFY:
        return identify(vm);
    default: /* flush: memory is where it goes */
        return 0;
    }
}
