/*
 * Edits in a history: what was done from outside is done again at its place, something else there
 * is another future, and handlers and goals are told of the past only when it is run aloud.
 */
#include "isa/csr.h"
#include "tests/world/programs.h"
#include "tests/world/travel.h"

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

START_TEST(edits_are_made_again_at_their_place)
{
    struct host *h = travel_printing(&t);
    word mark = 0x12345678, back = 0;

    host_advance(h, 10);
    host_write_reg(h, 10, 3); /* the loop is shorter */
    host_advance(h, 1);
    host_write(h, RAM_BASE + 0x1000, &mark, sizeof mark);
    host_write_csr(h, CSR_tscratch, 9);
    while (host_advance(h, 100) != ADVANCE_HALTED)
        ;
    uint64_t end = machine_icount(host_machine(h)), at_end = travel_look(h);
    ck_assert_uint_lt(end, PRINT_STEPS);
    ck_assert_int_eq(timeline_seek(h, 9, &t.err), 0);
    machine_read(host_machine(h), RAM_BASE + 0x1000, &back, sizeof back);
    ck_assert_uint_eq(back, 0);
    ck_assert_int_eq(timeline_seek(h, 10, &t.err), 0);
    ck_assert_uint_eq(travel_reg(h, 10), 3);
    ck_assert_int_eq(timeline_seek(h, end, &t.err), 0);
    ck_assert_uint_eq(travel_look(h), at_end);
    ck_assert_int_eq(timeline_seek(h, 0, &t.err), 0);
    ck_assert_str_eq(host_console(h, NULL), "");
    while (host_advance(h, 100) != ADVANCE_HALTED)
        ;
    ck_assert_uint_eq(travel_look(h), at_end);
    ck_assert_uint_eq(timeline_stats(h).entries, 3);
}
END_TEST

START_TEST(something_else_begins_another_future)
{
    struct host *h = travel_printing(&t);
    uint64_t icount;

    host_advance(h, 9);
    ck_assert_int_eq(timeline_mark(h, "early", &t.err), 0);
    host_advance(h, 4);
    ck_assert_int_eq(timeline_mark(h, "late", &t.err), 0);
    host_write_reg(h, 10, 4);
    host_advance(h, 100);
    ck_assert_int_eq(timeline_seek(h, 11, &t.err), 0);
    ck_assert_uint_gt(timeline_last(h), 15);
    host_write_reg(h, 11, 2);
    ck_assert_uint_eq(timeline_last(h), 11);
    ck_assert(timeline_find_mark(h, "early", &icount));
    ck_assert_uint_eq(icount, 9);
    ck_assert(!timeline_find_mark(h, "late", &icount));
    ck_assert_uint_eq(timeline_stats(h).entries, 1);
    ck_assert_int_eq(timeline_seek(h, 12, &t.err), ERROR_usage);
    ck_assert_ptr_nonnull(strstr(t.err.text, "the furthest is 11"));
    host_advance(h, 100);
    uint64_t at_end = travel_look(h), end = machine_icount(host_machine(h));
    ck_assert_int_eq(timeline_seek(h, 10, &t.err), 0);
    ck_assert_uint_eq(travel_reg(h, 11), 5);
    ck_assert_int_eq(timeline_seek(h, end, &t.err), 0);
    ck_assert_uint_eq(travel_look(h), at_end);
}
END_TEST

/* Adds to a1 whenever a1 is compared for the third time, from inside the event. */
static void meddle(void *user, const struct event *e)
{
    struct host *h = user;

    if (e->icount == 13)
        host_write_reg(h, 11, 7);
}

START_TEST(a_handler_that_does_the_same_again_is_no_other_future)
{
    struct host *h = travel_printing(&t);
    struct trace_subscriber s = {.mask = EVENT_BIT(EVENT_insn), .fn = meddle, .user = h};

    trace_attach(machine_trace(host_machine(h)), &s);
    host_advance(h, 100);
    uint64_t end = machine_icount(host_machine(h)), at_end = travel_look(h);
    ck_assert_uint_eq(timeline_stats(h).entries, 1);
    for (uint64_t n = 0; n < end; n++) {
        ck_assert_int_eq(timeline_seek(h, n, &t.err), 0);
        host_advance(h, 100);
        ck_assert_uint_eq(timeline_stats(h).entries, 1);
        ck_assert_uint_eq(timeline_last(h), end);
        ck_assert_uint_eq(travel_look(h), at_end);
    }
    trace_detach(machine_trace(host_machine(h)), &s);
    ck_assert_int_eq(timeline_seek(h, 2, &t.err), 0);
    ck_assert_int_eq(timeline_seek(h, end, &t.err), 0);
    ck_assert_uint_eq(travel_look(h), at_end);
}
END_TEST

static void count(void *user, const struct event *e)
{
    (void)e;
    ++*(unsigned *)user;
}

START_TEST(a_seek_is_silent_and_a_goal_waits_for_its_time)
{
    struct host *h = travel_printing(&t);
    unsigned heard = 0;
    struct trace_subscriber s = {.mask = EVENT_ALL, .fn = count, .user = &heard};
    struct goal goal = {.kind = GOAL_TEXT, .budget = 1000, .text = "i"};

    host_advance(h, 6);
    host_set_goal(h, &goal); /* "i" is out already */
    trace_attach(machine_trace(host_machine(h)), &s);
    ck_assert_int_eq(timeline_seek(h, 1, &t.err), 0);
    ck_assert_int_eq(timeline_seek(h, 5, &t.err), 0);
    ck_assert_int_eq(timeline_seek(h, 2, &t.err), 0);
    ck_assert_uint_eq(heard, 0);
    trace_detach(machine_trace(host_machine(h)), &s);
    host_advance(h, 6);
    ck_assert_int_eq(host_goal(h), GOAL_PENDING);
    ck_assert_int_eq(timeline_seek(h, 2, &t.err), 0);
    host_write_reg(h, 20, 1); /* now it is another future, in which "i" is yet to come */
    host_advance(h, 6);
    ck_assert_int_eq(host_goal(h), GOAL_REACHED);
}
END_TEST

Suite *suite_world_future(void);
Suite *suite_world_future(void)
{
    Suite *s = suite_create("world_future");
    TCase *c = tcase_create("future");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, edits_are_made_again_at_their_place);
    tcase_add_test(c, something_else_begins_another_future);
    tcase_add_test(c, a_handler_that_does_the_same_again_is_no_other_future);
    tcase_add_test(c, a_seek_is_silent_and_a_goal_waits_for_its_time);
    suite_add_tcase(s, c);
    return s;
}
