/*
 * The world switch; see guest.h. Everything that is the guest's while it runs lies where the
 * host's was, so that running code needs no test of the mode.
 */
#include "machine/guest.h"

#include <string.h>

#include "machine/control.h"
#include "machine/internal.h"
#include "machine/trap.h"
#include "machine/vmcb.h"

struct guest guest_none(void)
{
    return (struct guest){.wires = FIELD_ip_ext};
}

void guest_derive(struct guest *g)
{
    g->icept_csr = g->icept_csr_read | g->icept_csr_write;
    g->accesses = g->vmid << 12 | (g->nptbr ? FAST_NESTED : 0);
}

/* ---- the VMCB in RAM ---------------------------------------------------------------------- */

/* The guest registers that have a word, as the fields of cpu_regs; instret, ip, status and the
 * register of vmrun are more than that. */
#define GUEST_REGISTERS(R)                                                                         \
    R(pc)                                                                                          \
    R(ring)                                                                                        \
    R(tvec)                                                                                        \
    R(tscratch)                                                                                    \
    R(epc)                                                                                         \
    R(cause)                                                                                       \
    R(tval)                                                                                        \
    R(ie)                                                                                          \
    R(ptbr)                                                                                        \
    R(tptbr)                                                                                       \
    R(timecmp)                                                                                     \
    R(timecmph)                                                                                    \
    R(cntren)                                                                                      \
    R(eptbr)

static uint8_t *page_at(const struct cpu *c, hpa vmcb)
{
    return c->machine->ram + (vmcb - RAM_BASE);
}

static void put(uint8_t *page, enum vmcb_offset offset, word value)
{
    memcpy(page + (unsigned)offset, &value, sizeof value);
}

static void put_exit(uint8_t *page, word code, word info1, word info2)
{
    memset(page + VMCB_exit_code, 0, VMCB_exit_ring + sizeof(word) - VMCB_exit_code);
    put(page, VMCB_exit_code, code);
    put(page, VMCB_exit_info1, info1);
    put(page, VMCB_exit_info2, info2);
}

static uint64_t pair(word low, word high)
{
    return (uint64_t)high << 32 | low;
}

/* Instructions retired, with the current step if that one is over and has. */
static uint64_t retired(const struct cpu *c)
{
    return cpu_instret(c) + c->busy;
}

/* ---- in ----------------------------------------------------------------------------------- */

static void refuse(struct cpu *c, uint8_t *page, enum vmcb_rule rule, word offset, word value)
{
    put_exit(page, (word)EXIT_invalid, offset, rule);
    machine_emit(c->machine, EVENT_refused, 0, offset, rule, value);
}

static void load_control(struct guest *g, const struct vmcb *v)
{
    g->icept_insn = vmcb_get(v, VMCB_icept_insn);
    g->icept_cause = vmcb_get(v, VMCB_icept_cause);
    g->icept_csr_read = vmcb_get(v, VMCB_icept_csr_read);
    g->icept_csr_write = vmcb_get(v, VMCB_icept_csr_write);
    g->io_map = vmcb_get(v, VMCB_io_map);
    g->nptbr = vmcb_get(v, VMCB_nested_paging) ? vmcb_get(v, VMCB_nptbr) : 0;
    g->vmid = vmcb_get(v, VMCB_vmid);
    g->virtual_ip = vmcb_get(v, VMCB_virtual_ip);
    g->wires = g->icept_insn >> INTERCEPT_interrupts & 1 ? 0 : FIELD_ip_ext;
    g->event = vmcb_get(v, VMCB_inject);
    g->event_tval = vmcb_get(v, VMCB_inject_tval);
    if (!(g->event & VMCB_EVENT_VALID))
        g->event = g->event_tval = 0;
    g->time_offset = pair(vmcb_get(v, VMCB_time_offset), vmcb_get(v, VMCB_time_offseth));
    guest_derive(g);
}

