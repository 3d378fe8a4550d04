/*
 * Kernels that go wrong end their own VM, with a reason, and nothing else.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/vmm/run.h"

Suite *suite_vmm_misbehave(void);

#define STEPS 60000000u

static const struct run_module all[] = {{"bad", GUEST_MISBEHAVE},
                                        {"good", GUEST_CONFORM},
                                        {"os.elf", GUEST_OS},
                                        {"programs", GUEST_PROGRAMS},
                                        {NULL, NULL}};

enum variant { PLAIN, CLASSIC, WITH_VT, WITH_NPT };

static struct run_result run_vmm(const char *cmdline, enum variant variant)
{
    static const char *const nothing[] = {NULL};
    struct run_request q = {.program = GUEST_VMM,
                            .cmdline = cmdline,
                            .modules = all,
                            .lines = nothing,
                            .ram = 2 * RUN_HOST,
                            .classic = variant == CLASSIC,
                            .vt = variant == WITH_VT,
                            .npt = variant == WITH_NPT,
                            .steps = STEPS};

    return run(&q);
}

static const struct {
    const char *name, *reason;
    word status;
} bad[] = {
    {"no_handler", "it trapped while it has no trap handler (illegal instruction) at pc ", 1},
    {"handler_in_nothing",
     "its trap handler cannot be fetched (instruction fetch from nothing) at pc 40000000", 1},
    {"handler_in_a_device",
     "its trap handler cannot be fetched (instruction fetch from nothing) at pc 10000000", 1},
    {"handler_traps",
     "the first instruction of its trap handler traps, again and again (illegal instruction) at "
     "pc ",
     1},
    {"wild_root", "its trap handler cannot be fetched (instruction fetch from nothing) at pc ", 1},
    {"root_of_random_bits", "its trap handler cannot be fetched (page fault on a fetch) at pc ", 1},
    {"wait_for_ever", "it waits for an interrupt that can never come at pc ", 1},
    {"wait_for_nothing", "it waits for an interrupt that can never come at pc ", 1},
    {"reach_for_the_monitor", "it trapped while it has no trap handler (store to nothing) at pc ",
     1},
    {"reach_by_paging", "it trapped while it has no trap handler (store to nothing) at pc ", 1},
    {"fail_with_7", "it powered off with status 7 at pc ", 7},
};

static const char *const techniques[] = {"full", "assist", "npt", "bt"};

static enum variant machine_for(const char *technique)
{
    return strcmp(technique, "bt") == 0 ? CLASSIC : WITH_NPT;
}

START_TEST(a_kernel_that_goes_wrong_ends_its_vm_with_a_reason)
{
    const char *technique = techniques[(unsigned)_i / COUNT_OF(bad)];
    unsigned i = (unsigned)_i % COUNT_OF(bad);
    char cmdline[200], expected[200];

    snprintf(cmdline, sizeof cmdline, "vm=t technique=%s kernel=bad ram=2M cmdline=%s", technique,
             bad[i].name);
    snprintf(expected, sizeof expected, "t ended: %s", bad[i].reason);
    struct run_result r = run_vmm(cmdline, machine_for(technique));
    ck_assert_int_eq(r.stop, STOP_HALTED);
    ck_assert_uint_eq(r.status, bad[i].status);
    ck_assert_msg(strstr(r.messages, expected) != NULL, "%s: %s", cmdline, r.messages);
    run_free(&r);
}
END_TEST

START_TEST(and_the_monitor_goes_on_with_the_others)
{
    const char *technique = techniques[(unsigned)_i / COUNT_OF(bad)];
    unsigned i = (unsigned)_i % COUNT_OF(bad);
    char cmdline[300];

    snprintf(cmdline, sizeof cmdline,
             "vm=bad technique=%s kernel=bad ram=2M cmdline=%s "
             "vm=good technique=%s kernel=good ram=8M cmdline=registers",
             technique, bad[i].name, technique);
    struct run_result r = run_vmm(cmdline, machine_for(technique));
    ck_assert_int_eq(r.stop, STOP_HALTED);
    ck_assert_uint_eq(r.status, bad[i].status);
    ck_assert_ptr_nonnull(strstr(r.messages, "bad ended: "));
    ck_assert_ptr_nonnull(strstr(r.messages, "good ended: it powered off with status 0 at pc "));
    ck_assert_ptr_nonnull(strstr(r.console, " ip ie status\n"));
    run_free(&r);
}
END_TEST

static const char *const greedy[] = {"storm", "spin"};

/* Neither an endless loop nor traps without end hold the processor past a slice. */
START_TEST(a_vm_that_never_stops_leaves_time_to_the_others)
{
    const char *technique = techniques[(unsigned)_i / COUNT_OF(greedy)];
    char cmdline[300];

    snprintf(cmdline, sizeof cmdline,
             "vm=greedy technique=%s kernel=bad ram=2M cmdline=%s "
             "vm=good technique=%s kernel=good ram=8M cmdline=probes",
             technique, greedy[(unsigned)_i % COUNT_OF(greedy)], technique);
    struct run_result r = run_vmm(cmdline, machine_for(technique));
    ck_assert_int_eq(r.stop, STOP_BUDGET);
    ck_assert_ptr_nonnull(strstr(r.messages, "good ended: it powered off with status 0 at pc "));
    ck_assert_ptr_null(strstr(r.messages, "greedy ended"));
    run_free(&r);
}
END_TEST

