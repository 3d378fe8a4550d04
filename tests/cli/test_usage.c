/* What a user types wrong, and what comes back: exit code and sentence. */
#include "tests/cli/spawn.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *command;
    int exit_code;
    const char *out; /* must occur in standard output, NULL: it is empty */
    const char *err; /* the same for standard error */
} cases[] = {
    {"$TRAPEZE", 2, NULL, "usage: trapeze COMMAND"},
    {"$TRAPEZE --help", 0, "usage: trapeze COMMAND", NULL},
    {"$TRAPEZE --help", 0, "trap causes, or one: help cause 24", NULL},
    {"f=$(mktemp -d); echo 'tz.expect(\"one\", 1, 1)' > $f/x.lua; $TRAPEZE run --json $f/x.lua | "
     "head -1; rm -r $f",
     0, "{\"scenario\":\"x\"}", NULL},
    {"$TRAPEZE --version", 0, "trapeze ", NULL},
    {"$TRAPEZE rnu", 2, NULL, "no command \"rnu\"; did you mean \"run\"?"},
    {"$TRAPEZE qqqqqqq", 2, NULL, "no command \"qqqqqqq\" (trapeze help lists them)"},
    {"$TRAPEZE help", 0, "topics:", NULL},
    {"$TRAPEZE help run", 0, "usage: trapeze run", NULL},
    {"$TRAPEZE run --help", 0, "usage: trapeze run", NULL},
    {"$TRAPEZE help isa", 0, "tret", NULL},
    {"$TRAPEZE help isa tret", 0, "30200073", NULL},
    {"$TRAPEZE help isa trett", 2, NULL, "there is no \"trett\""},
    {"$TRAPEZE help csr status", 0, "current ring", NULL},
    {"$TRAPEZE help cause 24", 0, "privileged operation attempted", NULL},
    {"$TRAPEZE help cause 77", 2, NULL, "there is no \"77\""},
    {"$TRAPEZE help event trap", 0, "tvec", NULL},
    {"$TRAPEZE help hint", 0, "vm_create", NULL},
    {"$TRAPEZE help vmcb", 0, "018  io_map", NULL},
    {"$TRAPEZE help vmcb inject", 0, "rule event       there is no such exception", NULL},
    {"$TRAPEZE help vmcb injekt", 2, NULL, "there is no \"injekt\""},
    {"$TRAPEZE help exit 128", 0, "nested page fault", NULL},
    {"$TRAPEZE help exit read_ptbr", 0, "72  read_ptbr", NULL},
    {"$TRAPEZE help exit 130", 2, NULL, "there is no \"130\""},
    {"$TRAPEZE help isa --json", 2, NULL, "no JSON form"},
    {"$TRAPEZE help platform", 0, "0c000000", NULL},
    {"$TRAPEZE help platform uart", 0, "0001 READY     a byte waits", NULL},
    {"$TRAPEZE help platform uatr", 2, NULL, "there is no \"uatr\""},
    {"$TRAPEZE help cuase", 2, NULL, "did you mean \"cause\"?"},
    {"$TRAPEZE run", 2, NULL, "what is missing"},
    {"$TRAPEZE run --rmm 4M x.elf", 2, NULL, "unknown option --rmm; did you mean \"ram\"?"},
    {"$TRAPEZE run -Z x.elf", 2, NULL, "unknown option -Z"},
    {"$TRAPEZE run x.elf --ram", 2, NULL, "--ram needs a value"},
    {"$TRAPEZE run --json=3 x.elf", 2, NULL, "--json takes no value"},
    {"$TRAPEZE run --ram 12cats build/guest/os.elf", 2, NULL, "'12cats'"},
    {"$TRAPEZE run a b", 2, NULL, "too much on the line: 'b'"},
    {"$TRAPEZE run /nowhere/x.elf", 3, NULL, "/nowhere/x.elf"},
    {"$TRAPEZE run README.md", 3, NULL, "README.md"},
    {"$TRAPEZE run --isa weird build/guest/os.elf", 2, NULL, "strict or classic"},
    {"$TRAPEZE run -t 'trap cuase=3' build/guest/os.elf", 2, NULL, "did you mean \"cause\""},
    {"$TRAPEZE run -m x=/nowhere/y build/guest/os.elf", 3, NULL, "/nowhere/y"},
    {"$TRAPEZE run -n 10 build/guest/os.elf", 4, NULL, "still running after 10 steps"},
    {"$TRAPEZE disasm build/guest/os.elf -f nowhere_to_be", 2, NULL, "has no symbol"},
    {"$TRAPEZE list", 0, "trap-and-emulate", NULL},
    {"$TRAPEZE list --json", 0, "{\"name\":\"bare-metal\"", NULL},
    {"$TRAPEZE bench", 0, "techniques ", NULL},
    {"$TRAPEZE bench technique", 2, NULL, "did you mean \"techniques\""},
    /* The preset's own claim: an illegal instruction takes natively what they measured, 889. */
    {"$TRAPEZE bench techniques | grep -c '^illegal  *88[89] '", 0, "2\n", NULL},
    {"$TRAPEZE run bare-metall", 2, NULL, "did you mean \"bare-metal\""},
    {"$TRAPEZE run --ram 4M bare-metal", 2, NULL, "--ram is for programs"},
    {"$TRAPEZE run os.elf -m programs=programs.pack -c init=hello", 0, "Hello from process 1",
     NULL},
    {"echo quit | $TRAPEZE debug os.elf", 0, "_start", NULL},
    {"F=${TMPDIR:-/tmp}/saved$$; printf \"step 100\\nsave $F\\nstep 9\\nload $F\\nstep 9\\n\" | "
     "$TRAPEZE debug os.elf | grep -c '^#109 '; rm $F",
     0, "2\n", NULL},
    {"echo load README.md | $TRAPEZE debug os.elf >/dev/null", 2, NULL, "README.md"},
    {"echo load | $TRAPEZE debug os.elf >/dev/null", 2, NULL, "load needs a file"},
    {"echo save /nowhere/x | $TRAPEZE debug os.elf >/dev/null", 2, NULL, "/nowhere/x"},
    {"F=${TMPDIR:-/tmp}/loop$$.s; printf '_start: la t0, h\\n csrw tvec, t0\\n lw a0, 0(x0)\\nh: "
     "tret\\n'"
     " > $F; $TRAPEZE run -n 10000 $F; r=$?; rm $F; exit $r",
     4, NULL, "a loop of traps"},
    {"F=${TMPDIR:-/tmp}/call$$.s; printf '_start: la t0, h\\n csrw tvec, t0\\nl: ecall\\n j l\\n"
     "h: csrr t0, epc\\n addi t0, t0, 4\\n csrw epc, t0\\n tret\\n' > $F; "
     "$TRAPEZE run -n 10000 $F 2>&1 | grep -c .; rm $F",
     0, "1\n", NULL},
    {"F=${TMPDIR:-/tmp}/manual$$.lua; awk '/^```lua/{f=1;next}/^```/{if(f)exit}f' "
     "lua-scripts/README.md > $F; $TRAPEZE run $F; r=$?; rm $F; exit $r",
     0, "2 of 2 checks hold", NULL},
    {"F=${TMPDIR:-/tmp}/readme$$.lua; awk '/^```lua/{f=1;next}/^```/{if(f)exit}f' README.md > $F; "
     "$TRAPEZE run $F; r=$?; rm $F; exit $r",
     0, " exits, ", NULL},
    {"$TRAPEZE tui os.elf -m programs=programs.pack -c init=hello", 0, "Hello from process 1",
     "no dashboard here"},
    {"$TRAPEZE tui -c init=hello bare-metal", 2, NULL, "--cmdline is for programs"},
    {"F=${TMPDIR:-/tmp}/at$$; $TRAPEZE run os.elf -n 1000 --save $F; $TRAPEZE run $F -n 500 --save "
     "$F; echo quit | $TRAPEZE debug $F | grep -c '^#1500 '; rm $F",
     0, "1\n", "still running after 500 steps"},
    {"F=${TMPDIR:-/tmp}/cut$$; $TRAPEZE run os.elf -n 1000 --save $F 2>/dev/null; head -c 99 $F > "
     "$F.cut; $TRAPEZE run $F.cut; r=$?; rm $F $F.cut; exit $r",
     3, NULL, "and has 59"},
    {"F=${TMPDIR:-/tmp}/opt$$; $TRAPEZE run os.elf -n 1000 --save $F 2>/dev/null; $TRAPEZE tui -r "
     "4M $F; r=$?; rm $F; exit $r",
     2, NULL, "--ram is not for a snapshot"},
    {"F=${TMPDIR:-/tmp}/name$$; $TRAPEZE run os.elf -n 1000 --save $F 2>/dev/null; $TRAPEZE debug "
     "--symbols os.elf --symbols programs.pack $F -e quit; r=$?; rm $F; exit $r",
     0, " memset+", NULL},
    {"$TRAPEZE debug --symbols README.md os.elf", 3, NULL, "README.md"},
    {"$TRAPEZE run --symbols os.elf bare-metal", 2, NULL, "--symbols is for programs"},
    {"$TRAPEZE run os.elf -n 1000 --save /nowhere/x", 3, NULL, "/nowhere/x"},
    {"$TRAPEZE run --save x bare-metal", 2, NULL, "--save is for programs"},
    {"$TRAPEZE asm /nowhere/x.s", 3, NULL, "/nowhere/x.s"},
    {"cd ${TMPDIR:-/tmp} && echo 'nopp' > bad$$.s && T=$OLDPWD/$TRAPEZE; $T asm bad$$.s; r=$?; rm "
     "bad$$.s; exit $r",
     3, NULL, "did you mean \"nop\"?"},
    {"cd ${TMPDIR:-/tmp} && echo '_start: li t0,0x100000; li t1,0x5555; sw t1,0(t0)' > good$$.s && "
     "T=$OLDPWD/$TRAPEZE; $T asm good$$.s -o good$$.elf && $T disasm good$$.elf && $T run "
     "good$$.elf && $T run good$$.s; r=$?; rm good$$.*; exit $r",
     0, "_start:", NULL},
    {"cd ${TMPDIR:-/tmp} && echo '_start: nop' > end$$.s && T=$OLDPWD/$TRAPEZE; $T run end$$.s; "
     "r=$?; rm end$$.s; exit $r",
     1, NULL, "  80000004  .word 0x00000000\n  the word 0x00000000 is no instruction\n"},
    {"$TRAPEZE classify --isa classic", 0, "theorem 1", NULL},
    {"$TRAPEZE classify --json", 0, "\"theorem3\":true", NULL},
    {"$TRAPEZE disasm /nowhere/x.elf", 3, NULL, "/nowhere/x.elf"},
};

