/*
 * The debugger's verbs from Lua, on the program of scripts.h:
 *
 *   00 lui t0    08 sb 'h'    10 sb 'i'    18 sb '\n'    20 addi a0, a0, 1    28 lui t0    34 sw: power off
 *   04 li  t1    0c li t1     14 li t1     1c li a1, 5   24 bne a0, a1, 20    2c lui, addi t1
 *
 * and, for lines and calls, with the teaching OS.
 */
#include "tests/script/scripts.h"

#include <check.h>
#include <lua.h>
#include <string.h>

static struct run r;

#define SHOW "local function show(s) print(s.reason, s.text, s.icount, tz.hex(s.pc):sub(7)) end "
#define OS   SHOW "local m = tz.machine { ram = '16M' } m:boot_os { init = 'hello' } m:record() "
#define PLAY PRINT SHOW "m:record() "

static const struct {
    const char *text, *prints;
} good[] = {
    {PLAY "show(m:next()) show(m:next(3))", "over\tover\t1\t04\nover\tover\t4\t10\n"},
    {PLAY "local s = m:next(100) print(s.reason, s.text, s.event, s.icount)",
     "halted\tpowered off with status 7\tnil\t22\n"},
    {PLAY "show(m:run_to(0x80000020)) show(m:run_to('0x80000020', { when = function(e) return "
          "m.regs.a0 == 3 end })) print(m.regs.a0)",
     "place\tbreakpoint 80000020\t8\t20\nplace\tbreakpoint 80000020\t14\t20\n3\n"},
    {PLAY "show(m:run_to('insn=bne')) show(m:run_to('mmio')) print(m.breaks[1])",
     "place\tbreakpoint 80000024\t9\t24\nplace\tbreakpoint: mmio\t22\t38\nnil\n"},
    {PLAY
     "local b = m:break_at(0x80000020) local s = m:continue() show(s) "
     "print(s.breakpoint == b, s.event.kind, b.hits, b.kind, b.address, b.text, b.number) "
     "show(m:continue()) b.enabled = false show(m:continue()) print(b.hits, b.enabled, #m.breaks) "
     "b:del() print(b.alive, #m.breaks)",
     "breakpoint\tbreakpoint 80000020\t8\t20\n"
     "true\tinsn\t1\tplace\t2147483680\t0x80000020\t1\n"
     "breakpoint\tbreakpoint 80000020\t10\t20\nhalted\tpowered off with status 7\t22\t38\n"
     "2\tfalse\t1\nfalse\t0\n"},
    {PLAY "m:break_on('console', { max = 1 }) m:break_on('mmio', { addr = 0x100000 }) "
          "show(m:continue()) show(m:continue()) show(m:continue()) show(m:continue())",
     "breakpoint\tbreakpoint: console\t3\t0c\nbreakpoint\tbreakpoint: console\t5\t14\n"
     "breakpoint\tbreakpoint: console\t7\t1c\nbreakpoint\tbreakpoint: mmio\t22\t38\n"},
    {PLAY
     "m:watch('0x10000000,1', { level = 0 }) "
     "show(m:continue()) m:watch(0x10000000, 'write', { when = function(e) return e.value == 10 "
     "end }) m.breaks[1].enabled = false show(m:continue())",
     "breakpoint\twrite of 1 bytes at 10000000, value 00000068\t3\t0c\n"
     "breakpoint\twrite of 1 bytes at 10000000, value 0000000a\t7\t1c\n"},
    {PLAY "m:break_at(0x80000010) show(m:next(30)) show(m:finish(5)) show(m:continue(3))",
     "breakpoint\tbreakpoint 80000010\t4\t10\nbudget\tthe bound of steps was reached\t9\t24\n"
     "budget\tthe bound of steps was reached\t12\t20\n"},
    {PLAY "m:on_console({ once = true }, function() m:stop() end) show(m:continue())",
     "stopped\tthe run was stopped\t3\t0c\n"},
    {PLAY "m:break_at(0x80000020) m:run() show(m:continue_back()) print(m.regs.a0) "
          "show(m:continue_back()) show(m:next_back(4)) m.breaks[1]:del() show(m:continue_back())",
     "breakpoint\tbreakpoint, backwards\t16\t20\n4\nbreakpoint\tbreakpoint, backwards\t14\t20\n"
     "over\tover, backwards\t10\t20\nbegin\there the recording begins\t0\t00\n"},
    /* the OS */
    {OS "local s = m:run_to('kernel_main') print(s.sym, s.file, s.vm) local l = s.line s = "
        "m:next_line() print(s.reason, s.line > l, s.sym:match('^[%w_]+')) local i = s.icount s = "
        "m:step_line_back() print(s.reason, s.line == l, s.icount < i) s = m:next_line() "
        "print(s.icount "
        "== i)",
     "kernel_main\tguests/os/kernel.c\tmachine\nline\ttrue\tkernel_main\nline\ttrue\ttrue\ntrue\n"},
    {OS "m:run_to('console_init') local s = m:finish() print(s.reason, s.sym:match('^[%w_]+')) "
        "local i "
        "= m.icount s = m:next_back() print(s.text, s.sym:match('^[%w_]+')) s = m:next() "
        "print(s.reason, "
        "s.icount == i) m:run_to('console_init+4') print(m:finish_back().text)",
     "out\tkernel_main\nover, backwards\tkernel_main\nover\ttrue\nout, backwards\n"},
};

