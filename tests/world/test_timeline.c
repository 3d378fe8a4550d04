/*
 * Time travel, on the teaching OS with a disk and somebody who types, bare and under the monitor:
 * wherever one goes, the machine, and what is seen of it, is what it was there the first time.
 */
#include "tests/world/travel.h"

#include <check.h>

#define WALK  120
#define STOPS 64

static struct travel t;

static void setup(void)
{
    travel_init(&t);
}

static void teardown(void)
{
    travel_fini(&t);
}

START_TEST(a_random_walk_through_time_finds_everything_as_it_was)
{
    const struct travel_session *s = &travel_sessions[_i];
    struct travel_straight straight;

    t.seed = 0x1234567 + (uint64_t)_i;
    struct host *h = travel_recorded(&t, s, &straight);
    uint64_t at_end = travel_look(h);
    for (unsigned i = 0; i < WALK; i++) {
        unsigned k = (unsigned)travel_random(&t, TRAVEL_PLACES + 1);
        uint64_t now = machine_icount(host_machine(h));

        if (k == TRAVEL_PLACES) {
            ck_assert_msg(timeline_seek(h, straight.end, &t.err) == 0, "%s", t.err.text);
            ck_assert_uint_eq(travel_look(h), at_end);
            continue;
        }
        if (straight.place[k] > now && travel_random(&t, 2)) /* aloud */
            while ((now = machine_icount(host_machine(h))) < straight.place[k])
                host_advance(h, straight.place[k] - now);
        else
            ck_assert_msg(timeline_seek(h, straight.place[k], &t.err) == 0, "%s", t.err.text);
        ck_assert_msg(travel_look(h) == straight.look[k], "at %lu",
                      (unsigned long)straight.place[k]);
    }
    ck_assert_uint_eq(timeline_last(h), straight.end);
}
END_TEST

START_TEST(n_steps_forward_and_n_back_is_where_it_was)
{
    const struct travel_session *s = &travel_sessions[_i];
    struct travel_straight straight;

    t.seed = 99 + (uint64_t)_i;
    struct host *h = travel_recorded(&t, s, &straight);
    for (unsigned i = 0; i < 60; i++) {
        uint64_t from = travel_random(&t, straight.end);
        uint64_t n = travel_random(&t, i % 3 ? 50 : straight.end - from + 1);

        if (n > straight.end - from)
            n = straight.end - from;
        ck_assert_int_eq(timeline_seek(h, from, &t.err), 0);
        uint64_t before = travel_look(h);
        host_advance(h, n);
        ck_assert_uint_eq(machine_icount(host_machine(h)), from + n);
        ck_assert_msg(timeline_back(h, n, &t.err) == 0, "%s", t.err.text);
        ck_assert_uint_eq(travel_look(h), before);
    }
}
END_TEST

START_TEST(recording_changes_nothing)
{
    const struct travel_session *s = &travel_sessions[_i];
    struct travel_straight straight;

    t.seed = 7;
    struct host *h = travel_recorded(&t, s, &straight);
    struct host *plain = travel_boot(&t, s);
    unsigned line = 0;
    ck_assert_uint_gt(timeline_stats(h).snapshots, 3);
    travel_go(plain, s, &line, TRAVEL_STEPS);
    ck_assert_uint_eq(machine_digest(host_machine(plain)), machine_digest(host_machine(h)));
    ck_assert_str_eq(host_console(plain, NULL), host_console(h, NULL));
    struct recorder *a = host_recorder(h), *b = host_recorder(plain);
    ck_assert_uint_eq(recorder_total(a), recorder_total(b));
    for (uint64_t n = recorder_first(a); n < recorder_total(a); n++) {
        struct event e = *recorder_at(b, n);
        e.machine = recorder_at(a, n)->machine;
        ck_assert_mem_eq(recorder_at(a, n), &e, sizeof e);
    }
}
END_TEST

/* ---- backwards to an event -------------------------------------------------------------- */

static struct filter filter_of(const char *text)
{
    struct filter f;

    ck_assert_msg(filter_parse(&f, text, NULL, &t.err) == 0, "%s", t.err.text);
    return f;
}

