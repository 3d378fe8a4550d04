/*
 * Physical memory. Pages that were used and came back form a list, each holding the
 * address of the next; the rest is one untouched piece, of which the next page is cut when
 * the list is empty. So nothing has to be set up for each page of a large memory, and a
 * page costs nothing while it is free.
 */
#include "guests/os/palloc.h"

#include "guests/lib/string.h"
#include "isa/paging.h"

struct free_page {
    struct free_page *next;
};

void palloc_init(struct palloc *p, void *start, void *end)
{
    uintptr_t first = ((uintptr_t)start + PAGE_SIZE - 1) & ~(uintptr_t)(PAGE_SIZE - 1);
    uintptr_t last = (uintptr_t)end & ~(uintptr_t)(PAGE_SIZE - 1);

    if (last < first)
        last = first;
    p->start = p->untouched = (char *)first;
    p->end = (char *)last;
    p->free = NULL;
    p->free_count = (word)((last - first) / PAGE_SIZE);
}

void *palloc_take(struct palloc *p)
{
    void *page;

    if (p->free) {
        page = p->free;
        p->free = p->free->next;
    } else if (p->untouched != p->end) {
        page = p->untouched;
        p->untouched += PAGE_SIZE;
    } else {
        return NULL;
    }
    p->free_count--;
    return page;
}

void *palloc_page(struct palloc *p)
{
    void *page = palloc_take(p);

    if (page)
        memset(page, 0, PAGE_SIZE);
    return page;
}

bool palloc_free(struct palloc *p, void *page)
{
    char *at = page;

    if (at < p->start || at >= p->untouched || ((uintptr_t)at & (PAGE_SIZE - 1)) != 0)
        return false;
    struct free_page *f = page;
    f->next = p->free;
    p->free = f;
    p->free_count++;
    return true;
}