static void check_stream(const char *command, const char *name, const char *got, const char *want)
{
    if (want)
        ck_assert_msg(strstr(got, want) != NULL, "%s: %s has no '%s' but: %s", command, name, want,
                      got);
    else
        ck_assert_msg(*got == '\0', "%s: %s is not empty: %s", command, name, got);
}

START_TEST(a_wrong_line_gives_the_right_sentence_and_exit_code)
{
    struct spawned s = spawn(cases[_i].command, NULL);

    ck_assert_msg(s.exit_code == cases[_i].exit_code, "%s: exit code %d\n%s", cases[_i].command,
                  s.exit_code, s.err);
    check_stream(cases[_i].command, "output", s.out, cases[_i].out);
    check_stream(cases[_i].command, "errors", s.err, cases[_i].err);
    spawned_free(&s);
}
END_TEST

START_TEST(help_of_every_command_names_its_options)
{
    struct spawned s = spawn("for c in $($TRAPEZE help | sed -n 's/^  \\([a-z]*\\) .*/\\1/p' | sed "
                             "'/^isa$/,$d'); do $TRAPEZE $c --help || exit 9; done",
                             NULL);

    ck_assert_int_eq(s.exit_code, 0);
    ck_assert_ptr_nonnull(strstr(s.out, "--help"));
    spawned_free(&s);
}
END_TEST

