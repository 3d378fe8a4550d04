/*
 * TF: an instruction that begins with TF set traps with cause 26 after it completes.
 */
#include "tests/machine/harness.h"

#define SOFTWARE (1u << INTERRUPT_software)

static void start(struct rig *r, unsigned ring)
{
    rig_init(r, rig_config());
    rig_set_csr(r, CSR_status, FIELD_status_tf);
    rig_ring(r, ring);
}

START_TEST(each_instruction_completes_and_then_traps)
{
    struct rig r;

    for (unsigned ring = 0; ring < 4; ring++) {
        start(&r, ring);
        rig_put(&r, I(addi, A0, A0, 5));
        rig_put(&r, I(addi, A0, A0, 5));
        rig_run(&r, 1);
        rig_expect_trap(&r, CAUSE_single_step, 0, CODE + 4);
        ck_assert_uint_eq(rig_regs(&r)->x[A0], 5);
        ck_assert_uint_eq(machine_instret(r.m), 1);
        ck_assert_uint_eq(rig_csr(&r, CSR_status), FIELD_status_ptf | ring << SHIFT_status_pring);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(a_debugger_steps_a_program_by_tret)
{
    struct rig r;

    start(&r, 3);
    rig_put(&r, I(addi, A0, A0, 1));
    rig_put(&r, BRANCH(beq, ZERO, ZERO, 8));
    rig_put(&r, I(addi, A0, A0, 100)); /* jumped over */
    rig_put(&r, I(addi, A0, A0, 1));
    rig_put_at(&r, VECTOR, I(addi, S0, S0, 1));
    rig_put_at(&r, VECTOR + 4, PLAIN(tret));
    rig_run(&r, 9);
    ck_assert_uint_eq(rig_regs(&r)->x[S0], 3);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 2);
    rig_expect_pc(&r, CODE + 16);
    ck_assert_uint_eq(rig_regs(&r)->ring, 3);
    ck_assert(rig_csr(&r, CSR_status) & FIELD_status_tf);
    rig_fini(&r);
}
END_TEST

static const struct {
    const char *what;
    word insn, next;
} kinds[] = {
    {"a taken branch", 0x00000863, CODE + 16},
    {"a jump", 0xffdff06f, CODE - 4},
    {"an indirect jump", 0x000500e7, DATA},
    {"a load", 0x00052583, CODE + 4},
    {"a store", 0x00b52023, CODE + 4},
    {"a fence", 0x0ff0000f, CODE + 4},
    {"a multiplication", 0x02b50533, CODE + 4},
    {"pout", 0x00b5300b, CODE + 4},
    {"pin", 0x0005258b, CODE + 4},
    {"sfence.vma", 0x12000073, CODE + 4},
    {"a register read", 0x7c2025f3, CODE + 4},
    {"cpuid", 0x0005550b, CODE + 4},
    {"probe", 0x0005450b, CODE + 4},
};

START_TEST(every_kind_of_instruction_is_stepped_to_where_it_goes)
{
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(kinds); n++) {
        start(&r, 0);
        rig_put(&r, kinds[n].insn);
        rig_x(&r, A0, DATA);
        rig_run(&r, 1);
        ck_assert_msg(rig_csr(&r, CSR_epc) == kinds[n].next, "%s: epc %08x", kinds[n].what,
                      rig_csr(&r, CSR_epc));
        rig_expect_trap(&r, CAUSE_single_step, 0, kinds[n].next);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(an_instruction_that_traps_is_not_stepped_as_well)
{
    struct rig r;

    start(&r, 2);
    rig_put(&r, PLAIN(ecall));
    rig_put_at(&r, VECTOR, I(addi, A0, A0, 1));
    rig_run(&r, 2);
    rig_expect_pc(&r, VECTOR + 4);
    ck_assert_uint_eq(rig_csr(&r, CSR_cause), CAUSE_ecall_ring2);
    ck_assert_uint_eq(rig_csr(&r, CSR_epc), CODE);
    ck_assert(rig_csr(&r, CSR_status) & FIELD_status_ptf);
    rig_fini(&r);
}
END_TEST

START_TEST(setting_tf_steps_from_the_next_instruction_on)
{
    struct rig r;

    start(&r, 0);
    rig_set_csr(&r, CSR_status, 0);
    rig_put(&r, CSRR(csrrw, ZERO, CSR_status, A1));
    rig_put(&r, I(addi, A0, A0, 1));
    rig_x(&r, A1, FIELD_status_tf);
    rig_run(&r, 1);
    rig_expect_pc(&r, CODE + 4);
    rig_run(&r, 1);
    rig_expect_trap(&r, CAUSE_single_step, 0, CODE + 8);
    rig_fini(&r);
}
END_TEST

/* The same where the code behind has run before, and a whole block of it would fit. */
START_TEST(tf_also_steps_code_that_is_decoded)
{
    static const struct {
        word insn, stepped; /* sets TF; the instruction that is stepped */
    } rows[] = {{0x7c059073, CODE + 4}, {0x30200073, DATA}}; /* csrw status, a1; tret */
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(rows); n++) {
        rig_init(&r, rig_config());
        rig_put(&r, rows[n].insn);
        for (hpa at = rows[n].stepped; at < rows[n].stepped + 16; at += 4)
            rig_put_at(&r, at, I(addi, A0, A0, 1));
        rig_put_at(&r, rows[n].stepped + 16, JAL(ZERO, -16));
        for (unsigned warm = 0; warm < 2; warm++) {
            rig_restart(&r);
            rig_set_csr(&r, CSR_epc, DATA);
            rig_set_csr(&r, CSR_status, warm ? FIELD_status_ptf : 0);
            rig_x(&r, A1, warm ? FIELD_status_tf : 0);
            rig_run(&r, 1000);
        }
        rig_expect_trap(&r, CAUSE_single_step, 0, rows[n].stepped + 4);
        ck_assert_uint_eq(rig_regs(&r)->x[A0], 1);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(clearing_tf_is_itself_still_stepped)
{
    struct rig r;

    start(&r, 0);
    rig_put(&r, CSRR(csrrw, ZERO, CSR_status, ZERO));
    rig_run(&r, 1);
    rig_expect_trap(&r, CAUSE_single_step, 0, CODE + 4);
    ck_assert_uint_eq(rig_csr(&r, CSR_status) & FIELD_status_ptf, 0);
    rig_fini(&r);
}
END_TEST

START_TEST(tret_with_tf_set_traps_at_its_target)
{
    struct rig r;

    start(&r, 0);
    rig_put(&r, PLAIN(tret));
    rig_set_csr(&r, CSR_epc, DATA);
    rig_set_csr(&r, CSR_status, FIELD_status_tf | 2u << SHIFT_status_pring);
    rig_run(&r, 1);
    rig_expect_trap(&r, CAUSE_single_step, 0, DATA);
    ck_assert_uint_eq(rig_csr(&r, CSR_status), 2u << SHIFT_status_pring);
    rig_fini(&r);
}
END_TEST

START_TEST(tret_that_brings_tf_steps_the_first_instruction_behind_it)
{
    struct rig r;

    start(&r, 0);
    rig_put(&r, PLAIN(tret));
    rig_set_csr(&r, CSR_epc, DATA);
    rig_put_at(&r, DATA, I(addi, A0, A0, 1));
    rig_set_csr(&r, CSR_status, FIELD_status_ptf | 3u << SHIFT_status_pring);
    rig_run(&r, 1);
    rig_expect_pc(&r, DATA);
    rig_run(&r, 1);
    rig_expect_trap(&r, CAUSE_single_step, 0, DATA + 4);
    rig_fini(&r);
}
END_TEST

/* The step comes first; the interrupt waits until ring 0 lets it in. */
START_TEST(a_step_comes_before_an_interrupt)
{
    struct rig r;

    start(&r, 0);
    rig_put(&r, CSRR(csrrw, ZERO, CSR_ip, A1)); /* makes it pending while stepping */
    rig_x(&r, A1, SOFTWARE);
    rig_set_csr(&r, CSR_ie, SOFTWARE);
    rig_set_csr(&r, CSR_status, FIELD_status_tf | FIELD_status_ie);
    rig_run(&r, 1);
    rig_expect_trap(&r, CAUSE_single_step, 0, CODE + 4);
    ck_assert(rig_csr(&r, CSR_status) & FIELD_status_pie);
    rig_fini(&r);
}
END_TEST

/* Pending before the instruction begins: taken between instructions, TF kept in PTF. */
START_TEST(an_interrupt_that_is_due_comes_before_the_stepped_instruction)
{
    struct rig r;

    start(&r, 1);
    rig_put(&r, I(addi, A0, A0, 1));
    rig_set_csr(&r, CSR_ie, SOFTWARE);
    rig_set_csr(&r, CSR_ip, SOFTWARE);
    rig_run(&r, 1);
    rig_expect_trap(&r, CAUSE_INTERRUPT | INTERRUPT_software, 0, CODE);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 0);
    ck_assert(rig_csr(&r, CSR_status) & FIELD_status_ptf);
    rig_fini(&r);
}
END_TEST

START_TEST(stepping_gives_the_same_result_as_running)
{
    struct rig r;

    for (unsigned stepped = 0; stepped < 2; stepped++) {
        start(&r, 3);
        rig_put(&r, I(addi, A0, A0, 7));
        rig_put(&r, R(mul, A1, A0, A0));
        rig_put(&r, BRANCH(bne, A1, ZERO, -8));
        rig_put_at(&r, VECTOR, PLAIN(tret));
        if (!stepped)
            rig_set_csr(&r, CSR_status, 0);
        rig_run(&r, stepped ? 60 : 30);
        ck_assert_uint_eq(rig_regs(&r)->x[A0], 70);
        ck_assert_uint_eq(rig_regs(&r)->x[A1], 4900);
        rig_fini(&r);
    }
}
END_TEST

Suite *suite_machine_tf(void);
Suite *suite_machine_tf(void)
{
    Suite *s = suite_create("machine_tf");
    TCase *c = tcase_create("tf");

    tcase_add_test(c, each_instruction_completes_and_then_traps);
    tcase_add_test(c, a_debugger_steps_a_program_by_tret);
    tcase_add_test(c, every_kind_of_instruction_is_stepped_to_where_it_goes);
    tcase_add_test(c, an_instruction_that_traps_is_not_stepped_as_well);
    tcase_add_test(c, setting_tf_steps_from_the_next_instruction_on);
    tcase_add_test(c, tf_also_steps_code_that_is_decoded);
    tcase_add_test(c, clearing_tf_is_itself_still_stepped);
    tcase_add_test(c, tret_with_tf_set_traps_at_its_target);
    tcase_add_test(c, tret_that_brings_tf_steps_the_first_instruction_behind_it);
    tcase_add_test(c, a_step_comes_before_an_interrupt);
    tcase_add_test(c, an_interrupt_that_is_due_comes_before_the_stepped_instruction);
    tcase_add_test(c, stepping_gives_the_same_result_as_running);
    suite_add_tcase(s, c);
    return s;
}
