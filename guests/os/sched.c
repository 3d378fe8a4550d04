/*
 * Who runs. Each switch gives the process a whole slice; the timer is set to its end, or to
 * the first moment at which a sleeper wants to wake, whichever is earlier. A process that is
 * alone has no slice: nobody waits for its end, and the timer rings for sleepers only. It gets
 * one when somebody else becomes ready.
 *
 * The kernel itself is never preempted: a timer interrupt there only takes note, and the
 * switch happens on the way back to the user program. What the kernel must protect itself
 * from are interrupt handlers, and for that it turns interrupts off (irq_save).
 *
 * Nobody ready: the idle process waits. It sets the timer only if somebody sleeps, so
 * that a machine with nothing to do sleeps until a key is pressed.
 */
#include "guests/os/sched.h"

#include "guests/os/arch.h"
#include "guests/os/printk.h"
#include "guests/os/timer.h"
#include "guests/os/vm.h"

#define SLICE       (10 * TICKS_PER_MS)
#define STACK_GUARD 0x4b435453u /* the bytes STCK */

/* entry.S */
void context_switch(struct context *from, const struct context *to);

static struct proc *running, *idle;
static uint64_t running_since;
static bool slice_is_over, has_slice;

void sched_init(struct proc *the_idle)
{
    running = idle = the_idle;
    idle->state = PROCESS_RUNNING;
    sched_guard_stack(idle);
    running_since = timer_now();
}

struct proc *sched_running(void)
{
    return running;
}

void sched_guard_stack(struct proc *p)
{
    *(word *)(void *)p->stack = STACK_GUARD;
}

/* The next one in the table behind the running one, itself last; else the idle process. */
static struct proc *choose(void)
{
    unsigned from = (unsigned)(running - proc_at(0));

    for (unsigned i = 1; i <= PROC_MAX; i++) {
        struct proc *p = proc_at((from + i) % PROC_MAX);
        if (p != idle && p->state == PROCESS_READY)
            return p;
    }
    return idle;
}

/* Readies the sleepers whose time has come; returns the earliest of the others. */
static uint64_t wake_sleepers(uint64_t now)
{
    uint64_t first = TIMER_NEVER;

    for (unsigned i = 0; i < PROC_MAX; i++) {
        struct proc *p = proc_at(i);
        if (p->state != PROCESS_WAITING)
            continue;
        if (p->wake_at <= now)
            p->state = PROCESS_READY;
        else if (p->wake_at < first)
            first = p->wake_at;
    }
    return first;
}

/* `deadline` is the earliest sleeper's. */
static void set_timer(uint64_t now, uint64_t deadline)
{
    has_slice = running != idle && choose() != idle;
    if (has_slice && now + SLICE < deadline)
        deadline = now + SLICE;
    timer_set(deadline);
}

void sched_ready(struct proc *p)
{
    p->state = PROCESS_READY;
    if (running == idle || has_slice)
        return;
    uint64_t now = timer_now();
    set_timer(now, wake_sleepers(now));
}

void sched_switch(void)
{
    struct proc *last = running;
    uint64_t now = timer_now();

    if (irq_is_on())
        panic("interrupts are on in a critical section");
    if (*(word *)(void *)last->stack != STACK_GUARD)
        panic("the kernel stack of process %d has overflowed", last->pid);
    last->time_used += now - running_since;
    running_since = now;
    slice_is_over = false;
    /* Before the choice: the idle process must not wait while a sleeper's time has come. */
    uint64_t first = wake_sleepers(now);
    running = choose();
    running->state = PROCESS_RUNNING;
    set_timer(now, first);
    if (running == last)
        return;
    if (running == idle)
        vm_activate_kernel();
    else
        vm_activate(running->space.root, running->space.asid);
    context_switch(&last->context, &running->context);
}

void sched_yield(void)
{
    running->state = PROCESS_READY;
    sched_switch();
}

bool sched_can_sleep(void)
{
    return running != idle; /* before sched_init there is neither */
}

void sched_sleep(const void *channel, uint64_t until)
{
    running->channel = channel;
    running->wake_at = until;
    running->state = PROCESS_WAITING;
    sched_switch();
    running->channel = NULL;
    running->wake_at = TIMER_NEVER;
}

void sched_wake(const void *channel)
{
    word irq = irq_save();

    for (unsigned i = 0; i < PROC_MAX; i++) {
        struct proc *p = proc_at(i);
        if (p->state == PROCESS_WAITING && p->channel == channel)
            sched_ready(p);
    }
    irq_restore(irq);
}

void sched_timer(void)
{
    uint64_t now = timer_now();

    slice_is_over = true;
    set_timer(now, wake_sleepers(now));
}

void sched_preempt(void)
{
    if (slice_is_over)
        sched_yield();
}

void sched_idle(void)
{
    for (;;) {
        irq_off();
        sched_yield();
        cpu_wait(); /* an interrupt ends the wait although it is not taken yet: */
        irq_on();   /* now it is */
    }
}
