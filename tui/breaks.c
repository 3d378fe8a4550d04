/* Breakpoints; see breaks.h. */
#include "tui/breaks.h"

#include <string.h>

static bool same(const struct break_point *a, const struct break_point *b)
{
    return a->address == b->address && strcmp(a->symbol, b->symbol) == 0 &&
           (a->symbol[0] || a->context == b->context);
}

enum breaks_change breaks_toggle(struct breaks *b, const struct break_point *point)
{
    for (unsigned i = 0; i < b->count; i++) {
        if (same(&b->list[i], point)) {
            b->list[i] = b->list[--b->count];
            return BREAKS_CLEARED;
        }
    }
    if (b->count == BREAKS_MAX)
        return BREAKS_FULL;
    b->list[b->count++] = *point;
    return BREAKS_SET;
}

/* The program that has the symbol is the one whose code lies there now. */
static bool symbol_is_there(const struct host *h, uint16_t context, word address, const char *name)
{
    char buffer[128];
    bool image = strchr(name, ':') != NULL;

    return strcmp(view_symbol_text(h, context, address, image, buffer, sizeof buffer), name) == 0;
}

bool breaks_at(const struct breaks *b, const struct host *h, uint16_t context, word address)
{
    for (unsigned i = 0; i < b->count; i++) {
        const struct break_point *p = &b->list[i];

        if (p->address != address)
            continue;
        if (p->symbol[0] ? symbol_is_there(h, context, address, p->symbol) : p->context == context)
            return true;
    }
    return false;
}
