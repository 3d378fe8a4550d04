/*
 * The run loop: what happens between instructions.
 *
 *   at a boundary: ended? asked to stop? budget? -> alarms due -> interrupt -> fetch
 *   then as many whole blocks as the countdown can pay, else one instruction by itself
 *
 * Exactness. Blocks run only while neither the budget nor the next deadline would be passed
 * inside one. What does not fit is executed one instruction at a time by the same handlers:
 * the block of one instruction, with a budget of one step, so that it cannot go on.
 */
#include "machine/control.h"
#include "machine/exec.h"
#include "machine/internal.h"
#include "machine/mmu.h"
#include "machine/trap.h"

#define SPAN       ((uint64_t)1 << 30) /* of one countdown, steps or cycles */
#define STEP_KINDS (EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_mem))

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A countdown to the nearest of these, from exactly now. */
static void count_down_to(struct cpu *c, uint64_t step, uint64_t cycle)
{
    uint64_t icount = cpu_icount(c), now = cpu_cycle(c);

    c->stop_step = least(step, icount + SPAN);
    c->stop_cycle = least(cycle, now + SPAN);
    c->left = charge_of((int64_t)(c->stop_step - icount), (int64_t)(c->stop_cycle - now) - 1);
}

void cpu_sleep(struct cpu *c, uint64_t cycles)
{
    c->stop_cycle += cycles;
    c->attention = true;
}

void cpu_set_time(struct cpu *c, uint64_t icount, uint64_t cycle)
{
    c->stop_step = icount;
    c->stop_cycle = cycle;
    c->left = charge_of(0, -1);
    c->attention = true;
}

void cpu_reset(struct cpu *c)
{
    c->regs = (struct cpu_regs){0};
    for (unsigned i = 0; i < COUNT_OF(c->x); i++)
        c->x[i] = 0;
    cpu_set_time(c, 0, 0);
    c->not_retired = c->timer = 0;
    c->entered = c->announced = NEVER;
    c->busy = c->waits_input = c->stop = c->watch = c->external = false;
    c->guest = guest_none();
    c->crossings = 0;
    c->insn = 0;
    tlb_reset(c);
    code_flush(c);
}

/* The next deadline that is not the program's doing. Alarms that are due have rung. */
static uint64_t next_deadline(const struct cpu *c)
{
    uint64_t alarm = c->machine->schedule.next;

    if (c->guest.inside)
        alarm = least(alarm, guest_timer_deadline(c));
    return c->regs.ie & FIELD_ie_timer ? least(alarm, cpu_timer_deadline(c)) : alarm;
}

/* Reasons to come back that need no running. */
static bool over(struct cpu *c, enum machine_stop *why)
{
    struct machine *m = c->machine;

    if (m->state == MACHINE_HALTED)
        *why = STOP_HALTED;
    else if (m->state == MACHINE_SHUTDOWN)
        *why = STOP_SHUTDOWN;
    else if (c->stop)
        *why = STOP_REQUESTED;
    else if (c->waits_input)
        *why = STOP_INPUT;
    else if (cpu_icount(c) >= c->limit)
        *why = STOP_BUDGET;
    else
        return false;
    return true;
}

/* Whether single steps are asked for: somebody watches, or TF. */
static bool stepping(struct cpu *c)
{
    bool watch = (c->machine->trace.wanted & STEP_KINDS) != 0;

    if (watch != c->watch) {
        c->watch = watch;
        tlb_update_context(c);
    }
    return watch || (c->regs.status & FIELD_status_tf);
}

/* Executes the one instruction at regs.pc, in `page`. */
static void step(struct cpu *c, struct code_page *page)
{
    uint64_t icount = cpu_icount(c), not_retired = c->not_retired, crossings = c->crossings;
    unsigned index = c->regs.pc / 4 % PT_ENTRIES;
    bool single_step = c->regs.status & FIELD_status_tf;
    const struct block *block = code_single(c, page, index, code_word(c, page->number, index));

    if (c->announced != icount) {
        c->insn = block->notes[0].bits;
        machine_emit(c->machine, EVENT_insn, 0, 0, 0, 0);
        if (c->stop) {
            c->announced = icount;
            return;
        }
    }
    c->stop_step = icount + 1;
    c->left = charge_of(1, charge_cycles(c->left));
    exec_run(c, block);
    if (single_step && cpu_icount(c) != icount && c->not_retired == not_retired &&
        c->crossings == crossings) /* a vmrun completes when its guest exits */
        cpu_trap_step(c);
}

/* From a boundary at which nothing is due, to the next look. */
static void advance(struct cpu *c)
{
    bool one = stepping(c);

    count_down_to(c, c->limit, next_deadline(c));
    struct code_page *page = mmu_fetch(c);
    if (!page)
        return;
    unsigned index = c->regs.pc / 4 % PT_ENTRIES;
    const struct block *block = page->entry[index];
    if (block == &block_none && !one) {
        block = code_decode(c, page->number, index);
        page = block->page;
    }
    if (one || c->attention || ((c->left - block->charge) & CHARGE_SIGNS))
        step(c, page);
    else
        exec_run(c, block);
}

enum machine_stop machine_run(struct machine *m, uint64_t steps)
{
    struct cpu *c = &m->cpu;
    enum machine_stop why;
    uint64_t icount = cpu_icount(c);

    c->limit = steps > NEVER - icount ? NEVER : icount + steps;
    c->waits_input = false;
    while (!over(c, &why)) {
        c->attention = c->announced == cpu_icount(c);
        c->insn = 0;
        if (!c->attention) {
            if (m->schedule.next <= cpu_cycle(c))
                schedule_run(&m->schedule, cpu_cycle(c));
            if (cpu_interrupt(c))
                continue;
        }
        advance(c);
    }
    c->stop = false;
    c->insn = 0;
    return why;
}
