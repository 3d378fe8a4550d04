/*
 * What the model's instructions do, one after the other: sections 1, 6, 7 and 9 of the manual.
 * A function that can trap returns false when it did.
 */
#include "tests/reference/inside.h"

#include <string.h>

static int32_t signed_bits(word value, unsigned count)
{
    return (int32_t)(value << (32 - count)) >> (32 - count);
}

static bool illegal(struct model *m)
{
    return model_fault(m, CAUSE_illegal, m->insn);
}

static bool privileged(struct model *m)
{
    return model_fault(m, CAUSE_privileged, m->insn);
}

/* An instruction that the monitor wants to see. */
static bool caught(struct model *m, enum vmcb_intercept what, word info1, word info2)
{
    if (!model_intercepts(m, VMCB_icept_insn, what))
        return false;
    model_exit(m, EXIT_INSN + what, info1, info2);
    return true;
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

static word multiply(struct model *m, const struct model_parts *p)
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

static bool op(struct model *m, const struct model_parts *p, word *result)
{
    if (p->funct7 == 1)
        *result = multiply(m, p);
    else if (p->funct7 == 0 || (p->funct7 == 0x20 && (p->funct3 == 0 || p->funct3 == 5)))
        *result = arithmetic(p->funct3, p->funct7 != 0, p->a, p->b);
    else
        return illegal(m);
    return true;
}

static bool op_imm(struct model *m, const struct model_parts *p, word *result)
{
    bool shift = p->funct3 == 1 || p->funct3 == 5;

    if (shift && p->funct7 != 0 && !(p->funct7 == 0x20 && p->funct3 == 5))
        return illegal(m);
    *result = arithmetic(p->funct3, shift && p->funct7 != 0, p->a, (word)p->imm);
    if (p->funct3 == 2 && p->rd == 0) { /* trace costs nothing */
        m->cycle -= m->cost.base;
        model_emit(m, EVENT_hint, 0, (word)p->imm, p->a);
    }
    return true;
}

static bool load(struct model *m, const struct model_parts *p, word *result)
{
    static const unsigned widths[8] = {1, 2, 4, 0, 1, 2, 0, 0};
    unsigned width = widths[p->funct3];
    word value = 0;

    if (width == 0)
        return illegal(m);
    const uint8_t *bytes = model_reach(m, p->a + (word)p->imm, width, MODEL_LOAD);
    if (!bytes)
        return false;
    memcpy(&value, bytes, width);
    *result = p->funct3 < 4 ? (word)signed_bits(value, 8 * width) : value;
    model_emit(m, EVENT_mem, p->a + (word)p->imm, value, width);
    return true;
}

static bool store(struct model *m, const struct model_parts *p)
{
    word offset = (word)signed_bits(p->funct7 << 5 | p->rd, 12);
    unsigned width = 1u << p->funct3;

    if (p->funct3 > 2)
        return illegal(m);
    uint8_t *bytes = model_reach(m, p->a + offset, width, MODEL_STORE);
    if (!bytes)
        return false;
    memcpy(bytes, &p->b, width);
    model_emit(m, EVENT_mem, p->a + offset, width == 4 ? p->b : p->b & ((1u << 8 * width) - 1),
               width + 256);
    return true;
}

static bool jump(struct model *m, word target, word *next)
{
    if (target & 3)
        return model_fault(m, CAUSE_fetch_misaligned, target);
    *next = target;
    return true;
}

static bool branch(struct model *m, const struct model_parts *p, word *next)
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
    if (model_is_counter(number))
        return m->r.cntren >> (number & 3) & 1;
    return m->classic && (number == CSR_status || number == CSR_tvec || number == CSR_ptbr);
}

static bool may_write(const struct model *m, word number)
{
    return m->r.ring == 0 || (m->classic && number == CSR_status);
}

