/*
 * The schedule: alarms that devices have set, in cycles.
 *
 * Deterministic: alarms that are due at once ring in the order of `at`, and those of one cycle
 * in the order in which they were added. A machine has a handful, so a row is looked through.
 */
#ifndef MACHINE_SCHEDULE_H
#define MACHINE_SCHEDULE_H

#include "machine/bus.h"

#define SCHEDULE_MAX   16
#define SCHEDULE_NEVER UINT64_MAX

struct schedule {
    struct alarm *alarms[SCHEDULE_MAX]; /* in order of adding */
    unsigned count;
    uint64_t next; /* the earliest, SCHEDULE_NEVER when none is set */
};

void schedule_init(struct schedule *s);

/* Once, when the board is wired; the alarm is not set then. More than SCHEDULE_MAX is asserted. */
void schedule_add(struct schedule *s, struct alarm *a);

/* Sets, moves or (SCHEDULE_NEVER) cancels an alarm that was added. */
void schedule_set(struct schedule *s, struct alarm *a, uint64_t at);

/* Rings all alarms with at <= now, each once per setting; one that is set again by a call and
 * is due already rings in the same run. */
void schedule_run(struct schedule *s, uint64_t now);

#endif