static const struct {
    const char *filter;
    uint64_t from, way; /* the part of the session in which places are counted */
} waits[] = {
    {"trap cause=ecall_ring3", 0, 3000000},
    {"trap cause=timer", 0, 6000000},
    {"console", 0, 3000000},
    {"ret", 100000, 400000},
    {"disk", 0, 6000000},
    {"insn insn=csrrw", 200000, 150000},
    {"mem addr=0x10000000+0x10", 0, 400000},
};

START_TEST(run_back_stops_where_running_forward_stops)
{
    struct filter f = filter_of(waits[_i].filter);
    uint64_t stops[STOPS], looks[STOPS], count = 0;
    struct travel_straight straight;
    struct event e;
    bool found;

    struct host *h = travel_recorded(&t, &travel_sessions[0], &straight);
    uint64_t end = waits[_i].from + waits[_i].way;

    if (end >= straight.end)
        end = straight.end - 1;
    ck_assert_int_eq(timeline_seek(h, waits[_i].from, &t.err), 0);
    for (;;) {
        struct goal goal = {.kind = GOAL_EVENT, .budget = waits[_i].way, .filter = f};
        host_set_goal(h, &goal);
        while (host_goal(h) == GOAL_PENDING)
            host_advance(h, 100000);
        if (host_goal(h) != GOAL_REACHED || machine_icount(host_machine(h)) > end)
            break;
        stops[count % STOPS] = machine_icount(host_machine(h));
        looks[count++ % STOPS] = travel_look(h);
    }
    host_set_goal(h, NULL);
    ck_assert_uint_gt(count, 1);
    ck_assert_int_eq(timeline_seek(h, end + 1, &t.err), 0);
    for (uint64_t n = count; n-- > 0 && count - n <= STOPS;) {
        ck_assert_int_eq(timeline_back_to(h, &f, &found, &e, &t.err), 0);
        ck_assert(found);
        ck_assert(filter_match(&f, machine_contexts(host_machine(h)), &e));
        ck_assert_uint_eq(machine_icount(host_machine(h)), stops[n % STOPS]);
        ck_assert_uint_eq(travel_look(h), looks[n % STOPS]);
    }
}
END_TEST

START_TEST(when_there_is_none_it_stays_where_it_is)
{
    struct filter f = filter_of("shutdown"), near = filter_of("trap cause=ecall_ring3");
    struct travel_straight straight;
    struct event e;
    bool found = true;

    struct host *h = travel_recorded(&t, &travel_sessions[0], &straight);
    uint64_t before = travel_look(h);
    ck_assert_int_eq(timeline_back_to(h, &f, &found, &e, &t.err), 0);
    ck_assert(!found);
    ck_assert_uint_eq(travel_look(h), before);
    near.max = 2;
    ck_assert_int_eq(timeline_seek(h, 20, &t.err), 0);
    ck_assert_int_eq(timeline_back_to(h, &near, &found, &e, &t.err), 0);
    ck_assert(!found);
    ck_assert_uint_eq(machine_icount(host_machine(h)), 20);
    ck_assert_int_eq(timeline_seek(h, 0, &t.err), 0);
    ck_assert_int_eq(timeline_back_to(h, &near, &found, &e, &t.err), 0);
    ck_assert(!found);
}
END_TEST

Suite *suite_world_timeline(void);
Suite *suite_world_timeline(void)
{
    Suite *s = suite_create("world_timeline");
    TCase *c = tcase_create("timeline");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, a_random_walk_through_time_finds_everything_as_it_was, 0,
                        TRAVEL_SESSIONS);
    tcase_add_loop_test(c, n_steps_forward_and_n_back_is_where_it_was, 0, TRAVEL_SESSIONS);
    tcase_add_loop_test(c, recording_changes_nothing, 0, TRAVEL_SESSIONS);
    tcase_add_loop_test(c, run_back_stops_where_running_forward_stops, 0, COUNT_OF(waits));
    tcase_add_test(c, when_there_is_none_it_stays_where_it_is);
    suite_add_tcase(s, c);
    return s;
}
