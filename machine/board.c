/*
 * The board: which device sits where, on which line; see board.h and isa/platform.def.
 *
 *   finisher      intc <---- uart (memory and ports)
 *       |          |   <---- ata (ports) ---- disk ---- file
 *       |          |   <---- mailbox
 *     halt     external
 */
#include "machine/board.h"

#include "base/hash.h"
#include "machine/machine.h"

enum region_base {
#define REGION(name, base, size, meaning) BASE_##name = (int)(base),
#include "isa/platform.def"
};
enum region_size {
#define REGION(name, base, size, meaning) SIZE_##name = (size),
#include "isa/platform.def"
};
enum port_first {
#define PORTS(name, first, count, meaning) PORT_##name = (first),
#include "isa/platform.def"
};
enum port_count {
#define PORTS(name, first, count, meaning) PORTS_##name = (count),
#include "isa/platform.def"
};
enum line_number {
#define LINE(name, number, meaning) LINE_##name = (number),
#include "isa/platform.def"
};

/* In address order; then the ports. */
static void wire(struct devices *d, const struct wiring *w, uint32_t sector_cost)
{
    finisher_init(&d->finisher, w->board);
    intc_init(&d->intc, w->board);
    uart_init(&d->uart, w->board, intc_line(&d->intc, LINE_uart));
    ata_init(&d->ata, w->board, intc_line(&d->intc, LINE_ata), &d->disk, sector_cost);
    mailbox_init(&d->mailbox, w->board, intc_line(&d->intc, LINE_mailbox));

    bus_attach(w->bus, BASE_finisher, SIZE_finisher, &d->finisher.device);
    bus_attach(w->bus, BASE_intc, SIZE_intc, &d->intc.device);
    bus_attach(w->bus, BASE_uart, SIZE_uart, &d->uart.device);
    bus_attach(w->bus, BASE_mailbox, SIZE_mailbox, &d->mailbox.device);
    bus_attach_ports(w->bus, PORT_ata, PORTS_ata, &d->ata.device);
    bus_attach_ports(w->bus, PORT_uart, PORTS_uart, &d->uart.device);

    schedule_add(w->schedule, &d->ata.alarm);
}

int devices_init(struct devices *d, const struct wiring *w, const struct machine_config *config,
                 struct error *err)
{
    *d = (struct devices){0};
    *w->bus = (struct bus){0};
    schedule_init(w->schedule);
    wire(d, w, config->cost.sector);
    return disk_open(&d->disk, config->disk, config->disk_writes, err);
}

void devices_fini(struct devices *d)
{
    uart_fini(&d->uart);
    disk_close(&d->disk);
}

/* The controller last: the others lower their lines. */
void devices_reset(struct devices *d)
{
    struct device *const order[] = {
        &d->finisher.device, &d->uart.device, &d->ata.device, &d->mailbox.device, &d->intc.device,
    };

    for (size_t i = 0; i < COUNT_OF(order); i++)
        order[i]->ops->reset(order[i]);
}

bool devices_input_can_interrupt(const struct devices *d)
{
    word lines = 0;

    if (uart_input_raises(&d->uart))
        lines |= 1u << d->uart.irq.line;
    if (mailbox_command_raises(&d->mailbox))
        lines |= 1u << d->mailbox.irq.line;
    return (d->intc.regs.enable & ~d->intc.regs.in_service & lines) != 0;
}

uint64_t devices_digest(const struct devices *d, uint64_t hash)
{
    const struct device *const order[] = {&d->intc.device, &d->uart.device, &d->ata.device,
                                          &d->mailbox.device};
    const struct uart_queue *q = &d->uart.queue;

    for (size_t i = 0; i < COUNT_OF(order); i++)
        hash = hash_bytes(hash, order[i]->regs, order[i]->regs_size);
    if (q->data)
        hash = hash_bytes(hash, q->data + q->first, q->end - q->first);
    hash = hash_bytes(hash, &d->ata.alarm.at, sizeof d->ata.alarm.at);
    return disk_overlay_digest(&d->disk, hash);
}
