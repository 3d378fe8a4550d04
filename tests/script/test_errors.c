/*
 * What scripts are told when something is wrong: the place, what it is, what would be right.
 */
#include "tests/script/scripts.h"

#include <check.h>
#include <string.h>

static struct run run;

#define M "local m = tz.machine {}\n"

static const struct {
    const char *text;
    int code;
    const char *says; /* the whole begins with test.lua: */
} errors[] = {
    /* Lua's own */
    {"x = = 1", ERROR_input, "test.lua:1: error: unexpected symbol near '='\n    x = = 1"},
    {"local a = nil\nprint(a.b)", ERROR_input, "test.lua:2: error: attempt to index"},
    {"local a = nil\nprint(a.b)", ERROR_input, "\n    print(a.b)"},
    {"error 'my own'", ERROR_input, "test.lua:1: error: my own"},
    {"error {}", ERROR_input, "raised with a table for its text"},
    {"error()", ERROR_input, "raised with a nil for its text"},
    {"assert(false, 'said')", ERROR_input, "error: said"},
    /* globals */
    {"prin(1)", ERROR_input, "there is no variable 'prin'; did you mean 'print'?"},
    {"counter = 1", ERROR_input, "undefined global (write local): 'counter'"},
    {"tz.machin {}", ERROR_input, "tz has no 'machin'; did you mean 'machine'?"},
    {"require 'panes.nothing'", ERROR_input, "no module 'panes.nothing'"},
    {"require 'a b'", ERROR_input, "'a b' is no name of a module"},
    {"tz.say 'a\\nb'", ERROR_input, "one line is wanted"},
    /* tz.machine */
    {"tz.machine { ramm = 1 }", ERROR_input, "unknown option 'ramm'; did you mean 'ram'?"},
    {"tz.machine { colour = 1 }", ERROR_input, "unknown option 'colour' (there are: name isa vt"},
    {"tz.machine(5)", ERROR_input, "tz.machine wants a table of options"},
    {"tz.machine { 5 }", ERROR_input, "options are written name = value"},
    {"tz.machine { isa = 5 }", ERROR_input, "isa must be a string, not a number"},
    {"tz.machine { isa = 'x86' }", ERROR_input, "isa is \"strict\" or \"classic\", not \"x86\""},
    {"tz.machine { ram = 'lots' }", ERROR_input, "tz.machine: ram: lots is not a number"},
    {"tz.machine { ram = 1.5 }", ERROR_input, "1.5 is not a number"},
    {"tz.machine { ram = -1 }", ERROR_input, "-1 is not a number"},
    {"tz.machine { ram = '3K' }", ERROR_input, "ram"},
    {"tz.machine { ram = 1234567 }", ERROR_input, "ram"},
    {"tz.machine { tlb = 3 }", ERROR_input, "tlb"},
    {"tz.machine { npt = true }", ERROR_input, "npt"},
    {"tz.machine { divider = 0 }", ERROR_input, "divider"},
    {"tz.machine { cost = { trapp = 1 } }", ERROR_input,
     "no cost called 'trapp'; did you mean 'trap'?"},
    {"tz.machine { name = 'a b' }", ERROR_input, "letters, digits"},
    {"tz.machine { name = 'a' } tz.machine { name = 'a' }", ERROR_input, "already"},
    {"tz.machine { disk = 'no.img' }", ERROR_io, "there is no file 'no.img'"},
    {"tz.machine { disk = '/dev/null' }", ERROR_input, "relative to the script's directory"},
    /* loading */
    {M "m:load {}", ERROR_input, "test.lua:2: error: load: which program?"},
    {M "m:load { image = 'nothing.elf' }", ERROR_io, "there is no file 'nothing.elf' in"},
    {M "m:load { image = 'programs.pack' }", ERROR_input, "programs.pack"},
    {M "m:load { imag = 'os.elf' }", ERROR_input, "did you mean 'image'?"},
    {M "m:load { image = 'os.elf', modules = { 5 } }", ERROR_input, "a module wants a table"},
    {M "m:load { image = 'os.elf', modules = { {} } }", ERROR_input, "a module is a file or"},
    {M "m:load { image = 'os.elf', cmdline = ('x'):rep(4000) }", ERROR_input, "command line"},
    {"local m = tz.machine { ram = '1M' }\nlocal t = {}\n"
     "for i = 1, 40 do t[i] = { name = 'm' .. i, file = 'os.elf' } end\n"
     "m:load { image = 'os.elf', modules = t }",
     ERROR_input, "modules"},
    {M "m:boot_os { inti = 'hello' }", ERROR_input,
     "test.lua:2: error: boot_os: unknown option 'inti'"},
    {M "m:boot_os { kernel = 'no.elf' }", ERROR_io, "called from test.lua:2"},
    /* objects */
    {M "print(m.icont)", ERROR_input, "a machine has no 'icont'; did you mean 'icount'?"},
    {M "m.icount = 5", ERROR_input, "a machine is read-only: 'icount' cannot be assigned"},
    {M "m.regs.a9 = 5", ERROR_input, "m.regs has no register 'a9'; did you mean"},
    {M "print(m.regs.status)", ERROR_input, "m.regs has no register 'status'"},
    {M "print(m.csr.statsu)", ERROR_input, "did you mean 'status'?"},
    {M "m.csr.cycle = 5", ERROR_input, "cycle cannot be set: it is a counter"},
    {M "m.regs.ring = 1", ERROR_input, "the ring cannot be set: it changes by a trap"},
    {M "m.regs.a0 = 1 << 33", ERROR_input, "a number of 32 bits is wanted"},
    {M "m.regs.a0 = 'x'", ERROR_input, "number expected, got string"},
    {M "m.current.guest.cycle = 1", ERROR_input, "test.lua:2: error: cycle cannot be set"},
    {M "m.regs.zero = 5", ERROR_input, "zero is always 0"},
    {M "m.regs.pc = 5", ERROR_input, "pc cannot be 0x00000005: that is no multiple of 4"},
    {M "m:run(100)", ERROR_input, "test.lua:2: error: m0: there is no program in this machine"},
    {M "m:run_until 'trap'", ERROR_input, "there is no program in this machine"},
    {M "print(m.mem.hva)", ERROR_input, "mem has no 'hva'; did you mean 'gva'?"},
    {M "m.mem.hpa:u64(0)", ERROR_input, "a memory has no 'u64'"},
    {M "local n = tz.machine {}\nm:disasm(0, 1, n.current)", ERROR_input,
     "this context belongs to another machine"},
    /* filters and handlers */
    {M "m:on_trap({ cause = 'privilegd' }, print)", ERROR_input, "did you mean \"privileged\"?"},
    {M "m:on_trap({ coz = 1 }, print)", ERROR_input, "there is no \"coz\" to ask for"},
    {M "m:on_trap({ level = {} }, print)", ERROR_input, "level is an empty list"},
    {M "m:on_trap({ pc = { 1 } }, print)", ERROR_input, "pc wants { first, last }"},
    {M "m:on_trap({ pc = print }, print)", ERROR_input, "pc cannot be a function"},
    {M "m:on_trap({ when = 5 }, print)", ERROR_input, "function expected, got number"},
    {M "m:on_trap({ 5 }, print)", ERROR_input, "a filter has pairs"},
    {M "m:on_trap('privileged', print)", ERROR_input, "a filter is a table"},
    {M "m:on_trap {}", ERROR_input, "on_trap wants a function"},
    {M "m:on_tarp(print)", ERROR_input, "a machine has no 'on_tarp'; did you mean 'on_trap'?"},
    {M "m:on('tarp', print)", ERROR_input, "tarp: no such event; did you mean \"trap\"?"},
    {M "m:run_until 'tarp'", ERROR_input,
     "no such event; did you mean \"trap\"? (or \"end\", \"text\")"},
    {M "m:run_until('text', '')", ERROR_input, "a text of 1 to 255 characters"},
    {M "m:run_until('text', ('x'):rep(300))", ERROR_input, "a text of 1 to 255 characters"},
    {M "m:count('tarp')", ERROR_input, "no such event"},
    {PRINT "m:on_mmio(function(e)\nprint(e.colour) end) m:run()", ERROR_input,
     "test.lua:3: error: an event has no 'colour'"},
    {PRINT "m:on_mmio(function(e) e.pc = 1 end) m:run()", ERROR_input, "an event is read-only"},
    {PRINT "m:on_mmio(function(e) m:step() end) m:run()", ERROR_input,
     "cannot be run from inside an event handler"},
    {PRINT "m:on_mmio(function(e) tz.machine {} end) m:run()", ERROR_input,
     "not from inside an event handler"},
    {PRINT "m:on_mmio(function(e) m:load { image = 'os.elf' } end) m:run()", ERROR_input,
     "not from inside an event handler"},
    {PRINT "m:run_until('mmio', { when = function(e) return e.colour end })", ERROR_input,
     "an event has no 'colour'"},
    {PRINT "m:run() m:events(5, { when = function(e) return e.colour end })", ERROR_input,
     "an event has no 'colour'"},
    /* runs that do not get where they should */
    {PRINT "m:run_until('trap', { max = 12 })", ERROR_budget,
     "m: 'trap' did not come within 12 steps: the machine is at 80000020 in machine"},
    {PRINT "m:run_until('trap')", ERROR_input,
     "m: 'trap' did not come: the machine powered off with status 7"},
    {PRINT "m:on_mmio(function() m:stop() end) m:run_until('trap')", ERROR_input,
     "the run was stopped"},
    {"local m = tz.machine { ram = '1M' } m.mem.hpa:set_u32(0x80000000, 0x10500073) "
     "m.regs.pc = 0x80000000 m.csr.ie = 0x800 m:run_until('trap')",
     ERROR_input, "'trap' did not come: the machine shut down: wfi waits"},
    /* scenarios */
    {"return 5", ERROR_input, "a scenario wants a table"},
    {"return { titel = 'x' }", ERROR_input, "unknown option 'titel'; did you mean 'title'?"},
    {"return { run = 5 }", ERROR_input, "run must be a function"},
    {"return { dashboard = { 'code' } }", ERROR_input, "row 1 is not a list"},
    {"return { dashboard = { { 5, {} } } }", ERROR_input, "the name of a pane is a text"},
    {"return { expect = { 5 } }", ERROR_input, "an expectation is {"},
    {"return { expect = { { 'x' } } }", ERROR_input, "an expectation is {"},
    {"return { setup = function(s)\nlocal x = s.m.y end }", ERROR_input, "test.lua:2: error:"},
    {"return { run = function(s)\nlocal x = s.m.y end }", ERROR_input, "test.lua:2: error:"},
};

