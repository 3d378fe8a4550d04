/*
 * The simple model; see the header. Everything below is the manual in its own order: registers
 * (section 3), traps (4), memory (5), then the step. What instructions do is in execute.c.
 *
 * A function that can trap returns false when it did: the trap has then been taken, and the
 * instruction is over.
 */
#include "tests/reference/model.h"

#include "tests/reference/inside.h"

#include <stdlib.h>
#include <string.h>

#define STATUS_IE  FIELD_status_ie
#define STATUS_PIE FIELD_status_pie
#define STATUS_TF  FIELD_status_tf
#define STATUS_PTF FIELD_status_ptf
#define STATUS_TPS FIELD_status_tps

static const word wires[] = {INTERRUPT_external, INTERRUPT_software, INTERRUPT_timer};

void model_init(struct model *m, const struct machine_config *config)
{
    memset(m, 0, sizeof *m);
    m->classic = config->classic;
    m->cost = config->cost;
    m->tlb_size = config->tlb;
    m->ram_size = config->ram_size;
    m->ram = calloc(1, m->ram_size);
    for (unsigned i = 0; i < 3; i++)
        m->tlb[i] = calloc(m->tlb_size, sizeof *m->tlb[i]);
    m->r.pc = RAM_BASE;
}

void model_fini(struct model *m)
{
    free(m->ram);
    for (unsigned i = 0; i < 3; i++)
        free(m->tlb[i]);
}

static void emit_change(const struct model *m, enum event_kind kind, word ring, word cause,
                        word tval, word a, word b)
{
    const struct event e = {.icount = m->steps - 1,
                            .cycle = m->cycle,
                            .kind = (uint16_t)kind,
                            .ring_from = (uint8_t)ring,
                            .ring_to = (uint8_t)m->r.ring,
                            .pc = m->r.pc,
                            .insn = m->insn,
                            .cause = cause,
                            .tval = tval,
                            .a = a,
                            .b = b};

    if (m->emit)
        m->emit(m->user, &e);
}

void model_emit(const struct model *m, enum event_kind kind, word tval, word a, word b)
{
    emit_change(m, kind, m->r.ring, 0, tval, a, b);
}

/* ---- registers --------------------------------------------------------------------------- */

static uint64_t now(const struct model *m)
{
    return m->cycle / m->cost.divider;
}

word model_pending(const struct model *m)
{
    uint64_t deadline = (uint64_t)m->r.timecmph << 32 | m->r.timecmp;

    return m->r.ip | (now(m) >= deadline ? 1u << INTERRUPT_timer : 0);
}

static const struct {
    word number, writable;
    size_t offset;
} plain[] = {
#define PLAIN(name, mask)                                                                          \
    {                                                                                              \
        CSR_##name, mask, offsetof(struct cpu_regs, name)                                          \
    }
    PLAIN(status, 0xf7cf),
    PLAIN(tvec, 0xfffffffc),
    PLAIN(tscratch, 0xffffffff),
    PLAIN(epc, 0xfffffffc),
    PLAIN(cause, 0x8000001f),
    PLAIN(tval, 0xffffffff),
    PLAIN(ie, 0x888),
    PLAIN(ip, 0x8),
    PLAIN(ptbr, 0xffcfffff),
    PLAIN(tptbr, 0xffcfffff),
    PLAIN(timecmp, 0xffffffff),
    PLAIN(timecmph, 0xffffffff),
    PLAIN(cntren, 0x7),
    PLAIN(eptbr, 0xffcfffff),
};

word *model_register(struct model *m, word number, word *writable)
{
    for (unsigned i = 0; i < COUNT_OF(plain); i++) {
        if (plain[i].number == number) {
            *writable = plain[i].writable;
            return (word *)((char *)&m->r + plain[i].offset);
        }
    }
    return NULL;
}

word model_csr(const struct model *m, word number)
{
    struct model copy = *m;
    word writable, *reg = model_register(&copy, number, &writable);

    switch (number) {
    case CSR_cycle:
        return (word)m->cycle;
    case CSR_cycleh:
        return (word)(m->cycle >> 32);
    case CSR_time:
        return (word)now(m);
    case CSR_timeh:
        return (word)(now(m) >> 32);
    case CSR_instret:
        return (word)m->instret;
    case CSR_instreth:
        return (word)(m->instret >> 32);
    case CSR_status:
        return m->r.status | m->r.ring << SHIFT_status_cring;
    case CSR_ip:
        return model_pending(m);
    default:
        return reg ? *reg : 0;
    }
}

bool model_is_counter(word number)
{
    return (number >= 0xc00 && number <= 0xc02) || (number >= 0xc80 && number <= 0xc82);
}

/* ---- traps ------------------------------------------------------------------------------- */