START_TEST(a_verb_stops_where_the_debugger_would)
{
    run_text(&r, good[_i].text, 0, 0);
    ck_assert_msg(r.code == 0, "%s", r.err.text);
    ck_assert_str_eq(r.output, good[_i].prints);
}
END_TEST

/* In run() of a scenario each is a goal, which whoever drives comes to in steps of his own. */
START_TEST(a_verb_is_the_same_stepped_by_hand)
{
    static const char text[] =
        "return { setup = function(s) " PRINT " s.m = m end, run = function(s) local m = s.m "
        "m:break_at(0x80000020) local a = m:next(3) local b = m:continue() "
        "m.breaks[1]:del() local c = m:next(4) local d = m:continue() "
        "print(a.icount, b.text, c.icount, d.text) end }";
    struct script_options o = {.path = "test.lua", .text = text};
    struct script *s;
    struct error err;
    unsigned steps = 0;

    run_text(&r, text, 0, 0);
    ck_assert_msg(r.code == 0, "%s", r.err.text);
    ck_assert_str_eq(r.output, "3\tbreakpoint 80000020\t12\tpowered off with status 7\n");
    ck_assert_int_eq(script_open(&s, &o, &err), 0);
    ck_assert_int_eq(script_start(s, &err), 0);
    while (script_resume(s, &err) == SCRIPT_WAITING) {
        world_advance(script_world(s), 1);
        ck_assert_uint_lt(steps++, 40);
    }
    ck_assert_int_eq(script_state(s), SCRIPT_DONE);
    ck_assert_uint_eq(machine_icount(host_machine(world_host(script_world(s), 0))), 22);
    script_free(s);
}
END_TEST

/* A line of the dashboard runs the machine while run() waits for a verb of its own. */
START_TEST(a_verb_of_the_command_line_leaves_that_of_the_story)
{
    struct script_options o = {
        .path = "test.lua",
        .text = "return { setup = function(s) " PRINT " s.m = m end, run = function(s) "
                "s.m:break_at(0x80000020, { when = function(e) return s.m.regs.a0 == 2 end }) "
                "s.stop = s.m:continue() end }"};
    struct script *s;
    struct error err;
    char out[256];

    ck_assert_int_eq(script_open(&s, &o, &err), 0);
    ck_assert_int_eq(script_start(s, &err), 0);
    ck_assert_int_eq(script_resume(s, &err), SCRIPT_WAITING);
    ck_assert_msg(script_eval(s, "s.m:next().text", out, sizeof out, &err) == 0, "%s", err.text);
    ck_assert_str_eq(out, "over");
    ck_assert_int_eq(script_eval(s, "s.m:run_to(0x80000010).text", out, sizeof out, &err), 0);
    lua_gc(script_lua(s), LUA_GCCOLLECT);
    ck_assert_int_eq(script_resume(s, &err), SCRIPT_WAITING);
    while (world_advance(script_world(s), 1))
        ;
    ck_assert_int_eq(script_resume(s, &err), SCRIPT_DONE);
    ck_assert_int_eq(script_eval(s, "s.stop.text, s.m.regs.a0", out, sizeof out, &err), 0);
    ck_assert_str_eq(out, "breakpoint 80000020  2");
    script_free(s);
}
END_TEST

