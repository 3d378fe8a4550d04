/*
 * A lock that is slept for. The kernel is not preempted, so nothing can come in between the
 * test and the taking but an interrupt, and interrupts are off there for sched_sleep's sake.
 */
#include "guests/os/lock.h"

#include "guests/os/arch.h"
#include "guests/os/sched.h"
#include "guests/os/timer.h"

void lock_take(struct lock *l)
{
    word irq = irq_save();

    while (l->taken)
        sched_sleep(l, TIMER_NEVER);
    l->taken = true;
    irq_restore(irq);
}

void lock_give(struct lock *l)
{
    l->taken = false;
    sched_wake(l);
}
