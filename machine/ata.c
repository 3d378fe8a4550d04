/*
 * ATA disk, programmed I/O, as eight ports from 1F0h. Device 0 only, sector numbers of 28 bits.
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
 *   error   40h UNC the image cannot be read   10h IDNF no such sector   04h ABRT no such command
 *
 *            command          alarm                 256 words read, more sectors
 *   read:    idle ----> BSY ----------> DRQ + line ----------------------------> BSY ...
 *            command          256 words written      alarm: line, and more sectors
 *   write:   idle ----> DRQ ------------------> BSY ------------------------------> DRQ ...
 *
 * Each sector takes sector_cost cycles of BSY; so do identify and flush. While BSY is set the
 * registers do not take writes. Without a disk (and for device 1) every port reads 0 and
 * commands are ignored. A range that leaves the disk is refused before any of it is done.
 */
#include "machine/ata.h"

#include <string.h>

#include "isa/devices.h"

#define STATUS_IDLE (ATA_STATUS_DRDY | ATA_STATUS_DSC)

static void set_line(struct ata *a, bool level)
{
    a->regs.irq = level;
    irq_set(&a->irq, level);
}

/* The command is over, well or with `error`. */
static void finish(struct ata *a, uint8_t error)
{
    a->regs.error = error;
    a->regs.status = STATUS_IDLE | (error ? ATA_STATUS_ERR : 0);
    a->regs.command = 0;
    a->regs.left = 0;
    set_line(a, true);
}

static void be_busy(struct ata *a)
{
    const struct board *board = a->device.board;

    a->regs.status = ATA_STATUS_BSY;
    board->set_alarm(board->owner, &a->alarm, board->now(board->owner) + a->sector_cost);
}

static void offer_buffer(struct ata *a)
{
    a->regs.position = 0;
    a->regs.status = STATUS_IDLE | ATA_STATUS_DRQ;
}

/* A string of identify data: two characters a word, the first in the high byte, padded. */
static void put_string(uint8_t *buffer, unsigned first_word, unsigned words, const char *s)
{
    size_t length = strlen(s);

    for (unsigned i = 0; i < words * 2; i++)
        buffer[first_word * 2 + (i ^ 1)] = i < length ? (uint8_t)s[i] : ' ';
}

static void put_word(uint8_t *buffer, unsigned index, uint32_t value)
{
    buffer[index * 2] = (uint8_t)value;
    buffer[index * 2 + 1] = (uint8_t)(value >> 8);
}

/* The words that drivers look at; geometry in the form that every disk above 8 GB gives. */
static void fill_identify(struct ata *a)
{
    uint8_t *b = a->regs.buffer;
    uint32_t sectors = a->disk->sectors, cylinders = sectors / (16 * 63);

    memset(b, 0, DISK_SECTOR);
    put_word(b, 0, 0x0040); /* a fixed disk */
    put_word(b, 1, cylinders < 16383 ? cylinders : 16383);
    put_word(b, 3, 16);
    put_word(b, 6, 63);
    put_string(b, 10, 10, "TRAPEZE0");
    put_string(b, 23, 4, "1");
    put_string(b, 27, 20, "Trapeze disk");
    put_word(b, 49, 0x0200); /* LBA */
    put_word(b, 60, sectors & 0xffff);
    put_word(b, 61, sectors >> 16);
    put_word(b, 80, 0x0002); /* ATA-1 */
}

/* BSY is over: the sector has been read, written, or the rest has been done. */
static void finish_sector(struct ata *a)
{
    switch (a->regs.command) {
    case ATA_COMMAND_READ:
        if (!disk_read(a->disk, a->regs.lba, a->regs.buffer)) {
            finish(a, ATA_ERROR_UNC);
            return;
        }
        break;
    case ATA_COMMAND_WRITE:
        if (!disk_write(a->disk, a->regs.lba, a->regs.buffer)) {
            finish(a, ATA_ERROR_ABRT);
            return;
        }
        a->regs.lba++;
        if (--a->regs.left == 0) {
            finish(a, 0);
            return;
        }
        break;
    case ATA_COMMAND_FLUSH:
        finish(a, disk_flush(a->disk) ? 0 : ATA_ERROR_ABRT);
        return;
    default:
        fill_identify(a);
        break;
    }
    offer_buffer(a);
    set_line(a, true);
}

static void ring(void *user)
{
    finish_sector(user);
}

/* All 256 words have gone through the data port. */
static void buffer_done(struct ata *a)
{
    if (a->regs.command == ATA_COMMAND_WRITE) {
        be_busy(a);
        return;
    }
    a->regs.lba++;
    if (--a->regs.left > 0) {
        be_busy(a);
        return;
    }
    a->regs.command = 0;
    a->regs.status = STATUS_IDLE;
}

