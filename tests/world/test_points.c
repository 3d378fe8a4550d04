/*
 * What a history keeps and what it refuses: snapshots as the host's work goes on, within a bound
 * of memory; new beginnings; questions that have no answer.
 */
#include "isa/csr.h"
#include "tests/world/travel.h"
#include "world/history.h"

#include <check.h>
#include <string.h>

static struct travel t;

static void setup(void)
{
    travel_init(&t);
}

static void teardown(void)
{
    travel_fini(&t);
}

START_TEST(what_cannot_be_is_refused_with_the_reason)
{
    struct host *h = travel_printing(&t);
    struct machine_config c = machine_config_default();
    struct host *writes;
    char name[TIMELINE_MARK_SIZE + 1];

    host_advance(h, 5);
    ck_assert_int_eq(timeline_back(h, 6, &t.err), ERROR_usage);
    ck_assert_ptr_nonnull(strstr(t.err.text, "only 5 steps"));
    ck_assert_int_eq(timeline_seek(h, 6, &t.err), ERROR_usage);
    ck_assert_ptr_nonnull(strstr(t.err.text, "has not been yet"));
    ck_assert_int_eq(timeline_start(h, NULL, &t.err), 0);
    ck_assert_int_eq(timeline_seek(h, 4, &t.err), ERROR_usage);
    ck_assert_ptr_nonnull(strstr(t.err.text, "begins at 5"));
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert_int_eq(timeline_mark(h, name, &t.err), ERROR_usage);
    ck_assert_int_eq(timeline_mark(h, "", &t.err), ERROR_usage);
    timeline_stop(h);
    ck_assert_int_eq(timeline_back(h, 1, &t.err), ERROR_usage);
    ck_assert_ptr_nonnull(strstr(t.err.text, "not recorded"));
    c.disk = t.disk;
    c.disk_writes = true;
    ck_assert_int_eq(world_add(t.world, "w", &c, &writes, &t.err), 0);
    ck_assert_int_eq(timeline_start(writes, NULL, &t.err), ERROR_usage);
    ck_assert(!timeline_on(writes));
}
END_TEST

START_TEST(loading_a_program_begins_a_new_history)
{
    struct host *h = travel_boot(&t, &travel_sessions[0]);
    struct host_program p = {.image = "build/guest/os.elf"};

    ck_assert_int_eq(timeline_start(h, NULL, &t.err), 0);
    host_advance(h, 5000);
    ck_assert_int_eq(timeline_mark(h, "here", &t.err), 0);
    ck_assert_int_eq(host_load(h, &p, &t.err), 0);
    ck_assert_uint_eq(timeline_last(h), 0);
    ck_assert_ptr_null(timeline_mark_name(h, 0, &(uint64_t){0}));
    host_advance(h, 100);
    ck_assert_int_eq(timeline_back(h, 100, &t.err), 0);
}
END_TEST

START_TEST(a_recording_may_begin_while_the_machine_waits)
{
    struct host *h = travel_boot(&t, &travel_sessions[0]);

    while (host_advance(h, TRAVEL_STEPS) != ADVANCE_INPUT)
        ;
    uint64_t first = machine_icount(host_machine(h)), waiting = travel_look(h);
    ck_assert_int_eq(timeline_start(h, NULL, &t.err), 0);
    host_advance(h, 1000); /* it still waits */
    ck_assert_uint_eq(travel_look(h), waiting);
    host_input(h, "hello\n", 6);
    uint64_t typed = travel_look(h);
    host_advance(h, 20000);
    uint64_t later = travel_look(h);
    ck_assert_int_eq(timeline_back(h, 20000, &t.err), 0);
    ck_assert_uint_eq(machine_icount(host_machine(h)), first);
    ck_assert_uint_eq(travel_look(h), typed);
    host_advance(h, 20000);
    ck_assert_uint_eq(travel_look(h), later);
}
END_TEST

START_TEST(too_much_from_outside_begins_a_new_history)
{
    struct host *h = travel_printing(&t);
    static uint8_t data[1 << 19];

    host_advance(h, 3);
    for (unsigned i = 0; i < 200; i++) {
        host_write(h, RAM_BASE + sizeof data, data, sizeof data);
        if (i % 50 == 0)
            host_advance(h, 1);
    }
    host_advance(h, 2);
    ck_assert(timeline_on(h));
    ck_assert_uint_gt(timeline_first(h), 3);
    ck_assert_uint_le(timeline_stats(h).entries, 130);
    ck_assert_int_eq(timeline_seek(h, 3, &t.err), ERROR_usage);
    ck_assert_int_eq(timeline_seek(h, timeline_first(h), &t.err), 0);
}
END_TEST

/* for (;;) for (p = RAM + 4096; p != RAM + 1 MiB; p += 4096) *p = ++n */
static const word dirty_code[] = {
    0x800012b7, /* lui t0, 0x80001 */
    0x80100337, /* lui t1, 0x80100 */
    0x000013b7, /* lui t2, 1 */
    0x00150513, /* addi a0, a0, 1 */
    0x00a2a023, /* sw a0, 0(t0) */
    0x007282b3, /* add t0, t0, t2 */
    0xfe629ae3, /* bne t0, t1, -12 */
    0xfe5ff06f, /* j -28 */
};

