/* Pages of RAM that snapshots share; see pages.h. */
#include "machine/pages.h"

#include <stdlib.h>
#include <string.h>

bool pages_init(struct pages *p, uint32_t ram_size)
{
    p->count = ram_size >> PAGE_SHIFT;
    p->changed = calloc(p->count, sizeof(p->changed[0]));
    p->kept = calloc(p->count, sizeof(struct page *));
    return p->changed && p->kept;
}

static void release(struct page *page)
{
    if (page && --page->references == 0)
        free(page);
}

void pages_release(struct page **pages, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        release(pages[i]);
}

void pages_fini(struct pages *p)
{
    if (p->kept)
        pages_release(p->kept, p->count);
    free(p->kept);
    free(p->changed);
    *p = (struct pages){0};
}

/* Brings `kept` up to date for one page. */
static bool keep(struct pages *p, const uint8_t *data, uint32_t number)
{
    struct page *copy = NULL;

    if (!p->changed[number])
        return true;
    if (!page_is_zero(data)) {
        copy = malloc(sizeof(*copy));
        if (!copy)
            return false;
        copy->references = 1;
        memcpy(copy->data, data, PAGE_SIZE);
    }
    release(p->kept[number]);
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
    release(p->kept[number]);
    p->kept[number] = page;
    p->changed[number] = 0;
    return true;
}
