/*
 * The processor: architectural state, and what the host keeps to run it fast.
 *
 * Time is one countdown, `left`: steps and cycles until something other than the program wants
 * to happen (the end of the run, an alarm, the timer). In the running loop it lives in a host
 * register and is charged a block at a time; whenever C code of this folder outside exec.c
 * runs, `left` in memory is exact: the current instruction is charged (`busy`), what stands
 * behind it in its block is not.
 *
 *   icount = stop_step  - steps of left,  less 1 while busy
 *   cycle  = stop_cycle - cycles of left - 1
 *
 * (The 1: a block may run whole only if the deadline is not even reached, so that a charge that
 * fits leaves both halves at 0 or more.)
 */
#ifndef MACHINE_CPU_H
#define MACHINE_CPU_H

#include "isa/csr.h"
#include "machine/block.h"
#include "machine/guest.h"
#include "machine/machine.h"
#include "machine/tlb.h"

struct machine;

struct cpu {
    word x[33]; /* [32]: where writes to x0 go */
    word page;  /* virtual page of the running block */
    struct fast_tlb fast;

    charge left;
    charge rest;      /* of the running block, behind the current instruction */
    bool busy;        /* inside an instruction or the delivery of an interrupt */
    bool attention;   /* look at everything before the next instruction */
    bool waits_input; /* the wfi at pc waits for console input */
    bool stop;        /* machine_stop was called */
    bool watch;       /* somebody wants to see every memory access */
    bool external;    /* the wire from the interrupt controller */
    bool follows;     /* machine_follow was called */
    word next;        /* pc after the current system instruction */
    word value;       /* what a slow load has loaded */
    word insn;        /* bits of the current instruction, 0: none */
    word last;        /* from handler to handler, where they are not tail calls (exec.c) */

    uint64_t stop_step, stop_cycle;
    uint64_t timer;       /* cycle from which the timer is pending, unless guest.wraps */
    uint64_t limit;       /* icount at which machine_run returns */
    uint64_t not_retired; /* steps that were traps or interrupts */
    uint64_t entered;     /* icount behind the last trap: its handler begins there */
    uint64_t crossings;   /* how often control went into a guest or out of one */
    uint64_t slow;        /* machine_slow; not part of the state */
    uint64_t announced; /* icount of the instruction that was begun and goes on when the run does */

    struct cpu_regs regs; /* of the running mode; ip: bit 3 only. regs.x is 0: x is above */
    struct guest guest;
    struct tlb tlb;
    struct code code;
    struct machine *machine;
};

#define NEVER UINT64_MAX

static inline uint64_t cpu_icount(const struct cpu *c)
{
    return c->stop_step - (uint64_t)(int64_t)charge_steps(c->left) - c->busy;
}
static inline uint64_t cpu_cycle(const struct cpu *c)
{
    return c->stop_cycle - (uint64_t)(int64_t)charge_cycles(c->left) - 1;
}
static inline uint64_t cpu_instret(const struct cpu *c)
{
    return cpu_icount(c) - c->not_retired;
}
static inline void cpu_charge(struct cpu *c, uint32_t cycles)
{
    c->left -= charge_of(0, cycles);
}
/* A step begins: an instruction whose bits and unavoidable cost are these, or a delivery. */
static inline void cpu_begin(struct cpu *c, uint32_t cycles, word bits)
{
    c->left -= charge_of(1, cycles);
    c->busy = true;
    c->insn = bits;
}

/* What takes the host longer than a step, in steps (measured; a step is about a nanosecond). */
enum slow {
    SLOW_ACCESS = 20,     /* not in the fast arrays */
    SLOW_WALK = 16,       /* nor in the TLB */
    SLOW_EVENT = 12,      /* published */
    SLOW_DECODE = 10,     /* an instruction */
    SLOW_REWRITTEN = 300, /* all code of a page is forgotten */
};
static inline void cpu_slow(struct cpu *c, enum slow what)
{
    c->slow += what;
}

void cpu_reset(struct cpu *c);
/* Between runs: it is now this step and cycle. */
void cpu_set_time(struct cpu *c, uint64_t icount, uint64_t cycle);
/* Time goes on without the processor. */
void cpu_sleep(struct cpu *c, uint64_t cycles);
uint64_t cpu_time(const struct cpu *c);

/* The timer of the running mode. */
bool cpu_timer_wrapped(const struct cpu *c); /* the rare case */
static inline bool cpu_timer_pending(const struct cpu *c)
{
    return c->guest.wraps ? cpu_timer_wrapped(c) : cpu_cycle(c) >= c->timer;
}
/* The next cycle at which it may change, NEVER when that is none. */
uint64_t cpu_timer_deadline(const struct cpu *c);

/* ip as the program reads it. */
static inline word cpu_pending(const struct cpu *c)
{
    return (c->regs.ip & FIELD_ip_soft) | c->guest.virtual_ip | (c->external ? c->guest.wires : 0) |
           (cpu_timer_pending(c) ? FIELD_ip_timer : 0);
}

/* Exits if bit `intercept` of the instruction intercepts is set, and then true. */
static inline bool guest_caught(struct cpu *c, unsigned intercept, word info1, word info2)
{
    return (c->guest.icept_insn >> intercept & 1) && guest_exit_by(c, intercept, info1, info2);
}

/* Ring or status have changed: asks for attention if that may let an interrupt or TF in. */
static inline void cpu_look_up(struct cpu *c)
{
    if ((cpu_pending(c) & c->regs.ie) || (c->regs.status & FIELD_status_tf))
        c->attention = true;
}

#endif
