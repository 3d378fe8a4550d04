/*
 * The bus: a row of regions in address order and one of ports; see bus.h.
 *
 * A region may be longer than its device has registers (a page for eight bytes): beyond them
 * it answers as nothing. The ends of regions are computed in 64 bits, so that one may end at
 * the top of the address space.
 */
#include "machine/bus.h"

#include <assert.h>

void irq_set(const struct irq *irq, bool level)
{
    if (irq->set)
        irq->set(irq->owner, irq->line, level);
}

static uint64_t end_of(const struct bus_region *r)
{
    return (uint64_t)r->base + r->size;
}

static void attach(struct bus_region *row, unsigned *count, struct bus_region new)
{
    unsigned i = *count;

    assert(*count<BUS_REGIONS_MAX &&new.size> 0);
    for (; i > 0 && row[i - 1].base > new.base; i--)
        row[i] = row[i - 1];
    assert(i == 0 || end_of(&row[i - 1]) <= new.base);
    assert(i == *count || end_of(&new) <= row[i + 1].base);
    row[i] = new;
    ++*count;
}

void bus_attach(struct bus *bus, word base, word size, struct device *d)
{
    attach(bus->regions, &bus->region_count, (struct bus_region){base, size, d});
}

void bus_attach_ports(struct bus *bus, word first, word count, struct device *d)
{
    attach(bus->ports, &bus->port_count, (struct bus_region){first, count, d});
}

static const struct bus_region *find(const struct bus_region *row, unsigned count, word address)
{
    for (unsigned i = 0; i < count; i++)
        if (address >= row[i].base && address < end_of(&row[i]))
            return &row[i];
    return NULL;
}

/* The region that takes this access, NULL when none does. */
static const struct bus_region *target(const struct bus *bus, hpa address, unsigned width)
{
    const struct bus_region *r = find(bus->regions, bus->region_count, address);

    if (!r || !(r->device->ops->widths & width) || address % width != 0)
        return NULL;
    word offset = address - r->base;
    word size = r->size < r->device->ops->size ? r->size : r->device->ops->size;
    return (uint64_t)offset + width <= size ? r : NULL;
}

bool bus_read(const struct bus *bus, hpa address, unsigned width, word *value)
{
    const struct bus_region *r = target(bus, address, width);

    if (!r)
        return false;
    *value = r->device->ops->read(r->device, address - r->base, width);
    return true;
}

bool bus_write(const struct bus *bus, hpa address, unsigned width, word value)
{
    const struct bus_region *r = target(bus, address, width);

    if (!r)
        return false;
    r->device->ops->write(r->device, address - r->base, width, value);
    return true;
}

static unsigned least_width(const struct device *d)
{
    return d->ops->widths & -d->ops->widths;
}

/* Port space has no widths: a register is as wide as its device makes it. */
word bus_port_in(const struct bus *bus, word port)
{
    const struct bus_region *r = find(bus->ports, bus->port_count, port & 0xffff);

    if (!r)
        return 0xffffffff;
    return r->device->ops->read(r->device, (port & 0xffff) - r->base, least_width(r->device));
}

void bus_port_out(const struct bus *bus, word port, word value)
{
    const struct bus_region *r = find(bus->ports, bus->port_count, port & 0xffff);

    if (r)
        r->device->ops->write(r->device, (port & 0xffff) - r->base, least_width(r->device), value);
}