static void load_registers(struct cpu *c, const struct vmcb *v)
{
    struct cpu_regs *r = &c->regs;

#define R(name) r->name = vmcb_get(v, VMCB_##name);
    GUEST_REGISTERS(R)
#undef R
    r->status = vmcb_get(v, VMCB_status) & ~(word)FIELD_status_cring;
    r->ip = vmcb_get(v, VMCB_ip) & FIELD_ip_soft;
}

static void flush(struct cpu *c, word how)
{
    if (how == 0)
        return;
    cpu_charge(c, c->machine->config.cost.fence);
    if (how == 1)
        tlb_flush_all(c);
    else
        tlb_fence(c, false, 0, false, 0);
}

static void enter(struct cpu *c, hpa address, unsigned rs1, const struct vmcb *v)
{
    struct machine *m = c->machine;
    struct guest *g = &c->guest;

    g->inside = true;
    g->vmcb = address;
    g->rs1 = (uint8_t)rs1;
    g->host = c->regs;
    g->host.pc = c->regs.pc + 4;
    g->host_timer = c->timer;
    load_control(g, v);
    g->instret_offset = pair(vmcb_get(v, VMCB_instret), vmcb_get(v, VMCB_instreth)) - retired(c);
    load_registers(c, v);
    c->next = c->regs.pc;
    c->regs.pc = g->host.pc - 4; /* of vmrun, for the events */
    c->x[rs1] = vmcb_get(v, VMCB_rs1);
    control_timer_changed(c);
    flush(c, vmcb_get(v, VMCB_tlb_control));
    tlb_update_context(c);
    c->crossings++;
    c->attention = true;
    const struct context *to =
        &m->contexts.table[contexts_vmrun(&m->contexts, (uint16_t)g->vmid, address)];
    machine_emit_change(m, EVENT_entry, 0, 0, 0, to->vmid,
                        to->exit_cycle ? (word)(cpu_cycle(c) - to->exit_cycle) : 0);
}

bool guest_enter(struct cpu *c, unsigned rs1)
{
    hpa address = c->x[rs1];
    struct vmcb v;
    word offset;

    if (address & ~PAGE_MASK || address - RAM_BASE >= c->machine->config.ram_size) {
        cpu_trap(c, address & ~PAGE_MASK ? CAUSE_store_misaligned : CAUSE_store_access, address);
        return false;
    }
    uint8_t *page = page_at(c, address);
    memcpy(v.words, page, sizeof v.words);
    cpu_charge(c, c->machine->config.cost.vmrun);
    enum vmcb_rule rule = vmcb_check(&v, page, &c->machine->config, &offset);
    if (rule) {
        word value;
        memcpy(&value, page + offset, sizeof value);
        ram_written(c->machine, address - RAM_BASE, PAGE_SIZE);
        refuse(c, page, rule, offset, value);
        return true;
    }
    enter(c, address, rs1, &v);
    return true;
}

/* ---- out ---------------------------------------------------------------------------------- */

static void store(struct cpu *c, word code, word info1, word info2)
{
    const struct cpu_regs *r = &c->regs;
    const struct guest *g = &c->guest;
    uint8_t *page = page_at(c, g->vmcb);
    uint64_t instret = retired(c) + g->instret_offset;

    put_exit(page, code, info1, info2);
    put(page, VMCB_exit_insn, c->insn);
    put(page, VMCB_exit_next_pc, c->insn ? r->pc + 4 : r->pc);
    put(page, VMCB_exit_event, g->event);
    put(page, VMCB_exit_event_tval, g->event_tval);
    put(page, VMCB_exit_ring, r->ring);
#define R(name) put(page, VMCB_##name, r->name);
    GUEST_REGISTERS(R)
#undef R
    put(page, VMCB_status, control_get(c, CSR_status));
    put(page, VMCB_ip, (cpu_pending(c) & ~(word)FIELD_ip_soft) | r->ip);
    put(page, VMCB_rs1, c->x[g->rs1]);
    put(page, VMCB_instret, (word)instret);
    put(page, VMCB_instreth, (word)(instret >> 32));
    ram_written(c->machine, g->vmcb - RAM_BASE, PAGE_SIZE);
}

