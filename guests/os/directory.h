/*
 * The pack that the OS was booted with, for whoever needs a file by name.
 */
#ifndef OS_DIRECTORY_H
#define OS_DIRECTORY_H

#include "guests/os/pack.h"

/* The module `data`; panics when it is no good. */
void directory_init(const void *data, word size);
/* NULL when there is none. */
const struct pack_entry *directory_find(const char *name);
const struct pack_entry *directory_at(word index);
const uint8_t *directory_data(const struct pack_entry *entry);
word directory_count(void);

#endif