START_TEST(memory_stays_within_its_bound_and_so_does_the_way_back)
{
    struct machine_config c = machine_config_default();
    struct timeline_options options = {.spacing = 1000, .memory = 6 << 20};
    struct cpu_regs regs = {.pc = RAM_BASE};
    struct host *h;

    c.ram_size = 1 << 20;
    ck_assert_int_eq(world_add(t.world, NULL, &c, &h, &t.err), 0);
    machine_write(host_machine(h), RAM_BASE, dirty_code, sizeof dirty_code);
    machine_set_regs(host_machine(h), &regs);
    ck_assert_int_eq(timeline_start(h, &options, &t.err), 0);
    for (unsigned i = 0; i < 300; i++) {
        host_advance(h, 5000);
        ck_assert_uint_le(timeline_stats(h).bytes, options.memory);
    }
    ck_assert_uint_gt(timeline_stats(h).snapshots, 2);
    for (unsigned i = 0; i < 50; i++) {
        word before = travel_reg(h, 10), round;
        ck_assert_int_eq(timeline_back(h, 4000, &t.err), 0);
        round = before - travel_reg(h, 10); /* 4 steps each, and one more every 255 */
        ck_assert(round >= 995 && round <= 1000);
        ck_assert_uint_le(timeline_stats(h).bytes, options.memory);
    }
    ck_assert_int_eq(timeline_seek(h, 0, &t.err), 0);
    ck_assert_uint_eq(travel_reg(h, 10), 0);
}
END_TEST

/* Two programs that never end: one only counts, one is announced at every second step. */
static const struct {
    word code[3];
    uint64_t nearest, furthest; /* steps between two snapshots */
} workers[] = {
    {{0x00150513 /* addi a0, a0, 1 */, 0xffdff06f /* j -4 */}, 8000000, 8000000 + POINTS_LOOK},
    {{(word)CSR_tscratch << 20 | 0x51073 /* csrw tscratch, a0 */, 0xffdff06f /* j -4 */},
     800000,
     1600000},
};

START_TEST(a_snapshot_is_due_when_the_host_has_worked_for_a_while)
{
    struct machine_config c = machine_config_default();
    struct cpu_regs regs = {.pc = RAM_BASE};
    struct host *h;

    ck_assert_int_eq(world_add(t.world, NULL, &c, &h, &t.err), 0);
    machine_write(host_machine(h), RAM_BASE, workers[_i].code, sizeof workers[_i].code);
    machine_set_regs(host_machine(h), &regs);
    ck_assert_int_eq(timeline_start(h, NULL, &t.err), 0);
    host_advance(h, 3 * workers[_i].furthest);
    const struct points *p = &h->timeline->points;
    ck_assert_uint_ge(p->count, 3);
    uint64_t apart = p->at[p->count - 1].icount - p->at[p->count - 2].icount;
    ck_assert_uint_ge(apart, workers[_i].nearest);
    ck_assert_uint_le(apart, workers[_i].furthest);
    /* Behind the last of them as well, after going back there and on. */
    uint64_t last = p->at[p->count - 1].icount, end = machine_icount(host_machine(h));
    ck_assert_int_eq(timeline_seek(h, last + 10, &t.err), 0);
    host_write_reg(h, 20, 1);
    host_advance(h, end - last + workers[_i].furthest);
    apart = p->at[p->count - 1].icount - p->at[p->count - 2].icount;
    ck_assert_uint_ge(apart, workers[_i].nearest - POINTS_LOOK);
    ck_assert_uint_le(apart, workers[_i].furthest + POINTS_LOOK);
}
END_TEST

/* All RAM is written all the time, or one page: more to copy, more work before the next. */
START_TEST(who_writes_much_memory_has_fewer_snapshots)
{
    struct machine_config c = machine_config_default();
    struct cpu_regs regs = {.pc = RAM_BASE};
    uint64_t apart[2];

    for (unsigned writes = 0; writes < 2; writes++) {
        struct host *h;
        word limit = writes ? 0x81000337 : 0x80002337; /* lui t1, its end */

        ck_assert_int_eq(world_add(t.world, NULL, &c, &h, &t.err), 0);
        machine_write(host_machine(h), RAM_BASE, dirty_code, sizeof dirty_code);
        machine_write(host_machine(h), RAM_BASE + 4, &limit, sizeof limit);
        machine_set_regs(host_machine(h), &regs);
        ck_assert_int_eq(timeline_start(h, NULL, &t.err), 0);
        host_advance(h, 40000000);
        const struct points *p = &h->timeline->points;
        uint64_t work = 0;
        for (unsigned i = 1; i < p->count; i++)
            work = p->at[i].work > work ? p->at[i].work : work;
        apart[writes] = work;
        ck_assert_uint_le(timeline_stats(h).bytes, 4u * c.ram_size);
    }
    ck_assert_uint_gt(apart[1], apart[0]);
}
END_TEST

Suite *suite_world_points(void);
Suite *suite_world_points(void)
{
    Suite *s = suite_create("world_points");
    TCase *c = tcase_create("points");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, what_cannot_be_is_refused_with_the_reason);
    tcase_add_test(c, loading_a_program_begins_a_new_history);
    tcase_add_test(c, a_recording_may_begin_while_the_machine_waits);
    tcase_add_test(c, too_much_from_outside_begins_a_new_history);
    tcase_add_test(c, memory_stays_within_its_bound_and_so_does_the_way_back);
    tcase_add_loop_test(c, a_snapshot_is_due_when_the_host_has_worked_for_a_while, 0,
                        COUNT_OF(workers));
    tcase_add_test(c, who_writes_much_memory_has_fewer_snapshots);
    suite_add_tcase(s, c);
    return s;
}
