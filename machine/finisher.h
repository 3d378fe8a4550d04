/* The finisher: a program's way to power the machine off; see finisher.c for its register. */
#ifndef MACHINE_FINISHER_H
#define MACHINE_FINISHER_H

#include "machine/bus.h"

struct finisher {
    struct device device;
};

void finisher_init(struct finisher *f, const struct board *board);

#endif
