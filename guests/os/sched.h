/*
 * Who runs: round robin, a slice each, preempted by the timer.
 */
#ifndef OS_SCHED_H
#define OS_SCHED_H

#include "guests/os/proc.h"

void sched_init(struct proc *idle);
struct proc *sched_running(void);

/* Gives the processor to the next ready process; returns when this one gets it again. Its
 * state says why it stopped. Interrupts must be off. */
void sched_switch(void);
/* Lets the others run once. Interrupts must be off. */
void sched_yield(void);

/* False while the kernel starts: nobody else could run, so there is nothing to wait for. */
bool sched_can_sleep(void);
/* Waits until somebody wakes `channel`, or until a time. The caller tests with interrupts off
 * whether it must wait, and tests again afterwards; so no wake-up is lost. */
void sched_sleep(const void *channel, uint64_t until);
/* Everybody who waits for `channel` becomes ready. Interrupt handlers may call it. */
void sched_wake(const void *channel);

/* This process can run from now on. Interrupts must be off. */
void sched_ready(struct proc *p);

/* The timer's interrupt. */
void sched_timer(void);
/* On the way back to a user program: its slice may be over. Interrupts must be off. */
void sched_preempt(void);

/* What the start-up code does for the rest of its life. */
_Noreturn void sched_idle(void);

/* Marks the far end of a kernel stack, so that an overflow is noticed. */
void sched_guard_stack(struct proc *p);

#endif
