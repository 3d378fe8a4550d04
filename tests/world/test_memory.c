/*
 * Out of memory: whatever allocation fails, the call says so, nothing is lost, nothing crashes,
 * and afterwards the same call works. (That nothing leaks, the address sanitizer tells.)
 */
#include "isa/asm.h"
#include "isa/lines.h"
#include "machine/snapshot.h"
#include "tests/alloc.h"
#include "trace/counters.h"
#include "trace/recorder.h"
#include "world/timeline.h"
#include "world/world.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "build/guest/tests/programs/paging.elf"

static struct machine_config small(void)
{
    struct machine_config config = machine_config_default();

    config.ram_size = 1u << 20;
    return config;
}

static int build_machine(struct error *err)
{
    struct machine_config config = small();
    struct machine *m = NULL;
    int result = machine_new(&m, &config, err);

    if (result == 0)
        machine_free(m);
    return result;
}

static int read_image(struct error *err)
{
    struct image image;
    struct lines lines;
    int result = image_read(&image, PROGRAM, err);

    if (result != 0)
        return result;
    result = lines_read(&lines, &image, err);
    if (result == 0)
        lines_free(&lines);
    image_free(&image);
    return result;
}

static int assemble(struct error *err)
{
    static const char source[] = ".macro twice x\n addi \\x, \\x, 1\n addi \\x, \\x, 1\n.endm\n"
                                 ".equ five, 5\n_start: li a0, five\n1: twice a0\n"
                                 ".rept 3\n nop\n.endr\n bnez a0, 1b\n.data\nx: .word _start\n"
                                 ".asciz \"text\"\n";
    struct asm_result r;
    int result = asm_source(&r, "test.s", source, strlen(source), NULL, err);

    asm_result_free(&r);
    return result;
}

static int listen(struct error *err)
{
    struct counters *counters = NULL;
    struct recorder recorder;
    int result = recorder_init(&recorder, 1000, err);

    if (result != 0)
        return result;
    result = counters_new(&counters, err);
    counters_free(counters);
    recorder_fini(&recorder);
    return result;
}

static int take_snapshots(struct error *err)
{
    static const word program[] = {0x00112023, 0x00410113, 0xff9ff06f}; /* fills RAM from sp on */
    struct machine_config config = small();
    struct snapshot *first = NULL, *second = NULL;
    struct machine *m = NULL;
    int result = machine_new(&m, &config, err);

    if (result != 0)
        return result;
    struct cpu_regs regs = *machine_regs(m);
    regs.pc = RAM_BASE;
    regs.x[1] = 77;
    regs.x[2] = RAM_BASE + 0x1000;
    machine_set_regs(m, &regs);
    machine_write(m, RAM_BASE, program, sizeof program);
    machine_run(m, 9000);
    result = snapshot_take(&first, m, err);
    if (result == 0) {
        machine_run(m, 9000);
        result = snapshot_take(&second, m, err);
    }
    uint64_t digest = machine_digest(m);
    if (result == 0)
        result = snapshot_restore(first, m, err);
    if (result == 0)
        result = snapshot_restore(second, m, err);
    if (result == 0 && machine_digest(m) != digest)
        result = error_set(err, ERROR_check, "the machine is not what it was");
    snapshot_free(first);
    snapshot_free(second);
    machine_free(m);
    return result;
}

static int load_world(struct error *err)
{
    struct machine_config config = small();
    struct host_program program = {.image = PROGRAM, .cmdline = "quiet"};
    struct world *w = NULL;
    struct host *h = NULL;
    int result = world_new(&w, err);

    if (result == 0)
        result = world_add(w, "m", &config, &h, err);
    if (result == 0)
        result = host_load(h, &program, err);
    world_free(w);
    return result;
}

static int travel(struct error *err)
{
    struct machine_config config = small();
    struct host_program program = {.image = PROGRAM};
    struct world *w = NULL;
    struct host *h = NULL;
    int result = world_new(&w, err);

    if (result == 0)
        result = world_add(w, "m", &config, &h, err);
    if (result == 0)
        result = host_load(h, &program, err);
    if (result == 0)
        result = timeline_start(h, NULL, err);
    if (result == 0) {
        host_advance(h, 500);
        result = timeline_back(h, 100, err);
    }
    if (result == 0 && machine_icount(host_machine(h)) != 400)
        result = error_set(err, ERROR_check, "it is not where it should be");
    world_free(w);
    return result;
}

static const struct {
    const char *what;
    int (*try)(struct error *err);
    bool does_without; /* line numbers: a program without them can be run all the same */
} rows[] = {
    {"building a machine", build_machine, false},
    {"reading an image", read_image, false},
    {"assembling", assemble, false},
    {"recording", listen, false},
    {"taking snapshots", take_snapshots, false},
    {"loading into a world", load_world, true},
    {"going back in time", travel, true},
};

START_TEST(any_allocation_may_fail)
{
    int (*try)(struct error *) = rows[_i].try;
    struct error err;

    if (!alloc_can_fail())
        return;
    for (unsigned long n = 1;; n++) {
        err = (struct error){0};
        alloc_fail_at(n);
        int result = try(&err);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        if (!failed) {
            ck_assert_msg(result == 0, "%s: %s", rows[_i].what, err.text);
            ck_assert_msg(n > 1, "%s allocates nothing", rows[_i].what);
            return;
        }
        if (result == 0 && rows[_i].does_without)
            continue;
        ck_assert_msg(result != 0 && strstr(err.text, "memory"),
                      "%s, allocation %lu: error %d, '%s'", rows[_i].what, n, result, err.text);
    }
}
END_TEST

Suite *suite_world_memory(void);
Suite *suite_world_memory(void)
{
    Suite *s = suite_create("world_memory");
    TCase *c = tcase_create("memory");

    tcase_add_loop_test(c, any_allocation_may_fail, 0, COUNT_OF(rows));
    suite_add_tcase(s, c);
    return s;
}
