/*
 * The life of a script as the dashboard and the command line see it: open, start, resume while
 * somebody else advances the machine, expectations; and the calls for the dashboard.
 */
#include "tests/script/scripts.h"

#include "base/text.h"
#include "script/story.h"
#include "world/view.h"

#include <check.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#define BUILD "s.m = tz.machine { name = 'm', ram = '1M' } local m = s.m "

static struct script *script;
static char output[4096];
static unsigned checked;

static void collect(void *user, const char *line, size_t size)
{
    (void)user;
    strncat(output, line, size);
}

static void count_check(void *user, const struct script_check *check)
{
    (void)user;
    ck_assert_str_ne(check->sentence, "");
    checked++;
}

static void open_text(const char *text)
{
    struct script_options o = {
        .path = "dir/story.lua", .text = text, .output = collect, .checked = count_check};
    struct error err = {0};

    output[0] = '\0';
    checked = 0;
    ck_assert_msg(script_open(&script, &o, &err) == 0, "%s", err.text);
}

static void close_script(void)
{
    script_free(script);
    script = NULL;
}

static struct host *host(void)
{
    return world_host(script_world(script), 0);
}

static enum script_state resume(void)
{
    struct error err = {0};
    enum script_state state = script_resume(script, &err);

    ck_assert_msg(state != SCRIPT_FAILED, "%s", err.text);
    return state;
}

/* A loop at 80000000 that never ends: j . */
static const char story[] =
    "local function build(s)\n"
    "  s.m = tz.machine { ram = '1M' } s.m.mem.hpa:set_u32(0x80000000, 0x6f)\n"
    "  s.m.regs.pc = 0x80000000\n"
    "end\n"
    "return { title = 'A story', text = 'once', dashboard = { { 'a', 'b' }, { 'c' } },\n"
    "setup = function(s) build(s) print 'setup' end,\n"
    "run = function(s) print 'one' s.m:step(10) print('two', s.m.icount)\n"
    "  s.r = s.m:run(5) print('three', s.r) end,\n"
    "expect = { { 'ran', function(s) return s.m.icount, 15 end },\n"
    "           { 'is odd', function(s) return s.m.icount % 2 == 0 end } } }\n";

START_TEST(a_scenario_says_what_it_is_before_anything_runs)
{
    open_text(story);
    ck_assert_str_eq(script_name(script), "story");
    ck_assert_str_eq(script_title(script), "A story");
    ck_assert_str_eq(script_text(script), "once");
    ck_assert_str_eq(script_pane(script, 0, 1), "b");
    ck_assert_str_eq(script_pane(script, 1, 0), "c");
    ck_assert_ptr_null(script_pane(script, 1, 1));
    ck_assert_ptr_null(script_pane(script, 2, 0));
    ck_assert_ptr_null(script_pane(script, 100, 100));
    ck_assert_str_eq(output, "");
    ck_assert_uint_eq(world_host_count(script_world(script)), 0);
    ck_assert_int_eq(script_state(script), SCRIPT_OPEN);
}
END_TEST

START_TEST(run_waits_for_whoever_advances_the_machine)
{
    struct error err;

    open_text(story);
    ck_assert_int_eq(script_start(script, &err), 0);
    ck_assert_str_eq(output, "setup\n");
    ck_assert_int_eq(resume(), SCRIPT_WAITING);
    ck_assert_str_eq(output, "setup\none\n");
    for (unsigned i = 0; i < 10; i++) {
        ck_assert_int_eq(resume(), SCRIPT_WAITING); /* not yet: nothing happens */
        host_advance(host(), 1);
    }
    ck_assert_str_eq(output, "setup\none\n");
    ck_assert_int_eq(resume(), SCRIPT_WAITING);
    ck_assert_str_eq(output, "setup\none\ntwo\t10\n");
    while (world_advance(script_world(script), 2))
        ;
    ck_assert_uint_eq(checked, 0);
    ck_assert_int_eq(resume(), SCRIPT_DONE);
    ck_assert_str_eq(output, "setup\none\ntwo\t10\nthree\tsteps\n");
    ck_assert_uint_eq(checked, 2);
    ck_assert_uint_eq(script_check_count(script), 2);
    ck_assert_uint_eq(script_failed_count(script), 1);
    ck_assert_str_eq(script_check(script, 0)->sentence, "ran");
    ck_assert(script_check(script, 0)->passed);
    ck_assert(!script_check(script, 1)->passed);
    ck_assert_ptr_null(script_check(script, 2));
    ck_assert_int_eq(resume(), SCRIPT_DONE);
    ck_assert_uint_eq(checked, 2);
}
END_TEST

