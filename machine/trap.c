/*
 * Traps, interrupts, tret, and the ways in which a machine comes to an end by itself.
 *
 * A trap sets epc, cause, tval; saves ring, IE, TF and ptbr one level deep; goes to ring 0 at
 * tvec. Three things would make that an endless silent loop and shut the machine down instead:
 * no vector, a vector that cannot be fetched, and a handler whose very first instruction traps
 * in the same way again.
 */
#include "machine/trap.h"

#include "isa/vmcb.h"
#include "machine/internal.h"

void cpu_shutdown(struct cpu *c, enum machine_shutdown why, word cause, word tval)
{
    struct machine *m = c->machine;

    m->state = MACHINE_SHUTDOWN;
    m->shutdown = why;
    c->attention = true;
    machine_emit(m, EVENT_shutdown, cause, tval, why, 0);
}

static word status_on_trap(word status, word ring)
{
    word keep = status & ~(word)(FIELD_status_ie | FIELD_status_tf | FIELD_status_pie |
                                 FIELD_status_ptf | FIELD_status_pring);

    return keep | ring << SHIFT_status_pring | (status & FIELD_status_ie ? FIELD_status_pie : 0) |
           (status & FIELD_status_tf ? FIELD_status_ptf : 0);
}

static bool is_fetch_fault(word cause)
{
    return cause == CAUSE_fetch_access || cause == CAUSE_fetch_page;
}

/* A trap by the first instruction of a handler, in ring 0, nothing having retired since. */
static enum machine_shutdown dead_end(const struct cpu *c, word cause, word tval)
{
    const struct cpu_regs *r = &c->regs;

    if (r->tvec == 0)
        return SHUTDOWN_no_vector;
    if (c->entered != cpu_icount(c) || r->ring != 0 || r->pc != r->tvec)
        return SHUTDOWN_NONE;
    if (is_fetch_fault(cause))
        return SHUTDOWN_bad_vector;
    if (r->epc == r->pc && r->cause == cause && r->tval == tval)
        return SHUTDOWN_trap_loop;
    return SHUTDOWN_NONE;
}

void cpu_deliver(struct cpu *c, word cause, word tval)
{
    struct machine *m = c->machine;
    struct cpu_regs *r = &c->regs;
    word ring = r->ring;

    cpu_charge(c, m->config.cost.trap);
    enum machine_shutdown why = dead_end(c, cause, tval);
    if (why != SHUTDOWN_NONE && c->guest.inside) {
        guest_shutdown(c, cause, tval);
        return;
    }
    if (why != SHUTDOWN_NONE) {
        cpu_shutdown(c, why, cause, tval);
        c->busy = false;
        return;
    }
    r->epc = r->pc;
    r->cause = cause;
    r->tval = tval;
    r->status = status_on_trap(r->status, ring);
    r->ring = 0;
    r->eptbr = r->ptbr;
    if (r->status & FIELD_status_tps)
        r->ptbr = r->tptbr;
    tlb_update_context(c);
    machine_emit_change(m, EVENT_trap, ring, cause, tval, r->tvec, 0);
    word vmid = m->contexts.table[m->contexts.current].vmid;
    if (m->contexts.current != m->contexts.base) {
        machine_emit_change(m, EVENT_exit, ring, cause, tval, vmid, m->contexts.base);
        if (cause == CAUSE_hcall)
            machine_emit_change(m, EVENT_hypercall, ring, 0, 0, c->x[17], c->x[10]); /* a7, a0 */
    }
    contexts_trap(&m->contexts, cpu_cycle(c), c->insn);
    r->pc = r->tvec;
    c->busy = false;
    c->entered = cpu_icount(c);
}

/* An exception: of the running mode, or an exit. */
static void raise(struct cpu *c, word cause, word tval)
{
    if (c->guest.icept_cause >> cause & 1)
        guest_exit(c, EXIT_CAUSE + cause, tval, 0);
    else
        cpu_deliver(c, cause, tval);
}

void cpu_trap(struct cpu *c, word cause, word tval)
{
    c->not_retired++;
    raise(c, cause, tval);
}

void cpu_trap_step(struct cpu *c)
{
    c->busy = true;
    c->insn = 0;
    raise(c, CAUSE_single_step, 0);
}

word cpu_most_urgent(word bits)
{
    static const uint8_t by_priority[] = {
#define INTERRUPT(name, code, text) code,
#include "isa/causes.def"
    };
    unsigned i = 0;

    while (i + 1 < COUNT_OF(by_priority) && !(bits >> by_priority[i] & 1))
        i++;
    return CAUSE_INTERRUPT | by_priority[i];
}

void cpu_take(struct cpu *c, word interrupt)
{
    cpu_begin(c, 0, 0);
    c->not_retired++;
    cpu_deliver(c, interrupt, 0);
}

bool cpu_interrupt(struct cpu *c)
{
    if (c->guest.inside && guest_boundary(c))
        return true;
    word wanted = cpu_pending(c) & c->regs.ie;

    if (wanted == 0 || c->follows || (c->regs.ring == 0 && !(c->regs.status & FIELD_status_ie)))
        return false;
    cpu_take(c, cpu_most_urgent(wanted));
    return true;
}

static word status_on_return(word status)
{
    word keep = status & ~(word)(FIELD_status_ie | FIELD_status_tf | FIELD_status_ptf);

    return keep | FIELD_status_pring | FIELD_status_pie |
           (status & FIELD_status_pie ? FIELD_status_ie : 0) |
           (status & FIELD_status_ptf ? FIELD_status_tf : 0);
}

void cpu_return(struct cpu *c)
{
    struct machine *m = c->machine;
    struct cpu_regs *r = &c->regs;

    cpu_charge(c, m->config.cost.tret);
    r->ring = (r->status & FIELD_status_pring) >> SHIFT_status_pring;
    r->status = status_on_return(r->status);
    if (r->status & FIELD_status_tps)
        r->ptbr = r->eptbr;
    tlb_update_context(c);
    c->next = r->epc;
    cpu_look_up(c);
    machine_emit_change(m, EVENT_ret, 0, 0, 0, c->next, 0);
    if (r->ring == 0)
        return;
    const struct context *to = &m->contexts.table[contexts_return(&m->contexts)];
    if (to->id != m->contexts.base)
        machine_emit_change(m, EVENT_entry, 0, 0, 0, to->vmid,
                            to->exit_cycle ? (word)(cpu_cycle(c) - to->exit_cycle) : 0);
}
