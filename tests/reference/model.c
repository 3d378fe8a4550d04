/*
 * The simple model; see the header. Everything below is isa.md in its own order: registers
 * (3), traps (4), memory (5), then one instruction after the other (1, 6, 7, 9).
 *
 * A function that can trap returns false when it did: the trap has then been taken, and the
 * instruction is over.
 */
#include "tests/reference/model.h"

#include "isa/csr.h"

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

static void emit(const struct model *m, enum event_kind kind, word tval, word a, word b)
{
    emit_change(m, kind, m->r.ring, 0, tval, a, b);
}

/* ---- registers --------------------------------------------------------------------------- */

static uint64_t now(const struct model *m)
{
    return m->cycle / m->cost.divider;
}

static word pending(const struct model *m)
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

static word *plain_register(struct model *m, word number, word *writable)
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
    word writable, *reg = plain_register(&copy, number, &writable);

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
        return pending(m);
    default:
        return reg ? *reg : 0;
    }
}

static bool is_counter(word number)
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

static bool fault(struct model *m, word cause, word tval)
{
    return trap(m, cause, tval, m->r.pc);
}

static word tret(struct model *m)
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

enum walk_result { WALK_FOUND, WALK_PAGE_FAULT, WALK_LEFT_RAM };

/* The leaf that maps `va` under the current ptbr: its address, its value, the 4 KiB page. */
struct walk {
    word at, leaf, ppn;
};

static enum walk_result walk(struct model *m, word va, struct walk *w)
{
    word table = (m->r.ptbr & 0xfffff) << 12;

