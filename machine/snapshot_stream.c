/*
 * Snapshots to and from bytes; see snapshot_stream.h. One list of fields serves both ways: a
 * field is written from where it lies, or read to there.
 */
#include "machine/snapshot_stream.h"

#include <stdlib.h>
#include <string.h>

#include "isa/devices.h"
#include "isa/vmcb_bits.h"
#include "machine/snapshot_state.h"

#define END_WORD   0x454e4f44u /* "DONE" */
#define TIME_MAX   (UINT64_MAX >> 2)
#define INPUT_MAX  (16u << 20) /* bytes waiting to be typed */
#define INPUT_STEP 65536u

struct stream {
    snapshot_write_fn *write; /* or */
    snapshot_read_fn *read;
    void *user;
    bool ended;      /* a function said no */
    const char *bad; /* what was read and cannot be; NULL: nothing */
};

static bool fine(const struct stream *s)
{
    return !s->ended && !s->bad;
}

/* ---- fields ----------------------------------------------------------------------------- */

static void bytes(struct stream *s, void *data, size_t size)
{
    if (!fine(s) || size == 0)
        return;
    s->ended = s->write ? !s->write(s->user, data, size) : !s->read(s->user, data, size);
    if (s->ended && s->read)
        memset(data, 0, size);
}

static uint64_t number(struct stream *s, uint64_t value, size_t size)
{
    uint8_t little[8] = {0};
    uint64_t read = 0;

    for (size_t i = 0; i < size; i++)
        little[i] = (uint8_t)(value >> 8 * i);
    bytes(s, little, size);
    for (size_t i = size; i-- > 0;)
        read = read << 8 | little[i];
    return s->write ? value : fine(s) ? read : 0;
}

static void u8(struct stream *s, uint8_t *field)
{
    *field = (uint8_t)number(s, *field, 1);
}
static void u16(struct stream *s, uint16_t *field)
{
    *field = (uint16_t)number(s, *field, 2);
}
static void u32(struct stream *s, uint32_t *field)
{
    *field = (uint32_t)number(s, *field, 4);
}
static void u64(struct stream *s, uint64_t *field)
{
    *field = number(s, *field, 8);
}
static void flag(struct stream *s, bool *field)
{
    *field = number(s, *field, 1) != 0;
}

/* What was just read has to be so. */
static void must(struct stream *s, bool holds, const char *what)
{
    if (!holds && s->read && fine(s))
        s->bad = what;
}

/* ---- the description -------------------------------------------------------------------- */

static void description(struct stream *s, struct machine_config *c)
{
    flag(s, &c->classic);
    flag(s, &c->vt);
    flag(s, &c->npt);
    u32(s, &c->ram_size);
    u32(s, &c->tlb);
#define COST(name, value, meaning) u32(s, &c->cost.name);
#include "machine/costs.def"
#undef COST
    u32(s, &c->cost.divider);
}

/* ---- state ------------------------------------------------------------------------------ */

/* All but the general registers. */
static void registers(struct stream *s, struct cpu_regs *r)
{
    u32(s, &r->pc);
    u32(s, &r->ring);
    u32(s, &r->status);
    u32(s, &r->tvec);
    u32(s, &r->tscratch);
    u32(s, &r->epc);
    u32(s, &r->cause);
    u32(s, &r->tval);
    u32(s, &r->ie);
    u32(s, &r->ip);
    u32(s, &r->ptbr);
    u32(s, &r->tptbr);
    u32(s, &r->timecmp);
    u32(s, &r->timecmph);
    u32(s, &r->cntren);
    u32(s, &r->eptbr);
    must(s, r->ring <= 3 && r->pc % 4 == 0 && r->tvec % 4 == 0, "a register");
}

/* What running code depends on without a look: where the VMCB and its map lie, which register is
 * swapped, which interrupts there are. */
