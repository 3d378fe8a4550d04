/*
 * What was done to a machine from outside, and when: console input, writes to registers and
 * memory. With it, running forward again from an earlier state does the same again.
 *
 *     entries   | 120 | 120 | 4711 | 4711 | 9000 |      icount, never falling
 *                              ^ next: what has not taken effect where the machine stands
 *
 * A place is an instruction count and whether the instruction there was begun already: a byte
 * that comes while a wfi waits must not become an interrupt before that wfi.
 */
#ifndef WORLD_JOURNAL_H
#define WORLD_JOURNAL_H

#include "machine/machine.h"
#include "world/host.h"

struct journal_place {
    uint64_t icount;
    enum machine_begun begun;
};

struct journal_entry {
    struct journal_place place;
    struct host_edit edit; /* its data belongs to the journal */
};

struct journal {
    struct journal_entry *entries;
    size_t count, room;
    size_t next;
    size_t bytes; /* of memory, all in all */
};

struct journal_place journal_here(const struct machine *m);

void journal_clear(struct journal *j);

/* Forgets the entries from `next` on. */
void journal_truncate(struct journal *j);

/* Whether the next entry is this one, at this place. */
bool journal_repeats(const struct journal *j, const struct journal_place *place,
                     const struct host_edit *e);

/* Adds an entry behind all others, and counts it as having taken effect. Copies the data. False
 * when the host has no memory. */
bool journal_add(struct journal *j, const struct journal_place *place, const struct host_edit *e);

/* The icount of the next entry; UINT64_MAX when there is none. */
uint64_t journal_next(const struct journal *j);

#endif
