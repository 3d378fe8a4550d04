/*
 * Symbols: whose name an address has; see view.h. Several images may be linked to the same
 * addresses (every user program is), so the memory is asked: the image whose bytes are there.
 */
#include "base/text.h"
#include "world/host.h"
#include "world/view.h"

#include <string.h>

#define COMPARED 16 /* bytes of code that tell two images apart */
#define FLAG_X   1u

static bool covers(const struct image_segment *s, word address)
{
    return address >= s->vaddr && address - s->vaddr < s->size;
}

/* Compares memory with what the file has at `address`, up to COMPARED bytes around it. */
static bool same_bytes(const struct host *h, uint16_t context, const struct image_segment *s,
                       word at, word seen_at)
{
    uint8_t there[COMPARED];
    word offset = (at - s->vaddr) & ~(word)(COMPARED - 1);
    word n = s->filled > offset ? s->filled - offset : 0;
    struct space space = {.kind = SPACE_GVA, .context = context};

    if (n > COMPARED)
        n = COMPARED;
    return n && view_read(h, space, seen_at - (at - s->vaddr - offset), there, n) &&
           memcmp(there, s->data + offset, n) == 0;
}

/* Data changes, so of data the image's code is looked at: its first bytes. */
static bool code_is_there(const struct host *h, uint16_t context, const struct image *image)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct image_segment *s = &image->segments[i];

        if (s->flags & FLAG_X)
            return same_bytes(h, context, s, s->vaddr, s->vaddr);
    }
    return false;
}

/* The address in the image's own numbers. An image that still runs where the loader put it
 * (before it turns paging on) is known by its physical addresses. */
static bool belongs(const struct host *h, uint16_t context, const struct image *image, gva address,
                    word *linked)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct image_segment *s = &image->segments[i];

        *linked = address;
        if (covers(s, address))
            return s->flags & FLAG_X ? same_bytes(h, context, s, address, address)
                                     : code_is_there(h, context, image);
        if (s->paddr != s->vaddr && address >= s->paddr && address - s->paddr < s->size &&
            same_bytes(h, context, s, address - s->paddr + s->vaddr, address)) {
            *linked = address - s->paddr + s->vaddr;
            return true;
        }
    }
    return false;
}

bool view_symbol(const struct host *h, uint16_t context, gva address, struct symbol_at *out)
{
    for (const struct host_image *i = h->images; i; i = i->next) {
        const struct image_symbol *symbol;
        word linked;

        if (!belongs(h, context, &i->image, address, &linked) ||
            !(symbol = image_symbol_at(&i->image, linked)))
            continue;
        *out = (struct symbol_at){
            .image = &i->image,
            .image_name = i->name,
            .symbol = symbol,
            .offset = linked - symbol->value,
        };
        return true;
    }
    return false;
}

const char *view_symbol_text(const struct host *h, uint16_t context, gva address, bool image,
                             char *buffer, size_t size)
{
    struct text t = text_init(buffer, size);
    struct symbol_at at;

    if (!view_symbol(h, context, address, &at))
        return buffer;
    if (image)
        text_add(&t, "%s:", at.image_name);
    text_add(&t, "%s", at.symbol->name);
    if (at.offset)
        text_add(&t, "+%u", (unsigned)at.offset);
    return buffer;
}

const struct line_row *view_line(const struct host *h, uint16_t context, gva address)
{
    for (const struct host_image *i = h->images; i; i = i->next) {
        const struct line_row *row;
        word linked;

        if (belongs(h, context, &i->image, address, &linked) && (row = lines_at(&i->lines, linked)))
            return row;
    }
    return NULL;
}

const struct line_row *view_image_line(const struct host *h, const char *image, word address)
{
    for (const struct host_image *i = h->images; i; i = i->next)
        if (strcmp(i->name, image) == 0)
            return lines_at(&i->lines, address);
    return NULL;
}

bool view_line_owner(const struct host *h, const char *file, uint32_t line, word *address,
                     const char **image)
{
    const char *colon = strchr(file, ':');
    size_t n = colon ? (size_t)(colon - file) : 0;

    for (const struct host_image *i = h->images; i; i = i->next) {
        if (colon && (strlen(i->name) != n || strncmp(i->name, file, n) != 0))
            continue;
        if (lines_find(&i->lines, colon ? colon + 1 : file, line, address)) {
            *image = i->name;
            return true;
        }
    }
    return false;
}

bool view_line_find(const struct host *h, const char *file, uint32_t line, word *address)
{
    const char *image;

    return view_line_owner(h, file, line, address, &image);
}

static const struct image_symbol *find(const struct host *h, const char *name, const char **image)
{
    const char *colon = strchr(name, ':');

    for (const struct host_image *i = h->images; i; i = i->next) {
        if (colon && (strlen(i->name) != (size_t)(colon - name) ||
                      strncmp(i->name, name, (size_t)(colon - name)) != 0))
            continue;
        const struct image_symbol *s = image_symbol_find(&i->image, colon ? colon + 1 : name);
        *image = i->name;
        if (s)
            return s;
    }
    return NULL;
}

bool view_symbol_owner(const struct host *h, const char *name, word *value, const char **image)
{
    const struct image_symbol *s = find(h, name, image);

    if (s)
        *value = s->value;
    return s != NULL;
}

bool view_symbol_find(const struct host *h, const char *name, word *value)
{
    const char *image;

    return view_symbol_owner(h, name, value, &image);
}

bool view_symbol_range(const struct host *h, const char *name, word *first, word *last)
{
    const char *image;
    const struct image_symbol *s = find(h, name, &image);

    if (!s)
        return false;
    *first = s->value;
    *last = s->size ? s->value + (s->size - 1) : s->value;
    return true;
}

static bool filter_symbol(void *user, const char *name, word *first, word *last)
{
    return view_symbol_range(user, name, first, last);
}

struct filter_names view_filter_names(const struct host *h)
{
    return (struct filter_names){.symbol = filter_symbol, .user = (struct host *)h};
}

const char *view_image_name(const struct host *h, uint16_t context, gva address)
{
    word linked;

    for (const struct host_image *i = h->images; i; i = i->next)
        if (belongs(h, context, &i->image, address, &linked))
            return i->name;
    return NULL;
}

const struct image_symbol *view_symbol_index(const struct host *h, unsigned index,
                                             const char **image)
{
    for (const struct host_image *i = h->images; i; i = i->next) {
        *image = i->name;
        if (index < i->image.symbol_count)
            return &i->image.symbols[index];
        index -= i->image.symbol_count;
    }
    return NULL;
}

const char *view_file_index(const struct host *h, unsigned index)
{
    for (const struct host_image *i = h->images; i; i = i->next) {
        if (index < i->lines.file_count)
            return i->lines.files[index];
        index -= i->lines.file_count;
    }
    return NULL;
}
