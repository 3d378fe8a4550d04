/*
 * Control registers and counters of the virtual CPU: a row of isa/csrs.def without routines
 * here does not compile.
 *
 * A write keeps the bits outside the row's mask. Most registers are just a word of the VMCB;
 * the few whose write does something have a routine that says what.
 */
#include "vmm/emulate.h"

#include "vmm/arch.h"
#include "vmm/isa.h"
#include "vmm/time.h"

enum kind { CONTROL, COUNTER };

struct csr_row {
    uint16_t number;
    uint16_t kind;
    word wmask;
    word (*get)(struct vcpu *v);
    void (*put)(struct vcpu *v, word value); /* value is merged already; NULL for counters */
};

#define PLAIN(name)                                                                                \
    static word get_##name(struct vcpu *v)                                                         \
    {                                                                                              \
        return v->cb->name;                                                                        \
    }                                                                                              \
    static void put_##name(struct vcpu *v, word value)                                             \
    {                                                                                              \
        v->cb->name = value;                                                                       \
    }
PLAIN(status)
PLAIN(tvec)
PLAIN(tscratch)
PLAIN(epc)
PLAIN(cause)
PLAIN(tval)
PLAIN(tptbr)
PLAIN(cntren)
PLAIN(eptbr)

static word get_ie(struct vcpu *v)
{
    return v->cb->ie;
}

static void put_ie(struct vcpu *v, word value)
{
    v->cb->ie = value;
    vtimer_changed(v);
}

static word get_ip(struct vcpu *v)
{
    vtimer_update(v);
    return v->cb->ip;
}

static void put_ip(struct vcpu *v, word value)
{
    v->cb->ip = value;
}

static word get_ptbr(struct vcpu *v)
{
    return v->cb->ptbr;
}

static void put_ptbr(struct vcpu *v, word value)
{
    v->cb->ptbr = value;
    v->root_stale = true;
}

static word get_timecmp(struct vcpu *v)
{
    return v->cb->timecmp;
}

static void put_timecmp(struct vcpu *v, word value)
{
    v->cb->timecmp = value;
    vtimer_changed(v);
}

static word get_timecmph(struct vcpu *v)
{
    return v->cb->timecmph;
}

static void put_timecmph(struct vcpu *v, word value)
{
    v->cb->timecmph = value;
    vtimer_changed(v);
}

static word get_cycle(struct vcpu *v)
{
    (void)v;
    return (word)arch_cycle();
}

static word get_cycleh(struct vcpu *v)
{
    (void)v;
    return (word)(arch_cycle() >> 32);
}

static word get_time(struct vcpu *v)
{
    return (word)vtimer_now(v);
}

static word get_timeh(struct vcpu *v)
{
    return (word)(vtimer_now(v) >> 32);
}

static word get_instret(struct vcpu *v)
{
    return (word)v->instret;
}

static word get_instreth(struct vcpu *v)
{
    return (word)(v->instret >> 32);
}

/* ---- the table ---------------------------------------------------------------------------- */

/* Control registers are 7C0 to 7CF, counters C00 to C03 and C80 to C83: one small index. */
#define ROWS              32
#define INDEX(number)     ((number) < 0xc00 ? (number)&15 : 16 | ((number)&3) | ((number) >> 5 & 4))

#define GET_CONTROL(name) get_##name, put_##name
#define GET_COUNTER(name) get_##name, NULL

static const struct csr_row rows[ROWS] = {
#define CSR(name, number, kind, hole, wmask, meaning)                                              \
    [INDEX(number)] = {number, kind, wmask, GET_##kind(name)},
#include "isa/csrs.def"
};

/* May this virtual ring use the register? A counter's bit of cntren has its number's low bits. */
static bool allowed(const struct vcpu *v, const struct csr_row *row)
{
    return v->cb->ring == 0 || (row->kind == COUNTER && (v->cb->cntren >> (row->number & 3) & 1));
}

/* The new value is (old & ~clear) | set, as far as the register's bits can be written. */
static enum outcome access_csr(struct vcpu *v, word bits, bool writes, word set, word clear)
{
    word number = bits >> 20, old;
    const struct csr_row *row = &rows[INDEX(number) % ROWS];

    if (row->number != number || (writes && row->kind == COUNTER))
        return emulate_trap(v, CAUSE_illegal, bits);
    if (!allowed(v, row))
        return emulate_trap(v, CAUSE_privileged, bits);
    old = row->get(v);
    if (writes)
        row->put(v, (old & ~(clear & row->wmask)) | (set & row->wmask));
    vcpu_set_x(v, insn_rd(bits), old);
    return RETIRED;
}

static enum outcome swap(struct vcpu *v, word bits, word value)
{
    return access_csr(v, bits, true, value, ~0u);
}

static enum outcome set(struct vcpu *v, word bits, word value)
{
    return access_csr(v, bits, insn_rs1(bits) != 0, value, 0);
}

static enum outcome clear(struct vcpu *v, word bits, word value)
{
    return access_csr(v, bits, insn_rs1(bits) != 0, 0, value);
}

enum outcome emulate_csrrw(struct vcpu *v, word bits)
{
    return swap(v, bits, v->x[insn_rs1(bits)]);
}

enum outcome emulate_csrrs(struct vcpu *v, word bits)
{
    return set(v, bits, v->x[insn_rs1(bits)]);
}

enum outcome emulate_csrrc(struct vcpu *v, word bits)
{
    return clear(v, bits, v->x[insn_rs1(bits)]);
}

/* The immediate stands where the number of rs1 would. */
enum outcome emulate_csrrwi(struct vcpu *v, word bits)
{
    return swap(v, bits, insn_rs1(bits));
}

enum outcome emulate_csrrsi(struct vcpu *v, word bits)
{
    return set(v, bits, insn_rs1(bits));
}

enum outcome emulate_csrrci(struct vcpu *v, word bits)
{
    return clear(v, bits, insn_rs1(bits));
}
