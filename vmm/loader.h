/*
 * Puts a guest's program into its RAM, as the machine's own loader does for the monitor: the
 * segments of its kernel, its modules page-aligned behind, the boot page last (isa.md 11). The
 * same image so finds the same memory natively and virtually.
 */
#ifndef VMM_LOADER_H
#define VMM_LOADER_H

#include "vmm/cmdline.h"

struct boot_page;
struct p2m;

struct loaded {
    gva entry;
    gpa boot_page;
};

/* A module by name, NULL when there is none. */
const struct boot_module *loader_find(const struct boot_page *boot, struct slice name);

/* Modules come from the monitor's boot page; d says which. The guest's RAM is cleared and
 * populated. False: `why` holds the sentence that the user reads, memory is undefined. */
bool loader_load(struct p2m *map, const struct boot_page *boot, const struct vm_description *d,
                 struct loaded *out, struct line *why);

#endif
