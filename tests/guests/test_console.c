/*
 * The teaching OS and its console: lines that are edited, that are too long, that are typed
 * ahead, that several programs want, and nonsense.
 */
#include "tests/guests/os.h"
#include "tests/isa/random.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define PANIC_STATUS 101

/* What a line of the console or of the shell cannot hold is cut off, and the next is whole. */
START_TEST(a_line_without_end_is_cut_and_does_no_harm)
{
    struct machine_config config = machine_config_default();
    struct os_session s;
    char line[1001];

    memset(line, 'x', 1000);
    memcpy(line, "echo ", 5);
    line[1000] = 0;
    os_start_as(&s, &config, "quiet", _i);
    os_type_lines(&s, (const char *const[]){line, "hello", NULL});
    char *cut = strstr(s.output, "\nx");
    ck_assert_ptr_nonnull(cut);
    ck_assert_uint_eq(strspn(cut + 1, "x"), 255 - strlen("echo "));
    ck_assert_msg(strstr(cut, "\n$ hello\nHello from process 3, ring 3.\n$ "), "%s", s.output);
    os_end(&s);
}
END_TEST

START_TEST(a_line_can_be_edited)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start_as(&s, &config, "quiet", _i);
    os_clear(&s);
    os_type(&s, "\bechoo\b wrong\x15");           /* backspace at the start, backspace, kill */
    ck_assert_str_eq(s.output, "echoo\b \b wrong" /* ten characters are taken back */
                               "\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b");
    os_clear(&s);
    os_type(&s, "ecjo\x7f\x7fho ok\r");
    ck_assert_str_eq(s.output, "ecjo\b \b\b \bho ok\nok\n$ ");
    os_end(&s);
}
END_TEST

START_TEST(the_end_of_input_ends_a_reader_and_the_shell)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start_as(&s, &config, "quiet", _i);
    os_type(&s, "wc\nsome words\n");
    os_clear(&s);
    os_type(&s, "\x04");
    ck_assert_str_eq(s.output, "1 lines, 2 words, 11 bytes\n$ ");
    os_type(&s, "\x04");
    ck_assert_int_eq(s.stop, STOP_HALTED);
    ck_assert_uint_eq(machine_status(s.machine), 0);
    os_end(&s);
}
END_TEST

/* More than every queue on the way holds: the device must make the rest wait. */
START_TEST(no_byte_is_lost_however_much_is_typed_ahead)
{
    enum { LINES = 400 };
    struct machine_config config = machine_config_default();
    struct os_session s;
    char line[40];

    os_start_as(&s, &config, "quiet", _i);
    machine_input(s.machine, "wc\n", 3);
    for (unsigned i = 0; i < LINES; i++) {
        snprintf(line, sizeof line, "%08u abcdefghijklmnop\n", i);
        machine_input(s.machine, line, strlen(line));
    }
    os_type(&s, "\x04");
    snprintf(line, sizeof line, "\n%u lines, %u words, %u bytes\n", LINES, 2 * LINES, 26 * LINES);
    ck_assert_msg(strstr(s.output, line) != NULL, "%s", s.output + s.length - 100);
    os_end(&s);
}
END_TEST

START_TEST(a_line_goes_to_one_of_two_readers)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start_as(&s, &config, "quiet", _i);
    os_type_lines(&s, (const char *const[]){"cat & cat", "one", "two", "three", NULL});
    ck_assert_str_eq(s.output, "$ cat & cat\none\none\ntwo\ntwo\nthree\nthree\n");
    os_type(&s, "\x04\x04");
    os_clear(&s);
    os_type_lines(&s, (const char *const[]){"hello", NULL});
    ck_assert_str_eq(s.output, "hello\nHello from process 4, ring 3.\n$ ");
    os_end(&s);
}
END_TEST

static const char *const scraps[] = {
    "hello", "cat",        "wc",     "|",          "<",    "&",      " ",    "motd",
    "\n",    "\n",         "\b",     "\x15",       "\t",   "\"",     "ps",   "misbehave",
    "all",   "primes 500", "faults", "syscalls",   "echo", "spin 1", "\x7f", "\x1b[A",
    "\xff",  "sleep 1",    "ls",     "disk count", "help", "\r",
};

#define SEEDS 12 /* for each build */

/* Nonsense may do anything but bring the kernel down. */
START_TEST(nonsense_does_not_bring_the_kernel_down)
{
    struct machine_config config = machine_config_default();
    uint32_t seed = (uint32_t)_i + 1;
    struct os_session s;

    config.tlb = _i % 2 ? 1 : 256;
    os_start_as(&s, &config, "quiet", _i / SEEDS);
    for (unsigned n = 0; n < 400; n++) {
        const char *scrap = scraps[random_next(&seed) % (sizeof scraps / sizeof scraps[0])];
        machine_input(s.machine, scrap, strlen(scrap));
        if (n % 7 == 0)
            machine_run(s.machine, random_next(&seed) % 100000);
    }
    os_type(&s, "\n\x04\n\x04\n\x15hello\n");
    ck_assert_msg(s.stop == STOP_INPUT || s.stop == STOP_HALTED, "stopped for reason %d:\n%s",
                  s.stop, s.output);
    ck_assert_msg(!strstr(s.output, "panic"), "%s", s.output);
    if (s.stop == STOP_HALTED)
        ck_assert_uint_lt(machine_status(s.machine), PANIC_STATUS);
    os_end(&s);
}
END_TEST

Suite *suite_guests_console(void);
Suite *suite_guests_console(void)
{
    Suite *s = suite_create("guests_console");
    TCase *c = tcase_create("console");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, a_line_without_end_is_cut_and_does_no_harm, 0, OS_BUILDS);
    tcase_add_loop_test(c, a_line_can_be_edited, 0, OS_BUILDS);
    tcase_add_loop_test(c, the_end_of_input_ends_a_reader_and_the_shell, 0, OS_BUILDS);
    tcase_add_loop_test(c, no_byte_is_lost_however_much_is_typed_ahead, 0, OS_BUILDS);
    tcase_add_loop_test(c, a_line_goes_to_one_of_two_readers, 0, OS_BUILDS);
    tcase_add_loop_test(c, nonsense_does_not_bring_the_kernel_down, 0, SEEDS * OS_BUILDS);
    suite_add_tcase(s, c);
    return s;
}
