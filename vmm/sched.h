/*
 * Which VM runs next, and when the real timer rings.
 *
 * Round robin with a slice. With one VM that can run there is no slice: the timer rings for
 * guests only.
 */
#ifndef VMM_SCHED_H
#define VMM_SCHED_H

#include "vmm/types.h"

struct vm;
struct vmm;

/* Long enough that a switch (a cold TLB and shadow table) costs about one in a hundred. */
#define SCHED_SLICE 200000u

struct sched {
    struct vm *current;
    uint64_t slice_end; /* machine time */
    uint64_t since;     /* cycle from which current is charged */
    bool expired;       /* current has had its slice */
    bool timer_stale;   /* the real timer no longer fits what is waited for */
};

/* The current VM cannot go on: the one to run now, NULL when all wait. */
struct vm *sched_pick(struct vmm *vmm);

/* The real timer rang. */
void sched_tick(struct vmm *vmm);

/* Sets the real timer to what is waited for next. */
void sched_program(struct vmm *vmm);

void sched_timer_changed(struct vmm *vmm);
/* An interrupt arrived for a VM. */
void sched_woken(struct vm *vm);
/* A VM is about to be freed. */
void sched_forget(struct vm *vm);

#endif
