/*
 * A virtual CPU: what the guest believes its processor to be, and what the real one needs to
 * run it.
 *
 * What the guest believes lies in a page of the VMCB's layout (isa/vmcb.def) whatever the
 * technique, so that the dashboard and hardware assist find it in one place. In it `status`
 * holds CRING as the register does, always equal to `ring`; `ip` is up to date but for the
 * timer bit, which vtimer_update refreshes.
 *
 * Rings: virtual ring v runs in real ring min(v + 1, 3). Rings 2 and 3 share real ring 3 and
 * are kept apart by having different shadow tables (ring_group).
 */
#ifndef VMM_VCPU_H
#define VMM_VCPU_H

#include "vmm/isa.h"
#include "vmm/types.h"

struct vm;

union vmcb {
    word words[1024];
#define VMCB(area, name, offset, meaning)                                                          \
    struct {                                                                                       \
        uint8_t before_##name[offset];                                                             \
        word name;                                                                                 \
    };
#include "isa/vmcb.def"
};

#define VMCB_MAGIC 0x42434d56u /* the bytes VMCB */

/* Two sets of shadow tables: virtual rings 0 to 2, and virtual ring 3. */
enum { RING_GROUPS = 2 };

static inline unsigned ring_group(word virtual_ring)
{
    return virtual_ring == 3;
}

static inline word ring_real(word virtual_ring)
{
    return virtual_ring < 2 ? virtual_ring + 1 : 3;
}

/* arch_entry.S knows the offsets of the first members; arch_cpu.c checks them. */
struct vcpu {
    word x[32]; /* the guest's registers while it does not run; x[0] is 0 */
    union vmcb *cb;
    word real_status; /* what status is loaded with at entry */
    word real_ptbr;   /* and ptbr */
    word exit_cause;  /* of the last exit */
    word exit_tval;
    word monitor_sp; /* where arch_enter left the monitor's registers */
    word entered;    /* instret at the last entry, low word */
    word ran;        /* guest instructions that retired since */
    hpa vmcb;        /* what vmrun is given (hardware assist) */

    struct vm *vm;
    union vmcb *home;    /* the VM's own page; cb is another while a guest of its own runs */
    word exit_insn;      /* what exited, where the processor says it; 0: it must be fetched */
    uint64_t instret;    /* guest instructions, direct and emulated */
    bool root_stale;     /* real_ptbr no longer fits ptbr or ring */
    bool waiting;        /* at a wfi that has not completed; pc is the wfi */
    uint64_t trapped_at; /* instret when the guest's handler was last entered */
};

/* State after reset: as the machine's (isa.md 11, Boot). */
void vcpu_reset(struct vcpu *v, gva entry, gpa boot_page);

void vcpu_set_ring(struct vcpu *v, word ring);

/*
 * Delivers a trap to the guest as its processor would (isa.md 4): the way to reflect an exit.
 * Ends the VM where the processor would shut down. cause has bit 31 for interrupts. Where the
 * technique has the processor deliver, it is only noted here, and happens at the next entry.
 */
void vcpu_trap(struct vcpu *v, word cause, word tval);

/* Would the processor shut down instead of taking this trap? */
bool vcpu_is_dead_end(const struct vcpu *v, word cause, word tval);
/* It would, or has: ends the VM, saying why. */
void vcpu_dead_end(struct vcpu *v, word cause);

/* The return from one: tret in virtual ring 0. */
void vcpu_tret(struct vcpu *v);

/* An instruction that the monitor carried out has completed; the next is at next_pc. A guest
 * that single-steps (stepping: TF was set when it began) gets its trap. */
void vcpu_retire(struct vcpu *v, gva next_pc, bool stepping);

/* Does a guest of this VM's own run (nested.h)? */
static inline bool vcpu_nested(const struct vcpu *v)
{
    return v->cb != v->home;
}

/* Enabled interrupts that are pending. A nested guest's monitor gives it some besides its ip. */
static inline word vcpu_pending(const struct vcpu *v)
{
    return (v->cb->ip | (vcpu_nested(v) ? v->cb->virtual_ip : 0)) & v->cb->ie;
}

/* Has what a wfi waits for arrived? For a nested guest also what ends its run. */
bool vcpu_woken(const struct vcpu *v);

/* Sets or clears bits of ip that are wires: of the VM's own board. */
void vcpu_wire(struct vcpu *v, word bit, bool level);

/* Delivers the interrupt of highest priority if the guest can take one now. */
void vcpu_interrupt(struct vcpu *v);

/* The guest's instret as of now, where the record finds it. */
static inline void vcpu_publish(const struct vcpu *v)
{
    v->home->instret = (word)v->instret;
    v->home->instreth = (word)(v->instret >> 32);
}

/* Does the guest single-step? */
static inline bool vcpu_stepping(const struct vcpu *v)
{
    return v->cb->status & FIELD_status_tf;
}

#endif
