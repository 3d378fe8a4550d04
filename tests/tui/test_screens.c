/*
 * The real program on a real terminal: tests/tui/drive plays tests/tui/screens/NAME.steps in
 * tmux and compares what is to be seen. `tests/tui/drive FILE --regenerate` writes the screens.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/types.h"

static const char *const steps[] = {
    "steps-80x24", "steps-120x40", "resize", "typing", "ascii", "signals", "terminals",
};

/* The whole is bounded by drive itself; this only ends what hangs. */
enum { SECONDS = 300 };

START_TEST(the_screen_shows_what_it_should)
{
    char command[256];

    snprintf(command, sizeof command, "tests/tui/drive tests/tui/screens/%s.steps", steps[_i]);
    int status = system(command);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s fails (see above)", command);
}
END_TEST

Suite *suite_tui_screens(void);
Suite *suite_tui_screens(void)
{
    Suite *s = suite_create("tui_screens");
    TCase *c = tcase_create("screens");

    tcase_set_timeout(c, SECONDS);
    tcase_add_loop_test(c, the_screen_shows_what_it_should, 0, COUNT_OF(steps));
    suite_add_tcase(s, c);
    return s;
}
