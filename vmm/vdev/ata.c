/*
 * Virtual ATA disk, programmed I/O: the platform's, register by register.
 *
 *   port   read                            write
 *   1F0    data, 16 bits                   data, 16 bits
 *   1F1    error: 80h 40h 10h 04h (below)  ignored (features)
 *   1F2    sector count                    sector count, 0 means 256
 *   1F3-5  sector number 7:0, 15:8, 23:16  the same
 *   1F6    device: 3:0 sector number 27:24, 4 device, 6 LBA (must be set), the same
 *   1F7    status, lowers the line         command: 20h read, 30h write, E7h flush, ECh identify
 *
 *   status  80h BSY  40h DRDY  10h DSC  08h DRQ  01h ERR
 *   error   40h UNC   10h IDNF no such sector   04h ABRT no such command
 *
 * Each sector is one request to the real disk (disk.h), which goes on while the guest runs:
 * BSY stands until vata_done. A range that leaves the disk is refused before any of it is done.
 */
#include "vmm/vdev/ata.h"

#include "vmm/disk.h"
#include "vmm/platform.h"
#include "vmm/vm.h"

#define STATUS_IDLE (ATA_STATUS_DRDY | ATA_STATUS_DSC)

void vata_init(struct vm *vm, uint32_t sectors)
{
    vm->ata = (struct vata){.sectors = sectors, .status = STATUS_IDLE};
}

bool vata_can_raise(const struct vm *vm)
{
    return vm->ata.status & ATA_STATUS_BSY;
}

static void set_line(struct vm *vm, bool level)
{
    vintc_set_line(vm, LINE_ata, level);
}

/* The command is over, well or with `error`. */
static void finish(struct vm *vm, uint8_t error)
{
    vm->ata.error = error;
    vm->ata.status = STATUS_IDLE | (error ? ATA_STATUS_ERR : 0);
    vm->ata.command = 0;
    vm->ata.left = 0;
    set_line(vm, true);
}

static void be_busy(struct vm *vm)
{
    vm->ata.status = ATA_STATUS_BSY;
    if (!disk_start(vm, vm->ata.command, vm->ata.lba)) /* its other driver uses the disk */
        finish(vm, ATA_ERROR_ABRT);
}

static void offer_buffer(struct vm *vm)
{
    vm->ata.position = 0;
    vm->ata.status = STATUS_IDLE | ATA_STATUS_DRQ;
}

void vata_done(struct vm *vm, uint8_t error)
{
    struct vata *a = &vm->ata;

    if (vm->vblock.busy) {
        virtio_block_done(vm, error);
        return;
    }
    if (error || a->command == ATA_COMMAND_FLUSH) {
        finish(vm, error);
        return;
    }
    if (a->command == ATA_COMMAND_WRITE) {
        a->lba++;
        if (--a->left == 0) {
            finish(vm, 0);
            return;
        }
    }
    offer_buffer(vm);
    set_line(vm, true);
}

/* All 256 words have gone through the data port. */
static void buffer_done(struct vm *vm)
{
    struct vata *a = &vm->ata;

    if (a->command == ATA_COMMAND_WRITE) {
        be_busy(vm);
        return;
    }
    a->lba++;
    if (--a->left > 0) {
        be_busy(vm);
        return;
    }
    a->command = 0;
    a->status = STATUS_IDLE;
}

static word transfer(struct vm *vm, bool write, word value)
{
    struct vata *a = &vm->ata;
    uint8_t *p = a->buffer + a->position;

    if (!(a->status & ATA_STATUS_DRQ) || write != (a->command == ATA_COMMAND_WRITE))
        return 0;
    if (write) {
        p[0] = (uint8_t)value;
        p[1] = (uint8_t)(value >> 8);
    }
    value = (word)(p[0] | p[1] << 8);
    a->position += 2;
    if (a->position == SECTOR_SIZE)
        buffer_done(vm);
    return value;
}

/* Sector number and count from the registers; false when they leave the disk. */
static bool take_range(struct vata *a)
{
    a->lba = (a->device & 15u) << 24 | (uint32_t)a->lba_high << 16 | (uint32_t)a->lba_mid << 8 |
             a->lba_low;
    a->left = a->count ? a->count : 256;
    return a->lba + a->left <= a->sectors; /* 28 bits and 9: no sum wraps */
}

static void start(struct vm *vm, uint8_t command)
{
    struct vata *a = &vm->ata;
    bool moves = command == ATA_COMMAND_READ || command == ATA_COMMAND_WRITE;

    set_line(vm, false);
    a->error = 0;
    a->command = command;
    a->lba = 0;
    a->left = 1;
    if (moves ? !(a->device & ATA_DEVICE_LBA)
              : command != ATA_COMMAND_FLUSH && command != ATA_COMMAND_IDENTIFY) {
        finish(vm, ATA_ERROR_ABRT);
        return;
    }
    if (moves && !take_range(a)) {
        finish(vm, ATA_ERROR_IDNF);
        return;
    }
    if (command == ATA_COMMAND_WRITE)
        offer_buffer(vm);
    else
        be_busy(vm);
}

static bool present(const struct vata *a)
{
    return a->sectors > 0 && !(a->device & ATA_DEVICE_1);
}

static word read(struct vm *vm, word offset)
{
    const struct vata *a = &vm->ata;

    if (offset == ATA_DEVICE)
        return a->sectors > 0 ? a->device : 0;
    if (!present(a))
        return 0;
    switch (offset) {
    case ATA_DATA:
        return transfer(vm, false, 0);
    case ATA_ERROR:
        return a->error;
    case ATA_COUNT:
        return a->count;
    case ATA_LBA_LOW:
        return a->lba_low;
    case ATA_LBA_MID:
        return a->lba_mid;
    case ATA_LBA_HIGH:
        return a->lba_high;
    default:
        set_line(vm, false);
        return a->status;
    }
}

static void write(struct vm *vm, word offset, word value)
{
    struct vata *a = &vm->ata;
    uint8_t byte = (uint8_t)value;

    if (a->status & ATA_STATUS_BSY)
        return;
    switch (offset) {
    case ATA_DATA:
        transfer(vm, true, value);
        break;
    case ATA_COUNT:
        a->count = byte;
        break;
    case ATA_LBA_LOW:
        a->lba_low = byte;
        break;
    case ATA_LBA_MID:
        a->lba_mid = byte;
        break;
    case ATA_LBA_HIGH:
        a->lba_high = byte;
        break;
    case ATA_DEVICE:
        a->device = byte;
        break;
    case ATA_COMMAND:
        if (present(a))
            start(vm, byte);
        break;
    }
}

const struct vdev_ops vata_ops = {"vata", 2, 8, read, write};
