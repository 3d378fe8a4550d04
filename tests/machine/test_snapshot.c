/*
 * Snapshots, on the teaching OS at work with a disk: what follows a restore is what followed the
 * first time, to the last event and bit, whenever it was taken.
 */
#include "base/file.h"
#include "base/hash.h"
#include "isa/csr.h"
#include "machine/snapshot.h"
#include "tests/guests/os.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COARSE    (EVENT_ALL & ~(EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_mem)))
#define SNAPSHOTS 12

static const char work[] =
    "disk count\nprimes 9000\ndisk write 3 hello\nfaults\ndisk read 3\nls | wc\n";

/* All that was published, as a number. */
struct trail {
    struct trace_subscriber subscriber;
    uint64_t hash;
    uint64_t count;
};

static void follow(void *user, const struct event *e)
{
    struct trail *t = user;

    t->hash = hash_bytes(t->hash, e, sizeof(*e));
    t->count++;
}

static void trail_begin(struct trail *t, struct machine *m, uint32_t mask)
{
    *t = (struct trail){.subscriber = {.mask = mask, .fn = follow, .user = t}, .hash = HASH_START};
    trace_attach(machine_trace(m), &t->subscriber);
}

static void trail_end(struct trail *t, struct machine *m)
{
    trace_detach(machine_trace(m), &t->subscriber);
}

struct outcome {
    enum machine_stop stop;
    uint64_t events, event_count, digest, icount, cycle;
};

/* Runs until the OS waits again, in pieces of `slice` steps. */
static struct outcome finish(struct machine *m, uint64_t slice, uint32_t mask)
{
    struct outcome o = {.stop = STOP_BUDGET};
    struct trail t;

    trail_begin(&t, m, mask);
    while (o.stop == STOP_BUDGET && machine_icount(m) < OS_STEPS)
        o.stop = machine_run(m, slice);
    trail_end(&t, m);
    o.events = t.hash;
    o.event_count = t.count;
    o.digest = machine_digest(m);
    o.icount = machine_icount(m);
    o.cycle = machine_cycle(m);
    return o;
}

static void expect_same(const struct outcome *a, const struct outcome *b)
{
    ck_assert_int_eq(a->stop, b->stop);
    ck_assert(a->icount == b->icount);
    ck_assert(a->cycle == b->cycle);
    ck_assert(a->event_count == b->event_count);
    ck_assert(a->events == b->events);
    ck_assert(a->digest == b->digest);
}

static struct os_session os;
static struct machine *m;
static char path[] = "/tmp/trapeze-snapshot-XXXXXX";
static struct error err;

static struct machine_config config(void)
{
    struct machine_config c = machine_config_default();

    c.disk = path;
    c.tlb = 16;
    return c;
}

static void setup(void)
{
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, 64 * 512), 0);
    close(fd);
    struct machine_config c = config();
    os_start(&os, &c, "");
    ck_assert_int_eq(os.stop, STOP_INPUT);
    m = os.machine;
}

static void teardown(void)
{
    os_end(&os);
    unlink(path);
    memcpy(strrchr(path, '-') + 1, "XXXXXX", 6);
}

static struct snapshot *take(void)
{
    struct snapshot *s;

    ck_assert_msg(snapshot_take(&s, m, &err) == 0, "%s", err.text);
    return s;
}

static void restore(const struct snapshot *s, struct machine *to)
{
    ck_assert_msg(snapshot_restore(s, to, &err) == 0, "%s", err.text);
}

START_TEST(what_follows_a_restore_is_what_followed_the_first_time)
{
    struct snapshot *s[SNAPSHOTS];
    struct outcome after[SNAPSHOTS];
    uint64_t digest[SNAPSHOTS];
    unsigned n = 0;

    machine_input(m, work, strlen(work));
    for (; n < SNAPSHOTS; n++) {
        s[n] = take();
        digest[n] = machine_digest(m);
        ck_assert_uint_eq(snapshot_icount(s[n]), machine_icount(m));
        ck_assert_int_eq(machine_run(m, 10007 * (n + 1)), STOP_BUDGET);
    }
    /* From each on, once, then all again from the last to the first. */
    for (unsigned i = 0; i < n; i++) {
        restore(s[i], m);
        ck_assert(machine_digest(m) == digest[i]);
        after[i] = finish(m, UINT64_MAX, COARSE);
        ck_assert_int_eq(after[i].stop, STOP_INPUT);
        ck_assert(after[i].digest == after[0].digest);
    }
    for (unsigned i = n; i-- > 0;) {
        restore(s[i], m);
        struct outcome again = finish(m, 77777, COARSE);
        expect_same(&again, &after[i]);
        snapshot_free(s[i]);
    }
    ck_assert_uint_gt(after[0].event_count, 1000);
    ck_assert_ptr_nonnull(strstr(os.output, "hello"));
}
END_TEST

