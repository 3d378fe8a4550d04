/*
 * A machine from outside: built from a description, loaded, run; what its parts tell each other.
 *
 *     finisher --halt--> machine <--alarm-- ata      uart, ata --lines--> intc
 *                           |                                              |
 *                          cpu <---------------- external wire ------------'
 */
#include "machine/machine.h"

#include <stdlib.h>
#include <string.h>

#include "machine/control.h"
#include "machine/internal.h"
#include "machine/load.h"
#include "machine/trap.h"

#define RAM_MIN    (1u << 20)
#define RAM_MAX    (1u << 31)
#define COST_MAX   1000000u /* a block's charge stays far below half a countdown */
#define SECTOR_MAX 1000000000u

struct machine_config machine_config_default(void)
{
    return (struct machine_config){
        .ram_size = 16u << 20,
        .tlb = 256,
        .cost =
            {
#define COST(name, value, meaning) .name = (value),
#include "machine/costs.def"
#undef COST
                .divider = 1,
            },
    };
}

/* ---- the description -------------------------------------------------------------------- */

static int check_costs(const struct cost *cost, struct error *err)
{
    const struct {
        const char *name;
        uint32_t value;
    } rows[] = {
#define COST(name, value, meaning) {#name, cost->name},
#include "machine/costs.def"
#undef COST
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint32_t most = strcmp(rows[i].name, "sector") == 0 ? SECTOR_MAX : COST_MAX;
        if (rows[i].value > most)
            return error_set(err, ERROR_input, "cost %s is %u cycles; the most is %u", rows[i].name,
                             rows[i].value, most);
    }
    if (cost->divider < 1 || cost->divider > 65536)
        return error_set(err, ERROR_input, "cost divider is %u; it must be 1 to 65536",
                         cost->divider);
    return 0;
}

static int check_config(const struct machine_config *c, struct error *err)
{
    if (c->ram_size < RAM_MIN || c->ram_size > RAM_MAX || c->ram_size % PAGE_SIZE != 0)
        return error_set(err, ERROR_input,
                         "ram is %u bytes; it must be 1 MiB to 2 GiB and a multiple of %u",
                         c->ram_size, PAGE_SIZE);
    if (c->tlb < 1 || c->tlb > TLB_MAX || (c->tlb & (c->tlb - 1)) != 0)
        return error_set(err, ERROR_input, "tlb is %u entries; it must be a power of two, 1 to %u",
                         c->tlb, TLB_MAX);
    if (c->npt && !c->vt)
        return error_set(err, ERROR_input,
                         "npt is on and vt is off: nested paging needs hardware assist");
    return check_costs(&c->cost, err);
}

/* ---- what the board may ask ------------------------------------------------------------- */

static uint64_t board_now(void *owner)
{
    return cpu_cycle(&((struct machine *)owner)->cpu);
}

static void board_set_alarm(void *owner, struct alarm *alarm, uint64_t at)
{
    struct machine *m = owner;

    schedule_set(&m->schedule, alarm, at);
    m->cpu.attention = true;
}

static void board_emit(void *owner, enum event_kind kind, word tval, word a, word b)
{
    machine_emit(owner, kind, 0, tval, a, b);
}

static void board_halt(void *owner, word status)
{
    struct machine *m = owner;

    if (m->state != MACHINE_READY)
        return;
    m->state = MACHINE_HALTED;
    m->status = status;
    m->cpu.attention = true;
    machine_emit(m, EVENT_halt, 0, 0, status, 0);
}

static void board_external(void *owner, bool level)
{
    struct machine *m = owner;

    m->cpu.external = level;
    m->cpu.attention = true;
}

static bool read_ram_word(void *user, hpa address, word *value)
{
    return machine_read(user, address, value, sizeof(*value));
}

/* ---- building --------------------------------------------------------------------------- */

static int wire(struct machine *m, struct error *err)
{
    m->board = (struct board){
        .owner = m,
        .now = board_now,
        .set_alarm = board_set_alarm,
        .emit = board_emit,
        .halt = board_halt,
        .external = board_external,
    };
    contexts_init(&m->contexts, read_ram_word, m);
    return devices_init(&m->devices, &(struct wiring){&m->bus, &m->schedule, &m->board}, &m->config,
                        err);
}

