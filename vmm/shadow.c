/*
 * Shadow page tables; see shadow.h.
 *
 * The rule for one entry (g the guest's leaf, h the map's entry, group of the virtual ring):
 *
 *   page    h's             R, X    g and h
 *   W       g and h, and D of g: a clean page is mapped read-only, so that its first write
 *           comes here and sets D in the guest's table
 *   PL      min(PL of g + 1, 3); under hardware assist PL of g
 *   A, D    set: the real walker need not write
 *
 * From a frame back to the entries that map it: struct frame has room for a few addresses, at
 * which every root is then asked. Of a frame that was mapped at more, all tables are searched.
 *
 * Invariant: the real TLB holds nothing for one of our address space numbers that is not in
 * its tables now, but for entries that only gained rights. So whatever takes an entry away or
 * replaces it tells the TLB, and nothing else does.
 */
#include "vmm/shadow.h"

#include "vmm/alloc.h"
#include "vmm/arch.h"
#include "vmm/lib.h"
#include "vmm/p2m.h"
#include "vmm/phys.h"

#include "isa/paging.h"

static word ptbr_of(hpa table, word asid)
{
    return PTBR_ON | asid << PTBR_ASID_SHIFT | table >> PAGE_SHIFT;
}

bool shadow_init(struct shadow *s, struct alloc *alloc, unsigned owner, struct p2m *map)
{
    memset(s, 0, sizeof *s);
    s->alloc = alloc;
    s->owner = owner;
    s->map = map;
    s->bare_asid = alloc_asid(alloc, owner);
    return s->bare_asid != ASID_NONE;
}

void shadow_assisted(struct shadow *s, bool *tlb_stale)
{
    s->own_rings = true;
    s->tlb_stale = tlb_stale;
}

void shadow_own_bare(struct shadow *s)
{
    s->own_bare = true;
}

static unsigned group_of(const struct shadow *s, word ring)
{
    return s->own_rings ? 0 : ring_group(ring);
}

/* The real TLB may hold what is no longer in a table. */
static void forget_page(const struct shadow *s, gva address, word asid)
{
    if (s->tlb_stale)
        *s->tlb_stale = true;
    else
        arch_forget_page(address, asid);
}

static void forget_asid(const struct shadow *s, word asid)
{
    if (s->tlb_stale)
        *s->tlb_stale = true;
    else
        arch_forget_asid(asid);
}

/* Takes all second-level tables away. */
static void root_clear(struct shadow *s, struct shadow_root *r)
{
    if (r->leaves == FRAME_NONE)
        return;
    word *top = phys_ptr(r->table);
    while (r->leaves != FRAME_NONE) {
        const struct frame *f = &s->alloc->frames[r->leaves];
        hpa leaf = alloc_address(s->alloc, r->leaves);
        top[f->note] = 0;
        r->leaves = f->link;
        alloc_free(s->alloc, s->owner, leaf);
    }
    forget_asid(s, r->asid);
}

static void root_free(struct shadow *s, struct shadow_root *r)
{
    if (!r->table)
        return;
    root_clear(s, r);
    alloc_free(s->alloc, s->owner, r->table);
    alloc_asid_free(s->alloc, s->owner, r->asid);
    r->table = 0;
}

static void space_free(struct shadow *s, struct shadow_space *p)
{
    for (unsigned g = 0; g < RING_GROUPS; g++)
        root_free(s, &p->roots[g]);
    p->ptbr = 0;
}

void shadow_fini(struct shadow *s)
{
    for (unsigned i = 0; i < SHADOW_SPACES; i++)
        space_free(s, &s->spaces[i]);
    forget_asid(s, s->bare_asid);
    alloc_asid_free(s->alloc, s->owner, s->bare_asid);
    s->current = NULL;
}

/* The least recently used space but the current one, which the processor may be using. */
static struct shadow_space *oldest(struct shadow *s)
{
    struct shadow_space *best = NULL;

    for (struct shadow_space *p = s->spaces; p < s->spaces + SHADOW_SPACES; p++)
        if (p->ptbr && p != s->current && (!best || p->used < best->used))
            best = p;
    return best;
}

/* Gives up something of this VM's own: an address space, or else what the current one has
 * cached. False when there is nothing left. */
bool shadow_give_up(struct shadow *s)
{
    struct shadow_space *p = oldest(s);

    if (p) {
        space_free(s, p);
        return true;
    }
    for (unsigned g = 0; s->current && g < RING_GROUPS; g++) {
        struct shadow_root *r = &s->current->roots[g];
        if (r->table && r->leaves != FRAME_NONE) {
            root_clear(s, r);
            return true;
        }
    }
    return false;
}

static bool take_frame(struct shadow *s, hpa *out)
{
    while (!alloc_frame_zero(s->alloc, s->owner, FRAME_SHADOW, out))
        if (!shadow_give_up(s))
            return false;
    return true;
}

