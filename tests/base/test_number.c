/* Numbers as people write them. */
#include "base/number.h"

#include <check.h>

static const struct {
    const char *text;
    bool ok;
    uint64_t value;
} cases[] = {
    {"0", true, 0},
    {"4096", true, 4096},
    {"0x1000", true, 4096},
    {"0XfF", true, 255},
    {"1_000_000", true, 1000000},
    {"64M", true, 64ull << 20},
    {"64m", true, 64ull << 20},
    {"2G", true, 2ull << 30},
    {"1k", true, 1024},
    {"2e8", true, 200000000},
    {"18446744073709551615", true, UINT64_MAX},
    {"18446744073709551616", false, 0},
    {"0xffffffffffffffff", true, UINT64_MAX},
    {"17179869184G", false, 0},
    {"1e20", false, 0},
    {"2e", false, 0},
    {"", false, 0},
    {"M", false, 0},
    {"0x", false, 0},
    {"_1", false, 0},
    {"1_", false, 0},
    {"-1", false, 0},
    {"64MB", false, 0},
    {"12 ", false, 0},
};

START_TEST(a_number_is_read_whole_or_refused)
{
    uint64_t value = 77;

    ck_assert_msg(number_parse(cases[_i].text, &value) == cases[_i].ok, "'%s'", cases[_i].text);
    ck_assert_uint_eq(value, cases[_i].ok ? cases[_i].value : 77);
}
END_TEST

Suite *suite_base_number(void);
Suite *suite_base_number(void)
{
    Suite *s = suite_create("base_number");
    TCase *c = tcase_create("number");

    tcase_add_loop_test(c, a_number_is_read_whole_or_refused, 0, sizeof cases / sizeof cases[0]);
    suite_add_tcase(s, c);
    return s;
}
