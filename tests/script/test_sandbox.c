/*
 * The box: what scripts cannot reach, budgets that hold against tricks, and that garbage as a
 * script is an error and nothing else.
 */
#include "tests/script/scripts.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct run run;

/* ---- ways out ---- */

static const char *const not_there[] = {
    "io",         "os",       "debug",     "package",        "load",    "loadfile",
    "loadstring", "dofile",   "coroutine", "collectgarbage", "_G",      "xpcall",
    "loadlib",    "newproxy", "module",    "setfenv",        "getfenv",
};

START_TEST(what_reaches_outside_is_not_there)
{
    char text[128];

    snprintf(text, sizeof text, "local x = %s", not_there[_i]);
    run_text(&run, text, 0, 0);
    ck_assert_int_eq(run.code, ERROR_input);
    ck_assert_ptr_nonnull(strstr(run.err.text, "there is no variable"));
    ck_assert_ptr_nonnull(strstr(run.err.text, not_there[_i]));
}
END_TEST

/* Each must raise an error; a script that gets through prints ESCAPED. */
static const char *const escapes[] = {
    "string.dump(print)",
    "math.random(1)",
    "math.randomseed(1)",
    "require '../script/script'",
    "require '/etc/passwd'",
    "require 'panes/../machine'",
    "require '.machine'",
    "require 'machine.'",
    "require ''",
    "require(('a'):rep(1000))",
    "require 'no-such-module'",
    "require 'README'",
    "getmetatable(''). __index = nil",
    "getmetatable(tz.machine {}).__index = nil",
    "setmetatable(tz.machine {}, {})",
    "setmetatable({}, { __gc = function() end })",
    "setmetatable('', {})",
    "new_global = 1",
    "function f() end",
    "_ENV.x = 1",
    "_ENV = {} print(1)",
    "tz.machine { disk = '/etc/passwd' }",
    "tz.machine { disk = '../../../etc/passwd' }",
    "tz.machine {}:load { image = '/etc/passwd' }",
    "tz.machine {}:load { image = 'a/../../x' }",
    "tz.machine {}:load { image = '' }",
    "tz.machine {}:load { image = 'os.elf', modules = { '../Makefile' } }",
    "local m = tz.machine {} ; m.load.x = 1",
    "local m = tz.machine {} ; m.icount = 1",
    "local m = tz.machine {} ; m.load({})",
    "local m = tz.machine {} ; m.load(tz)",
    "local m = tz.machine {} ; m.mem.hpa.u32(m, 0)",
    "local m = tz.machine {} ; m.step(m.regs)",
};

START_TEST(every_way_out_is_closed)
{
    char text[512];

    snprintf(text, sizeof text, "%s\nprint 'ESCAPED'", escapes[_i]);
    run_text(&run, text, 0, 0);
    ck_assert_msg(run.code != 0, "%s", escapes[_i]);
    ck_assert_msg(!strstr(run.output, "ESCAPED"), "%s", escapes[_i]);
    ck_assert_msg(strncmp(run.err.text, "test.lua:1: error: ", 19) == 0 ||
                      strstr(run.err.text, "test.lua:1"),
                  "%s gives: %s", escapes[_i], run.err.text);
}
END_TEST

START_TEST(metatables_of_ours_cannot_be_seen)
{
    run_text(&run,
             "print(getmetatable(''), getmetatable(tz.machine {}), getmetatable(_ENV), "
             "getmetatable(tz.machine {}.regs))",
             0, 0);
    ck_assert_msg(run.code == 0, "%s", run.err.text);
    ck_assert_str_eq(run.output, "locked\tlocked\tlocked\tlocked\n");
}
END_TEST

START_TEST(bytecode_is_refused)
{
    struct script_options o = {.path = "x.lua", .text = "\033Lua\x54", .text_size = 5};
    struct script *s;
    struct error err;

    ck_assert_int_ne(script_open(&s, &o, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "binary"));
}
END_TEST

/* ---- budgets ---- */

