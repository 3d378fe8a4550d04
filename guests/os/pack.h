/*
 * The directory: the files of the boot module (guests/pack.h). Read-only.
 */
#ifndef OS_PACK_H
#define OS_PACK_H

#include "guests/os/types.h"
#include "guests/pack.h"

struct pack {
    const uint8_t *data;
    const struct pack_entry *entries;
    word count;
};

/* Checks all of the pack, so that nobody has to later. NULL, or what is wrong with it. */
const char *pack_init(struct pack *p, const void *data, word size);
/* NULL when there is none. */
const struct pack_entry *pack_find(const struct pack *p, const char *name);
const uint8_t *pack_data(const struct pack *p, const struct pack_entry *e);

#endif
