/*
 * Memory as the kernel has it: all physical pages, and its own half of every address space.
 */
#ifndef OS_VM_H
#define OS_VM_H

#include "guests/os/types.h"

/* Takes the RAM from `first_free` to its end for page_new, maps the kernel, and turns paging on. */
void vm_init(word ram_base, word ram_size, word first_free);

/* A page full of zeros, NULL when memory is used up. */
void *page_new(void);
/* A page that is not to be used: nothing is written to it. NULL when there is none. */
void *page_take(void);
void page_free(void *page);
word page_free_count(void);

/* A copy of the kernel's root table, for a new address space; NULL without memory. */
word *vm_root_new(void);

/* The address space that has only the kernel; its ASID is 0. */
void vm_activate_kernel(void);
void vm_activate(const word *root, word asid);

/* The entry that maps `address`, in a table made on the way if `make`; NULL when there is no
 * table, or no memory for one. */
word *vm_entry(word *root, word address, bool make);

#endif