/* The hard mode: the machine is taken back to where it is after every few steps. */
START_TEST(a_run_that_is_restored_all_the_time_is_the_same_run)
{
    static const uint64_t slices[] = {1, 7, 997};
    struct snapshot *start;
    struct trail plain, hard;
    uint64_t steps = slices[_i] * 1200, digest;

    machine_input(m, work, strlen(work));
    start = take();
    trail_begin(&plain, m, EVENT_ALL);
    machine_run(m, steps);
    trail_end(&plain, m);
    digest = machine_digest(m);

    restore(start, m);
    trail_begin(&hard, m, EVENT_ALL);
    for (uint64_t done = 0; done < steps; done += slices[_i]) {
        struct snapshot *here = take();

        restore(start, m);
        restore(here, m);
        snapshot_free(here);
        ck_assert_int_eq(machine_run(m, slices[_i]), STOP_BUDGET);
    }
    trail_end(&hard, m);
    ck_assert(machine_digest(m) == digest);
    ck_assert(hard.count == plain.count);
    ck_assert(hard.hash == plain.hash);
    snapshot_free(start);
}
END_TEST

/* ---- what a session with the OS alone does not show ---- */

static void stop_at(void *user, const struct event *e)
{
    (void)e;
    machine_stop(user);
}

START_TEST(a_command_of_the_disk_goes_on_where_it_was)
{
    struct trace_subscriber stopper = {.mask = EVENT_BIT(EVENT_disk), .fn = stop_at, .user = m};

    trace_attach(machine_trace(m), &stopper);
    machine_input(m, work, strlen(work));
    ck_assert_int_eq(machine_run(m, OS_STEPS), STOP_REQUESTED);
    trace_detach(machine_trace(m), &stopper);
    struct snapshot *busy = take();
    struct outcome first = finish(m, UINT64_MAX, COARSE);
    restore(busy, m);
    struct outcome again = finish(m, UINT64_MAX, COARSE);
    expect_same(&again, &first);
    snapshot_free(busy);
}
END_TEST

START_TEST(decoded_code_goes_back_with_the_memory_it_came_from)
{
    static const word ones[] = {0x00150513, 0xffdff06f}; /* addi a0, a0, 1; j . - 4 */
    static const word twos[] = {0x00250513, 0xffdff06f};
    struct cpu_regs regs = *machine_regs(m);
    hpa code = RAM_BASE + 0xf00000;

    regs.pc = code;
    regs.x[10] = 0;
    regs.ring = regs.ptbr = regs.status = 0;
    ck_assert(machine_write(m, code, ones, sizeof(ones)));
    machine_set_regs(m, &regs);
    struct snapshot *s = take();
    machine_run(m, 100);
    ck_assert_uint_eq(machine_regs(m)->x[10], 50);
    ck_assert(machine_write(m, code, twos, sizeof(twos)));
    machine_run(m, 100);
    ck_assert_uint_eq(machine_regs(m)->x[10], 150);
    restore(s, m);
    machine_run(m, 100);
    ck_assert_uint_eq(machine_regs(m)->x[10], 50);
    snapshot_free(s);
}
END_TEST

static uint8_t *read_whole(const char *file, size_t *size)
{
    uint8_t *data;

    ck_assert_msg(file_read(file, "guest", 64u << 20, &data, size, &err) == 0, "%s", err.text);
    return data;
}

/* The same OS, as a guest of the monitor. */
static void load_monitor(struct machine *machine)
{
    struct machine_module modules[2] = {{.name = "os.elf"}, {.name = "programs"}};
    uint8_t *os_data = read_whole("build/guest/os.elf", &modules[0].size);
    uint8_t *pack = read_whole("build/guest/programs.pack", &modules[1].size);
    struct image image;

    modules[0].data = os_data;
    modules[1].data = pack;
    ck_assert_msg(image_read(&image, "build/guest/vmm.elf", &err) == 0, "%s", err.text);
    struct machine_program program = {
        &image, modules, 2, "vm=os technique=full ram=8M kernel=os.elf modules=programs disk=0"};
    ck_assert_msg(machine_load(machine, &program, &err) == 0, "%s", err.text);
    image_free(&image);
    free(os_data);
    free(pack);
}

