/*
 * make install into a folder of its own: what is installed there runs from anywhere, finds its
 * scenarios, guests and headers, and still does when the folder has been moved.
 */
#include "tests/cli/spawn.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct spawned result;

/* $TRAPEZE is build/MODE/trapeze. The make that runs the tests is not to be asked for anything. */
#define INSTALL                                                                                    \
    "unset MAKEFLAGS MAKELEVEL MFLAGS; d=$(mktemp -d); m=${TRAPEZE#*build/}; "                     \
    "make -s install MODE=${m%/trapeze} PREFIX=$d/opt >$d/log 2>&1 || { cat $d/log; exit 9; }; "

/* Run in the folder of installation, away from the source. */
#define LOOK                                                                                       \
    "{ echo '#include \"xrings.h\"'; echo '#include \"boot.h\"'; "                                 \
    "echo 'unsigned f(void) { return csr_read(CSR_cause) + REGION_uart + UART_LSR_READY; }'; } "   \
    "> x.c; unset TRAPEZE_HOME; "                                                                  \
    "bin/trapeze list && bin/trapeze run bare-metal && "                                           \
    "bin/trapeze run os.elf -m programs=programs.pack -c init=hello && "                           \
    "${GUEST_CC:-clang} --target=riscv32-unknown-elf -march=rv32im -mabi=ilp32 -ffreestanding "    \
    "-Ishare/trapeze/include -c x.c -o x.o && "                                                    \
    "grep -c '^\\.Dt TRAPEZE' share/man/man1/trapeze.1 && "                                        \
    "ls share/bash-completion/completions/trapeze share/zsh/site-functions/_trapeze && "           \
    "echo [all there]"

static void ck_whole(const char *command)
{
    static const char *const words[] = {"trap-and-emulate", "checks hold", "Hello from process 1",
                                        "[all there]"};

    result = spawn(command, NULL);
    ck_assert_msg(result.exit_code == 0, "exit code %d\n%s%s", result.exit_code, result.out,
                  result.err);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(strstr(result.out, words[i]) != NULL, "no '%s' in\n%s", words[i], result.out);
    spawned_free(&result);
}

START_TEST(what_is_installed_runs_where_it_is)
{
    ck_whole(INSTALL "cd $d/opt && { " LOOK "; }; r=$?; cd /; rm -r $d; exit $r");
}
END_TEST

START_TEST(and_where_it_was_moved_to)
{
    ck_whole(INSTALL "mv $d/opt $d/elsewhere; cd $d/elsewhere && { " LOOK
                     "; }; r=$?; cd /; rm -r $d; "
                     "exit $r");
}
END_TEST

Suite *suite_tools_install(void);
Suite *suite_tools_install(void)
{
    Suite *s = suite_create("tools_install");
    TCase *c = tcase_create("install");

    tcase_set_timeout(c, 0); /* bounded by what is run */
    tcase_add_test(c, what_is_installed_runs_where_it_is);
    tcase_add_test(c, and_where_it_was_moved_to);
    suite_add_tcase(s, c);
    return s;
}
