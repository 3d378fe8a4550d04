/* The interrupt controller: 31 level lines in, one wire out; see intc.c for its registers. */
#ifndef MACHINE_INTC_H
#define MACHINE_INTC_H

#include "machine/bus.h"

#define INTC_LINES 32 /* line 0 does not exist: a claim of 0 means none */

struct intc_regs {
    word pending; /* the lines' levels */
    word enable;
    word in_service; /* claimed and not completed */
    word output;     /* the wire, 0 or 1 */
};

struct intc {
    struct device device;
    struct intc_regs regs;
};

void intc_init(struct intc *c, const struct board *board);

/* One of its input lines, 1 to 31, for a device to set. */
struct irq intc_line(struct intc *c, unsigned line);

#endif
