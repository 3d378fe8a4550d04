/*
 * Running blocks.
 */
#ifndef MACHINE_EXEC_H
#define MACHINE_EXEC_H

#include "machine/cpu.h"

/* Runs from the start of a block whose charge `left` can pay until something has to be looked
 * at; `left` and regs.pc are exact then. */
void exec_run(struct cpu *c, const struct block *block);

#endif
