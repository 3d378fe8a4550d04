/*
 * The ways in which a machine can go no further: each is an event with a reason, never a hang.
 */
#include "tests/machine/harness.h"

#define VA 0x00400000u

static void expect_shutdown(struct rig *r, enum machine_shutdown why, word cause, word tval)
{
    rig_listen(r, EVENT_BIT(EVENT_shutdown));
    ck_assert_int_eq(machine_run(r->m, 1000000), STOP_SHUTDOWN);
    ck_assert_int_eq(machine_state(r->m), MACHINE_SHUTDOWN);
    ck_assert_int_eq(machine_shutdown(r->m), why);
    ck_assert_uint_eq(r->event_count, 1);
    const struct event *e = rig_event(r, EVENT_shutdown, 0);
    ck_assert_uint_eq(e->cause, cause);
    ck_assert_uint_eq(e->tval, tval);
    ck_assert_uint_eq(e->a, why);
}

static void expect_over(struct rig *r)
{
    uint64_t steps = machine_icount(r->m), digest = machine_digest(r->m);

    ck_assert_int_eq(machine_run(r->m, 1000), STOP_SHUTDOWN);
    ck_assert_uint_eq(machine_icount(r->m), steps);
    ck_assert(machine_digest(r->m) == digest);
    ck_assert_uint_eq(r->event_count, 1);
}

START_TEST(a_trap_without_a_vector_shuts_the_machine_down)
{
    struct rig r;

    for (unsigned ring = 0; ring < 4; ring++) {
        rig_init(&r, rig_config());
        rig_put(&r, I(addi, A0, A0, 1));
        rig_put(&r, 0xffffffff);
        rig_set_csr(&r, CSR_tvec, 0);
        rig_ring(&r, ring);
        expect_shutdown(&r, SHUTDOWN_no_vector, CAUSE_illegal, 0xffffffff);
        ck_assert_uint_eq(machine_instret(r.m), 1);
        ck_assert_uint_eq(rig_event(&r, EVENT_shutdown, 0)->pc, CODE + 4);
        expect_over(&r);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(an_interrupt_without_a_vector_shuts_the_machine_down)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, JAL(ZERO, 0));
    rig_set_csr(&r, CSR_tvec, 0);
    rig_set_csr(&r, CSR_timecmp, 100);
    rig_set_csr(&r, CSR_timecmph, 0);
    rig_set_csr(&r, CSR_ie, FIELD_ie_timer);
    rig_ring(&r, 3);
    expect_shutdown(&r, SHUTDOWN_no_vector, CAUSE_INTERRUPT | INTERRUPT_timer, 0);
    expect_over(&r);
    rig_fini(&r);
}
END_TEST

START_TEST(a_vector_that_cannot_be_fetched_shuts_the_machine_down)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, PLAIN(ecall));
    rig_set_csr(&r, CSR_tvec, NOWHERE);
    expect_shutdown(&r, SHUTDOWN_bad_vector, CAUSE_fetch_access, NOWHERE);
    expect_over(&r);
    rig_fini(&r);

    rig_init(&r, rig_config()); /* mapped for data only */
    rig_map_ram(&r, ROOT);
    rig_map(&r, ROOT, TABLE, VA, DATA | PTE_V | PTE_R | PTE_W | PTE_PL);
    rig_put(&r, PLAIN(ecall));
    rig_set_csr(&r, CSR_tvec, VA);
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(ROOT, 0));
    rig_ring(&r, 3);
    expect_shutdown(&r, SHUTDOWN_bad_vector, CAUSE_fetch_page, VA);
    expect_over(&r);
    rig_fini(&r);
}
END_TEST

START_TEST(a_user_program_that_jumps_to_the_vector_hurts_only_itself)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_map_ram(&r, ROOT);
    rig_map(&r, ROOT, TABLE, VA, DATA | PTE_V | PTE_R | PTE_X); /* ring 0 only */
    rig_put(&r, I(jalr, ZERO, A0, 0));
    rig_put_at(&r, DATA, JAL(ZERO, 0));
    rig_x(&r, A0, VA);
    rig_set_csr(&r, CSR_tvec, VA);
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(ROOT, 0));
    rig_ring(&r, 3);
    rig_run(&r, 3);
    rig_expect_pc(&r, VA);
    ck_assert_uint_eq(rig_regs(&r)->ring, 0);
    ck_assert_uint_eq(rig_regs(&r)->cause, CAUSE_fetch_page);
    ck_assert_uint_eq(rig_regs(&r)->epc, VA);
    rig_fini(&r);
}
END_TEST

