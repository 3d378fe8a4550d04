/*
 * The instructions that are more than arithmetic: each a function, found by its name. Returns
 * false when it trapped or did not complete; else c->next says where control goes.
 */
#ifndef MACHINE_SYSTEM_H
#define MACHINE_SYSTEM_H

#include "machine/cpu.h"

#define SYSTEM(name)                      bool system_##name(struct cpu *c, const struct op *op);
#define CSR(name, operand, writes, value) SYSTEM(name)
#include "machine/semantics.def"

#endif
