/*
 * Driver of the real ATA disk; its registers are in vdev/ata.c, which models the same device.
 *
 *   disk_start -> command, for a write the data -> BSY ... interrupt -> status, for a read the
 *   data -> vata_done
 */
#include "vmm/disk.h"

#include "vmm/arch.h"
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

void disk_start(struct vm *vm, uint8_t what, uint32_t lba)
{
    struct disk *d = &vm->vmm->disk;

    vmm_assert(!d->user);
    d->user = vm;
    d->command = what;
    command(what, lba);
    if (what == ATA_COMMAND_WRITE)
        give(vm->ata.buffer);
}

void disk_interrupt(struct vmm *vmm)
{
    struct disk *d = &vmm->disk;
    struct vm *vm = d->user;
    word status = get(ATA_COMMAND); /* lowers the line */

    if (!vm || (status & ATA_STATUS_BSY))
        return;
    struct vm *payer = sched_pay(vmm, vm);
    uint8_t error = status & ATA_STATUS_ERR ? (uint8_t)get(ATA_ERROR) : 0;
    if (!error && (d->command == ATA_COMMAND_READ || d->command == ATA_COMMAND_IDENTIFY))
        take(vm->ata.buffer);
    d->user = NULL;
    vata_done(vm, error);
    sched_pay(vmm, payer);
}

void disk_forget(struct vm *vm)
{
    struct disk *d = &vm->vmm->disk;

    if (d->user != vm)
        return;
    wait();
    d->user = NULL;
}
