/* A line that is typed: edited by the usual keys, kept as UTF-8, remembered. */
#include "tui/line.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tui/keys.h"

static enum line_event type(struct line *l, const char *s)
{
    enum line_event e = LINE_GOES_ON;

    while (*s && e == LINE_GOES_ON)
        e = line_key(l, (unsigned char)*s++);
    return e;
}

START_TEST(keys_edit_where_the_cursor_stands)
{
    static const struct {
        const uint32_t keys[12];
        const char *text;
        size_t cursor;
    } cases[] = {
        {{'a', 'b', 'c'}, "abc", 3},
        {{'a', 'c', KEYS_LEFT, 'b'}, "abc", 2},
        {{'a', 'b', KEYS_HOME, 'x'}, "xab", 1},
        {{'a', 'b', 127}, "a", 1},
        {{'a', 'b', KEYS_HOME, KEYS_DELETE}, "b", 0},
        {{'a', KEYS_DELETE, KEYS_RIGHT, KEYS_END}, "a", 1},
        {{'a', 'b', 'U' - '@'}, "", 0},
        {{0xe4, 0x20ac, 0x1f600}, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9},
        {{0xe4, 0x20ac, KEYS_LEFT, 127}, "\xe2\x82\xac", 0},
        {{1, 'a', KEYS_PAGE_UP, 31}, "a", 1},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct line l = {.length = 0};

        for (const uint32_t *k = cases[i].keys; *k; k++)
            ck_assert_int_eq(line_key(&l, *k), LINE_GOES_ON);
        ck_assert_str_eq(l.text, cases[i].text);
        ck_assert_uint_eq(l.cursor, cases[i].cursor);
    }
}
END_TEST

START_TEST(enter_ends_escape_forgets_and_so_does_erasing_nothing)
{
    struct line l = {.length = 0};

    ck_assert_int_eq(type(&l, "step\r"), LINE_DONE);
    ck_assert_str_eq(l.text, "step");
    line_begin(&l);
    ck_assert_int_eq(type(&l, "x\033"), LINE_CANCELLED);
    line_begin(&l);
    ck_assert_int_eq(type(&l, "x\177\177"), LINE_CANCELLED);
}
END_TEST

START_TEST(what_was_typed_comes_back_and_the_oldest_is_forgotten)
{
    struct line l = {.length = 0};
    char text[8];

    for (int i = 0; i < LINE_HISTORY + 2; i++) {
        line_begin(&l);
        snprintf(text, sizeof text, "%d\r", i);
        type(&l, text);
    }
    line_begin(&l);
    line_key(&l, KEYS_UP);
    ck_assert_str_eq(l.text, "33");
    for (int i = 0; i < 100; i++)
        line_key(&l, KEYS_UP);
    ck_assert_str_eq(l.text, "2");
    for (int i = 0; i < 100; i++)
        line_key(&l, KEYS_DOWN);
    ck_assert_str_eq(l.text, "");
}
END_TEST

START_TEST(a_line_that_is_full_takes_no_more)
{
    struct line l = {.length = 0};

    for (int i = 0; i < 2 * LINE_SIZE; i++)
        line_key(&l, 0x20ac);
    ck_assert_uint_lt(l.length, LINE_SIZE);
    ck_assert_uint_eq(strlen(l.text), l.length);
    ck_assert_uint_eq(l.length % 3, 0);
}
END_TEST

START_TEST(completion_replaces_the_word_before_the_cursor)
{
    struct line l = {.length = 0};

    type(&l, "pane st");
    line_complete(&l, "state");
    ck_assert_str_eq(l.text, "pane state");
    ck_assert_uint_eq(l.cursor, 10);
}
END_TEST

Suite *suite_tui_line(void);
Suite *suite_tui_line(void)
{
    Suite *s = suite_create("tui_line");
    TCase *c = tcase_create("line");

    tcase_add_test(c, keys_edit_where_the_cursor_stands);
    tcase_add_test(c, enter_ends_escape_forgets_and_so_does_erasing_nothing);
    tcase_add_test(c, what_was_typed_comes_back_and_the_oldest_is_forgotten);
    tcase_add_test(c, a_line_that_is_full_takes_no_more);
    tcase_add_test(c, completion_replaces_the_word_before_the_cursor);
    suite_add_tcase(s, c);
    return s;
}
