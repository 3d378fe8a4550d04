/*
 * Several VMs on one processor, measured from outside: cycles from each entry of a VM to the next
 * entry, which is its own work and the monitor's for it.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/vmm/run.h"

Suite *suite_vmm_share(void);

#define GUEST_SHARE "build/guest/tests/vmm/share.elf"
#define STEPS       40000000u

static struct run_result run_vmm(const char *cmdline, uint64_t steps)
{
    static const struct run_module modules[] = {
        {"share", GUEST_SHARE}, {"good", GUEST_CONFORM}, {NULL, NULL}};
    static const char *const nothing[] = {NULL};

    return run(&(struct run_request){.program = GUEST_VMM,
                                     .cmdline = cmdline,
                                     .modules = modules,
                                     .lines = nothing,
                                     .ram = 2 * RUN_HOST,
                                     .steps = steps});
}

/* Parts of a thousand of what all VMs had. */
static unsigned share(const struct run_result *r, unsigned vmid)
{
    uint64_t all = 0;

    for (unsigned i = 1; i < RUN_VMS; i++)
        all += r->had[i];
    return (unsigned)(r->had[vmid] * 1000 / all);
}

static const struct {
    const char *cmdline;
    unsigned wanted[3]; /* parts of a thousand */
} weighted[] = {
    {"vm=a kernel=share ram=1M cmdline=spin vm=b kernel=share ram=1M cmdline=spin weight=512",
     {333, 667}},
    {"vm=a kernel=share ram=1M cmdline=spin weight=100 vm=b kernel=share ram=1M cmdline=spin "
     "weight=300 vm=c kernel=share ram=1M cmdline=spin weight=600",
     {100, 300, 600}},
    /* what a cap leaves goes to the others by weight */
    {"vm=a kernel=share ram=1M cmdline=spin weight=9999 cap=10 vm=b kernel=share ram=1M "
     "cmdline=spin vm=c kernel=share ram=1M cmdline=spin weight=512",
     {100, 300, 600}},
};

START_TEST(vms_get_the_shares_that_were_asked_for)
{
    struct run_result r = run_vmm(weighted[_i].cmdline, STEPS);

    ck_assert_int_eq(r.stop, STOP_BUDGET);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_uint_le(share(&r, i + 1) - weighted[_i].wanted[i] + 15, 30);
    run_free(&r);
}
END_TEST

static const struct {
    const char *technique;
    bool classic, vt, npt;
} ways[] = {{.technique = "bt", .classic = true},
            {.technique = "assist", .vt = true},
            {.technique = "npt", .vt = true, .npt = true}};

START_TEST(by_whatever_technique_they_run)
{
    static const struct run_module modules[] = {{"share", GUEST_SHARE}, {NULL, NULL}};
    char cmdline[200];

    snprintf(cmdline, sizeof cmdline,
             "vm=a technique=%s kernel=share ram=1M cmdline=spin "
             "vm=b technique=%s kernel=share ram=1M cmdline=spin weight=768",
             ways[_i].technique, ways[_i].technique);
    struct run_result r = run(&(struct run_request){.program = GUEST_VMM,
                                                    .cmdline = cmdline,
                                                    .modules = modules,
                                                    .ram = RUN_HOST,
                                                    .classic = ways[_i].classic,
                                                    .vt = ways[_i].vt,
                                                    .npt = ways[_i].npt,
                                                    .steps = STEPS});
    ck_assert_int_eq(r.stop, STOP_BUDGET);
    ck_assert_uint_le(share(&r, 1) - 250 + 15, 30);
    run_free(&r);
}
END_TEST

/* Nobody else is there: the processor sleeps the rest of the time. */
START_TEST(a_cap_holds_for_a_vm_alone)
{
    struct run_result r = run_vmm("vm=a kernel=share ram=1M cap=25 cmdline=spin", STEPS);

    ck_assert_int_eq(r.stop, STOP_BUDGET);
    ck_assert_uint_le(r.ran[1] * 1000 / r.cycles - 235, 18);
    run_free(&r);
}
END_TEST

START_TEST(a_thief_gains_nothing)
{
    struct run_result r = run_vmm("vm=thief kernel=share ram=1M cmdline=thief "
                                  "vm=honest kernel=share ram=1M cmdline=spin",
                                  STEPS);

    ck_assert_uint_le(share(&r, 1), 505);
    ck_assert_uint_ge(share(&r, 1), 400); /* it does run */
    run_free(&r);
}
END_TEST

/* Far less than a slice, although two others never give way. */
START_TEST(a_vm_that_wakes_runs_soon)
{
    struct run_result r = run_vmm("vm=a kernel=share ram=1M cmdline=spin vm=n kernel=share ram=1M "
                                  "cmdline=nap vm=b kernel=share ram=1M cmdline=spin",
                                  STEPS);
    const char *late = strstr(r.console, "late ");

    ck_assert_msg(late != NULL, "%s", r.console);
    ck_assert_uint_lt(strtoul(late + 5, NULL, 16), 3000);
    run_free(&r);
}
END_TEST

Suite *suite_vmm_share(void)
{
    Suite *s = suite_create("vmm_share");
    TCase *t = tcase_create("share");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, vms_get_the_shares_that_were_asked_for, 0,
                        sizeof weighted / sizeof weighted[0]);
    tcase_add_loop_test(t, by_whatever_technique_they_run, 0, sizeof ways / sizeof ways[0]);
    tcase_add_test(t, a_cap_holds_for_a_vm_alone);
    tcase_add_test(t, a_thief_gains_nothing);
    tcase_add_test(t, a_vm_that_wakes_runs_soon);
    suite_add_tcase(s, t);
    return s;
}
