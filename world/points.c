/* Snapshots along a history; see points.h. */
#include "world/points.h"

#include "isa/paging.h"
#include "machine/snapshot.h"
#include "trace/counters.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FAR_SHARE     8 /* of the way to a point: how far its neighbours may be apart */

/* Work of the host, in plain steps: a nanosecond each, or less. Copying should be a tenth of all,
 * and a step back should take no longer than a blink. */
#define WORK_LEAST    8000000u
#define WORK_MOST     12000000u
#define WORK_COPY     500u /* of a page */
#define WORK_FOR_COPY 10u  /* times as much before the next */

/* ---- the row ---------------------------------------------------------------------------- */

static size_t weigh(const struct point *point, const struct point *before)
{
    return snapshot_bytes(point->snapshot, before ? before->snapshot : NULL) +
           counters_kept_bytes(point->counters);
}

/* What a point holds alone depends on the one in front of it. */
static void weigh_again(struct points *p, unsigned index)
{
    if (index >= p->count)
        return;
    p->bytes -= p->at[index].bytes;
    p->at[index].bytes = weigh(&p->at[index], index ? &p->at[index - 1] : NULL);
    p->bytes += p->at[index].bytes;
}

static void insert(struct points *p, unsigned index, const struct point *point)
{
    memmove(&p->at[index + 1], &p->at[index], (p->count - index) * sizeof p->at[0]);
    p->at[index] = *point;
    p->count++;
    weigh_again(p, index);
    weigh_again(p, index + 1);
}

static void release(struct point *point)
{
    snapshot_free(point->snapshot);
    counters_kept_free(point->counters);
}

static void drop(struct points *p, unsigned index)
{
    p->bytes -= p->at[index].bytes;
    release(&p->at[index]);
    p->count--;
    memmove(&p->at[index], &p->at[index + 1], (p->count - index) * sizeof p->at[0]);
    weigh_again(p, index);
}

unsigned points_find(const struct points *p, uint64_t icount)
{
    unsigned low = 0, high = p->count;

    assert(p->count > 0 && p->at[0].icount <= icount);
    while (high - low > 1) {
        unsigned middle = low + (high - low) / 2;

        if (p->at[middle].icount <= icount)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* ---- thinning --------------------------------------------------------------------------- */

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* How far apart its neighbours are: what would have to be run again without it. */
static uint64_t gap(const struct points *p, unsigned i)
{
    const struct point *behind = &p->at[i + 1 < p->count ? i + 1 : i];

    return behind->icount - p->at[i - 1].icount;
}

static void thin_by_distance(struct points *p, uint64_t now)
{
    for (unsigned i = p->count; i-- > 1;)
        if (i + 1 < p->count && gap(p, i) <= distance(now, p->at[i].icount) / FAR_SHARE)
            drop(p, i);
}

/* The one that is least missed, as seen from `now`; 0 when none may go. */
static unsigned least_missed(const struct points *p, uint64_t now)
{
    unsigned stays = points_find(p, now), least = 0;
    double least_loss = 0;

    for (unsigned i = 1; i < p->count; i++) {
        double way = (double)(distance(now, p->at[i].icount) + p->spacing);
        double loss = (double)gap(p, i) / way;

        if (i != stays && (least == 0 || loss < least_loss)) {
            least = i;
            least_loss = loss;
        }
    }
    return least;
}

/* Until that many bytes more are within the limit. */
static void make_room(struct points *p, uint64_t now, size_t needs)
{
    unsigned least;

    while ((p->bytes + needs > p->limit || p->count == POINTS_MAX) &&
           (least = least_missed(p, now)) != 0)
        drop(p, least);
}

/* ---- taking ----------------------------------------------------------------------------- */

static uint64_t work_behind(size_t copied)
{
    uint64_t work = (uint64_t)copied / PAGE_SIZE * WORK_COPY * WORK_FOR_COPY;

    return work < WORK_LEAST ? WORK_LEAST : work > WORK_MOST ? WORK_MOST : work;
}

uint64_t points_due(const struct points *p, unsigned index, uint64_t now, uint64_t work)
{
    const struct point *point = &p->at[index];

    if (p->even)
        return point->icount + p->spacing > now ? point->icount + p->spacing : now;
    return work < point->work ? now + POINTS_LOOK : now;
}

int points_take(struct points *p, struct host *h, size_t entry, struct error *err)
{
    uint64_t now = machine_icount(h->machine);
    size_t needs = snapshot_needs(h->machine);
    struct point point = {
        .icount = now,
        .work = work_behind(needs),
        .entry = entry,
        .leaver = h->leaver,
        .console_total = h->console_total,
        .recorder_total = recorder_total(&h->recorder),
    };

    memcpy(point.real, h->real, sizeof point.real);
    make_room(p, now, needs);
    int code = snapshot_take(&point.snapshot, h->machine, err);
    if (code)
        return code;
    point.counters = counters_keep(h->counters);
    if (!point.counters) {
        release(&point);
        return error_set(err, ERROR_memory, "out of memory for a snapshot of the counters");
    }
    insert(p, p->count ? points_find(p, now) + 1 : 0, &point);
    thin_by_distance(p, now);
    make_room(p, now, 0);
    return 0;
}

/* ---- dropping --------------------------------------------------------------------------- */

void points_cut(struct points *p, uint64_t icount, size_t entry)
{
    while (p->count > 0 &&
           (p->at[p->count - 1].icount > icount ||
            (p->at[p->count - 1].icount == icount && p->at[p->count - 1].entry > entry)))
        drop(p, p->count - 1);
}

void points_clear(struct points *p)
{
    while (p->count > 0)
        drop(p, p->count - 1);
}
