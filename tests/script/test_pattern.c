/*
 * Lua's patterns with a bound, held against Lua's own: the same chunk runs in a sandbox and in a
 * plain state, over patterns and subjects made at random from few letters, so that they meet.
 */
#include "tests/script/scripts.h"

#include <check.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct run run;

#define ROUNDS 60
#define TRIES  60 /* patterns of a round */

/* Makes and tries patterns; the last word is what all results come to. */
static const char chunk[] =
    "local seed = %u\n"
    "local function rnd(n) seed = (seed * 1103515245 + 12345) & 0x7fffffff\n"
    "  return (seed >> 8) %% n + 1 end\n"
    "local parts = { 'a', 'b', 'ab', '.', '%%a', '%%A', '%%d', '%%s', '%%w', '%%%%', '[ab]', "
    "'[^ab]',\n"
    "  '[a-c]', '[]]', '[^]]', '[%%d-]', '[%%a_]', '*', '+', '-', '?', '(', ')', '()', '^', '$',\n"
    "  '%%b()', '%%bab', '%%baa', '%%f[a]', '%%f[^a]', '%%f[%%w]', '%%1', '%%2', '[', ']', '%%', "
    "'\\0', '1' }\n"
    "local letters = { 'a', 'b', 'a', 'b', 'c', '(', ')', '1', ' ', '\\0', '_', '%%', ']' }\n"
    "local function make(from, n) local s = '' for i = 1, rnd(n) - 1 do s = s .. from[rnd(#from)]\n"
    "  end return s end\n"
    "local function text(...) local s = '' for i = 1, select('#', ...) do\n"
    "  local v = select(i, ...) s = s .. type(v) .. ':' .. tostring(v) .. ';' end return s end\n"
    "local function try(f, ...) local r = table.pack(pcall(f, ...))\n"
    "  if not r[1] then return 'error' end return text(table.unpack(r, 2, r.n)) end\n"
    "local out = {}\n"
    "for i = 1, %d do\n"
    "  local s, p, at = make(letters, 12), make(parts, 7), rnd(16) - 8\n"
    "  local all = {}\n"
    "  local line = { try(string.find, s, p), try(string.find, s, p, at),\n"
    "    try(string.find, s, p, at, true), try(string.match, s, p), try(string.match, s, p, at),\n"
    "    try(function() for a, b in string.gmatch(s, p, at) do all[#all + 1] = text(a, b) end\n"
    "      return table.concat(all, '|') end),\n"
    "    try(string.gsub, s, p, 'x'), try(string.gsub, s, p, '<%%0>%%%%'),\n"
    "    try(string.gsub, s, p, '%%1%%2'), try(string.gsub, s, p, { a = 'A', b = false, [1] = 7 "
    "}),\n"
    "    try(string.gsub, s, p, function(a, b) if a == 'b' then return nil end return b or '!' "
    "end),\n"
    "    try(string.gsub, s, p, 'y', rnd(3) - 1), try(string.gsub, s, p, '%%') }\n"
    "  out[#out + 1] = (s .. ' ~ ' .. p .. ' = ' .. table.concat(line, ' / ')):gsub('%%z', '0')\n"
    "end\n"
    "print(table.concat(out, '\\n'))\n";

static int keep(lua_State *L)
{
    lua_setglobal(L, "kept");
    return 0;
}

/* What the chunk prints in Lua as it comes. */
static const char *reference(lua_State *L, const char *text)
{
    luaL_openlibs(L);
    lua_pushcfunction(L, keep);
    lua_setglobal(L, "print");
    ck_assert_msg(luaL_dostring(L, text) == LUA_OK, "%s", lua_tostring(L, -1));
    lua_getglobal(L, "kept");
    return lua_tostring(L, -1);
}

START_TEST(patterns_mean_what_they_mean_in_lua)
{
    char text[sizeof chunk + 64];
    lua_State *L = luaL_newstate();

    snprintf(text, sizeof text, chunk, (unsigned)_i * 7919 + 1, TRIES);
    const char *wanted = reference(L, text);
    run_text(&run, text, 0, 0);
    ck_assert_msg(run.code == 0, "%s", run.err.text);
    ck_assert_uint_gt(run.length, 1000);
    run.output[run.length - 1] = '\0'; /* the newline */
    for (const char *a = wanted, *b = run.output; *a || *b;) {
        size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
        ck_assert_msg(n == m && memcmp(a, b, n) == 0, "Lua:  %.*s\nours: %.*s", (int)n, a, (int)m,
                      b);
        a += n + (a[n] == '\n');
        b += m + (b[m] == '\n');
    }
    lua_close(L);
}
END_TEST

static const struct {
    const char *text, *says;
} wrong[] = {
    {"('a'):find('[a')", "missing ']'"},
    {"('a'):find('%')", "ends with '%'"},
    {"('a'):find('(a')", "unfinished capture"},
    {"('a'):match('a)')", "invalid pattern capture"},
    {"('a'):find('%1')", "invalid capture index"},
    {"('a'):find('%b')", "missing arguments to '%b'"},
    {"('a'):find('%fa')", "missing '[' after '%f'"},
    {"('a'):rep(50):find(('(a)'):rep(40))", "too many captures"},
    {"('a'):rep(500):find(('a?'):rep(500))", "too complex"},
    {"('a'):gsub('a', '%z')", "invalid use of '%' in replacement"},
    {"('a'):gsub('a', function() return {} end)", "invalid replacement value (a table)"},
    {"('a'):gsub('a')", "string/function/table expected"},
};

START_TEST(a_wrong_pattern_is_an_error_that_says_why)
{
    run_text(&run, wrong[_i].text, 0, 0);
    ck_assert_int_eq(run.code, ERROR_input);
    ck_assert_msg(strstr(run.err.text, wrong[_i].says), "%s", run.err.text);
}
END_TEST

/* Each takes time exponential or of a high power; all must end by the budget. */
static const char *const slow[] = {
    "('a'):rep(30):find(('a?'):rep(30) .. ('a'):rep(30) .. 'b')",
    "('a'):rep(5000):find('.-.-.-.-.-.-b')",
    "('a'):rep(5000):match('a*a*a*a*a*b')",
    "('a'):rep(5000):gsub('.-.-.-.-b', '')",
    "for x in ('a'):rep(5000):gmatch('.-.-.-.-b') do end",
    "local a = ('a'):rep(1 << 22) a:find(('a'):rep(1 << 21) .. 'b', 1, true)",
    "local a = ('('):rep(1 << 20) a:find('%b()')",
    "local s = ('x'):rep(1 << 22) while true do s:upper() end",
    "local s = ('x'):rep(1 << 22) while true do local t = s:reverse() end",
    "while true do pcall(string.find, ('a'):rep(5000), '.-.-.-.-b') end",
};

START_TEST(a_search_that_takes_too_long_is_cut_off)
{
    run_text(&run, slow[_i], 3000000, 0);
    ck_assert_int_eq(run.code, ERROR_budget);
    ck_assert_msg(strstr(run.err.text, "Lua instructions"), "%s", run.err.text);
}
END_TEST

Suite *suite_script_pattern(void);
Suite *suite_script_pattern(void)
{
    Suite *s = suite_create("script_pattern");
    TCase *c = tcase_create("pattern");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, patterns_mean_what_they_mean_in_lua, 0, ROUNDS);
    tcase_add_loop_test(c, a_wrong_pattern_is_an_error_that_says_why, 0, COUNT_OF(wrong));
    tcase_add_loop_test(c, a_search_that_takes_too_long_is_cut_off, 0, COUNT_OF(slow));
    suite_add_tcase(s, c);
    return s;
}