/* A Lua file that is only run, from top to bottom, and its checks. */
static struct spawned run_lines(const char *options, const char *lua)
{
    char command[512];

    snprintf(
        command, sizeof command,
        "f=$(mktemp -d)/lines.lua; cat > $f; $TRAPEZE run %s $f; r=$?; rm -r ${f%%/*}; exit $r",
        options);
    return spawn(command, lua);
}

START_TEST(checks_of_a_file_that_is_only_run_are_printed_and_counted)
{
    struct spawned s =
        run_lines("", "tz.expect('one is one', 1, 1)\ntz.expect('one is two', 1, 2)\n");

    ck_assert_int_eq(s.exit_code, 1);
    ck_assert_ptr_nonnull(strstr(s.out, "ok     one is one\nFAILED one is two\n"));
    ck_assert_ptr_nonnull(strstr(s.out, "1 of 2 checks hold\n"));
    spawned_free(&s);
}
END_TEST

START_TEST(a_long_line_is_one_whole_json_object)
{
    struct spawned s = run_lines("--json", "print(('\\27'):rep(9000) .. ('\\u{e9}'):rep(9000))");
    const char *at = s.out;
    size_t escapes = 0, letters = 0;

    ck_assert_int_eq(s.exit_code, 0);
    while (strncmp(at, "{\"print\":\"", 10) != 0 && (at = strchr(at, '\n')))
        at++;
    ck_assert_ptr_nonnull(at);
    for (at += 10; strncmp(at, "\\u001b", 6) == 0; at += 6)
        escapes++;
    for (; strncmp(at, "\xc3\xa9", 2) == 0; at += 2)
        letters++;
    ck_assert_uint_eq(escapes, 9000);
    ck_assert_uint_eq(letters, 9000);
    ck_assert(strncmp(at, "\"}\n", 3) == 0);
    spawned_free(&s);
}
END_TEST

Suite *suite_cli_usage(void);
Suite *suite_cli_usage(void)
{
    Suite *s = suite_create("cli_usage");
    TCase *c = tcase_create("usage");

    tcase_set_timeout(c, 0); /* bounded by what is run */
    tcase_add_loop_test(c, a_wrong_line_gives_the_right_sentence_and_exit_code, 0,
                        sizeof cases / sizeof cases[0]);
    tcase_add_test(c, help_of_every_command_names_its_options);
    tcase_add_test(c, checks_of_a_file_that_is_only_run_are_printed_and_counted);
    tcase_add_test(c, a_long_line_is_one_whole_json_object);
    suite_add_tcase(s, c);
    return s;
}
