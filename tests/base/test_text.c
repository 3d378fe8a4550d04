/* Bounded text: nothing is ever written past the buffer. */
#include "base/text.h"

#include <check.h>
#include <string.h>

START_TEST(an_append_that_does_not_fit_is_cut_and_remembered)
{
    char buffer[8];
    struct text t = text_init(buffer, sizeof buffer);

    text_add(&t, "%s", "0123456789");
    ck_assert_str_eq(buffer, "0123456");
    ck_assert_uint_eq(t.length, 7);
    ck_assert(t.overflow);
    text_add_char(&t, 'x');
    ck_assert_uint_eq(strlen(buffer), 7);
}
END_TEST

START_TEST(json_strings_are_escaped)
{
    char buffer[64];
    struct text t = text_init(buffer, sizeof buffer);

    text_add_json(&t, "a\"b\\c\n\t\x01");
    ck_assert_str_eq(buffer, "a\\\"b\\\\c\\n\\t\\u0001");
    ck_assert(!t.overflow);
}
END_TEST

Suite *suite_base_text(void);
Suite *suite_base_text(void)
{
    Suite *s = suite_create("base_text");
    TCase *c = tcase_create("text");

    tcase_add_test(c, an_append_that_does_not_fit_is_cut_and_remembered);
    tcase_add_test(c, json_strings_are_escaped);
    suite_add_tcase(s, c);
    return s;
}
