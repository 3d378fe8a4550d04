/*
 * tools/install-deps on systems that are not this one: a PATH with nothing but a few tools, and
 * package managers that only write down what they are asked.
 */
#include "tests/cli/spawn.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* A folder $d of tools; `put NAME TEXT` puts a script there. */
#define SYSTEM                                                                                     \
    "d=$(mktemp -d); for t in sh sed head ls env uname; do ln -s $(command -v $t) $d/$t; done; "   \
    "put() { printf '#!/bin/sh\n%s\n' \"$2\" > $d/$1; chmod +x $d/$1; }; "
#define RUN  "PATH=$d sh tools/install-deps; r=$?; rm -r $d; exit $r"
#define APT  "put apt-get 'echo apt-get \"$@\"'; put apt-cache 'echo \"  Depends: clang-19\"'; "
#define ROOT "put id 'echo 0'; "
#define USER "put id 'echo 1000'; "

static const struct {
    const char *system;
    int exit_code;
    const char *out, *err; /* must occur; NULL: it is empty */
} cases[] = {
    {SYSTEM ROOT, 1, NULL, "Fedora:  dnf install make"},
    {SYSTEM ROOT, 1, NULL, "Arch:    pacman -S make"},
    {SYSTEM ROOT, 1, NULL, "macOS:   brew install make"},
    {SYSTEM ROOT APT, 0, "apt-get install -qq -y", "missing: make pkg-config clang lld libraries"},
    {SYSTEM ROOT APT, 0, " libclang-rt-19-dev ", "qemu-riscv32"},
    {SYSTEM USER APT, 1, NULL, "not root and no sudo; as root, run:\n  apt-get update && apt-get"},
    {SYSTEM USER APT "put sudo 'echo sudo \"$@\"'; ", 0, "sudo env DEBIAN_FRONTEND", "missing"},
};

START_TEST(what_is_missing_is_installed_or_the_command_is_said)
{
    char command[2048];
    struct spawned s;

    snprintf(command, sizeof command, "%s" RUN, cases[_i].system);
    s = spawn(command, NULL);
    ck_assert_msg(s.exit_code == cases[_i].exit_code, "exit code %d\n%s", s.exit_code, s.err);
    if (cases[_i].out)
        ck_assert_msg(strstr(s.out, cases[_i].out) != NULL, "%s", s.out);
    else
        ck_assert_str_eq(s.out, "");
    ck_assert_msg(strstr(s.err, cases[_i].err) != NULL, "%s", s.err);
    spawned_free(&s);
}
END_TEST

START_TEST(the_demo_does_not_ask_for_what_only_tests_want)
{
    struct spawned s = spawn(SYSTEM ROOT "PATH=$d sh tools/install-deps demo; rm -r $d", NULL);

    ck_assert_ptr_nonnull(strstr(s.err, "missing: make pkg-config clang lld libraries\n"));
    spawned_free(&s);
}
END_TEST

START_TEST(the_reference_is_asked_for_only_where_it_exists)
{
    struct spawned s = spawn(SYSTEM ROOT "rm $d/uname; put uname 'echo Darwin'; " RUN, NULL);

    ck_assert_int_eq(s.exit_code, 1);
    ck_assert_ptr_nonnull(strstr(s.err, "missing: make"));
    *strchr(s.err, '\n') = '\0';
    ck_assert_ptr_null(strstr(s.err, "qemu"));
    spawned_free(&s);
}
END_TEST

START_TEST(a_word_that_it_does_not_know_is_refused)
{
    struct spawned s = spawn("tools/install-deps --quite", NULL);

    ck_assert_int_eq(s.exit_code, 2);
    ck_assert_ptr_nonnull(strstr(s.err, "'--quite'"));
    spawned_free(&s);
}
END_TEST

Suite *suite_tools_install_deps(void);
Suite *suite_tools_install_deps(void)
{
    Suite *s = suite_create("tools_install_deps");
    TCase *c = tcase_create("install-deps");

    tcase_add_loop_test(c, what_is_missing_is_installed_or_the_command_is_said, 0,
                        sizeof cases / sizeof cases[0]);
    tcase_add_test(c, the_demo_does_not_ask_for_what_only_tests_want);
    tcase_add_test(c, the_reference_is_asked_for_only_where_it_exists);
    tcase_add_test(c, a_word_that_it_does_not_know_is_refused);
    suite_add_tcase(s, c);
    return s;
}
