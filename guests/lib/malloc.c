/*
 * Memory of a program's heap: blocks side by side, each with a header, from the first
 * sbrk to the last.
 *
 *   | size, used | bytes ... | size, used | bytes ... | (end)
 *
 * malloc takes the first free block that is large enough and cuts off what it does not
 * need; free joins a block with the free ones behind it, and so does malloc on its way. The
 * list is short in programs of this size, so simple wins over fast. A program that uses
 * malloc leaves sbrk alone.
 */
#include "guests/lib/malloc.h"

#include "guests/lib/syscalls.h"

#include <stdint.h>

#define ALIGNMENT  8u
#define BLOCK_FREE 0x45455246u /* FREE */
#define BLOCK_USED 0x44455355u /* USED */

struct block {
    uint32_t size; /* bytes behind the header, a multiple of ALIGNMENT */
    uint32_t state;
};

static char *heap_start, *heap_end;

static struct block *next_of(struct block *b)
{
    return (struct block *)(void *)((char *)(b + 1) + b->size);
}

static int is_last(const struct block *b)
{
    return (const char *)(b + 1) + b->size == heap_end;
}

static void join_following(struct block *b)
{
    while (!is_last(b) && next_of(b)->state == BLOCK_FREE)
        b->size += (uint32_t)sizeof *b + next_of(b)->size;
}

static void split(struct block *b, uint32_t size)
{
    if (b->size < size + sizeof *b + ALIGNMENT)
        return;
    uint32_t rest = b->size - size - (uint32_t)sizeof *b;
    b->size = size;
    *next_of(b) = (struct block){rest, BLOCK_FREE};
}

static struct block *grow(uint32_t size)
{
    uint32_t total = size + (uint32_t)sizeof(struct block);
    void *where = sbrk((int)total);

    if ((intptr_t)where < 0 && (intptr_t)where > -256)
        return NULL;
    struct block *b = where;
    *b = (struct block){size, BLOCK_FREE};
    if (!heap_start)
        heap_start = where;
    heap_end = (char *)where + total;
    return b;
}

void *malloc(size_t size)
{
    struct block *found = NULL;

    if (size > 0x40000000u)
        return NULL;
    uint32_t need = ((uint32_t)size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    for (char *at = heap_start; at < heap_end && !found;) {
        struct block *b = (struct block *)(void *)at;
        if (b->state == BLOCK_FREE) {
            join_following(b);
            if (b->size >= need)
                found = b;
        }
        at = (char *)next_of(b);
    }
    if (!found)
        found = grow(need);
    if (!found)
        return NULL;
    split(found, need);
    found->state = BLOCK_USED;
    return found + 1;
}

void free(void *memory)
{
    if (!memory)
        return;
    struct block *b = (struct block *)memory - 1;
    if (b->state != BLOCK_USED)
        __builtin_trap();
    b->state = BLOCK_FREE;
    join_following(b);
}
