/*
 * Which VM runs next, and when the real timer rings.
 *
 * Proportional share: each VM has a virtual time that grows with every cycle it uses, the slower
 * the larger its weight, and the one that is furthest behind runs next, for a slice at most. Of
 * two that always want to run, one with twice the weight so has twice the cycles.
 *
 *   exact      what is charged are cycles read at both ends, not ticks: to sleep when the tick
 *              comes saves nothing. Work for another VM's device is that VM's to pay for.
 *   waking     a VM that waited is never further ahead than one slice before those that did not:
 *              enough to run at once, too little to be worth waiting for.
 *   cap        a VM that has used c cycles with a cap of p percent does not run until c * 100 / p
 *              have passed since it began, whoever else wants to.
 *
 * With one VM that can run and has no cap there is no slice: the timer rings for guests only.
 */
#ifndef VMM_SCHED_H
#define VMM_SCHED_H

#include "vmm/types.h"

struct vm;
struct vmm;

/* Cycles; long enough that a switch (a cold TLB and shadow table) costs about one in a hundred. */
#define SCHED_SLICE       200000u

#define SCHED_WEIGHT      256u /* of a VM that was given none */
#define SCHED_WEIGHT_MOST 65535u

/* What the scheduler knows of a VM. */
struct share {
    word weight;
    word cap;            /* percent of the processor; 0: none */
    word pace;           /* virtual time for a cycle, 16 bits behind the point */
    uint64_t elapsed;    /* its virtual time, in the same form */
    uint64_t not_before; /* cycle from which its cap lets it run again */
    bool away;           /* could not run when the others were last compared */
};

struct sched {
    struct vm *current;
    struct vm *payer;   /* is charged; NULL: the monitor */
    uint64_t slice_end; /* cycle */
    uint64_t since;     /* cycle from which the payer is charged */
    uint64_t floor;     /* virtual time of those that always want to run */
    uint64_t idle;      /* cycles in which nobody could run */
    word divider;       /* cycles in a tick of machine time */
    bool expired;       /* current has had its slice, or somebody more urgent woke */
    bool timer_stale;   /* the real timer no longer fits what is waited for */
};

void sched_init(struct vmm *vmm);

/* A VM begins, or its owner changes its mind: weight 1 to SCHED_WEIGHT_MOST, cap 0 to 100. */
void sched_admit(struct vm *vm, word weight, word cap);
void sched_set(struct vm *vm, word weight, word cap);

/* The current VM cannot go on: the one to run now, NULL when all wait. */
struct vm *sched_pick(struct vmm *vmm);

/* The real timer rang. */
void sched_tick(struct vmm *vmm);

/* Sets the real timer to what is waited for next. */
void sched_program(struct vmm *vmm);

void sched_timer_changed(struct vmm *vmm);
/* Something that a VM may have waited for has come. */
void sched_woken(struct vm *vm);
/* A VM is about to be freed. */
void sched_forget(struct vm *vm);

/* From here on `vm` is charged (NULL: the monitor); returns who was. */
struct vm *sched_pay(struct vmm *vmm, struct vm *vm);

/* Brings what everybody has used up to date. */
void sched_account(struct vmm *vmm);

/* Nobody can run: sleeps until an interrupt is pending. */
void sched_sleep(struct vmm *vmm);

#endif
