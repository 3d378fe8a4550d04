/*
 * The real ATA disk and who uses it; its registers are in vdev/ata.c, which models the same
 * device. Images are in image.c.
 *
 *   disk_start -> (waits until the disk is free) -> command, for a write the data -> BSY
 *   ... interrupt -> status, for a read the data -> the next one's command -> vata_done
 */
#include "vmm/disk.h"

#include "vmm/arch.h"
#include "vmm/cmdline.h"
#include "vmm/image.h"
#include "vmm/platform.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#define IDENTIFY_SECTORS 120 /* byte offset of words 60 and 61 */

static word get(unsigned reg)
{
    return arch_port_in(PORT_ata + reg);
}

static void set(unsigned reg, word value)
{
    arch_port_out(PORT_ata + reg, value);
}

static void command(uint8_t command, uint32_t lba)
{
    set(ATA_COUNT, 1);
    set(ATA_LBA_LOW, lba & 0xff);
    set(ATA_LBA_MID, lba >> 8 & 0xff);
    set(ATA_LBA_HIGH, lba >> 16 & 0xff);
    set(ATA_DEVICE, ATA_DEVICE_LBA | (lba >> 24 & 15));
    set(ATA_COMMAND, command);
}

static void wait(void)
{
    while (get(ATA_COMMAND) & ATA_STATUS_BSY)
        ;
}

static void take(uint8_t *buffer)
{
    for (unsigned i = 0; i < SECTOR_SIZE; i += 2) {
        word value = get(ATA_DATA);
        buffer[i] = (uint8_t)value;
        buffer[i + 1] = (uint8_t)(value >> 8);
    }
}

static void give(const uint8_t *buffer)
{
    for (unsigned i = 0; i < SECTOR_SIZE; i += 2)
        set(ATA_DATA, (word)(buffer[i] | buffer[i + 1] << 8));
}

void disk_init(struct vmm *vmm)
{
    uint8_t id[SECTOR_SIZE];
    const uint8_t *p = id + IDENTIFY_SECTORS;

    vmm->disk = (struct disk){0};
    if (get(ATA_COMMAND) == 0)
        return;
    command(ATA_COMMAND_IDENTIFY, 0);
    wait();
    take(id);
    vmm->disk.sectors = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* ---- whose sectors ------------------------------------------------------------------------ */

static bool refuse(struct line *why, const char *what)
{
    line_str(why, what);
    return false;
}

static bool give_part(struct vm *vm, const struct disk_choice *c, struct line *why)
{
    uint32_t sectors = vm->vmm->disk.sectors, count = c->count ? c->count : sectors;

    if (c->first > sectors || count > sectors - c->first) {
        line_str(why, "the machine's disk has ");
        line_dec(why, sectors);
        return refuse(why, " sectors only");
    }
    if (!alloc_sectors(&vm->vmm->alloc, vm->id, c->first, count ? count : 1)) /* an empty one too */
        return refuse(why, c->count ? "sectors of its disk belong to another VM"
                                    : "disk 0 belongs to another VM");
    vm->vdisk.first = c->first;
    vm->vdisk.is_part = c->count != 0;
    vata_init(vm, count);
    return true;
}

bool disk_give(struct vm *vm, const struct disk_choice *c, struct line *why)
{
    if (!c->given) {
        vata_init(vm, 0);
        return true;
    }
    return c->image.length ? image_give(vm, c->image, why) : give_part(vm, c, why);
}

word disk_frames(const struct vmm *vmm, const struct disk_choice *c)
{
    return c->given && c->image.length ? image_frames(vmm, c->image) : 0;
}

/* ---- requests ----------------------------------------------------------------------------- */

static void begin(struct vm *vm)
{
    const struct vdisk *d = &vm->vdisk;

    vm->vmm->disk.user = vm;
    command(d->command, d->first + d->lba);
    if (d->command == ATA_COMMAND_WRITE)
        give(vm->ata.buffer);
}

bool disk_start(struct vm *vm, uint8_t what, uint32_t lba)
{
    struct disk *d = &vm->vmm->disk;

    if (vm->vdisk.command)
        return false;
    vm->vdisk.command = what;
    vm->vdisk.lba = lba;
    if (vm->vdisk.image)
        d->images_wait = true;
    else if (!d->user)
        begin(vm);
    return true;
}

/* The real disk is free: who is next behind the one that had it last? */
static void begin_next(struct vmm *vmm, word last)
{
    vmm->disk.user = NULL;
    for (unsigned i = 0; i < vmm->vm_slots; i++) {
        struct vm *vm = vmm->vms[(last + i) % vmm->vm_slots];
        if (!vm || !vm->vdisk.command || vm->vdisk.image)
            continue;
        begin(vm);
        return;
    }
}

/* A part of the disk is a disk of its own. */
static void correct_identify(struct vm *vm)
{
    uint8_t *p = vm->ata.buffer + IDENTIFY_SECTORS;

    for (unsigned i = 0; i < 4 && vm->vdisk.is_part; i++)
        p[i] = (uint8_t)(vm->ata.sectors >> 8 * i);
}

static void end(struct vm *vm, uint8_t error)
{
    vm->vdisk.command = 0;
    vata_done(vm, error);
}

void disk_interrupt(struct vmm *vmm)
{
    struct vm *vm = vmm->disk.user;
    word status = get(ATA_COMMAND); /* lowers the line */

    if (!vm || (status & ATA_STATUS_BSY))
        return;
    struct vm *payer = sched_pay(vmm, vm);
    uint8_t what = vm->vdisk.command;
    uint8_t error = status & ATA_STATUS_ERR ? (uint8_t)get(ATA_ERROR) : 0;
    if (!error && (what == ATA_COMMAND_READ || what == ATA_COMMAND_IDENTIFY))
        take(vm->ata.buffer);
    if (!error && what == ATA_COMMAND_IDENTIFY)
        correct_identify(vm);
    vm->vdisk.command = 0;
    begin_next(vmm, vm->id);
    end(vm, error);
    sched_pay(vmm, payer);
}

void disk_serve_images(struct vmm *vmm)
{
    vmm->disk.images_wait = false;
    for (unsigned i = 0; i < vmm->vm_slots; i++) {
        struct vm *vm = vmm->vms[i];
        if (!vm || !vm->vdisk.command || !vm->vdisk.image)
            continue;
        struct vm *payer = sched_pay(vmm, vm);
        end(vm, image_carry_out(vm));
        sched_pay(vmm, payer);
    }
}

void disk_forget(struct vm *vm)
{
    struct vmm *vmm = vm->vmm;

    vm->vdisk.command = 0;
    if (vmm->disk.user != vm)
        return;
    wait();
    begin_next(vmm, vm->id);
}