static const char *const endless[] = {
    "while true do end",
    "local function f() return f() end f()",
    "while true do pcall(function() while true do end end) end",
    "while true do pcall(pcall, pcall, function() while true do end end) end",
    "local x <close> = setmetatable({}, { __close = function() while true do end end }) "
    "while true do end",
    "local t = setmetatable({}, { __index = function(t, k) while true do end end }) print(t.x)",
    "local t = setmetatable({}, { __tostring = function() while true do end end }) print(t)",
    "local t = setmetatable({}, { __lt = function() while true do end end }) "
    "table.sort({ t, t, t })",
    "table.sort({ 3, 2, 1 }, function() while true do end end)",
    "string.gsub('abc', '.', function() while true do end end)",
    "for _ in pairs(setmetatable({}, { __pairs = function() return function() return 1 end end })) "
    "do end",
    PRINT "m:on_mmio(function() while true do end end) m:run()",
    PRINT "m:run_until('mmio', { when = function() while true do end end })",
    PRINT "while true do m:step() end",
    "return { run = function() while true do end end }",
    "return { setup = function() while true do end end }",
    "return { expect = { { 'x', function() while true do end end } } }",
};

START_TEST(a_loop_that_does_not_end_is_cut_off)
{
    run_text(&run, endless[_i], 2000000, 0);
    ck_assert_msg(run.code != 0, "%s", endless[_i]);
    ck_assert_msg(strstr(run.err.text, "Lua instructions") ||
                      strstr(run.detail, "Lua instructions"),
                  "%s gives: %s", endless[_i], run.err.text);
}
END_TEST

/* Loops in C: refused, or ended by the budget, but in little time. */
static const char *const long_in_c[] = {
    "table.move({}, 1, 1 << 60, 2)",
    "table.insert(setmetatable({}, { __len = function() return 1 << 60 end }), 1, 1)",
    "table.remove(setmetatable({}, { __len = function() return 1 << 60 end }), 1)",
    "table.concat(setmetatable({}, { __len = function() return 1 << 60 end }))",
    "table.unpack({}, 1, 1 << 60)",
    "table.sort(setmetatable({}, { __len = function() return 1 << 30 end }), function() end)",
    "string.rep('', 1 << 60)",
    "string.rep('x', 1 << 60)",
    "string.rep('x', 1 << 23, ('y'):rep(1 << 16))",
    "tz.machine {}.mem.hpa:bytes(0x80000000, 1 << 40)",
    "tz.machine {}.mem.hpa:text(0x80000000, 1 << 40)",
    "tz.machine {}:disasm(0x80000000, 1 << 40)",
    "tz.machine {}:events(1 << 40)",
    "tz.row(setmetatable({}, { __len = function() return 1 << 60 end }))",
};

START_TEST(a_loop_in_c_has_a_bound)
{
    run_text(&run, long_in_c[_i], 0, 0);
    ck_assert_msg(run.code != 0, "%s", long_in_c[_i]);
}
END_TEST

static const char *const hungry[] = {
    "local t = {} for i = 1, 1e9 do t[i] = i end",
    "local s = 'x' while true do s = s .. s end",
    "local t = {} while true do t = { t, ('x'):rep(1000) } end",
    "local s = ('x'):rep(1 << 23) local t = {} for i = 1, 1000 do t[i] = s .. i end",
    "local t = {} while true do t[#t + 1] = function() return t end end",
};

START_TEST(memory_has_a_limit)
{
    run_text(&run, hungry[_i], 0, 4 << 20);
    ck_assert_int_eq(run.code, ERROR_budget);
    ck_assert_ptr_nonnull(strstr(run.err.text, "4 MiB"));
}
END_TEST

/* Every allocation in the life of a script fails once: an error each time, never a crash. */
START_TEST(any_shortage_of_memory_is_an_error)
{
    static const char text[] = PRINT
        "m:on_mmio({ when = function(e) return e.a > 0 end }, function(e) local s = e.line end)\n"
        "m:run_until('text', 'hi') tz.expect('x', m.console, 'hi')\n"
        "local l = m:disasm(0x80000000, 4) local c = m.counters local v = m:events(5)\n";
    unsigned good = 0;

    for (size_t memory = 20000; memory < 400000; memory += 1500) {
        run_text(&run, text, 0, memory);
        ck_assert(run.code == 0 || run.code == ERROR_budget || run.code == ERROR_memory ||
                  run.code == ERROR_input);
        good += run.code == 0;
    }
    ck_assert_uint_gt(good, 0);
}
END_TEST

/* ---- the same every time ---- */

