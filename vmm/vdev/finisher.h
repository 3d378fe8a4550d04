/* The virtual finisher: 5555h written powers the VM off, (code << 16) + 3333h fails with code. */
#ifndef VMM_VDEV_FINISHER_H
#define VMM_VDEV_FINISHER_H

#include "vmm/vdev/bus.h"

extern const struct vdev_ops vfinisher_ops;

#endif
