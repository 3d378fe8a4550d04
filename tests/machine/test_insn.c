/*
 * Unprivileged instructions: what each does to registers, pc and memory at the edges. The
 * expected values are literals, computed outside.
 */
#include "tests/machine/harness.h"

static const struct {
    word a, b;
} register_pairs[] = {{0x0, 0x0},
                      {0x1, 0xffffffff},
                      {0xffffffff, 0x1},
                      {0x80000000, 0xffffffff},
                      {0x7fffffff, 0x1},
                      {0x80000000, 0x80000000},
                      {0xdeadbeef, 0x0},
                      {0xdeadbeef, 0x21},
                      {0x7, 0xfffffffe},
                      {0xfffffff9, 0x2},
                      {0xffffffff, 0xffffffff},
                      {0x12345678, 0x9abcdef0}};
static const struct {
    enum insn_id id;
    word expected[COUNT_OF(register_pairs)];
} register_rows[] = {
    {INSN_add,
     {0x0, 0x0, 0x0, 0x7fffffff, 0x80000000, 0x0, 0xdeadbeef, 0xdeadbf10, 0x5, 0xfffffffb,
      0xfffffffe, 0xacf13568}},
    {INSN_sub,
     {0x0, 0x2, 0xfffffffe, 0x80000001, 0x7ffffffe, 0x0, 0xdeadbeef, 0xdeadbece, 0x9, 0xfffffff7,
      0x0, 0x77777788}},
    {INSN_sll,
     {0x0, 0x80000000, 0xfffffffe, 0x0, 0xfffffffe, 0x80000000, 0xdeadbeef, 0xbd5b7dde, 0xc0000000,
      0xffffffe4, 0x80000000, 0x56780000}},
    {INSN_slt, {0x0, 0x0, 0x1, 0x1, 0x0, 0x0, 0x1, 0x1, 0x0, 0x1, 0x0, 0x0}},
    {INSN_sltu, {0x0, 0x1, 0x0, 0x1, 0x0, 0x0, 0x0, 0x0, 0x1, 0x0, 0x0, 0x1}},
    {INSN_xor,
     {0x0, 0xfffffffe, 0xfffffffe, 0x7fffffff, 0x7ffffffe, 0x0, 0xdeadbeef, 0xdeadbece, 0xfffffff9,
      0xfffffffb, 0x0, 0x88888888}},
    {INSN_srl,
     {0x0, 0x0, 0x7fffffff, 0x1, 0x3fffffff, 0x80000000, 0xdeadbeef, 0x6f56df77, 0x0, 0x3ffffffe,
      0x1, 0x1234}},
    {INSN_sra,
     {0x0, 0x0, 0xffffffff, 0xffffffff, 0x3fffffff, 0x80000000, 0xdeadbeef, 0xef56df77, 0x0,
      0xfffffffe, 0xffffffff, 0x1234}},
    {INSN_or,
     {0x0, 0xffffffff, 0xffffffff, 0xffffffff, 0x7fffffff, 0x80000000, 0xdeadbeef, 0xdeadbeef,
      0xffffffff, 0xfffffffb, 0xffffffff, 0x9abcdef8}},
    {INSN_and,
     {0x0, 0x1, 0x1, 0x80000000, 0x1, 0x80000000, 0x0, 0x21, 0x6, 0x0, 0xffffffff, 0x12345670}},
    {INSN_mul,
     {0x0, 0xffffffff, 0xffffffff, 0x80000000, 0x7fffffff, 0x0, 0x0, 0xb4659ccf, 0xfffffff2,
      0xfffffff2, 0x1, 0x242d2080}},
    {INSN_mulh,
     {0x0, 0xffffffff, 0xffffffff, 0x0, 0x0, 0x40000000, 0x0, 0xfffffffb, 0xffffffff, 0xffffffff,
      0x0, 0xf8cc93d6}},
    {INSN_mulhsu,
     {0x0, 0x0, 0xffffffff, 0x80000000, 0x0, 0xc0000000, 0x0, 0xfffffffb, 0x6, 0xffffffff,
      0xffffffff, 0xb00ea4e}},
    {INSN_mulhu,
     {0x0, 0x0, 0x0, 0x7fffffff, 0x0, 0x40000000, 0x0, 0x1c, 0x6, 0x1, 0xfffffffe, 0xb00ea4e}},
    {INSN_div,
     {0xffffffff, 0xffffffff, 0xffffffff, 0x80000000, 0x7fffffff, 0x1, 0xffffffff, 0xfefd81e9,
      0xfffffffd, 0xfffffffd, 0x1, 0x0}},
    {INSN_divu,
     {0xffffffff, 0x0, 0xffffffff, 0x0, 0x7fffffff, 0x1, 0xffffffff, 0x6bf7264, 0x0, 0x7ffffffc,
      0x1, 0x0}},
    {INSN_rem,
     {0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0xdeadbeef, 0xffffffe6, 0x1, 0xffffffff, 0x0, 0x12345678}},
    {INSN_remu, {0x0, 0x1, 0x0, 0x80000000, 0x0, 0x0, 0xdeadbeef, 0xb, 0x7, 0x1, 0x0, 0x12345678}},
};