static word transfer(struct ata *a, bool write, word value)
{
    uint8_t *p = a->regs.buffer + a->regs.position;

    if (!(a->regs.status & ATA_STATUS_DRQ) || write != (a->regs.command == ATA_COMMAND_WRITE))
        return 0;
    if (write) {
        p[0] = (uint8_t)value;
        p[1] = (uint8_t)(value >> 8);
    }
    value = (word)(p[0] | p[1] << 8);
    a->regs.position += 2;
    if (a->regs.position == DISK_SECTOR)
        buffer_done(a);
    return value;
}

/* Sector number and count from the registers; false when they leave the disk. */
static bool take_range(struct ata *a)
{
    struct ata_regs *r = &a->regs;

    r->lba = (r->device & 15u) << 24 | (uint32_t)r->lba_high << 16 | (uint32_t)r->lba_mid << 8 |
             r->lba_low;
    r->left = r->count ? r->count : 256;
    return (uint64_t)r->lba + r->left <= a->disk->sectors;
}

static void start(struct ata *a, uint8_t command)
{
    const struct board *board = a->device.board;
    bool moves = command == ATA_COMMAND_READ || command == ATA_COMMAND_WRITE;

    set_line(a, false);
    a->regs.error = 0;
    a->regs.command = command;
    a->regs.lba = 0;
    a->regs.left = 1;
    if (!moves && command != ATA_COMMAND_FLUSH && command != ATA_COMMAND_IDENTIFY) {
        finish(a, ATA_ERROR_ABRT);
        return;
    }
    if (moves && !(a->regs.device & ATA_DEVICE_LBA)) {
        finish(a, ATA_ERROR_ABRT);
        return;
    }
    if (moves && !take_range(a)) {
        finish(a, ATA_ERROR_IDNF);
        return;
    }
    board->emit(board->owner, EVENT_disk, a->regs.lba, moves ? a->regs.left : 0, command);
    if (command == ATA_COMMAND_WRITE)
        offer_buffer(a);
    else
        be_busy(a);
}

/* Is there a device to answer? */
static bool present(const struct ata *a)
{
    return a->disk->sectors > 0 && !(a->regs.device & ATA_DEVICE_1);
}

static word read_register(struct device *d, word offset, unsigned width)
{
    struct ata *a = (struct ata *)d;

    (void)width;
    if (offset == ATA_DEVICE)
        return a->disk->sectors > 0 ? a->regs.device : 0;
    if (!present(a))
        return 0;
    switch (offset) {
    case ATA_DATA:
        return transfer(a, false, 0);
    case ATA_ERROR:
        return a->regs.error;
    case ATA_COUNT:
        return a->regs.count;
    case ATA_LBA_LOW:
        return a->regs.lba_low;
    case ATA_LBA_MID:
        return a->regs.lba_mid;
    case ATA_LBA_HIGH:
        return a->regs.lba_high;
    default:
        set_line(a, false);
        return a->regs.status;
    }
}

static void write_register(struct device *d, word offset, unsigned width, word value)
{
    struct ata *a = (struct ata *)d;
    uint8_t byte = (uint8_t)value;

    (void)width;
    if (a->regs.status & ATA_STATUS_BSY)
        return;
    switch (offset) {
    case ATA_DATA:
        transfer(a, true, value);
        break;
    case ATA_COUNT:
        a->regs.count = byte;
        break;
    case ATA_LBA_LOW:
        a->regs.lba_low = byte;
        break;
    case ATA_LBA_MID:
        a->regs.lba_mid = byte;
        break;
    case ATA_LBA_HIGH:
        a->regs.lba_high = byte;
        break;
    case ATA_DEVICE:
        a->regs.device = byte;
        break;
    case ATA_COMMAND:
        if (present(a))
            start(a, byte);
        break;
    }
}

static void reset(struct device *d)
{
    struct ata *a = (struct ata *)d;
    const struct board *board = d->board;

    a->regs = (struct ata_regs){.status = STATUS_IDLE};
    board->set_alarm(board->owner, &a->alarm, UINT64_MAX);
    set_line(a, false);
}

static const struct device_ops ops = {
    .name = "ata",
    .widths = 2,
    .size = 8,
    .read = read_register,
    .write = write_register,
    .reset = reset,
};

void ata_init(struct ata *a, const struct board *board, struct irq irq, struct disk *disk,
              uint32_t sector_cost)
{
    *a = (struct ata){
        .device = {&ops, board, &a->regs, sizeof a->regs},
        .irq = irq,
        .disk = disk,
        .sector_cost = sector_cost,
        .alarm = {UINT64_MAX, ring, a},
        .regs = {.status = STATUS_IDLE},
    };
}
