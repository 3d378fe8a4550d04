/*
 * RAM in pages that snapshots share.
 *
 *   RAM     | page 0 | page 1 | page 2 | ...        where the machine reads and writes
 *   changed     0        1        0                 differs from what was kept of it
 *   kept        *        *        -                 counted references; NULL: all zeros
 *               |        |
 *             copy     copy  (of before it changed)
 *
 * To keep the RAM as it is costs a copy of each changed page and a reference to each of the
 * others. To put it back costs a copy of each page that differs.
 *
 * Invariant: a page whose `changed` is 0 equals what `kept` points to. So every write marks
 * its page. Writes of the fast path do not: an entry of the fast array for stores is made by
 * a write that does, and all of them are forgotten when pages are kept (snapshot.c).
 */
#ifndef MACHINE_PAGES_H
#define MACHINE_PAGES_H

#include "base/types.h"
#include "machine/page_pool.h"

#include <string.h>

struct pages {
    uint32_t count;
    uint8_t *changed;
    struct page **kept;
    struct page_pool *pool;
};

/* For RAM that is all zeros. False when the host has no memory. */
bool pages_init(struct pages *p, uint32_t ram_size);
void pages_fini(struct pages *p);

static inline bool page_is_zero(const uint8_t *data)
{
    return data[0] == 0 && memcmp(data, data + 1, PAGE_SIZE - 1) == 0;
}

/* RAM was or will be written there; size > 0. */
static inline void pages_mark(struct pages *p, uint32_t ram_offset, size_t size)
{
    uint32_t last = (uint32_t)((ram_offset + (uint64_t)size - 1) >> PAGE_SHIFT);

    for (uint32_t i = ram_offset >> PAGE_SHIFT; i <= last; i++)
        p->changed[i] = 1;
}

/* Fills out[count] with a reference to each page of RAM as it is now. False when the host has
 * no memory: then `out` holds nothing. */
bool pages_keep(struct pages *p, const uint8_t *ram, struct page **out);

/* Makes page `number` of RAM what `page` says; true when that changed anything. */
bool pages_put_back(struct pages *p, uint8_t *ram, uint32_t number, struct page *page);

/* Gives back what pages_keep has given, NULLs included. */
void pages_release(struct page **pages, uint32_t count);

#endif
