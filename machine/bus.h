/*
 * The bus: which device answers at a physical address or a port.
 *
 * The bus checks range, width and alignment before a device sees an access, so a device is
 * never asked for a register that it does not have. A device knows neither the processor nor
 * the interrupt controller: it gets a line to raise or lower, and a board to ask for the time.
 */
#ifndef MACHINE_BUS_H
#define MACHINE_BUS_H

#include "base/types.h"
#include "trace/event.h"

/* An interrupt line, as a value. Setting it to the level it has is nothing: who owns the line
 * compares. A zero one is connected to nothing. */
struct irq {
    void (*set)(void *owner, unsigned line, bool level);
    void *owner;
    unsigned line;
};
void irq_set(const struct irq *irq, bool level);

/* A call that a device wants at a cycle of its choosing. */
struct alarm {
    uint64_t at; /* UINT64_MAX: not set */
    void (*fn)(void *user);
    void *user;
};

/* What a device may ask of the board that it sits on. */
struct board {
    void *owner;
    uint64_t (*now)(void *owner);                                 /* in cycles */
    void (*set_alarm)(void *owner, struct alarm *a, uint64_t at); /* UINT64_MAX cancels */
    void (*emit)(void *owner, enum event_kind kind, word tval, word a, word b);
    void (*halt)(void *owner, word status);    /* power off after this instruction */
    void (*external)(void *owner, bool level); /* the interrupt controller's output wire */
};

struct device;

struct device_ops {
    const char *name;
    unsigned widths; /* allowed access widths, or-ed: 1, 2, 4; a port access has the smallest */
    word size;       /* bytes of registers; beyond it the region answers as nothing */
    word (*read)(struct device *d, word offset, unsigned width);
    void (*write)(struct device *d, word offset, unsigned width, word value);
    void (*reset)(struct device *d);
};

/* Embedded first in every device. All guest-visible state lies in `regs`: reset assigns it,
 * snapshot and digest copy it. */
struct device {
    const struct device_ops *ops;
    const struct board *board;
    void *regs;
    size_t regs_size;
};

#define BUS_REGIONS_MAX 32

struct bus_region {
    word base, size;
    struct device *device;
};

struct bus {
    struct bus_region regions[BUS_REGIONS_MAX]; /* in address order */
    struct bus_region ports[BUS_REGIONS_MAX];   /* base and size in ports */
    unsigned region_count, port_count;
};

/* Overlap or a full table is our own mistake: asserted. */
void bus_attach(struct bus *bus, word base, word size, struct device *d);
void bus_attach_ports(struct bus *bus, word first, word count, struct device *d);

/* False: nothing there, or not in this width, or misaligned: an access fault. */
bool bus_read(const struct bus *bus, hpa address, unsigned width, word *value);
bool bus_write(const struct bus *bus, hpa address, unsigned width, word value);

/* A port with no device reads all ones and ignores writes. */
word bus_port_in(const struct bus *bus, word port);
void bus_port_out(const struct bus *bus, word port, word value);

#endif
