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

/* The leaf entry of the current table that maps an address, 0: none; it sets no bits. False: an
 * exit. */
bool mmu_probe(struct cpu *c, gva address, word *entry);

/* Where an address is, with no effect and at no cost: in the current mode, or by a table of real
 * memory. False: nowhere. */
bool mmu_look(struct cpu *c, gva address, hpa *out);
bool mmu_look_by(struct cpu *c, word ptbr, gva address, hpa *out);

#endif
