/*
 * What scripts can do: running, waiting, handlers, looking; each row is a script and what it
 * prints. The machine and its program are in scripts.h.
 */
#include "tests/script/scripts.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct run run;

static const struct {
    const char *text, *prints;
} scripts[] = {
    /* running */
    {PRINT "print(m:run(), m.icount, m.state, m.status, m.ending) print(m.console)",
     "halted\t22\thalted\t7\tpowered off with status 7\nhi\n\n"},
    {PRINT "print(m:run(5), m.icount) print(m:run(0), m.icount) print(m:run(100), m:run(1))",
     "steps\t5\nsteps\t5\nhalted\thalted\n"},
    {PRINT "print(m:step(), m.icount, m:step(3), m.icount, m.state, m.status, m.ending == '')",
     "steps\t1\tsteps\t4\tready\tnil\ttrue\n"},
    {PRINT "print(m:step(100), m.icount)", "halted\t22\n"},
    {PRINT "print(m:run_until('end'))", "powered off with status 7\n"},
    {PRINT "local e = m:run_until('mmio') print(e.kind, e.value, m.icount)", "mmio\t104\t3\n"},
    {PRINT "m:run_until('text', 'hi') print(m.icount, m.console)", "5\thi\n"},
    {PRINT "m:run_until('insn', { pc = { 0x80000020, 0x80000024 } }) print(m.icount, m.regs.a0)",
     "8\t0\n"},
    {PRINT "m:run_until('insn', { insn = 'bne' }) print(tz.hex(m.regs.pc))", "80000024\n"},
    {PRINT "m:run_until('mmio', { when = function(e) return e.value == 10 end }) print(m.icount)",
     "7\n"},
    {PRINT "print(m:run_until('trap', { max = 5, optional = true }))", "nil\tbudget\n"},
    {PRINT "print(m:run_until('trap', { optional = true }))", "nil\thalted\n"},
    {PRINT "print(m:run_until('text', 'ho', { optional = true, max = 100 }))", "nil\thalted\n"},
    {PRINT "m:on_mmio(function() m:stop() end) print(m:run(), m.icount, m:run(), m.icount)",
     "stopped\t3\tstopped\t5\n"},
    {PRINT "print(pcall(m.run, m, 3)) print(m.icount)", "true\tsteps\n3\n"},
    {PRINT "table.sort({ 1, 2 }, function(a, b) m:step() return a < b end) print(m.icount > 0)",
     "true\n"},
    {PRINT "local n = tz.machine {} print(n.name, #tz.machines, tz.machines[1] == m)",
     "m1\t2\ttrue\n"},
    /* a shutdown: tvec is 0 */
    {PRINT "m.mem.hpa:set_u32(0x80000004, 0) print(m:run(), m.state, m.status)",
     "shutdown\tshutdown\tnil\n"},
    /* handlers */
    {PRINT "local s = '' local h = m:on_console(function(e) s = s .. string.char(e.byte) end)\n"
           "m:run() print(#s, h.count)",
     "3\t3\n"},
    {PRINT "local n = 0 m:on_mmio({ once = true }, function() n = n + 1 end) m:run() print(n)",
     "1\n"},
    {PRINT "local n = 0 m:on_mmio({ max = 2 }, function() n = n + 1 end) m:run() print(n)", "2\n"},
    {PRINT "local n, h = 0 h = m:on_mmio(function() n = n + 1 h:del() end) m:run() print(n)",
     "1\n"},
    {PRINT "local a, b = 0, 0 local h = m:on_mmio(function() a = a + 1 end)\n"
           "m:on_mmio(function() b = b + 1 h:del() end) m:run() print(a, b) h:del()",
     "1\t4\n"},
    /* each store adds a listener for the bytes after it */
    {PRINT "local n = 0 m:on_mmio(function() m:on_console(function() n = n + 1 end) end)\n"
           "m:run() print(n)",
     "3\n"},
    {PRINT "local n = 0 m:on('insn', { pc = 0x80000020 }, function(e) n = n + 1 end)\n"
           "m:run() print(n)",
     "5\n"},
    {PRINT "for i = 1, 100 do m:on_trap(function() end):del() end m:run() print(m.icount)", "22\n"},
    {PRINT "m:on_mmio({ once = true }, function() m.regs.a1 = 2 m.mem.hpa:set_u32(0x80000010, 19)\n"
           "print(m.regs.a1, m.mem.hpa:u32(0x80000010) == 19) end) m:step(7)\n"
           "print(m.regs.a1, m.mem.hpa:u32(0x80000010) == 19, m.console)",
     "0\tfalse\n2\ttrue\th\n\n"},
    {PRINT "m:on_insn({ pc = 0x8000001c }, function(e) m.csr.tscratch = 9 end) m:run()\n"
           "print(m.csr.tscratch)",
     "9\n"},
    /* events */
    {PRINT "m:run() local l = m:events(3, { kinds = 'console' })\n"
           "print(#l, l[1].byte, l[2].byte, l[3].byte, l[3].icount, l[3].pc == 0x80000018)",
     "3\t104\t105\t10\t6\ttrue\n"},
    {PRINT "m:run() print(#m:events(100, { kinds = 'trap' }), #m:events(0), #m:events())",
     "0\t0\t1\n"},
    {PRINT
     "m:run() print(m:events(1, { when = function(e) return e.kind == 'halt' end })[1].status)",
     "7\n"},
    {PRINT
     "local e = m:run_until('mmio') print(e.machine == m, e.vm == m.current, e.level,\n"
     "e.ring_from, e.ring_to, e.name, e.text, e.cause, e.code, e.hpa == 0x10000000, e.result)",
     "true\ttrue\t0\t0\t0\tsb\tsb t1, 0(t0)\tnil\tnil\ttrue\tnil\n"},
    {PRINT "m:run() print(m:count('console'), m:count('mmio'), m:count('trap'),\n"
           "m:count('console', { vm = m.current }), m:count('mmio', { cause = 'privileged' }))",
     "3\t4\t0\t3\t0\n"},
    /* looking */
    {PRINT "for _, l in ipairs(m:disasm(0x80000020, 2)) do print(tz.hex(l.addr), l.text, l.class)\n"
           "end print(m:disasm(0)[1].text)",
     "80000020\taddi a0, a0, 1\tuser\n80000024\tbne a0, a1, 0x80000020\tuser\nnil\n"},
    {PRINT "print(m:symbol(m.regs.pc), m:address('main'), m.config.isa, m.config.ram)",
     "nil\tnil\tstrict\t1048576\n"},
    {PRINT "m.regs.a0 = -1 print(m.regs.a0, m.regs.x10)", "4294967295\t4294967295\n"},
    {PRINT "local n, s = 0, '' for k, v in pairs(m.regs) do n = n + 1 s = k end print(n, s)",
     "34\tring\n"},
    {PRINT "local h = m.mem.hpa print(h:u8(0x80000000), h:u16(0x80000000), h:u32(0x80000000),\n"
           "h:u32(0), h:set_u32(0, 1), h:set_u32(0x800ffffd, 1), h:set_u8(0x800fffff, 1))",
     "183\t695\t268436151\tnil\tfalse\tfalse\ttrue\n"},
    {PRINT "local h = m.mem.gva h:set_bytes(0x80001000, 'text\\0more') print(h:text(0x80001000),\n"
           "h:text(0x80001000, 2), #h:bytes(0x80001000, 9), h:bytes(0, 1), h:text(0), h.space)",
     "text\tte\t9\tnil\tnil\tgva\n"},
    {PRINT "print(m.mem.gpa:hpa(0x80000123) == 0x80000123, m.mem.gva:hpa(0x80000000) ~= nil)",
     "true\ttrue\n"},
    {PRINT
     "local c = m.contexts[1] print(#m.contexts, #m.vms, c.id, c.name, c.level, c.parent,\n"
     "c.alive, c.running, c.monitor, c.machine == m, c == m.current, c.vcpu == c, #c:walk(0))",
     "1\t0\t0\tmachine\t0\tnil\ttrue\ttrue\tfalse\ttrue\ttrue\ttrue\t0\n"},
    {PRINT "m:run() local c = m.current print(c.steps, c.cycles == m.cycle, m:vm('os'))",
     "22\ttrue\tnil\n"},
    {PRINT "local a = m.digest m:step() print(a == m.digest, math.type(m.disk_digest))",
     "false\tinteger\n"},
    /* looking changes nothing */
    {PRINT "local n = tz.machine { ram = '1M' }\n"
           "for a = 0x80000000, 0x80000038, 4 do n.mem.hpa:set_u32(a, m.mem.hpa:u32(a)) end\n"
           "n.regs.pc = 0x80000000 local seen = 0\n"
           "local function look(e) seen = seen + #e.line + #tostring(e.sym) + e.vm.guest.pc end\n"
           "for _, k in ipairs(tz.kinds) do n:on(k.name, nil, look) end\n"
           "m:run() n:run() print(seen > 0, m.digest == n.digest, m.cycle == n.cycle)",
     "true\ttrue\ttrue\n"},
    /* descriptions */
    {"local m = tz.machine { cost = { base = 7 }, ram = '1M', divider = 2 }\n"
     "m.mem.hpa:set_u32(0x80000000, 0x6f) m.regs.pc = 0x80000000 m:run(10) print(m.cycle)",
     "70\n"},
    {"local m = tz.machine { isa = 'classic', vt = false, tlb = '1K', ram = 2 ^ 20 }\n"
     "for k, v in pairs(m.config) do print(k, v) end",
     "isa\tclassic\nnpt\tfalse\nram\t1048576\ntlb\t1024\nvt\tfalse\n"},
    /* a host of two instructions and a guest that calls it */
    {"local m = tz.machine { vt = true, ram = '1M' } local h = m.mem.hpa\n"
     "for i, w in pairs { [0] = 0x42434d56, [1] = 3, [2] = 0x300, [64] = 0x80003000 } do\n"
     "h:set_u32(0x80002000 + 4 * i, w) end\n"
     "h:set_u32(0x80001000, 0x0005100b) h:set_u32(0x80003000, 0x0000000b)\n"
     "m.regs.pc = 0x80001000 m.regs.a0 = 0x80002000 print(m.non_root) m:step() local n = "
     "m.non_root\n"
     "print(n.vmid, tz.hex(n.vmcb), tz.hex(n.host.pc), n.host.ring, m.current.name)\n"
     "m:on_exit(nil, function(e) print(e.cause, e.vmid, e.vm.name) end) m:step() print(m.non_root)",
     "nil\n3\t80002000\t80001004\t0\tvm3\nhcall\t3\tvm3\nnil\n"},
    /* tables */
    {"tz.row { 'a', 1 } tz.row { 'long', 2.5, true } tz.row {}", "a  1\nlong  2.5  true\n\n"},
    {"tz.row { 'wide' } print() tz.row { 'a', 1 } tz.table { { 'a', 1 }, { 'long', 2 }, {} }",
     "wide\n\na  1\na     1\nlong  2\n\n"},
    {"print(tz.hex(255), tz.disasm(0x00150513))", "000000ff\taddi a0, a0, 1\ta0 = a0 + 1\n"},
    {"print(tz.csrs[1].name, tz.csrs[1].fields[1].name, tz.causes[1].name, tz.kinds[1].name)",
     "status\tie\tfetch_misaligned\tboot\n"},
    {"print(tz.expect('a', true), tz.expect('b', 1, 1.0)) print()", "true\ttrue\n\n"},
    {"local a = require 'machine' print(a == require 'machine', type(a.boot_os))",
     "true\tfunction\n"},
};

