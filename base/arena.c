/* Arena; see arena.h. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE ((size_t)64 << 10)
#define ALIGNMENT  alignof(max_align_t)

struct arena_chunk {
    struct arena_chunk *next;
    alignas(max_align_t) unsigned char bytes[];
};

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX - CHUNK_SIZE)
        return NULL;
    if (a->limit && (size > a->limit || a->total > a->limit - size))
        return NULL;
    size_t rounded = size ? (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
    if (rounded > a->room - a->used) {
        size_t room = rounded > CHUNK_SIZE ? rounded : CHUNK_SIZE;
        struct arena_chunk *c = calloc(1, sizeof *c + room);

        if (!c)
            return NULL;
        c->next = a->chunks;
        a->chunks = c;
        a->used = 0;
        a->room = room;
    }
    void *piece = a->chunks->bytes + a->used;
    a->used += rounded;
    a->total += size;
    return piece;
}

char *arena_string(struct arena *a, const char *text, size_t length)
{
    char *copy = arena_alloc(a, length + 1);

    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

void arena_free(struct arena *a)
{
    while (a->chunks) {
        struct arena_chunk *next = a->chunks->next;

        free(a->chunks);
        a->chunks = next;
    }
    *a = (struct arena){0};
}
