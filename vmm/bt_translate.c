/*
 * The translator: one guest instruction after another, each by the function that its row of
 * isa/instructions.def has by format and class; a row without one does not compile.
 *
 *   identical   arithmetic, loads and stores, hints: they mean the same in any ring
 *   replaced    auipc, jumps (addresses stay the guest's); registers of the virtual CPU, where
 *               loads and stores on the vcpu page do it
 *   callout     everything else: an ecall, which the monitor answers
 *
 * A sequence may use a register as scratch when it spills it to the vcpu page first. No sequence
 * can fault in the middle, so what the guest gets to see of a fault is always the state before
 * an instruction. An interrupt in the middle is made to wait for its end (bt.c).
 *
 * An indirect jump looks its target up in the table of the vcpu page. The target's own first
 * word restores the last scratch register:
 *
 *     sw   x31, spill 0        xor  x29, x29, x31        lw   x29, spill 2
 *     sw   x30, spill 1        andi x29, x29, -4         lw   x31, spill 0
 *     sw   x29, spill 2        ori  x29, x29, -1024      li   rd, guest's pc + 4
 *     addi x31, rs1, imm       lw   x30, tags(x29)       jr   x30
 *     srli x29, x31, 8         bne  x30, x31, miss
 *                              lw   x30, dests(x29)      there: lw x30, spill 1
 */
#include "vmm/arch.h"
#include "vmm/bt.h"
#include "vmm/bt_insn.h"
#include "vmm/emulate.h"
#include "vmm/isa.h"
#include "vmm/lib.h"
#include "vmm/phys.h"
#include "vmm/vm.h"

#define INSN_MOST 24 /* words that one instruction can become, its ways out included */

struct translation {
    struct bt *bt;
    struct bt_unit *u;
    word number;   /* of u */
    word *code;    /* of u, in the cache */
    gva pc;        /* of the instruction at hand */
    bool plain;    /* nothing in line: no vcpu page, or the guest single-steps */
    unsigned outs; /* ways out so far */
};

/* What follows the instruction in its unit. */
enum next { GOES_ON, ENDS };

typedef enum next translate_fn(struct translation *t, word bits);

/* ---- writing ------------------------------------------------------------------------------- */

static void put(struct translation *t, word bits)
{
    t->code[t->u->words++] = bits;
}

static void put_load(struct translation *t, unsigned rd, int offset)
{
    put(t, insn_i(MATCH_lw, rd, X0, offset));
}

static void put_store(struct translation *t, unsigned rs2, int offset)
{
    put(t, insn_s(MATCH_sw, rs2, X0, offset));
}

static void put_constant(struct translation *t, unsigned rd, word value)
{
    word upper = (value + 0x800) >> 12;
    int low = (int)(value << 20) >> 20;

    if (upper)
        put(t, insn_u(MATCH_lui, rd, upper));
    if (low || !upper)
        put(t, insn_i(MATCH_addi, rd, upper ? rd : X0, low));
}

static int spill(unsigned i)
{
    return BT_OFFSET(spills) + (int)i * 4;
}

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

/* ---- leaving ------------------------------------------------------------------------------- */

static void put_exit(struct translation *t, enum bt_exit kind, unsigned which)
{
    put(t, (word)MATCH_ecall);
    put(t, (word)kind << 28 | which << 24 | t->number);
}

static void put_way_out(struct translation *t, gva target)
{
    struct bt_way_out *out = &t->u->out[t->outs];

    *out = (struct bt_way_out){target, t->u->words, UNIT_NONE};
    put_exit(t, target & 3 ? BT_MISALIGNED : BT_JUMP, t->outs++);
}

static enum next callout(struct translation *t, word bits)
{
    put_exit(t, BT_INSN, 0);
    put(t, bits);
    t->bt->counts.callouts++;
    return ENDS;
}

enum {
#define FORMAT(name, mask, syntax) MASK_##name = (int)(mask),
#include "isa/formats.def"
#undef FORMAT
};

#define REGISTERS 0x01ff8000u /* rs1 and rs2 */

/* ---- instructions of every ring ------------------------------------------------------------ */

static enum next identical(struct translation *t, word bits)
{
    put(t, bits);
    t->bt->counts.identical++;
    return GOES_ON;
}

/* An address that is written into the instruction may be the vcpu page's. */
static enum next access(struct translation *t, word bits, word offset)
{
    if (insn_rs1(bits) == X0 && offset >= BT_PAGE_AT)
        return callout(t, bits);
    return identical(t, bits);
}

