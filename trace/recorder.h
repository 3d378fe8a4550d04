/*
 * The recorder: the last events of a machine, as many as there is room for.
 *
 * Events have serial numbers from 0 in the order of recording. When the room is used up the
 * oldest go, and are counted: first <= number < total are there.
 */
#ifndef TRACE_RECORDER_H
#define TRACE_RECORDER_H

#include "base/error.h"
#include "trace/event.h"
#include "trace/filter.h"

#define RECORDER_NONE UINT64_MAX

struct recorder {
    struct trace_tape tape; /* event number n is in slot n % capacity */
    size_t capacity;
    uint64_t lowest;     /* none with a smaller number is there */
    struct trace *trace; /* that it is the tape of, NULL: none */
};

/* Room for `capacity` events, at least 1. */
int recorder_init(struct recorder *r, size_t capacity, struct error *err);
void recorder_fini(struct recorder *r); /* detaches too */

/* Becomes the tape of `trace`, which has no other, for the kinds of `mask`; attached already:
 * changes the mask. */
void recorder_attach(struct recorder *r, struct trace *trace, uint32_t mask);
void recorder_detach(struct recorder *r);

void recorder_add(struct recorder *r, const struct event *e);

/* Forgets everything from serial number `total` on: the machine went back in time. */
void recorder_truncate(struct recorder *r, uint64_t total);

uint64_t recorder_first(const struct recorder *r); /* = the number of dropped events */
uint64_t recorder_total(const struct recorder *r);

/* NULL when it was dropped or is yet to come. Valid until the next event. */
const struct event *recorder_at(const struct recorder *r, uint64_t number);

/* The first event there at or after this step; total when there is none. */
uint64_t recorder_seek(const struct recorder *r, uint64_t icount);

/* The nearest event that passes, from `number` on (included) forwards or backwards. RECORDER_NONE when none. */
uint64_t recorder_search(const struct recorder *r, const struct filter *f,
                         const struct contexts *contexts, uint64_t number, bool backwards);

#endif
