/* Snapshots; see snapshot.h. All state of a machine is plain data in a few places. */
#include "machine/snapshot.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "machine/internal.h"
#include "machine/snapshot_state.h"

/* ---- cpu -------------------------------------------------------------------------------- */

static void save_cpu(struct snapshot *s, const struct cpu *c)
{
    s->cpu = (struct saved_cpu){
        .regs = c->regs,
        .guest = c->guest,
        .icount = cpu_icount(c),
        .cycle = cpu_cycle(c),
        .timer = c->timer,
        .not_retired = c->not_retired,
        .entered = c->entered,
        .announced = c->announced,
        .external = c->external,
    };
    memcpy(s->cpu.x, c->x, sizeof(s->cpu.x));
    for (unsigned kind = 0; kind < ACCESS_COUNT; kind++)
        memcpy(s->tlb + kind * s->config.tlb, c->tlb.entry[kind],
               s->config.tlb * sizeof(struct tlb_entry));
}

static void restore_cpu(const struct snapshot *s, struct cpu *c)
{
    cpu_set_time(c, s->cpu.icount, s->cpu.cycle);
    c->regs = s->cpu.regs;
    c->guest = s->cpu.guest;
    memcpy(c->x, s->cpu.x, sizeof(s->cpu.x));
    c->timer = s->cpu.timer;
    c->not_retired = s->cpu.not_retired;
    c->entered = s->cpu.entered;
    c->announced = s->cpu.announced;
    c->external = s->cpu.external;
    c->waits_input = c->stop = false;
    tlb_reset(c);
    for (unsigned kind = 0; kind < ACCESS_COUNT; kind++)
        memcpy(c->tlb.entry[kind], s->tlb + kind * s->config.tlb,
               s->config.tlb * sizeof(struct tlb_entry));
}

/* ---- devices ---------------------------------------------------------------------------- */

static bool save_devices(struct snapshot *s, const struct machine *m)
{
    const struct uart_queue *q = &m->devices.uart.queue;
    struct saved_devices *d = &s->devices;

    d->intc = m->devices.intc.regs;
    d->uart = m->devices.uart.regs;
    d->ata = m->devices.ata.regs;
    d->mailbox = m->devices.mailbox.regs;
    d->alarm_count = m->schedule.count;
    for (unsigned i = 0; i < d->alarm_count; i++)
        d->alarms[i] = m->schedule.alarms[i]->at;
    d->input_size = q->end - q->first;
    d->input = malloc(d->input_size + 1);
    if (!d->input)
        return false;
    if (d->input_size)
        memcpy(d->input, q->data + q->first, d->input_size);
    return true;
}

static void restore_devices(const struct snapshot *s, struct machine *m)
{
    const struct saved_devices *d = &s->devices;

    m->devices.intc.regs = d->intc;
    m->devices.ata.regs = d->ata;
    m->devices.mailbox.regs = d->mailbox;
    uart_restore(&m->devices.uart, &d->uart, d->input, d->input_size);
    for (unsigned i = 0; i < m->schedule.count; i++)
        schedule_set(&m->schedule, m->schedule.alarms[i], d->alarms[i]);
}

/* ---- contexts --------------------------------------------------------------------------- */

static void save_contexts(struct snapshot *s, const struct contexts *c)
{
    s->context_count = c->count;
    s->context_current = c->current;
    s->context_base = c->base;
    memcpy(s->contexts, c->table, c->count * sizeof(c->table[0]));
}

static void restore_contexts(const struct snapshot *s, struct contexts *c)
{
    c->count = s->context_count;
    c->current = s->context_current;
    c->base = s->context_base;
    memcpy(c->table, s->contexts, c->count * sizeof(c->table[0]));
}

/* ---- taking ----------------------------------------------------------------------------- */

static bool allocate(struct snapshot *s, const struct machine *m)
{
    s->tlb = malloc(ACCESS_COUNT * s->config.tlb * sizeof(s->tlb[0]));
    s->contexts = malloc(m->contexts.count * sizeof(s->contexts[0]));
    s->pages = malloc(m->pages.count * sizeof(struct page *));
    return s->tlb && s->contexts && s->pages;
}

static bool save(struct snapshot *s, struct machine *m)
{
    s->config = m->config;
    s->state = m->state;
    s->shutdown = m->shutdown;
    s->status = m->status;
    s->input_ended = m->input_ended;
    if (!allocate(s, m) || !save_devices(s, m) || !disk_keep(&m->devices.disk, &s->disk) ||
        !pages_keep(&m->pages, m->ram, s->pages))
        return false;
    s->page_count = m->pages.count;
    fast_forget_all_stores(&m->cpu);
    save_cpu(s, &m->cpu);
    save_contexts(s, &m->contexts);
    return true;
}

