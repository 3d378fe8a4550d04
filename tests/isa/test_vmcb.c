/* The VMCB's names: exits as causes, words and rules; the tables agree with themselves. */
#include "isa/vmcb.h"

#include <check.h>
#include <string.h>

START_TEST(exits_are_causes_with_a_name_of_their_own)
{
    for (unsigned i = 0; i < vmcb_exit_count; i++) {
        const struct cause_info *row = &vmcb_exit_table[i];

        ck_assert_ptr_eq(cause_info(row->cause), row);
        ck_assert_ptr_nonnull(cause_find(row->name));
        ck_assert_uint_eq(row->cause & CAUSE_EXIT, CAUSE_EXIT);
        /* An hcall of the guest's kernel, and one of its programs: two codes for one thing. */
        for (unsigned j = 0; j < i; j++)
            ck_assert_msg(vmcb_exit_table[j].cause != row->cause &&
                              (strcmp(vmcb_exit_table[j].name, row->name) != 0 ||
                               strcmp(row->name, "hcall") == 0),
                          "%s", row->name);
    }
}
END_TEST

static const struct {
    word cause;
    const char *name;
    word plain; /* what a monitor that traps and emulates sees */
} exits[] = {
    {CAUSE_EXIT | INTERCEPT_wfi, "wfi", CAUSE_EXIT | INTERCEPT_wfi},
    {CAUSE_EXIT | INTERCEPT_hcall, "hcall", CAUSE_hcall},
    {CAUSE_EXIT | INTERCEPT_interrupts, "interrupts", CAUSE_EXIT | INTERCEPT_interrupts},
    {CAUSE_EXIT | (EXIT_CAUSE + CAUSE_load_page), "load_page", CAUSE_load_page},
    {CAUSE_EXIT | (EXIT_CAUSE + CAUSE_single_step), "single_step", CAUSE_single_step},
    {CAUSE_EXIT | EXIT_CSR_READ, "read_status", CAUSE_EXIT | EXIT_CSR_READ},
    {CAUSE_EXIT | (EXIT_CSR_READ + 13), "read_eptbr", CAUSE_EXIT | (EXIT_CSR_READ + 13)},
    {CAUSE_EXIT | (EXIT_CSR_WRITE + 8), "write_ptbr", CAUSE_EXIT | (EXIT_CSR_WRITE + 8)},
    {CAUSE_EXIT | EXIT_nested_fault, "nested_fault", CAUSE_EXIT | EXIT_nested_fault},
    {CAUSE_EXIT | EXIT_shutdown, "shutdown", CAUSE_EXIT | EXIT_shutdown},
    {CAUSE_load_page, "load_page", CAUSE_load_page},
    {CAUSE_INTERRUPT | INTERRUPT_timer, "timer", CAUSE_INTERRUPT | INTERRUPT_timer},
};

START_TEST(an_exception_has_the_same_name_as_a_trap_and_as_an_exit)
{
    ck_assert_str_eq(cause_info(exits[_i].cause)->name, exits[_i].name);
    ck_assert_uint_eq(vmcb_plain_cause(exits[_i].cause), exits[_i].plain);
}
END_TEST

START_TEST(codes_without_a_meaning_have_no_name)
{
    static const word none[] = {10, 31, 32 + 14, 63, 64 + 14, 95, 96 + 14, 127, 130};

    for (unsigned i = 0; i < COUNT_OF(none); i++)
        ck_assert_msg(!cause_info(CAUSE_EXIT | none[i]), "code %u", none[i]);
    ck_assert_ptr_null(vmcb_word_info(2));
    ck_assert_ptr_null(vmcb_rule_info(100));
}
END_TEST

Suite *suite_isa_vmcb(void);
Suite *suite_isa_vmcb(void)
{
    Suite *s = suite_create("isa_vmcb");
    TCase *c = tcase_create("names");

    tcase_add_test(c, exits_are_causes_with_a_name_of_their_own);
    tcase_add_loop_test(c, an_exception_has_the_same_name_as_a_trap_and_as_an_exit, 0,
                        (int)COUNT_OF(exits));
    tcase_add_test(c, codes_without_a_meaning_have_no_name);
    suite_add_tcase(s, c);
    return s;
}
