/*
 * Random unprivileged programs against qemu-riscv32, an implementation that nobody here wrote:
 * all registers and all of the scratch buffer must be the same at the end. Skipped, with a
 * note, where qemu-riscv32 is not installed.
 *
 *   TRAPEZE_SEED=n    only this seed       TRAPEZE_SEEDS=n    that many
 */
#include "tests/machine/harness.h"
#include "tests/reference/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEEDS  24
#define LENGTH 4000 /* instructions of a program */
#define STEPS  2000000

/* What the program writes under qemu. False when it did not run to its end. */
static bool run_qemu(const struct user_program *p, uint8_t *out)
{
    char path[] = "/tmp/trapeze-random-XXXXXX", command[64];
    int fd = mkstemp(path);

    ck_assert_msg(fd >= 0, "no temporary file");
    ck_assert_int_eq(fchmod(fd, 0700), 0); /* qemu asks for the right to execute */
    close(fd);
    ck_assert_msg(user_write_elf(p, path), "%s cannot be written", path);
    snprintf(command, sizeof command, "qemu-riscv32 %s", path);
    FILE *f = popen(command, "r");
    ck_assert_ptr_nonnull(f);
    size_t got = fread(out, 1, USER_SCRATCH, f);
    int status = pclose(f);
    unlink(path);
    return status == 0 && got == USER_SCRATCH;
}

/* The same on our machine, in ring 3, in pieces, up to the first system call. */
static void run_machine(const struct user_program *p, struct rng *g, uint64_t seed, uint8_t *out)
{
    struct rig r;
    uint64_t steps = 0;

    rig_init(&r, rig_config());
    ck_assert(machine_write(r.m, USER_BASE, p->words, USER_SIZE));
    rig_pc(&r, USER_BASE);
    rig_ring(&r, 3);
    while (rig_regs(&r)->ring == 3 && steps < STEPS) {
        uint64_t piece = 1 + rng_below(g, 5000);

        rig_run(&r, piece);
        steps += piece;
    }
    ck_assert_msg(rig_regs(&r)->ring == 0 && rig_regs(&r)->cause == CAUSE_ecall_ring3,
                  "seed %llu: cause %u at %08x after %llu steps", (unsigned long long)seed,
                  rig_regs(&r)->cause, rig_regs(&r)->epc, (unsigned long long)steps);
    ck_assert(machine_read(r.m, USER_BASE + USER_CODE, out, USER_SCRATCH));
    rig_fini(&r);
}

static void compare(uint64_t seed)
{
    static uint8_t mine[USER_SCRATCH], theirs[USER_SCRATCH];
    static struct user_program p;
    struct rng g = rng_init(seed);

    user_generate(&p, &g, LENGTH);
    ck_assert_msg(run_qemu(&p, theirs), "seed %llu fails under qemu-riscv32",
                  (unsigned long long)seed);
    run_machine(&p, &g, seed, mine);
    for (unsigned n = 0; memcmp(mine, theirs, sizeof mine) != 0; n += 4) {
        word a, b;

        memcpy(&a, mine + n, 4);
        memcpy(&b, theirs + n, 4);
        if (a != b)
            ck_abort_msg("seed %llu: scratch + %03x (registers from %03x on): %08x, qemu %08x",
                         (unsigned long long)seed, n, USER_SCRATCH / 2 + 1920, a, b);
    }
}

START_TEST(random_programs_end_as_under_qemu)
{
    const char *only = getenv("TRAPEZE_SEED"), *count = getenv("TRAPEZE_SEEDS");
    uint64_t seeds = count ? strtoull(count, NULL, 0) : SEEDS;

    if (system("command -v qemu-riscv32 >/dev/null 2>&1") != 0) {
        fprintf(stderr, "note: qemu-riscv32 is not installed, nothing is compared with it\n");
        return;
    }
    if (only) {
        compare(strtoull(only, NULL, 0));
        return;
    }
    for (uint64_t seed = 1; seed <= seeds; seed++)
        compare(seed);
}
END_TEST

Suite *suite_machine_random(void);
Suite *suite_machine_random(void)
{
    Suite *s = suite_create("machine_random");
    TCase *c = tcase_create("random");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, random_programs_end_as_under_qemu);
    suite_add_tcase(s, c);
    return s;
}
