/*
 * What monitors have got wrong, one directed kernel for each (README.md has the list). Whatever
 * it does, it must print the same and leave the same memory as on the bare machine: under every
 * technique, and under monitors in monitors.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/vmm/run.h"
#include "vmm/sched.h"

Suite *suite_vmm_bugs(void);

#define STEPS      400000000u
#define SLOW       1000 /* cycles a tick: a monitor in a monitor is ready before the next one */
#define GUEST_BUGS "build/guest/tests/vmm/bugs.elf"

static const struct way {
    const char *technique, *around; /* inside a VM run by that */
    bool classic, vt, npt;
} ways[] = {
    {.technique = "full"},
    {.technique = "bt", .classic = true},
    {.technique = "assist", .vt = true},
    {.technique = "npt", .vt = true, .npt = true},
    {.technique = "full", .around = "full"},
    {.technique = "full", .around = "npt", .vt = true, .npt = true},
    {.technique = "assist", .around = "assist nested=on", .vt = true},
    {.technique = "assist", .around = "npt nested=on", .vt = true, .npt = true},
    {.technique = "npt", .around = "npt nested=on", .vt = true, .npt = true},
};

#define NESTED 5 /* of the ways, the last */

static const struct run_module modules[] = {
    {"bugs", GUEST_BUGS}, {"vmm.elf", GUEST_VMM}, {NULL, NULL}};

/* The VM's description, or that of the VM of a monitor that it is in. */
static void describe(char *out, size_t size, const struct way *w, const char *kernel,
                     const char *name)
{
    char vm[200];

    snprintf(vm, sizeof vm, "vm=k technique=%s kernel=%s ram=8M cmdline=%s", w->technique, kernel,
             name);
    if (w->around)
        snprintf(out, size, "vm=outer technique=%s kernel=vmm.elf modules=%s ram=32M cmdline={%s}",
                 w->around, kernel, vm);
    else
        snprintf(out, size, "%s", vm);
}

static void check_memory(const struct run_result *bare, const struct run_result *virtual,
                         const char *what)
{
    word at = 0;

    while (at < RUN_RAM && bare->ram[at] == virtual->ram[at])
        at++;
    if (at < RUN_RAM)
        ck_abort_msg("%s: memory differs at %08x: %02x, not %02x", what, RAM_BASE + at,
                     virtual->ram[at], bare->ram[at]);
}

static void compare(const struct way *w, struct run_request *q, const char *kernel,
                    const char *name, bool memory)
{
    char cmdline[400];
    struct run_result bare = run(q);

    describe(cmdline, sizeof cmdline, w, kernel, name);
    q->program = GUEST_VMM;
    q->cmdline = cmdline;
    q->modules = modules;
    q->ram = RUN_HOST;
    q->vt = w->vt;
    q->npt = w->npt;
    struct run_result virtual = run(q);
    ck_assert_msg(bare.stop == STOP_HALTED && strlen(bare.console) > 8, "%s, bare", name);
    run_check_text(bare.console, virtual.console, cmdline);
    ck_assert_msg(virtual.stop == STOP_HALTED, "%s: %.200s", cmdline, virtual.messages);
    ck_assert_uint_eq(virtual.status, bare.status);
    ck_assert_uint_gt(virtual.exits, 0);
    ck_assert(virtual.intact);
    if (memory && !w->around)
        check_memory(&bare, &virtual, cmdline);
    run_free(&bare);
    run_free(&virtual);
}

/* ---- every kernel --------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool timed; /* its memory holds times */
} cases[] = {
    {"data_turns_into_a_table", false},
    {"upper_level_edits", false},
    {"root_is_used_again", false},
    {"recursive_tables", false},
    {"superpages_at_the_edges", false},
    {"traps_without_paging", false},
    {"rights_to_a_device", false},
    {"beyond_the_registers", false},
    {"changed_while_it_ran", true}, /* either of two outcomes */
    {"around_the_end", false},
    {"each_event_once", true},
    {"waking_up", true},
    {"dirty_again", false},
    {"code_that_changes_itself", false},
    {"code_with_two_addresses", false},
    {"code_that_was_chained", false},
    {"faults_in_the_middle", false},
    {"interrupted_loops", true},
};

START_TEST(no_kernel_finds_a_known_bug)
{
    unsigned i = (unsigned)_i % COUNT_OF(cases);
    const struct way *w = &ways[(unsigned)_i / COUNT_OF(cases)];
    struct run_request q = {.program = GUEST_BUGS,
                            .cmdline = cases[i].name,
                            .ram = RUN_RAM,
                            .classic = w->classic,
                            .divider = w->around ? SLOW : 0,
                            .steps = STEPS};

    compare(w, &q, "bugs", cases[i].name, !cases[i].timed);
}
END_TEST

