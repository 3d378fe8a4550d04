/* Time travel from Lua. */
#include "tests/script/scripts.h"

#include <check.h>
#include <string.h>

static struct run r;

#define RECORDED PRINT "m:record() "

static const struct {
    const char *text, *prints;
} good[] = {
    {RECORDED
     "m:run() local d, i = m.digest, m.icount print(m:step_back(4)) print(m.state, m.status) "
     "m:seek(i) print(m.icount == i, m.digest == d, m.state, m.status)",
     "18\nready\tnil\ntrue\ttrue\thalted\t7\n"},
    {RECORDED "m:run() m:seek(4) print(m.console) print(#m:events(100)) m:seek(8) print(m.console)",
     "h\n2\nhi\n\n"},
    {RECORDED "m:step(6) m:mark 'here' m:run() m:seek 'here' print(m.icount, m.history.marks.here)",
     "6\t6\n"},
    {RECORDED
     "m:run() local e = m:run_back('console') print(e.a, m.icount) "
     "e = m:run_back('console') print(e.a, m.icount) e = m:run_back('insn', { pc = 0x80000004 }) "
     "print(m.icount, m.regs.pc == 0x80000004)",
     "10\t7\n105\t5\n1\ttrue\n"},
    {RECORDED "m:run() print(m:run_back('trap', { optional = true }), m.icount)", "nil\t22\n"},
    {RECORDED
     "m:run() local e = m:run_back('insn', { when = function(e) return e.icount < 3 end }) "
     "print(e.icount)",
     "2\n"},
    {RECORDED
     "m:step(9) m.regs.a0 = 4 m:run() local i = m.icount m:seek(8) print(m.regs.a0) m:seek(9) "
     "print(m.regs.a0) m:run() print(m.icount == i) m:seek(10) m.regs.a0 = 1 "
     "print(m.history.last) m:run() print(m.icount > i)",
     "0\n4\ntrue\n10\ntrue\n"},
    {RECORDED
     "local n = 0 m:on_console(function() n = n + 1 end) m:run() m:seek(0) print(n) m:run() "
     "print(n)",
     "3\n6\n"},
    {PRINT
     "print(m.history) m:record() m:run() print(m.history.first, m.history.last) m:record(false) "
     "print(m.history)",
     "nil\n0\t22\nnil\n"},
    {PRINT "m:step(9) m:save 'build/test-time.snap' local d = m.digest m:run() "
           "print(m:restore 'build/test-time.snap', m.digest == d, m.state, m.console) m:run() "
           "print(m.status)",
     "9\ttrue\tready\t\n7\n"},
};

START_TEST(going_back_gives_what_was_there)
{
    run_text(&r, good[_i].text, 0, 0);
    ck_assert_msg(r.code == 0, "%s", r.err.text);
    ck_assert_str_eq(r.output, good[_i].prints);
}
END_TEST

static const struct {
    const char *text, *says;
} bad[] = {
    {PRINT "m:step_back()", "its history is not recorded"},
    {RECORDED "m:step(3) m:step_back(4)", "only 3 steps are recorded up to here"},
    {RECORDED "m:step(3) m:seek(4)", "step 4 has not been yet; the furthest is 3"},
    {RECORDED "m:seek 'home'", "m has no mark 'home'"},
    {RECORDED "m:mark ''", "a mark's name has 1 to"},
    {RECORDED "m:step(9) m:run_back('trap')", "there was no 'trap' before this"},
    {RECORDED "m:step(9) m:run_back('tarp')", "run_back: "},
    {RECORDED "m:step(9) m:run_back('insn', { when = function(e) return e.nothing.x end })",
     "test.lua:"},
    {PRINT "m:save '../x.snap'", "test.lua:2: error: '../x.snap' is not a file name"},
    {PRINT "m:save 'test.lua'", "is called NAME.snap"},
    {PRINT "m:save 'build/none/x.snap'", "build/none/x.snap"},
    {PRINT "m:restore 'none.snap'", "there is no file 'none.snap'"},
    {PRINT "m:restore 'README.md'", "this is no snapshot of trapeze"},
    {PRINT "m:on_console(function() m:save 'x.snap' end) m:run()", "from inside an event handler"},
    {RECORDED "m:on_console(function() m:step_back() end) m:run()", "from inside an event handler"},
};

START_TEST(what_cannot_be_says_why)
{
    run_text(&r, bad[_i].text, 0, 0);
    ck_assert_int_ne(r.code, 0);
    ck_assert_msg(strstr(r.err.text, bad[_i].says) != NULL, "%s", r.err.text);
}
END_TEST

Suite *suite_script_time(void);

Suite *suite_script_time(void)
{
    Suite *s = suite_create("script_time");
    TCase *t = tcase_create("time");

    tcase_add_loop_test(t, going_back_gives_what_was_there, 0, (int)(sizeof good / sizeof good[0]));
    tcase_add_loop_test(t, what_cannot_be_says_why, 0, (int)(sizeof bad / sizeof bad[0]));
    suite_add_tcase(s, t);
    return s;
}
