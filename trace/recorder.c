/* A tape and what is asked about it; see recorder.h. */
#include "trace/recorder.h"

#include <assert.h>
#include <stdlib.h>

int recorder_init(struct recorder *r, size_t capacity, struct error *err)
{
    assert(capacity > 0);
    *r = (struct recorder){.capacity = capacity};
    r->tape.ring = r->tape.next = calloc(capacity, sizeof *r->tape.ring);
    if (!r->tape.ring)
        return error_set(err, ERROR_memory, "out of memory for a record of %zu events", capacity);
    r->tape.end = r->tape.ring + capacity;
    return 0;
}

void recorder_fini(struct recorder *r)
{
    recorder_detach(r);
    free(r->tape.ring);
    *r = (struct recorder){0};
}

void recorder_attach(struct recorder *r, struct trace *trace, uint32_t mask)
{
    recorder_detach(r);
    assert(!trace->tape);
    r->trace = trace;
    r->tape.mask = mask;
    trace_set_tape(trace, &r->tape);
}

void recorder_detach(struct recorder *r)
{
    if (r->trace)
        trace_set_tape(r->trace, NULL);
    r->trace = NULL;
}

void recorder_add(struct recorder *r, const struct event *e)
{
    *tape_slot(&r->tape) = *e;
}

uint64_t recorder_total(const struct recorder *r)
{
    return r->tape.laps * r->capacity + (uint64_t)(r->tape.next - r->tape.ring);
}

uint64_t recorder_first(const struct recorder *r)
{
    uint64_t total = recorder_total(r);
    uint64_t dropped = total > r->capacity ? total - r->capacity : 0;

    return dropped > r->lowest ? dropped : r->lowest;
}

void recorder_truncate(struct recorder *r, uint64_t total)
{
    uint64_t first = recorder_first(r);

    if (total >= recorder_total(r))
        return;
    r->lowest = total > first ? first : total;
    r->tape.laps = total / r->capacity;
    r->tape.next = r->tape.ring + total % r->capacity;
}

const struct event *recorder_at(const struct recorder *r, uint64_t number)
{
    if (number < recorder_first(r) || number >= recorder_total(r))
        return NULL;
    return &r->tape.ring[number % r->capacity];
}

uint64_t recorder_seek(const struct recorder *r, uint64_t icount)
{
    uint64_t low = recorder_first(r), high = recorder_total(r);

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (recorder_at(r, middle)->icount < icount)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t recorder_search(const struct recorder *r, const struct filter *f,
                         const struct contexts *contexts, uint64_t number, bool backwards)
{
    const struct event *e;

    if (backwards && number >= recorder_total(r))
        number = recorder_total(r) - 1; /* none at all: wraps, and recorder_at says so */
    if (!backwards && number < recorder_first(r))
        number = recorder_first(r);
    while ((e = recorder_at(r, number)) != NULL) {
        if (filter_match(f, contexts, e))
            return number;
        number += backwards ? UINT64_MAX : 1;
    }
    return RECORDER_NONE;
}
