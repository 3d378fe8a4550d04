/* What was done from outside, in order; see journal.h. */
#include "world/journal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct journal_place journal_here(const struct machine *m)
{
    return (struct journal_place){machine_icount(m), machine_begun(m)};
}

static size_t entry_bytes(const struct journal_entry *e)
{
    return sizeof *e + e->edit.size;
}

void journal_truncate(struct journal *j)
{
    while (j->count > j->next) {
        struct journal_entry *e = &j->entries[--j->count];

        j->bytes -= entry_bytes(e);
        free(e->edit.data);
    }
}

void journal_clear(struct journal *j)
{
    j->next = 0;
    journal_truncate(j);
    free(j->entries);
    *j = (struct journal){0};
}

bool journal_repeats(const struct journal *j, const struct journal_place *place,
                     const struct host_edit *e)
{
    if (j->next == j->count)
        return false;
    const struct journal_entry *n = &j->entries[j->next];
    return n->place.icount == place->icount && n->place.begun == place->begun &&
           n->edit.kind == e->kind && n->edit.where == e->where && n->edit.value == e->value &&
           n->edit.size == e->size && (e->size == 0 || !memcmp(n->edit.data, e->data, e->size));
}

bool journal_add(struct journal *j, const struct journal_place *place, const struct host_edit *e)
{
    assert(j->next == j->count);
    if (j->count == j->room) {
        size_t room = j->room ? 2 * j->room : 64;
        struct journal_entry *more = realloc(j->entries, room * sizeof *more);

        if (!more)
            return false;
        j->entries = more;
        j->room = room;
    }
    struct journal_entry n = {.place = *place, .edit = *e};
    n.edit.data = e->size ? malloc(e->size) : NULL;
    if (e->size && !n.edit.data)
        return false;
    if (e->size)
        memcpy(n.edit.data, e->data, e->size);
    j->entries[j->count++] = n;
    j->next = j->count;
    j->bytes += entry_bytes(&n);
    return true;
}

uint64_t journal_next(const struct journal *j)
{
    return j->next < j->count ? j->entries[j->next].place.icount : UINT64_MAX;
}
