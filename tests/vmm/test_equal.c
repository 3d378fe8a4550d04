/*
 * Equivalence: what a kernel prints, what it leaves in memory and on the disk is the same on a
 * bare machine and under the monitor.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/vmm/run.h"

Suite *suite_vmm_equal(void);

#define STEPS 400000000u
#define SEEDS 24

static void check_equal(const struct run_result *bare, const struct run_result *virtual,
                        const char *what)
{
    run_check_text(bare->console, virtual->console, what);
    ck_assert_msg(virtual->stop == bare->stop, "%s: %.200s", what, virtual->messages);
    ck_assert_uint_eq(virtual->status, bare->status);
    ck_assert_uint_eq(virtual->disk, bare->disk);
}

/* ---- techniques ---------------------------------------------------------------------------- */

static const struct way {
    const char *technique;
    bool classic;       /* the machine, bare and under the monitor */
    bool counts_as_one; /* one instruction of the guest retires as one */
    bool vt, npt;       /* what the machine under the monitor has besides */
} ways[] = {
    {"full", false, true, false, false},  {"bt", true, false, false, false},
    {"assist", false, true, true, false}, {"npt", false, true, true, true},
    {"assist", true, true, true, false},  {"npt", true, true, true, true},
};

/* ---- the conforming kernel, and what is hard to translate ---------------------------------- */

static char disk_path[] = "/tmp/trapeze-vmm-disk-XXXXXX";

static const struct {
    const char *name;
    bool memory;        /* no time in it: memory must be the same too */
    const char *kernel; /* NULL: the conforming one */
    const char *disk;   /* NULL: none */
} cases[] = {
    {"every_instruction", true, NULL, NULL},
    {"registers", true, NULL, NULL},
    {"counters", false, NULL, NULL},
    {"steps", true, NULL, NULL},
    {"every_leaf", true, NULL, NULL},
    {"marks", true, NULL, NULL},
    {"wild_tables", true, NULL, NULL},
    {"edges", true, NULL, NULL},
    {"reach", true, NULL, NULL},
    {"tables_of_tables", true, NULL, NULL},
    {"many_spaces", true, NULL, NULL},
    {"whole_address_space", true, NULL, NULL},
    {"trap_root", true, NULL, NULL},
    {"probes", true, NULL, NULL},
    {"widths", true, NULL, NULL},
    {"interrupts", false, NULL, NULL},
    {"own_unit", true, GUEST_TRANSLATE, NULL},
    {"across_a_page", true, GUEST_TRANSLATE, NULL},
    {"alias", true, GUEST_TRANSLATE, NULL},
    {"chained", true, GUEST_TRANSLATE, NULL},
    {"other_page", true, GUEST_TRANSLATE, NULL},
    {"from_disk", true, GUEST_TRANSLATE, disk_path},
    {"control_registers", false, GUEST_TRANSLATE, NULL},
    {"jumps", false, GUEST_TRANSLATE, NULL},
    {"faults", false, GUEST_TRANSLATE, NULL},
    {"high_addresses", false, GUEST_TRANSLATE, NULL},
    {"much_code", true, GUEST_TRANSLATE, NULL},
    {"holes", true, GUEST_TRANSLATE, NULL},
    {"interrupted_loops", false, GUEST_TRANSLATE, NULL},
};

static void make_disk(void)
{
    int fd = mkstemp(disk_path);
    uint8_t sector[512];

    ck_assert_int_ge(fd, 0);
    for (unsigned i = 0; i < 256; i++) {
        for (unsigned n = 0; n < sizeof sector; n++)
            sector[n] = (uint8_t)(i * 7 + n * 3);
        ck_assert_int_eq(write(fd, sector, sizeof sector), sizeof sector);
    }
    close(fd);
}

static void remove_disk(void)
{
    unlink(disk_path);
}

static const char *kernel_of(unsigned n)
{
    return cases[n].kernel ? cases[n].kernel : GUEST_CONFORM;
}