static bool guest_is_sound(const struct guest *g, const struct machine_config *config)
{
    hpa offset = g->vmcb - RAM_BASE, map = g->io_map - RAM_BASE;
    bool places = offset % PAGE_SIZE == 0 && offset < config->ram_size &&
                  (!g->io_map || (map % PAGE_SIZE == 0 && map < config->ram_size - PAGE_SIZE));

    return config->vt && places && g->vmid >= 1 && g->vmid <= 0xffff && g->rs1 >= 1 &&
           g->rs1 < 32 && (config->npt || !g->nptbr) && (g->wires & ~(word)FIELD_ip_ext) == 0 &&
           (g->virtual_ip & ~(word)VMCB_INTERRUPT_BITS) == 0 && g->host.ring == 0;
}

static void guest(struct stream *s, struct guest *g, const struct machine_config *config)
{
    flag(s, &g->inside);
    if (!g->inside) {
        if (s->read)
            *g = guest_none();
        return;
    }
    flag(s, &g->wraps);
    u8(s, &g->rs1);
    u32(s, &g->wires);
    u32(s, &g->virtual_ip);
    u32(s, &g->icept_insn);
    u32(s, &g->icept_cause);
    u32(s, &g->icept_csr_read);
    u32(s, &g->icept_csr_write);
    u32(s, &g->io_map);
    u32(s, &g->nptbr);
    u32(s, &g->vmid);
    u32(s, &g->vmcb);
    u32(s, &g->event);
    u32(s, &g->event_tval);
    u64(s, &g->time_offset);
    u64(s, &g->instret_offset);
    u64(s, &g->host_timer);
    registers(s, &g->host);
    must(s, guest_is_sound(g, config), "the guest of a vmrun");
    if (s->read)
        guest_derive(g);
}

static void processor(struct stream *s, struct snapshot *t)
{
    for (unsigned i = 0; i < COUNT_OF(t->cpu.x); i++)
        u32(s, &t->cpu.x[i]);
    must(s, t->cpu.x[0] == 0, "x0");
    registers(s, &t->cpu.regs);
    guest(s, &t->cpu.guest, &t->config);
    u64(s, &t->cpu.icount);
    u64(s, &t->cpu.cycle);
    u64(s, &t->cpu.timer);
    u64(s, &t->cpu.not_retired);
    u64(s, &t->cpu.entered);
    u64(s, &t->cpu.announced);
    flag(s, &t->cpu.external);
    must(s,
         t->cpu.icount <= TIME_MAX && t->cpu.cycle <= TIME_MAX &&
             t->cpu.not_retired <= t->cpu.icount,
         "a counter");
}

static void translations(struct stream *s, struct snapshot *t)
{
    for (uint32_t i = 0; i < ACCESS_COUNT * t->config.tlb && fine(s); i++) {
        struct tlb_entry *e = &t->tlb[i];

        flag(s, &e->valid);
        if (!e->valid)
            continue;
        u32(s, &e->page);
        u32(s, &e->frame);
        u16(s, &e->asid);
        u16(s, &e->vmid);
        u8(s, &e->level);
        must(s, e->level <= 3 && e->frame % PAGE_SIZE == 0 && e->page % PAGE_SIZE == 0,
             "a TLB entry");
    }
}

/* Another context, living and younger, or none. */
static bool is_child(const struct snapshot *t, uint16_t id, uint16_t child)
{
    return child == CONTEXT_NONE ||
           (child > id && child < t->context_count && t->contexts[child].alive);
}

/* Parents have been seen to be older than their children. */
static bool is_ancestor(const struct snapshot *t, uint16_t ancestor, uint16_t id)
{
    while (id > ancestor)
        id = t->contexts[id].parent;
    return id == ancestor;
}

static bool is_tree(const struct snapshot *t)
{
    for (uint16_t i = 0; i < t->context_count; i++) {
        const struct context *c = &t->contexts[i];

        if (c->id != i || (i == 0 ? c->parent != CONTEXT_NONE || !c->alive : c->parent >= i) ||
            !is_child(t, i, c->inside) || !is_child(t, i, c->entering) ||
            !is_child(t, i, c->created) || !is_child(t, i, c->writer))
            return false;
    }
    return t->context_current < t->context_count && t->contexts[t->context_current].alive &&
           is_ancestor(t, t->context_base, t->context_current);
}