void guest_exit(struct cpu *c, word code, word info1, word info2)
{
    struct machine *m = c->machine;
    word ring = c->regs.ring, pc = c->regs.pc;
    uint16_t vmid = m->contexts.table[m->contexts.current].vmid;
    struct guest was = c->guest;

    store(c, code, info1, info2);
    cpu_charge(c, m->config.cost.exit);
    c->guest = guest_none();
    c->regs = was.host;
    c->x[was.rs1] = was.vmcb;
    c->timer = was.host_timer;
    tlb_update_context(c);
    c->crossings++;
    c->regs.pc = pc;
    machine_emit_change(m, EVENT_exit, ring, CAUSE_EXIT | code, info1, vmid, info2);
    if (code == INTERCEPT_hcall)
        machine_emit_change(m, EVENT_hypercall, ring, 0, 0, c->x[17], c->x[10]); /* a7, a0 */
    contexts_exit(&m->contexts, cpu_cycle(c), c->insn);
    c->regs.pc = was.host.pc;
    c->busy = false;
    c->attention = true;
    if (c->regs.status & FIELD_status_tf) /* vmrun began with it, and has now completed */
        cpu_trap_step(c);
}

static bool intercepts(const struct cpu *c, unsigned bit)
{
    return c->guest.icept_insn >> bit & 1;
}

bool guest_exit_by(struct cpu *c, unsigned intercept, word info1, word info2)
{
    c->not_retired++;
    guest_exit(c, EXIT_INSN + intercept, info1, info2);
    return true;
}

bool guest_caught_port(struct cpu *c, word port, word value)
{
    word map = c->guest.io_map;

    if (!intercepts(c, INTERCEPT_port))
        return false;
    if (map) {
        cpu_charge(c, c->machine->config.cost.walk);
        if (!(c->machine->ram[map - RAM_BASE + port / 8] >> port % 8 & 1))
            return false;
    }
    return guest_caught(c, INTERCEPT_port, port, value);
}

static word event_of(word cause)
{
    return VMCB_EVENT_VALID | (cause & CAUSE_INTERRUPT ? VMCB_EVENT_INTERRUPT : 0) |
           (cause & VMCB_EVENT_CODE);
}

void guest_shutdown(struct cpu *c, word cause, word tval)
{
    c->guest.event = event_of(cause);
    c->guest.event_tval = tval;
    guest_exit(c, EXIT_shutdown, cause, tval);
}

/* ---- between instructions ----------------------------------------------------------------- */

word guest_physical(const struct cpu *c)
{
    const struct cpu_regs *host = &c->guest.host;

    if (!intercepts(c, INTERCEPT_interrupts))
        return 0;
    return host->ie & ((host->ip & FIELD_ip_soft) | (c->external ? FIELD_ip_ext : 0) |
                       (cpu_cycle(c) >= c->guest.host_timer ? FIELD_ip_timer : 0));
}

uint64_t guest_timer_deadline(const struct cpu *c)
{
    if (!intercepts(c, INTERCEPT_interrupts) || !(c->guest.host.ie & FIELD_ie_timer) ||
        c->guest.host_timer <= cpu_cycle(c))
        return NEVER;
    return c->guest.host_timer;
}

bool guest_interrupted(struct cpu *c)
{
    word physical = guest_physical(c);

    return physical && guest_caught(c, INTERCEPT_interrupts, cpu_most_urgent(physical), 0);
}

bool guest_boundary(struct cpu *c)
{
    struct guest *g = &c->guest;
    word event = g->event;

    if (!event && !guest_physical(c))
        return false;
    cpu_begin(c, 0, 0);
    if (guest_interrupted(c))
        return true;
    c->not_retired++;
    word cause = (event & VMCB_EVENT_CODE) | (event & VMCB_EVENT_INTERRUPT ? CAUSE_INTERRUPT : 0);
    word tval = g->event_tval;
    g->event = g->event_tval = 0;
    cpu_deliver(c, cause, tval);
    return true;
}