    for (int level = 1; level >= 0; level--) {
        w->at = table + 4 * (level == 1 ? va >> 22 : va >> 12 & 0x3ff);
        if (!in_ram(m, w->at))
            return WALK_LEFT_RAM;
        w->leaf = ram_word(m, w->at);
        m->cycle += m->cost.walk;
        emit(m, EVENT_walk, va, w->leaf, (word)level);
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
    return fault(m, cause, va);
}

static bool translate(struct model *m, word va, enum model_access kind, word *pa)
{
    word vpn = va >> 12, asid = m->r.ptbr >> 22 & 0x1ff;
    struct model_entry *e = &m->tlb[kind][vpn & (m->tlb_size - 1)];
    struct walk w;

    *pa = va;
    if (!(m->r.ptbr >> 31))
        return true;
    if (!e->valid || e->vpn != vpn || e->asid != asid) {
        enum walk_result result = walk(m, va, &w);

        if (result == WALK_LEFT_RAM)
            return access_fault(m, kind, access_kinds[kind].access_fault, va);
        if (result == WALK_PAGE_FAULT || !(w.leaf & access_kinds[kind].right) ||
            m->r.ring > (w.leaf >> 4 & 3))
            return access_fault(m, kind, access_kinds[kind].page_fault, va);
        w.leaf |= kind == MODEL_STORE ? 0xc0 : 0x40;
        memcpy(m->ram + (w.at - RAM_BASE), &w.leaf, 4);
        *e = (struct model_entry){true, vpn, asid, w.ppn, w.leaf >> 4 & 3};
        emit(m, EVENT_tlb, va, w.ppn << 12, kind);
    }
    if (m->r.ring > e->pl)
        return access_fault(m, kind, access_kinds[kind].page_fault, va);
    *pa = e->ppn << 12 | (va & 0xfff);
    return true;
}

/* Where the bytes are; NULL after a trap, or when the model can follow no further. */
static uint8_t *reach(struct model *m, word va, unsigned width, enum model_access kind)
{
    word pa;

    if (va & (width - 1)) {
        fault(m, kind == MODEL_STORE ? CAUSE_store_misaligned : CAUSE_load_misaligned, va);
        return NULL;
    }
    if (!translate(m, va, kind, &pa))
        return NULL;
    if (in_ram(m, pa))
        return m->ram + (pa - RAM_BASE);
    if (in_device(pa))
        m->end = MODEL_OUTSIDE;
    else
        fault(m, access_kinds[kind].access_fault, va);
    return NULL;
}

static void sfence(struct model *m, unsigned rs1, unsigned rs2)
{
    word vpn = m->r.x[rs1] >> 12, asid = m->r.x[rs2] & 0x1ff;

    m->cycle += m->cost.fence;
    for (unsigned kind = 0; kind < 3; kind++) {
        for (unsigned i = 0; i < m->tlb_size; i++) {
            struct model_entry *e = &m->tlb[kind][i];

            if (!e->valid || (rs1 != 0 && e->vpn != vpn) || (rs2 != 0 && e->asid != asid))
                continue;
            e->valid = false;
            emit(m, EVENT_tlb, e->vpn << 12, e->ppn << 12, kind + 4);
        }
    }
}

/* ---- instructions ------------------------------------------------------------------------ */

/* The parts of the word that is being executed. */
struct parts {
    word bits, a, b; /* a, b: values of rs1, rs2 */
    unsigned rd, rs1, rs2, funct3, funct7;
    int32_t imm; /* of format I */
};

static int32_t signed_bits(word value, unsigned count)
{
    return (int32_t)(value << (32 - count)) >> (32 - count);
}

static bool illegal(struct model *m)
{
    return fault(m, CAUSE_illegal, m->insn);
}

static bool privileged(struct model *m)
{
    return fault(m, CAUSE_privileged, m->insn);
}

static word divide(word a, word b, bool is_signed, bool remainder)
{
    if (b == 0)
        return remainder ? a : 0xffffffff;
    if (!is_signed)
        return remainder ? a % b : a / b;
    if (a == 0x80000000 && b == 0xffffffff)
        return remainder ? 0 : a;
    return remainder ? (word)((int32_t)a % (int32_t)b) : (word)((int32_t)a / (int32_t)b);
}

static word multiply(struct model *m, const struct parts *p)
{
    int64_t sa = (int32_t)p->a, sb = (int32_t)p->b;

    m->cycle += p->funct3 < 4 ? m->cost.mul : m->cost.div;
    switch (p->funct3) {
    case 0:
        return p->a * p->b;
    case 1:
        return (word)((uint64_t)(sa * sb) >> 32);
    case 2:
        return (word)((uint64_t)(sa * (int64_t)p->b) >> 32);
    case 3:
        return (word)((uint64_t)p->a * p->b >> 32);
    default:
        return divide(p->a, p->b, !(p->funct3 & 1), p->funct3 & 2);
    }
}

/* The eight functions that OP and OP-IMM share. */
static word arithmetic(unsigned funct3, bool alternate, word a, word b)
{
    switch (funct3) {
    case 0:
        return alternate ? a - b : a + b;
    case 1:
        return a << (b & 31);
    case 2:
        return (int32_t)a < (int32_t)b;
    case 3:
        return a < b;
    case 4:
        return a ^ b;
    case 5:
        return alternate ? (word)((int32_t)a >> (b & 31)) : a >> (b & 31);
    case 6:
        return a | b;
    default:
        return a & b;
    }
}

static bool op(struct model *m, const struct parts *p, word *result)
{
    if (p->funct7 == 1)
        *result = multiply(m, p);
    else if (p->funct7 == 0 || (p->funct7 == 0x20 && (p->funct3 == 0 || p->funct3 == 5)))
        *result = arithmetic(p->funct3, p->funct7 != 0, p->a, p->b);
    else
        return illegal(m);
    return true;
}

static bool op_imm(struct model *m, const struct parts *p, word *result)
{
    bool shift = p->funct3 == 1 || p->funct3 == 5;

    if (shift && p->funct7 != 0 && !(p->funct7 == 0x20 && p->funct3 == 5))
        return illegal(m);
    *result = arithmetic(p->funct3, shift && p->funct7 != 0, p->a, (word)p->imm);
    if (p->funct3 == 2 && p->rd == 0) { /* trace costs nothing */
        m->cycle -= m->cost.base;
        emit(m, EVENT_hint, 0, (word)p->imm, p->a);
    }
    return true;
}

static bool load(struct model *m, const struct parts *p, word *result)
{
    static const unsigned widths[8] = {1, 2, 4, 0, 1, 2, 0, 0};
    unsigned width = widths[p->funct3];
    word value = 0;

    if (width == 0)
        return illegal(m);
    const uint8_t *bytes = reach(m, p->a + (word)p->imm, width, MODEL_LOAD);
    if (!bytes)
        return false;
    memcpy(&value, bytes, width);
    *result = p->funct3 < 4 ? (word)signed_bits(value, 8 * width) : value;
    emit(m, EVENT_mem, p->a + (word)p->imm, value, width);
    return true;
}

static bool store(struct model *m, const struct parts *p)
{
    word offset = (word)signed_bits(p->funct7 << 5 | p->rd, 12);
    unsigned width = 1u << p->funct3;

    if (p->funct3 > 2)
        return illegal(m);
    uint8_t *bytes = reach(m, p->a + offset, width, MODEL_STORE);
    if (!bytes)
        return false;
    memcpy(bytes, &p->b, width);
    emit(m, EVENT_mem, p->a + offset, width == 4 ? p->b : p->b & ((1u << 8 * width) - 1),
         width + 256);
    return true;
}

static bool jump(struct model *m, word target, word *next)
{
    if (target & 3)
        return fault(m, CAUSE_fetch_misaligned, target);
    *next = target;
    return true;
}

static bool branch(struct model *m, const struct parts *p, word *next)
{
    word bits = p->bits;
    int32_t offset = signed_bits((bits >> 31) << 12 | (bits >> 7 & 1) << 11 |
                                     (bits >> 25 & 0x3f) << 5 | (bits >> 8 & 0xf) << 1,
                                 13);
    bool taken;

    switch (p->funct3 >> 1) {
    case 0:
        taken = p->a == p->b;
        break;
    case 2:
        taken = (int32_t)p->a < (int32_t)p->b;
        break;
    case 3:
        taken = p->a < p->b;
        break;
    default:
        return illegal(m);
    }
    if (p->funct3 & 1)
        taken = !taken;
    return !taken || jump(m, m->r.pc + (word)offset, next);
}

static word jal_target(const struct model *m, word bits)
{
    word offset = (bits >> 31) << 20 | (bits >> 12 & 0xff) << 12 | (bits >> 20 & 1) << 11 |
                  (bits >> 21 & 0x3ff) << 1;

    return m->r.pc + (word)signed_bits(offset, 21);
}

/* May this ring read the register without a trap? And write it? (Tables of section 3.) */
static bool may_read(const struct model *m, word number)
{
    if (m->r.ring == 0)
        return true;
    if (is_counter(number))
        return m->r.cntren >> (number & 3) & 1;
    return m->classic && (number == CSR_status || number == CSR_tvec || number == CSR_ptbr);
}

static bool may_write(const struct model *m, word number)
{
    return m->r.ring == 0 || (m->classic && number == CSR_status);
}

static bool csr(struct model *m, const struct parts *p, word *result)
{
    word number = p->bits >> 20, writable = 0;
    word operand = p->funct3 & 4 ? p->rs1 : p->a;
    word *reg = plain_register(m, number, &writable);
    unsigned how = p->funct3 & 3;
    bool writes = how == 1 || p->rs1 != 0;
    bool reads = how != 1 || p->rd != 0;

    if ((!reg && !is_counter(number)) || (is_counter(number) && writes))
        return illegal(m);
    if ((reads && !may_read(m, number)) || (writes && !may_write(m, number)))
        return privileged(m);
    word old = model_csr(m, number);
    word value = how == 1 ? operand : how == 2 ? old | operand : old & ~operand;
    m->cycle += m->cost.csr;
    if (writes) {
        if (m->r.ring != 0)
            writable &= FIELD_status_uf;
        *reg = (*reg & ~writable) | (value & writable);
        emit(m, EVENT_csr, number, old, model_csr(m, number));
    }
    if (m->r.ring != 0 && !is_counter(number))
        emit(m, EVENT_hole, 0, old, 0);
    *result = old;
    return true;
}

/* A deadline beyond 2^62 cycles never comes: no machine lives to see it. */
static bool wait(struct model *m)
{
    uint64_t deadline = (uint64_t)m->r.timecmph << 32 | m->r.timecmp;

    if (pending(m) & m->r.ie)
        return true;
    if (m->r.ie >> INTERRUPT_timer & 1 && deadline <= ((uint64_t)1 << 62) / m->cost.divider) {
        uint64_t start = m->cycle;

        m->cycle = deadline * m->cost.divider;
        emit(m, EVENT_wait, 0, (word)(m->cycle - start), 0);
        return true;
    }
    m->end = MODEL_WAITS;
    return false;
}

static bool system_insn(struct model *m, const struct parts *p, word *result, word *next)
{
    bool is_sfence = (p->bits & 0xfe007fff) == 0x12000073;

    if (p->funct3 != 0 && p->funct3 != 4)
        return csr(m, p, result);
    if (p->bits == 0x00000073)
        return fault(m, CAUSE_ecall_ring0 + m->r.ring, 0);
    if (p->bits == 0x00100073)
        return fault(m, CAUSE_breakpoint, m->r.pc);
    if (!is_sfence && p->bits != 0x30200073 && p->bits != 0x10500073)
        return illegal(m);
    if (m->r.ring != 0)
        return privileged(m);
    if (is_sfence)
        sfence(m, p->rs1, p->rs2);
    else if (p->bits == 0x30200073)
        *next = tret(m);
    else
        return wait(m);
    return true;
}

/* Looks into the table itself, not into the TLB, and pays for each reference. */
static word probe(struct model *m, word va)
{
    unsigned ring =
        m->r.ring ? m->r.ring : (m->r.status & FIELD_status_pring) >> SHIFT_status_pring;
    struct walk w;

    if (!(m->r.ptbr >> 31))
        return 0x3f;
    return walk(m, va, &w) == WALK_FOUND && ring <= (w.leaf >> 4 & 3) ? w.leaf & 0x3f : 0;
}

static word cpuid(const struct model *m, word leaf)
{
    return leaf == 0 ? 0x5a505254 : leaf == 1 ? (m->classic ? 0 : 1) : 0;
}

static bool port(struct model *m, const struct parts *p, word *result)
{
    word number = p->a & 0xffff;

    if (m->r.ring > (m->r.status & FIELD_status_iopl) >> SHIFT_status_iopl)
        return privileged(m);
    if ((number >= 0x1f0 && number < 0x1f8) || (number >= 0x3f8 && number < 0x400)) {
        m->end = MODEL_OUTSIDE;
        return false;
    }
    m->cycle += m->cost.port;
    *result = 0xffffffff;
    emit(m, EVENT_port, number, p->funct3 == 2 ? 0xffffffff : p->b, p->funct3 == 3);
    return true;
}

/* custom-0: hcall, vmrun (here a machine without it), pin, pout, probe, cpuid. */
static bool xrings(struct model *m, const struct parts *p, word *result)
{
    switch (p->funct3) {
    case 0:
        if (p->bits != 0x0000000b || m->r.ring == 0)
            return illegal(m);
        return fault(m, CAUSE_hcall, 0);
    case 2:
        return p->funct7 || p->rs2 ? illegal(m) : port(m, p, result);
    case 3:
        return p->funct7 || p->rd ? illegal(m) : port(m, p, result);
    case 4:
    case 5:
        if (p->funct7 || p->rs2)
            return illegal(m);
        if (m->r.ring != 0 && !m->classic)
            return privileged(m);
        *result = p->funct3 == 4 ? probe(m, p->a) : cpuid(m, p->a);
        if (m->r.ring != 0)
            emit(m, EVENT_hole, 0, *result, 0);
        return true;
    default:
        return illegal(m);
    }
}

/* Does what the word says: *result goes to rd, *next is the pc behind it. */
static bool execute(struct model *m, struct parts *p, word *result, word *next)
{
    word pc = m->r.pc;

    switch (p->bits & 0x7f) {
    case 0x37:
        *result = p->bits & 0xfffff000;
        return true;
    case 0x17:
        *result = pc + (p->bits & 0xfffff000);
        return true;
    case 0x6f:
        *result = pc + 4;
        return jump(m, jal_target(m, p->bits), next);
    case 0x67:
        *result = pc + 4;
        return p->funct3 ? illegal(m) : jump(m, (p->a + (word)p->imm) & ~1u, next);
    case 0x63:
        p->rd = 0;
        return branch(m, p, next);
    case 0x03:
        return load(m, p, result);
    case 0x23: {
        bool done = store(m, p);
        p->rd = 0;
        return done;
    }
    case 0x13:
        return op_imm(m, p, result);
    case 0x33:
        return op(m, p, result);
    case 0x0f:
        p->rd = 0;
        return p->funct3 > 1 ? illegal(m) : true;
    case 0x73:
        return system_insn(m, p, result, next);
    case 0x0b:
        return xrings(m, p, result);
    default:
        return illegal(m);
    }
}

static bool interrupted(struct model *m)
{
    word taken = pending(m) & m->r.ie;

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
    emit(m, EVENT_insn, 0, 0, 0);
    m->cycle += m->cost.base;

    word w = m->insn, next = m->r.pc + 4, result = 0;
    bool stepped = m->r.status & STATUS_TF;
    struct parts p = {
        .bits = w,
        .rd = w >> 7 & 31,
        .rs1 = w >> 15 & 31,
        .rs2 = w >> 20 & 31,
        .funct3 = w >> 12 & 7,
        .funct7 = w >> 25,
        .imm = signed_bits(w >> 20, 12),
    };

    p.a = m->r.x[p.rs1];
    p.b = m->r.x[p.rs2];
    if (!execute(m, &p, &result, &next))
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
