/*
 * Control registers and counters of the virtual CPU: a row of isa/csrs.def without its part here
 * does not compile.
 *
 * A control register is a word of the VMCB. A write keeps the bits outside the row's mask; where
 * it means more than the word, changed_NAME says what. A counter is computed when it is read.
 */
#include "vmm/emulate.h"

#include "vmm/arch.h"
#include "vmm/isa.h"
#include "vmm/time.h"

typedef void csr_hook(struct vcpu *v);

/* ---- what a write does beyond the word ---------------------------------------------------- */

/* The other address space takes effect at the next entry. */
static void changed_ptbr(struct vcpu *v)
{
    v->root_stale = true;
}

#define changed_status   NULL
#define changed_tvec     NULL
#define changed_tscratch NULL
#define changed_epc      NULL
#define changed_cause    NULL
#define changed_tval     NULL
#define changed_ie       vtimer_changed
#define changed_ip       NULL
#define changed_tptbr    NULL
#define changed_timecmp  vtimer_changed
#define changed_timecmph vtimer_changed
#define changed_cntren   NULL
#define changed_eptbr    NULL

/* What a ring other than 0 may do on a classic machine. */
enum hole { HOLE_NONE, HOLE_READ, HOLE_READ_UF };

struct control {
    uint16_t number;
    uint16_t word; /* of the VMCB */
    enum hole hole;
    word wmask;
    csr_hook *changed;
};

#define CONTROLS 16
#define CONTROL(name, hole, mask)                                                                  \
    [CSR_##name % CONTROLS] = {CSR_##name, offsetof(union vmcb, name) / 4, HOLE_##hole, mask,      \
                               changed_##name},
#define COUNTER(name, hole, mask)
static const struct control controls[CONTROLS] = {
#define CSR(name, number, kind, hole, wmask, meaning) kind(name, hole, wmask)
#include "isa/csrs.def"
};
#undef CONTROL
#undef COUNTER

/* ---- counters ----------------------------------------------------------------------------- */

static uint64_t read_cycle(const struct vcpu *v)
{
    (void)v;
    return arch_cycle();
}

static uint64_t read_time(const struct vcpu *v)
{
    return vtimer_now(v);
}

static uint64_t read_instret(const struct vcpu *v)
{
    return v->instret;
}

#define read_cycleh   read_cycle
#define read_timeh    read_time
#define read_instreth read_instret

struct counter {
    word number;
    uint64_t (*read)(const struct vcpu *v);
};

#define COUNTER_HIGH 0x080 /* bit of the number: the high half */
#define CONTROL(name, hole, mask)
#define COUNTER(name, hole, mask) {CSR_##name, read_##name},
static const struct counter counters[] = {
#define CSR(name, number, kind, hole, wmask, meaning) kind(name, hole, wmask)
#include "isa/csrs.def"
};

/* ---- the six instructions ----------------------------------------------------------------- */

/* The bit of cntren that opens a counter to other rings is the low digit of its number. */
static enum outcome access_counter(struct vcpu *v, word bits, word number, bool writes)
{
    const struct counter *c = counters;

    while (c < counters + COUNT_OF(counters) && c->number != number)
        c++;
    if (c == counters + COUNT_OF(counters) || writes)
        return emulate_trap(v, CAUSE_illegal, bits);
    if (v->cb->ring != 0 && !(v->cb->cntren >> (number & 15) & 1))
        return emulate_trap(v, CAUSE_privileged, bits);
    uint64_t value = c->read(v);
    vcpu_set_x(v, insn_rd(bits), (word)(number & COUNTER_HIGH ? value >> 32 : value));
    return RETIRED;
}

/* The bits that a write may change here and now; false: not even a read is allowed. */
static bool may_access(const struct vcpu *v, const struct control *c, bool writes, word *writable)
{
    *writable = c->wmask;
    if (v->cb->ring == 0)
        return true;
    *writable = FIELD_status_uf; /* the one hole that lets a write through */
    return emulate_classic() && (c->hole == HOLE_READ_UF || (c->hole == HOLE_READ && !writes));
}

/* The new value is (old & ~clear) | set, as far as the register's bits can be written. */
static enum outcome access_csr(struct vcpu *v, word bits, bool writes, word set, word clear)
{
    word number = bits >> 20;
    const struct control *c = &controls[number % CONTROLS];

    if (c->number != number)
        return access_counter(v, bits, number, writes);
    word writable;
    if (!may_access(v, c, writes, &writable))
        return emulate_trap(v, CAUSE_privileged, bits);
    if (number == CSR_ip)
        vtimer_update(v);
    word *reg = &v->cb->words[c->word];
    word old = *reg;
    if (writes) {
        *reg = (old & ~(clear & writable)) | (set & writable);
        if (c->changed)
            c->changed(v);
    }
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