START_TEST(a_failed_handler_fails_the_script_at_the_next_resume)
{
    struct error err = {0};

    open_text("return { setup = function(s) " BUILD
              "m.mem.hpa:set_u32(0x80000000, 0x6f) m.regs.pc = 0x80000000 end,\n"
              "run = function(s) s.m:on_insn(function(e) error 'no' end) s.m:run(1e6) end }");
    ck_assert_int_eq(script_start(script, &err), 0);
    ck_assert_int_eq(resume(), SCRIPT_WAITING);
    while (world_advance(script_world(script), 100))
        ;
    ck_assert_uint_le(machine_icount(host_machine(host())), 1);
    ck_assert_int_eq(script_resume(script, &err), SCRIPT_FAILED);
    ck_assert_ptr_nonnull(strstr(err.text, "dir/story.lua:2: error: no"));
    ck_assert_int_eq(script_resume(script, &err), SCRIPT_FAILED);
    ck_assert_int_eq(script_state(script), SCRIPT_FAILED);
    /* It stays for looking. */
    ck_assert_str_eq(host_name(host()), "m");
    ck_assert_int_eq(host_advance(host(), 1), ADVANCE_SLICE);
}
END_TEST

START_TEST(a_failed_setup_is_final)
{
    struct error err = {0};

    open_text("return { setup = function(s) error 'no machine' end }");
    ck_assert_int_eq(script_start(script, &err), ERROR_input);
    ck_assert_ptr_nonnull(strstr(err.text, "no machine"));
    ck_assert_int_eq(script_resume(script, &err), SCRIPT_FAILED);
}
END_TEST

START_TEST(a_scenario_without_run_still_has_its_expectations)
{
    struct error err = {0};

    open_text("return { expect = { { 'one', function() return 1, 1 end } } }");
    ck_assert_int_eq(script_run(script, &err), 0);
    ck_assert_uint_eq(script_check_count(script), 1);
}
END_TEST

START_TEST(a_plain_script_runs_from_its_first_line)
{
    open_text("local s = {} " BUILD "m.mem.hpa:set_u32(0x80000000, 0x6f) m.regs.pc = 0x80000000\n"
              "print 'a' m:step(3) print('b', m.icount)");
    ck_assert_str_eq(output, "a\n");
    ck_assert_int_eq(script_state(script), SCRIPT_WAITING);
    host_advance(host(), 3);
    ck_assert_int_eq(resume(), SCRIPT_DONE);
    ck_assert_str_eq(output, "a\nb\t3\n");
}
END_TEST

START_TEST(what_the_story_says_is_there_when_it_waits_again)
{
    struct error err = {0};
    unsigned count;

    open_text("return { setup = function(s) " BUILD
              "m.mem.hpa:set_u32(0x80000000, 0x6f) m.regs.pc = 0x80000000 end,\n"
              "run = function(s) s.m:step(3) tz.say 'three' s.m:step(2) tz.say('five') end }");
    ck_assert_int_eq(script_start(script, &err), 0);
    ck_assert_str_eq(script_said(script, &count), "");
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(resume(), SCRIPT_WAITING);
    ck_assert_str_eq(script_said(script, NULL), "");
    host_advance(host(), 3);
    ck_assert_int_eq(resume(), SCRIPT_WAITING);
    ck_assert_str_eq(script_said(script, &count), "three");
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(machine_icount(host_machine(host())), 3);
    host_advance(host(), 2);
    ck_assert_int_eq(resume(), SCRIPT_DONE);
    ck_assert_str_eq(script_said(script, &count), "five");
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(output, "three\nfive\n");
}
END_TEST

