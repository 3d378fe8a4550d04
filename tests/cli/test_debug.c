/*
 * The debugger as a student types it: tests/cli/debug/NAME.dbg on standard input, and everything
 * that comes back, errors included, as NAME.out. To renew one after a change, and read it:
 *
 *   TRAPEZE_HOME=. build/release/trapeze debug OPTIONS < NAME.dbg > NAME.out 2>&1
 */
#include "tests/cli/spawn.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *options;
    int exit_code; /* 2 when a command was wrong */
} transcripts[] = {
    {"places", "tests/cli/debug/prog.s", 2},
    {"kinds", "tests/cli/debug/prog.s", 0},
    {"steps", "tests/cli/debug/prog.s", 0},
    {"watch", "tests/cli/debug/prog.s", 0},
    {"look", "tests/cli/debug/prog.s", 0},
    {"change", "tests/cli/debug/prog.s", 0},
    {"events", "tests/cli/debug/prog.s", 2},
    {"errors", "tests/cli/debug/prog.s", 2},
    {"crash", "tests/cli/debug/crash.s", 0},
    {"echo", "tests/cli/debug/echo.s", 0},
    {"back", "tests/cli/debug/prog.s", 2},
    {"lines", "--max 100000 tests/cli/debug/prog.s", 4},
    {"json", "--json tests/cli/debug/prog.s", 2},
};

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1 << 18);

    ck_assert_msg(f != NULL, "%s", path);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_lt(fread(text, 1, (1 << 18) - 1, f), (1 << 18) - 1);
    fclose(f);
    return text;
}

/* The first line that differs, so that the message says more than two walls of text. */
static void ck_same(const char *name, const char *got, const char *wanted)
{
    for (unsigned line = 1; *got || *wanted; line++) {
        int g = (int)strcspn(got, "\n"), w = (int)strcspn(wanted, "\n");

        ck_assert_msg(g == w && strncmp(got, wanted, (size_t)g) == 0,
                      "%s.out:%u:\n  wanted: %.*s\n  got:    %.*s", name, line, w, wanted, g, got);
        got += g + (got[g] == '\n');
        wanted += w + (wanted[w] == '\n');
    }
}

START_TEST(a_conversation_is_exactly_this)
{
    char path[256], command[512];

    snprintf(path, sizeof path, "tests/cli/debug/%s.dbg", transcripts[_i].name);
    snprintf(command, sizeof command, "$TRAPEZE debug %s 2>&1", transcripts[_i].options);
    char *input = read_file(path);
    struct spawned s = spawn(command, input);
    snprintf(path, sizeof path, "tests/cli/debug/%s.out", transcripts[_i].name);
    char *wanted = read_file(path);
    ck_same(transcripts[_i].name, s.out, wanted);
    ck_assert_int_eq(s.exit_code, transcripts[_i].exit_code);
    free(input);
    free(wanted);
    spawned_free(&s);
}
END_TEST

/* Of the guests only what does not change with every build of them: words, in this order. */
#define OS "$TRAPEZE debug build/guest/os.elf -m programs=build/guest/programs.pack -c init="
#define VMM                                                                                        \
    "$TRAPEZE debug build/guest/vmm.elf -r 24M -m build/guest/os.elf "                             \
    "-m programs=build/guest/programs.pack -c 'vm=os technique=full ram=8M kernel=os.elf "         \
    "modules=programs cmdline=init=hello'"

static const struct {
    const char *command, *input;
    const char *words[15];
} guests[] = {
    {OS "hello",
     "break kernel_main\ncontinue\nnext\ndelete\nbreak trap cause=ecall_ring3\ncontinue\n"
     "explain\nwalk\ndelete\ncontinue\n",
     {"ring 0  80000000 _start  guests/os/native/boot.S:", "breakpoint kernel_main",
      "guests/os/kernel.c:", "ring 0", "breakpoint: trap ecall_ring3", "3>0", "trap_entry",
      "it asks the handler", "level 1: entry at", "Hello from process 1, ring 3.",
      "powered off with status 0"}},
    {OS "sleep",
     "break cause=timer\ncontinue\nfinish\nwhere\n",
     {"breakpoint: trap timer", "trap timer", "trap_entry", "ring 0"}},
    {VMM,
     "exit cause=privileged\nexplain\nexit insn=csrrs\ninfo contexts\ncontext os\nprint s0\n",
     {"_start  vmm/arch_entry.S:", "exit privileged", "L1 os 1>0", "L0 vmm  ring 0",
      "belongs to ring 0; this was ring 1", "exit privileged", "L1 os 1>0", ">", "L0  vmm",
      "monitor", "L1    os", "looking at os", "s0"}},
    {VMM,
     "exit\nbreak os.elf:kernel_main\ncontinue\nprint ring\nprint status\nprint tvec\nwalk\n"
     "break trap_entry\ndelete 1\ncontinue\nprint cause guest\nwalk\nset tvec 0\nset ptbr 0\n",
     {"in os.elf", "breakpoint kernel_main", "L1 os  ring 1", "os.elf:kernel_main",
      "guest sees 0 | 1 real  !=", "guest sees", "real  !=", "guest sees", "<trap_entry>",
      "paging is off", "(the monitor's shadow) gives hpa", "breakpoint trap_entry", "cause",
      "level 1: entry at", "as os sees it"}},
    /* A monitor's code goes on past all that its guests do. */
    {VMM,
     "break os.elf:boot.S:11\ndelete\nuntil dispatch_run\nfinish\nrnextline\nrfinish\nuntil "
     "os.elf:kernel_main\nnl\nrsl\n",
     {"os.elf:boot.S:11  in os.elf", "breakpoint dispatch_run", "Hello from process 1",
      "vmm.elf:vmm_main+", "line, backwards", "vmm.elf:vmm_main+", "out, backwards", " arch_main+",
      "breakpoint kernel_main", "L1 os  ring 1", "os.elf:kernel_main+", "line, backwards",
      "os.elf:kernel_main "}},
};

