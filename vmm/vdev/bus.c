/* The virtual board, in address order; see bus.h. */
#include "vmm/vdev/bus.h"

#include "vmm/arch.h"
#include "vmm/isa.h"
#include "vmm/platform.h"
#include "vmm/time.h"
#include "vmm/vm.h"

struct place {
    word base;
    const struct vdev_ops *ops;
};

static const struct place memory[] = {
    {REGION_finisher, &vfinisher_ops}, {REGION_intc, &vintc_ops},         {REGION_uart, &vuart_ops},
    {REGION_mailbox, &vmailbox_ops},   {REGION_virtio, &virtio_mmio_ops},
};

static const struct place ports[] = {
    {PORT_ata, &vata_ops},
    {PORT_uart, &vuart_ops},
};

static const struct place *find(const struct place *table, unsigned count, word address)
{
    for (const struct place *p = table; p < table + count; p++)
        if (address - p->base < p->ops->size)
            return p;
    return NULL;
}

static const struct place *find_memory(const struct vm *vm, gpa address, unsigned width)
{
    const struct place *p = find(memory, COUNT_OF(memory), address);

    if (!p || !(p->ops->widths & width) || (address & (width - 1)) ||
        (p->ops == &virtio_mmio_ops && !vm->vmmio.present)) {
        arch_hint_refused(REFUSED_MEMORY, address);
        return NULL;
    }
    arch_hint_routine(p->ops->name);
    return p;
}

bool vbus_read(struct vm *vm, gpa address, unsigned width, word *value)
{
    const struct place *p = find_memory(vm, address, width);

    if (p)
        *value = p->ops->read(vm, address - p->base);
    return p != NULL;
}

bool vbus_write(struct vm *vm, gpa address, unsigned width, word value)
{
    const struct place *p = find_memory(vm, address, width);

    if (p)
        p->ops->write(vm, address - p->base, value);
    return p != NULL;
}

static const struct place *find_port(word port)
{
    const struct place *p = find(ports, COUNT_OF(ports), port);

    if (!p)
        arch_hint_refused(REFUSED_PORT, port);
    return p;
}

word vbus_port_in(struct vm *vm, word port)
{
    const struct place *p = find_port(port);

    return p ? p->ops->read(vm, port - p->base) : ~0u;
}

void vbus_port_out(struct vm *vm, word port, word value)
{
    const struct place *p = find_port(port);

    if (p)
        p->ops->write(vm, port - p->base, value);
}

bool vbus_can_wake(const struct vcpu *v)
{
    if (vtimer_can_ring(v))
        return true;
    return (v->home->ie & FIELD_ie_ext) &&
           (vintc_listens(v->vm, LINE_balloon) || /* the monitor may want pages at any time */
            (vintc_listens(v->vm, LINE_uart) && vuart_can_raise(v->vm)) ||
            (vintc_listens(v->vm, LINE_ata) && vata_can_raise(v->vm)) ||
            virtio_mmio_can_raise(v->vm));
}