static void contexts(struct stream *s, struct snapshot *t)
{
    for (uint16_t i = 0; i < t->context_count && fine(s); i++) {
        struct context *c = &t->contexts[i];

        u16(s, &c->id);
        u16(s, &c->parent);
        u16(s, &c->inside);
        u16(s, &c->entering);
        u16(s, &c->created);
        u16(s, &c->writer);
        u16(s, &c->level);
        u16(s, &c->vmid);
        flag(s, &c->alive);
        flag(s, &c->by_vmrun);
        u32(s, &c->vmcb);
        u32(s, &c->gprs);
        u32(s, &c->name);
        u64(s, &c->exit_cycle);
        must(s, c->level <= CONTEXT_LEVELS, "a context");
    }
    must(s, is_tree(t), "the tree of contexts");
}

/* ---- devices ---------------------------------------------------------------------------- */

static void interrupts_and_console(struct stream *s, struct saved_devices *d)
{
    struct uart_regs *u = &d->uart;

    u32(s, &d->intc.pending);
    u32(s, &d->intc.enable);
    u32(s, &d->intc.in_service);
    u32(s, &d->intc.output);
    u8(s, &u->ier);
    u8(s, &u->fcr);
    u8(s, &u->lcr);
    u8(s, &u->mcr);
    u8(s, &u->scr);
    u8(s, &u->dll);
    u8(s, &u->dlm);
    u8(s, &u->thre);
    bytes(s, u->fifo, sizeof u->fifo);
    u8(s, &u->head);
    u8(s, &u->count);
    must(s, d->intc.output <= 1 && u->head < UART_FIFO_SIZE && u->count <= UART_FIFO_SIZE,
         "the console");
}

static void disk_port(struct stream *s, struct ata_regs *a)
{
    u32(s, &a->lba);
    u32(s, &a->left);
    u32(s, &a->position);
    u8(s, &a->error);
    u8(s, &a->count);
    u8(s, &a->lba_low);
    u8(s, &a->lba_mid);
    u8(s, &a->lba_high);
    u8(s, &a->device);
    u8(s, &a->status);
    u8(s, &a->command);
    u8(s, &a->irq);
    bytes(s, a->buffer, sizeof a->buffer);
    must(s,
         a->left <= 256 && (a->left > 0 || !a->command) && a->position % 2 == 0 &&
             a->position <= DISK_SECTOR - (a->status & ATA_STATUS_DRQ ? 2 : 0),
         "the disk's registers");
}

/* Each command ends with a NUL, so that the device finds the end of the one at hand. */
static void commands(struct stream *s, struct mailbox_regs *b)
{
    u32(s, &b->irq);
    u32(s, &b->used);
    u32(s, &b->at);
    u32(s, &b->written);
    u32(s, &b->answered);
    u32(s, &b->status);
    u32(s, &b->length);
    must(s,
         b->irq <= 1 && b->used <= sizeof b->commands && b->at <= b->used &&
             b->written <= sizeof b->answer && b->length <= sizeof b->answer,
         "the mailbox");
    if (!fine(s))
        return;
    bytes(s, b->commands, b->used);
    bytes(s, b->answer, b->written ? b->written : b->length);
    must(s, b->used == 0 || b->commands[b->used - 1] == 0, "a management command");
}

/* What waits to be typed: room for it as it comes. */
static void input(struct stream *s, struct saved_devices *d)
{
    uint32_t size = (uint32_t)d->input_size;
    uint8_t *more;

    u32(s, &size);
    must(s, size <= INPUT_MAX, "the console's input");
    if (s->write)
        bytes(s, d->input, size);
    else
        d->input_size = 0;
    while (s->read && fine(s) && d->input_size < size) {
        size_t part = size - d->input_size < INPUT_STEP ? size - d->input_size : INPUT_STEP;

        more = realloc(d->input, d->input_size + part);
        must(s, more != NULL, "no memory for the console's input");
        if (!more)
            return;
        d->input = more;
        bytes(s, more + d->input_size, part);
        d->input_size += part;
    }
}

static void devices(struct stream *s, struct snapshot *t, uint32_t alarms)
{
    uint32_t count = alarms;

    interrupts_and_console(s, &t->devices);
    disk_port(s, &t->devices.ata);
    commands(s, &t->devices.mailbox);
    u32(s, &count);
    must(s, count == alarms, "the number of alarms");
    for (uint32_t i = 0; i < alarms; i++)
        u64(s, &t->devices.alarms[i]);
    input(s, &t->devices);
}

