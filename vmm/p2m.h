/*
 * A VM's map from guest-physical to host-physical pages, in the form of the machine's own page
 * tables, so that a guest without paging runs on it directly and the dashboard can read it
 * (VMCB, nptbr). It holds RAM only: a device's address maps to nothing.
 *
 * A page of RAM may lack a frame where the VM was promised less than all of its RAM: it was never
 * touched, or its kernel has given it back (balloon.h). It is zero then.
 */
#ifndef VMM_P2M_H
#define VMM_P2M_H

#include "vmm/phys.h"
#include "vmm/types.h"

#include "isa/paging.h"

struct alloc;
struct vm;

struct p2m {
    struct alloc *alloc;
    unsigned owner;
    hpa root;
    struct vm *vm; /* whose map it is */
    word rights;   /* of a page when it comes in */
    word size;     /* bytes of RAM from RAM_BASE on */
    word pages;    /* of them that have a frame, their own or shared */
    bool lazy;     /* a page of RAM may have no frame, and gets one when it is first wanted */
};

/* Why an entry's W is clear: its software bits. A store there ends in p2m_write_fault. */
#define P2M_SHARED  0x100u /* the frame is somebody else's too: copy on write */
#define P2M_WATCHED 0x200u /* the technique wants to know of the next write */

/* An empty map. False when no frame is left. */
bool p2m_init(struct p2m *map, struct alloc *alloc, unsigned owner);
/* Takes a cleared frame from the allocator for each page of [first, first + size). */
bool p2m_populate(struct p2m *map, gpa first, word size);

/* What is in the map: 0 where there is no RAM, or no frame for it. */
static inline word p2m_look(const struct p2m *map, gpa address)
{
    const word *root = phys_ptr(map->root);
    word top = root[PT_INDEX1(address)];

    if (!top)
        return 0;
    const word *table = phys_ptr(top & PTE_PPN);
    return table[PT_INDEX0(address)];
}

/* The entry of a page, 0 when nothing is there. Here, since every walk asks twice. */
word p2m_absent(const struct p2m *map, gpa address);
static inline word p2m_entry(const struct p2m *map, gpa address)
{
    word entry = p2m_look(map, address);

    return entry ? entry : p2m_absent(map, address);
}

/* Frames that one exit may have to find: tables and pages of a walk, an access and a fetch. */
#define P2M_ROOM 8u

/* Host memory behind an address, NULL when there is none. To read: p2m_word_write is for writers. */
static inline word *p2m_word(const struct p2m *map, gpa address)
{
    word entry = p2m_entry(map, address);

    return entry ? phys_ptr((entry & PTE_PPN) | (address & ~PAGE_MASK)) : NULL;
}

/* The same for somebody who will write there: a device, a walker that sets marks. NULL also where
 * nobody may. */
word *p2m_word_write(struct p2m *map, gpa address);

/*
 * Asks for news of the next write to a page of RAM, by the guest or by the monitor on its behalf:
 * the technique's `written` is then called, just before, and the page is watched no longer.
 */
void p2m_watch(struct p2m *map, gpa address);

/* Takes X from every page, now and in future: pages are opened for execution one by one. */
void p2m_close_all(struct p2m *map);
void p2m_open(struct p2m *map, gpa address);
void p2m_close(struct p2m *map, gpa address);

/*
 * What every write to a page without W comes to, before it happens: those who wait for it are
 * told, and the page gets its W back. False when nobody may write there, and when there is no
 * memory left; the VM has then ended.
 */
bool p2m_write_fault(struct vm *vm, gpa address);

/* Takes W from a page for as long as nobody may write it (a page table of a guest that is not to
 * change it itself, para_tables.c), and gives it back. */
void p2m_forbid_writes(struct p2m *map, gpa page);
void p2m_allow_writes(struct p2m *map, gpa page);

/* The page is read from a frame that others read too, and copied when it is first written: its
 * frame now becomes that of all (share.h), or is replaced by `frame`, which has the same in it. */
void p2m_share(struct p2m *map, gpa page, hpa frame);
/* The page's frame goes back; the page is zero when it is next wanted. False when it is in a
 * state that forbids it. */
bool p2m_drop(struct p2m *map, gpa page);
/* The VM ends: gives back its part of what is shared. */
void p2m_fini(struct p2m *map);

/* Is all of it RAM? */
bool p2m_covers(const struct p2m *map, gpa first, word size);

/* Copies into or out of the guest's memory; false (and nothing is copied) unless all of it is RAM. */
bool p2m_write(struct p2m *map, gpa to, const void *from, word size);
bool p2m_read(struct p2m *map, gpa from, void *to, word size);

#endif
