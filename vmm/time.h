/*
 * The virtual timer: the guest's time is the machine's plus an offset of its own, and its
 * compare register raises the timer bit of its ip.
 */
#ifndef VMM_TIME_H
#define VMM_TIME_H

#include "vmm/vcpu.h"

/* What the guest's `time` reads. */
uint64_t vtimer_now(const struct vcpu *v);

/* Brings the timer bit of ip up to date; while a nested guest runs, its own and the VM's. */
void vtimer_update(struct vcpu *v);

/* The same after the guest changed timecmp or ie: the real timer may have to change too. */
void vtimer_changed(struct vcpu *v);

/* Can the timer wake the guest, now or some day? */
bool vtimer_can_ring(const struct vcpu *v);

/* The machine's time at which the timer bit can next rise and matter, ARCH_NEVER for never, or while
 * the processor sees to it by itself. */
uint64_t vtimer_deadline(const struct vcpu *v);

#endif
