/*
 * Program packs; see pack.h. Only the directory matters here (a test holds it against
 * guests/pack.h, which this layer does not include):
 *
 *   word 0 "PACK", word 1 version, word 2 count, then `count` times
 *   16 bytes of name, NUL-terminated, word offset, word size
 */
#include "world/pack.h"

#include <string.h>

#define MAGIC     0x4b434150u
#define VERSION   1
#define HEADER    12
#define ENTRY     24
#define NAME_SIZE 16
#define COUNT_MAX 256

const char *pack_name(const uint8_t *data, size_t size, unsigned index)
{
    word header[3];

    if (size < HEADER)
        return NULL;
    memcpy(header, data, sizeof header);
    if (header[0] != MAGIC || header[1] != VERSION || index >= header[2] || index >= COUNT_MAX ||
        size < HEADER + (index + 1) * (size_t)ENTRY)
        return NULL;
    const char *name = (const char *)data + HEADER + index * (size_t)ENTRY;
    return memchr(name, '\0', NAME_SIZE) ? name : NULL;
}
