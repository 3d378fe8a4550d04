/*
 * The virtual board: which virtual device answers at a guest-physical address or a port.
 *
 * Range and width are checked here, so a device is never asked for a register that it does
 * not have. A device finds itself inside its VM; it gets an interrupt line as a value.
 */
#ifndef VMM_VDEV_BUS_H
#define VMM_VDEV_BUS_H

#include "vmm/types.h"

struct vm;
struct vcpu;

struct vdev_ops {
    const char *name;
    unsigned widths; /* allowed in memory, or-ed: 1, 2, 4 */
    word size;       /* bytes (or ports) of registers */
    word (*read)(struct vm *vm, word offset);
    void (*write)(struct vm *vm, word offset, word value);
};

/* False: nothing there, or not in this width: the guest's access fault. */
bool vbus_read(struct vm *vm, gpa address, unsigned width, word *value);
bool vbus_write(struct vm *vm, gpa address, unsigned width, word value);

/* A port with no device reads all ones and ignores writes. */
word vbus_port_in(struct vm *vm, word port);
void vbus_port_out(struct vm *vm, word port, word value);

/* Could anything ever end a wfi that begins now? */
bool vbus_can_wake(const struct vcpu *v);

#endif
