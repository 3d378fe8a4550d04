/*
 * What a machine is made of, for machine/ alone; everybody else has machine.h.
 *
 *        machine.c                 the outside: build, load, run, look
 *           |
 *        cpu (cpu.h) -- bus -- devices, one board (uart, intc, ata, finisher)
 *           |            |
 *          RAM        schedule     alarms, in cycles
 *
 * Devices call the board (now, set_alarm, emit, and their lines); the board tells the
 * processor by `attention` that it must look up before the next instruction.
 */
#ifndef MACHINE_INTERNAL_H
#define MACHINE_INTERNAL_H

#include "machine/board.h"
#include "machine/bus.h"
#include "machine/cpu.h"
#include "machine/machine.h"
#include "machine/pages.h"
#include "machine/schedule.h"

struct machine {
    struct machine_config config;
    struct cpu cpu;
    struct cpu_regs view; /* machine_regs: what it returned last */
    uint8_t *ram;         /* config.ram_size bytes, page-aligned */
    struct pages pages;   /* what snapshots keep of it */

    struct bus bus;
    struct schedule schedule;
    struct board board;
    struct devices devices;

    struct trace trace;
    struct contexts contexts;

    enum machine_state state;
    word status; /* the finisher's code, once halted */
    enum machine_shutdown shutdown;
    bool input_ended;
    bool loaded; /* a program was loaded before: RAM holds its traces */
};

/* Publishes an event that somebody wants, at the current instruction: icount, cycle, pc, insn and
 * context are filled in. `ring` is the one before. */
void machine_publish(struct machine *m, enum event_kind kind, word ring, word cause, word tval,
                     word a, word b);

/* The same when somebody wants it, so call it freely; for an event that has changed the ring. */
static inline void machine_emit_change(struct machine *m, enum event_kind kind, word ring,
                                       word cause, word tval, word a, word b)
{
    if (trace_wants(&m->trace, kind))
        machine_publish(m, kind, ring, cause, tval, a, b);
}

/* And for all others. */
static inline void machine_emit(struct machine *m, enum event_kind kind, word cause, word tval,
                                word a, word b)
{
    machine_emit_change(m, kind, m->cpu.regs.ring, cause, tval, a, b);
}

/* RAM was or will be written there: by all who write to it but the fast path for stores. */
static inline void ram_written(struct machine *m, uint32_t offset, size_t size)
{
    pages_mark(&m->pages, offset, size);
    code_written(&m->cpu, offset, size);
}

#endif