/* rd = f(rs1, rs2), with the destination as a third register, as rs1, as rs2 and as x0. */
static void check_register_form(struct rig *r, enum insn_id id, word a, word b, word expected)
{
    static const unsigned destinations[] = {A0, A1, A2, ZERO};

    for (unsigned k = 0; k < COUNT_OF(destinations); k++) {
        unsigned rd = destinations[k];

        rig_put_at(r, CODE + 4 * k,
                   rig_encode((struct insn){.id = id, .rd = rd, .rs1 = A1, .rs2 = A2}));
        rig_pc(r, CODE + 4 * k);
        rig_x(r, A1, a);
        rig_x(r, A2, b);
        rig_run(r, 1);
        ck_assert_msg(rig_regs(r)->x[rd] == (rd ? expected : 0),
                      "%s x%u of %08x, %08x: %08x, not %08x", insn_info(id)->name, rd, a, b,
                      rig_regs(r)->x[rd], expected);
        rig_expect_pc(r, CODE + 4 * k + 4);
    }
}

START_TEST(register_instructions_compute_what_the_manual_says)
{
    struct rig r;

    ck_assert_uint_eq(COUNT_OF(register_rows), INSN_remu - INSN_add + 1);
    for (unsigned n = 0; n < COUNT_OF(register_rows); n++) {
        rig_init(&r, rig_config()); /* code is written once per machine here */
        for (unsigned k = 0; k < COUNT_OF(register_pairs); k++) {
            check_register_form(&r, register_rows[n].id, register_pairs[k].a, register_pairs[k].b,
                                register_rows[n].expected[k]);
        }
        rig_fini(&r);
    }
}
END_TEST

static const struct {
    word a;
    int32_t imm;
} immediate_pairs[] = {{0, 0},  {0xffffffff, 1},  {0x7fffffff, 2047}, {0x80000000, -2048},
                       {5, -1}, {0xffffffff, -1}, {0xf0f0f0f0, 0x555}};
static const struct {
    enum insn_id id;
    word expected[COUNT_OF(immediate_pairs)];
} immediate_rows[] = {
    {INSN_addi, {0x0, 0x0, 0x800007fe, 0x7ffff800, 0x4, 0xfffffffe, 0xf0f0f645}},
    {INSN_slti, {0x0, 0x1, 0x0, 0x1, 0x0, 0x0, 0x1}},
    {INSN_sltiu, {0x0, 0x0, 0x0, 0x1, 0x1, 0x0, 0x0}},
    {INSN_xori, {0x0, 0xfffffffe, 0x7ffff800, 0x7ffff800, 0xfffffffa, 0x0, 0xf0f0f5a5}},
    {INSN_ori, {0x0, 0xffffffff, 0x7fffffff, 0xfffff800, 0xffffffff, 0xffffffff, 0xf0f0f5f5}},
    {INSN_andi, {0x0, 0x1, 0x7ff, 0x80000000, 0x5, 0xffffffff, 0x50}},
};
static const struct {
    word a;
    int32_t imm;
} shift_pairs[] = {{0, 0}, {0x80000001, 0}, {0x80000001, 1}, {0x80000001, 31}, {0x7fffffff, 16}};
static const struct {
    enum insn_id id;
    word expected[COUNT_OF(shift_pairs)];
} shift_rows[] = {
    {INSN_slli, {0x0, 0x80000001, 0x2, 0x80000000, 0xffff0000}},
    {INSN_srli, {0x0, 0x80000001, 0x40000000, 0x1, 0x7fff}},
    {INSN_srai, {0x0, 0x80000001, 0xc0000000, 0xffffffff, 0x7fff}},
};

