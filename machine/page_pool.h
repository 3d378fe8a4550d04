/*
 * Memory for copies of pages: taken and given back by the thousand, again and again, so it does
 * not go through malloc each time and is not touched for the first time each time.
 *
 *     pool -> slab -> 64 pages' data          a page: counted references, and where its data is
 *          -> slab -> ...
 *
 * Pages may outlive whoever owns their pool: it ends with the last of them. A slab without a page
 * in use is freed when there are many such.
 */
#ifndef MACHINE_PAGE_POOL_H
#define MACHINE_PAGE_POOL_H

#include "base/types.h"
#include "isa/paging.h"

struct page_pool;
struct page_slab;

struct page {
    uint32_t references;
    uint8_t *data; /* PAGE_SIZE bytes */
    struct page_slab *slab;
    struct page *next; /* while it is free */
};

struct page_pool *page_pool_new(void); /* NULL: no memory */
/* Its owner takes no more pages from it. NULL is fine. */
void page_pool_leave(struct page_pool *pool);

/* With one reference and undefined contents; NULL: no memory. */
struct page *page_new(struct page_pool *pool);
/* One reference less; the last one gives it back. NULL is fine. */
void page_release(struct page *page);

#endif
