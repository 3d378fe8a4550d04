/*
 * The model's hardware assist: section 8 of the manual, and machine/guest.h where that is silent.
 * The rules of a VMCB are written out one after the other in the order in which they are told.
 */
#include "tests/reference/inside.h"

#include <string.h>

word model_control(const struct model *m, enum vmcb_offset offset)
{
    return m->guest.on ? m->guest.control[(unsigned)offset / 4] : 0;
}

/* ---- is it valid? ------------------------------------------------------------------------ */

struct check {
    const struct model *m;
    word at;           /* of the VMCB */
    word rule, offset; /* the first that was broken; 0: none yet */
};

static word word_of(const struct check *c, word offset)
{
    return model_ram_word(c->m, c->at + offset);
}

static void must(struct check *c, bool holds, word offset, enum vmcb_rule rule)
{
    if (holds || c->rule)
        return;
    c->rule = rule;
    c->offset = offset;
}

static void zero_bits(struct check *c, word offset, word bits, enum vmcb_rule rule)
{
    must(c, !(word_of(c, offset) & bits), offset, rule);
}

static bool table_in_ram(const struct model *m, word at, word size)
{
    return at >= RAM_BASE && (uint64_t)at + size <= (uint64_t)RAM_BASE + m->ram_size;
}

static void check_bits(struct check *c)
{
    zero_bits(c, VMCB_vmid, 0xffff0000, VMCB_RULE_vmid);
    zero_bits(c, VMCB_icept_insn, 0xfffffc00, VMCB_RULE_reserved);
    zero_bits(c, VMCB_icept_cause, 0xf8ff4000, VMCB_RULE_reserved);
    zero_bits(c, VMCB_icept_csr_read, 0xffffc000, VMCB_RULE_reserved);
    zero_bits(c, VMCB_icept_csr_write, 0xffffc000, VMCB_RULE_reserved);
    zero_bits(c, VMCB_io_map, 0xfff, VMCB_RULE_alignment);
    zero_bits(c, VMCB_nested_paging, 0xfffffffe, VMCB_RULE_reserved);
    zero_bits(c, VMCB_nptbr, 0x00300000, VMCB_RULE_reserved);
    zero_bits(c, VMCB_virtual_ip, 0xfffff777, VMCB_RULE_reserved);
    zero_bits(c, VMCB_inject, 0x3fffffe0, VMCB_RULE_reserved);
    zero_bits(c, VMCB_pc, 3, VMCB_RULE_alignment);
    zero_bits(c, VMCB_ring, 0xfffffffc, VMCB_RULE_ring);
    zero_bits(c, VMCB_status, 0xffff0800, VMCB_RULE_reserved);
    zero_bits(c, VMCB_tvec, 3, VMCB_RULE_alignment);
    zero_bits(c, VMCB_epc, 3, VMCB_RULE_alignment);
    zero_bits(c, VMCB_cause, 0x7fffffe0, VMCB_RULE_reserved);
    zero_bits(c, VMCB_ie, 0xfffff777, VMCB_RULE_reserved);
    zero_bits(c, VMCB_ip, 0xfffff777, VMCB_RULE_reserved);
    zero_bits(c, VMCB_ptbr, 0x00300000, VMCB_RULE_reserved);
    zero_bits(c, VMCB_tptbr, 0x00300000, VMCB_RULE_reserved);
    zero_bits(c, VMCB_cntren, 0xfffffff8, VMCB_RULE_reserved);
    zero_bits(c, VMCB_eptbr, 0x00300000, VMCB_RULE_reserved);
}

static bool event_exists(word event)
{
    word code = event & 31;

    if (event & VMCB_EVENT_INTERRUPT)
        return code == 3 || code == 7 || code == 11;
    return code <= 13 || code == 15 || (code >= 24 && code <= 26);
}