START_TEST(an_error_says_where_and_what)
{
    run_text(&run, errors[_i].text, 0, 0);
    ck_assert_msg(strncmp(run.err.text, "test.lua:", 9) == 0 ||
                      strncmp(run.err.text, "lua-scripts/", 12) == 0,
                  "%s\ngives: %s", errors[_i].text, run.err.text);
    ck_assert_msg(strstr(run.err.text, errors[_i].says), "%s\ngives: %s\nnot: %s", errors[_i].text,
                  run.err.text, errors[_i].says);
    ck_assert_msg(strstr(run.err.text, "error: "), "%s", run.err.text);
    ck_assert_msg(run.code == errors[_i].code, "%s\ngives code %d: %s", errors[_i].text, run.code,
                  run.err.text);
}
END_TEST

START_TEST(an_error_that_was_caught_says_nothing_of_the_next)
{
    run_text(&run, PRINT "pcall(m.run_until, m, 'trap', { max = 5 }) error 'mine'", 0, 0);
    ck_assert_int_eq(run.code, ERROR_input);
    run_text(&run,
             PRINT "local _, text = pcall(m.run_until, m, 'trap', { max = 5 }) error(text, 0)", 0,
             0);
    ck_assert_int_eq(run.code, ERROR_budget);
}
END_TEST

