/*
 * Virtual finisher: one word, reads 0, ends its VM and nothing else.
 */
#include "vmm/vdev/finisher.h"

#include "vmm/platform.h"
#include "vmm/vm.h"

static word read(struct vm *vm, word offset)
{
    (void)vm, (void)offset;
    return 0;
}

static void write(struct vm *vm, word offset, word value)
{
    (void)offset;
    if (value == FINISHER_END_PASS)
        vm_power_off(vm, 0);
    else if ((value & 0xffff) == FINISHER_END_FAIL)
        vm_power_off(vm, value >> 16);
}

const struct vdev_ops vfinisher_ops = {"vfinisher", 4, 4, read, write};
