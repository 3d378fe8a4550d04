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

#define STEPS        400000000u
#define GUEST_PV     "build/guest/os-pv.elf"
#define GUEST_PARA   "build/guest/tests/vmm/para.elf"
#define GUEST_VIRTIO "build/guest/tests/vmm/virtio.elf"

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

/* Its monitor may itself be a guest, of any technique; time runs slowly, as in test_equal.c. */
static const struct {
    const char *technique;
    bool vt, npt;
} monitors[] = {{"full", false, false}, {"assist", true, false}, {"npt", true, true}};

START_TEST(it_runs_under_a_monitor_that_is_a_guest)
{
    static const struct run_module bare_modules[] = {{"programs", GUEST_PROGRAMS}, {NULL, NULL}};
    static const struct run_module modules[] = {{"vmm.elf", GUEST_VMM},
                                                {"os-pv.elf", GUEST_PV},
                                                {"programs", GUEST_PROGRAMS},
                                                {NULL, NULL}};
    static const char *const lines[] = {"hello\n", "faults\n", "misbehave\n", "exit 4\n", NULL};
    char cmdline[256];
    struct run_request q = {.program = GUEST_OS,
                            .modules = bare_modules,
                            .lines = lines,
                            .ram = RUN_RAM,
                            .divider = 1000,
                            .steps = STEPS};

    struct run_result bare = run(&q);
    snprintf(cmdline, sizeof cmdline,
             "vm=one technique=%s kernel=vmm.elf ram=32M modules=os-pv.elf,programs cmdline={vm=os "
             "technique=para kernel=os-pv.elf ram=8M modules=programs}",
             monitors[_i].technique);
    q.program = GUEST_VMM;
    q.cmdline = cmdline;
    q.modules = modules;
    q.ram = RUN_HOST;
    q.vt = monitors[_i].vt;
    q.npt = monitors[_i].npt;
    struct run_result para = run(&q);
    ck_assert_str_eq(para.console, bare.console);
    ck_assert_int_eq(para.stop, STOP_HALTED);
    ck_assert_uint_eq(para.status, bare.status);
    run_free(&bare);
    run_free(&para);
}
END_TEST

/* ---- kernels that ask for too much --------------------------------------------------------- */

static struct run_result run_kernel(const char *name, uint32_t tlb)
{
    static const struct run_module modules[] = {{"k", GUEST_PARA}, {NULL, NULL}};
    char cmdline[128];
    struct run_request q = {.program = GUEST_VMM,
                            .cmdline = cmdline,
                            .modules = modules,
                            .ram = RUN_HOST,
                            .tlb = tlb,
                            .steps = STEPS};

    snprintf(cmdline, sizeof cmdline, "vm=t technique=para kernel=k ram=2M cmdline=%s", name);
    return run(&q);
}

static const char *const refused[] = {
    "tables_are_read_only",         "stale_writable_translation", "stale_after_a_pointer",
    "the_running_root_stays",       "no_table_leads_to_itself",   "no_superpages",
    "privileged_instructions_trap",
};

START_TEST(page_tables_stay_what_was_checked)
{
    static const uint32_t tlbs[] = {1, 256, 4096};

    for (unsigned i = 0; i < COUNT_OF(tlbs); i++) {
        struct run_result r = run_kernel(refused[_i], tlbs[i]);
        char expected[64];
        snprintf(expected, sizeof expected, "%s\n", refused[_i]);
        ck_assert_str_eq(r.console, expected);
        ck_assert_int_eq(r.stop, STOP_HALTED);
        ck_assert_uint_eq(r.status, 0);
        run_free(&r);
    }
}
END_TEST

static const struct {
    const char *first, *second;
} pairs[] = {{"giver", "taker"}, {"testator", "heir"}};

