/*
 * Content-based page sharing, as in ESX: pages of VMs that agree to it (share=on) and that hold
 * the same bytes are kept once, and copied again when somebody writes (p2m_write_fault).
 *
 * A page is looked at now and then. Its hash is looked up in a table of what was seen before:
 *
 *   a shared frame          compared byte by byte, and then used in place of the page's own
 *   a page seen earlier     a hint only: it may have changed since. Hashed and compared again;
 *                           if they are equal its frame becomes a shared one
 *   nothing                 the page itself becomes the hint
 *
 * A hash is never believed. The table forgets what collides; that costs a chance, no more.
 */
#ifndef VMM_SHARING_H
#define VMM_SHARING_H

#include "vmm/types.h"

struct vmm;
struct p2m;

#define SHARING_FRAMES  16u  /* of the table */
#define SHARING_PER     512u /* entries in one */
#define SHARING_ENTRIES (SHARING_FRAMES * SHARING_PER)

struct sharing_entry {
    word hash;
    word place; /* shared frame's number | SHARING_FRAME; or VM << 20 | page; 0: unused */
};

struct sharing {
    struct sharing_entry *table[SHARING_FRAMES]; /* NULL: no VM shares */
    word vm, page;                               /* looked at next */
    word left;                                   /* pages to look at in this round */
    uint64_t again;                              /* cycle at which the next round begins */
    uint32_t looked;                             /* pages, all in all */
    uint32_t merged;                             /* times that a page lost its own frame */
    uint32_t copied;                             /* times that one got a copy, for it was written */
};

/* A VM that shares was made: the table is needed, and a round begins. False when there is no
 * memory for the table. */
bool sharing_begin(struct vmm *vmm);

/* Looks at so many pages of the round, which begins anew when it is time; the monitor pays. False
 * when there is nothing to do now. */
bool sharing_scan(struct vmm *vmm, unsigned pages);

#endif
