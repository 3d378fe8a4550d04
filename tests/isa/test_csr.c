/* Registers, causes and hints by number and name; the tables agree with themselves. */
#include "isa/csr.h"
#include "isa/registers.h"

#include <check.h>
#include <stdio.h>

START_TEST(control_registers_are_found_by_number_and_name)
{
    for (unsigned i = 0; i < csr_count; i++) {
        ck_assert_ptr_eq(csr_info(csr_table[i].number), &csr_table[i]);
        ck_assert_ptr_eq(csr_find(csr_table[i].name), &csr_table[i]);
    }
    ck_assert_ptr_null(csr_info(0x300));
    ck_assert_ptr_null(csr_find("mstatus"));
    ck_assert_uint_eq(csr_find("status")->number, CSR_status);
}
END_TEST

START_TEST(fields_of_a_register_do_not_overlap_and_counters_are_read_only)
{
    for (unsigned i = 0; i < csr_field_count; i++) {
        const struct csr_field *f = &csr_field_table[i];

        ck_assert_uint_le(f->low, f->high);
        ck_assert_uint_le(f->high, 31);
        ck_assert_ptr_nonnull(csr_info(f->csr));
        for (unsigned j = 0; j < i; j++) {
            const struct csr_field *g = &csr_field_table[j];

            ck_assert(f->csr != g->csr || f->low > g->high || f->high < g->low);
        }
    }
    for (unsigned i = 0; i < csr_count; i++)
        ck_assert(csr_table[i].kind != CSR_KIND_COUNTER || csr_table[i].wmask == 0);
}
END_TEST

START_TEST(causes_are_found_by_number_and_name)
{
    for (unsigned i = 0; i < cause_count; i++) {
        ck_assert_ptr_eq(cause_info(cause_table[i].cause), &cause_table[i]);
        ck_assert_ptr_eq(cause_find(cause_table[i].name), &cause_table[i]);
    }
    ck_assert_str_eq(cause_info(CAUSE_INTERRUPT | INTERRUPT_timer)->name, "timer");
    ck_assert_ptr_null(cause_info(14));
    ck_assert_ptr_null(cause_find("none"));
    ck_assert_str_eq(hint_info(HINT_enter)->name, "enter");
    ck_assert_ptr_null(hint_info(1000));
}
END_TEST

START_TEST(registers_have_two_names_and_s0_has_three)
{
    char name[8];

    for (unsigned n = 0; n < REGISTER_COUNT; n++) {
        snprintf(name, sizeof name, "x%u", n);
        ck_assert_int_eq(register_find(name), n);
        ck_assert_int_eq(register_find(register_name(n)), n);
    }
    ck_assert_int_eq(register_find("fp"), 8);
    ck_assert_int_eq(register_find("x32"), -1);
    ck_assert_int_eq(register_find(""), -1);
    ck_assert_str_eq(register_role(2), "stack pointer");
}
END_TEST

Suite *suite_isa_csr(void);
Suite *suite_isa_csr(void)
{
    Suite *s = suite_create("isa_csr");
    TCase *c = tcase_create("csr");

    tcase_add_test(c, control_registers_are_found_by_number_and_name);
    tcase_add_test(c, fields_of_a_register_do_not_overlap_and_counters_are_read_only);
    tcase_add_test(c, causes_are_found_by_number_and_name);
    tcase_add_test(c, registers_have_two_names_and_s0_has_three);
    suite_add_tcase(s, c);
    return s;
}