static void check_immediate_form(struct rig *r, enum insn_id id, word a, int32_t imm, word expected)
{
    rig_put_at(r, CODE, rig_encode((struct insn){.id = id, .rd = A0, .rs1 = A1, .imm = imm}));
    rig_put_at(r, CODE + 4, rig_encode((struct insn){.id = id, .rd = A1, .rs1 = A1, .imm = imm}));
    rig_pc(r, CODE);
    rig_x(r, A1, a);
    rig_run(r, 2);
    ck_assert_msg(rig_regs(r)->x[A0] == expected, "%s of %08x, %d: %08x, not %08x",
                  insn_info(id)->name, a, imm, rig_regs(r)->x[A0], expected);
    ck_assert_uint_eq(rig_regs(r)->x[A1], expected);
    rig_expect_pc(r, CODE + 8);
}

START_TEST(immediate_instructions_compute_what_the_manual_says)
{
    struct rig r;

    rig_init(&r, rig_config());
    for (unsigned n = 0; n < COUNT_OF(immediate_rows); n++) {
        for (unsigned k = 0; k < COUNT_OF(immediate_pairs); k++) {
            check_immediate_form(&r, immediate_rows[n].id, immediate_pairs[k].a,
                                 immediate_pairs[k].imm, immediate_rows[n].expected[k]);
        }
    }
    for (unsigned n = 0; n < COUNT_OF(shift_rows); n++) {
        for (unsigned k = 0; k < COUNT_OF(shift_pairs); k++) {
            check_immediate_form(&r, shift_rows[n].id, shift_pairs[k].a, shift_pairs[k].imm,
                                 shift_rows[n].expected[k]);
        }
    }
    rig_fini(&r);
}
END_TEST

static const struct {
    word a, b;
} branch_pairs[] = {
    {0, 0},
    {1, 0},
    {0, 1},
    {0xffffffff, 0},
    {0, 0xffffffff},
    {0x80000000, 0x7fffffff},
    {0x7fffffff, 0x80000000},
    {0xffffffff, 0xffffffff},
};
static const struct {
    enum insn_id id;
    const char *taken; /* y or n, one for each pair */
} branch_rows[] = {
    {INSN_beq, "ynnnnnny"}, {INSN_bne, "nyyyyyyn"},  {INSN_blt, "nnyynynn"},
    {INSN_bge, "yynnynyy"}, {INSN_bltu, "nnynynyn"}, {INSN_bgeu, "yynynyny"},
};

