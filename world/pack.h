/*
 * Program packs (guests/pack.h) seen from the host: their directory, nothing else.
 */
#ifndef WORLD_PACK_H
#define WORLD_PACK_H

#include "base/types.h"

/* The name of entry `index`, NULL past the end or when `data` is no pack. Points into data. */
const char *pack_name(const uint8_t *data, size_t size, unsigned index);

#endif