START_TEST(pairs_has_one_order)
{
    run_text(&run,
             "local t = { z = 1, a = 2, m = 3, [3] = 4, [1] = 5, [2.5] = 6, [-1] = 7 }\n"
             "local s = '' for k, v in pairs(t) do s = s .. k .. '=' .. v .. ' ' end print(s)\n"
             "for k in pairs { 1, 2 } do s = k end\n"
             "local u = { a = 1, b = 2, c = 3 } s = ''\n"
             "for k in pairs(u) do s = s .. k u.b = nil u.c = nil end print(s)\n",
             0, 0);
    ck_assert_msg(run.code == 0, "%s", run.err.text);
    ck_assert_str_eq(run.output, "-1=7 1=5 2.5=6 3=4 a=2 m=3 z=1 \na\n");
}
END_TEST

START_TEST(addresses_do_not_show)
{
    run_text(&run, "print({}, print, tz.rng, tostring({}), tz.machine { name = 'x' })", 0, 0);
    ck_assert_str_eq(run.output, "table\tfunction\tfunction\ttable\tx\n");
}
END_TEST

START_TEST(random_numbers_follow_from_the_seed)
{
    static const char text[] = "local s = '' for i = 1, 20 do s = s .. tz.rng(0, 9) end print(s)";
    struct script_options o = {.path = "x.lua", .text = text};
    char first[64];
    struct script *s;

    run_text(&run, text, 0, 0);
    strcpy(first, run.output);
    run_text(&run, text, 0, 0);
    ck_assert_str_eq(run.output, first);
    run_text(&run,
             "for i = 1, 1000 do local n = tz.rng(-3, 3) assert(n >= -3 and n <= 3) end "
             "tz.rng(math.mininteger, math.maxinteger) print(tz.rng(5, 5))",
             0, 0);
    ck_assert_str_eq(run.output, "5\n");
    o.seed = 77;
    ck_assert_int_eq(script_open(&s, &o, NULL), 0);
    script_free(s);
}
END_TEST

/* ---- garbage ---- */

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static const char sample[] =
    "return { title = 'x', text = [[y]], dashboard = { { 'code' } },\n"
    "setup = function(s) s.m = tz.machine { ram = '1M', tlb = 16 } end,\n"
    "run = function(s) local m = s.m m.mem.hpa:set_u32(0x80000000, 0x0000006f)\n"
    "m.regs.pc = 0x80000000 m:on_trap({ cause = 'privileged' }, function(e) print(e) end)\n"
    "print(m:run_until('insn', { max = 100, pc = 0x80000000 })) m:step(3)\n"
    "for _, l in ipairs(m:disasm(m.regs.pc, 2)) do print(l.text) end end,\n"
    "expect = { { 'a', function(s) return s.m.icount, 3 end } } }\n";

START_TEST(a_damaged_script_is_an_error_at_most)
{
    char text[sizeof sample];
    uint32_t state = 1;

    run_text(&run, sample, 0, 0);
    ck_assert_msg(run.code == 0, "%s %s", run.err.text, run.detail);
    for (unsigned i = 0; i < 3000; i++) {
        memcpy(text, sample, sizeof text);
        for (unsigned n = next(&state) % 4 + 1; n > 0; n--) {
            unsigned at = next(&state) % (sizeof text - 1);
            if (next(&state) % 2)
                text[at] = text[next(&state) % (sizeof text - 1)];
            else
                text[at] = (char)(next(&state) % 255 + 1);
        }
        run_text(&run, text, 200000, 8 << 20);
        ck_assert(run.code == 0 || run.err.text[0]);
    }
}
END_TEST

/* Every function of ours with arguments that it does not expect. Running is left out: it would
 * only take long. */
