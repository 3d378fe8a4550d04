/* The map from guest-physical to host-physical pages; see p2m.h. */
#include "vmm/p2m.h"

#include "vmm/alloc.h"
#include "vmm/lib.h"

/* Every right and every ring: what the guest may do with its own RAM is the guest's business. */
static const word ram_rights = PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL | PTE_A | PTE_D;

bool p2m_init(struct p2m *map, struct alloc *alloc, unsigned owner)
{
    map->alloc = alloc;
    map->owner = owner;
    return alloc_frame_zero(alloc, owner, FRAME_P2M, &map->root);
}

static bool populate_page(struct p2m *map, gpa page)
{
    word *root = phys_ptr(map->root);
    word *top = &root[PT_INDEX1(page)];
    hpa frame;

    if (!*top) {
        if (!alloc_frame_zero(map->alloc, map->owner, FRAME_P2M, &frame))
            return false;
        *top = frame | PTE_V;
    }
    if (!alloc_frame_zero(map->alloc, map->owner, FRAME_RAM, &frame))
        return false;
    word *table = phys_ptr(*top & PTE_PPN);
    table[PT_INDEX0(page)] = frame | ram_rights;
    return true;
}

bool p2m_populate(struct p2m *map, gpa first, word size)
{
    for (word done = 0; done < size; done += PAGE_SIZE)
        if (!populate_page(map, first + done))
            return false;
    return true;
}

static bool all_mapped(const struct p2m *map, gpa first, word size)
{
    if (size == 0)
        return true;
    gpa last = first + (size - 1);
    if (last < first)
        return false;
    for (gpa page = first & PAGE_MASK;; page += PAGE_SIZE) {
        if (!p2m_entry(map, page))
            return false;
        if (page == (last & PAGE_MASK))
            return true;
    }
}

/* Bytes from `address` to the end of its page, at most `size`. */
static word piece(gpa address, word size)
{
    word room = PAGE_SIZE - (address & ~PAGE_MASK);

    return room < size ? room : size;
}

bool p2m_write(struct p2m *map, gpa to, const void *from, word size)
{
    const uint8_t *bytes = from;

    if (!all_mapped(map, to, size))
        return false;
    while (size) {
        word n = piece(to, size);
        memcpy(p2m_word(map, to), bytes, n);
        to += n;
        bytes += n;
        size -= n;
    }
    return true;
}

bool p2m_read(struct p2m *map, gpa from, void *to, word size)
{
    uint8_t *bytes = to;

    if (!all_mapped(map, from, size))
        return false;
    while (size) {
        word n = piece(from, size);
        memcpy(bytes, p2m_word(map, from), n);
        from += n;
        bytes += n;
        size -= n;
    }
    return true;
}