START_TEST(a_monitor_and_its_guest_go_back_together)
{
    struct machine_config c = config();
    struct snapshot *s[4];
    struct outcome after[4];

    c.ram_size = 32u << 20;
    ck_assert_int_eq(machine_new(&m, &c, &err), 0);
    load_monitor(m);
    machine_input(m, "disk count\nhello\n", 17);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(machine_run(m, i ? 20011 : 800003), STOP_BUDGET);
        s[i] = take();
    }
    ck_assert_uint_eq(machine_contexts(m)->count, 2);
    for (unsigned i = 0; i < 4; i++) {
        restore(s[i], m);
        after[i] = finish(m, UINT64_MAX, COARSE);
        ck_assert_int_eq(after[i].stop, STOP_INPUT);
    }
    for (unsigned i = 4; i-- > 0;) {
        restore(s[i], m);
        struct outcome again = finish(m, 31337, COARSE);
        expect_same(&again, &after[i]);
        snapshot_free(s[i]);
    }
    machine_free(m);
}
END_TEST

START_TEST(what_was_done_from_outside_is_undone_too)
{
    struct snapshot *s = take();
    uint64_t before = machine_digest(m), value = 0x1122334455667788;
    struct cpu_regs regs = *machine_regs(m);

    ck_assert(machine_write(m, RAM_BASE + 0x7ffffc, &value, 8)); /* over the edge of a page */
    regs.x[5] ^= 1;
    regs.pc += 4;
    machine_set_regs(m, &regs);
    machine_csr_write(m, CSR_timecmp, 5);
    machine_input(m, "a line that is longer than the receive FIFO\n", 44);
    ck_assert(machine_digest(m) != before);
    restore(s, m);
    ck_assert(machine_digest(m) == before);
    machine_input(m, "no\n", 3);
    machine_input_end(m);
    machine_run(m, 1000000);
    restore(s, m);
    ck_assert(machine_digest(m) == before);
    snapshot_free(s);
}
END_TEST

START_TEST(written_sectors_go_back_and_forth)
{
    uint64_t empty = machine_disk_digest(m), written;
    struct snapshot *before = take(), *after;
    uint8_t sector[512];

    os_type(&os, "disk write 3 hello\n");
    written = machine_disk_digest(m);
    ck_assert(written != empty);
    after = take();
    restore(before, m);
    ck_assert(machine_disk_digest(m) == empty);
    os_type(&os, "disk write 3 other\n");
    ck_assert(machine_disk_read(m, 3, sector));
    ck_assert_mem_eq(sector, "other", 5);
    restore(after, m);
    ck_assert(machine_disk_digest(m) == written);
    ck_assert(machine_disk_read(m, 3, sector));
    ck_assert_mem_eq(sector, "hello", 5);
    snapshot_free(before);
    os_type(&os, "disk write 4 more\n");
    restore(after, m);
    ck_assert(machine_disk_digest(m) == written);
    snapshot_free(after);
}
END_TEST

START_TEST(the_end_of_a_machine_is_undone)
{
    struct snapshot *s = take();

    os_type(&os, "exit\n");
    ck_assert_int_eq(os.stop, STOP_HALTED);
    struct snapshot *ended = take();
    restore(s, m);
    ck_assert_int_eq(machine_state(m), MACHINE_READY);
    ck_assert_int_eq(machine_run(m, 10000), STOP_INPUT);
    restore(ended, m);
    ck_assert_int_eq(machine_run(m, 10000), STOP_HALTED);
    snapshot_free(s);
    snapshot_free(ended);
}
END_TEST

