/*
 * The directory: every file there is, by name or by place. Read-only.
 */
#ifndef OS_DIRECTORY_H
#define OS_DIRECTORY_H

#include "guests/os/pack.h"

struct home;

/* A file that was found. Valid for ever: files do not come and go. */
struct stored_file {
    const char *name;
    word size, offset;       /* its place in the pack that it lies in, */
    const struct home *home; /* and where that is */
};

/* The files of the boot module; panics when it is no good. */
void directory_init(const void *module, word size);
/* The files of the disk, if its first sectors hold a pack. Says so when that is no good. */
void directory_mount_disk(void);

/* False when there is none. */
bool directory_find(struct stored_file *f, const char *name);
bool directory_at(struct stored_file *f, word index);
/* How many there are on the disk, and everywhere. */
word directory_count_disk(void);
word directory_count(void);

/* [offset, offset + size) must be in the file. May wait for the disk. 0 or a negative error. */
int directory_read(const struct stored_file *f, word offset, void *to, word size);

#endif
