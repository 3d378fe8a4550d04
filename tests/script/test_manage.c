/* Several VMs managed from Lua, through the mailbox, while they run. */
#include "tests/script/scripts.h"

#include <check.h>
#include <string.h>

Suite *suite_script_manage(void);

static struct run r;

/* Two shells that wait for input. */
#define TWO                                                                                        \
    "local m = tz.machine { ram = '64M' } "                                                        \
    "m:load { image = 'vmm.elf', modules = { 'os.elf', { name = 'programs', file = "               \
    "'programs.pack' } }, cmdline = 'vm=a ram=4M modules=programs cmdline=quiet "                  \
    "vm=b ram=4M modules=programs cmdline=quiet' } "                                               \
    "assert(m:run(1e8) == 'input')\n"                                                              \
    "local a, b = m:vm 'a', m:vm 'b'\n"
/* Two that have the same image, and one without a disk. */
#define DISKS                                                                                      \
    "local m = tz.machine { ram = '64M' } m:load { image = 'vmm.elf', modules = { 'os.elf', "      \
    "{ name = 'programs', file = 'programs.pack' }, 'disk.img' }, cmdline = "                      \
    "'vm=a ram=4M modules=programs disk=disk.img cmdline=quiet vm=b ram=4M modules=programs "      \
    "disk=disk.img cmdline=quiet vm=c ram=4M modules=programs cmdline=quiet' } m:run(1e8)\n"
#define NEW                                                                                        \
    "m:create_vm { vm = 'c', ram = '4M', modules = 'programs', cmdline = 'init=hello quiet', "     \
    "weight = 512 } "

static const struct {
    const char *text, *prints;
} good[] = {
    /* Each has a console of its own. */
    {TWO "b:input 'hello\\n' m:input 'echo one\\n' m:run(1e8) print(a.console) print(b.console)",
     "$ echo one\none\n$ \n$ hello\nHello from process 2, ring 3.\n$ \n"},
    {TWO "m:manage 'focus b' m:input 'echo two\\n' m:run(1e8) print(a.console) print(b.console)",
     "$ \n$ echo two\ntwo\n$ \n"},
    /* Whose words are waited for. */
    {TWO "a:input 'primes 3000 | wc\\necho hello\\n' b:input 'hello\\n' "
         "m:run_until('text', 'hello\\nHello', { vm = b }) print(b.console) "
         "m:run_until('text', 'hello\\nhello\\n$ ', { vm = 'a' }) print(a.console:match 'hello.*') "
         "print(m:run_until('text', '$ ', { vm = 'b', max = 1e6, optional = true }))",
     "$ hello\nHello\nhello\nhello\n$ \nnil\tinput\n"},
    /* A VM's life. */
    {TWO NEW "print(m:vm 'c'.console) m:run(1e8) print(m:list_vms()[3].state) m:start_vm 'c' "
             "local c = m:vm 'c' m:run(1e8) print(c.console, c.alive, m.state)",
     "\ncreated\nHello from process 1, ring 3.\n\tfalse\tready\n"},
    {TWO "m:pause_vm(a) a:input 'exit 3\\n' print(m:run(1e8)) print(m:list_vms()[1].state) "
         "m:resume_vm(a) print(m:run(1e8), m.state, a.alive) m:destroy_vm(b) print(m:run(1e8)) "
         "print(m.status)",
     "input\npaused\ninput\tready\tfalse\nhalted\n3\n"},
    {TWO "m:set_vm(a, 'weight', 700) m:set_vm(a, 'cap', 50) local v = m:list_vms()[1] "
         "print(v.weight, v.cap, v.technique, v.ram)",
     "700\t50\tfull\t4096\n"},
    /* What cannot be done. */
    {TWO "print(m:manage 'pause x') print(m:manage 'create vm=a') print(m.answer.ok)",
     "nil\tx: there is no VM of this name; see list\n\n"
     "nil\ta: there is a VM of this name already\n\nfalse\n"},
    {"local m = tz.machine { ram = '8M' } m:boot_os { init = 'hello' } "
     "print(m:manage('list', 1e6))",
     "nil\tnobody answers (halted)\n"},
    /* A monitor that stays has no VM at first. */
    {"local m = tz.machine { ram = '32M' } m:load { image = 'vmm.elf', modules = { 'os.elf', "
     "{ name = 'programs', file = 'programs.pack' } }, cmdline = 'stay=on' } m:run(1e7) " NEW
     "m:start_vm 'c' m:run(1e8) print(m.console:match 'c ended: [^\\n]*status %d') "
     "print(m.state, #m:list_vms())",
     "c ended: it powered off with status 0\nready\t0\n"},
    /* Each has a disk of its own: of one image, or a part of the machine's disk. */
    {DISKS
     "m:vm 'a':input 'visitor\\ndisk sum\\n' m:vm 'b':input 'disk write 19 hello\\ndisk sum\\n' "
     "m:vm 'c':input 'disk\\n' m:run(1e9) local a, b = m:vm 'a'.console, m:vm 'b'.console "
     "print(a:match 'Hello[^\\n]*') print(a:match 'CRC.*' ~= b:match 'CRC.*') "
     "print(m:vm 'c'.console)",
     "Hello from process 2, ring 3.\ntrue\n$ disk\nthere is no disk\n$ \n"},
    /* Sixty-four of them, made while others run, and no more. */
    {"local m = tz.machine { ram = '128M' } m:load { image = 'vmm.elf', modules = { 'os.elf', "
     "{ name = 'programs', file = 'programs.pack' } }, cmdline = 'stay=on' } m:run(1e7) "
     "for i = 1, 64 do m:create_vm { vm = 'v' .. i, ram = '2M', min = '1M', share = 'on', "
     "modules = 'programs', cmdline = 'quiet' } m:start_vm('v' .. i) end m:run(1e9) "
     "print(#m:list_vms()) print(m:manage 'create vm=more ram=2M') "
     "for _, n in ipairs { 'v1', 'v40', 'v64' } do m:vm(n):input 'hello\\n' end m:run(1e9) "
     "for _, n in ipairs { 'v1', 'v40', 'v64' } do print(m:vm(n).console:match 'Hello.*%.') end "
     "for i = 1, 64 do m:destroy_vm('v' .. i) end print(#m:list_vms(), m:manage 'stat':match "
     "' shared=.*saved=%d+')",
     "64\nnil\tmore: there are too many VMs\n\nHello from process 2, ring 3.\nHello from process "
     "2, ring 3.\nHello from process 2, ring 3.\n0\t shared=0 saved=0\n"},
    /* Commands are part of the machine's history. */
    {TWO
     "m:record() local first = m.icount b:input 'hello\\n' m:run(40000) m:manage 'pause b' "
     "m:run(40000) m:manage 'resume b' m:run(1e8) local d, i, t = m.digest, m.icount, b.console "
     "m:seek(first) print(b.console) m:seek(i) print(m.digest == d, b.console == t) "
     "m:seek(first + 40000) m:run(1e8) print(m.digest == d)",
     "$ \ntrue\ttrue\ntrue\n"},
};

