/*
 * What the monitor keeps for a paravirtual guest beyond its virtual CPU (para*.c).
 *
 * Frames: each frame of such a guest's RAM has a type and a count of its uses as that, both in
 * the note of its entry in the allocator's table:
 *
 *   PLAIN      nothing in particular; every use below begins and ends here
 *   WRITABLE   some page-table entry lets the guest write it (or it is the shared page)
 *   LEAVES     it is a page table of leaves, and checked
 *   ROOT       it is a root, and checked
 *
 * A use: of WRITABLE each such entry; of a table table_make, each pointer to it, being the running
 * root. Types exclude each other, and change only where there is no use: so no page table can ever
 * be written by its guest. Frames stay with their guest until it ends (fixed_memory).
 */
#ifndef VMM_PARA_H
#define VMM_PARA_H

#include "vmm/alloc.h"
#include "vmm/p2m.h"

#include "isa/hypercall.h"

struct vm;
struct vmm;
struct vcpu;

enum para_type { PARA_PLAIN, PARA_WRITABLE, PARA_LEAVES, PARA_ROOT };

#define PARA_SPACES 16 /* real address space numbers that one guest has at once */
#define PARA_GRANTS 32 /* pages that one guest offers, and that it maps of others */

struct para_space {
    word guest; /* its ASID in the guest's eyes */
    word real;
};

struct para_port {
    enum { PORT_CLOSED, PORT_OPEN, PORT_BOUND } state;
    word vm, port; /* the other end; while it is open, whose it may be */
};

struct para_grant {
    word vm; /* who may map it, 0: free */
    gpa page;
    bool writable;
    word mapped; /* times */
};

struct para_mapping {
    hpa entry; /* where the page-table entry is, 0: free */
    word vm, grant;
};

struct para {
    struct hypercall_shared *shared; /* NULL until the guest gives it */
    bool paging;                     /* it runs on its own tables, for good */
    bool stale;                      /* the TLB may hold what the tables no longer do */
    hpa root;
    unsigned space_count;
    struct para_space spaces[PARA_SPACES];
    struct para_port ports[HYPERCALL_PORTS];
    struct para_grant grants[PARA_GRANTS];
    struct para_mapping mappings[PARA_GRANTS];
};

/* A kernel that knows this technique says so by HYPERCALL_SIGNATURE in the second word from its
 * entry on. */
bool para_signed(struct p2m *map, gva entry);

/* The guest's timer interrupts when its time is that or later. */
void para_alarm(struct vcpu *v, word low, word high);

/* Something happened at a port of the VM; nothing when it is not ready for it. */
void para_raise(struct vm *vm, word port);

/* The counters are the monitor's alone again: before anything else than a clock_reader runs. */
void para_close_clock(struct vmm *vmm);

/* ---- frames and tables (para_tables.c) ---- */

/* The RAM of its own behind a page, NULL when there is none or it is no page's address. */
struct frame *para_frame(struct vm *vm, gpa page);
enum para_type para_type(const struct frame *f);
word para_uses(const struct frame *f);
/* Takes or ends one use; take is refused (false) when the frame has another type. */
bool para_take(struct frame *f, enum para_type type);
void para_drop(struct frame *f);

/* The real table for the running guest: ptbr. */
word para_root(struct vm *vm);
/* The real address space number for a number of the guest's, 0 when it has none now. */
word para_real_asid(const struct para *p, word asid);
/* The TLB forgets all that entries of this VM have ever allowed. */
void para_forget(struct vm *vm);
/* Applies what is queued in the shared page; 0 or an error. */
word para_update(struct vm *vm);
/* Where the page-table entry at this address is, NULL when it is in no page table of leaves. */
word *para_leaf_slot(struct vm *vm, gpa address);

/* ---- ports and grants (para_event.c, para_grant.c) ---- */

void para_close_ports(struct vm *vm);
/* Of a VM that ends: what it has mapped is no longer, and what others have mapped of it neither. */
void para_end_grants(struct vm *vm);

#endif