static void check_meaning(struct check *c)
{
    word map = word_of(c, VMCB_io_map), nested = word_of(c, VMCB_nested_paging);
    word nptbr = word_of(c, VMCB_nptbr), event = word_of(c, VMCB_inject);

    must(c, word_of(c, VMCB_vmid) != 0, VMCB_vmid, VMCB_RULE_vmid);
    must(c, (word_of(c, VMCB_icept_insn) & 0x300) == 0x300, VMCB_icept_insn, VMCB_RULE_forced);
    must(c, !map || table_in_ram(c->m, map, 0x2000), VMCB_io_map, VMCB_RULE_outside);
    must(c, !nested || c->m->npt, VMCB_nested_paging, VMCB_RULE_variant);
    must(c, !nested || nptbr >> 31, VMCB_nptbr, VMCB_RULE_root);
    must(c, !nested || table_in_ram(c->m, nptbr << 12, 0x1000), VMCB_nptbr, VMCB_RULE_outside);
    must(c, !(event & VMCB_EVENT_VALID) || event_exists(event), VMCB_inject, VMCB_RULE_event);
    must(c, word_of(c, VMCB_tlb_control) <= 2, VMCB_tlb_control, VMCB_RULE_flush);
    must(c, word_of(c, VMCB_ring) == 0 || (word_of(c, VMCB_status) >> 2 & 3) == 3, VMCB_status,
         VMCB_RULE_pring);
}

static bool has_name(word offset)
{
    return offset <= 0x38 || (offset >= 0x40 && offset <= 0x5c) ||
           (offset >= 0x100 && offset <= 0x148);
}

static struct check check(const struct model *m, word at)
{
    struct check c = {.m = m, .at = at};

    must(&c, word_of(&c, VMCB_magic) == VMCB_MAGIC, VMCB_magic, VMCB_RULE_magic);
    check_bits(&c);
    check_meaning(&c);
    for (word offset = 0; offset < 0x1000; offset += 4)
        must(&c, has_name(offset) || !word_of(&c, offset), offset, VMCB_RULE_unnamed);
    return c;
}

/* ---- in ---------------------------------------------------------------------------------- */

static uint64_t pair_at(const struct model *m, word at)
{
    return (uint64_t)model_ram_word(m, at + 4) << 32 | model_ram_word(m, at);
}

/* Where each word of the guest's state belongs; of status and ip not all bits do. */
static word *state_at(struct cpu_regs *r, unsigned n)
{
    word *const places[] = {
        &r->pc, &r->ring, &r->status, &r->tvec,  &r->tscratch, &r->epc,      &r->cause,  &r->tval,
        &r->ie, &r->ip,   &r->ptbr,   &r->tptbr, &r->timecmp,  &r->timecmph, &r->cntren, &r->eptbr};

    return n < COUNT_OF(places) ? places[n] : NULL;
}

static void put_exit(struct model *m, word at, word code, word info1, word info2)
{
    for (word offset = VMCB_exit_code; offset <= VMCB_exit_ring; offset += 4)
        model_set_ram_word(m, at + offset, 0);
    model_set_ram_word(m, at + VMCB_exit_code, code);
    model_set_ram_word(m, at + VMCB_exit_info1, info1);
    model_set_ram_word(m, at + VMCB_exit_info2, info2);
}

static void enter(struct model *m, word at, unsigned rs1, word *next)
{
    struct model_guest *g = &m->guest;
    word pc = m->r.pc;

    g->on = true;
    g->at = at;
    g->rs1 = rs1;
    g->host = m->r;
    g->host.pc = pc + 4;
    for (unsigned n = 0; n < COUNT_OF(g->control); n++)
        g->control[n] = model_ram_word(m, at + 4 * n);
    g->inject = model_control(m, VMCB_inject) >> 31 ? model_control(m, VMCB_inject) : 0;
    g->instret = pair_at(m, at + VMCB_instret) - (m->instret + 1); /* vmrun retires as well */
    for (unsigned n = 0; state_at(&m->r, n); n++)
        *state_at(&m->r, n) = model_ram_word(m, at + VMCB_pc + 4 * n);
    m->r.status &= ~(word)FIELD_status_cring;
    m->r.ip &= 0x8;
    m->r.x[rs1] = model_ram_word(m, at + VMCB_rs1);
    *next = m->r.pc;
    m->r.pc = pc;
    m->entered = false;
    switch (model_control(m, VMCB_tlb_control)) {
    case 1:
        m->cycle += m->cost.fence;
        model_forget(m, false, NULL, NULL);
        break;
    case 2:
        m->cycle += m->cost.fence;
        model_forget(m, true, NULL, NULL);
        break;
    }
    model_emit_change(m, EVENT_entry, 0, 0, 0, 0, 0);
}

