/*
 * Resource control: whatever a kernel does, it reaches no memory but its own, does not stop the
 * monitor, and takes no other VM's time. Each seed is a kernel of random privileged
 * instructions and page tables, run beside one that must not notice.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/vmm/run.h"

Suite *suite_vmm_hostile(void);

#define SEEDS 32
#define STEPS 40000000u
#define GOOD  "good: "

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

static const char *const techniques[] = {"full", "assist", "npt"};

START_TEST(a_hostile_kernel_harms_nobody)
{
    static const struct run_module modules[] = {
        {"bad", GUEST_HOSTILE}, {"good", GUEST_CONFORM}, {NULL, NULL}};
    const char *victim = victims[(unsigned)_i % COUNT_OF(victims)];
    const char *technique = techniques[_i / SEEDS];
    int seed = _i % SEEDS;
    char cmdline[200];
    struct run_request q = {
        .program = GUEST_CONFORM, .cmdline = victim, .ram = RUN_RAM, .steps = STEPS};

    struct run_result bare = run(&q);
    snprintf(cmdline, sizeof cmdline,
             "vm=bad technique=%s kernel=bad ram=2M cmdline=%d "
             "vm=good technique=%s kernel=good ram=8M cmdline=%s",
             technique, seed, technique, victim);
    q = (struct run_request){.program = GUEST_VMM,
                             .cmdline = cmdline,
                             .modules = modules,
                             .ram = RUN_HOST,
                             .tlb = _i % 2 ? 4 : 0,
                             .npt = true,
                             .steps = STEPS};
    struct run_result r = run(&q);
    ck_assert_msg(r.stop == STOP_HALTED || r.stop == STOP_BUDGET, "%s: stop %d", cmdline, r.stop);
    ck_assert_msg(!strstr(r.messages, "internal error"), "%s: %.200s", cmdline, r.messages);
    ck_assert(r.intact);
    ck_assert_ptr_nonnull(strstr(r.messages, "good ended: it powered off with status 0 at pc "));
    only_of(r.console, GOOD, r.messages); /* reused: as large as the console */
    char *lines = bare.console;
    char *expected = bare.messages;
    for (; *lines; lines++)
        if (*lines != '\n')
            *expected++ = *lines;
    *expected = '\0';
    ck_assert(strcmp(r.messages, bare.messages) == 0);
    ck_assert(memcmp(r.ram, bare.ram, RUN_RAM) == 0);
    run_free(&bare);
    run_free(&r);
}
END_TEST

Suite *suite_vmm_hostile(void)
{
    Suite *s = suite_create("vmm_hostile");
    TCase *t = tcase_create("hostile");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, a_hostile_kernel_harms_nobody, 0, SEEDS * (int)COUNT_OF(techniques));
    suite_add_tcase(s, t);
    return s;
}
