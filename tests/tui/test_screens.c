/*
 * The real program on a real terminal: tests/tui/drive plays each tests/tui/screens/NAME.steps
 * in tmux and compares what is to be seen. `tests/tui/drive FILE --regenerate` writes the screens.
 */
#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/types.h"

static glob_t steps;

/* The whole is bounded by drive itself; this only ends what hangs. */
enum { SECONDS = 300 };

START_TEST(the_screen_shows_what_it_should)
{
    char command[256];

    snprintf(command, sizeof command, "tests/tui/drive %s", steps.gl_pathv[_i]);
    int status = system(command);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s fails (see above)", command);
}
END_TEST

START_TEST(there_are_screens_to_look_at)
{
    ck_assert_uint_ge(steps.gl_pathc, 8);
}
END_TEST

Suite *suite_tui_screens(void);
Suite *suite_tui_screens(void)
{
    Suite *s = suite_create("tui_screens");
    TCase *c = tcase_create("screens");
    int count = glob("tests/tui/screens/*.steps", 0, NULL, &steps) == 0 ? (int)steps.gl_pathc : 0;

    tcase_set_timeout(c, SECONDS);
    tcase_add_test(c, there_are_screens_to_look_at);
    tcase_add_loop_test(c, the_screen_shows_what_it_should, 0, count);
    suite_add_tcase(s, c);
    return s;
}