START_TEST(snapshots_share_what_has_not_changed)
{
    struct snapshot *first = take(), *second = take(), *third;
    word one = 1;

    ck_assert_uint_eq(snapshot_own_bytes(first), 0);
    ck_assert_uint_eq(snapshot_own_bytes(second), 0);
    for (unsigned page = 1; page <= 3; page++)
        ck_assert(machine_write(m, RAM_BASE + page * 4096, &one, 4));
    third = take();
    snapshot_free(first);
    ck_assert_uint_eq(snapshot_own_bytes(second), 3 * 4096);
    ck_assert_uint_eq(snapshot_own_bytes(third), 0);
    restore(second, m);
    ck_assert_uint_eq(snapshot_own_bytes(second), 0);
    ck_assert_uint_eq(snapshot_own_bytes(third), 3 * 4096);
    snapshot_free(second);
    snapshot_free(third);
}
END_TEST

START_TEST(a_twin_goes_on_like_the_machine_and_a_snapshot_outlives_it)
{
    struct machine_config c = config();
    struct machine *twin;
    struct snapshot *s;

    machine_input(m, work, strlen(work));
    machine_run(m, 50000);
    s = take();
    ck_assert_int_eq(machine_new(&twin, &c, &err), 0);
    restore(s, twin);
    ck_assert(machine_digest(twin) == machine_digest(m));
    struct outcome a = finish(m, UINT64_MAX, COARSE), b = finish(twin, UINT64_MAX, COARSE);
    expect_same(&a, &b);
    machine_free(twin);
    restore(s, m);
    a = finish(m, UINT64_MAX, COARSE);
    expect_same(&a, &b);
    ck_assert_int_eq(machine_new(&twin, &c, &err), 0);
    restore(s, twin);
    snapshot_free(s);
    s = NULL;
    ck_assert_int_eq(snapshot_take(&s, twin, &err), 0);
    machine_free(twin);
    restore(s, m);
    a = finish(m, UINT64_MAX, COARSE);
    expect_same(&a, &b);
    snapshot_free(s);
    snapshot_free(NULL);
}
END_TEST

START_TEST(another_description_is_refused)
{
    struct machine_config c[4];
    struct snapshot *s = take();

    for (unsigned i = 0; i < COUNT_OF(c); i++)
        c[i] = config();
    c[0].ram_size *= 2;
    c[1].tlb *= 2;
    c[2].cost.trap++;
    c[3].disk = NULL;
    for (unsigned i = 0; i < COUNT_OF(c); i++) {
        struct machine *other;

        ck_assert_int_eq(machine_new(&other, &c[i], &err), 0);
        uint64_t before = machine_digest(other);
        ck_assert_int_eq(snapshot_restore(s, other, &err), ERROR_usage);
        ck_assert_ptr_nonnull(strstr(err.text, "another description or disk"));
        ck_assert(machine_digest(other) == before);
        machine_free(other);
    }
    snapshot_free(s);
}
END_TEST

START_TEST(a_machine_that_writes_its_disk_file_is_refused)
{
    struct machine_config c = config();
    struct machine *other;
    struct snapshot *s;

    c.disk_writes = true;
    ck_assert_int_eq(machine_new(&other, &c, &err), 0);
    ck_assert_int_eq(snapshot_take(&s, other, &err), ERROR_usage);
    ck_assert_ptr_null(s);
    ck_assert_ptr_nonnull(strstr(err.text, "copy-on-write"));
    machine_free(other);
}
END_TEST

Suite *suite_machine_snapshot(void);
Suite *suite_machine_snapshot(void)
{
    Suite *s = suite_create("machine_snapshot");
    TCase *c = tcase_create("snapshot");

    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, what_follows_a_restore_is_what_followed_the_first_time);
    tcase_add_loop_test(c, a_run_that_is_restored_all_the_time_is_the_same_run, 0, 3);
    tcase_add_test(c, a_command_of_the_disk_goes_on_where_it_was);
    tcase_add_test(c, decoded_code_goes_back_with_the_memory_it_came_from);
    tcase_add_test(c, a_monitor_and_its_guest_go_back_together);
    tcase_add_test(c, what_was_done_from_outside_is_undone_too);
    tcase_add_test(c, written_sectors_go_back_and_forth);
    tcase_add_test(c, the_end_of_a_machine_is_undone);
    tcase_add_test(c, snapshots_share_what_has_not_changed);
    tcase_add_test(c, a_twin_goes_on_like_the_machine_and_a_snapshot_outlives_it);
    tcase_add_test(c, another_description_is_refused);
    tcase_add_test(c, a_machine_that_writes_its_disk_file_is_refused);
    suite_add_tcase(s, c);
    return s;
}
