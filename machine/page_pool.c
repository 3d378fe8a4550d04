/*
 * Copies of pages in slabs; see page_pool.h.
 *
 * Slabs with a free page form a list, in which page_new looks at the first only. A slab leaves the
 * list when its last page is taken, and comes back to its head with the first one given back.
 */
#include "machine/page_pool.h"

#include <stdlib.h>

#define SLAB_PAGES 64u

struct page_slab {
    struct page_pool *pool;
    struct page_slab *next, *before; /* with a free page */
    unsigned used;
    struct page *free;
    uint8_t *memory;
    struct page pages[SLAB_PAGES];
};

struct page_pool {
    struct page_slab *open; /* with a free page */
    size_t used, room;      /* pages: taken, and in all slabs */
    bool left;
};

struct page_pool *page_pool_new(void)
{
    return calloc(1, sizeof(struct page_pool));
}

static void open_slab(struct page_slab *s)
{
    struct page_pool *pool = s->pool;

    s->before = NULL;
    s->next = pool->open;
    if (s->next)
        s->next->before = s;
    pool->open = s;
}

static void close_slab(struct page_slab *s)
{
    if (s->before)
        s->before->next = s->next;
    else
        s->pool->open = s->next;
    if (s->next)
        s->next->before = s->before;
}

static void give_back(struct page_slab *s, struct page *page)
{
    page->next = s->free;
    s->free = page;
}

static bool add_slab(struct page_pool *pool)
{
    struct page_slab *s = calloc(1, sizeof *s);

    if (s)
        s->memory = aligned_alloc(PAGE_SIZE, SLAB_PAGES * PAGE_SIZE);
    if (!s || !s->memory) {
        free(s);
        return false;
    }
    s->pool = pool;
    for (unsigned i = SLAB_PAGES; i-- > 0;) {
        s->pages[i].slab = s;
        s->pages[i].data = s->memory + (size_t)i * PAGE_SIZE;
        give_back(s, &s->pages[i]);
    }
    pool->room += SLAB_PAGES;
    open_slab(s);
    return true;
}

/* Not in use, and in the list. */
static void free_slab(struct page_slab *s)
{
    s->pool->room -= SLAB_PAGES;
    close_slab(s);
    free(s->memory);
    free(s);
}

struct page *page_new(struct page_pool *pool)
{
    if (!pool->open && !add_slab(pool))
        return NULL;
    struct page_slab *s = pool->open;
    struct page *page = s->free;

    s->free = page->next;
    s->used++;
    pool->used++;
    if (!s->free)
        close_slab(s);
    page->references = 1;
    return page;
}

/* As many pages as half of those in use may be kept for the next. */
static bool has_too_many(const struct page_pool *pool)
{
    return pool->left || pool->room - pool->used > pool->used / 2 + SLAB_PAGES;
}

void page_release(struct page *page)
{
    if (!page || --page->references > 0)
        return;
    struct page_slab *s = page->slab;
    struct page_pool *pool = s->pool;

    if (!s->free)
        open_slab(s);
    give_back(s, page);
    s->used--;
    pool->used--;
    if (s->used == 0 && has_too_many(pool))
        free_slab(s);
    if (pool->left && pool->used == 0)
        free(pool);
}

void page_pool_leave(struct page_pool *pool)
{
    if (!pool)
        return;
    for (struct page_slab *s = pool->open, *next; s; s = next) {
        next = s->next;
        if (s->used == 0)
            free_slab(s);
    }
    pool->left = true;
    if (pool->used == 0)
        free(pool);
}
