/* The virtual interrupt controller; see intc.c for its registers. */
#ifndef VMM_VDEV_INTC_H
#define VMM_VDEV_INTC_H

#include "vmm/vdev/bus.h"

struct vintc {
    word pending;    /* levels of the lines */
    word enable;     /* lines that count */
    word in_service; /* claimed and not completed */
};

extern const struct vdev_ops vintc_ops;

/* A device's line changes its level. */
void vintc_set_line(struct vm *vm, unsigned line, bool level);

/* Would this line, when high, reach the processor? */
bool vintc_listens(const struct vm *vm, unsigned line);

#endif