START_TEST(a_script_prints_what_it_should)
{
    run_text(&run, scripts[_i].text, 0, 0);
    ck_assert_msg(run.code == 0, "%s\ngives %s", scripts[_i].text, run.err.text);
    ck_assert_msg(strcmp(run.output, scripts[_i].prints) == 0, "%s\nprints: %s\nnot: %s",
                  scripts[_i].text, run.output, scripts[_i].prints);
}
END_TEST

/* ---- the real operating system, where symbols and contexts are ---- */

START_TEST(the_classifier_gives_its_table_to_lua)
{
    run_text(
        &run,
        "local strict, classic = tz.classify(), tz.classify('classic')\n"
        "tz.expect('strict', strict.theorem1 and strict.theorem3)\n"
        "tz.expect('classic', not classic.theorem1 and not classic.theorem3)\n"
        "local holes = {}\n"
        "for _, r in ipairs(classic) do if r.hole then holes[r.name] = r end end\n"
        "tz.expect('csrrs', holes['csrrs status'].csr, 'status')\n"
        "tz.expect('probe', holes.probe.behaviour and not holes.probe.privileged)\n"
        "tz.expect('proof', holes.probe.proof.behaviour:find('rings 0 | 1', 1, true) ~= nil)\n",
        0, 0);
    ck_assert_msg(run.code == 0, "%s", run.err.text);
    ck_assert_uint_eq(run.checks, 5);
    run_text(&run, "tz.classify('weird')", 0, 0);
    ck_assert_int_ne(run.code, 0);
}
END_TEST