/* ---- RAM and disk ----------------------------------------------------------------------- */

static void write_pages(struct stream *s, const struct snapshot *t)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < t->page_count; i++)
        count += t->pages[i] != NULL;
    u32(s, &count);
    for (uint32_t i = 0; i < t->page_count && fine(s); i++) {
        if (!t->pages[i])
            continue;
        u32(s, &i);
        bytes(s, t->pages[i]->data, PAGE_SIZE);
    }
}

static void read_pages_into(struct stream *s, struct snapshot *t, struct page_pool *pool)
{
    uint32_t count = 0, at = 0, least = 0;

    u32(s, &count);
    must(s, count <= t->page_count, "the number of pages");
    for (; count > 0 && fine(s); count--) {
        u32(s, &at);
        must(s, at >= least && at < t->page_count, "the number of a page");
        if (!fine(s))
            return;
        struct page *page = page_new(pool);
        must(s, page != NULL, "no memory for its pages");
        if (!page)
            return;
        t->pages[at] = page;
        bytes(s, page->data, PAGE_SIZE);
        least = at + 1;
    }
}

/* The snapshot's pages are all that holds the pool. */
static void read_pages(struct stream *s, struct snapshot *t)
{
    struct page_pool *pool = page_pool_new();

    must(s, pool != NULL, "no memory for its pages");
    if (pool)
        read_pages_into(s, t, pool);
    page_pool_leave(pool);
}

static void write_blocks(struct stream *s, const struct disk_overlay *disk)
{
    uint32_t count = disk->count;

    u32(s, &count);
    for (uint32_t i = 0; i < disk->count; i++) {
        u32(s, &disk->blocks[i].index);
        u8(s, &disk->blocks[i].block->written);
        bytes(s, disk->blocks[i].block->data, sizeof disk->blocks[i].block->data);
    }
}

static bool add_block(struct disk_overlay *disk, uint32_t index)
{
    uint32_t n = disk->count;

    if ((n & (n - 1)) == 0) { /* room is the next power of two */
        struct disk_saved *more = realloc(disk->blocks, (n ? 2 * n : 1) * sizeof *more);
        if (!more)
            return false;
        disk->blocks = more;
    }
    struct disk_block *b = calloc(1, sizeof *b);
    if (!b)
        return false;
    b->references = 1;
    disk->blocks[disk->count++] = (struct disk_saved){index, b};
    return true;
}

static void read_blocks(struct stream *s, struct disk_overlay *disk)
{
    uint32_t most = (disk->sectors + DISK_BLOCK_SECTORS - 1) / DISK_BLOCK_SECTORS;
    uint32_t count = 0, at = 0, least = 0;

    u32(s, &count);
    must(s, count <= most, "the number of disk blocks");
    for (; count > 0 && fine(s); count--) {
        u32(s, &at);
        must(s, at >= least && at < most, "the number of a disk block");
        must(s, !fine(s) || add_block(disk, at), "no memory for its disk blocks");
        if (!fine(s))
            return;
        struct disk_block *b = disk->blocks[disk->count - 1].block;
        u8(s, &b->written);
        bytes(s, b->data, sizeof b->data);
        least = at + 1;
    }
}

/* ---- all of it -------------------------------------------------------------------------- */

static void start(struct stream *s, struct snapshot *t)
{
    description(s, &t->config);
    u32(s, &t->disk.sectors);
}

static void standing(struct stream *s, struct snapshot *t)
{
    uint32_t state = t->state, shutdown = t->shutdown;

    u32(s, &state);
    u32(s, &shutdown);
    must(s, state <= MACHINE_SHUTDOWN && shutdown < SHUTDOWN_COUNT, "the machine's state");
    t->state = fine(s) ? (enum machine_state)state : MACHINE_READY;
    t->shutdown = fine(s) ? (enum machine_shutdown)shutdown : SHUTDOWN_NONE;
    u32(s, &t->status);
    flag(s, &t->input_ended);
}

