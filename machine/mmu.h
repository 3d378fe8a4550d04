/*
 * Memory accesses in full: alignment, translation, permission, devices, faults, costs, events.
 * What exec.c calls when the fast arrays do not have the page.
 */
#ifndef MACHINE_MMU_H
#define MACHINE_MMU_H

#include "machine/cpu.h"

/* The word or part of it at a virtual address into c->value. False: trapped. */
bool mmu_load(struct cpu *c, gva address, unsigned width);
bool mmu_store(struct cpu *c, gva address, unsigned width, word value);
/* The code page that regs.pc is in. NULL: trapped. */
struct code_page *mmu_fetch(struct cpu *c);

/* The leaf entry that maps an address, for `probe` and for looking from outside. */
struct leaf {
    word entry; /* 0: none */
    hpa address;
};
/* Walks with no effect on tables and TLB. `charged`: a walk by the machine, with its costs. */
struct leaf mmu_find(struct cpu *c, word ptbr, gva address, bool charged);

#endif
