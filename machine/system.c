/*
 * System instructions: who may execute them (isa.md sections 3, 6 and 7), and what they do.
 *
 * The order of checks is that of the columns of isa/instructions.def: does it exist (cause 2),
 * may this ring (cause 24, or the classic variant's silent hole), then its work. Costs beyond
 * the base are charged when the work is done, so an instruction that traps costs base + trap.
 */
#include "machine/system.h"

#include "machine/control.h"
#include "machine/internal.h"
#include "machine/mmu.h"
#include "machine/trap.h"
#include "isa/vmcb.h"

static bool refuse(struct cpu *c, word cause)
{
    bool names_insn = cause == CAUSE_illegal || cause == CAUSE_privileged;

    cpu_trap(c, cause, names_insn ? c->insn : 0);
    return false;
}

/* For class PRIVILEGED: traps and returns false outside ring 0. */
static bool in_ring_0(struct cpu *c)
{
    return c->regs.ring == 0 || refuse(c, CAUSE_privileged);
}

/* For class SENSITIVE. */
static bool may_look(struct cpu *c)
{
    return c->machine->config.classic || in_ring_0(c);
}

/* A sensitive instruction has run without a trap where one belonged. */
static void note_hole(struct cpu *c, word result)
{
    if (c->regs.ring != 0)
        machine_emit(c->machine, EVENT_hole, 0, 0, result, 0);
}

/* ---- control registers ------------------------------------------------------------------ */

struct access_right {
    word cause;    /* 0: allowed */
    bool hole;     /* allowed by a classic hole only */
    word writable; /* bits that a write changes */
    word seen;     /* what was read */
    word base;     /* what a write starts from */
};

static word counter_bit(word number)
{
    return 1u << (number & 3);
}

static struct access_right right_of(const struct cpu *c, const struct csr_info *csr, bool writes)
{
    struct access_right r = {0};
    bool classic = c->machine->config.classic;

    if (!csr || (csr->kind == CSR_KIND_COUNTER && writes)) {
        r.cause = CAUSE_illegal;
        return r;
    }
    r.writable = csr->wmask;
    if (c->regs.ring == 0)
        return r;
    if (csr->kind == CSR_KIND_COUNTER) {
        r.cause = c->regs.cntren & counter_bit(csr->number) ? 0 : CAUSE_privileged;
        return r;
    }
    r.hole = classic && (csr->hole == CSR_HOLE_READ_UF || (csr->hole == CSR_HOLE_READ && !writes));
    r.cause = r.hole ? 0 : CAUSE_privileged;
    if (csr->hole == CSR_HOLE_READ_UF)
        r.writable = FIELD_status_uf;
    return r;
}

/* Is this access to a control register an exit? Reads of counters are one bit for all. */
static bool caught_read(struct cpu *c, const struct csr_info *csr, word value)
{
    unsigned bit = csr->number - VMCB_FIRST_CSR;

    if (csr->kind == CSR_KIND_COUNTER)
        return guest_caught(c, INTERCEPT_counters, csr->number, value);
    if (!(c->guest.icept_csr_read >> bit & 1))
        return false;
    c->not_retired++;
    guest_exit(c, EXIT_CSR_READ + bit, csr->number, value);
    return true;
}

static bool caught_write(struct cpu *c, const struct csr_info *csr, word value)
{
    unsigned bit = csr->number - VMCB_FIRST_CSR;

    if (!c->guest.inside || !(c->guest.icept_csr_write >> bit & 1))
        return false;
    c->not_retired++;
    guest_exit(c, EXIT_CSR_WRITE + bit, csr->number, value);
    return true;
}

/* csrrw and csrrwi do not read where nobody wants the value. */
static bool reads(const struct cpu *c, const struct op *op)
{
    return op->rd != 32 || (c->insn >> 12 & 3) != 1;
}

/* The steps of an access: may it be, is it an exit, what was there, and what is there now. Of a
 * register that shows wires, `base` is what is set and cleared: its own bits. */
static bool begin_access(struct cpu *c, const struct op *op, const struct csr_info *csr,
                         bool writes, struct access_right *right)
{
    *right = right_of(c, csr, writes);
    if (right->cause)
        return refuse(c, right->cause);
    right->seen = control_get(c, csr->number);
    right->base = csr->number == CSR_ip ? c->regs.ip : right->seen;
    return !c->guest.inside || !reads(c, op) || !caught_read(c, csr, right->seen);
}

