/*
 * The one pack of this system.
 */
#include "guests/os/directory.h"

#include "guests/os/printk.h"

static struct pack pack;

void directory_init(const void *data, word size)
{
    const char *wrong = pack_init(&pack, data, size);

    if (wrong)
        panic("the module 'programs' cannot be used: %s", wrong);
}

const struct pack_entry *directory_find(const char *name)
{
    return pack_find(&pack, name);
}

const struct pack_entry *directory_at(word index)
{
    return index < pack.count ? &pack.entries[index] : NULL;
}

const uint8_t *directory_data(const struct pack_entry *entry)
{
    return pack_data(&pack, entry);
}

word directory_count(void)
{
    return pack.count;
}