START_TEST(symbols_of_the_kernel_and_of_the_program_that_runs_are_known)
{
    run_text(&run,
             "local m = tz.machine { ram = '8M' } m:boot_os { init = 'hello' }\n"
             "local e = m:run_until('trap', { from = 3 })\n"
             "print(m:symbol(e.pc):match('^[%a_]+') ~= nil, m:symbol(m.regs.pc))\n"
             "print(m:address('trap_entry') == m.regs.pc, m:address('os.elf:trap_entry') ~= nil,\n"
             "m:address('hello.elf:main') ~= nil, m:address('hello.elf:trap_entry'))\n"
             "m:run_until('insn', { pc = 'hello.elf:main', optional = true, max = 10 })\n",
             0, 0);
    ck_assert_msg(run.code == 0, "%s", run.err.text);
    ck_assert_str_eq(run.output, "true\ttrap_entry\ntrue\ttrue\ttrue\tnil\n");
}
END_TEST

START_TEST(waiting_for_input_is_said_and_input_ends_it)
{
    run_text(&run,
             "local m = tz.machine { ram = '8M' } m:boot_os { init = 'shell' }\n"
             "print(m:run_until('end', { optional = true })) print(m:run())\n"
             "print(select(2, pcall(m.run_until, m, 'end')))\n"
             "m:input 'exit\\n' print(m:run_until 'end')",
             0, 0);
    ck_assert_msg(run.code == 0, "%s", run.err.text);
    ck_assert_str_eq(run.output, "nil\tinput\ninput\n"
                                 "m0: 'end' did not come: the machine waits for console input "
                                 "(m:input \"...\" or m:input_end())\n"
                                 "powered off with status 0\n");
}
END_TEST

