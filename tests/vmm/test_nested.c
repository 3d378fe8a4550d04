/*
 * Nesting: a kernel that uses hardware assist sees the same from its vmrun on a bare machine and
 * in a virtual one, at every depth; and what a hostile one could hope for does not come.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/vmm/run.h"

Suite *suite_vmm_nested(void);

#define STEPS           400000000u
#define SEEDS           16
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const cases[] = {
    "refusals", "intercepts", "registers",     "ports",        "injection",
    "pending",  "steps",      "nested_rights", "nested_walks", "nested_flushes",
    "waiting",  "own_leaves", "own_roots",
};

/* The machine's variant, also of the bare one, and what stands around the kernel. */
static const struct way {
    const char *name;
    const char *before, *behind; /* of the kernel's own VM and its case */
    bool npt;
    bool digest; /* is all that it prints */
} ways[] = {
    {"assist", "vm=k technique=assist nested=on ram=8M kernel=monitor cmdline=", "", false, false},
    {"npt", "vm=k technique=npt nested=on ram=8M kernel=monitor cmdline=", "", true, false},
    {"npt in npt",
     "vm=one technique=npt nested=on ram=32M kernel=vmm.elf modules=monitor "
     "cmdline={vm=k technique=npt nested=on ram=8M kernel=monitor cmdline=",
     "}", true, true},
    {"assist in assist",
     "vm=one technique=assist nested=on ram=32M kernel=vmm.elf modules=monitor "
     "cmdline={vm=k technique=assist nested=on ram=8M kernel=monitor cmdline=",
     "}", false, true},
};

static struct run_result run_bare(const struct way *w, const char *words)
{
    struct run_request q = {.program = GUEST_MONITOR,
                            .cmdline = words,
                            .ram = RUN_RAM,
                            .vt = true,
                            .npt = w->npt,
                            .divider = 1000,
                            .steps = STEPS};
    return run(&q);
}

static struct run_result run_virtual(const struct way *w, const char *words)
{
    static const struct run_module modules[] = {
        {"monitor", GUEST_MONITOR}, {"vmm.elf", GUEST_VMM}, {NULL, NULL}};
    char cmdline[300];
    struct run_request q = {.program = GUEST_VMM,
                            .cmdline = cmdline,
                            .modules = modules,
                            .ram = RUN_HOST,
                            .vt = true,
                            .npt = w->npt,
                            .divider = 1000,
                            .steps = STEPS};

    snprintf(cmdline, sizeof cmdline, "%s{%s}%s", w->before, words, w->behind);
    return run(&q);
}

/* The line in which two texts first differ, of each its first characters. */
static void check_text(const char *bare, const char *virtual, const char *way, const char *what)
{
    size_t at = 0, start = 0;

    for (; bare[at] && bare[at] == virtual[at]; at++)
        if (bare[at] == '\n')
            start = at + 1;
    ck_assert_msg(bare[at] == virtual[at], "%s, %s: not\n%.300s\nbut\n%.300s", way, what,
                  bare + start, virtual + start);
}

static void compare(const struct way *w, const char *what)
{
    char words[40];

    snprintf(words, sizeof words, "%s%s", w->digest ? "digest " : "", what);
    struct run_result bare = run_bare(w, words), virtual = run_virtual(w, words);

    ck_assert_int_eq(bare.stop, STOP_HALTED);
    ck_assert_uint_gt(strlen(bare.console), w->digest ? 8 : 400);
    check_text(bare.console, virtual.console, w->name, words);
    ck_assert_msg(virtual.stop == STOP_HALTED, "%s, %s: %.200s", w->name, words, virtual.messages);
    ck_assert_uint_eq(virtual.status, bare.status);
    ck_assert(virtual.intact);
    run_free(&bare);
    run_free(&virtual);
}

START_TEST(a_monitor_cannot_tell_that_it_is_virtual)
{
    compare(&ways[(unsigned)_i / COUNT_OF(cases)], cases[(unsigned)_i % COUNT_OF(cases)]);
}
END_TEST

/* 300 VMCBs a seed: words that are good by themselves, in any combination. */
START_TEST(random_vmcbs_have_the_same_outcome)
{
    char words[20];

    snprintf(words, sizeof words, "random %d", _i % SEEDS);
    compare(&ways[_i / SEEDS], words);
}
END_TEST

/* 300 pairs of tables a seed. (Without nested paging each is refused, alike.) */
START_TEST(random_tables_under_random_tables_have_the_same_outcome)
{
    char words[20];

    snprintf(words, sizeof words, "nested_random %d", _i % SEEDS);
    compare(&ways[_i / SEEDS], words);
}
END_TEST

Suite *suite_vmm_nested(void)
{
    Suite *s = suite_create("vmm_nested");
    TCase *t = tcase_create("nested");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, a_monitor_cannot_tell_that_it_is_virtual, 0,
                        COUNT_OF(cases) * COUNT_OF(ways));
    tcase_add_loop_test(t, random_vmcbs_have_the_same_outcome, 0, SEEDS * (int)COUNT_OF(ways));
    tcase_add_loop_test(t, random_tables_under_random_tables_have_the_same_outcome, 0,
                        SEEDS * (int)COUNT_OF(ways));
    suite_add_tcase(s, t);
    return s;
}
