/*
 * A pack: several files in one, a boot module or the first sectors of a disk. Made by
 * tools/mkpack, read by the OS. All words little-endian.
 *
 *   struct pack_header
 *   struct pack_entry, `count` times, in the order of the directory
 *   the files, each at its offset from the start of the pack, 4-byte aligned (on a disk:
 *   at the start of a sector, and the pack ends with one), gaps filled with zeros
 */
#ifndef GUESTS_PACK_H
#define GUESTS_PACK_H

#include <stdint.h>

#define PACK_MAGIC     0x4b434150u /* the bytes PACK */
#define PACK_VERSION   1
#define PACK_FILES_MAX 256
#define PACK_NAME_SIZE 16

struct pack_header {
    uint32_t magic;
    uint32_t version;
    uint32_t count;
};

struct pack_entry {
    char name[PACK_NAME_SIZE]; /* NUL-terminated */
    uint32_t offset;
    uint32_t size;
};

/* Header and entries of a pack of `count` files. */
#define PACK_DIRECTORY_SIZE(count)                                                                 \
    (sizeof(struct pack_header) + (count) * sizeof(struct pack_entry))

#endif
