/*
 * A walk of two levels:
 *
 *   ptbr -> root[31:22] -> leaf[21:12]      a root entry with rights is a superpage
 *
 * Order of the checks, as on the machine: entry outside RAM (access fault), V and reserved
 * bits, form, alignment, rights of the access, ring against PL. Only when all hold is anything
 * written. The walker never trusts what it has read twice: each entry is fetched once.
 */
#include "vmm/walk.h"

#include "vmm/isa.h"
#include "vmm/p2m.h"

#define LEAF_BITS (PTE_R | PTE_W | PTE_X)

static const word all_rights = PTE_V | LEAF_BITS | PTE_PL | PTE_A | PTE_D;

static bool read_entry(const struct p2m *map, gpa address, word *entry)
{
    const word *at = p2m_word(map, address);

    if (at)
        *entry = *at;
    return at != NULL;
}

/* Finds the leaf entry and where it is stored. */
static enum walk_result find_leaf(const struct p2m *map, word ptbr, gva address, word *leaf,
                                  gpa *stored, bool *super)
{
    gpa table = ptbr << PAGE_SHIFT;

    *super = true;
    *stored = table + PT_INDEX1(address) * 4;
    if (!read_entry(map, *stored, leaf))
        return WALK_ACCESS_FAULT;
    if (!(*leaf & PTE_V) || (*leaf & PTE_ZERO))
        return WALK_PAGE_FAULT;
    if (*leaf & LEAF_BITS)
        return WALK_OK;
    *super = false;
    *stored = (*leaf & PTE_PPN) + PT_INDEX0(address) * 4;
    if (!read_entry(map, *stored, leaf))
        return WALK_ACCESS_FAULT;
    if (!(*leaf & PTE_V) || (*leaf & PTE_ZERO) || !(*leaf & LEAF_BITS))
        return WALK_PAGE_FAULT;
    return WALK_OK;
}

static bool well_formed(word leaf, bool super)
{
    if ((leaf & PTE_W) && !(leaf & PTE_R))
        return false;
    return !super || (leaf & (SUPERPAGE_SIZE - 1) & PTE_PPN) == 0;
}

static bool permits(word leaf, enum access access, word ring)
{
    static const word needed[] = {
        [ACCESS_LOAD] = PTE_R, [ACCESS_STORE] = PTE_W, [ACCESS_FETCH] = PTE_X};

    return (leaf & needed[access]) && ring <= (leaf & PTE_PL) >> PTE_PL_SHIFT;
}

/* Where the leaf leads for this address. */
static struct walk walk_of(word leaf, bool super, gva address)
{
    word offset = super ? SUPERPAGE_SIZE - 1 : PAGE_SIZE - 1;

    return (struct walk){(leaf & PTE_PPN & ~offset) | (address & offset), leaf};
}

/* A and D are written like anything else: somebody may wait for a write to the table's page. */
static bool mark(struct p2m *map, gpa stored, word marked)
{
    word *at = p2m_word_write(map, stored);

    if (at)
        *at = marked;
    return at != NULL;
}

enum walk_result walk_guest(struct p2m *map, word ptbr, gva address, enum access access, word ring,
                            struct walk *out)
{
    word leaf;
    gpa stored;
    bool super;

    if (!(ptbr & PTBR_ON)) {
        *out = (struct walk){address, (address & PTE_PPN) | all_rights};
        return WALK_OK;
    }
    enum walk_result result = find_leaf(map, ptbr, address, &leaf, &stored, &super);
    if (result != WALK_OK)
        return result;
    if (!well_formed(leaf, super) || !permits(leaf, access, ring))
        return WALK_PAGE_FAULT;
    word marked = leaf | PTE_A | (access == ACCESS_STORE ? PTE_D : 0);
    if (marked != leaf && !mark(map, stored, marked))
        return WALK_ACCESS_FAULT;
    *out = walk_of(marked, super, address);
    return WALK_OK;
}

bool walk_find(const struct p2m *map, word ptbr, gva address, struct walk *out)
{
    word leaf;
    gpa stored;
    bool super;

    *out = (struct walk){address, all_rights};
    if (!(ptbr & PTBR_ON))
        return true;
    if (find_leaf(map, ptbr, address, &leaf, &stored, &super) != WALK_OK ||
        !well_formed(leaf, super))
        return false;
    *out = walk_of(leaf, super, address);
    return true;
}

word walk_peek(const struct p2m *map, word ptbr, gva address)
{
    struct walk w;

    return walk_find(map, ptbr, address, &w) ? w.leaf : 0;
}

word walk_cause(enum walk_result result, enum access access)
{
    static const uint8_t page[] = {[ACCESS_LOAD] = CAUSE_load_page,
                                   [ACCESS_STORE] = CAUSE_store_page,
                                   [ACCESS_FETCH] = CAUSE_fetch_page};
    static const uint8_t nothing[] = {[ACCESS_LOAD] = CAUSE_load_access,
                                      [ACCESS_STORE] = CAUSE_store_access,
                                      [ACCESS_FETCH] = CAUSE_fetch_access};

    return result == WALK_PAGE_FAULT ? page[access] : nothing[access];
}
