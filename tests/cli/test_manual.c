/* The manual page and the shells' completion: they say what the tables say, and other tools take them. */
#include "tests/cli/spawn.h"

#include <check.h>
#include <string.h>

#define BASH                                                                                       \
    "eval \"$($TRAPEZE help --completion bash)\"; COMP_WORDS=("                                    \
    "trapeze "
#define BASH_END "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _trapeze; echo ${COMPREPLY[@]}"

static const struct {
    const char *command;
    const char *out;
} cases[] = {
    {"$TRAPEZE help --man", ".Sh NAME\n.Nm trapeze\n"},
    {"$TRAPEZE help --man", ".Ss \"debug SCENARIO|PROGRAM\\&\"\n"},
    {"$TRAPEZE help --man", ".It Fl r , Fl -ram Ar \"SIZE\\&\"\n"},
    {"$TRAPEZE help --man", ".It \"break, b PLACE [FILTER] | FILTER\\&\"\n"},
    {"$TRAPEZE help --completion zsh", "#compdef trapeze\n"},
    {"bash -c '" BASH "d" BASH_END "'", "debug disasm\n"},
    {"bash -c '" BASH "run --disk-" BASH_END "'", "--disk-write\n"},
    {"bash -c '" BASH "help cau" BASH_END "'", "cause\n"},
    {"bash -c '" BASH "run --disk README" BASH_END "'", "README.md\n"},
    {"PATH=${TRAPEZE%/*}:$PATH; bash -c '" BASH "debug trap-" BASH_END "'", "trap-and-emulate\n"},
    {"$TRAPEZE help debug", "until this function, or trap handler, returns\n"},
};

START_TEST(what_is_printed_has_what_the_tables_have)
{
    struct spawned s = spawn(cases[_i].command, NULL);

    ck_assert_msg(s.exit_code == 0, "%s: %s", cases[_i].command, s.err);
    ck_assert_msg(strstr(s.out, cases[_i].out) != NULL, "%s: no '%s' but: %.2000s",
                  cases[_i].command, cases[_i].out, s.out);
    spawned_free(&s);
}
END_TEST

START_TEST(an_unknown_shell_is_refused)
{
    struct spawned s = spawn("$TRAPEZE help --completion fish", NULL);

    ck_assert_int_eq(s.exit_code, 2);
    ck_assert_ptr_nonnull(strstr(s.err, "for bash and zsh, not \"fish\""));
    spawned_free(&s);
}
END_TEST

/* Where mandoc is installed: not one complaint. */
START_TEST(the_page_is_clean)
{
    struct spawned s = spawn("command -v mandoc >/dev/null || exit 0; "
                             "$TRAPEZE help --man | mandoc -T lint",
                             NULL);

    ck_assert_str_eq(s.out, "");
    ck_assert_int_eq(s.exit_code, 0);
    spawned_free(&s);
}
END_TEST

Suite *suite_cli_manual(void);
Suite *suite_cli_manual(void)
{
    Suite *s = suite_create("cli_manual");
    TCase *c = tcase_create("manual");

    tcase_set_timeout(c, 0); /* bounded by what is run */
    tcase_add_loop_test(c, what_is_printed_has_what_the_tables_have, 0,
                        sizeof cases / sizeof cases[0]);
    tcase_add_test(c, an_unknown_shell_is_refused);
    tcase_add_test(c, the_page_is_clean);
    suite_add_tcase(s, c);
    return s;
}
