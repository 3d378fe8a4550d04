/*
 * The dispatcher: the one place that decides, from the cause of an exit and the state of the
 * virtual CPU, which routine answers.
 */
#ifndef VMM_DISPATCH_H
#define VMM_DISPATCH_H

struct vcpu;
struct vmm;

/* Answers the trap that ended the guest's run (exit_cause, exit_tval). */
void dispatch_exit(struct vcpu *v);

/* Answers the interrupts that are pending. */
void dispatch_interrupts(struct vmm *vmm);

/* Runs VMs until none is left. */
void dispatch_run(struct vmm *vmm);

#endif
