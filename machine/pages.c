/* Pages of RAM that snapshots share; see pages.h. */
#include "machine/pages.h"

#include <stdlib.h>
#include <string.h>

bool pages_init(struct pages *p, uint32_t ram_size)
{
    p->count = ram_size >> PAGE_SHIFT;
    p->changed = calloc(p->count, sizeof(p->changed[0]));
    p->kept = calloc(p->count, sizeof(struct page *));
    p->pool = page_pool_new();
    return p->changed && p->kept && p->pool;
}

void pages_release(struct page **pages, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        page_release(pages[i]);
}

void pages_fini(struct pages *p)
{
    if (p->kept)
        pages_release(p->kept, p->count);
    page_pool_leave(p->pool);
    free(p->kept);
    free(p->changed);
    *p = (struct pages){0};
}

/* What is copied is not looked at soon, so it should not drive what the program uses out of the
 * host's caches. A vector of 16 bytes is what every host has. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_nontemporal_store)
#define STORE_PAST_CACHES(value, to) __builtin_nontemporal_store(value, to)
#endif
#endif
#ifndef STORE_PAST_CACHES
#define STORE_PAST_CACHES(value, to) (*(to) = (value))
#endif

typedef uint64_t wide __attribute__((vector_size(16), may_alias));

static void copy_page(uint8_t *to, const uint8_t *from)
{
    wide *out = (wide *)to;
    const wide *in = (const wide *)from;

    for (size_t i = 0; i < PAGE_SIZE / sizeof(wide); i++)
        STORE_PAST_CACHES(in[i], &out[i]);
}

/* Brings `kept` up to date for one page. */
static bool keep(struct pages *p, const uint8_t *data, uint32_t number)
{
    struct page *copy = NULL;

    if (!p->changed[number])
        return true;
    if (!page_is_zero(data)) {
        copy = page_new(p->pool);
        if (!copy)
            return false;
        copy_page(copy->data, data);
    }
    page_release(p->kept[number]);
    p->kept[number] = copy;
    p->changed[number] = 0;
    return true;
}

bool pages_keep(struct pages *p, const uint8_t *ram, struct page **out)
{
    for (uint32_t i = 0; i < p->count; i++) {
        if (!keep(p, ram + ((size_t)i << PAGE_SHIFT), i)) {
            pages_release(out, i);
            return false;
        }
        out[i] = p->kept[i];
        if (out[i])
            out[i]->references++;
    }
    return true;
}

bool pages_put_back(struct pages *p, uint8_t *ram, uint32_t number, struct page *page)
{
    uint8_t *data = ram + ((size_t)number << PAGE_SHIFT);

    if (!p->changed[number] && p->kept[number] == page)
        return false;
    if (page) {
        memcpy(data, page->data, PAGE_SIZE);
        page->references++;
    } else {
        memset(data, 0, PAGE_SIZE);
    }
    page_release(p->kept[number]);
    p->kept[number] = page;
    p->changed[number] = 0;
    return true;
}
