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

START_TEST(a_json_string_is_utf8_whatever_the_bytes_are)
{
    static const struct {
        const char *bytes, *json;
    } rows[] = {
        {"\xc3\xa9\xe2\x94\x80\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x94\x80\xf0\x9f\x98\x80"},
        {"\x80", "\\u0080"},
        {"\xff\xfe", "\\u00ff\\u00fe"},
        {"\xc3", "\\u00c3"},                                  /* cut off */
        {"\xe2\x94", "\\u00e2\\u0094"},                       /* cut off */
        {"\xc0\x80", "\\u00c0\\u0080"},                       /* longer than need be */
        {"\xe0\x80\x80", "\\u00e0\\u0080\\u0080"},            /* longer than need be */
        {"\xed\xa0\x80", "\\u00ed\\u00a0\\u0080"},            /* half of a pair of UTF-16 */
        {"\xf4\x90\x80\x80", "\\u00f4\\u0090\\u0080\\u0080"}, /* beyond the last letter */
        {"\xe2(\x80", "\\u00e2(\\u0080"},
    };

    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        char buffer[64];
        struct text t = text_init(buffer, sizeof buffer);

        text_add_json(&t, rows[i].bytes);
        ck_assert_str_eq(buffer, rows[i].json);
    }
}
END_TEST

Suite *suite_base_text(void);
Suite *suite_base_text(void)
{
    Suite *s = suite_create("base_text");
    TCase *c = tcase_create("text");

    tcase_add_test(c, an_append_that_does_not_fit_is_cut_and_remembered);
    tcase_add_test(c, json_strings_are_escaped);
    tcase_add_test(c, a_json_string_is_utf8_whatever_the_bytes_are);
    suite_add_tcase(s, c);
    return s;
}