static bool csr(struct model *m, const struct model_parts *p, word *result)
{
    word number = p->bits >> 20, writable = 0;
    word operand = p->funct3 & 4 ? p->rs1 : p->a;
    word *reg = model_register(m, number, &writable);
    unsigned how = p->funct3 & 3;
    bool writes = how == 1 || p->rs1 != 0;
    bool reads = how != 1 || p->rd != 0;

    if ((!reg && !model_is_counter(number)) || (model_is_counter(number) && writes))
        return illegal(m);
    if ((reads && !may_read(m, number)) || (writes && !may_write(m, number)))
        return privileged(m);
    word old = model_csr(m, number);
    word base = number == CSR_ip ? m->r.ip : old; /* not the wires */
    word value = how == 1 ? operand : how == 2 ? base | operand : base & ~operand;
    if (reads && model_is_counter(number)) {
        if (caught(m, INTERCEPT_counters, number, old))
            return false;
    } else if (reads && model_intercepts(m, VMCB_icept_csr_read, number - CSR_status)) {
        return model_exit(m, EXIT_CSR_READ + number - CSR_status, number, old);
    }
    if (writes && model_intercepts(m, VMCB_icept_csr_write, number - CSR_status))
        return model_exit(m, EXIT_CSR_WRITE + number - CSR_status, number, value);
    m->cycle += m->cost.csr;
    if (writes) {
        if (m->r.ring != 0)
            writable &= FIELD_status_uf;
        *reg = (*reg & ~writable) | (value & writable);
        model_emit(m, EVENT_csr, number, old, model_csr(m, number));
    }
    if (m->r.ring != 0 && !model_is_counter(number))
        model_emit(m, EVENT_hole, 0, old, 0);
    *result = old;
    return true;
}

/* The cycle at which a timer that is not pending will be, `time` being what it is compared to. A
 * deadline beyond 2^62 cycles never comes: no machine lives to see it. */
static uint64_t deadline(const struct model *m, const struct cpu_regs *r, uint64_t time)
{
    uint64_t timecmp = (uint64_t)r->timecmph << 32 | r->timecmp;
    uint64_t real = m->cycle / m->cost.divider, left = timecmp - time;

    if (!(r->ie >> INTERRUPT_timer & 1) || left > ((uint64_t)1 << 62) / m->cost.divider - real)
        return UINT64_MAX;
    return (real + left) * m->cost.divider;
}

static bool wait(struct model *m)
{
    uint64_t start = m->cycle, own, host = UINT64_MAX;

    if (model_pending(m) & m->r.ie)
        return true;
    if (model_physical(m))
        return !model_interrupted_by_host(m);
    own = deadline(m, &m->r, model_time(m));
    if (model_intercepts(m, VMCB_icept_insn, INTERCEPT_interrupts))
        host = deadline(m, &m->guest.host, m->cycle / m->cost.divider);
    if (own == UINT64_MAX && host == UINT64_MAX) {
        m->end = MODEL_WAITS;
        return false;
    }
    m->cycle = own < host ? own : host;
    model_emit(m, EVENT_wait, 0, (word)(m->cycle - start), 0);
    return model_pending(m) & m->r.ie || !model_interrupted_by_host(m);
}

static bool sfence(struct model *m, const struct model_parts *p)
{
    word asid = p->b & 0x1ff;

    if (caught(m, INTERCEPT_sfence_vma, p->a, p->b))
        return false;
    m->cycle += m->cost.fence;
    model_forget(m, true, p->rs1 ? &p->a : NULL, p->rs2 ? &asid : NULL);
    return true;
}

static bool system_insn(struct model *m, const struct model_parts *p, word *result, word *next)
{
    bool is_sfence = (p->bits & 0xfe007fff) == 0x12000073;

    if (p->funct3 != 0 && p->funct3 != 4)
        return csr(m, p, result);
    if (p->bits == 0x00000073)
        return model_fault(m, CAUSE_ecall_ring0 + m->r.ring, 0);
    if (p->bits == 0x00100073)
        return model_fault(m, CAUSE_breakpoint, m->r.pc);
    if (!is_sfence && p->bits != 0x30200073 && p->bits != 0x10500073)
        return illegal(m);
    if (m->r.ring != 0)
        return privileged(m);
    if (is_sfence)
        return sfence(m, p);
    if (p->bits == 0x30200073) {
        if (caught(m, INTERCEPT_tret, 0, 0))
            return false;
        *next = model_tret(m);
        return true;
    }
    return !caught(m, INTERCEPT_wfi, 0, 0) && wait(m);
}