static const struct {
    const char *text, *says;
} bad[] = {
    {PRINT "m:next(0)", "test.lua:2: error: next: 0 is not a number from 1"},
    {PRINT "m:continue('far')", "continue: far is not a number"},
    {PRINT "m:next_back()", "test.lua:2: error: m: its history is not recorded; m:record()"},
    {PRINT "m:run_to('nowhere')", "run_to: 'nowhere' is no number, symbol, register or FILE:LINE"},
    {PRINT "m:run_to({})", "run_to: where?"},
    {PRINT "m:break_at(0x80000002)", "break_at: 0x80000002 is no multiple of 4"},
    {PRINT "m:break_at('trap')", "'trap' is an event, not a place: m:break_on is for those"},
    {PRINT "m:break_on('pc')", "'pc' is a place, not an event: m:break_at is for those"},
    {PRINT "m:break_on('trap', { coz = 1 })", "there is no \"coz\" to ask for"},
    {PRINT "m:break_on('cause=illegal', { from = 1 })", "but not both"},
    {PRINT "m:break_on('ring', { when = print })", "'ring' has a condition of its own"},
    {PRINT "m:watch(0x80000000, 'rite')", "watch: rite: read, write or access may stand"},
    {PRINT "for i = 1, 40 do m:break_at(0x80000000) end", "no room for more"},
    {PRINT "local b = m:break_at(0x80000000) b:del() b:del() print(b.hits)",
     "test.lua:2: error: breakpoint 1 is no more"},
    {PRINT "m:break_at(0x80000000).hits = 1", "only 'enabled' can be assigned, not 'hits'"},
    {PRINT "m:next().reason = 1", "a stop is read-only"},
    {PRINT "print(m:next().raeson)", "a stop has no 'raeson'; did you mean 'reason'?"},
    {PRINT "m:on_console(function() m:next() end) m:run()", "from inside an event handler"},
    {PRINT "m:on_console(function() m:break_at(0x80000000) end) m:run()",
     "break_at: breakpoints change between runs, not inside an event handler"},
    {PRINT "local b = m:break_at(0x80000000) m:on_console(function() b:del() end) m:run()",
     "del: breakpoints change between runs"},
    {PRINT "m:break_on('console', { when = function(e) return e.x.y end }) m:continue()",
     "test.lua:2: error: an event has no 'x'"},
    {PRINT "m:record() m:break_on('console', { when = function(e) return e.x.y end }) m:run() "
           "m:continue_back()",
     "test.lua:2: error: an event has no 'x'"},
    {"tz.machine {}:continue()", "there is no program in this machine"},
};

START_TEST(a_mistake_says_where_and_what)
{
    run_text(&r, bad[_i].text, 0, 0);
    ck_assert_int_ne(r.code, 0);
    ck_assert_msg(strstr(r.err.text, bad[_i].says) != NULL, "%s", r.err.text);
}
END_TEST

Suite *suite_script_verbs(void);

Suite *suite_script_verbs(void)
{
    Suite *s = suite_create("script_verbs");
    TCase *t = tcase_create("verbs");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_verb_stops_where_the_debugger_would, 0, (int)COUNT_OF(good));
    tcase_add_test(t, a_verb_is_the_same_stepped_by_hand);
    tcase_add_test(t, a_verb_of_the_command_line_leaves_that_of_the_story);
    tcase_add_loop_test(t, a_mistake_says_where_and_what, 0, (int)COUNT_OF(bad));
    suite_add_tcase(s, t);
    return s;
}