static word take_asid(struct shadow *s)
{
    word asid = alloc_asid(s->alloc, s->owner);

    while (asid == ASID_NONE && shadow_give_up(s))
        asid = alloc_asid(s->alloc, s->owner);
    return asid;
}

static bool root_make(struct shadow *s, struct shadow_root *r)
{
    hpa table;
    word asid = take_asid(s);

    if (asid == ASID_NONE)
        return false;
    if (!take_frame(s, &table)) {
        alloc_asid_free(s->alloc, s->owner, asid);
        return false;
    }
    *r = (struct shadow_root){table, asid, FRAME_NONE};
    return true;
}

static struct shadow_space *find_space(struct shadow *s, word ptbr)
{
    struct shadow_space *unused = NULL;

    for (struct shadow_space *p = s->spaces; p < s->spaces + SHADOW_SPACES; p++) {
        if (p->ptbr == ptbr)
            return p;
        if (!p->ptbr)
            unused = p;
    }
    if (!unused) {
        unused = oldest(s);
        space_free(s, unused);
    }
    unused->ptbr = ptbr;
    return unused;
}

word shadow_bare(const struct shadow *s)
{
    return ptbr_of(s->map->root, s->bare_asid);
}

/* Stands for "no paging" in a space of its own: no ptbr with paging on has this value, nor 0. */
#define SPACE_BARE 1u

static __attribute__((noinline)) word select_new(struct shadow *s, word ptbr, word ring)
{
    if (!(ptbr & PTBR_ON) && !s->own_bare) {
        s->current = NULL;
        return shadow_bare(s);
    }
    if (!(ptbr & PTBR_ON))
        ptbr = SPACE_BARE;
    if (!s->current || s->current->ptbr != ptbr) {
        s->current = find_space(s, ptbr);
        s->current->used = ++s->clock;
    }
    struct shadow_root *r = &s->current->roots[group_of(s, ring)];
    if (!r->table && !root_make(s, r))
        return 0;
    return ptbr_of(r->table, r->asid);
}

word shadow_select(struct shadow *s, word ptbr, word ring)
{
    const struct shadow_space *p = s->current;

    if (p && p->ptbr == ptbr) { /* mostly: from user to kernel and back */
        const struct shadow_root *r = &p->roots[group_of(s, ring)];
        if (r->table)
            return ptbr_of(r->table, r->asid);
    }
    return select_new(s, ptbr, ring);
}

/* Where the entry for an address is, NULL when its second level does not exist. */
static word *slot_of(const struct shadow_root *r, gva address)
{
    if (!r->table)
        return NULL;
    const word *top = phys_ptr(r->table);
    word entry = top[PT_INDEX1(address)];
    if (!entry)
        return NULL;
    word *leaf = phys_ptr(entry & PTE_PPN);
    return &leaf[PT_INDEX0(address)];
}

static word *slot_make(struct shadow *s, struct shadow_root *r, gva address)
{
    word *slot = slot_of(r, address);
    hpa leaf;

    if (slot)
        return slot;
    if (!take_frame(s, &leaf))
        return NULL;
    struct frame *f = alloc_entry(s->alloc, leaf);
    f->note = PT_INDEX1(address);
    f->link = r->leaves;
    r->leaves = alloc_number(s->alloc, leaf);
    word *top = phys_ptr(r->table);
    top[f->note] = leaf | PTE_V;
    return slot_of(r, address);
}

static word compose(const struct shadow *s, word guest, word host)
{
    word rights = guest & host & (PTE_R | PTE_W | PTE_X);
    word pl = (guest & PTE_PL) >> PTE_PL_SHIFT;

    if (!(guest & PTE_D))
        rights &= ~PTE_W;
    return (host & PTE_PPN) | PTE_V | PTE_A | PTE_D | rights |
           PTE_PL_OF(s->own_rings ? pl : ring_real(pl));
}

static void root_drop(const struct shadow *s, const struct shadow_root *r, gva address)
{
    word *slot = slot_of(r, address);

    if (slot && *slot) {
        *slot = 0;
        forget_page(s, address, r->asid);
    }
}

/* ---- from a frame to its entries ---------------------------------------------------------- */

#define MAPS_USED 1u /* in the low bits of an address that is noted */
#define MAPS_MANY 2u /* in the first place: there were more than fit */

static bool maps(const struct shadow_root *r, gva address, hpa frame)
{
    const word *slot = slot_of(r, address);

    return slot && (*slot & PTE_V) && (*slot & PTE_PPN) == frame;
}

/* Is the frame still mapped at an address, in any space? */
static bool maps_anywhere(const struct shadow *s, gva address, hpa frame)
{
    for (const struct shadow_space *p = s->spaces; p < s->spaces + SHADOW_SPACES; p++)
        for (unsigned g = 0; g < RING_GROUPS; g++)
            if (maps(&p->roots[g], address, frame))
                return true;
    return false;
}