static enum next load(struct translation *t, word bits)
{
    return access(t, bits, imm_i(bits));
}

static enum next store(struct translation *t, word bits)
{
    return access(t, bits, imm_s(bits));
}

static enum next upper(struct translation *t, word bits)
{
    if ((bits & 0x7f) == MATCH_lui)
        return identical(t, bits);
    put_constant(t, insn_rd(bits), t->pc + (bits & 0xfffff000));
    t->bt->counts.replaced++;
    return GOES_ON;
}

static enum next branch(struct translation *t, word bits)
{
    word condition = bits & ((word)MASK_B | REGISTERS);

    put(t, insn_b(condition, 0, 0, 12)); /* over the first way out */
    put_way_out(t, t->pc + 4);
    put_way_out(t, t->pc + imm_b(bits));
    t->bt->counts.replaced++;
    return ENDS;
}

static enum next jump(struct translation *t, word bits)
{
    gva target = t->pc + imm_j(bits);

    if (insn_rd(bits) && !(target & 3))
        put_constant(t, insn_rd(bits), t->pc + 4);
    put_way_out(t, target);
    t->bt->counts.replaced++;
    return ENDS;
}

static enum next jump_register(struct translation *t, word bits)
{
    unsigned rd = insn_rd(bits);

    if (t->plain || rd >= SCRATCH_C) {
        put_exit(t, BT_INDIRECT, 0);
        put(t, bits);
        t->bt->counts.callouts++;
        return ENDS;
    }
    put_store(t, SCRATCH_A, spill(0));
    put_store(t, SCRATCH_B, spill(1));
    put_store(t, SCRATCH_C, spill(2));
    put(t, insn_i(MATCH_addi, SCRATCH_A, insn_rs1(bits), (int)imm_i(bits)));
    put(t, insn_i(MATCH_srli, SCRATCH_C, SCRATCH_A, BT_HASH));
    put(t, insn_r(MATCH_xor, SCRATCH_C, SCRATCH_C, SCRATCH_A));
    put(t, insn_i(MATCH_andi, SCRATCH_C, SCRATCH_C, -4));
    put(t, insn_i(MATCH_ori, SCRATCH_C, SCRATCH_C, BT_INDEX));
    put(t, insn_i(MATCH_lw, SCRATCH_B, SCRATCH_C, BT_TABLE(tags)));
    unsigned test = t->u->words;
    put(t, 0);
    put(t, insn_i(MATCH_lw, SCRATCH_B, SCRATCH_C, BT_TABLE(dests)));
    put_load(t, SCRATCH_C, spill(2));
    put_load(t, SCRATCH_A, spill(0));
    if (rd)
        put_constant(t, rd, t->pc + 4);
    put(t, insn_i(MATCH_jalr, X0, SCRATCH_B, 0));
    t->code[test] = insn_b(MATCH_bne, SCRATCH_B, SCRATCH_A, (int)(t->u->words - test) * 4);
    put_exit(t, BT_INDIRECT, 1);
    put(t, bits);
    t->bt->counts.replaced++;
    return ENDS;
}

/* ---- control registers --------------------------------------------------------------------- */

_Static_assert((WRITABLE_status & 0x800) == 0, "two instructions put it together");

/* A scratch register that is neither of two. */
static unsigned scratch(unsigned a, unsigned b)
{
    unsigned s = SCRATCH_A;

    while (s == a || s == b)
        s--;
    return s;
}

static enum next replaced(struct translation *t)
{
    t->bt->counts.replaced++;
    return GOES_ON;
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
        return replaced(t);
    }
    if (rd)
        put_load(t, rd, reg);
    put_store(t, rs1, reg);
    return replaced(t);
}

static enum next write_epc(struct translation *t, word bits, int reg)
{
    put_store(t, SCRATCH_A, spill(0));
    put(t, insn_i(MATCH_andi, SCRATCH_A, insn_rs1(bits), -4));
    put_store(t, SCRATCH_A, reg);
    put_load(t, SCRATCH_A, spill(0));
    return replaced(t);
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
        step = t->u->words;
        put(t, 0);
    }
    put_load(t, s, BT_OFFSET(pending));
    unsigned test = t->u->words;
    put(t, 0);
    if (tests_tf)
        t->code[step] = insn_b(MATCH_bne, s, X0, (int)(t->u->words - step) * 4);
    put_load(t, s, spill(0));
    put_exit(t, BT_RESUME, 0);
    t->code[test] = insn_b(MATCH_beq, s, X0, (int)(t->u->words - test) * 4);
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
    return replaced(t);
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
    return replaced(t);
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