/* With a TLB of one entry nothing that is stale is there by luck. */
START_TEST(nor_with_a_tlb_of_one_entry)
{
    unsigned i = (unsigned)_i % COUNT_OF(cases);
    const struct way *w = &ways[(unsigned)_i / COUNT_OF(cases)];
    struct run_request q = {.program = GUEST_BUGS,
                            .cmdline = cases[i].name,
                            .ram = RUN_RAM,
                            .classic = w->classic,
                            .tlb = 1,
                            .steps = STEPS};

    compare(w, &q, "bugs", cases[i].name, !cases[i].timed);
}
END_TEST

/* ---- 10: traps without end ------------------------------------------------------------------ */

static const char *const greedy[] = {"storm", "spin"};

/* Without an end and without an exit that the monitor asked for: the others have their turns. */
START_TEST(who_never_stops_leaves_time_to_the_others)
{
    static const struct run_module both[] = {
        {"bad", GUEST_MISBEHAVE}, {"good", GUEST_CONFORM}, {"vmm.elf", GUEST_VMM}, {NULL, NULL}};
    const struct way *w = &ways[(unsigned)_i / COUNT_OF(greedy)];
    char vms[256], cmdline[400];
    struct run_request q = {.program = GUEST_VMM,
                            .cmdline = cmdline,
                            .modules = both,
                            .ram = RUN_HOST,
                            .classic = w->classic,
                            .vt = w->vt,
                            .npt = w->npt,
                            .steps = STEPS / 8};

    snprintf(vms, sizeof vms,
             "vm=greedy technique=%s kernel=bad ram=2M cmdline=%s "
             "vm=good technique=%s kernel=good ram=8M cmdline=probes",
             w->technique, greedy[(unsigned)_i % COUNT_OF(greedy)], w->technique);
    snprintf(cmdline, sizeof cmdline,
             w->around
                 ? "vm=outer technique=%s kernel=vmm.elf modules=bad,good ram=32M cmdline={%s}"
                 : "%.0s%s",
             w->around ? w->around : "", vms);
    struct run_result r = run(&q);
    ck_assert_int_eq(r.stop, STOP_BUDGET);
    ck_assert_msg(strstr(r.messages, "good ended: it powered off with status 0 at pc ") != NULL,
                  "%s: %.200s", cmdline, r.messages);
    ck_assert_ptr_null(strstr(r.messages, "greedy ended"));
    run_free(&r);
}
END_TEST

/* ---- 18: the end of a large VM -------------------------------------------------------------- */

/* Its page tables lead to themselves, and it has most of the memory. */
START_TEST(the_end_of_a_large_vm_holds_nobody_up)
{
    static const struct run_module both[] = {
        {"bugs", GUEST_BUGS}, {"spin", GUEST_MISBEHAVE}, {NULL, NULL}};
    const struct way *w = &ways[_i];
    char cmdline[256];
    struct run_request q = {.program = GUEST_VMM,
                            .cmdline = cmdline,
                            .modules = both,
                            .ram = 2 * RUN_HOST,
                            .classic = w->classic,
                            .vt = w->vt,
                            .npt = w->npt,
                            .steps = STEPS / 32};

    snprintf(cmdline, sizeof cmdline,
             "vm=large technique=%s kernel=bugs ram=96M cmdline=recursive_tables "
             "vm=good technique=%s kernel=spin ram=2M cmdline=spin",
             w->technique, w->technique);
    struct run_result r = run(&q);
    ck_assert_int_eq(r.stop, STOP_BUDGET);
    ck_assert_ptr_nonnull(strstr(r.messages, "large ended: it powered off with status 0 at pc "));
    ck_assert_uint_lt(r.longest, SCHED_SLICE / 4);
    run_free(&r);
}
END_TEST

Suite *suite_vmm_bugs(void)
{
    Suite *s = suite_create("vmm_bugs");
    TCase *t = tcase_create("bugs");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, no_kernel_finds_a_known_bug, 0, COUNT_OF(cases) * COUNT_OF(ways));
    tcase_add_loop_test(t, nor_with_a_tlb_of_one_entry, 0,
                        COUNT_OF(cases) * (COUNT_OF(ways) - NESTED));
    tcase_add_loop_test(t, who_never_stops_leaves_time_to_the_others, 0,
                        COUNT_OF(greedy) * COUNT_OF(ways));
    tcase_add_loop_test(t, the_end_of_a_large_vm_holds_nobody_up, 0, COUNT_OF(ways) - NESTED);
    suite_add_tcase(s, t);
    return s;
}