static const char misuse[] = PRINT
    "local e = m:run_until('mmio') local h = m:on_trap(function() end) local seed = %u\n"
    "local function rnd(n) seed = (seed * 1103515245 + 12345) & 0x7fffffff\n"
    "  return (seed >> 8) %% n + 1 end\n"
    "local vm, hpa = m.current, m.mem.hpa\n"
    "local pool = { false, true, 0, 1, -1, 2 ^ 53, 1 << 40, math.mininteger, 0.5, 0 / 0, "
    "0x80000000,\n"
    "  0x800fffff, '', 'a', 'os.elf', 'trap', 'privileged', 'status', ('x'):rep(3000), {}, { 1, 2 "
    "},\n"
    "  { cause = 'privileged' }, { image = 'os.elf' }, { name = 1 }, { vm = vm }, { pc = { 5, 1 } "
    "},\n"
    "  { when = function(e) return e.b end }, function() end, m, e, h, hpa, vm, m.regs, tz, 'text' "
    "}\n"
    "local calls = { { m, { 'load', 'boot_os', 'boot_vmm', 'stop', 'input', 'input_end', 'on',\n"
    "  'on_trap', 'on_insn', 'vm', 'disasm', 'symbol', 'address', 'events', 'count' } },\n"
    "  { vm, { 'walk' } }, { hpa, { 'u8', 'u16', 'u32', 'bytes', 'text', 'set_u8', 'set_u16',\n"
    "  'set_u32', 'set_bytes', 'hpa' } }, { m.mem.gva, { 'u32', 'set_u32', 'text' } },\n"
    "  { h, { 'del' } }, { string, { 'find', 'match', 'gmatch', 'gsub', 'rep' } },\n"
    "  { table, { 'insert', 'remove', 'move', 'concat', 'unpack', 'sort' } } }\n"
    "local free = { tz.machine, tz.expect, tz.row, tz.table, tz.say, tz.hex, tz.rng, tz.disasm,\n"
    "  require, pairs, tostring, setmetatable, getmetatable, print }\n"
    "local good = 0\n"
    "local function any() local v = pool[rnd(#pool + 1)] return v end\n"
    "for i = 1, 1500 do\n"
    "  local c, ok = calls[rnd(#calls)]\n"
    "  if rnd(4) == 1 then ok = pcall(free[rnd(#free)], any(), any(), any())\n"
    "  elseif rnd(5) == 1 then ok = pcall(function() m.regs[any()] = any() end)\n"
    "  elseif rnd(5) == 1 then ok = pcall(function() return e[any()], vm[any()], m[any()] end)\n"
    "  else ok = pcall(c[1][c[2][rnd(#c[2])]], rnd(4) == 1 and any() or c[1], any(), any(), any()) "
    "end\n"
    "  good = good + (ok and 1 or 0)\n"
    "end\n"
    "print(good > 50 and good < 1450)\n";

START_TEST(wrong_arguments_are_errors_at_most)
{
    char text[sizeof misuse + 32];

    snprintf(text, sizeof text, misuse, (unsigned)_i * 977 + 3);
    run_text(&run, text, 0, 0);
    ck_assert_msg(run.code == 0 || run.code == ERROR_check, "%s", run.err.text);
    ck_assert_ptr_nonnull(strstr(run.output, "true"));
}
END_TEST

START_TEST(noise_is_an_error_at_most)
{
    char text[257];
    uint32_t state = 7;

    for (unsigned i = 0; i < 500; i++) {
        unsigned n = next(&state) % 256;
        for (unsigned k = 0; k < n; k++)
            text[k] = (char)(next(&state) % 255 + 1);
        text[n] = '\0';
        run_text(&run, text, 100000, 8 << 20);
        ck_assert(run.code == 0 || run.err.text[0]);
    }
}
END_TEST

Suite *suite_script_sandbox(void);
Suite *suite_script_sandbox(void)
{
    Suite *s = suite_create("script_sandbox");
    TCase *c = tcase_create("sandbox");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, what_reaches_outside_is_not_there, 0, COUNT_OF(not_there));
    tcase_add_loop_test(c, every_way_out_is_closed, 0, COUNT_OF(escapes));
    tcase_add_test(c, metatables_of_ours_cannot_be_seen);
    tcase_add_test(c, bytecode_is_refused);
    tcase_add_loop_test(c, a_loop_that_does_not_end_is_cut_off, 0, COUNT_OF(endless));
    tcase_add_loop_test(c, a_loop_in_c_has_a_bound, 0, COUNT_OF(long_in_c));
    tcase_add_loop_test(c, memory_has_a_limit, 0, COUNT_OF(hungry));
    tcase_add_test(c, any_shortage_of_memory_is_an_error);
    tcase_add_test(c, pairs_has_one_order);
    tcase_add_test(c, addresses_do_not_show);
    tcase_add_test(c, random_numbers_follow_from_the_seed);
    tcase_add_test(c, a_damaged_script_is_an_error_at_most);
    tcase_add_loop_test(c, wrong_arguments_are_errors_at_most, 0, 10);
    tcase_add_test(c, noise_is_an_error_at_most);
    suite_add_tcase(s, c);
    return s;
}
