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
    m->vt = config->vt;
    m->npt = config->npt;
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

void model_emit_change(const struct model *m, enum event_kind kind, word ring, word cause,
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
    model_emit_change(m, kind, m->r.ring, 0, tval, a, b);
}

/* ---- registers --------------------------------------------------------------------------- */

uint64_t model_time(const struct model *m)
{
    uint64_t offset =
        (uint64_t)model_control(m, VMCB_time_offseth) << 32 | model_control(m, VMCB_time_offset);

    return m->cycle / m->cost.divider + offset;
}

word model_pending(const struct model *m)
{
    uint64_t deadline = (uint64_t)m->r.timecmph << 32 | m->r.timecmp;

    return m->r.ip | model_control(m, VMCB_virtual_ip) |
           (model_time(m) >= deadline ? 1u << INTERRUPT_timer : 0);
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
        return (word)model_time(m);
    case CSR_timeh:
        return (word)(model_time(m) >> 32);
    case CSR_instret:
        return (word)(m->instret + m->guest.instret);
    case CSR_instreth:
        return (word)((m->instret + m->guest.instret) >> 32);
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

/* The first instruction of the handler does what brought it here: so it goes on for ever. */
static bool loops(const struct model *m, word cause, word tval, word epc)
{
    return m->trapped + 1 == m->steps && m->r.ring == 0 && epc == m->r.tvec && m->r.epc == epc &&
           m->r.cause == cause && m->r.tval == tval;
}

bool model_trap(struct model *m, word cause, word tval, word epc)
{
    struct cpu_regs *r = &m->r;

    if (m->end != MODEL_RUNS)
        return false;
    if (m->guest.on &&
        (r->tvec == 0 || loops(m, cause, tval, epc) ||
         (m->entered && (cause == CAUSE_fetch_access || cause == CAUSE_fetch_page)))) {
        m->cycle += m->cost.trap;
        return model_guest_shutdown(m, cause, tval);
    }
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
    model_emit_change(m, EVENT_trap, ring, cause, tval, r->tvec, 0);
    r->pc = r->tvec;
    m->entered = true;
    m->trapped = m->steps;
    return false;
}

bool model_fault(struct model *m, word cause, word tval)
{
    if (m->end == MODEL_RUNS && model_intercepts(m, VMCB_icept_cause, cause))
        return model_exit(m, EXIT_CAUSE + cause, tval, 0);
    return model_trap(m, cause, tval, m->r.pc);
}

void model_step_trap(struct model *m)
{
    word insn = m->insn;

    m->insn = 0; /* the trap is no instruction's own */
    if (model_intercepts(m, VMCB_icept_cause, CAUSE_single_step))
        model_exit(m, EXIT_CAUSE + CAUSE_single_step, 0, 0);
    else
        model_trap(m, CAUSE_single_step, 0, m->r.pc);
    m->insn = insn;
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
    model_emit_change(m, EVENT_ret, 0, 0, 0, r->epc, 0);
    return r->epc;
}

/* ---- memory ------------------------------------------------------------------------------ */

bool model_in_ram(const struct model *m, word address)
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

word model_ram_word(const struct model *m, word address)
{
    word value;

    memcpy(&value, m->ram + (address - RAM_BASE), 4);
    return value;
}

void model_set_ram_word(struct model *m, word address, word value)
{
    memcpy(m->ram + (address - RAM_BASE), &value, 4);
}

word model_vmid(const struct model *m)
{
    return model_control(m, VMCB_vmid);
}

static const struct {
    word page_fault, access_fault, right, nested;
} access_kinds[] = {
    [MODEL_LOAD] = {CAUSE_load_page, CAUSE_load_access, 0x2, 0},
    [MODEL_STORE] = {CAUSE_store_page, CAUSE_store_access, 0x4, 1},
    [MODEL_FETCH] = {CAUSE_fetch_page, CAUSE_fetch_access, 0x8, 2},
};

static bool nested_paging(const struct model *m)
{
    return model_control(m, VMCB_nested_paging) != 0;
}

/* One reference to a page table, at a real address. */
static bool table_word(struct model *m, word real, word va, unsigned level, word *entry)
{
    if (!model_in_ram(m, real))
        return false;
    *entry = model_ram_word(m, real);
    m->cycle += m->cost.walk;
    model_emit(m, EVENT_walk, va, *entry, level);
    return true;
}

enum entry_kind { ENTRY_BAD, ENTRY_POINTER, ENTRY_LEAF };

/* What an entry is; of a leaf also the page number that it gives. */
static enum entry_kind entry_kind(word entry, int level, word va, word *ppn)
{
    if (!(entry & 0x1) || (entry & 0xc00))
        return ENTRY_BAD;
    if ((entry & 0xe) == 0)
        return level == 1 ? ENTRY_POINTER : ENTRY_BAD;
    if ((entry & 0x6) == 0x4) /* W without R */
        return ENTRY_BAD;
    *ppn = entry >> 12;
    if (level == 1) {
        if (*ppn & 0x3ff)
            return ENTRY_BAD;
        *ppn |= va >> 12 & 0x3ff;
    }
    return ENTRY_LEAF;
}

/* Where a guest-physical address really is, if the nested table has it with one of the rights. The
 * entry that says so lies at *at. */
static bool nested_walk(struct model *m, word address, word rights, word *real, word *at)
{
    word table = (model_control(m, VMCB_nptbr) & 0xfffff) << 12, entry, ppn;

    for (int level = 1; level >= 0; level--) {
        *at = table + 4 * (level == 1 ? address >> 22 : address >> 12 & 0x3ff);
        if (!table_word(m, *at, address, (unsigned)level + 4, &entry))
            return false;
        switch (entry_kind(entry, level, address, &ppn)) {
        case ENTRY_BAD:
            return false;
        case ENTRY_POINTER:
            table = entry & 0xfffff000;
            break;
        case ENTRY_LEAF:
            *real = ppn << 12 | (address & 0xfff);
            return entry & rights;
        }
    }
    return false;
}

enum model_walk_result model_walk(struct model *m, word va, struct model_walk *w)
{
    word table = (m->r.ptbr & 0xfffff) << 12;

    w->below_count = 0;
    for (int level = 1; level >= 0; level--) {
        w->at = table + 4 * (level == 1 ? va >> 22 : va >> 12 & 0x3ff);
        w->real = w->at;
        if (nested_paging(m) && !nested_walk(m, w->at, 0x2, &w->real, &w->below[w->below_count++]))
            return WALK_NESTED;
        if (!table_word(m, w->real, va, (unsigned)level, &w->leaf))
            return WALK_LEFT_RAM;
        switch (entry_kind(w->leaf, level, va, &w->ppn)) {
        case ENTRY_BAD:
            return WALK_PAGE_FAULT;
        case ENTRY_POINTER:
            table = w->leaf & 0xfffff000;
            break;
        case ENTRY_LEAF:
            return WALK_FOUND;
        }
    }
    return WALK_PAGE_FAULT;
}

/* A fetch that faults costs what an instruction costs. */
static bool access_fault(struct model *m, enum model_access kind, word cause, word va)
{
    if (kind == MODEL_FETCH)
        m->cycle += m->cost.base;
    return model_fault(m, cause, va);
}

static bool nested_fault(struct model *m, enum model_access kind, word address, word how)
{
    if (kind == MODEL_FETCH)
        m->cycle += m->cost.base;
    return model_exit(m, EXIT_nested_fault, address, how);
}

static void add_bits(struct model *m, word at, word bits)
{
    model_set_ram_word(m, at, model_ram_word(m, at) | bits);
}

/* The guest's own table, or a bare guest's nothing: the physical page in its eyes. */
static bool own_page(struct model *m, word va, enum model_access kind, struct model_walk *w)
{
    switch (model_walk(m, va, w)) {
    case WALK_NESTED:
        return nested_fault(m, kind, w->at, 4);
    case WALK_LEFT_RAM:
        return access_fault(m, kind, access_kinds[kind].access_fault, va);
    case WALK_PAGE_FAULT:
        return access_fault(m, kind, access_kinds[kind].page_fault, va);
    case WALK_FOUND:
        break;
    }
    if (!(w->leaf & access_kinds[kind].right) || m->r.ring > (w->leaf >> 4 & 3))
        return access_fault(m, kind, access_kinds[kind].page_fault, va);
    return true;
}

static bool fill(struct model *m, struct model_entry *e, word va, enum model_access kind)
{
    bool paged = m->r.ptbr >> 31, nested = nested_paging(m);
    word bits = kind == MODEL_STORE ? 0xc0 : 0x40, below = 0, real;
    struct model_walk w = {.ppn = va >> 12, .leaf = 0x30};

    if (paged && !own_page(m, va, kind, &w))
        return false;
    real = w.ppn << 12;
    if (nested &&
        !nested_walk(m, w.ppn << 12 | (va & 0xfff), access_kinds[kind].right, &real, &below))
        return nested_fault(m, kind, w.ppn << 12 | (va & 0xfff), access_kinds[kind].nested);

    bool written = paged && (w.leaf | bits) != w.leaf;
    if (written && nested && !(model_ram_word(m, w.below[w.below_count - 1]) & 0x4))
        return nested_fault(m, kind, w.at, 5);
    if (paged)
        add_bits(m, w.real, bits);
    for (unsigned i = 0; i < w.below_count; i++)
        add_bits(m, w.below[i], written && i == w.below_count - 1 ? 0xc0 : 0x40);
    if (nested)
        add_bits(m, below, bits);
    *e = (struct model_entry){.valid = true,
                              .bare = !paged,
                              .vpn = va >> 12,
                              .asid = m->r.ptbr >> 22 & 0x1ff,
                              .vmid = model_vmid(m),
                              .ppn = real >> 12,
                              .pl = w.leaf >> 4 & 3};
    model_emit(m, EVENT_tlb, va, e->ppn << 12, kind);
    return true;
}

/* Does the entry translate this address in the running mode? */
static bool matches(const struct model *m, const struct model_entry *e, word va)
{
    bool paged = m->r.ptbr >> 31;

    return e->valid && e->vpn == va >> 12 && e->vmid == model_vmid(m) && e->bare == !paged &&
           (!paged || e->asid == (m->r.ptbr >> 22 & 0x1ff));
}

static bool translate(struct model *m, word va, enum model_access kind, word *pa)
{
    struct model_entry *e = &m->tlb[kind][va >> 12 & (m->tlb_size - 1)];

    *pa = va;
    if (!(m->r.ptbr >> 31) && !nested_paging(m))
        return true;
    if (!matches(m, e, va) && !fill(m, e, va, kind))
        return false;
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
    if (model_in_ram(m, pa))
        return m->ram + (pa - RAM_BASE);
    if (in_device(pa))
        m->end = MODEL_OUTSIDE;
    else
        model_fault(m, access_kinds[kind].access_fault, va);
    return NULL;
}

void model_forget(struct model *m, bool one_vmid, const word *va, const word *asid)
{
    for (unsigned kind = 0; kind < 3; kind++) {
        for (unsigned i = 0; i < m->tlb_size; i++) {
            struct model_entry *e = &m->tlb[kind][i];

            if (!e->valid || (one_vmid && e->vmid != model_vmid(m)) ||
                (va && e->vpn != *va >> 12) || (asid && (e->bare || e->asid != *asid)))
                continue;
            e->valid = false;
            model_emit(m, EVENT_tlb, e->vpn << 12, e->ppn << 12, kind + 4);
        }
    }
}

/* ---- the step ---------------------------------------------------------------------------- */

static bool interrupted(struct model *m)
{
    if (model_interrupted_by_host(m) || model_inject(m))
        return true;
    word taken = model_pending(m) & m->r.ie;

    if (!taken || (m->r.ring == 0 && !(m->r.status & STATUS_IE)))
        return false;
    for (unsigned i = 0; i < COUNT_OF(wires); i++) {
        if (taken >> wires[i] & 1) {
            model_trap(m, CAUSE_INTERRUPT | wires[i], 0, m->r.pc);
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
    if (!model_in_ram(m, pa))
        return access_fault(m, MODEL_FETCH, CAUSE_fetch_access, m->r.pc);
    m->insn = model_ram_word(m, pa);
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
    bool stepped = m->r.status & STATUS_TF, inside = m->guest.on;
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
    if (stepped && m->guest.on == inside) /* a vmrun completes when its guest exits */
        model_step_trap(m);
}