static struct run_result run_bare(unsigned n, const struct way *w)
{
    struct run_request q = {.program = kernel_of(n),
                            .cmdline = cases[n].name,
                            .disk = cases[n].disk,
                            .ram = RUN_RAM,
                            .classic = w->classic,
                            .steps = STEPS};
    return run(&q);
}

/* `words` of the command line, about the VM. */
static struct run_result run_virtual(unsigned n, const struct way *w, uint32_t tlb,
                                     const char *words)
{
    const struct run_module modules[] = {{"k", kernel_of(n)}, {NULL, NULL}};
    char cmdline[128];
    struct run_request q = {.program = GUEST_VMM,
                            .cmdline = cmdline,
                            .modules = modules,
                            .disk = cases[n].disk,
                            .ram = RUN_HOST,
                            .tlb = tlb,
                            .classic = w->classic,
                            .vt = w->vt,
                            .npt = w->npt,
                            .steps = STEPS};

    snprintf(cmdline, sizeof cmdline, "vm=t technique=%s kernel=k ram=8M %s%scmdline=%s",
             w->technique, words, cases[n].disk ? "disk=0 " : "", cases[n].name);
    return run(&q);
}

static word first_difference(const uint8_t *a, const uint8_t *b)
{
    word at = 0;

    while (at < RUN_RAM && a[at] == b[at])
        at++;
    return at;
}

static void compare_case(unsigned i, uint32_t tlb, const char *words)
{
    const struct way *w = &ways[i / COUNT_OF(cases)];
    unsigned n = i % COUNT_OF(cases);
    const char *name = cases[n].name;
    char what[64];

    if (strcmp(name, "counters") == 0 && !w->counts_as_one)
        return;
    snprintf(what, sizeof what, "%s under %s", name, w->technique);
    if (cases[n].disk)
        make_disk();
    struct run_result bare = run_bare(n, w), virtual = run_virtual(n, w, tlb, words);
    ck_assert_int_eq(bare.stop, STOP_HALTED);
    ck_assert_uint_gt(strlen(bare.console), 8);
    ck_assert_uint_gt(virtual.exits, 0);
    check_equal(&bare, &virtual, what);
    word at = cases[n].memory ? first_difference(bare.ram, virtual.ram) : RUN_RAM;
    if (at < RUN_RAM)
        ck_abort_msg("%s: memory differs at %08x: %02x, not %02x", what, RAM_BASE + at,
                     virtual.ram[at], bare.ram[at]);
    run_free(&bare);
    run_free(&virtual);
}

START_TEST(a_kernel_cannot_tell_that_it_is_virtual)
{
    compare_case((unsigned)_i, 0, "");
}
END_TEST

/* A TLB of one entry hides nothing that is stale, and holds nothing for long. */
START_TEST(nor_with_a_tlb_of_one_entry)
{
    compare_case((unsigned)_i, 1, "");
}
END_TEST

/* Each page gets its frame in the middle of whatever needs it first: a walk, a store, a fetch. */
START_TEST(nor_with_memory_that_comes_when_it_is_wanted)
{
    compare_case((unsigned)_i, 0, "min=1M share=on ");
}
END_TEST

/* Random straight code on random page tables: what 1500 traps left must be the same. */
START_TEST(random_code_and_tables_have_the_same_outcome)
{
    static const struct run_module modules[] = {{"k", GUEST_HOSTILE}, {NULL, NULL}};
    const struct way *w = &ways[_i / SEEDS];
    char orderly[32], cmdline[128];
    struct run_request q = {.program = GUEST_HOSTILE,
                            .cmdline = orderly,
                            .ram = RUN_RAM,
                            .classic = w->classic,
                            .steps = STEPS};

    snprintf(orderly, sizeof orderly, "orderly %d", _i % SEEDS);
    struct run_result bare = run(&q);
    snprintf(cmdline, sizeof cmdline, "vm=t technique=%s kernel=k ram=8M cmdline={%s}",
             w->technique, orderly);
    q.program = GUEST_VMM;
    q.cmdline = cmdline;
    q.modules = modules;
    q.ram = RUN_HOST;
    q.vt = w->vt;
    q.npt = w->npt;
    struct run_result virtual = run(&q);
    ck_assert_int_eq(bare.stop, STOP_HALTED);
    ck_assert_uint_eq(strlen(bare.console), 9);
    check_equal(&bare, &virtual, orderly);
    run_free(&bare);
    run_free(&virtual);
}
END_TEST

