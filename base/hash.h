/* FNV-1a, 64 bit: digests of state. Not for anything that an adversary must not forge. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/types.h"

#define HASH_START 0xcbf29ce484222325u

/* `hash` continued by `size` bytes. */
static inline uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ p[i]) * 0x100000001b3u;
    return hash;
}

#endif
