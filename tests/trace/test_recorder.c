/* The recorder: bounded, and honest about what it dropped. */
#include "trace/recorder.h"

#include <check.h>

static struct recorder r;
static struct trace trace;

static void setup(void)
{
    trace = (struct trace){0};
    ck_assert_int_eq(recorder_init(&r, 8, NULL), 0);
}

static void teardown(void)
{
    recorder_fini(&r);
}

/* Event number n happens at step 10 * n and is a trap when n is a multiple of 3. */
static void add(unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++)
        recorder_add(
            &r,
            &(struct event){.icount = 10 * n, .kind = n % 3 == 0 ? EVENT_trap : EVENT_csr, .a = n});
}

START_TEST(an_empty_recorder_has_nothing)
{
    ck_assert_uint_eq(recorder_first(&r), 0);
    ck_assert_uint_eq(recorder_total(&r), 0);
    ck_assert_ptr_null(recorder_at(&r, 0));
    ck_assert_uint_eq(recorder_seek(&r, 0), 0);
    ck_assert(recorder_search(&r, NULL, NULL, 0, false) == RECORDER_NONE);
    ck_assert(recorder_search(&r, NULL, NULL, 0, true) == RECORDER_NONE);
}
END_TEST

START_TEST(the_last_events_are_kept_and_the_dropped_ones_counted)
{
    for (unsigned total = 1; total <= 30; total++) {
        add(total - 1, total);
        unsigned first = total > 8 ? total - 8 : 0;

        ck_assert_uint_eq(recorder_total(&r), total);
        ck_assert_uint_eq(recorder_first(&r), first);
        for (unsigned n = 0; n < total + 2; n++) {
            const struct event *e = recorder_at(&r, n);

            if (n < first || n >= total)
                ck_assert_ptr_null(e);
            else
                ck_assert_uint_eq(e->a, n);
        }
    }
}
END_TEST

START_TEST(it_records_what_it_listens_to)
{
    recorder_attach(&r, &trace, EVENT_BIT(EVENT_trap));
    trace_publish(&trace, &(struct event){.kind = EVENT_trap, .a = 5});
    trace_publish(&trace, &(struct event){.kind = EVENT_csr});
    ck_assert_uint_eq(recorder_total(&r), 1);
    recorder_attach(&r, &trace, EVENT_BIT(EVENT_csr));
    trace_publish(&trace, &(struct event){.kind = EVENT_csr});
    ck_assert_uint_eq(recorder_total(&r), 2);
    recorder_detach(&r);
    ck_assert_uint_eq(trace.wanted, 0);
    trace_publish(&trace, &(struct event){.kind = EVENT_csr});
    ck_assert_uint_eq(recorder_total(&r), 2);
}
END_TEST

START_TEST(events_are_found_by_step)
{
    add(0, 20);
    ck_assert_uint_eq(recorder_seek(&r, 0), 12);
    ck_assert_uint_eq(recorder_seek(&r, 150), 15);
    ck_assert_uint_eq(recorder_seek(&r, 151), 16);
    ck_assert_uint_eq(recorder_seek(&r, 190), 19);
    ck_assert_uint_eq(recorder_seek(&r, 191), 20);
}
END_TEST

START_TEST(events_are_found_by_filter_both_ways)
{
    struct filter traps = {.kinds = EVENT_BIT(EVENT_trap)};

    add(0, 20); /* traps there: 12 15 18 */
    ck_assert_uint_eq(recorder_search(&r, &traps, NULL, 0, false), 12);
    ck_assert_uint_eq(recorder_search(&r, &traps, NULL, 15, false), 15);
    ck_assert_uint_eq(recorder_search(&r, &traps, NULL, 16, false), 18);
    ck_assert(recorder_search(&r, &traps, NULL, 19, false) == RECORDER_NONE);
    ck_assert_uint_eq(recorder_search(&r, &traps, NULL, 1000, true), 18);
    ck_assert_uint_eq(recorder_search(&r, &traps, NULL, 17, true), 15);
    ck_assert_uint_eq(recorder_search(&r, &traps, NULL, 12, true), 12);
    ck_assert(recorder_search(&r, &traps, NULL, 11, true) == RECORDER_NONE);
}
END_TEST

START_TEST(going_back_in_time_forgets_what_was_after)
{
    add(0, 20);
    recorder_truncate(&r, 25);
    ck_assert_uint_eq(recorder_total(&r), 20);
    recorder_truncate(&r, 15);
    ck_assert_uint_eq(recorder_total(&r), 15);
    ck_assert_uint_eq(recorder_first(&r), 12);
    ck_assert_uint_eq(recorder_at(&r, 14)->a, 14);
    ck_assert_ptr_null(recorder_at(&r, 15));
    add(15, 18);
    ck_assert_uint_eq(recorder_first(&r), 12);
    ck_assert_uint_eq(recorder_at(&r, 17)->a, 17);
    recorder_truncate(&r, 3);
    ck_assert_uint_eq(recorder_total(&r), 3);
    ck_assert_uint_eq(recorder_first(&r), 3);
    ck_assert_ptr_null(recorder_at(&r, 2));
}
END_TEST

Suite *suite_trace_recorder(void);
Suite *suite_trace_recorder(void)
{
    Suite *s = suite_create("trace_recorder");
    TCase *t = tcase_create("recorder");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, an_empty_recorder_has_nothing);
    tcase_add_test(t, the_last_events_are_kept_and_the_dropped_ones_counted);
    tcase_add_test(t, it_records_what_it_listens_to);
    tcase_add_test(t, events_are_found_by_step);
    tcase_add_test(t, events_are_found_by_filter_both_ways);
    tcase_add_test(t, going_back_in_time_forgets_what_was_after);
    suite_add_tcase(s, t);
    return s;
}
