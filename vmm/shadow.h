/*
 * Shadow page tables: what the real walker reads in place of the guest's tables.
 *
 * They are a large TLB that the monitor fills on a fault (NOVA's vTLB): each entry is the
 * guest's entry, its address taken through the VM's map, its ring moved outwards by one. Like a
 * TLB they may be stale until the guest's sfence.vma, and never hold what the guest's table
 * did not allow at some time since.
 *
 * One space for each value of ptbr that the guest used lately, in it one root for each ring
 * group, each root with a real address space number: switching between address spaces and
 * between kernel and user costs no flush. The least recently used space makes room.
 *
 *   guest ptbr -> space -> roots[ring group] -> tables (chained through the frame table)
 *
 * Under hardware assist the guest's rings are the real ones: nothing moves outwards, and one
 * group holds all.
 */
#ifndef VMM_SHADOW_H
#define VMM_SHADOW_H

#include "vmm/vcpu.h"
#include "vmm/walk.h"

struct alloc;

#define SHADOW_SPACES 16 /* per VM: address spaces kept; more than a small OS has processes */

struct shadow_root {
    hpa table;       /* 0: none yet */
    word asid;       /* real */
    uint32_t leaves; /* frames of its second level, chained; FRAME_NONE: none */
};

struct shadow_space {
    word ptbr;     /* the guest's, with its ASID; 0: unused */
    uint32_t used; /* larger is more recent */
    struct shadow_root roots[RING_GROUPS];
};

struct shadow {
    struct alloc *alloc;
    unsigned owner;
    struct p2m *map;
    bool own_rings;  /* virtual rings are the real ones */
    bool *tlb_stale; /* set where a translation must be forgotten and sfence.vma does not reach;
                      * NULL: it does */
    bool own_bare;   /* the guest runs on shadow tables even while it has paging off */
    word bare_asid;  /* else for the map itself */
    uint32_t clock;
    struct shadow_space *current; /* the one that the guest runs on; NULL when it runs bare */
    struct shadow_space spaces[SHADOW_SPACES];
};

enum shadow_answer {
    SHADOW_FILLED,      /* try again: the real walker finds it now */
    SHADOW_GUEST_FAULT, /* the guest's own fault; see cause */
    SHADOW_DEVICE,      /* allowed, but there is no RAM; see walk */
    SHADOW_NO_WRITE,    /* a store that the guest may do and the map does not: p2m_write_fault */
    SHADOW_NO_MEMORY,   /* not even after giving up what could be */
};

struct shadow_fault {
    gva address;
    enum access access;
    word ring; /* virtual */
    word cause;
    struct walk walk;
};

/* False when no frame or address space number is left. */
bool shadow_init(struct shadow *s, struct alloc *alloc, unsigned owner, struct p2m *map);
/* For a guest that vmrun runs: in its own rings, its TLB entries tagged by vmid. */
void shadow_assisted(struct shadow *s, bool *tlb_stale);
/* For a guest that shall find more in its tables than its own, whether it has paging on or off. */
void shadow_own_bare(struct shadow *s);
/* Gives back everything but what the map holds. */
void shadow_fini(struct shadow *s);

/* The real ptbr for the guest's ptbr and ring, which become current. 0 when out of memory. */
word shadow_select(struct shadow *s, word ptbr, word ring);

/* The real ptbr while the guest has paging off. */
word shadow_bare(const struct shadow *s);

/* Answers a real page fault in the current space. */
enum shadow_answer shadow_resolve(struct shadow *s, word ptbr, struct shadow_fault *f);

/* Puts an entry of the monitor's own into the current space. False when out of memory. */
bool shadow_place(struct shadow *s, gva address, word ring, word entry);

/* The guest's sfence.vma: NULL stands for x0. */
void shadow_fence(struct shadow *s, const gva *address, const word *asid);

/* Forgets one page of the current space, so that its next use asks the guest's table again. */
void shadow_drop(struct shadow *s, gva address);

/* Forgets every entry, in all spaces, that maps `frame`, which is what the map has for `page`. */
void shadow_forget(struct shadow *s, gpa page, hpa frame);

/* Gives back an address space that does not run, or what the one that does has cached. False when
 * there is nothing left to give. */
bool shadow_give_up(struct shadow *s);

/* The entry that maps an address in the current space for a ring, 0 for none (tests look here). */
word shadow_entry(const struct shadow *s, gva address, word ring);

#endif