START_TEST(a_missing_script_is_named)
{
    run_path(&run, "scenarios/no-such-scenario.lua");
    ck_assert_int_eq(run.code, ERROR_io);
    ck_assert_ptr_nonnull(strstr(run.err.text, "scenarios/no-such-scenario.lua"));
}
END_TEST

START_TEST(a_failed_handler_stops_the_run_at_once_and_a_pcall_does_not_hide_it)
{
    run_text(&run,
             PRINT "m:on_mmio(function(e) error 'enough' end)\n"
                   "print(pcall(m.run, m)) print(m.icount)",
             0, 0);
    ck_assert_int_eq(run.code, ERROR_input);
    ck_assert_ptr_nonnull(strstr(run.err.text, "test.lua:2: error: enough"));
}
END_TEST

static const struct {
    const char *check, *detail;
} failures[] = {
    {"tz.expect('it', false)", "this is not so"},
    {"tz.expect('it', nil)", "this is not so"},
    {"tz.expect('it', 1, 2)", "not equal:\n  wanted 2\n  found  1"},
    {"tz.expect('it', 1, '1')", "not equal:\n  wanted \"1\"\n  found  1"},
    {"tz.expect('it', nil, 1)", "not equal:\n  wanted 1\n  found  nil"},
    {"tz.expect('it', {}, {})", "not equal:\n  wanted table\n  found  table"},
    {"tz.expect('it', 'a\\nb', 'a\\1')", "not equal:\n  wanted \"a\\x01\"\n  found  \"a\\nb\""},
    {"tz.expect('it', ('x'):rep(500) .. 'a', ('x'):rep(500) .. 'b')",
     "(they part at character 501)"},
    {"return { expect = { { 'it', function() return 3, 4 end } } }", "wanted 4\n  found  3"},
    {"return { expect = { { 'it', function() end } } }", "this is not so"},
    {"return { expect = { { 'it', function() error 'broken' end } } }", "broken"},
};

START_TEST(a_failed_check_says_what_was_expected_and_what_was_found)
{
    run_text(&run, failures[_i].check, 0, 0);
    ck_assert_int_eq(run.code, ERROR_check);
    ck_assert_uint_eq(run.failed, 1);
    ck_assert_str_eq(run.first_failed, "it");
    ck_assert_msg(strstr(run.detail, failures[_i].detail), "%s", run.detail);
    ck_assert_str_eq(run.err.text, "1 of 1 expectations failed, the first: it");
}
END_TEST

Suite *suite_script_errors(void);
Suite *suite_script_errors(void)
{
    Suite *s = suite_create("script_errors");
    TCase *c = tcase_create("errors");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, an_error_says_where_and_what, 0, COUNT_OF(errors));
    tcase_add_test(c, an_error_that_was_caught_says_nothing_of_the_next);
    tcase_add_test(c, a_missing_script_is_named);
    tcase_add_test(c, a_failed_handler_stops_the_run_at_once_and_a_pcall_does_not_hide_it);
    tcase_add_loop_test(c, a_failed_check_says_what_was_expected_and_what_was_found, 0,
                        COUNT_OF(failures));
    suite_add_tcase(s, c);
    return s;
}