int machine_new(struct machine **out, const struct machine_config *config, struct error *err)
{
    int code = check_config(config, err);

    *out = NULL;
    if (code)
        return code;
    struct machine *m = calloc(1, sizeof(*m));
    if (!m)
        return error_set(err, ERROR_memory, "no memory for a machine");
    m->config = *config;
    m->cpu.machine = m;
    m->trace.changed = &m->cpu.attention;
    m->cpu.tlb.mask = config->tlb - 1;
    code = wire(m, err);
    m->config.disk = NULL; /* the caller's; it is open now */
    m->ram = calloc(config->ram_size, 1);
    if (!code && (!m->ram || !pages_init(&m->pages, config->ram_size) ||
                  !code_init(&m->cpu.code, config->ram_size)))
        code = error_set(err, ERROR_memory, "no memory for a machine with %u MiB of RAM",
                         config->ram_size >> 20);
    if (code) {
        machine_free(m);
        return code;
    }
    cpu_reset(&m->cpu);
    *out = m;
    return 0;
}

void machine_free(struct machine *m)
{
    if (!m)
        return;
    devices_fini(&m->devices);
    code_fini(&m->cpu.code);
    pages_fini(&m->pages);
    free(m->ram);
    free(m);
}

int machine_load(struct machine *m, const struct machine_program *program, struct error *err)
{
    struct load_memory ram = {m->ram, RAM_BASE, m->config.ram_size, m->loaded};
    struct load_start start;
    int code = load_program(&ram, program, &start, err);

    if (code)
        return code;
    pages_mark(&m->pages, 0,
               m->loaded ? m->config.ram_size : start.boot_page - RAM_BASE + PAGE_SIZE);
    m->loaded = true;
    m->state = MACHINE_READY;
    m->status = 0;
    m->shutdown = SHUTDOWN_NONE;
    m->input_ended = false;
    cpu_reset(&m->cpu);
    devices_reset(&m->devices);
    contexts_init(&m->contexts, read_ram_word, m);
    m->cpu.regs.pc = start.entry;
    m->cpu.x[11] = start.boot_page;
    machine_emit(m, EVENT_boot, 0, 0, start.entry, start.boot_page);
    return 0;
}

/* ---- events ----------------------------------------------------------------------------- */

void machine_publish(struct machine *m, enum event_kind kind, word ring, word cause, word tval,
                     word a, word b)
{
    struct cpu *c = &m->cpu;
    struct event *e = trace_place(&m->trace, kind);

    cpu_slow(c, SLOW_EVENT);
    *e = (struct event){
        .icount = cpu_icount(c),
        .cycle = cpu_cycle(c),
        .kind = (uint16_t)kind,
        .context = m->contexts.current,
        .machine = m->config.number,
        .ring_from = (uint8_t)ring,
        .ring_to = (uint8_t)c->regs.ring,
        .pc = c->regs.pc,
        .insn = c->insn,
        .cause = cause,
        .tval = tval,
        .a = a,
        .b = b,
    };
    trace_tell(&m->trace, kind, e);
}

void machine_follow(struct machine *m)
{
    m->cpu.follows = true;
}

void machine_take(struct machine *m, word interrupt)
{
    cpu_take(&m->cpu, interrupt);
}

void machine_stop(struct machine *m)
{
    m->cpu.stop = true;
    m->cpu.attention = true;
}

void machine_input(struct machine *m, const void *data, size_t size)
{
    uart_input(&m->devices.uart, data, size);
}

void machine_input_end(struct machine *m)
{
    m->input_ended = true;
}

bool machine_command(struct machine *m, const void *text, size_t size)
{
    return mailbox_command(&m->devices.mailbox, text, size);
}

struct machine_answer machine_answer(const struct machine *m)
{
    const struct mailbox *b = &m->devices.mailbox;

    return (struct machine_answer){
        .text = (const char *)b->regs.answer,
        .length = b->regs.written ? 0 : b->regs.length,
        .status = b->regs.status,
        .answered = b->regs.answered,
        .waiting = mailbox_waiting(b),
        .room = b->regs.used < MAILBOX_COMMANDS ? MAILBOX_COMMANDS - b->regs.used - 1 : 0,
    };
}