START_TEST(branches_go_forward_and_back_or_fall_through)
{
    static const int32_t offsets[] = {8, -4, 4094 & ~3, -4096, 4};
    struct rig r;

    rig_init(&r, rig_config());
    for (unsigned n = 0; n < COUNT_OF(branch_rows) * COUNT_OF(branch_pairs); n++) {
        enum insn_id id = branch_rows[n / COUNT_OF(branch_pairs)].id;
        unsigned k = n % COUNT_OF(branch_pairs);
        bool taken = branch_rows[n / COUNT_OF(branch_pairs)].taken[k] == 'y';
        int32_t offset = offsets[n % COUNT_OF(offsets)];

        rig_put_at(&r, CODE,
                   rig_encode((struct insn){.id = id, .rs1 = A1, .rs2 = A2, .imm = offset}));
        rig_x(&r, A1, branch_pairs[k].a);
        rig_x(&r, A2, branch_pairs[k].b);
        rig_pc(&r, CODE);
        rig_run(&r, 1);
        ck_assert_msg(rig_regs(&r)->pc == (taken ? CODE + (word)offset : CODE + 4),
                      "%s of %08x, %08x goes to %08x", insn_info(id)->name, branch_pairs[k].a,
                      branch_pairs[k].b, rig_regs(&r)->pc);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(jumps_link_to_the_next_instruction)
{
    static const struct {
        word insn, a0, pc, link;
    } rows[] = {
        {0x008000ef, 0, CODE + 8, CODE + 4},        /* jal ra, 8 */
        {0xffdff0ef, 0, CODE - 4, CODE + 4},        /* jal ra, -4 */
        {0x000500e7, DATA, DATA, CODE + 4},         /* jalr ra, 0(a0) */
        {0x7ff500e7, DATA - 0x7fe, DATA, CODE + 4}, /* bit 0 is dropped */
        {0x800500e7, DATA, DATA - 2048, CODE + 4},  /* jalr ra, -2048(a0) */
        {0x00050067, DATA, DATA, 0},                /* jr a0 */
    };
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(rows); n++) {
        rig_init(&r, rig_config());
        rig_put(&r, rows[n].insn);
        rig_x(&r, A0, rows[n].a0);
        rig_run(&r, 1);
        rig_expect_pc(&r, rows[n].pc);
        ck_assert_uint_eq(rig_regs(&r)->x[RA], rows[n].link);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(a_jump_through_its_own_link_register_uses_the_old_value)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, I(jalr, A0, A0, 0));
    rig_x(&r, A0, DATA);
    rig_run(&r, 1);
    rig_expect_pc(&r, DATA);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], CODE + 4);
    rig_fini(&r);
}
END_TEST

START_TEST(lui_and_auipc_make_the_upper_bits)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, UPPER(lui, A0, 0xfffff000));
    rig_put(&r, UPPER(auipc, A1, 0x80000000));
    rig_put(&r, UPPER(auipc, A2, 0));
    rig_run(&r, 3);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 0xfffff000);
    ck_assert_uint_eq(rig_regs(&r)->x[A1], CODE + 4 - RAM_BASE);
    ck_assert_uint_eq(rig_regs(&r)->x[A2], CODE + 8);
    rig_fini(&r);
}
END_TEST

START_TEST(loads_extend_and_stores_touch_only_their_bytes)
{
    static const struct {
        enum insn_id id;
        int32_t offset;
        word expected; /* register of a load, memory word at DATA after a store */
    } rows[] = {
        {INSN_lb, 0, 0xffffff80},  {INSN_lb, 1, 0x0000007f}, {INSN_lbu, 0, 0x00000080},
        {INSN_lbu, 3, 0x000000ff}, {INSN_lh, 0, 0x00007f80}, {INSN_lh, 2, 0xffffff01},
        {INSN_lhu, 2, 0x0000ff01}, {INSN_lw, 0, 0xff017f80}, {INSN_sb, 0, 0xff017fef},
        {INSN_sb, 3, 0xef017f80},  {INSN_sh, 0, 0xff01beef}, {INSN_sh, 2, 0xbeef7f80},
        {INSN_sw, 0, 0xdeadbeef},
    };
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(rows); n++) {
        bool store = rows[n].id >= INSN_sb;

        rig_init(&r, rig_config());
        rig_put(&r, rig_encode((struct insn){.id = rows[n].id,
                                             .rd = store ? 0 : A0,
                                             .rs1 = A1,
                                             .rs2 = store ? A2 : 0,
                                             .imm = rows[n].offset - 2048}));
        rig_put_at(&r, DATA, 0xff017f80);
        rig_x(&r, A1, DATA + 2048);
        rig_x(&r, A2, 0xdeadbeef);
        rig_run(&r, 1);
        word got = store ? rig_word(&r, DATA) : rig_regs(&r)->x[A0];
        ck_assert_msg(got == rows[n].expected, "%s at %d: %08x, not %08x",
                      insn_info(rows[n].id)->name, rows[n].offset, got, rows[n].expected);
        ck_assert_uint_eq(rig_word(&r, DATA - 4), 0);
        ck_assert_uint_eq(rig_word(&r, DATA + 4), 0);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(a_load_into_x0_is_dropped_and_fences_do_nothing)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, LOAD(lw, ZERO, 0, A1));
    rig_put(&r, 0x0ff0000f); /* fence iorw, iorw */
    rig_put(&r, 0x8330000f); /* fence.tso */
    rig_put(&r, 0x0000100f); /* fence.i */
    rig_put_at(&r, DATA, 0xdeadbeef);
    rig_x(&r, A1, DATA);
    rig_run(&r, 4);
    rig_expect_pc(&r, CODE + 16);
    ck_assert_uint_eq(rig_regs(&r)->x[0], 0);
    rig_fini(&r);
}
END_TEST