static void end(struct stream *s)
{
    uint32_t word_at_end = END_WORD;

    u32(s, &word_at_end);
    must(s, word_at_end == END_WORD, "its end");
}

bool snapshot_write(const struct snapshot *snapshot, snapshot_write_fn *write, void *user)
{
    struct stream s = {.write = write, .user = user};
    struct snapshot *t = (struct snapshot *)snapshot; /* written from, not to */

    start(&s, t);
    standing(&s, t);
    processor(&s, t);
    translations(&s, t);
    u16(&s, &t->context_count);
    u16(&s, &t->context_current);
    u16(&s, &t->context_base);
    contexts(&s, t);
    devices(&s, t, t->devices.alarm_count);
    write_pages(&s, t);
    write_blocks(&s, &t->disk);
    end(&s);
    return fine(&s);
}

static int refuse(const struct stream *s, struct error *err)
{
    if (s->bad)
        return error_set(err, ERROR_input, "the snapshot is damaged: %s", s->bad);
    return error_set(err, ERROR_input, "the snapshot is damaged: it ends too early");
}

int snapshot_read_description(struct machine_config *config, uint32_t *disk_sectors,
                              snapshot_read_fn *read, void *user, struct error *err)
{
    struct stream s = {.read = read, .user = user};

    *config = machine_config_default();
    description(&s, config);
    u32(&s, disk_sectors);
    return fine(&s) ? 0 : refuse(&s, err);
}

/* Why this machine cannot take the snapshot; NULL: it can. */
static const char *other_machine(const struct snapshot *t, const struct machine *m)
{
    const struct machine_config *c = &m->config;

    if (t->config.ram_size != c->ram_size)
        return "another size of RAM";
    if (t->config.tlb != c->tlb)
        return "another size of TLB";
    if (t->config.classic != c->classic || t->config.vt != c->vt || t->config.npt != c->npt)
        return "another variant";
    if (memcmp(&t->config.cost, &c->cost, sizeof c->cost) != 0)
        return "other costs";
    if (t->disk.sectors != m->devices.disk.sectors)
        return "a disk of another size";
    return NULL;
}

/* Memory for what the machine at hand has as well. */
static bool allocate(struct snapshot *t, const struct machine *m)
{
    t->page_count = m->pages.count;
    t->devices.alarm_count = m->schedule.count;
    t->pages = calloc(t->page_count, sizeof t->pages[0]);
    t->tlb = calloc(ACCESS_COUNT * t->config.tlb, sizeof t->tlb[0]);
    t->contexts = calloc(CONTEXT_MAX, sizeof t->contexts[0]);
    t->devices.input = malloc(1);
    return t->pages && t->tlb && t->contexts && t->devices.input;
}

static void read_state(struct stream *s, struct snapshot *t)
{
    standing(s, t);
    processor(s, t);
    translations(s, t);
    u16(s, &t->context_count);
    u16(s, &t->context_current);
    u16(s, &t->context_base);
    must(s, t->context_count >= 1 && t->context_count <= CONTEXT_MAX, "the number of contexts");
    if (!fine(s))
        return;
    contexts(s, t);
    devices(s, t, t->devices.alarm_count);
    read_pages(s, t);
    read_blocks(s, &t->disk);
    end(s);
}

int snapshot_read(struct snapshot **out, const struct machine *m, snapshot_read_fn *read,
                  void *user, struct error *err)
{
    struct stream s = {.read = read, .user = user};
    struct snapshot *t = calloc(1, sizeof *t);
    const char *other;

    *out = NULL;
    if (!t)
        return error_set(err, ERROR_memory, "out of memory for a snapshot of the machine");
    t->config = machine_config_default();
    start(&s, t);
    other = fine(&s) ? other_machine(t, m) : NULL;
    if (other) {
        snapshot_free(t);
        return error_set(err, ERROR_usage, "the snapshot is of a machine with %s", other);
    }
    if (fine(&s) && !allocate(t, m)) {
        snapshot_free(t);
        return error_set(err, ERROR_memory, "out of memory for a snapshot of the machine");
    }
    if (fine(&s))
        read_state(&s, t);
    if (!fine(&s)) {
        snapshot_free(t);
        return refuse(&s, err);
    }
    *out = t;
    return 0;
}
