/*
 * The disk: ATA with programmed I/O. Eight ports:
 *   0 data, 16 bits     1 error     2 sector count     3, 4, 5 address, low to high
 *   6 device, and address bits 27:24     7 read: status, write: command
 *
 * A read: command; busy; interrupt, data ready; 256 times data.
 * A write: command; data ready; 256 times data; busy; interrupt, done. Then the same with
 * "flush", so that the sector is on the disk when disk_write returns.
 * Reading the status lowers the interrupt line.
 */
#include "guests/os/disk.h"

#include "guests/abi.h"
#include "guests/os/arch.h"
#include "guests/os/intc.h"
#include "guests/os/lock.h"
#include "guests/os/printk.h"
#include "guests/os/sched.h"
#include "guests/os/timer.h"

#define STATUS_NOTHING   0xff /* of a port where nothing is */
#define IDENTIFY_SECTORS 60   /* and 61: how many there are */
#define PATIENCE         1000000

static word sectors;
static struct lock lock; /* one command at a time */

static word disk_in(word reg)
{
    return pin(PORT_ata + reg);
}

static void disk_out(word reg, word value)
{
    pout(PORT_ata + reg, value);
}

static void disk_interrupt(void)
{
    disk_in(ATA_STATUS);
    sched_wake(&sectors);
}

static void take_data(uint16_t *data)
{
    for (word i = 0; i < SECTOR_SIZE / 2; i++)
        data[i] = (uint16_t)disk_in(ATA_DATA);
}

static void give_data(const uint16_t *data)
{
    for (word i = 0; i < SECTOR_SIZE / 2; i++)
        disk_out(ATA_DATA, data[i]);
}

/* It may be that what is there is no disk, and never answers. */
static bool wait_by_looking(void)
{
    for (word i = 0; i < PATIENCE; i++)
        if (!(disk_in(ATA_STATUS) & ATA_STATUS_BSY))
            return true;
    return false;
}

void disk_init(void)
{
    uint16_t data[SECTOR_SIZE / 2];
    word status = disk_in(ATA_STATUS) & 0xff;

    if (status == 0 || status == STATUS_NOTHING)
        return;
    disk_out(ATA_DEVICE, ATA_DEVICE_LBA);
    disk_out(ATA_COMMAND, ATA_COMMAND_IDENTIFY);
    if (!wait_by_looking() || !(disk_in(ATA_STATUS) & ATA_STATUS_DRQ)) {
        printk("disk: it does not answer, and will not be used\n");
        return;
    }
    take_data(data);
    sectors = data[IDENTIFY_SECTORS] | (word)data[IDENTIFY_SECTORS + 1] << 16;
    intc_enable(LINE_ata, disk_interrupt);
}

word disk_size(void)
{
    return sectors;
}

/* Waits until the disk is no longer busy. `wanted`: the bits that must then be set, or
 * ATA_STATUS_ERR is. Returns 0 or an error. */
static int wait_for(word wanted)
{
    word irq = irq_save();
    word status;

    while ((status = disk_in(ATA_STATUS)) & ATA_STATUS_BSY)
        if (sched_can_sleep())
            sched_sleep(&sectors, TIMER_NEVER);
    irq_restore(irq);
    return (status & ATA_STATUS_ERR) || (status & wanted) != wanted ? -ERROR_io : 0;
}

static void command(word lba, word what)
{
    disk_out(ATA_COUNT, 1);
    disk_out(ATA_LBA_LOW, lba & 0xff);
    disk_out(ATA_LBA_MID, lba >> 8 & 0xff);
    disk_out(ATA_LBA_HIGH, lba >> 16 & 0xff);
    disk_out(ATA_DEVICE, ATA_DEVICE_LBA | (lba >> 24 & 0xf));
    disk_out(ATA_COMMAND, what);
}

static int check(word lba)
{
    if (!sectors)
        return -ERROR_no_disk;
    return lba < sectors ? 0 : -ERROR_invalid;
}

int disk_read(word lba, void *sector)
{
    int error = check(lba);

    if (error)
        return error;
    lock_take(&lock);
    command(lba, ATA_COMMAND_READ);
    error = wait_for(ATA_STATUS_DRQ);
    if (!error)
        take_data(sector);
    lock_give(&lock);
    return error;
}

int disk_write(word lba, const void *sector)
{
    int error = check(lba);

    if (error)
        return error;
    lock_take(&lock);
    command(lba, ATA_COMMAND_WRITE);
    error = wait_for(ATA_STATUS_DRQ);
    if (!error) {
        give_data(sector);
        error = wait_for(0);
    }
    if (!error) {
        command(lba, ATA_COMMAND_FLUSH);
        error = wait_for(0);
    }
    lock_give(&lock);
    return error;
}