START_TEST(reasons_and_sentences_join_as_one_reads_them)
{
    static const struct {
        const char *before, *said, *together;
    } rows[] = {
        {"", "no more", "no more; the scenario is done"},
        {"powered off", "The end.", "powered off. The end. The scenario is done"},
        {"powered off", "so it ends", "powered off; so it ends; the scenario is done"},
        {"", "The end.", "The end. The scenario is done"},
    };

    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        struct error err = {0};
        char lua[256], buffer[128];
        struct text why = text_init(buffer, sizeof buffer);
        struct script_story s;

        snprintf(lua, sizeof lua, "return { run = function() tz.say '%s' end }", rows[i].said);
        open_text(lua);
        ck_assert_int_eq(script_start(script, &err), 0);
        struct verbs_story v = script_story(&s, script);
        text_add(&why, "%s", rows[i].before);
        ck_assert_uint_eq(v.go_on(v.user, &why), STORY_SAID | STORY_OVER);
        ck_assert_str_eq(buffer, rows[i].together);
        close_script();
    }
}
END_TEST

/* ---- for the dashboard ---- */

START_TEST(a_line_gives_its_values_or_its_error)
{
    static const struct {
        const char *line, *gives;
        int code;
    } lines[] = {
        {"1 + 1", "2", 0},
        {"s.m.icount, s.m.name", "0  m0", 0},
        {"local x = 3 print(x)", "", 0},
        {"s.m:step(2)", "steps", 0},
        {"nil", "nil", 0},
        {"", "", 0},
        {"1 +", "line:1: error:", ERROR_input},
        {"s.m.colour", "a machine has no 'colour'", ERROR_input},
        {"while true do end", "Lua instructions", ERROR_budget},
    };
    struct error err = {0};
    char out[256];

    open_text(story);
    ck_assert_int_eq(script_start(script, &err), 0);
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        int code = script_eval(script, lines[i].line, out, sizeof out, &err);
        ck_assert_msg(code == lines[i].code, "%s: %s", lines[i].line, err.text);
        if (code)
            ck_assert_msg(strstr(err.text, lines[i].gives), "%s: %s", lines[i].line, err.text);
        else
            ck_assert_str_eq(out, lines[i].gives);
    }
    ck_assert_str_eq(output, "setup\n3\n");
}
END_TEST

START_TEST(a_line_that_runs_the_machine_leaves_the_waiting_goal_its_rest)
{
    struct error err = {0};
    char out[256];

    open_text(story);
    ck_assert_int_eq(script_start(script, &err), 0);
    ck_assert_int_eq(resume(), SCRIPT_WAITING);
    host_advance(host(), 2);
    ck_assert_int_eq(script_eval(script, "s.m:step(3)", out, sizeof out, &err), 0);
    ck_assert_str_eq(out, "steps");
    ck_assert_int_eq(host_goal(host()), GOAL_PENDING);
    ck_assert_uint_eq(host_goal_left(host()), 5);
    ck_assert_int_eq(host_advance(host(), 100), ADVANCE_GOAL);
    ck_assert_int_eq(resume(), SCRIPT_WAITING);
    ck_assert_str_eq(output, "setup\none\ntwo\t10\n");
    /* Past its end: it counts as done. */
    ck_assert_int_eq(script_eval(script, "s.m:step(50)", out, sizeof out, &err), 0);
    while (world_advance(script_world(script), 100))
        ;
    ck_assert_int_eq(resume(), SCRIPT_DONE);
    ck_assert_str_eq(output, "setup\none\ntwo\t10\nthree\tsteps\n");
}
END_TEST

static int push_42(lua_State *L)
{
    lua_pushinteger(L, 42);
    return 1;
}

START_TEST(a_library_can_be_added_and_called)
{
    struct error err = {0};
    char out[64];

    open_text(story);
    lua_State *L = script_lua(script);
    lua_pushcfunction(L, push_42);
    script_set_global(script, "answer");
    ck_assert_int_eq(lua_gettop(L), 0);
    ck_assert_int_eq(script_eval(script, "answer()", out, sizeof out, &err), 0);
    ck_assert_str_eq(out, "42");
}
END_TEST

