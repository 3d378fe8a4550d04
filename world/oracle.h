/*
 * The escape oracle: a guest runs a second time, on bare hardware of its own, in lockstep with the
 * run in its virtual machine, and the first difference stops the machine. A sensitive instruction
 * that fails silently becomes visible: Popek and Goldberg as a breakpoint.
 *
 * Equivalence is "timing apart" (vmm.md): what comes from outside the guest's own program is taken
 * from the virtual run and given to the reference at the same guest instruction: when interrupts
 * are taken, and what instructions read that ask the outside (counters, ip, ports, device
 * registers, what cpuid says of the machine). Given those, every general register, pc, ring and
 * control register must be equal before every guest instruction.
 *
 * The reference is made from the VM as it stands before its first instruction: its memory and its
 * registers, whoever loaded it and at whatever level of nesting.
 *
 * Where the guest's instructions run one for one and at their own addresses, the two are compared
 * before each of them. Under binary translation they do not; there the two are compared at each
 * trap that is delivered to the guest, and everything between two of them must have led to the
 * same registers. (That way is also the faster one.)
 */
#ifndef WORLD_ORACLE_H
#define WORLD_ORACLE_H

#include "world/world.h"

struct oracle;
enum oracle_by { ORACLE_BY_INSTRUCTIONS, ORACLE_BY_EVENTS };

struct oracle_report {
    bool escaped;
    uint64_t steps; /* guest instructions and interrupts that were compared */

    /* The first difference; all 0 before. */
    uint64_t icount; /* of the host's machine */
    gva pc;          /* the guest instruction after which they differ */
    word insn;       /* its bits */
    word reg;        /* view.h: x registers, VIEW_PC, VIEW_RING, control registers */
    word guest;      /* what it is in the guest */
    word reference;  /* and on bare hardware */
};

/* Watches `context` from now on: a VM that has not run an instruction yet. One at a time for a
 * host: a new one takes the old one's place. An escape is published as an event, ends the pending
 * goal if it waits for that, and stops the host. Going back in time ends the watch. */
int oracle_start(struct host *h, uint16_t context, enum oracle_by by, struct error *err);
void oracle_stop(struct host *h);
/* NULL: none was started. Valid until the next start, stop, or load. */
const struct oracle_report *oracle_report(const struct host *h);

/* Is the guest's memory the same as the bare machine's? False: *where is the first word that differs. Asked
 * while the VM lives. */
bool oracle_memory(const struct host *h, gpa *where);

/* "t0 is 00000010 in the guest and 00000000 on bare hardware, after csrr t0,status" */
const char *oracle_text(const struct host *h, char *buffer, size_t size);

#endif
