/*
 * Loads and stores of the guest on virtual devices, and on RAM that it cannot be let at. A trap gives the address that faulted, not
 * the instruction: it is fetched here through the guest's own translation, once, and everything
 * is taken from that one copy. An exit of hardware assist gives the instruction too.
 */
#include "vmm/emulate.h"

#include "vmm/isa.h"
#include "vmm/lib.h"
#include "vmm/technique.h"
#include "vmm/vm.h"
#include "vmm/walk.h"

enum {
#define FORMAT(name, mask, syntax) MASK_##name = (int)(mask),
#include "isa/formats.def"
#undef FORMAT
};

struct access_row {
    word match;
    bool store;
};

/* Rows of instructions.def by format; the other formats access no memory. */
#define FORM_LOAD(match)  {match, false},
#define FORM_STORE(match) {match, true},
#define FORM_R(match)
#define FORM_I(match)
#define FORM_SHIFT(match)
#define FORM_B(match)
#define FORM_U(match)
#define FORM_J(match)
#define FORM_JALR(match)
#define FORM_FENCE(match)
#define FORM_FENCEI(match)
#define FORM_CSR(match)
#define FORM_CSRI(match)
#define FORM_NONE(match)
#define FORM_ST(match)
#define FORM_S1(match)
#define FORM_DS(match)
#define FORM_HINT(match)

static const struct access_row rows[] = {
#define INSN(name, mnemonic, format, class, match, meaning) FORM_##format(match)
#include "isa/instructions.def"
#undef INSN
};

/* Funct3 of every load and store: 1:0 log2 of the width, 2 zero extension. */
static unsigned width_of(word bits)
{
    return 1u << (bits >> 12 & 3);
}

static word extend(word value, word bits)
{
    unsigned unused = 32 - width_of(bits) * 8;

    if (bits >> 14 & 1)
        return value << unused >> unused;
    return (word)((int32_t)(value << unused) >> unused);
}

gva emulate_address(const struct vcpu *v, word bits, bool store)
{
    int32_t high = (int32_t)bits >> 25;
    word offset = store ? (word)high << 5 | (bits >> 7 & 31) : (word)((int32_t)bits >> 20);

    return v->x[insn_rs1(bits)] + offset;
}

bool emulate_kind(word bits, enum access *kind)
{
    const struct access_row *r = rows;

    while (r < rows + COUNT_OF(rows) && (bits & (word)MASK_LOAD) != r->match)
        r++;
    if (r < rows + COUNT_OF(rows))
        *kind = r->store ? ACCESS_STORE : ACCESS_LOAD;
    else
        *kind = ACCESS_FETCH;
    return r < rows + COUNT_OF(rows) || !bits;
}

/* Is this an instruction that accesses `fault` in this way? */
static bool is_it(const struct vcpu *v, word bits, gva fault, bool store)
{
    for (const struct access_row *r = rows; r < rows + COUNT_OF(rows); r++)
        if ((bits & (word)MASK_LOAD) == r->match)
            return r->store == store && emulate_address(v, bits, store) == fault;
    return false;
}

static bool fetch(struct vcpu *v, word *bits)
{
    struct walk w;
    const word *at;

    if (walk_guest(&v->vm->map, v->cb->ptbr, v->cb->pc, ACCESS_FETCH, v->cb->ring, &w) != WALK_OK)
        return false;
    at = p2m_word(&v->vm->map, w.address);
    if (!at)
        return false;
    *bits = *at;
    return true;
}

static bool read(struct vm *vm, gpa address, unsigned width, word *value)
{
    const void *ram = p2m_word(&vm->map, address);

    if (!ram)
        return vbus_read(vm, address, width, value);
    *value = 0;
    memcpy(value, ram, width);
    return true;
}

static bool write(struct vm *vm, gpa address, unsigned width, word value)
{
    if (p2m_entry(&vm->map, address))
        return p2m_write(&vm->map, address, &value, width);
    return vbus_write(vm, address, width, value);
}

static enum outcome load(struct vcpu *v, word bits, gva fault, gpa address)
{
    word value;

    if (!read(v->vm, address, width_of(bits), &value))
        return emulate_trap(v, CAUSE_load_access, fault);
    vcpu_set_x(v, insn_rd(bits), extend(value, bits));
    return RETIRED;
}

static enum outcome store(struct vcpu *v, word bits, gva fault, gpa address)
{
    unsigned unused = 32 - width_of(bits) * 8;
    word value = v->x[insn_rs2(bits)] << unused >> unused;

    if (!write(v->vm, address, width_of(bits), value))
        return emulate_trap(v, CAUSE_store_access, fault);
    return RETIRED;
}

void emulate_access(struct vcpu *v, gva fault, gpa address, bool is_store)
{
    word bits = v->exit_insn;
    bool stepping = vcpu_stepping(v);

    if ((!bits && !fetch(v, &bits)) || !is_it(v, bits, fault, is_store)) {
        /* What ran is not what the guest's table leads to now: let it be fetched again. */
        v->vm->technique->refetch(v, v->cb->pc);
        return;
    }
    enum outcome o = is_store ? store(v, bits, fault, address) : load(v, bits, fault, address);
    if (o == RETIRED)
        vcpu_retire(v, v->cb->pc + 4, stepping);
}
