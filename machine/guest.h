/*
 * Hardware assist (isa.md section 8): into a guest by vmrun, and out of it.
 *
 *            vmrun: VMCB -> checks -> host state put away, guest state loaded
 *   root  ------------------------------------------------------------>  non-root
 *         <------------------------------------------------------------
 *            exit: guest state and the reason -> VMCB, host state back, pc behind vmrun
 *
 * The general registers stay as they are, but for the one that vmrun named: it holds the VMCB's
 * address in the host and the VMCB's `rs1` in the guest.
 *
 * The VMCB is read once, at vmrun, into what is below; what software writes into it while the
 * guest runs is neither seen nor kept. It is written once, at the exit.
 *
 * At a boundary between instructions, the first of these that holds is what happens (where the
 * manual leaves it open this is the order, and nothing of what waits is lost):
 *
 *   1  a physical interrupt that is intercepted: an exit. An event still to be injected goes into
 *      exit_event.
 *   2  the event that the monitor injects: delivered as a trap of the guest, whatever is
 *      intercepted and whatever IE says. A step of its own, as an interrupt is.
 *   3  an interrupt that the guest can take: virtual bits, its own timer, and the wire from the
 *      interrupt controller where physical interrupts are not intercepted.
 *
 * and for an instruction: does it exist, may this ring (the guest's own traps), is it intercepted;
 * if it traps, is that cause intercepted, else it is the guest's trap, and if that cannot be taken
 * (no vector, a vector that cannot be fetched, a handler that traps at once in the same way) the
 * guest has shut down, which is an exit as well. Outside guest ring 0, hcall and vmrun are the
 * guest's own: causes 25 and 24 go to its kernel, as on a machine of its own.
 */
#ifndef MACHINE_GUEST_H
#define MACHINE_GUEST_H

#include "machine/machine.h"

struct cpu;

/* Of the current mode; in root mode all that matters to running code is 0, but `wires`. */
struct guest {
    bool inside;     /* non-root mode */
    bool wraps;      /* time + time_offset passes 2^64 one day: the timer is computed slowly */
    uint8_t rs1;     /* the register that vmrun named */
    word wires;      /* bits of ip that the interrupt controller's wire sets */
    word virtual_ip; /* or-ed into ip */
    word icept_insn, icept_cause, icept_csr_read, icept_csr_write;
    word icept_csr; /* the last two, or-ed */
    word accesses;  /* what the context of accesses (tlb.h) says of the guest */
    word io_map;
    word nptbr; /* 0: no nested paging */
    word vmid;
    hpa vmcb;
    word event, event_tval; /* injected and not delivered yet, form of VMCB_inject */
    uint64_t time_offset, instret_offset;
    uint64_t host_timer;  /* the host's cpu.timer */
    struct cpu_regs host; /* control registers, ring, and the pc behind vmrun */
};

/* State of a processor that runs no guest. */
struct guest guest_none(void);
/* Makes icept_csr and accesses from the others. */
void guest_derive(struct guest *g);

/* vmrun in root ring 0 by register rs1: true when the instruction is done (the guest runs, or its
 * VMCB was refused), c->next is then set. False: trapped. */
bool guest_enter(struct cpu *c, unsigned rs1);

/* Control goes back to the host. The step, if one was begun, is over; regs.pc is the host's. Who
 * calls has counted it as not retired where that is so. */
void guest_exit(struct cpu *c, word code, word info1, word info2);

/* The same by the current instruction, which has not retired. True. */
bool guest_exit_by(struct cpu *c, unsigned intercept, word info1, word info2);
/* By a port access that the permission map, or its absence, makes an exit. */
bool guest_caught_port(struct cpu *c, word port, word value);

/* A trap that the guest cannot take: exits. */
void guest_shutdown(struct cpu *c, word cause, word tval);

/* The host's interrupts that are pending and enabled and leave the guest; 0 in root mode. */
word guest_physical(const struct cpu *c);
/* The next cycle at which the host's timer makes one so. */
uint64_t guest_timer_deadline(const struct cpu *c);
/* Inside an instruction that waits: takes that exit, if there is one. */
bool guest_interrupted(struct cpu *c);
/* At a boundary: takes an exit for an interrupt, or delivers what is injected. */
bool guest_boundary(struct cpu *c);

#endif