static void write_control(struct cpu *c, const struct csr_info *csr,
                          const struct access_right *right, word value)
{
    word kept = right->base & ~right->writable;

    control_set(c, csr->number, kept | (value & right->writable));
    machine_emit(c->machine, EVENT_csr, 0, csr->number, right->seen, control_get(c, csr->number));
}

static void end_access(struct cpu *c, const struct op *op, const struct access_right *right)
{
    if (right->hole)
        note_hole(c, right->seen);
    c->x[op->rd] = right->seen;
}

#define CSR(name, from, writes, value)                                                             \
    bool system_##name(struct cpu *c, const struct op *op)                                         \
    {                                                                                              \
        const struct csr_info *csr = op->imm < 0 ? NULL : &csr_table[op->imm];                     \
        const word *x = c->x, operand = from;                                                      \
        struct access_right right;                                                                 \
                                                                                                   \
        (void)x;                                                                                   \
        if (!begin_access(c, op, csr, writes, &right))                                             \
            return false;                                                                          \
        const word old = right.base;                                                               \
        (void)old;                                                                                 \
        if (writes && caught_write(c, csr, value))                                                 \
            return false;                                                                          \
        cpu_charge(c, c->machine->config.cost.csr);                                                \
        if (writes)                                                                                \
            write_control(c, csr, &right, value);                                                  \
        end_access(c, op, &right);                                                                 \
        return true;                                                                               \
    }
#include "machine/semantics.def"

/* ---- traps on purpose, and back --------------------------------------------------------- */

bool system_ecall(struct cpu *c, const struct op *op)
{
    (void)op;
    return refuse(c, CAUSE_ecall_ring0 + c->regs.ring);
}

bool system_ebreak(struct cpu *c, const struct op *op)
{
    (void)op;
    cpu_trap(c, CAUSE_breakpoint, c->regs.pc);
    return false;
}

bool system_hcall(struct cpu *c, const struct op *op)
{
    (void)op;
    if (c->regs.ring != 0)
        return refuse(c, CAUSE_hcall);
    return guest_caught(c, INTERCEPT_hcall, 0, 0) ? false : refuse(c, CAUSE_illegal);
}

bool system_vmrun(struct cpu *c, const struct op *op)
{
    if (!c->machine->config.vt)
        return refuse(c, CAUSE_illegal);
    if (!in_ring_0(c) || guest_caught(c, INTERCEPT_vmrun, c->x[op->rs1], 0))
        return false;
    return guest_enter(c, op->rs1);
}

bool system_tret(struct cpu *c, const struct op *op)
{
    (void)op;
    if (!in_ring_0(c) || guest_caught(c, INTERCEPT_tret, 0, 0))
        return false;
    cpu_return(c);
    return true;
}

/* ---- waiting ---------------------------------------------------------------------------- */

