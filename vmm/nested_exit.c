/*
 * Whose is an exit of a nested guest? What L1 asked for by its intercepts is L1's; the rest is
 * L0's, which looks first at what can only be its own: physical interrupts, and with shadow paging
 * page faults and the registers that name tables.
 */
#include "vmm/assist.h"
#include "vmm/nested.h"
#include "vmm/p2m.h"
#include "vmm/time.h"
#include "vmm/vm.h"

/* Does the permission map let L1's guest use the port? It is read where it is, as the processor
 * does; that it lies in RAM was checked. */
static bool port_exits(struct vcpu *v)
{
    const union vmcb *cb = v->cb;
    word port = cb->exit_info1 & 0xffff;
    uint8_t bits;

    if (!cb->io_map || !p2m_read(&v->vm->map, cb->io_map + port / 8, &bits, 1))
        return true;
    return bits >> port % 8 & 1;
}

static bool in_vector(const union vmcb *cb, word code)
{
    word first = offsetof(union vmcb, icept_insn) / sizeof(word);

    return cb->words[first + code / 32] >> code % 32 & 1;
}

static bool is_page_fault(word code)
{
    return code == EXIT_CAUSE + CAUSE_fetch_page || code == EXIT_CAUSE + CAUSE_load_page ||
           code == EXIT_CAUSE + CAUSE_store_page;
}

/* What L0 must look at first: interrupts are its own, and page faults its shadow's. */
static bool is_ours(const struct vcpu *v, word code)
{
    return code == INTERCEPT_interrupts || (is_page_fault(code) && !v->home->nested_paging);
}

/* ---- page-table registers under shadow paging ----------------------------------------------- */

/*
 * L0 intercepts them for itself, and the processor has told what it holds in them, which is
 * nothing for L1 to know. So what L1 asked for is found out from the instruction.
 */
struct register_access {
    word bit; /* of the intercepts */
    bool reads, writes;
    word old, new;
};

static struct register_access decode(const struct vcpu *v, word old)
{
    word bits = v->exit_insn;
    word operand = bits >> 14 & 1 ? insn_rs1(bits) : v->x[insn_rs1(bits)];
    struct register_access a = {.bit = (bits >> 20) - CSR_status, .old = old};

    switch (bits >> 12 & 3) {
    case 1:
        a.reads = insn_rd(bits) != 0;
        a.writes = true;
        a.new = operand;
        break;
    case 2:
        a.reads = true;
        a.writes = insn_rs1(bits) != 0;
        a.new = old | operand;
        break;
    case 3:
        a.reads = true;
        a.writes = insn_rs1(bits) != 0;
        a.new = old & ~operand;
        break;
    }
    return a;
}

/* False: L1 has no part in it. */
static bool table_register(struct vcpu *v, word old)
{
    const union vmcb *cb = v->cb;
    struct register_access a = decode(v, old);
    word number = a.bit + CSR_status;

    if (a.reads && (cb->icept_csr_read >> a.bit & 1))
        nested_leave(v, EXIT_CSR_READ + a.bit, number, a.old);
    else if (a.writes && (cb->icept_csr_write >> a.bit & 1))
        nested_leave(v, EXIT_CSR_WRITE + a.bit, number, a.new);
    else
        return false;
    return true;
}

/* Is it an exit for such a register? Then *old is what L2 has in it. */
static bool is_table_register(const struct vcpu *v, word code, word *old)
{
    const union vmcb *cb = v->cb;

    if (v->home->nested_paging || code < EXIT_CSR_READ || code >= EXIT_VECTOR)
        return false;
    switch (cb->exit_info1) {
    case CSR_ptbr:
        *old = cb->ptbr;
        return true;
    case CSR_tptbr:
        *old = cb->tptbr;
        return true;
    case CSR_eptbr:
        *old = cb->eptbr;
        return true;
    }
    return false;
}

/* ---- the question --------------------------------------------------------------------------- */

bool nested_exits(struct vcpu *v)
{
    const union vmcb *cb = v->cb;
    word code = cb->exit_code, old;

    if (code == EXIT_nested_fault)
        return false; /* see nested_fault */
    if (is_table_register(v, code, &old))
        return table_register(v, old);
    if (code < EXIT_VECTOR &&
        (is_ours(v, code) || !in_vector(cb, code) || (code == INTERCEPT_port && !port_exits(v))))
        return false;
    nested_leave(v, code, cb->exit_info1, cb->exit_info2);
    return true;
}

/* The exit belongs to no instruction. */
static void between_instructions(union vmcb *cb)
{
    cb->exit_insn = 0;
    cb->exit_next_pc = cb->pc;
}

bool nested_traps(struct vcpu *v, word cause, word tval)
{
    if (!(v->cb->icept_cause >> cause & 1))
        return false;
    if (cause == CAUSE_single_step)
        between_instructions(v->cb);
    nested_leave(v, EXIT_CAUSE + cause, tval, 0);
    return true;
}

void nested_shutdown(struct vcpu *v, word cause, word tval)
{
    v->cb->inject = event_of(cause);
    v->cb->inject_tval = tval;
    nested_leave(v, EXIT_shutdown, cause, tval);
}

static word most_urgent(word bits)
{
    static const uint8_t by_priority[] = {
#define INTERRUPT(name, code, text) code,
#include "isa/causes.def"
    };
    unsigned i = 0;

    while (i < COUNT_OF(by_priority) - 1 && !(bits >> by_priority[i] & 1))
        i++;
    return CAUSE_INTERRUPT | by_priority[i];
}

bool nested_interrupted(struct vcpu *v)
{
    vtimer_update(v);
    word pending = v->home->ip & v->home->ie;

    if (!pending || !(v->cb->icept_insn >> INTERCEPT_interrupts & 1))
        return false;
    between_instructions(v->cb);
    nested_leave(v, INTERCEPT_interrupts, most_urgent(pending), 0);
    return true;
}

/* L1's own wire goes through to a guest for which it does not intercept interrupts. */
word nested_pending(const struct vcpu *v)
{
    bool shared = !(v->cb->icept_insn >> INTERCEPT_interrupts & 1);

    return v->vm->assist->nested->virtual_ip | (shared ? v->home->ip & FIELD_ip_ext : 0);
}
