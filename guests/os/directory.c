/*
 * The directory. Packs have two homes: the boot module, which lies in memory, and the first
 * sectors of the disk. The disk's list of files is read once, at the start; its files are
 * read when somebody reads them, and nothing of them is kept.
 *
 * The module's files come first, also where a name is in both: so no disk can put another
 * shell in the place of the one that was booted.
 */
#include "guests/os/directory.h"

#include "guests/abi.h"
#include "guests/lib/string.h"
#include "guests/os/disk.h"
#include "guests/os/printk.h"

#define DISK_BYTES_MAX 0x80000000u /* of more than that nothing is used for files */

struct home {
    struct pack pack;
    /* Bytes of the pack; see directory_read. */
    int (*read)(word offset, void *to, word size);
};

static const char *module;

static int read_module(word offset, void *to, word size)
{
    memcpy(to, module + offset, size);
    return 0;
}

static int read_disk(word offset, void *to, word size)
{
    uint16_t sector[SECTOR_SIZE / 2];

    for (char *t = to; size;) {
        word skip = offset % SECTOR_SIZE;
        word part = SECTOR_SIZE - skip < size ? SECTOR_SIZE - skip : size;
        int error = disk_read(offset / SECTOR_SIZE, sector);
        if (error)
            return error;
        memcpy(t, (const char *)sector + skip, part);
        t += part;
        offset += part;
        size -= part;
    }
    return 0;
}

enum { MODULE, DISK, HOMES };
static struct home homes[HOMES] = {[MODULE].read = read_module, [DISK].read = read_disk};

void directory_init(const void *data, word size)
{
    const char *wrong = pack_init(&homes[MODULE].pack, data, size);

    if (wrong)
        panic("the module 'programs' cannot be used: %s", wrong);
    module = data;
}

/* Without the magic the disk is no more than its sectors, and that is not wrong. */
static const char *read_directory(word disk_bytes)
{
    static word directory[PACK_DIRECTORY_SIZE(PACK_FILES_MAX) / sizeof(word)];
    const struct pack_header *header = (const void *)directory;

    if (read_disk(0, directory, sizeof *header))
        return "they cannot be read";
    if (header->magic != PACK_MAGIC)
        return NULL;
    word size = PACK_DIRECTORY_SIZE(header->count < PACK_FILES_MAX ? header->count : 0);
    if (read_disk(0, directory, size < disk_bytes ? size : disk_bytes))
        return "their list cannot be read";
    return pack_init(&homes[DISK].pack, directory, disk_bytes);
}

void directory_mount_disk(void)
{
    word most = DISK_BYTES_MAX / SECTOR_SIZE;
    word sectors = disk_size() < most ? disk_size() : most;
    const char *wrong = sectors ? read_directory(sectors * SECTOR_SIZE) : NULL;

    if (wrong)
        printk("the files of the disk cannot be used: %s\n", wrong);
}

static bool found(struct stored_file *f, const struct home *home, const struct pack_entry *entry)
{
    if (entry)
        *f = (struct stored_file){entry->name, entry->size, entry->offset, home};
    return entry != NULL;
}

bool directory_find(struct stored_file *f, const char *name)
{
    for (word i = 0; i < HOMES; i++)
        if (found(f, &homes[i], pack_find(&homes[i].pack, name)))
            return true;
    return false;
}

bool directory_at(struct stored_file *f, word index)
{
    for (word i = 0; i < HOMES; index -= homes[i++].pack.count)
        if (index < homes[i].pack.count)
            return found(f, &homes[i], &homes[i].pack.entries[index]);
    return false;
}

word directory_count_disk(void)
{
    return homes[DISK].pack.count;
}

word directory_count(void)
{
    return homes[MODULE].pack.count + homes[DISK].pack.count;
}

int directory_read(const struct stored_file *f, word offset, void *to, word size)
{
    return f->home->read(f->offset + offset, to, size);
}
