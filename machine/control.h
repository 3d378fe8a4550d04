/*
 * Control registers and counters by number (isa/csrs.def).
 */
#ifndef MACHINE_CONTROL_H
#define MACHINE_CONTROL_H

#include "machine/cpu.h"

/* The value, whoever asks. */
word control_get(const struct cpu *c, word number);
/* What ring 0 would write: only the bits that exist. Counters are not written. */
void control_set(struct cpu *c, word number, word value);
/* timecmp or the offset of time is another: computes when the timer is pending. */
void control_timer_changed(struct cpu *c);
/* All registers at once, from outside. */
void control_set_all(struct cpu *c, const struct cpu_regs *regs);

#endif
