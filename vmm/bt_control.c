/*
 * Register instructions: the virtual CPU's registers are words of the vcpu page, which loads and
 * stores from x0 read and write, with a scratch register in its spill where one is needed.
 * What such a write means beyond the word is the monitor's: timers, address spaces, single steps.
 */
#include "vmm/bt_emit.h"
#include "vmm/emulate.h"

/* Where the vcpu page has a control register. */
static int reg_offset(word number)
{
    static const uint16_t words[16] = {
#define CONTROL(name) [CSR_##name % 16] = offsetof(union vmcb, name) - offsetof(union vmcb, status),
#define COUNTER(name)
#define CSR(name, number, kind, hole, wmask, meaning) kind(name)
#include "isa/csrs.def"
#undef CONTROL
#undef COUNTER
    };
    return BT_OFFSET(regs) + words[number % 16];
}

_Static_assert((WRITABLE_status & 0x800) == 0, "two instructions put it together");

/* A scratch register that is neither of two. */
static unsigned scratch(unsigned a, unsigned b)
{
    unsigned s = SCRATCH_A;

    while (s == a || s == b)
        s--;
    return s;
}

/* csrrw of a register that takes any value. */
static enum next swap_whole(struct translation *t, word bits, int reg)
{
    unsigned rd = insn_rd(bits), rs1 = insn_rs1(bits), s = scratch(rd, rs1);

    if (rd && rd == rs1) {
        put_store(t, s, spill(0));
        put_load(t, s, reg);
        put_store(t, rs1, reg);
        put(t, insn_i(MATCH_addi, rd, s, 0));
        put_load(t, s, spill(0));
        return replaced(t, GOES_ON);
    }
    if (rd)
        put_load(t, rd, reg);
    put_store(t, rs1, reg);
    return replaced(t, GOES_ON);
}

static enum next write_epc(struct translation *t, word bits, int reg)
{
    put_store(t, SCRATCH_A, spill(0));
    put(t, insn_i(MATCH_andi, SCRATCH_A, insn_rs1(bits), -4));
    put_store(t, SCRATCH_A, reg);
    put_load(t, SCRATCH_A, spill(0));
    return replaced(t, GOES_ON);
}

/*
 * The end of a write to status that may have set bits: `s` holds the new value where `tests_tf`,
 * else anything. Single steps and an interrupt that waits are the monitor's to see to.
 */
static void put_status_check(struct translation *t, unsigned s, bool tests_tf)
{
    unsigned step = 0;

    if (tests_tf) {
        put(t, insn_i(MATCH_andi, s, s, FIELD_status_tf));
        step = put_later(t);
    }
    put_load(t, s, BT_OFFSET(pending));
    unsigned test = put_later(t);
    if (tests_tf)
        branch_here(t, step, MATCH_bne, s, X0);
    put_load(t, s, spill(0));
    put_exit(t, BT_RESUME, 0);
    branch_here(t, test, MATCH_beq, s, X0);
    put_load(t, s, spill(0));
}

static enum next write_status(struct translation *t, word bits)
{
    word op = bits & 0x707f;
    unsigned rs1 = insn_rs1(bits), s = scratch(rs1, rs1), u = scratch(rs1, s);
    int reg = reg_offset(CSR_status);

    put_store(t, s, spill(0));
    put_store(t, u, spill(1));
    put(t, insn_u(MATCH_lui, u, WRITABLE_status >> 12));
    put(t, insn_i(MATCH_addi, u, u, WRITABLE_status & 0xfff));
    put(t, insn_r(MATCH_and, s, u, rs1));
    if (op != (word)MATCH_csrrw)
        put_load(t, u, reg);
    if (op == (word)MATCH_csrrs)
        put(t, insn_r(MATCH_or, s, s, u));
    if (op == (word)MATCH_csrrc) {
        put(t, insn_i(MATCH_xori, s, s, -1));
        put(t, insn_r(MATCH_and, s, s, u));
    }
    put_store(t, s, reg);
    put_load(t, u, spill(1));
    if (op == (word)MATCH_csrrc)
        put_load(t, s, spill(0));
    else
        put_status_check(t, s, true);
    return replaced(t, GOES_ON);
}

/* csrrsi and csrrci: bits 3:0, IE, PIE and PRING; bit 4 is read-only. */
static enum next change_status(struct translation *t, word bits)
{
    bool sets = (bits & 0x707f) == (word)MATCH_csrrsi;
    int mask = (int)insn_rs1(bits) & WRITABLE_status;
    unsigned rd = insn_rd(bits), s = scratch(rd, rd);
    int reg = reg_offset(CSR_status);

    put_store(t, s, spill(0));
    put_load(t, s, reg);
    if (rd)
        put(t, insn_i(MATCH_addi, rd, s, 0));
    put(t, sets ? insn_i(MATCH_ori, s, s, mask) : insn_i(MATCH_andi, s, s, ~mask));
    put_store(t, s, reg);
    if (sets && (mask & FIELD_status_ie))
        put_status_check(t, s, false);
    else
        put_load(t, s, spill(0));
    return replaced(t, GOES_ON);
}

/* Can a value be read as it is in the vcpu page? The timer moves a bit of ip by itself. */
static bool readable(word number)
{
    static const bool known[16] = {
#define CONTROL(name) [CSR_##name % 16] = CSR_##name != CSR_ip,
#define COUNTER(name)
#define CSR(name, number, kind, hole, wmask, meaning) kind(name)
#include "isa/csrs.def"
#undef CONTROL
#undef COUNTER
    };
    return number - CSR_status < 16 && known[number % 16];
}

enum next bt_control(struct translation *t, word bits)
{
    word op = bits & 0x707f, number = bits >> 20;
    bool immediate = bits & 0x4000, swaps = (op & ~0x4000u) == (word)MATCH_csrrw;
    bool writes = swaps || insn_rs1(bits);
    int reg = reg_offset(number);

    if (t->plain || !readable(number))
        return callout(t, bits);
    if (!writes) {
        put_load(t, insn_rd(bits), reg);
        return replaced(t, GOES_ON);
    }
    if (number == CSR_status && immediate && !swaps)
        return change_status(t, bits);
    if (number == CSR_status && !immediate && !insn_rd(bits))
        return write_status(t, bits);
    if (op == (word)MATCH_csrrw && (number == CSR_tscratch || number == CSR_tval))
        return swap_whole(t, bits, reg);
    if (op == (word)MATCH_csrrw && number == CSR_epc && !insn_rd(bits))
        return write_epc(t, bits, reg);
    return callout(t, bits);
}
