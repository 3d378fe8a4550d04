/*
 * Branches and jumps: the guest's addresses stay the guest's, and where they lead is a unit.
 *
 * A jump by a register goes where it went the first time, if it does so again; else the target is
 * looked up in the table of the vcpu page. The target's own first word restores the last scratch
 * register.
 *
 *            sw   x31, spill 0      at first: a jump to `first`
 *            li   x31, where rs1 led the first time
 *            bne  x31, rs1, table
 *            lw   x31, spill 0
 *            li   rd, guest's pc + 4
 *            ecall                  then: a jump to that unit
 *     table: sw   x30, spill 1        andi x29, x29, -4       lw  x29, spill 2
 *            sw   x29, spill 2        ori  x29, x29, -1024    lw  x31, spill 0
 *            addi x31, rs1, imm       lw   x30, tags(x29)     li  rd, guest's pc + 4
 *            srli x29, x31, 8         bne  x30, x31, miss     jr  x30
 *            xor  x29, x29, x31       lw   x30, dests(x29)
 *     miss:  ecall
 *     first: ecall                                      there: lw  x30, spill 1
 */
#include "vmm/bt_emit.h"
#include "vmm/emulate.h"
#include "vmm/phys.h"

enum {
#define FORMAT(name, mask, syntax) MASK_##name = (int)(mask),
#include "isa/formats.def"
#undef FORMAT
};

#define REGISTERS 0x01ff8000u /* rs1 and rs2 */

enum next bt_branch(struct translation *t, word bits)
{
    word condition = bits & ((word)MASK_B | REGISTERS);

    put(t, insn_b(condition, 0, 0, 12)); /* over the first way out */
    put_way_out(t, t->pc + 4);
    put_way_out(t, t->pc + imm_b(bits));
    return replaced(t, ENDS);
}

enum next bt_jump(struct translation *t, word bits)
{
    gva target = t->pc + imm_j(bits);

    if (insn_rd(bits) && !(target & 3))
        put_constant(t, insn_rd(bits), t->pc + 4);
    put_way_out(t, target);
    return replaced(t, ENDS);
}

static void put_link(struct translation *t, word bits)
{
    if (insn_rd(bits))
        put_constant(t, insn_rd(bits), t->pc + 4);
}

static void put_indirect(struct translation *t, word bits, bool scratch)
{
    put_exit(t, BT_INDIRECT, scratch);
    put(t, bits);
}

/* SCRATCH_A is in its spill already. */
static void put_table(struct translation *t, word bits)
{
    put_store(t, SCRATCH_B, spill(1));
    put_store(t, SCRATCH_C, spill(2));
    put(t, insn_i(MATCH_addi, SCRATCH_A, insn_rs1(bits), (int)imm_i(bits)));
    put(t, insn_i(MATCH_srli, SCRATCH_C, SCRATCH_A, BT_HASH));
    put(t, insn_r(MATCH_xor, SCRATCH_C, SCRATCH_C, SCRATCH_A));
    put(t, insn_i(MATCH_andi, SCRATCH_C, SCRATCH_C, -4));
    put(t, insn_i(MATCH_ori, SCRATCH_C, SCRATCH_C, BT_INDEX));
    put(t, insn_i(MATCH_lw, SCRATCH_B, SCRATCH_C, BT_TABLE(tags)));
    unsigned test = put_later(t);
    put(t, insn_i(MATCH_lw, SCRATCH_B, SCRATCH_C, BT_TABLE(dests)));
    put_load(t, SCRATCH_C, spill(2));
    put_load(t, SCRATCH_A, spill(0));
    put_link(t, bits);
    put(t, insn_i(MATCH_jalr, X0, SCRATCH_B, 0));
    branch_here(t, test, MATCH_bne, SCRATCH_B, SCRATCH_A);
    put_indirect(t, bits, true);
}

enum next bt_jump_register(struct translation *t, word bits)
{
    unsigned rs1 = insn_rs1(bits), begin = t->u->words;

    if (t->plain || insn_rd(bits) >= SCRATCH_C || rs1 == SCRATCH_A) {
        put_indirect(t, bits, false);
        t->bt->counts.callouts++;
        return ENDS;
    }
    put_later(t);
    put(t, insn_u(MATCH_lui, SCRATCH_A, 0));
    put(t, insn_i(MATCH_addi, SCRATCH_A, SCRATCH_A, 0));
    unsigned test = put_later(t);
    put_load(t, SCRATCH_A, spill(0));
    put_link(t, bits);
    t->u->out[0] = (struct bt_way_out){BT_NO_TAG, t->u->words, UNIT_NONE};
    put_exit(t, BT_JUMP, 0);
    branch_here(t, test, MATCH_bne, SCRATCH_A, rs1);
    put_table(t, bits);
    t->code[begin] = insn_j(X0, (t->u->words - begin) * 4u);
    put_indirect(t, bits, false);
    return replaced(t, ENDS);
}

bool bt_predict(struct bt_unit *u, word bits, gva target)
{
    word *code = phys_ptr(u->code), *at = &code[u->offsets[u->count - 1]];
    word value = target - imm_i(bits);

    if (u->out[0].target != BT_NO_TAG) /* no such jump, or not its first time */
        return false;
    at[0] = insn_s(MATCH_sw, SCRATCH_A, X0, spill(0));
    at[1] = insn_u(MATCH_lui, SCRATCH_A, upper_of(value));
    at[2] = insn_i(MATCH_addi, SCRATCH_A, SCRATCH_A, lower_of(value));
    u->out[0].target = target;
    return true;
}