bool model_vmrun(struct model *m, unsigned rs1, word *next)
{
    word at = m->r.x[rs1];

    if (at & 0xfff)
        return model_fault(m, CAUSE_store_misaligned, at);
    if (!model_in_ram(m, at))
        return model_fault(m, CAUSE_store_access, at);
    m->cycle += m->cost.vmrun;
    struct check c = check(m, at);
    if (c.rule) {
        word value = model_ram_word(m, at + c.offset);

        put_exit(m, at, 0xffffffff, c.offset, c.rule);
        model_emit(m, EVENT_refused, c.offset, c.rule, value);
        return true;
    }
    enter(m, at, rs1, next);
    return true;
}

/* ---- out --------------------------------------------------------------------------------- */

static void exit_with_event(struct model *m, word code, word info1, word info2, word event,
                            word event_tval)
{
    struct model_guest *g = &m->guest;
    word at = g->at, pc = m->r.pc, ring = m->r.ring;
    uint64_t instret = m->instret + g->instret;
    word status = model_csr(m, CSR_status), ip = (model_pending(m) & ~8u) | m->r.ip;

    put_exit(m, at, code, info1, info2);
    model_set_ram_word(m, at + VMCB_exit_insn, m->insn);
    model_set_ram_word(m, at + VMCB_exit_next_pc, m->insn ? pc + 4 : pc);
    model_set_ram_word(m, at + VMCB_exit_event, event);
    model_set_ram_word(m, at + VMCB_exit_event_tval, event_tval);
    model_set_ram_word(m, at + VMCB_exit_ring, ring);
    for (unsigned n = 0; state_at(&m->r, n); n++)
        model_set_ram_word(m, at + VMCB_pc + 4 * n, *state_at(&m->r, n));
    model_set_ram_word(m, at + VMCB_status, status);
    model_set_ram_word(m, at + VMCB_ip, ip);
    model_set_ram_word(m, at + VMCB_rs1, m->r.x[g->rs1]);
    model_set_ram_word(m, at + VMCB_instret, (word)instret);
    model_set_ram_word(m, at + VMCB_instreth, (word)(instret >> 32));
    m->cycle += m->cost.exit;

    struct cpu_regs host = g->host;
    for (unsigned n = 0; n < 32; n++)
        host.x[n] = m->r.x[n];
    host.x[g->rs1] = at;
    memset(g, 0, sizeof *g);
    m->r = host;
    m->r.pc = pc;
    model_emit_change(m, EVENT_exit, ring, CAUSE_EXIT | code, info1, 0, info2);
    m->r.pc = host.pc;
    m->entered = false;
    if (m->r.status & FIELD_status_tf) /* vmrun began with it */
        model_step_trap(m);
}

bool model_exit(struct model *m, word code, word info1, word info2)
{
    word event = m->guest.inject;

    exit_with_event(m, code, info1, info2, event, event ? model_control(m, VMCB_inject_tval) : 0);
    return false;
}

bool model_guest_shutdown(struct model *m, word cause, word tval)
{
    word event = VMCB_EVENT_VALID | (cause >> 31 ? VMCB_EVENT_INTERRUPT : 0) | (cause & 31);

    exit_with_event(m, EXIT_shutdown, cause, tval, event, tval);
    return false;
}

/* ---- between instructions ---------------------------------------------------------------- */

word model_physical(const struct model *m)
{
    const struct cpu_regs *host = &m->guest.host;
    uint64_t deadline = (uint64_t)host->timecmph << 32 | host->timecmp;

    if (!model_intercepts(m, VMCB_icept_insn, INTERCEPT_interrupts))
        return 0;
    return host->ie &
           (host->ip | (m->cycle / m->cost.divider >= deadline ? 1u << INTERRUPT_timer : 0));
}

bool model_interrupted_by_host(struct model *m)
{
    word pending = model_physical(m);
    word cause = pending >> INTERRUPT_software & 1 ? INTERRUPT_software : INTERRUPT_timer;

    if (!pending)
        return false;
    model_exit(m, INTERCEPT_interrupts, CAUSE_INTERRUPT | cause, 0);
    return true;
}

bool model_inject(struct model *m)
{
    word event = m->guest.inject;

    if (!event)
        return false;
    m->guest.inject = 0;
    model_trap(m, (event & VMCB_EVENT_INTERRUPT ? CAUSE_INTERRUPT : 0) | (event & 31),
               model_control(m, VMCB_inject_tval), m->r.pc);
    return true;
}