/* Always returns false: see above. */
static bool trap(struct model *m, word cause, word tval, word epc)
{
    struct cpu_regs *r = &m->r;

    if (m->end != MODEL_RUNS)
        return false;
    if (r->tvec == 0 ||
        (m->entered && (cause == CAUSE_fetch_access || cause == CAUSE_fetch_page))) {
        m->end = r->tvec == 0 ? MODEL_NO_VECTOR : MODEL_BAD_VECTOR;
        return false;
    }
    m->cycle += m->cost.trap;
    r->epc = epc;
    r->cause = cause;
    r->tval = tval;
    word was = r->status;
    r->status &= ~(word)(FIELD_status_pring | STATUS_PIE | STATUS_PTF | STATUS_IE | STATUS_TF);
    word ring = r->ring;
    r->status |= ring << SHIFT_status_pring;
    if (was & STATUS_IE)
        r->status |= STATUS_PIE;
    if (was & STATUS_TF)
        r->status |= STATUS_PTF;
    r->ring = 0;
    r->eptbr = r->ptbr;
    if (was & STATUS_TPS)
        r->ptbr = r->tptbr;
    r->pc = epc;
    emit_change(m, EVENT_trap, ring, cause, tval, r->tvec, 0);
    r->pc = r->tvec;
    m->entered = true;
    return false;
}

bool model_fault(struct model *m, word cause, word tval)
{
    return trap(m, cause, tval, m->r.pc);
}

word model_tret(struct model *m)
{
    struct cpu_regs *r = &m->r;
    word was = r->status;

    r->ring = (was & FIELD_status_pring) >> SHIFT_status_pring;
    r->status &= ~(word)(STATUS_IE | STATUS_TF | STATUS_PTF);
    if (was & STATUS_PIE)
        r->status |= STATUS_IE;
    if (was & STATUS_PTF)
        r->status |= STATUS_TF;
    r->status |= FIELD_status_pring | STATUS_PIE;
    if (was & STATUS_TPS)
        r->ptbr = r->eptbr;
    m->cycle += m->cost.tret;
    emit_change(m, EVENT_ret, 0, 0, 0, r->epc, 0);
    return r->epc;
}

/* ---- memory ------------------------------------------------------------------------------ */

static bool in_ram(const struct model *m, word address)
{
    return address - RAM_BASE < m->ram_size;
}

static bool in_device(word address)
{
    static const struct {
        word base, size;
    } regions[] = {
#define REGION(name, base, size, meaning) {base, size},
#include "isa/platform.def"
    };

    for (unsigned i = 0; i < COUNT_OF(regions); i++) {
        if (address - regions[i].base < regions[i].size)
            return true;
    }
    return false;
}

static word ram_word(const struct model *m, word address)
{
    word value;

    memcpy(&value, m->ram + (address - RAM_BASE), 4);
    return value;
}

static const struct {
    word page_fault, access_fault, right;
} access_kinds[] = {
    [MODEL_LOAD] = {CAUSE_load_page, CAUSE_load_access, 0x2},
    [MODEL_STORE] = {CAUSE_store_page, CAUSE_store_access, 0x4},
    [MODEL_FETCH] = {CAUSE_fetch_page, CAUSE_fetch_access, 0x8},
};

enum model_walk_result model_walk(struct model *m, word va, struct model_walk *w)
{
    word table = (m->r.ptbr & 0xfffff) << 12;

    for (int level = 1; level >= 0; level--) {
        w->at = table + 4 * (level == 1 ? va >> 22 : va >> 12 & 0x3ff);
        if (!in_ram(m, w->at))
            return WALK_LEFT_RAM;
        w->leaf = ram_word(m, w->at);
        m->cycle += m->cost.walk;
        model_emit(m, EVENT_walk, va, w->leaf, (word)level);
        if (!(w->leaf & 0x1) || (w->leaf & 0xc00))
            return WALK_PAGE_FAULT;
        if ((w->leaf & 0xe) == 0) { /* a pointer */
            table = w->leaf & 0xfffff000;
            continue;
        }
        if ((w->leaf & 0x6) == 0x4) /* W without R */
            return WALK_PAGE_FAULT;
        w->ppn = w->leaf >> 12;
        if (level == 1) {
            if (w->ppn & 0x3ff)
                return WALK_PAGE_FAULT;
            w->ppn |= va >> 12 & 0x3ff;
        }
        return WALK_FOUND;
    }
    return WALK_PAGE_FAULT; /* a pointer at the last level */
}

/* A fetch that faults costs what an instruction costs. */
static bool access_fault(struct model *m, enum model_access kind, word cause, word va)
{
    if (kind == MODEL_FETCH)
        m->cycle += m->cost.base;
    return model_fault(m, cause, va);
}

