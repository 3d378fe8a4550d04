/*
 * vmrun and exits: what goes in, what runs, what comes out. Each test is a host of one vmrun at
 * CODE and a guest at GUEST; tests/machine/guests.h has the pieces.
 */
#include "tests/machine/guests.h"

#include <string.h>

START_TEST(a_guest_runs_its_own_registers_until_it_calls)
{
    struct rig r;

    guests_init(&r);
    rig_put_at(&r, GUEST, I(addi, A1, A0, 7));
    rig_put_at(&r, GUEST + 4, CSRR(csrrs, A2, CSR_tscratch, ZERO));
    rig_put_at(&r, GUEST + 8, PLAIN(hcall));
    guests_set(&r, VMCB_tscratch, 0x1234);
    rig_x(&r, A0, 5);
    rig_set_csr(&r, CSR_tscratch, 0x4321);

    rig_run(&r, 1);
    rig_expect_pc(&r, GUEST);
    ck_assert_uint_eq(rig_csr(&r, CSR_tscratch), 0x1234);
    rig_run(&r, 2);
    rig_run(&r, 1);
    rig_expect_pc(&r, CODE + 4);
    ck_assert_uint_eq(rig_csr(&r, CSR_tscratch), 0x4321);
    ck_assert_uint_eq(rig_regs(&r)->x[A1], 12);
    ck_assert_uint_eq(rig_regs(&r)->x[A2], 0x1234);
    guests_expect_exit(&r, INTERCEPT_hcall, 0, 0);
    ck_assert_uint_eq(guests_get(&r, VMCB_pc), GUEST + 8);
    ck_assert_uint_eq(guests_get(&r, VMCB_exit_next_pc), GUEST + 12);
    ck_assert_uint_eq(guests_get(&r, VMCB_exit_insn), PLAIN(hcall));
    ck_assert_uint_eq(guests_get(&r, VMCB_instret), 2);
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_vmrun(void);
Suite *suite_machine_vmrun(void)
{
    Suite *s = suite_create("machine_vmrun");
    TCase *c = tcase_create("vmrun");

    tcase_add_test(c, a_guest_runs_its_own_registers_until_it_calls);
    suite_add_tcase(s, c);
    return s;
}