/* Looks into the table itself, not into the TLB, and pays for each reference. */
static bool probe(struct model *m, word va, word *result)
{
    unsigned ring =
        m->r.ring ? m->r.ring : (m->r.status & FIELD_status_pring) >> SHIFT_status_pring;
    struct model_walk w;

    if (caught(m, INTERCEPT_probe, va, 0))
        return false;
    *result = 0x3f;
    if (!(m->r.ptbr >> 31))
        return true;
    *result = 0;
    switch (model_walk(m, va, &w)) {
    case WALK_NESTED:
        return model_exit(m, EXIT_nested_fault, w.at, 4);
    case WALK_FOUND:
        *result = ring <= (w.leaf >> 4 & 3) ? w.leaf & 0x3f : 0;
        break;
    default:
        break;
    }
    return true;
}

static bool cpuid(struct model *m, word leaf, word *result)
{
    if (caught(m, INTERCEPT_cpuid, leaf, 0))
        return false;
    *result = leaf == 0 ? 0x5a505254 : 0;
    if (leaf == 1)
        *result = (m->classic ? 0 : 1) | (m->vt ? 2 : 0) | (m->npt ? 4 : 0);
    return true;
}

/* Is the port one whose accesses exit? The map says so with one bit each. */
static bool port_caught(struct model *m, word number, word value)
{
    word map = model_control(m, VMCB_io_map);

    if (!model_intercepts(m, VMCB_icept_insn, INTERCEPT_port))
        return false;
    if (map) {
        m->cycle += m->cost.walk;
        if (!(m->ram[map - RAM_BASE + number / 8] >> number % 8 & 1))
            return false;
    }
    return caught(m, INTERCEPT_port, number, value);
}

static bool port(struct model *m, const struct model_parts *p, word *result)
{
    word number = p->a & 0xffff;

    if (m->r.ring > (m->r.status & FIELD_status_iopl) >> SHIFT_status_iopl)
        return privileged(m);
    if (port_caught(m, number, p->funct3 == 3 ? p->b : 0))
        return false;
    if ((number >= 0x1f0 && number < 0x1f8) || (number >= 0x3f8 && number < 0x400)) {
        m->end = MODEL_OUTSIDE;
        return false;
    }
    m->cycle += m->cost.port;
    *result = 0xffffffff;
    model_emit(m, EVENT_port, number, p->funct3 == 2 ? 0xffffffff : p->b, p->funct3 == 3);
    return true;
}

static bool hcall(struct model *m)
{
    if (m->r.ring != 0)
        return model_fault(m, CAUSE_hcall, 0);
    return caught(m, INTERCEPT_hcall, 0, 0) ? false : illegal(m);
}

static bool vmrun(struct model *m, const struct model_parts *p, word *next)
{
    if (!m->vt || p->funct7 || p->rs2 || p->rd)
        return illegal(m);
    if (m->r.ring != 0)
        return privileged(m);
    if (caught(m, INTERCEPT_vmrun, p->a, 0))
        return false;
    return model_vmrun(m, p->rs1, next);
}

/* custom-0: hcall, vmrun, pin, pout, probe, cpuid. */
static bool xrings(struct model *m, const struct model_parts *p, word *result, word *next)
{
    switch (p->funct3) {
    case 0:
        return p->bits == 0x0000000b ? hcall(m) : illegal(m);
    case 1:
        return vmrun(m, p, next);
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
        if (!(p->funct3 == 4 ? probe(m, p->a, result) : cpuid(m, p->a, result)))
            return false;
        if (m->r.ring != 0)
            model_emit(m, EVENT_hole, 0, *result, 0);
        return true;
    default:
        return illegal(m);
    }
}

/* Does what the word says: *result goes to rd, *next is the pc behind it. */
bool model_execute(struct model *m, struct model_parts *p, word *result, word *next)
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
        return xrings(m, p, result, next);
    default:
        return illegal(m);
    }
}