START_TEST(a_handler_whose_first_instruction_traps_is_a_loop)
{
    static const struct {
        word insn, cause, tval;
    } rows[] = {
        {0x00000000, CAUSE_illegal, 0},
        {0x00100073, CAUSE_breakpoint, VECTOR},
        {0x00000073, CAUSE_ecall_ring0, 0},
        {0x00002083, CAUSE_load_access, 0}, /* lw ra, 0(x0) */
        {0x0020006f, CAUSE_fetch_misaligned, VECTOR + 2},
    };
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(rows); n++) {
        rig_init(&r, rig_config());
        rig_put(&r, PLAIN(ebreak));
        rig_put_at(&r, VECTOR, rows[n].insn);
        rig_ring(&r, 3);
        expect_shutdown(&r, SHUTDOWN_trap_loop, rows[n].cause, rows[n].tval);
        expect_over(&r);
        rig_fini(&r);
    }
}
END_TEST

/* One trap inside the handler's first instruction is not yet a loop: the second time it passes,
 * because ring 0 came with another page table. */
START_TEST(a_handler_that_gets_past_its_first_instruction_is_no_loop)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, PLAIN(ebreak));
    rig_put_at(&r, VECTOR, LOAD(lw, A1, 0, A0));
    rig_put_at(&r, VECTOR + 4, JAL(ZERO, 0));
    rig_map_ram(&r, ROOT);
    rig_map_ram(&r, OTHER_ROOT);
    rig_map(&r, OTHER_ROOT, OTHER_TABLE, VA, DATA | PTE_V | PTE_R);
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(ROOT, 1));
    rig_set_csr(&r, CSR_tptbr, rig_ptbr(OTHER_ROOT, 2));
    rig_x(&r, A0, VA);
    rig_put_at(&r, DATA, 77);
    rig_run(&r, 2); /* ebreak, and the handler's load faults once under ROOT */
    rig_expect_trap(&r, CAUSE_load_page, VA, VECTOR);
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(OTHER_ROOT, 2));
    rig_run(&r, 100);
    ck_assert_uint_eq(rig_regs(&r)->x[A1], 77);
    rig_fini(&r);
}
END_TEST

START_TEST(a_loop_of_traps_that_makes_progress_is_the_programs_own_business)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, PLAIN(ebreak));
    rig_put_at(&r, VECTOR, I(addi, A0, A0, 1));
    rig_put_at(&r, VECTOR + 4, PLAIN(ebreak));
    rig_run(&r, 10001);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 5000);
    rig_fini(&r);
}
END_TEST

START_TEST(a_run_without_a_bound_ends_with_the_machine)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, I(addi, A0, A0, -1));
    rig_put(&r, BRANCH(bne, A0, ZERO, -4));
    rig_put(&r, PLAIN(ebreak));
    rig_x(&r, A0, 100000);
    rig_set_csr(&r, CSR_tvec, 0);
    ck_assert_int_eq(machine_run(r.m, UINT64_MAX), STOP_SHUTDOWN);
    ck_assert_uint_eq(machine_instret(r.m), 200000);
    rig_fini(&r);
}
END_TEST

START_TEST(every_reason_has_a_sentence)
{
    for (int why = SHUTDOWN_NONE + 1; why < SHUTDOWN_COUNT; why++)
        ck_assert_str_ne(machine_shutdown_text(why), "");
}
END_TEST

Suite *suite_machine_shutdown(void);
Suite *suite_machine_shutdown(void)
{
    Suite *s = suite_create("machine_shutdown");
    TCase *c = tcase_create("shutdown");

    tcase_add_test(c, a_trap_without_a_vector_shuts_the_machine_down);
    tcase_add_test(c, an_interrupt_without_a_vector_shuts_the_machine_down);
    tcase_add_test(c, a_vector_that_cannot_be_fetched_shuts_the_machine_down);
    tcase_add_test(c, a_user_program_that_jumps_to_the_vector_hurts_only_itself);
    tcase_add_test(c, a_handler_whose_first_instruction_traps_is_a_loop);
    tcase_add_test(c, a_handler_that_gets_past_its_first_instruction_is_no_loop);
    tcase_add_test(c, a_loop_of_traps_that_makes_progress_is_the_programs_own_business);
    tcase_add_test(c, a_run_without_a_bound_ends_with_the_machine);
    tcase_add_test(c, every_reason_has_a_sentence);
    suite_add_tcase(s, c);
    return s;
}