/* ---- files ---- */

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    fclose(f);
}

START_TEST(a_disk_lies_beside_the_script)
{
    static const char script[] =
        "local a, b = tz.machine {}, tz.machine { disk = 'disk.img' }\n"
        "print(a.disk_digest ~= b.disk_digest) print(pcall(tz.machine, { disk = 'short.img' }))";
    char root[] = "/tmp/trapeze-disk-XXXXXX", path[64], disk[64], small[64];
    char sectors[1024];

    memset(sectors, 7, sizeof sectors);
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(path, sizeof path, "%s/x.lua", root);
    snprintf(disk, sizeof disk, "%s/disk.img", root);
    snprintf(small, sizeof small, "%s/short.img", root);
    write_file(path, script, strlen(script));
    write_file(disk, sectors, sizeof sectors);
    write_file(small, sectors, 100);
    run_path(&run, path);
    unlink(path);
    unlink(disk);
    unlink(small);
    rmdir(root);
    ck_assert_msg(run.code == 0, "%s", run.err.text);
    ck_assert_ptr_nonnull(strstr(run.output, "true\nfalse\t"));
    ck_assert_ptr_nonnull(strstr(run.output, "short.img: 100 bytes"));
}
END_TEST

Suite *suite_script_run(void);
Suite *suite_script_run(void)
{
    Suite *s = suite_create("script_run");
    TCase *c = tcase_create("run");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, a_script_prints_what_it_should, 0, COUNT_OF(scripts));
    tcase_add_test(c, the_classifier_gives_its_table_to_lua);
    tcase_add_test(c, symbols_of_the_kernel_and_of_the_program_that_runs_are_known);
    tcase_add_test(c, waiting_for_input_is_said_and_input_ends_it);
    tcase_add_test(c, a_disk_lies_beside_the_script);
    suite_add_tcase(s, c);
    return s;
}
