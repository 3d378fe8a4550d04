/*
 * Resource control: whatever a kernel does, it reaches no memory but its own, does not stop the
 * monitor, and takes no other VM's time. Each seed is a kernel of random privileged
 * instructions and page tables, or two of random hypercalls, run beside one that must not notice.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/vmm/run.h"
#include "vmm/sched.h"

Suite *suite_vmm_hostile(void);

#define GUESTS     200 /* TRAPEZE_SEEDS says otherwise */
#define GUEST_PARA "build/guest/tests/vmm/para.elf"
#define STEPS      60000000u
#define GOOD       "good: "
#define SLICES     3 /* that the one may be ahead of the other, with equal weights */

#define HOSTILE    "vm=bad technique=%s kernel=bad ram=2M disk=0 virtio=on cmdline={virtio %d} "
#define STORMY                                                                                     \
    "vm=bad technique=%s kernel=para ram=2M disk=0 cmdline=%d "                                    \
    "vm=worse technique=para kernel=para ram=2M cmdline=again "

/* The VMs run by a technique, and perhaps on memory that comes when it is wanted; `around`: inside
 * a VM of another monitor, run by that. Two that are paravirtual grant each other pages. */
static const struct way {
    const char *technique, *around;
    bool classic, vt, npt, para;
} ways[] = {
    {.technique = "full"},
    {.technique = "bt", .classic = true},
    {.technique = "assist", .vt = true},
    {.technique = "npt", .vt = true, .npt = true},
    {.technique = "assist nested=on", .vt = true},
    {.technique = "npt nested=on", .vt = true, .npt = true},
    {.technique = "full min=1M share=on"},
    {.technique = "bt min=1M share=on", .classic = true},
    {.technique = "assist min=1M share=on", .vt = true},
    {.technique = "npt min=1M share=on", .vt = true, .npt = true},
    {.technique = "full", .around = "full"},
    {.technique = "full", .around = "npt", .vt = true, .npt = true},
    {.technique = "para", .para = true},
    {.technique = "para", .around = "npt", .vt = true, .npt = true, .para = true},
};

static const char *const victims[] = {"tables_of_tables", "trap_root", "edges", "probes"};

/* The characters of the lines of one VM, without the ends of lines, which switches add. */
static void only_of(const char *console, const char *prefix, char *out)
{
    while (*console) {
        size_t length = strcspn(console, "\n"), skip = strlen(prefix);
        if (strncmp(console, prefix, skip) == 0 && length >= skip) {
            memcpy(out, console + skip, length - skip);
            out += length - skip;
        }
        console += length + (console[length] == '\n');
    }
    *out = '\0';
}

static struct run_result run_beside(const struct way *w, const char *victim, int seed)
{
    static const struct run_module modules[] = {{"bad", GUEST_HOSTILE},
                                                {"good", GUEST_CONFORM},
                                                {"para", GUEST_PARA},
                                                {"vmm.elf", GUEST_VMM},
                                                {NULL, NULL}};
    char vms[320], cmdline[480];
    int length = snprintf(vms, sizeof vms, w->para ? STORMY : HOSTILE, w->technique, seed);

    snprintf(vms + length, sizeof vms - (size_t)length,
             "vm=good technique=%s kernel=good ram=8M cmdline=%s", w->para ? "full" : w->technique,
             victim);
    snprintf(cmdline, sizeof cmdline,
             w->around ? "vm=outer technique=%s kernel=vmm.elf modules=bad,good,para ram=24M "
                         "disk=0 cmdline={%s}"
                       : "%.0s%s",
             w->around ? w->around : "", vms);
    struct run_request q = {.program = GUEST_VMM,
                            .cmdline = cmdline,
                            .modules = modules,
                            .disk = "build/guest/disk.img",
                            .ram = RUN_HOST,
                            .tlb = seed % 2 ? 4 : 0,
                            .classic = w->classic,
                            .vt = w->vt,
                            .npt = w->npt,
                            .steps = STEPS};
    return run(&q);
}

/* Its lines without their ends, which switches between VMs add. */
static void join_lines(const char *text, char *out)
{
    for (; *text; text++)
        if (*text != '\n')
            *out++ = *text;
    *out = '\0';
}

START_TEST(a_hostile_kernel_harms_nobody)
{
    const struct way *w = &ways[(unsigned)_i % COUNT_OF(ways)];
    const char *victim = victims[(unsigned)_i / COUNT_OF(ways) % COUNT_OF(victims)];
    struct run_request alone = {.program = GUEST_CONFORM,
                                .cmdline = victim,
                                .ram = RUN_RAM,
                                .classic = w->classic,
                                .steps = STEPS};
    struct run_result bare = run(&alone);
    struct run_result r = run_beside(w, victim, _i);
    unsigned good = w->para ? 3 : 2;

    ck_assert_msg(r.stop == STOP_HALTED || r.stop == STOP_BUDGET, "seed %d: stop %d", _i, r.stop);
    ck_assert_msg(!strstr(r.messages, "internal error"), "seed %d: %.200s", _i, r.messages);
    ck_assert(r.intact);
    ck_assert_msg(strstr(r.messages, "good ended: it powered off with status 0 at pc ") != NULL,
                  "seed %d, %s: %.300s", _i, w->technique, r.messages);
    only_of(r.console, GOOD, r.messages); /* reused: as large as the console */
    join_lines(bare.console, bare.messages);
    ck_assert_str_eq(r.messages, bare.messages);
    if (!w->around) {
        ck_assert(memcmp(r.ram, bare.ram, RUN_RAM) == 0);
        for (unsigned bad = 1; bad < good; bad++)
            ck_assert_uint_le(r.had_then[bad], r.had_then[good] + SLICES * SCHED_SLICE);
    }
    run_free(&bare);
    run_free(&r);
}
END_TEST

Suite *suite_vmm_hostile(void)
{
    const char *seeds = getenv("TRAPEZE_SEEDS");
    Suite *s = suite_create("vmm_hostile");
    TCase *t = tcase_create("hostile");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, a_hostile_kernel_harms_nobody, 0, seeds ? atoi(seeds) : GUESTS);
    suite_add_tcase(s, t);
    return s;
}