START_TEST(a_pane_only_looks)
{
    struct error err = {0};

    open_text(story);
    ck_assert_int_eq(script_start(script, &err), 0);
    lua_State *L = script_lua(script);
    ck_assert_int_eq(luaL_loadstring(L, "local m = ... m:step()"), LUA_OK);
    script_push_host(script, host());
    ck_assert_int_eq(script_call(script, 1, 0, 0, &err), ERROR_input);
    ck_assert_ptr_nonnull(strstr(err.text, "a pane only looks"));
    ck_assert_int_eq(lua_gettop(L), 0);
    ck_assert_int_eq(luaL_loadstring(L, "local m = ... return m.icount, m.name"), LUA_OK);
    script_push_host(script, host());
    ck_assert_int_eq(script_call(script, 1, 2, 0, &err), 0);
    ck_assert_str_eq(lua_tostring(L, -1), "m0");
    lua_pop(L, 2);
    ck_assert_int_eq(luaL_loadstring(L, "while true do end"), LUA_OK);
    ck_assert_int_eq(script_call(script, 0, 0, 5000, &err), ERROR_budget);
    ck_assert_ptr_nonnull(strstr(err.text, "5000 Lua instructions"));
    /* A pane's error is its own: the script goes on. */
    ck_assert_int_eq(resume(), SCRIPT_WAITING);
}
END_TEST

START_TEST(a_panes_filter_that_fails_does_not_fail_the_script)
{
    struct error err = {0};

    open_text(story);
    ck_assert_int_eq(script_start(script, &err), 0);
    ck_assert_int_eq(resume(), SCRIPT_WAITING);
    host_input(host(), "x", 1); /* recorded: there is an event to look at */
    host_advance(host(), 2);
    lua_State *L = script_lua(script);
    ck_assert_int_eq(
        luaL_loadstring(L, "local m = ... m:events(9, { when = function(e) error 'x' end })"),
        LUA_OK);
    script_push_host(script, host());
    script_call(script, 1, 0, 0, &err);
    ck_assert_int_eq(host_goal(host()), GOAL_PENDING);
    ck_assert_int_eq(resume(), SCRIPT_WAITING);
}
END_TEST

START_TEST(a_module_is_required_once_and_its_absence_is_an_error)
{
    struct error err = {0};

    open_text(story);
    ck_assert_int_eq(script_require(script, "machine", 0, &err), 0);
    ck_assert_int_eq(lua_type(script_lua(script), -1), LUA_TTABLE);
    lua_pop(script_lua(script), 1);
    ck_assert_int_ne(script_require(script, "panes.none", 0, &err), 0);
    ck_assert_int_eq(lua_gettop(script_lua(script)), 0);
}
END_TEST

Suite *suite_script_script(void);
Suite *suite_script_script(void)
{
    Suite *s = suite_create("script_script");
    TCase *c = tcase_create("script");

    tcase_add_checked_fixture(c, NULL, close_script);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_scenario_says_what_it_is_before_anything_runs);
    tcase_add_test(c, run_waits_for_whoever_advances_the_machine);
    tcase_add_test(c, a_failed_handler_fails_the_script_at_the_next_resume);
    tcase_add_test(c, a_failed_setup_is_final);
    tcase_add_test(c, a_scenario_without_run_still_has_its_expectations);
    tcase_add_test(c, a_plain_script_runs_from_its_first_line);
    tcase_add_test(c, reasons_and_sentences_join_as_one_reads_them);
    tcase_add_test(c, what_the_story_says_is_there_when_it_waits_again);
    tcase_add_test(c, a_line_gives_its_values_or_its_error);
    tcase_add_test(c, a_line_that_runs_the_machine_leaves_the_waiting_goal_its_rest);
    tcase_add_test(c, a_library_can_be_added_and_called);
    tcase_add_test(c, a_pane_only_looks);
    tcase_add_test(c, a_panes_filter_that_fails_does_not_fail_the_script);
    tcase_add_test(c, a_module_is_required_once_and_its_absence_is_an_error);
    suite_add_tcase(s, c);
    return s;
}