/* ---- the operating system ------------------------------------------------------------------ */

static const struct session {
    const char *name;
    const char *const *lines;
    const char *disk; /* NULL: one without files */
} sessions[] = {
    {.name = "words",
     .lines = (const char *const[]){"hello\n", "echo one two  three\n", "ls\n", "cat motd\n",
                                    "cat motd | wc\n", "exit\n", NULL}},
    {.name = "work",
     .lines = (const char *const[]){"primes\n", "syscalls\n", "faults\n", "exit\n", NULL}},
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

static void compare_session(unsigned i, const char *words)
{
    static const struct run_module bare_modules[] = {{"programs", GUEST_PROGRAMS}, {NULL, NULL}};
    static const struct run_module modules[] = {
        {"os.elf", GUEST_OS}, {"programs", GUEST_PROGRAMS}, {NULL, NULL}};
    const struct session *n = &sessions[i % COUNT_OF(sessions)];
    const struct way *w = &ways[i / COUNT_OF(sessions)];
    char cmdline[100];
    struct run_request q = {.program = GUEST_OS,
                            .modules = bare_modules,
                            .lines = n->lines,
                            .disk = n->disk ? n->disk : disk_path,
                            .ram = RUN_RAM,
                            .classic = w->classic,
                            .steps = STEPS};

    make_disk();
    struct run_result bare = run(&q);
    q.program = GUEST_VMM;
    snprintf(cmdline, sizeof cmdline,
             "vm=os technique=%s kernel=os.elf modules=programs ram=8M disk=0 %s", w->technique,
             words);
    q.cmdline = cmdline;
    q.modules = modules;
    q.ram = RUN_HOST;
    q.vt = w->vt;
    q.npt = w->npt;
    struct run_result virtual = run(&q);
    ck_assert_int_eq(bare.stop, STOP_HALTED);
    check_equal(&bare, &virtual, n->name);
    run_free(&bare);
    run_free(&virtual);
}

START_TEST(the_os_does_the_same_bare_and_virtual)
{
    compare_session((unsigned)_i, "");
}
END_TEST

/* At each prompt the monitor finds the pages that are equal; then they are written again. */
START_TEST(the_os_does_the_same_on_memory_that_is_shared)
{
    compare_session((unsigned)_i, "min=1M share=on");
}
END_TEST

/*
 * A monitor is a kernel like any other (Popek and Goldberg's second theorem), where nothing
 * depends on time: so time runs slowly here, or the innermost kernel would have its next tick
 * before it has answered the last.
 */
static const struct {
    const char *name, *cmdline;
    const char *kernel_case; /* of the conforming kernel; NULL: the OS */
    bool vt, npt, classic;
} nested[] = {
    {"two deep",
     "vm=one kernel=vmm.elf ram=32M modules=os.elf,programs "
     "cmdline={vm=os ram=8M modules=programs}",
     NULL, false, false, false},
    {"three deep",
     "vm=one kernel=vmm.elf ram=48M modules=vmm.elf,os.elf,programs "
     "cmdline={vm=two kernel=vmm.elf ram=32M modules=os.elf,programs "
     "cmdline={vm=os ram=8M modules=programs}}",
     NULL, false, false, false},
    {"two deep",
     "vm=one kernel=vmm.elf ram=32M modules=conform cmdline={vm=c kernel=conform ram=8M "
     "cmdline=every_instruction}",
     "every_instruction", false, false, false},
    {"three deep",
     "vm=one kernel=vmm.elf ram=48M modules=vmm.elf,conform cmdline={vm=two kernel=vmm.elf "
     "ram=32M modules=conform cmdline={vm=c kernel=conform ram=8M cmdline=steps}}",
     "steps", false, false, false},
    {"two deep",
     "vm=one kernel=vmm.elf ram=32M modules=conform cmdline={vm=c kernel=conform ram=8M "
     "cmdline=every_leaf}",
     "every_leaf", false, false, false},
    {"full in assist",
     "vm=one technique=assist kernel=vmm.elf ram=32M modules=os.elf,programs "
     "cmdline={vm=os ram=8M modules=programs}",
     NULL, true, false, false},
    {"full in assist",
     "vm=one technique=assist kernel=vmm.elf ram=32M modules=conform cmdline={vm=c kernel=conform "
     "ram=8M cmdline=every_instruction}",
     "every_instruction", true, false, false},
    {"assist in assist",
     "vm=one technique=assist nested=on kernel=vmm.elf ram=32M modules=os.elf,programs "
     "cmdline={vm=os technique=assist ram=8M modules=programs}",
     NULL, true, false, false},
    {"assist in assist in assist",
     "vm=one technique=assist nested=on kernel=vmm.elf ram=48M modules=vmm.elf,os.elf,programs "
     "cmdline={vm=two technique=assist nested=on kernel=vmm.elf ram=32M modules=os.elf,programs "
     "cmdline={vm=os technique=assist ram=8M modules=programs}}",
     NULL, true, false, false},
    {"full in npt",
     "vm=one technique=npt kernel=vmm.elf ram=32M modules=os.elf,programs "
     "cmdline={vm=os ram=8M modules=programs}",
     NULL, true, true, false},
    {"binary translation in npt",
     "vm=one technique=npt kernel=vmm.elf ram=32M modules=os.elf,programs "
     "cmdline={vm=os technique=bt ram=8M modules=programs}",
     NULL, true, true, true},
    {"binary translation in trap and emulate",
     "vm=one kernel=vmm.elf ram=32M modules=os.elf,programs "
     "cmdline={vm=os technique=bt ram=8M modules=programs}",
     NULL, false, false, false},
    {"binary translation in binary translation",
     "vm=one technique=bt kernel=vmm.elf ram=32M modules=os.elf,programs "
     "cmdline={vm=os technique=bt ram=8M modules=programs}",
     NULL, false, false, true},
    {"binary translation in binary translation",
     "vm=one technique=bt kernel=vmm.elf ram=32M modules=conform cmdline={vm=c technique=bt "
     "kernel=conform ram=8M cmdline=probes}",
     "probes", false, false, true},
    {"binary translation in binary translation",
     "vm=one technique=bt kernel=vmm.elf ram=32M modules=conform cmdline={vm=c technique=bt "
     "kernel=conform ram=8M cmdline=steps}",
     "steps", false, false, true},
    {"assist in npt",
     "vm=one technique=npt nested=on kernel=vmm.elf ram=32M modules=os.elf,programs "
     "cmdline={vm=os technique=assist ram=8M modules=programs}",
     NULL, true, true, false},
    {"npt in npt",
     "vm=one technique=npt nested=on kernel=vmm.elf ram=32M modules=os.elf,programs "
     "cmdline={vm=os technique=npt ram=8M modules=programs}",
     NULL, true, true, false},
    {"npt in npt in npt",
     "vm=one technique=npt nested=on kernel=vmm.elf ram=48M modules=vmm.elf,os.elf,programs "
     "cmdline={vm=two technique=npt nested=on kernel=vmm.elf ram=32M modules=os.elf,programs "
     "cmdline={vm=os technique=npt ram=8M modules=programs}}",
     NULL, true, true, false},
};

/* Each case of the conforming kernel, two deep. */
static const struct nesting {
    const char *outer, *inner;
    bool vt, npt;
} nestings[] = {
    {"assist", "assist", true, false}, {"npt", "assist", true, true}, {"npt", "npt", true, true}};

START_TEST(a_kernel_cannot_tell_that_its_monitor_is_a_guest)
{
    static const struct run_module modules[] = {
        {"vmm.elf", GUEST_VMM}, {"conform", GUEST_CONFORM}, {NULL, NULL}};
    const struct nesting *n = &nestings[(unsigned)_i / COUNT_OF(cases)];
    const char *name = cases[(unsigned)_i % COUNT_OF(cases)].name;
    char cmdline[300];
    struct run_request q = {
        .program = GUEST_CONFORM, .cmdline = name, .ram = RUN_RAM, .divider = 1000, .steps = STEPS};

    struct run_result bare = run(&q);
    snprintf(cmdline, sizeof cmdline,
             "vm=one technique=%s nested=on kernel=vmm.elf ram=32M modules=conform "
             "cmdline={vm=c technique=%s kernel=conform ram=8M cmdline=%s}",
             n->outer, n->inner, name);
    q.program = GUEST_VMM;
    q.cmdline = cmdline;
    q.modules = modules;
    q.ram = RUN_HOST;
    q.vt = n->vt;
    q.npt = n->npt;
    struct run_result virtual = run(&q);
    ck_assert_int_eq(bare.stop, STOP_HALTED);
    check_equal(&bare, &virtual, cmdline);
    run_free(&bare);
    run_free(&virtual);
}
END_TEST

START_TEST(a_monitor_runs_inside_itself)
{
    static const struct run_module modules[] = {{"vmm.elf", GUEST_VMM},
                                                {"os.elf", GUEST_OS},
                                                {"programs", GUEST_PROGRAMS},
                                                {"conform", GUEST_CONFORM},
                                                {NULL, NULL}};
    static const char *const lines[] = {"hello\n", "misbehave\n", "exit 4\n", NULL};
    bool os = !nested[_i].kernel_case;
    struct run_request q = {.program = os ? GUEST_OS : GUEST_CONFORM,
                            .cmdline = nested[_i].kernel_case,
                            .modules = modules + 2, /* the OS's own */
                            .lines = os ? lines : NULL,
                            .ram = RUN_RAM,
                            .divider = 1000,
                            .classic = nested[_i].classic,
                            .steps = STEPS};

    struct run_result bare = run(&q);
    q.program = GUEST_VMM;
    q.vt = nested[_i].vt;
    q.npt = nested[_i].npt;
    q.cmdline = nested[_i].cmdline;
    q.modules = modules;
    q.ram = RUN_HOST;
    struct run_result virtual = run(&q);
    ck_assert_int_eq(bare.stop, STOP_HALTED);
    check_equal(&bare, &virtual, nested[_i].name);
    run_free(&bare);
    run_free(&virtual);
}
END_TEST

Suite *suite_vmm_equal(void)
{
    Suite *s = suite_create("vmm_equal");
    TCase *t = tcase_create("kernel");
    TCase *os = tcase_create("os");

    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, NULL, remove_disk);
    tcase_add_loop_test(t, a_kernel_cannot_tell_that_it_is_virtual, 0,
                        COUNT_OF(cases) * COUNT_OF(ways));
    tcase_add_loop_test(t, nor_with_a_tlb_of_one_entry, 0, COUNT_OF(cases) * COUNT_OF(ways));
    tcase_add_loop_test(t, nor_with_memory_that_comes_when_it_is_wanted, 0,
                        COUNT_OF(cases) * COUNT_OF(ways));
    tcase_add_loop_test(t, random_code_and_tables_have_the_same_outcome, 0, SEEDS * COUNT_OF(ways));
    suite_add_tcase(s, t);
    tcase_set_timeout(os, 120);
    tcase_add_checked_fixture(os, NULL, remove_disk);
    tcase_add_loop_test(os, the_os_does_the_same_bare_and_virtual, 0,
                        COUNT_OF(sessions) * COUNT_OF(ways));
    tcase_add_loop_test(os, the_os_does_the_same_on_memory_that_is_shared, 0,
                        COUNT_OF(sessions) * COUNT_OF(ways));
    tcase_add_loop_test(os, a_monitor_runs_inside_itself, 0, COUNT_OF(nested));
    tcase_add_loop_test(os, a_kernel_cannot_tell_that_its_monitor_is_a_guest, 0,
                        COUNT_OF(cases) * COUNT_OF(nestings));
    suite_add_tcase(s, os);
    return s;
}
