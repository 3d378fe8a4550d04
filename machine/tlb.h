/*
 * Two layers of address cache for each kind of access.
 *
 * The architectural TLB (isa.md section 5) is part of the machine: direct-mapped arrays whose
 * stale entries are real. In front of each stands a fast array that only the host knows: a tag
 * that holds the virtual page and everything that permission depends on, so that nothing is
 * flushed when the ring or the address space changes.
 *
 *   tag     63:32 context of the access: 31 watch, 28 nested paging, 27:12 VMID, 11:3 ASID, 2:1 ring, 0 paging on
 *           31:12 virtual page; 11:0 zero
 *   addend  load, store: host address = addend + virtual address
 *           fetch: struct code_page of the page
 *
 * A lookup compares the tag with the address, of which the bits that must be zero for alignment
 * are kept: a misaligned access misses. Invariant: a fast entry whose context has paging on has
 * an architectural entry behind it that permits the access; who removes that removes this too.
 * Device pages are never in a fast array, pages with decoded code never in the one for stores.
 * Bare accesses have context 0 but for the VMID; with nested paging they are translated, and
 * have an architectural entry of ASID_BARE.
 */
#ifndef MACHINE_TLB_H
#define MACHINE_TLB_H

#include "base/types.h"
#include "isa/paging.h"

struct cpu;

enum access { ACCESS_LOAD, ACCESS_STORE, ACCESS_FETCH, ACCESS_COUNT };

#define FAST_ENTRIES 256u
#define FAST_WATCH   ((uint64_t)1 << 63)
#define FAST_NESTED  (1u << 28) /* of the upper half */
#define FAST_EMPTY   UINT64_MAX

struct fast_entry {
    uint64_t tag;
    uintptr_t addend;
};

struct fast_tlb {
    uint64_t context;
    struct fast_entry entry[ACCESS_COUNT][FAST_ENTRIES];
};

static inline struct fast_entry *fast_entry(struct fast_tlb *f, enum access kind, gva address)
{
    return &f->entry[kind][address >> PAGE_SHIFT & (FAST_ENTRIES - 1)];
}
static inline bool fast_hit(const struct fast_tlb *f, const struct fast_entry *e, gva address,
                            unsigned width)
{
    return e->tag == (f->context | (address & (PAGE_MASK | (width - 1))));
}

struct tlb_entry {
    word page;  /* virtual */
    word frame; /* physical */
    uint16_t asid;
    uint16_t vmid;
    uint8_t level; /* PL: the outermost ring */
    bool valid;
};

#define TLB_MAX   4096u
#define ASID_BARE 0x200u /* of a guest with its own paging off; no ptbr can name it */

struct tlb {
    struct tlb_entry entry[ACCESS_COUNT][TLB_MAX];
    word mask; /* entries in use - 1 */
};

/* Where the entry for an address is, or would be. */
struct tlb_entry *tlb_slot(struct cpu *c, enum access kind, gva address);
/* Is it one for this address, in the mode and address space of now? */
bool tlb_matches(const struct cpu *c, const struct tlb_entry *e, gva address);
/* Fills it; `level` is the outermost ring. */
struct tlb_entry *tlb_fill(struct cpu *c, enum access kind, gva address, hpa frame, unsigned level);

/* The context of accesses from now on: after every change of ring, ptbr, guest or watch. */
void tlb_update_context(struct cpu *c);
void tlb_reset(struct cpu *c);
/* Every entry, whoever's. */
void tlb_flush_all(struct cpu *c);
/* sfence.vma: page and asid, where they are given; of the VMID that runs. */
void tlb_fence(struct cpu *c, bool one_page, gva page, bool one_asid, word asid);
/* No fast store goes to this page of RAM any more. */
void fast_forget_stores(struct cpu *c, word ram_page);
void fast_forget_all_stores(struct cpu *c);
void fast_forget_fetches(struct cpu *c);

#endif
