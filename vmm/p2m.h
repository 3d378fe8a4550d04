/*
 * A VM's map from guest-physical to host-physical pages, in the form of the machine's own page
 * tables, so that a guest without paging runs on it directly and the dashboard can read it
 * (VMCB, nptbr). It holds RAM only: a device's address maps to nothing.
 */
#ifndef VMM_P2M_H
#define VMM_P2M_H

#include "vmm/phys.h"
#include "vmm/types.h"

#include "isa/paging.h"

struct alloc;

struct p2m {
    struct alloc *alloc;
    unsigned owner;
    hpa root;
};

/* An empty map. False when no frame is left. */
bool p2m_init(struct p2m *map, struct alloc *alloc, unsigned owner);
/* Takes a cleared frame from the allocator for each page of [first, first + size). */
bool p2m_populate(struct p2m *map, gpa first, word size);

/* The entry of a page, 0 when nothing is mapped there. Here, since every walk asks twice. */
static inline word p2m_entry(const struct p2m *map, gpa address)
{
    const word *root = phys_ptr(map->root);
    word top = root[PT_INDEX1(address)];

    if (!top)
        return 0;
    const word *table = phys_ptr(top & PTE_PPN);
    return table[PT_INDEX0(address)];
}

/* Host memory behind an address, NULL when there is none. */
static inline word *p2m_word(const struct p2m *map, gpa address)
{
    word entry = p2m_entry(map, address);

    return entry ? phys_ptr((entry & PTE_PPN) | (address & ~PAGE_MASK)) : NULL;
}

/* Copies into or out of the guest's memory; false (and nothing is copied) unless all of it is RAM. */
bool p2m_write(struct p2m *map, gpa to, const void *from, word size);
bool p2m_read(struct p2m *map, gpa from, void *to, word size);

#endif