static void remember(const struct shadow *s, hpa frame, gva address)
{
    gva *known = alloc_entry(s->alloc, frame)->maps, wanted = (address & PAGE_MASK) | MAPS_USED;

    if (known[0] == MAPS_MANY)
        return;
    for (unsigned i = 0; i < FRAME_MAPS; i++) {
        if (known[i] == wanted)
            return;
        if (!known[i]) {
            known[i] = wanted;
            return;
        }
    }
    for (unsigned i = 0; i < FRAME_MAPS; i++) {
        if (!maps_anywhere(s, known[i], frame)) {
            known[i] = wanted;
            return;
        }
    }
    known[0] = MAPS_MANY;
}

static void forget_at(const struct shadow *s, gva address, hpa frame)
{
    for (const struct shadow_space *p = s->spaces; p < s->spaces + SHADOW_SPACES; p++)
        for (unsigned g = 0; g < RING_GROUPS; g++)
            if (maps(&p->roots[g], address, frame))
                root_drop(s, &p->roots[g], address);
}

static void forget_in_root(const struct shadow *s, const struct shadow_root *r, hpa frame)
{
    for (uint32_t n = r->leaves; n != FRAME_NONE; n = s->alloc->frames[n].link) {
        const word *entries = phys_ptr(alloc_address(s->alloc, n));
        gva first = s->alloc->frames[n].note << SUPERPAGE_SHIFT;
        for (unsigned i = 0; i < PT_ENTRIES; i++)
            if ((entries[i] & PTE_V) && (entries[i] & PTE_PPN) == frame)
                root_drop(s, r, first | i << PAGE_SHIFT);
    }
}

void shadow_forget(struct shadow *s, gpa page, hpa frame)
{
    struct frame *f = alloc_entry(s->alloc, frame);
    bool many = f->maps[0] == MAPS_MANY;

    forget_page(s, page, s->bare_asid);
    for (unsigned i = 0; i < FRAME_MAPS && !many; i++)
        if (f->maps[i])
            forget_at(s, f->maps[i], frame);
    for (struct shadow_space *p = s->spaces; p < s->spaces + SHADOW_SPACES && many; p++)
        for (unsigned g = 0; g < RING_GROUPS; g++)
            if (p->roots[g].table)
                forget_in_root(s, &p->roots[g], frame);
    if (f->owner == s->owner) /* else others may map it too */
        memset(f->maps, 0, sizeof f->maps);
}

/* ---- filling ------------------------------------------------------------------------------ */

static void slot_set(const struct shadow *s, const struct shadow_root *r, word *slot, gva address,
                     word entry)
{
    word old = *slot;
    bool first_write = old != entry && old == (entry & ~PTE_W);

    *slot = entry;
    remember(s, entry & PTE_PPN, address);
    if (old && !first_write)
        forget_page(s, address, r->asid);
}

enum shadow_answer shadow_resolve(struct shadow *s, word ptbr, struct shadow_fault *f)
{
    enum walk_result result = walk_guest(s->map, ptbr, f->address, f->access, f->ring, &f->walk);
    if (result != WALK_OK) {
        f->cause = walk_cause(result, f->access);
        return SHADOW_GUEST_FAULT;
    }
    word host = p2m_entry(s->map, f->walk.address);
    if (!host)
        return SHADOW_DEVICE;
    if (f->access == ACCESS_STORE && !(host & PTE_W))
        return SHADOW_NO_WRITE;
    if (!s->current) /* without paging the map itself is the table, and has the page by now */
        return SHADOW_FILLED;
    struct shadow_root *r = &s->current->roots[group_of(s, f->ring)];
    word *slot = slot_make(s, r, f->address);
    if (!slot)
        return SHADOW_NO_MEMORY;
    slot_set(s, r, slot, f->address, compose(s, f->walk.leaf, host));
    return SHADOW_FILLED;
}

bool shadow_place(struct shadow *s, gva address, word ring, word entry)
{
    vmm_assert(s->current);
    struct shadow_root *r = &s->current->roots[group_of(s, ring)];
    word *slot = slot_make(s, r, address);

    if (slot)
        slot_set(s, r, slot, address, entry);
    return slot != NULL;
}

void shadow_drop(struct shadow *s, gva address)
{
    for (unsigned g = 0; s->current && g < RING_GROUPS; g++)
        root_drop(s, &s->current->roots[g], address);
}

void shadow_fence(struct shadow *s, const gva *address, const word *asid)
{
    for (struct shadow_space *p = s->spaces; p < s->spaces + SHADOW_SPACES; p++) {
        if (!p->ptbr || (asid && (p->ptbr & PTBR_ASID) >> PTBR_ASID_SHIFT != *asid))
            continue;
        for (unsigned g = 0; g < RING_GROUPS; g++) {
            if (!p->roots[g].table)
                continue;
            if (address)
                root_drop(s, &p->roots[g], *address);
            else
                root_clear(s, &p->roots[g]);
        }
    }
}

word shadow_entry(const struct shadow *s, gva address, word ring)
{
    if (!s->current)
        return p2m_entry(s->map, address);
    const word *slot = slot_of(&s->current->roots[group_of(s, ring)], address);
    return slot ? *slot : 0;
}
