/*
 * The translator: one guest instruction after another, each by the function that its row of
 * isa/instructions.def has by format and class; a row without one does not compile.
 *
 *   identical   arithmetic, loads and stores, hints: they mean the same in any ring
 *   replaced    auipc, jumps (bt_jump.c); registers of the virtual CPU, where loads and stores on
 *               the vcpu page do it (bt_control.c)
 *   callout     everything else: an ecall, which the monitor answers
 *
 * A sequence may use a register as scratch when it spills it to the vcpu page first. No sequence
 * can fault in the middle, so what the guest gets to see of a fault is always the state before
 * an instruction. An interrupt in the middle is made to wait for its end (bt.c).
 */
#include "vmm/arch.h"
#include "vmm/bt_emit.h"
#include "vmm/emulate.h"
#include "vmm/lib.h"
#include "vmm/phys.h"
#include "vmm/vm.h"

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
    return replaced(t, GOES_ON);
}

/* ---- the table ----------------------------------------------------------------------------- */

enum {
#define FORMAT(name, mask, syntax) MASK_##name = (int)(mask),
#include "isa/formats.def"
#undef FORMAT
};

#define USER_R                identical
#define USER_I                identical
#define USER_SHIFT            identical
#define USER_FENCE            identical
#define USER_FENCEI           identical /* fetches see every store: the write watch does that here */
#define USER_LOAD             load
#define USER_STORE            store
#define USER_U                upper
#define USER_B                bt_branch
#define USER_J                bt_jump
#define USER_JALR             bt_jump_register
#define USER_NONE             callout

#define BY_USER(format)       USER_##format
#define BY_HINT(format)       identical
#define BY_CSR(format)        bt_control
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

/* Every mask has the opcode in it: no row before the first of an opcode can match. */
static unsigned opcode_of(word bits)
{
    return bits >> 2 & (BT_OPCODES - 1);
}

void bt_translate_init(struct bt *bt)
{
    memset(bt->first_row, COUNT_OF(rows), sizeof bt->first_row);
    for (unsigned i = COUNT_OF(rows); i-- > 0;)
        bt->first_row[opcode_of(rows[i].match)] = (uint8_t)i;
}

static translate_fn *find(const struct bt *bt, word bits)
{
    for (const struct row *r = rows + bt->first_row[opcode_of(bits)]; r < rows + COUNT_OF(rows);
         r++)
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
        next = find(t->bt, bits)(t, bits);
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