int snapshot_take(struct snapshot **out, struct machine *m, struct error *err)
{
    assert(!m->cpu.busy);
    *out = NULL;
    if (m->config.disk_writes && m->devices.disk.sectors)
        return error_set(err, ERROR_usage,
                         "a machine that writes to its disk's file cannot go back in time: "
                         "use the disk copy-on-write");
    struct snapshot *s = calloc(1, sizeof(*s));
    if (!s || !save(s, m)) {
        snapshot_free(s);
        return error_set(err, ERROR_memory, "out of memory for a snapshot of the machine");
    }
    *out = s;
    return 0;
}

size_t snapshot_needs(const struct machine *m)
{
    size_t pages = 0;

    for (uint32_t i = 0; i < m->pages.count; i++)
        pages += m->pages.changed[i];
    return pages * (PAGE_SIZE + sizeof(struct page));
}

void snapshot_free(struct snapshot *s)
{
    if (!s)
        return;
    pages_release(s->pages, s->page_count);
    disk_release(&s->disk);
    free(s->devices.input);
    free(s->pages);
    free(s->contexts);
    free(s->tlb);
    free(s);
}

/* ---- restoring -------------------------------------------------------------------------- */

static bool same_description(const struct machine_config *a, const struct machine_config *b)
{
    return a->classic == b->classic && a->vt == b->vt && a->npt == b->npt &&
           a->ram_size == b->ram_size && a->tlb == b->tlb &&
           memcmp(&a->cost, &b->cost, sizeof(a->cost)) == 0;
}

static void restore_ram(const struct snapshot *s, struct machine *m)
{
    for (uint32_t i = 0; i < s->page_count; i++)
        if (pages_put_back(&m->pages, m->ram, i, s->pages[i]))
            code_written(&m->cpu, i << PAGE_SHIFT, PAGE_SIZE);
}

int snapshot_restore(const struct snapshot *s, struct machine *m, struct error *err)
{
    assert(!m->cpu.busy);
    if (!same_description(&s->config, &m->config) || s->disk.sectors != m->devices.disk.sectors ||
        (m->config.disk_writes && m->devices.disk.sectors))
        return error_set(err, ERROR_usage,
                         "the snapshot is of a machine with another description or disk");
    m->state = s->state;
    m->shutdown = s->shutdown;
    m->status = s->status;
    m->input_ended = s->input_ended;
    disk_put_back(&m->devices.disk, &s->disk);
    restore_devices(s, m);
    restore_ram(s, m);
    restore_contexts(s, &m->contexts);
    restore_cpu(s, &m->cpu);
    return 0;
}

/* ---- asking ----------------------------------------------------------------------------- */

uint64_t snapshot_icount(const struct snapshot *s)
{
    return s->cpu.icount;
}

size_t snapshot_own_bytes(const struct snapshot *s)
{
    size_t pages = 0;

    for (uint32_t i = 0; i < s->page_count; i++)
        pages += s->pages[i] && s->pages[i]->references == 1;
    return pages * PAGE_SIZE;
}

static size_t disk_bytes(const struct disk_overlay *disk, const struct disk_overlay *before)
{
    size_t blocks = 0;
    uint32_t j = 0;

    for (uint32_t i = 0; i < disk->count; i++) {
        while (before && j < before->count && before->blocks[j].index < disk->blocks[i].index)
            j++;
        blocks += !before || j == before->count || before->blocks[j].block != disk->blocks[i].block;
    }
    return blocks * sizeof(struct disk_block) + disk->count * sizeof(disk->blocks[0]);
}

size_t snapshot_bytes(const struct snapshot *s, const struct snapshot *before)
{
    size_t pages = 0;

    for (uint32_t i = 0; i < s->page_count; i++)
        pages += s->pages[i] && !(before && before->pages[i] == s->pages[i]);
    return pages * (PAGE_SIZE + sizeof(struct page)) + s->page_count * sizeof(s->pages[0]) +
           disk_bytes(&s->disk, before ? &before->disk : NULL) + sizeof(*s) +
           ACCESS_COUNT * s->config.tlb * sizeof(s->tlb[0]) +
           s->context_count * sizeof(s->contexts[0]) + s->devices.input_size;
}
