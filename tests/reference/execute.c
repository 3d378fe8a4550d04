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
    word value = how == 1 ? operand : how == 2 ? old | operand : old & ~operand;
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

/* A deadline beyond 2^62 cycles never comes: no machine lives to see it. */
static bool wait(struct model *m)
{
    uint64_t deadline = (uint64_t)m->r.timecmph << 32 | m->r.timecmp;

    if (model_pending(m) & m->r.ie)
        return true;
    if (m->r.ie >> INTERRUPT_timer & 1 && deadline <= ((uint64_t)1 << 62) / m->cost.divider) {
        uint64_t start = m->cycle;

        m->cycle = deadline * m->cost.divider;
        model_emit(m, EVENT_wait, 0, (word)(m->cycle - start), 0);
        return true;
    }
    m->end = MODEL_WAITS;
    return false;
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
        model_sfence(m, p->rs1, p->rs2);
    else if (p->bits == 0x30200073)
        *next = model_tret(m);
    else
        return wait(m);
    return true;
}

/* Looks into the table itself, not into the TLB, and pays for each reference. */
static word probe(struct model *m, word va)
{
    unsigned ring =
        m->r.ring ? m->r.ring : (m->r.status & FIELD_status_pring) >> SHIFT_status_pring;
    struct model_walk w;

    if (!(m->r.ptbr >> 31))
        return 0x3f;
    return model_walk(m, va, &w) == WALK_FOUND && ring <= (w.leaf >> 4 & 3) ? w.leaf & 0x3f : 0;
}

static word cpuid(const struct model *m, word leaf)
{
    return leaf == 0 ? 0x5a505254 : leaf == 1 ? (m->classic ? 0 : 1) : 0;
}

static bool port(struct model *m, const struct model_parts *p, word *result)
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
    model_emit(m, EVENT_port, number, p->funct3 == 2 ? 0xffffffff : p->b, p->funct3 == 3);
    return true;
}

/* custom-0: hcall, vmrun (here a machine without it), pin, pout, probe, cpuid. */
static bool xrings(struct model *m, const struct model_parts *p, word *result)
{
    switch (p->funct3) {
    case 0:
        if (p->bits != 0x0000000b || m->r.ring == 0)
            return illegal(m);
        return model_fault(m, CAUSE_hcall, 0);
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
        return xrings(m, p, result);
    default:
        return illegal(m);
    }
}