/* The stored instruction runs on the very next fetch: there is no instruction cache to flush. */
START_TEST(code_that_rewrites_what_follows_runs_the_new_words)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, STORE(sw, A2, 8, A1));
    rig_put(&r, I(addi, A0, A0, 1));
    rig_put(&r, I(addi, A0, A0, 16)); /* becomes addi a0, a0, 256 */
    rig_put(&r, I(addi, A2, A2, 0));
    rig_put(&r, LOAD(lw, A2, 0, A3)); /* and then what stands at DATA */
    rig_put(&r, I(addi, A4, A4, -1));
    rig_put(&r, BRANCH(bne, A4, ZERO, -24));
    rig_put(&r, JAL(ZERO, 0));
    rig_put_at(&r, DATA, I(addi, A0, A0, 512));
    rig_x(&r, A1, CODE);
    rig_x(&r, A2, I(addi, A0, A0, 256));
    rig_x(&r, A3, DATA);
    rig_x(&r, A4, 3); /* rounds */
    rig_run(&r, 1000);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 257 + 513 + 513);
    rig_fini(&r);
}
END_TEST

/* The page is data first: stores to it are fast until it is run, and must not stay so. */
START_TEST(a_page_of_data_that_becomes_code_can_still_be_changed)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, STORE(sw, A2, 0, A1));
    rig_put(&r, STORE(sw, A2, 0, A1));
    rig_put(&r, I(jalr, RA, A1, 0));
    rig_put(&r, I(addi, A5, A2, 0));
    rig_put(&r, I(addi, A2, A3, 0)); /* the other instruction in the next round */
    rig_put(&r, I(addi, A3, A5, 0));
    rig_put(&r, I(addi, A4, A4, -1));
    rig_put(&r, BRANCH(bne, A4, ZERO, -28));
    rig_put(&r, JAL(ZERO, 0));
    rig_put_at(&r, DATA + 4, I(jalr, ZERO, RA, 0));
    rig_x(&r, A1, DATA);
    rig_x(&r, A2, I(addi, A0, A0, 1));
    rig_x(&r, A3, I(addi, A0, A0, 16));
    rig_x(&r, A4, 6);
    rig_run(&r, 1000);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 3 * 17);
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_insn(void);
Suite *suite_machine_insn(void)
{
    Suite *s = suite_create("machine_insn");
    TCase *c = tcase_create("insn");

    tcase_add_test(c, register_instructions_compute_what_the_manual_says);
    tcase_add_test(c, immediate_instructions_compute_what_the_manual_says);
    tcase_add_test(c, branches_go_forward_and_back_or_fall_through);
    tcase_add_test(c, jumps_link_to_the_next_instruction);
    tcase_add_test(c, a_jump_through_its_own_link_register_uses_the_old_value);
    tcase_add_test(c, lui_and_auipc_make_the_upper_bits);
    tcase_add_test(c, loads_extend_and_stores_touch_only_their_bytes);
    tcase_add_test(c, a_load_into_x0_is_dropped_and_fences_do_nothing);
    tcase_add_test(c, code_that_rewrites_what_follows_runs_the_new_words);
    tcase_add_test(c, a_page_of_data_that_becomes_code_can_still_be_changed);
    suite_add_tcase(s, c);
    return s;
}
