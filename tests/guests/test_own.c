/*
 * "A program of your own" of guests/README.md, done word by word: the page's C is saved, its
 * commands are run, and the program says what the page says.
 */
#include "tests/cli/spawn.h"

#include <check.h>
#include <string.h>

/* The lines of the page's fenced block number $2 in language $1. */
#define BLOCK                                                                                      \
    "block() { awk -v lang=$1 -v want=$2 '/^## A program of your own/ { here = 1 } "               \
    "/^```/ { if (inside) inside = 0; else if (here && $0 == \"```\" lang) "                       \
    "{ inside = ++n == want; next } } inside' guests/README.md; }; "

START_TEST(the_page_about_programs_can_be_followed)
{
    struct spawned s =
        spawn(BLOCK "d=$(mktemp -d); block c 1 > $d/hello.c; block sh 1 | "
                    "sed \"s| hello\\.| $d/hello.|g; s|build/release/trapeze|$TRAPEZE|\" > $d/do; "
                    "sh -e $d/do; r=$?; rm -r $d; exit $r",
              NULL);

    ck_assert_msg(s.exit_code == 0, "exit code %d\n%s", s.exit_code, s.err);
    ck_assert_str_eq(s.err, "");
    ck_assert_msg(strncmp(s.out, "hello from ring 0\n", 18) == 0, "%s", s.out);
    ck_assert_msg(strstr(s.out, "start:") != NULL, "%s", s.out);
    spawned_free(&s);
}
END_TEST

START_TEST(and_so_can_what_it_says_about_the_os)
{
    struct spawned s =
        spawn(BLOCK "block sh 2 | sed \"s|build/release/trapeze|$TRAPEZE|\" | sh -e", NULL);

    ck_assert_msg(s.exit_code == 0, "exit code %d\n%s", s.exit_code, s.err);
    ck_assert_msg(strstr(s.out, "Hello from process 1") != NULL, "%s", s.out);
    spawned_free(&s);
}
END_TEST

Suite *suite_guests_own(void);
Suite *suite_guests_own(void)
{
    Suite *s = suite_create("guests_own");
    TCase *c = tcase_create("own");

    tcase_set_timeout(c, 0); /* bounded by what is run */
    tcase_add_test(c, the_page_about_programs_can_be_followed);
    tcase_add_test(c, and_so_can_what_it_says_about_the_os);
    suite_add_tcase(s, c);
    return s;
}
