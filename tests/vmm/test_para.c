/*
 * Paravirtualization: the OS's paravirtual build does what the native one does, and whatever a
 * kernel asks for by hypercall, it reaches nothing that is not its own.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/vmm/run.h"

Suite *suite_vmm_para(void);

#define STEPS    400000000u
#define GUEST_PV "build/guest/os-pv.elf"

/* ---- the operating system ------------------------------------------------------------------ */

static const struct session {
    const char *name;
    const char *const *lines;
    const char *disk; /* NULL: one without files */
} sessions[] = {
    {.name = "words",
     .lines = (const char *const[]){"hello\n", "echo one two  three\n", "ls\n", "cat motd\n",
                                    "cat motd | wc\n", "echo x | cat | wc\n", "exit\n", NULL}},
    {.name = "work",
     .lines = (const char *const[]){"primes\n", "syscalls\n", "faults\n", "sleep 20\n", "turns\n",
                                    "exit\n", NULL}},
    {.name = "trouble",
     .lines =
         (const char *const[]){"misbehave\n", "wild\n", "nonsense\n", "hello\n", "exit\n", NULL}},
    {.name = "tables",
     .lines = (const char *const[]){"tables 500 6\n", "relay\n", "exec tables 200 3\n", NULL}},
    {.name = "files",
     .lines = (const char *const[]){"ls\n", "cat sectors.txt waiting.txt | wc\n", "visitor\n",
                                    "disk count\n", "exec visitor you\n", NULL},
     .disk = "build/guest/disk.img"},
    {.name = "disk",
     .lines = (const char *const[]){"disk\n", "disk count\n", "disk sum\n", "exit\n", NULL}},
    {.name = "status", .lines = (const char *const[]){"exit 3\n", NULL}},
};

static char disk_path[] = "/tmp/trapeze-para-disk-XXXXXX";

static void make_disk(void)
{
    int fd = mkstemp(disk_path);
    uint8_t sector[512];

    ck_assert_int_ge(fd, 0);
    for (unsigned i = 0; i < 256; i++) {
        for (unsigned n = 0; n < sizeof sector; n++)
            sector[n] = (uint8_t)(i * 5 + n * 3);
        ck_assert_int_eq(write(fd, sector, sizeof sector), sizeof sector);
    }
    close(fd);
}

static void remove_disk(void)
{
    unlink(disk_path);
}

START_TEST(the_paravirtual_os_does_what_the_native_one_does)
{
    static const struct run_module bare_modules[] = {{"programs", GUEST_PROGRAMS}, {NULL, NULL}};
    static const struct run_module modules[] = {
        {"os-pv.elf", GUEST_PV}, {"programs", GUEST_PROGRAMS}, {NULL, NULL}};
    struct run_request q = {.program = GUEST_OS,
                            .modules = bare_modules,
                            .lines = sessions[_i].lines,
                            .disk = sessions[_i].disk ? sessions[_i].disk : disk_path,
                            .ram = RUN_RAM,
                            .steps = STEPS};

    make_disk();
    struct run_result bare = run(&q);
    q.program = GUEST_VMM;
    q.cmdline = "vm=os technique=para kernel=os-pv.elf modules=programs ram=8M disk=0";
    q.modules = modules;
    q.ram = RUN_HOST;
    struct run_result para = run(&q);
    ck_assert_int_eq(bare.stop, STOP_HALTED);
    ck_assert_str_eq(para.console, bare.console);
    ck_assert_msg(para.stop == STOP_HALTED, "%s", para.messages);
    ck_assert_uint_eq(para.status, bare.status);
    ck_assert_uint_eq(para.disk, bare.disk);
    ck_assert(para.intact);
    run_free(&bare);
    run_free(&para);
}
END_TEST

Suite *suite_vmm_para(void)
{
    Suite *s = suite_create("vmm_para");
    TCase *os = tcase_create("os");

    tcase_set_timeout(os, 120);
    tcase_add_checked_fixture(os, NULL, remove_disk);
    tcase_add_loop_test(os, the_paravirtual_os_does_what_the_native_one_does, 0,
                        COUNT_OF(sessions));
    suite_add_tcase(s, os);
    return s;
}
