/*
 * Virtual interrupt controller: the platform's, register by register.
 *
 *   offset        read                                 write (words only)
 *   0 PENDING     levels of the lines, bit = line      ignored
 *   4 ENABLE      which lines count                    the same, bit 0 stays 0
 *   8 CLAIM       the lowest line that is pending,     that line is done with
 *                 enabled and not in service, which
 *                 goes into service; 0: none
 *
 * Its output is the wire of ip bit 11 of the virtual CPU.
 */
#include "vmm/vdev/intc.h"

#include "vmm/isa.h"
#include "vmm/platform.h"
#include "vmm/vm.h"

#define INTC_LINES 32

static word asking(const struct vintc *c)
{
    return c->pending & c->enable & ~c->in_service;
}

static void update_output(struct vm *vm)
{
    if (!vm->para) /* whose wire is its event ports' */
        vcpu_wire(&vm->vcpu, FIELD_ip_ext, asking(&vm->intc) != 0);
}

void vintc_set_line(struct vm *vm, unsigned line, bool level)
{
    word bit = 1u << line;

    vm->intc.pending = level ? vm->intc.pending | bit : vm->intc.pending & ~bit;
    update_output(vm);
}

bool vintc_listens(const struct vm *vm, unsigned line)
{
    return vm->intc.enable & ~vm->intc.in_service & 1u << line;
}

static word claim(struct vm *vm)
{
    word waiting = asking(&vm->intc);

    for (unsigned line = 1; line < INTC_LINES; line++) {
        if (waiting >> line & 1) {
            vm->intc.in_service |= 1u << line;
            update_output(vm);
            return line;
        }
    }
    return 0;
}

static word read(struct vm *vm, word offset)
{
    switch (offset) {
    case INTC_PENDING:
        return vm->intc.pending;
    case INTC_ENABLE:
        return vm->intc.enable;
    default:
        return claim(vm);
    }
}

static void write(struct vm *vm, word offset, word value)
{
    if (offset == INTC_ENABLE)
        vm->intc.enable = value & ~1u;
    else if (offset == INTC_CLAIM && value < INTC_LINES)
        vm->intc.in_service &= ~(1u << value);
    update_output(vm);
}

const struct vdev_ops vintc_ops = {"vintc", 4, 12, read, write};