START_TEST(vms_are_managed_while_they_run)
{
    run_text(&r, good[_i].text, 0, 0);
    ck_assert_msg(r.code == 0, "%s", r.err.text);
    ck_assert_str_eq(r.output, good[_i].prints);
}
END_TEST

static const struct {
    const char *text, *says;
} wrong[] = {
    {TWO "m:pause_vm 'nobody'", "nobody: there is no VM of this name; see list"},
    {TWO "m:create_vm { vm = 'x', colour = 'red' }", "create_vm: unknown option 'colour'"},
    {TWO "m:create_vm { vm = 'x', ram = '1G' }", "ram=1G: give whole pages from 1M to 1024M"},
    {TWO "m.contexts[1]:input 'x'", "input: this is the machine itself"},
    {TWO "m:destroy_vm(b) b:input 'x'", "input: this VM is no more"},
    {TWO "m:command ''", "command: a text without NUL characters is wanted"},
    {TWO "for i = 1, 100 do m:command(('x'):rep(100)) end",
     "command: the mailbox is full: 40 commands"},
};

START_TEST(what_cannot_be_done_is_said)
{
    run_text(&r, wrong[_i].text, 0, 0);
    ck_assert_int_ne(r.code, 0);
    ck_assert_msg(strstr(r.err.text, wrong[_i].says) != NULL, "%s", r.err.text);
}
END_TEST

Suite *suite_script_manage(void)
{
    Suite *s = suite_create("script_manage");
    TCase *t = tcase_create("manage");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, vms_are_managed_while_they_run, 0, COUNT_OF(good));
    tcase_add_loop_test(t, what_cannot_be_done_is_said, 0, COUNT_OF(wrong));
    suite_add_tcase(s, t);
    return s;
}
