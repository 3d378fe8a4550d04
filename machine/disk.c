/*
 * Disk image with an overlay in memory; see disk.h.
 *
 * The overlay is a row of blocks of eight sectors, made when one is first written; a bit says
 * which sectors of a block were. Reads go to the overlay first, then to the file.
 */
#include "machine/disk.h"

#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Size and kind of the open file; sets `sectors`. */
static int examine(struct disk *d, const char *path, struct error *err)
{
    struct stat st;

    if (fstat(d->fd, &st) != 0)
        return error_set(err, ERROR_io, "disk %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERROR_input, "disk %s: not a regular file", path);
    if (st.st_size == 0)
        return error_set(err, ERROR_input,
                         "disk %s: the file is empty; a disk has at least one sector of %u bytes",
                         path, DISK_SECTOR);
    if (st.st_size % DISK_SECTOR != 0)
        return error_set(err, ERROR_input,
                         "disk %s: %lld bytes are no whole number of %u-byte sectors; "
                         "pad it by %u bytes",
                         path, (long long)st.st_size, DISK_SECTOR,
                         (unsigned)(DISK_SECTOR - st.st_size % DISK_SECTOR));
    if (st.st_size / DISK_SECTOR > DISK_SECTORS_MAX)
        return error_set(err, ERROR_input,
                         "disk %s: larger than 128 GiB, the most that 28 bits of "
                         "sector number reach",
                         path);
    d->sectors = (uint32_t)(st.st_size / DISK_SECTOR);
    return 0;
}

int disk_open(struct disk *d, const char *path, bool writes, struct error *err)
{
    *d = (struct disk){.fd = -1, .writes = writes};
    if (!path)
        return 0;
    d->fd = open(path, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    if (d->fd < 0)
        return error_set(err, ERROR_io, "disk %s: %s%s", path, strerror(errno),
                         writes ? " (it must be writable, or be used copy on write)" : "");
    int code = examine(d, path, err);
    if (code)
        return code;
    d->blocks = (d->sectors + DISK_BLOCK_SECTORS - 1) / DISK_BLOCK_SECTORS;
    d->overlay = calloc(d->blocks, sizeof(struct disk_block *));
    if (!d->overlay)
        return error_set(err, ERROR_memory, "disk %s: out of memory", path);
    return 0;
}

static void release(struct disk_block *b)
{
    if (b && --b->references == 0)
        free(b);
}

void disk_close(struct disk *d)
{
    for (uint32_t i = 0; d->overlay && i < d->blocks; i++)
        release(d->overlay[i]);
    free(d->overlay);
    if (d->fd >= 0)
        close(d->fd);
    *d = (struct disk){.fd = -1};
}

/* The sector in the overlay, NULL when it was not written. */
static uint8_t *overlaid(const struct disk *d, uint32_t lba)
{
    struct disk_block *b = d->overlay[lba / DISK_BLOCK_SECTORS];
    uint32_t n = lba % DISK_BLOCK_SECTORS;

    return b && (b->written >> n & 1) ? b->data + n * DISK_SECTOR : NULL;
}

bool disk_read(const struct disk *d, uint32_t lba, void *sector)
{
    if (lba >= d->sectors)
        return false;
    const uint8_t *data = overlaid(d, lba);
    if (data) {
        memcpy(sector, data, DISK_SECTOR);
        return true;
    }
    return pread(d->fd, sector, DISK_SECTOR, (off_t)lba * DISK_SECTOR) == (ssize_t)DISK_SECTOR;
}

/* The block to write to: made when there is none, copied when it is shared. */
static struct disk_block *own_block(struct disk *d, uint32_t index)
{
    struct disk_block *old = d->overlay[index];

    if (old && old->references == 1)
        return old;
    struct disk_block *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    if (old)
        *b = *old;
    b->references = 1;
    release(old);
    d->overlay[index] = b;
    return b;
}

bool disk_write(struct disk *d, uint32_t lba, const void *sector)
{
    if (lba >= d->sectors)
        return false;
    if (d->writes)
        return pwrite(d->fd, sector, DISK_SECTOR, (off_t)lba * DISK_SECTOR) == (ssize_t)DISK_SECTOR;
    struct disk_block *b = own_block(d, lba / DISK_BLOCK_SECTORS);
    if (!b)
        return false;
    b->written |= (uint8_t)(1u << lba % DISK_BLOCK_SECTORS);
    memcpy(b->data + lba % DISK_BLOCK_SECTORS * DISK_SECTOR, sector, DISK_SECTOR);
    return true;
}

bool disk_flush(struct disk *d)
{
    return !d->writes || d->fd < 0 || fsync(d->fd) == 0;
}

uint64_t disk_overlay_digest(const struct disk *d, uint64_t hash)
{
    for (uint32_t i = 0; i < d->blocks; i++) {
        const struct disk_block *b = d->overlay[i];

        if (!b)
            continue;
        hash = hash_bytes(hash, &i, sizeof i);
        hash = hash_bytes(hash, &b->written, sizeof b->written);
        hash = hash_bytes(hash, b->data, sizeof b->data);
    }
    return hash;
}

uint64_t disk_digest(const struct disk *d, uint64_t hash)
{
    uint8_t sector[DISK_SECTOR];

    for (uint32_t lba = 0; lba < d->sectors; lba++) {
        memset(sector, 0, sizeof sector);
        disk_read(d, lba, sector);
        hash = hash_bytes(hash, sector, sizeof sector);
    }
    return hash;
}

/* ---- snapshots -------------------------------------------------------------------------- */

bool disk_keep(const struct disk *d, struct disk_overlay *out)
{
    uint32_t count = 0;

    *out = (struct disk_overlay){.sectors = d->sectors};
    for (uint32_t i = 0; i < d->blocks; i++)
        count += d->overlay[i] != NULL;
    if (count == 0)
        return true;
    out->blocks = malloc(count * sizeof(out->blocks[0]));
    if (!out->blocks)
        return false;
    for (uint32_t i = 0; i < d->blocks; i++) {
        if (!d->overlay[i])
            continue;
        d->overlay[i]->references++;
        out->blocks[out->count++] = (struct disk_saved){i, d->overlay[i]};
    }
    return true;
}

void disk_put_back(struct disk *d, const struct disk_overlay *saved)
{
    for (uint32_t i = 0; i < saved->count; i++)
        saved->blocks[i].block->references++;
    for (uint32_t i = 0; i < d->blocks; i++) {
        release(d->overlay[i]);
        d->overlay[i] = NULL;
    }
    for (uint32_t i = 0; i < saved->count; i++)
        d->overlay[saved->blocks[i].index] = saved->blocks[i].block;
}

void disk_release(struct disk_overlay *saved)
{
    for (uint32_t i = 0; i < saved->count; i++)
        release(saved->blocks[i].block);
    free(saved->blocks);
    *saved = (struct disk_overlay){0};
}