/* A page that both write, and events; and what becomes of it when its owner ends. */
START_TEST(two_vms_share_a_page_as_long_as_both_agree)
{
    static const struct run_module modules[] = {{"k", GUEST_PARA}, {NULL, NULL}};
    char cmdline[160], said[64];
    struct run_request q = {.program = GUEST_VMM,
                            .cmdline = cmdline,
                            .modules = modules,
                            .ram = RUN_HOST,
                            .steps = STEPS};

    snprintf(cmdline, sizeof cmdline,
             "vm=a technique=para kernel=k ram=2M cmdline=%s vm=b technique=para kernel=k ram=2M "
             "cmdline=%s",
             pairs[_i].first, pairs[_i].second);
    struct run_result r = run(&q);
    ck_assert_int_eq(r.stop, STOP_HALTED);
    ck_assert_msg(r.status == 0, "%s%s", r.console, r.messages);
    snprintf(said, sizeof said, "a: %s\n", pairs[_i].first);
    ck_assert_ptr_nonnull(strstr(r.console, said));
    snprintf(said, sizeof said, "b: %s\n", pairs[_i].second);
    ck_assert_ptr_nonnull(strstr(r.console, said));
    run_free(&r);
}
END_TEST

static const struct {
    const char *cmdline, *message;
} mismatches[] = {
    {"vm=os technique=para modules=programs",
     "os: its kernel is not a paravirtual one (no signature behind its first instruction); use "
     "os-pv.elf, or another technique\n"},
    {"vm=os kernel=os-pv.elf modules=programs",
     "os: its kernel is a paravirtual one: it needs technique=para\n"},
};

START_TEST(kernel_and_technique_must_fit)
{
    static const struct run_module modules[] = {
        {"os.elf", GUEST_OS}, {"os-pv.elf", GUEST_PV}, {"programs", GUEST_PROGRAMS}, {NULL, NULL}};
    struct run_request q = {.program = GUEST_VMM,
                            .cmdline = mismatches[_i].cmdline,
                            .modules = modules,
                            .ram = RUN_HOST,
                            .steps = STEPS};
    struct run_result r = run(&q);

    ck_assert_int_eq(r.stop, STOP_HALTED);
    ck_assert_uint_eq(r.status, 2);
    ck_assert_str_eq(r.messages, mismatches[_i].message);
    run_free(&r);
}
END_TEST

/* And the other way round: its first hypercall is no instruction of a bare machine. */
START_TEST(a_paravirtual_kernel_on_the_bare_machine_ends_at_once)
{
    static const struct run_module modules[] = {{"programs", GUEST_PROGRAMS}, {NULL, NULL}};
    struct run_request q = {
        .program = GUEST_PV, .modules = modules, .ram = RUN_RAM, .steps = STEPS};
    struct run_result r = run(&q);

    ck_assert_int_eq(r.stop, STOP_SHUTDOWN);
    ck_assert_str_eq(r.console, "");
    run_free(&r);
}
END_TEST

/* The lines of one VM, without its name. */
static void lines_of(const char *console, const char *prefix, char *out)
{
    size_t skip = strlen(prefix);

    for (const char *end; *console; console = end) {
        end = console + strcspn(console, "\n");
        end += *end == '\n';
        if (strncmp(console, prefix, skip) == 0) {
            memcpy(out, console + skip, (size_t)(end - console) - skip);
            out += (size_t)(end - console) - skip;
        }
    }
    *out = '\0';
}

