/*
 * A disk image: a file of 512-byte sectors, and what was written since.
 *
 * Copy on write unless told otherwise: writes stay in memory and the file is never touched, so
 * that a demonstration does not damage an image. Blocks written are counted references, so
 * that a snapshot shares them.
 */
#ifndef MACHINE_DISK_H
#define MACHINE_DISK_H

#include "base/error.h"
#include "base/types.h"

#define DISK_SECTOR        512u
#define DISK_BLOCK_SECTORS 8u         /* sectors per block of the overlay */
#define DISK_SECTORS_MAX   (1u << 28) /* what 28 bits of sector number reach */

struct disk_block {
    unsigned references;
    uint8_t written; /* bit per sector: it is here, else in the file */
    uint8_t data[DISK_BLOCK_SECTORS * DISK_SECTOR];
};

struct disk {
    int fd;                      /* -1: no disk */
    bool writes;                 /* to the file */
    uint32_t sectors;            /* 0: no disk */
    struct disk_block **overlay; /* by block; NULL where nothing was written */
    uint32_t blocks;
};

/* `path` NULL is no disk. Refuses what cannot be read (or written, if `writes`), is no regular
 * file, is empty, too large, or no multiple of 512 bytes. */
int disk_open(struct disk *d, const char *path, bool writes, struct error *err);
void disk_close(struct disk *d); /* also after a failed disk_open */

/* False: past the end, or the host's file fails. */
bool disk_read(const struct disk *d, uint32_t lba, void *sector);
bool disk_write(struct disk *d, uint32_t lba, const void *sector);
bool disk_flush(struct disk *d);

/* `hash` continued by what was written and is not in the file. */
uint64_t disk_overlay_digest(const struct disk *d, uint64_t hash);
/* `hash` continued by every sector as it reads now. */
uint64_t disk_digest(const struct disk *d, uint64_t hash);

/* The blocks that were written, shared: a later write makes its own copy. */
struct disk_saved {
    uint32_t index;
    struct disk_block *block;
};
struct disk_overlay {
    uint32_t sectors; /* of the disk it is of */
    uint32_t count;
    struct disk_saved *blocks;
};
/* False when the host has no memory: then `out` holds nothing. */
bool disk_keep(const struct disk *d, struct disk_overlay *out);
void disk_put_back(struct disk *d, const struct disk_overlay *saved); /* of as many sectors */
void disk_release(struct disk_overlay *saved);

#endif