static bool translate(struct model *m, word va, enum model_access kind, word *pa)
{
    word vpn = va >> 12, asid = m->r.ptbr >> 22 & 0x1ff;
    struct model_entry *e = &m->tlb[kind][vpn & (m->tlb_size - 1)];
    struct model_walk w;

    *pa = va;
    if (!(m->r.ptbr >> 31))
        return true;
    if (!e->valid || e->vpn != vpn || e->asid != asid) {
        enum model_walk_result result = model_walk(m, va, &w);

        if (result == WALK_LEFT_RAM)
            return access_fault(m, kind, access_kinds[kind].access_fault, va);
        if (result == WALK_PAGE_FAULT || !(w.leaf & access_kinds[kind].right) ||
            m->r.ring > (w.leaf >> 4 & 3))
            return access_fault(m, kind, access_kinds[kind].page_fault, va);
        w.leaf |= kind == MODEL_STORE ? 0xc0 : 0x40;
        memcpy(m->ram + (w.at - RAM_BASE), &w.leaf, 4);
        *e = (struct model_entry){true, vpn, asid, w.ppn, w.leaf >> 4 & 3};
        model_emit(m, EVENT_tlb, va, w.ppn << 12, kind);
    }
    if (m->r.ring > e->pl)
        return access_fault(m, kind, access_kinds[kind].page_fault, va);
    *pa = e->ppn << 12 | (va & 0xfff);
    return true;
}

uint8_t *model_reach(struct model *m, word va, unsigned width, enum model_access kind)
{
    word pa;

    if (va & (width - 1)) {
        model_fault(m, kind == MODEL_STORE ? CAUSE_store_misaligned : CAUSE_load_misaligned, va);
        return NULL;
    }
    if (!translate(m, va, kind, &pa))
        return NULL;
    if (in_ram(m, pa))
        return m->ram + (pa - RAM_BASE);
    if (in_device(pa))
        m->end = MODEL_OUTSIDE;
    else
        model_fault(m, access_kinds[kind].access_fault, va);
    return NULL;
}

void model_sfence(struct model *m, unsigned rs1, unsigned rs2)
{
    word vpn = m->r.x[rs1] >> 12, asid = m->r.x[rs2] & 0x1ff;

    m->cycle += m->cost.fence;
    for (unsigned kind = 0; kind < 3; kind++) {
        for (unsigned i = 0; i < m->tlb_size; i++) {
            struct model_entry *e = &m->tlb[kind][i];

            if (!e->valid || (rs1 != 0 && e->vpn != vpn) || (rs2 != 0 && e->asid != asid))
                continue;
            e->valid = false;
            model_emit(m, EVENT_tlb, e->vpn << 12, e->ppn << 12, kind + 4);
        }
    }
}

/* ---- the step ---------------------------------------------------------------------------- */

static bool interrupted(struct model *m)
{
    word taken = model_pending(m) & m->r.ie;

    if (!taken || (m->r.ring == 0 && !(m->r.status & STATUS_IE)))
        return false;
    for (unsigned i = 0; i < COUNT_OF(wires); i++) {
        if (taken >> wires[i] & 1) {
            trap(m, CAUSE_INTERRUPT | wires[i], 0, m->r.pc);
            return true;
        }
    }
    return false;
}

static bool fetch(struct model *m)
{
    word pa;

    if (!translate(m, m->r.pc, MODEL_FETCH, &pa))
        return false;
    if (!in_ram(m, pa))
        return access_fault(m, MODEL_FETCH, CAUSE_fetch_access, m->r.pc);
    m->insn = ram_word(m, pa);
    m->entered = false;
    return true;
}

void model_step(struct model *m)
{
    if (m->end != MODEL_RUNS)
        return;
    m->steps++;
    m->insn = 0;
    if (interrupted(m))
        return;
    if (!fetch(m))
        return;
    model_emit(m, EVENT_insn, 0, 0, 0);
    m->cycle += m->cost.base;

    word w = m->insn, next = m->r.pc + 4, result = 0;
    bool stepped = m->r.status & STATUS_TF;
    struct model_parts p = {
        .bits = w,
        .rd = w >> 7 & 31,
        .rs1 = w >> 15 & 31,
        .rs2 = w >> 20 & 31,
        .funct3 = w >> 12 & 7,
        .funct7 = w >> 25,
        .imm = (int32_t)w >> 20,
    };

    p.a = m->r.x[p.rs1];
    p.b = m->r.x[p.rs2];
    if (!model_execute(m, &p, &result, &next))
        return;
    m->r.x[p.rd] = result;
    m->r.x[0] = 0;
    m->r.pc = next;
    m->instret++;
    if (stepped) {
        m->insn = 0; /* the trap is no instruction's own */
        trap(m, CAUSE_single_step, 0, next);
        m->insn = w;
    }
}
