/* A ring of events; event `number` lies in slot number % capacity. See recorder.h. */
#include "trace/recorder.h"

#include <assert.h>
#include <stdlib.h>

int recorder_init(struct recorder *r, size_t capacity, struct error *err)
{
    assert(capacity > 0);
    *r = (struct recorder){.capacity = capacity};
    r->ring = calloc(capacity, sizeof *r->ring);
    if (!r->ring)
        return error_set(err, ERROR_memory, "out of memory for a record of %zu events", capacity);
    return 0;
}

void recorder_fini(struct recorder *r)
{
    recorder_detach(r);
    free(r->ring);
    *r = (struct recorder){0};
}

static void take(void *user, const struct event *e)
{
    recorder_add(user, e);
}

void recorder_attach(struct recorder *r, struct trace *trace, uint32_t mask)
{
    if (r->trace == trace) {
        trace_set_mask(trace, &r->subscriber, mask);
        return;
    }
    recorder_detach(r);
    r->trace = trace;
    r->subscriber = (struct trace_subscriber){.mask = mask, .fn = take, .user = r};
    trace_attach(trace, &r->subscriber);
}

void recorder_detach(struct recorder *r)
{
    if (r->trace)
        trace_detach(r->trace, &r->subscriber);
    r->trace = NULL;
}

void recorder_add(struct recorder *r, const struct event *e)
{
    r->ring[r->total++ % r->capacity] = *e;
    if (r->kept < r->capacity)
        r->kept++;
}

uint64_t recorder_first(const struct recorder *r)
{
    return r->total - r->kept;
}

uint64_t recorder_total(const struct recorder *r)
{
    return r->total;
}

void recorder_truncate(struct recorder *r, uint64_t total)
{
    uint64_t first = recorder_first(r);

    if (total >= r->total)
        return;
    r->kept = total > first ? (size_t)(total - first) : 0;
    r->total = total;
}

const struct event *recorder_at(const struct recorder *r, uint64_t number)
{
    if (number < recorder_first(r) || number >= r->total)
        return NULL;
    return &r->ring[number % r->capacity];
}

uint64_t recorder_seek(const struct recorder *r, uint64_t icount)
{
    uint64_t low = recorder_first(r), high = r->total;

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

    if (backwards && number >= r->total)
        number = r->total - 1; /* none at all: wraps, and recorder_at says so */
    if (!backwards && number < recorder_first(r))
        number = recorder_first(r);
    while ((e = recorder_at(r, number)) != NULL) {
        if (filter_match(f, contexts, e))
            return number;
        number += backwards ? UINT64_MAX : 1;
    }
    return RECORDER_NONE;
}
