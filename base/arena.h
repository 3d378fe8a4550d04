/*
 * Arena: memory that is given out piece by piece and freed all at once.
 *
 *   chunk -> chunk -> chunk      each piece lies in one chunk; a big piece gets its own
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

/* An empty arena is all zero. */
struct arena {
    struct arena_chunk *chunks;
    size_t used, room; /* of the newest chunk */
    size_t total;      /* bytes asked for so far */
    size_t limit;      /* most that may be asked for; 0: as much as there is */
};

/* `size` bytes of zero, aligned for any type; NULL when there is no memory or the limit is
 * reached. */
void *arena_alloc(struct arena *a, size_t size);

/* A copy of `length` characters with a NUL behind; NULL when there is no memory. */
char *arena_string(struct arena *a, const char *text, size_t length);

void arena_free(struct arena *a);

#endif
