/*
 * The virtual CPU's own moves: reset, traps, return, interrupts (isa.md 4).
 *
 * A trap saves one level of state in registers and goes to virtual ring 0. Three things would
 * make that an endless silent loop; as the processor shuts down then, the VM ends: no vector,
 * a vector that cannot be fetched, a handler whose first instruction traps the same way again.
 */
#include "vmm/vcpu.h"

#include "vmm/arch.h"
#include "vmm/assist.h"
#include "vmm/isa.h"
#include "vmm/lib.h"
#include "vmm/sched.h"
#include "vmm/technique.h"
#include "vmm/time.h"
#include "vmm/vm.h"

void vcpu_reset(struct vcpu *v, gva entry, gpa boot_page)
{
    memset(v->x, 0, sizeof v->x);
    v->x[11] = boot_page;
    v->cb->pc = entry;
    v->root_stale = true;
    v->waiting = false;
    v->instret = 0;
    vtimer_changed(v);
}

void vcpu_set_ring(struct vcpu *v, word ring)
{
    if (ring_group(ring) != ring_group(v->cb->ring))
        v->root_stale = true;
    v->cb->ring = ring;
    v->cb->status = (v->cb->status & ~(word)FIELD_status_cring) | ring << SHIFT_status_cring;
}

static const char *cause_text(word cause)
{
    static const char *const exceptions[32] = {
#define CAUSE(name, code, tval, text) [code] = text,
#include "isa/causes.def"
    };
    static const char *const interrupts[32] = {
#define INTERRUPT(name, code, text) [code] = text,
#include "isa/causes.def"
    };
    return cause & CAUSE_INTERRUPT ? interrupts[cause & 31] : exceptions[cause & 31];
}

static bool is_fetch_fault(word cause)
{
    return cause == CAUSE_fetch_access || cause == CAUSE_fetch_page;
}

bool vcpu_is_dead_end(const struct vcpu *v, word cause, word tval)
{
    const union vmcb *cb = v->cb;

    if (cb->tvec == 0)
        return true;
    if (v->trapped_at != v->instret || cb->ring != 0 || cb->pc != cb->tvec)
        return false;
    return is_fetch_fault(cause) || (cb->epc == cb->pc && cb->cause == cause && cb->tval == tval);
}

void vcpu_dead_end(struct vcpu *v, word cause)
{
    const char *why = "the first instruction of its trap handler traps, again and again";

    if (v->cb->tvec == 0)
        why = "it trapped while it has no trap handler";
    else if (is_fetch_fault(cause))
        why = "its trap handler cannot be fetched";
    vm_end(v->vm, why, cause_text(cause));
}

static word status_on_trap(word status, word ring)
{
    word saved = ring << SHIFT_status_pring;

    if (status & FIELD_status_ie)
        saved |= FIELD_status_pie;
    if (status & FIELD_status_tf)
        saved |= FIELD_status_ptf;
    return (status & ~(word)(FIELD_status_ie | FIELD_status_tf | FIELD_status_pie |
                             FIELD_status_ptf | FIELD_status_pring)) |
           saved;
}

/* What the processor does in a trap, done to the virtual one. */
static void take(struct vcpu *v, word cause, word tval)
{
    union vmcb *cb = v->cb;

    cb->epc = cb->pc;
    cb->cause = cause;
    cb->tval = tval;
    cb->status = status_on_trap(cb->status, cb->ring);
    vcpu_set_ring(v, 0);
    cb->eptbr = cb->ptbr;
    if ((cb->status & FIELD_status_tps) && cb->ptbr != cb->tptbr) {
        cb->ptbr = cb->tptbr;
        v->root_stale = true;
    }
    cb->pc = cb->tvec;
    v->trapped_at = v->instret;
}

void vcpu_trap(struct vcpu *v, word cause, word tval)
{
    const struct technique *t = v->vm->technique;
    bool nested = vcpu_nested(v); /* then it is that guest's handler, or nested.c has said it */

    if (t->inject)
        t->inject(v, cause, tval);
    else if (vcpu_is_dead_end(v, cause, tval))
        vcpu_dead_end(v, cause);
    else
        take(v, cause, tval);
    if (v->vm->ended)
        return;
    if (!nested)
        arch_hint_reflect(v->vm->id); /* whoever listens finds the trap in the guest's registers */
    if (t->trapped)
        t->trapped(v);
}

void vcpu_tret(struct vcpu *v)
{
    union vmcb *cb = v->cb;
    word old = cb->status;

    cb->status = (old & ~(word)(FIELD_status_ie | FIELD_status_tf | FIELD_status_ptf)) |
                 FIELD_status_pring | FIELD_status_pie;
    if (old & FIELD_status_pie)
        cb->status |= FIELD_status_ie;
    if (old & FIELD_status_ptf)
        cb->status |= FIELD_status_tf;
    vcpu_set_ring(v, (old & FIELD_status_pring) >> SHIFT_status_pring);
    if ((cb->status & FIELD_status_tps) && cb->ptbr != cb->eptbr) {
        cb->ptbr = cb->eptbr;
        v->root_stale = true;
    }
    cb->pc = cb->epc;
}

void vcpu_retire(struct vcpu *v, gva next_pc, bool stepping)
{
    v->cb->pc = next_pc;
    v->instret++;
    if (vcpu_nested(v) && ++v->cb->instret == 0)
        v->cb->instreth++;
    if (stepping && !v->vm->ended)
        vcpu_trap(v, CAUSE_single_step, 0);
}

bool vcpu_woken(const struct vcpu *v)
{
    bool ends = vcpu_nested(v) && (v->cb->icept_insn >> INTERCEPT_interrupts & 1);

    return vcpu_pending(v) || (ends && (v->home->ip & v->home->ie));
}

void vcpu_wire(struct vcpu *v, word bit, bool level)
{
    if (level == ((v->home->ip & bit) != 0))
        return;
    v->home->ip ^= bit;
    if (level)
        sched_woken(v->vm);
}

void vcpu_interrupt(struct vcpu *v)
{
    static const uint8_t by_priority[] = {
#define INTERRUPT(name, code, text) code,
#include "isa/causes.def"
    };
    word wanted;

    if (v->cb->ring == 0 && !(v->cb->status & FIELD_status_ie))
        return;
    vtimer_update(v);
    wanted = v->cb->ip & v->cb->ie;
    for (unsigned i = 0; i < COUNT_OF(by_priority); i++) {
        if (wanted >> by_priority[i] & 1) {
            vcpu_trap(v, CAUSE_INTERRUPT | by_priority[i], 0);
            return;
        }
    }
}
