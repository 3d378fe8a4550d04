/*
 * The processor: architectural state, and what the host keeps to run it fast.
 */
#ifndef MACHINE_CPU_H
#define MACHINE_CPU_H

#include "machine/machine.h"

struct machine;

struct cpu {
    struct machine *machine;
    struct cpu_regs regs;
};

#endif
