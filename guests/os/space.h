/*
 * The address space of a process (layout.h): its own pages, and the way for the kernel to
 * reach them.
 */
#ifndef OS_SPACE_H
#define OS_SPACE_H

#include "guests/os/types.h"

struct space {
    word *root;
    word asid;
    word heap_start, heap_end; /* sbrk's; bytes */
    word pages;                /* mapped, without page tables */
    word faults;               /* answered by space_demand */
};

/* False without memory. `asid` must not be in use. */
bool space_init(struct space *s, word asid);
/* Everything goes, and the TLB forgets it. The space must not be the active one. */
void space_free(struct space *s);

/* A new page of zeros at `address`, for ring 3 with these rights (PTE_R, PTE_W, PTE_X); where
 * the kernel finds it, or NULL: no memory, or a page is there already. */
void *space_map(struct space *s, word address, word rights);
/* The page at `address`, if there is one, is given back. */
void space_unmap(struct space *s, word address);

/* Heap and stack get their pages when they are first touched. SPACE_MAPPED: `address` belongs
 * to one of them, had no page, and has one now. */
enum space_demand { SPACE_MAPPED, SPACE_NOT_THERE, SPACE_NO_MEMORY };
enum space_demand space_demand(struct space *s, word address);

/* Between kernel and user memory. False when not all of [address, address + size) is there
 * with the right to read, or to write; some of it may have been copied then. */
bool space_read(struct space *s, void *to, word address, word size);
bool space_write(struct space *s, word address, const void *from, word size);
/* A NUL-terminated string. Its length, or -ERROR_bad_address, or -ERROR_too_long when it and
 * its NUL do not fit into `size`. */
int space_read_string(struct space *s, char *to, word address, word size);

#endif