/* Beside a kernel that reads the time again and again, one for which each access must trap. */
START_TEST(the_clock_is_open_to_nobody_else)
{
    static const struct run_module modules[] = {
        {"k", GUEST_CONFORM}, {"para", GUEST_PARA}, {NULL, NULL}};
    struct run_request q = {
        .program = GUEST_CONFORM, .cmdline = "counters", .ram = RUN_RAM, .steps = STEPS};

    struct run_result bare = run(&q);
    q.program = GUEST_VMM;
    q.cmdline = "vm=p technique=para kernel=para ram=2M cmdline=the_clock_is_read_without_a_trap "
                "vm=c kernel=k ram=8M cmdline=counters";
    q.modules = modules;
    q.ram = RUN_HOST;
    struct run_result r = run(&q);
    ck_assert_int_eq(r.stop, STOP_HALTED);
    ck_assert_msg(strstr(r.console, "p: the_clock_is_read_without_a_trap\n") != NULL, "%s%s",
                  r.console, r.messages);
    lines_of(r.console, "c: ", r.messages); /* reused: as large as the console */
    ck_assert_str_eq(r.messages, bare.console);
    run_free(&bare);
    run_free(&r);
}
END_TEST

/* ---- the same devices at registers --------------------------------------------------------- */

static const struct {
    const char *technique;
    bool classic, vt, npt;
} others[] = {{"full", false, false, false},
              {"bt", true, false, false},
              {"assist", false, true, false},
              {"npt", false, true, true}};

START_TEST(virtio_devices_are_for_guests_of_every_technique)
{
    static const struct run_module modules[] = {{"k", GUEST_VIRTIO}, {NULL, NULL}};
    char cmdline[128];
    struct run_request q = {.program = GUEST_VMM,
                            .cmdline = cmdline,
                            .modules = modules,
                            .disk = "build/guest/disk.img",
                            .ram = RUN_HOST,
                            .classic = others[_i].classic,
                            .vt = others[_i].vt,
                            .npt = others[_i].npt,
                            .steps = STEPS};

    snprintf(cmdline, sizeof cmdline, "vm=t technique=%s kernel=k ram=2M disk=0 virtio=on",
             others[_i].technique);
    struct run_result r = run(&q);
    ck_assert_int_eq(r.stop, STOP_HALTED);
    ck_assert_msg(r.status == 0, "status %u: %s", r.status, r.messages);
    ck_assert_str_eq(r.console, "a console of virtqueues\na disk of virtqueues\n");
    run_free(&r);
}
END_TEST

START_TEST(where_they_were_not_given_there_is_nothing)
{
    static const struct run_module modules[] = {{"k", GUEST_VIRTIO}, {NULL, NULL}};
    struct run_request q = {.program = GUEST_VMM,
                            .cmdline = "vm=t kernel=k ram=2M",
                            .modules = modules,
                            .ram = RUN_HOST,
                            .steps = 20000000};
    struct run_result r = run(&q);

    ck_assert_str_eq(r.console, "");
    ck_assert_ptr_null(strstr(r.messages, "powered off with status 0"));
    run_free(&r);
}
END_TEST

Suite *suite_vmm_para(void)
{
    Suite *s = suite_create("vmm_para");
    TCase *os = tcase_create("os");
    TCase *t = tcase_create("kernel");

    tcase_set_timeout(os, 120);
    tcase_add_checked_fixture(os, NULL, remove_disk);
    tcase_add_loop_test(os, the_paravirtual_os_does_what_the_native_one_does, 0,
                        COUNT_OF(sessions));
    tcase_add_loop_test(os, it_runs_under_a_monitor_that_is_a_guest, 0, COUNT_OF(monitors));
    suite_add_tcase(s, os);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, page_tables_stay_what_was_checked, 0, COUNT_OF(refused));
    tcase_add_loop_test(t, two_vms_share_a_page_as_long_as_both_agree, 0, COUNT_OF(pairs));
    tcase_add_test(t, the_clock_is_open_to_nobody_else);
    tcase_add_loop_test(t, virtio_devices_are_for_guests_of_every_technique, 0, COUNT_OF(others));
    tcase_add_test(t, where_they_were_not_given_there_is_nothing);
    tcase_add_loop_test(t, kernel_and_technique_must_fit, 0, COUNT_OF(mismatches));
    tcase_add_test(t, a_paravirtual_kernel_on_the_bare_machine_ends_at_once);
    suite_add_tcase(s, t);
    return s;
}