START_TEST(a_guest_is_debugged_natively_and_under_the_monitor)
{
    struct spawned s = spawn(guests[_i].command, guests[_i].input);
    const char *at = s.out;

    ck_assert_int_eq(s.exit_code, strstr(guests[_i].input, "set ptbr") ? 2 : 0);
    for (unsigned i = 0; i < 15 && guests[_i].words[i]; i++) {
        const char *found = strstr(at, guests[_i].words[i]);
        ck_assert_msg(found != NULL, "no '%s' (word %u) behind:\n%.2000s", guests[_i].words[i], i,
                      at);
        at = found + strlen(guests[_i].words[i]);
    }
    spawned_free(&s);
}
END_TEST

#define MONITOR                                                                                    \
    "$TRAPEZE debug build/guest/vmm.elf -m os.elf=build/guest/os.elf "                             \
    "-m programs=build/guest/programs.pack -c 'vm=a ram=2M modules=programs'"

static const struct {
    const char *command;
    int exit_code;
    const char *out;
} lines[] = {
    {"$TRAPEZE debug tests/cli/debug/prog.s -e 'break user' -e c -e 'print ring'", 0, "ring     3"},
    {"$TRAPEZE debug tests/cli/debug/prog.s -x tests/cli/debug/kinds.dbg", 0, "load_page"},
    {"$TRAPEZE debug tests/cli/debug/prog.s -e quit -e bogus", 0, "_start"},
    {"$TRAPEZE debug tests/cli/debug/prog.s --max 5 -e c", 4, "budget of steps is used up"},
    {"$TRAPEZE debug tests/cli/debug/prog.s -e help", 0, "until this function, or trap handler"},
    {"$TRAPEZE debug tests/cli/debug/prog.s -e 'help break'", 0, "break trap cause=privileged"},
    {"$TRAPEZE debug trap-and-emulate -m x", 2, ""},
    {MONITOR " -e vm", 0, "nobody was asked anything"},
    {MONITOR " -e 'vm list' -e vm", 0, "1 to be answered: let the machine run"},
    {MONITOR " -e 'vm list' -e 'until mailbox' -e vm", 0, "\nname=a id=1 state="},
    {MONITOR " -e 'vm pause b' -e 'until mailbox' -e vm", 0,
     "\nb: there is no VM of this name; see list\n"},
    {"$TRAPEZE debug /nowhere.elf", 3, ""},
};

START_TEST(options_and_exit_codes_are_as_they_are_said_to_be)
{
    struct spawned s = spawn(lines[_i].command, NULL);

    ck_assert_msg(s.exit_code == lines[_i].exit_code, "%s: exit code %d\n%s", lines[_i].command,
                  s.exit_code, s.err);
    ck_assert_msg(strstr(s.out, lines[_i].out) != NULL, "%s: %s", lines[_i].command, s.out);
    spawned_free(&s);
}
END_TEST

/* In tmux, by the script that drives the dashboard. */
START_TEST(at_a_terminal_lines_are_completed_brought_back_and_broken_off)
{
    struct spawned s = spawn("tests/tui/drive tests/cli/debug/terminal.steps", NULL);

    ck_assert_msg(s.exit_code == 0, "%s", s.err);
    spawned_free(&s);
}
END_TEST

Suite *suite_cli_debug(void);
Suite *suite_cli_debug(void)
{
    Suite *s = suite_create("cli_debug");
    TCase *c = tcase_create("debug");

    tcase_set_timeout(c, 0); /* bounded by the debugger's own budget */
    tcase_add_loop_test(c, a_conversation_is_exactly_this, 0,
                        sizeof transcripts / sizeof transcripts[0]);
    tcase_add_loop_test(c, a_guest_is_debugged_natively_and_under_the_monitor, 0,
                        sizeof guests / sizeof guests[0]);
    tcase_add_loop_test(c, options_and_exit_codes_are_as_they_are_said_to_be, 0,
                        sizeof lines / sizeof lines[0]);
    tcase_add_test(c, at_a_terminal_lines_are_completed_brought_back_and_broken_off);
    suite_add_tcase(s, c);
    return s;
}
