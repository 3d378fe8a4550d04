/*
 * Into ring 0 and out again (isa.md section 4).
 */
#ifndef MACHINE_TRAP_H
#define MACHINE_TRAP_H

#include "machine/cpu.h"

/* The current instruction, at regs.pc, traps and does not retire; its step is over. */
void cpu_trap(struct cpu *c, word cause, word tval);
/* The instruction that began with TF set has completed; regs.pc is behind it. */
void cpu_trap_step(struct cpu *c);
/* Takes what comes between instructions: the most urgent interrupt that may be taken now, or what
 * guest.h puts before it; false when there is none. */
bool cpu_interrupt(struct cpu *c);
/* Takes this one now, whatever is pending. */
void cpu_take(struct cpu *c, word interrupt);
/* Of these bits of ip, the cause of the most urgent; bits is not 0. */
word cpu_most_urgent(word bits);
/* The step that was begun ends as a trap of the running mode, whatever is intercepted. */
void cpu_deliver(struct cpu *c, word cause, word tval);
/* tret in ring 0: c->next is where it goes. */
void cpu_return(struct cpu *c);
/* The machine can go no further. */
void cpu_shutdown(struct cpu *c, enum machine_shutdown why, word cause, word tval);

#endif