static enum next control(struct translation *t, word bits)
{
    word op = bits & 0x707f, number = bits >> 20;
    bool immediate = bits & 0x4000, swaps = (op & ~0x4000u) == (word)MATCH_csrrw;
    bool writes = swaps || insn_rs1(bits);
    int reg = reg_offset(number);

    if (t->plain || !readable(number))
        return callout(t, bits);
    if (!writes) {
        put_load(t, insn_rd(bits), reg);
        return replaced(t);
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

/* ---- the table ----------------------------------------------------------------------------- */

#define USER_R                identical
#define USER_I                identical
#define USER_SHIFT            identical
#define USER_FENCE            identical
#define USER_FENCEI           identical /* fetches see every store: the write watch does that here */
#define USER_LOAD             load
#define USER_STORE            store
#define USER_U                upper
#define USER_B                branch
#define USER_J                jump
#define USER_JALR             jump_register
#define USER_NONE             callout

#define BY_USER(format)       USER_##format
#define BY_HINT(format)       identical
#define BY_CSR(format)        control
#define BY_PRIVILEGED(format) callout
#define BY_SENSITIVE(format)  callout
#define BY_PORT(format)       callout
#define BY_HCALL(format)      callout
#define BY_VT(format)         callout

struct row {
    word match, mask;
    translate_fn *fn;
};

static const struct row rows[] = {
#define INSN(name, mnemonic, format, class, match, meaning)                                        \
    {match, (word)MASK_##format, BY_##class(format)},
#include "isa/instructions.def"
#undef INSN
};

static translate_fn *find(word bits)
{
    for (const struct row *r = rows; r < rows + COUNT_OF(rows); r++)
        if ((bits & r->mask) == r->match)
            return r->fn;
    return callout; /* no instruction: the monitor has it trap */
}

/* ---- units --------------------------------------------------------------------------------- */

/* The guest's memory at its pc; NULL when a fetch traps, which the guest then has. */
static const word *fetch(struct vcpu *v, gpa *from)
{
    struct walk w;
    enum walk_result result =
        walk_guest(&v->vm->map, v->cb->ptbr, v->cb->pc, ACCESS_FETCH, v->cb->ring, &w);
    const word *source = result == WALK_OK ? p2m_word(&v->vm->map, w.address) : NULL;

    if (result != WALK_OK)
        vcpu_trap(v, walk_cause(result, ACCESS_FETCH), v->cb->pc);
    else if (!source)
        vcpu_trap(v, CAUSE_fetch_access, v->cb->pc);
    *from = w.address & PAGE_MASK;
    return source;
}

/* Words of the cache's page behind the unit. */
static word room(const struct bt_unit *u)
{
    return (PAGE_SIZE - (u->code & ~PAGE_MASK)) / 4 - u->words;
}

static void translate_all(struct translation *t, const word *source, unsigned most)
{
    enum next next = GOES_ON;

    while (next == GOES_ON && t->u->count < most && room(t->u) >= INSN_MOST) {
        word bits = *source++;
        t->u->offsets[t->u->count++] = t->u->words;
        next = find(bits)(t, bits);
        t->pc += 4;
        if (!(t->pc & ~PAGE_MASK))
            break;
    }
    if (next == GOES_ON)
        put_way_out(t, t->pc);
}

struct bt_unit *bt_translate(struct vcpu *v)
{
    struct bt *bt = v->vm->bt;
    bool stepping = vcpu_stepping(v);
    gpa from;
    const word *source = fetch(v, &from);

    if (!source)
        return NULL;
    arch_hint_routine("translate");
    struct translation t = {.bt = bt, .pc = v->cb->pc, .plain = stepping || bt->withdrawn};
    t.u = bt_begin(v->vm, t.pc | stepping, from);
    t.number = bt->unit_count - 1;
    t.code = phys_ptr(t.u->code);
    if (!t.plain)
        put_load(&t, SCRATCH_B, spill(1)); /* for those who come by the table */
    translate_all(&t, source, stepping ? 1 : UNIT_MOST);
    bt_commit(bt, t.u);
    arch_hint_unit(phys_of(t.u));
    return t.u;
}
