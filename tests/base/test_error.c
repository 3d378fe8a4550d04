/* Errors with text. */
#include "base/error.h"

#include <check.h>
#include <string.h>

START_TEST(a_prefix_goes_before_the_text_and_keeps_the_code)
{
    struct error e;

    ck_assert_int_eq(error_set(&e, ERROR_input, "line %d", 7), ERROR_input);
    ck_assert_int_eq(error_prefix(&e, "%s", "file.s"), ERROR_input);
    ck_assert_str_eq(e.text, "file.s: line 7");
    ck_assert_int_eq(error_exit_code(e.code), 3);
}
END_TEST

START_TEST(long_texts_are_cut_not_overrun)
{
    struct error e;
    char big[3000];

    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    error_set(&e, ERROR_usage, "%s", big);
    ck_assert_uint_eq(strlen(e.text), sizeof e.text - 1);
    error_prefix(&e, "%s", "where");
    ck_assert_uint_eq(strlen(e.text), sizeof e.text - 1);
    ck_assert_int_eq(strncmp(e.text, "where: xxx", 10), 0);
}
END_TEST

START_TEST(a_caller_that_wants_no_text_passes_null)
{
    ck_assert_int_eq(error_set(NULL, ERROR_io, "x"), ERROR_io);
}
END_TEST

Suite *suite_base_error(void);
Suite *suite_base_error(void)
{
    Suite *s = suite_create("base_error");
    TCase *c = tcase_create("error");

    tcase_add_test(c, a_prefix_goes_before_the_text_and_keeps_the_code);
    tcase_add_test(c, long_texts_are_cut_not_overrun);
    tcase_add_test(c, a_caller_that_wants_no_text_passes_null);
    suite_add_tcase(s, c);
    return s;
}