static bool woken(const struct cpu *c)
{
    return (cpu_pending(c) & c->regs.ie) != 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The next cycle at which anything can change by itself. */
static uint64_t next_change(const struct cpu *c)
{
    uint64_t timer = c->regs.ie & FIELD_ie_timer ? cpu_timer_deadline(c) : NEVER;

    return least(least(timer, guest_timer_deadline(c)), c->machine->schedule.next);
}

/* The interrupt controller's wire would end the wait, by waking it or by an exit. */
static bool external_wakes(const struct cpu *c)
{
    if (c->regs.ie & c->guest.wires & FIELD_ie_ext)
        return true;
    return c->guest.inside && !c->guest.wires && (c->guest.host.ie & FIELD_ie_ext);
}

/* Nothing inside the machine can end the wait: the instruction has not completed. */
static bool wait_for_outside(struct cpu *c)
{
    struct machine *m = c->machine;

    if (!external_wakes(c) || m->input_ended || !devices_input_can_interrupt(&m->devices)) {
        cpu_shutdown(c, SHUTDOWN_wait_forever, 0, 0);
        c->not_retired++;
        c->busy = false;
        return false;
    }
    c->left += charge_of(1, m->config.cost.base);
    c->busy = false;
    c->waits_input = true;
    c->attention = true;
    c->announced = cpu_icount(c); /* it goes on where it is, whatever is pending then */
    return false;
}

bool system_wfi(struct cpu *c, const struct op *op)
{
    uint64_t start = cpu_cycle(c);
    bool forever = false;

    (void)op;
    if (!in_ring_0(c) || guest_caught(c, INTERCEPT_wfi, 0, 0))
        return false;
    if (c->follows) /* whoever leads knows when it ends */
        return true;
    while (!woken(c) && !guest_physical(c) && !forever) {
        uint64_t next = next_change(c), now = cpu_cycle(c);
        forever = next == NEVER;
        if (!forever && next > now)
            cpu_sleep(c, next - now);
        schedule_run(&c->machine->schedule, cpu_cycle(c));
    }
    if (cpu_cycle(c) != start)
        machine_emit(c->machine, EVENT_wait, 0, 0, (word)(cpu_cycle(c) - start), 0);
    if (forever)
        return wait_for_outside(c);
    return woken(c) || !guest_interrupted(c);
}

/* ---- memory management ------------------------------------------------------------------ */

bool system_sfence_vma(struct cpu *c, const struct op *op)
{
    if (!in_ring_0(c) || guest_caught(c, INTERCEPT_sfence_vma, c->x[op->rs1], c->x[op->rs2]))
        return false;
    cpu_charge(c, c->machine->config.cost.fence);
    tlb_fence(c, op->rs1 != 0, c->x[op->rs1], op->rs2 != 0,
              c->x[op->rs2] & (PTBR_ASID >> PTBR_ASID_SHIFT));
    return true;
}

/* Fetches see every store anyway. */
bool system_fence_i(struct cpu *c, const struct op *op)
{
    (void)c, (void)op;
    return true;
}

/* For ring 0 it answers for the ring that the last trap came from. */
bool system_probe(struct cpu *c, const struct op *op)
{
    word ring = c->regs.ring;
    word result = PTE_PL | PTE_X | PTE_W | PTE_R | PTE_V;

    if (!may_look(c) || guest_caught(c, INTERCEPT_probe, c->x[op->rs1], 0))
        return false;
    if (ring == 0)
        ring = (c->regs.status & FIELD_status_pring) >> SHIFT_status_pring;
    if (c->regs.ptbr & PTBR_ON) {
        word entry;
        if (!mmu_probe(c, c->x[op->rs1], &entry))
            return false;
        bool allowed = ring <= (entry & PTE_PL) >> PTE_PL_SHIFT;
        result = allowed ? entry & result : 0;
    }
    note_hole(c, result);
    c->x[op->rd] = result;
    return true;
}

/* ---- identification, ports, hints ------------------------------------------------------- */

bool system_cpuid(struct cpu *c, const struct op *op)
{
    static const word name = 0x5a505254; /* the bytes TRPZ */
    const struct machine_config *config = &c->machine->config;
    word leaf = c->x[op->rs1], result = 0;

    if (!may_look(c) || guest_caught(c, INTERCEPT_cpuid, leaf, 0))
        return false;
    if (leaf == 0)
        result = name;
    else if (leaf == 1)
        result = (config->classic ? 0 : 1) | (config->vt ? 2 : 0) | (config->npt ? 4 : 0);
    note_hole(c, result);
    c->x[op->rd] = result;
    return true;
}

static bool may_use_ports(struct cpu *c)
{
    word iopl = (c->regs.status & FIELD_status_iopl) >> SHIFT_status_iopl;

    return c->regs.ring <= iopl || refuse(c, CAUSE_privileged);
}

bool system_pin(struct cpu *c, const struct op *op)
{
    word port = c->x[op->rs1] & 0xffff;

    if (!may_use_ports(c) || guest_caught_port(c, port, 0))
        return false;
    word value = bus_port_in(&c->machine->bus, port);
    cpu_charge(c, c->machine->config.cost.port);
    machine_emit(c->machine, EVENT_port, 0, port, value, 0);
    c->x[op->rd] = value;
    return true;
}

bool system_pout(struct cpu *c, const struct op *op)
{
    word port = c->x[op->rs1] & 0xffff;

    if (!may_use_ports(c) || guest_caught_port(c, port, c->x[op->rs2]))
        return false;
    bus_port_out(&c->machine->bus, port, c->x[op->rs2]);
    cpu_charge(c, c->machine->config.cost.port);
    machine_emit(c->machine, EVENT_port, 0, port, c->x[op->rs2], 1);
    return true;
}

bool system_trace(struct cpu *c, const struct op *op)
{
    machine_emit(c->machine, EVENT_hint, 0, 0, (word)op->imm, c->x[op->rs1]);
    contexts_hint(&c->machine->contexts, c->regs.ring, (word)op->imm, c->x[op->rs1]);
    return true;
}