/* The registers and tables in the page of the virtual CPU are the guest's to write. */
START_TEST(a_translated_kernel_that_spoils_its_page_harms_nobody)
{
    char cmdline[300];

    snprintf(cmdline, sizeof cmdline,
             "vm=bad technique=bt kernel=bad ram=%dM cmdline=spoil_the_top "
             "vm=good technique=bt kernel=good ram=8M cmdline=registers",
             2 + _i);
    struct run_result r = run_vmm(cmdline, CLASSIC);
    ck_assert(r.stop == STOP_HALTED || r.stop == STOP_BUDGET);
    ck_assert_msg(!strstr(r.messages, "internal error"), "%s", r.messages);
    ck_assert(r.intact);
    ck_assert_ptr_nonnull(strstr(r.messages, "good ended: it powered off with status 0 at pc "));
    ck_assert_ptr_nonnull(strstr(r.console, " ip ie status\n"));
    run_free(&r);
}
END_TEST

START_TEST(sixty_four_vms_run_side_by_side)
{
    char cmdline[2048] = "";
    unsigned ended = 0;

    for (unsigned i = 1; i <= 64; i++) {
        char one[40];
        snprintf(one, sizeof one, "vm=v%u ram=1M kernel=good ", i);
        strcat(cmdline, one);
    }
    struct run_result r = run_vmm(cmdline, PLAIN);
    ck_assert_int_eq(r.stop, STOP_HALTED);
    ck_assert_uint_eq(r.status, 2); /* the kernel's own, without a case to run */
    for (const char *at = r.messages; (at = strstr(at, " ended: it powered off with status 2"));
         at++)
        ended++;
    ck_assert_uint_eq(ended, 64);
    run_free(&r);
}
END_TEST

/* As x86 guests did: the kernel believes it is in ring 0 and reads that it is not. */
START_TEST(on_a_classic_machine_the_os_goes_wrong_by_itself)
{
    struct run_result r =
        run_vmm("vm=os kernel=os.elf modules=programs cmdline=init=hello", CLASSIC);

    ck_assert_uint_gt(r.holes, 0);
    ck_assert_ptr_null(strstr(r.messages, "internal error"));
    ck_assert(r.stop == STOP_BUDGET || strstr(r.messages, "os ended: "));
    ck_assert(r.stop == STOP_BUDGET || r.status != 0);
    ck_assert_ptr_null(strstr(r.console, "Hello from process"));
    run_free(&r);
}
END_TEST

static const struct {
    const char *cmdline, *message;
    enum variant variant;
} unusable[] = {
    {"", "no VM to run; the command line needs vm=NAME kernel=MODULE\n", PLAIN},
    {"vm=a kernel=none", "a: none: there is no module of this name for the kernel\n", PLAIN},
    {"vm=a kernel=programs", "a: programs: not an ELF file\n", PLAIN},
    {"vm=a kernel=good modules=none", "a: none: there is no module of this name\n", PLAIN},
    {"vm=a kernel=good ram=1G", "ram=1G: give whole pages from 1M to 1024M, as in ram=16M\n",
     PLAIN},
    {"vm=a kernel=good ram=128M",
     "a: this machine has too little RAM left for it: it needs 139664 KiB, and ", PLAIN},
    {"vm=a kernel=good disk=0 vm=b kernel=good disk=0", "b: disk 0 belongs to another VM\n", PLAIN},
    {"vm=a technique=fast", "no technique is called fast; there is: full", PLAIN},
    {"vm=a kernel=good technique=assist",
     "a: hardware assist needs a processor with vmrun, and this one has none\n", PLAIN},
    {"vm=a kernel=good technique=npt",
     "a: hardware assist needs a processor with vmrun, and this one has none\n", PLAIN},
    {"vm=a kernel=good technique=npt",
     "a: nested paging is not in this machine's processor; technique=assist does without\n",
     WITH_VT},
    {"vm=a kernel=good nested=on",
     "a: nested=on needs hardware assist: technique=npt or technique=assist\n", WITH_NPT},
};

START_TEST(what_cannot_be_run_is_refused_with_status_2)
{
    struct run_result r = run_vmm(unusable[_i].cmdline, unusable[_i].variant);

    ck_assert_int_eq(r.stop, STOP_HALTED);
    ck_assert_uint_eq(r.status, 2);
    ck_assert_msg(strstr(r.messages, unusable[_i].message) != NULL, "%s", r.messages);
    run_free(&r);
}
END_TEST

Suite *suite_vmm_misbehave(void)
{
    Suite *s = suite_create("vmm_misbehave");
    TCase *t = tcase_create("misbehave");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, a_kernel_that_goes_wrong_ends_its_vm_with_a_reason, 0,
                        COUNT_OF(bad) * COUNT_OF(techniques));
    tcase_add_loop_test(t, and_the_monitor_goes_on_with_the_others, 0,
                        COUNT_OF(bad) * COUNT_OF(techniques));
    tcase_add_loop_test(t, a_vm_that_never_stops_leaves_time_to_the_others, 0,
                        COUNT_OF(greedy) * COUNT_OF(techniques));
    tcase_add_loop_test(t, a_translated_kernel_that_spoils_its_page_harms_nobody, 0, 10);
    tcase_add_test(t, sixty_four_vms_run_side_by_side);
    tcase_add_test(t, on_a_classic_machine_the_os_goes_wrong_by_itself);
    tcase_add_loop_test(t, what_cannot_be_run_is_refused_with_status_2, 0, COUNT_OF(unusable));
    suite_add_tcase(s, t);
    return s;
}
