/*
 * The devices of the platform (isa/platform.def), wired once to bus, schedule and each other.
 */
#ifndef MACHINE_BOARD_H
#define MACHINE_BOARD_H

#include "base/error.h"
#include "machine/ata.h"
#include "machine/bus.h"
#include "machine/disk.h"
#include "machine/finisher.h"
#include "machine/intc.h"
#include "machine/mailbox.h"
#include "machine/schedule.h"
#include "machine/uart.h"

struct machine_config;

struct devices {
    struct disk disk;
    struct finisher finisher;
    struct intc intc;
    struct uart uart;
    struct ata ata;
    struct mailbox mailbox;
};

/* What the devices are wired to; all must outlive them. bus and schedule are made empty here;
 * board->set_alarm ends in schedule_set(schedule, ...). */
struct wiring {
    struct bus *bus;
    struct schedule *schedule;
    const struct board *board;
};

/* Power on. Opens the disk, if the description has one. */
int devices_init(struct devices *d, const struct wiring *w, const struct machine_config *config,
                 struct error *err);
void devices_fini(struct devices *d); /* also after a failed init */

/* Power off and on: no alarm set, no input waiting; the disk keeps its contents. */
void devices_reset(struct devices *d);

/* Could a byte of input, or a command, raise the external interrupt, as the guest has set things up? */
bool devices_input_can_interrupt(const struct devices *d);

/* `hash` continued by all that the guest can still learn from them: registers, waiting input,
 * alarms, and what was written to the disk and is not in its file. */
uint64_t devices_digest(const struct devices *d, uint64_t hash);

#endif
