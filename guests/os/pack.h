/*
 * The list of files at the beginning of a pack (guests/pack.h). The files themselves may lie
 * elsewhere; only directory.c knows where.
 */
#ifndef OS_PACK_H
#define OS_PACK_H

#include "guests/os/types.h"
#include "guests/pack.h"

struct pack {
    const struct pack_entry *entries;
    word count;
};

/* `data`: where the list is and stays; `size`: of the whole pack. Checks everything, so that
 * nobody has to later. NULL, or what is wrong with it. */
const char *pack_init(struct pack *p, const void *data, word size);
/* NULL when there is none. */
const struct pack_entry *pack_find(const struct pack *p, const char *name);

#endif
