/*
 * The list of files of a pack, which is not trusted.
 */
#include "guests/os/pack.h"

#include "guests/lib/string.h"

static const char *check_entry(const struct pack_entry *e, word size)
{
    if (!e->name[0] || e->name[PACK_NAME_SIZE - 1])
        return "a file has a bad name";
    if (e->offset % 4 != 0)
        return "a file is not aligned";
    if (e->offset > size || e->size > size - e->offset)
        return "a file ends behind the end of the pack";
    return NULL;
}

const char *pack_init(struct pack *p, const void *data, word size)
{
    const struct pack_header *h = data;

    if (size < sizeof *h || h->magic != PACK_MAGIC)
        return "it is not a pack";
    if (h->version != PACK_VERSION)
        return "this kernel does not know its version";
    if (h->count > PACK_FILES_MAX || (size - sizeof *h) / sizeof(struct pack_entry) < h->count)
        return "its directory is cut off";
    const struct pack_entry *entries = (const void *)(h + 1);
    for (word i = 0; i < h->count; i++) {
        const char *wrong = check_entry(&entries[i], size);
        if (wrong)
            return wrong;
    }
    *p = (struct pack){entries, h->count};
    return NULL;
}

const struct pack_entry *pack_find(const struct pack *p, const char *name)
{
    for (word i = 0; i < p->count; i++)
        if (strcmp(p->entries[i].name, name) == 0)
            return &p->entries[i];
    return NULL;
}
