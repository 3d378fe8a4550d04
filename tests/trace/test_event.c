/* The bus of events: who hears what, also when subscribers come and go in the middle. */
#include "trace/event.h"

#include <check.h>
#include <string.h>

struct listener {
    struct trace_subscriber subscriber;
    char name;
    struct trace_subscriber *detaches, *attaches; /* in its call */
    bool publishes;
};

static struct trace trace;
static char heard[64];
static unsigned count;
static struct listener a, b, c;

static void hear(void *user, const struct event *e)
{
    struct listener *l = user;

    ck_assert_uint_lt(count, sizeof heard - 1);
    heard[count++] = l->name;
    if (l->detaches)
        trace_detach(&trace, l->detaches);
    if (l->attaches)
        trace_attach(&trace, l->attaches);
    l->attaches = NULL;
    if (l->publishes && e->kind == EVENT_trap)
        trace_publish(&trace, &(struct event){.kind = EVENT_ret});
}

static struct listener listener(char name, uint32_t mask)
{
    return (struct listener){.subscriber = {.mask = mask, .fn = hear}, .name = name};
}

static void attach(struct listener *l)
{
    l->subscriber.user = l;
    trace_attach(&trace, &l->subscriber);
}

static void setup(void)
{
    trace = (struct trace){0};
    count = 0;
    a = listener('a', EVENT_ALL);
    b = listener('b', EVENT_ALL);
    c = listener('c', EVENT_ALL);
}

static void publish(enum event_kind kind, const char *expected)
{
    count = 0;
    trace_publish(&trace, &(struct event){.kind = (uint16_t)kind});
    heard[count] = '\0';
    ck_assert_str_eq(heard, expected);
}

START_TEST(subscribers_hear_the_kinds_of_their_mask_in_order)
{
    b.subscriber.mask = EVENT_BIT(EVENT_trap);
    publish(EVENT_trap, "");
    attach(&a);
    attach(&b);
    attach(&c);
    publish(EVENT_trap, "abc");
    publish(EVENT_ret, "ac");
    trace_detach(&trace, &a.subscriber);
    publish(EVENT_trap, "bc");
}
END_TEST

START_TEST(wanted_is_the_union_of_the_masks)
{
    ck_assert(!trace_wants(&trace, EVENT_trap));
    a.subscriber.mask = EVENT_BIT(EVENT_trap);
    b.subscriber.mask = EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_trap);
    attach(&a);
    attach(&b);
    ck_assert(trace_wants(&trace, EVENT_trap) && trace_wants(&trace, EVENT_insn));
    ck_assert(!trace_wants(&trace, EVENT_mem));
    trace_set_mask(&trace, &a.subscriber, EVENT_BIT(EVENT_mem));
    ck_assert(trace_wants(&trace, EVENT_mem) && trace_wants(&trace, EVENT_trap));
    trace_detach(&trace, &b.subscriber);
    ck_assert(!trace_wants(&trace, EVENT_trap));
    trace_detach(&trace, &b.subscriber);
    trace_detach(&trace, &a.subscriber);
    ck_assert_uint_eq(trace.wanted, 0);
}
END_TEST

START_TEST(one_that_leaves_in_its_call_does_not_disturb_the_others)
{
    attach(&a);
    attach(&b);
    attach(&c);
    b.detaches = &b.subscriber;
    publish(EVENT_trap, "abc");
    publish(EVENT_trap, "ac");
}
END_TEST

START_TEST(one_that_is_sent_away_before_its_turn_hears_nothing)
{
    attach(&a);
    attach(&b);
    attach(&c);
    a.detaches = &b.subscriber;
    publish(EVENT_trap, "ac");
}
END_TEST

START_TEST(one_that_comes_in_a_call_hears_the_next_event)
{
    attach(&a);
    attach(&b);
    c.subscriber.user = &c;
    a.attaches = &c.subscriber;
    publish(EVENT_trap, "ab");
    publish(EVENT_trap, "abc");
}
END_TEST

START_TEST(one_that_comes_while_the_last_is_called_hears_the_next_event)
{
    attach(&a);
    c.subscriber.user = &c;
    a.attaches = &c.subscriber;
    a.detaches = &a.subscriber;
    publish(EVENT_trap, "a");
    publish(EVENT_trap, "c");
}
END_TEST

START_TEST(an_event_inside_an_event_reaches_all_who_are_there)
{
    attach(&a);
    attach(&b);
    attach(&c);
    a.publishes = true;
    publish(EVENT_trap, "aabcbc");
    b.detaches = &b.subscriber;
    publish(EVENT_trap, "aabcc");
}
END_TEST

/* Publishes `depth` more, one inside the other, and then looks whether its own is still there. */
static void nest(void *user, const struct event *e)
{
    unsigned *depth = user;
    word mine = e->a;

    if (mine < *depth)
        trace_publish(&trace, &(struct event){.kind = EVENT_mem, .a = mine + 1});
    ck_assert_uint_eq(e->a, mine);
    heard[count++] = (char)('0' + mine);
}

START_TEST(events_inside_events_keep_what_they_hold)
{
    unsigned depth = TRACE_OWN - 1;
    struct trace_subscriber s = {.mask = EVENT_BIT(EVENT_mem), .fn = nest, .user = &depth};

    trace_attach(&trace, &s);
    trace_publish(&trace, &(struct event){.kind = EVENT_mem});
    heard[count] = '\0';
    ck_assert_str_eq(heard, "76543210");
}
END_TEST

static struct event slots[4];
static struct trace_tape tape;

static void see_tape(void *user, const struct event *e)
{
    ck_assert_ptr_eq(user, e);
    ck_assert_uint_eq(e->a, 7);
    count++;
}

START_TEST(an_event_is_on_the_tape_before_anybody_hears_of_it)
{
    struct trace_subscriber s = {.mask = EVENT_ALL, .fn = see_tape, .user = &slots[0]};

    tape = (struct trace_tape){slots, slots + 4, slots, 0, EVENT_BIT(EVENT_trap)};
    trace_attach(&trace, &s);
    trace_set_tape(&trace, &tape);
    trace_publish(&trace, &(struct event){.kind = EVENT_trap, .a = 7});
    ck_assert_uint_eq(count, 1);
    ck_assert_ptr_eq(tape.next, &slots[1]);
    trace_detach(&trace, &s);
    ck_assert_uint_eq(trace.wanted, EVENT_BIT(EVENT_trap));
    for (word i = 0; i < 4; i++)
        trace_publish(&trace, &(struct event){.kind = EVENT_trap, .a = i});
    ck_assert_ptr_eq(tape.next, &slots[1]);
    ck_assert_uint_eq(tape.laps, 1);
    ck_assert_uint_eq(slots[0].a, 3);
    trace_set_tape(&trace, NULL);
    ck_assert_uint_eq(trace.wanted, 0);
}
END_TEST

START_TEST(what_the_tape_does_not_take_is_heard_all_the_same)
{
    tape = (struct trace_tape){slots, slots + 4, slots, 0, EVENT_BIT(EVENT_csr)};
    trace_set_tape(&trace, &tape);
    attach(&a);
    publish(EVENT_trap, "a");
    ck_assert_ptr_eq(tape.next, slots);
    publish(EVENT_csr, "a");
    ck_assert_ptr_eq(tape.next, slots + 1);
}
END_TEST

START_TEST(who_asked_is_told_when_other_kinds_are_wanted)
{
    bool changed = false;

    trace.changed = &changed;
    a.subscriber.mask = EVENT_BIT(EVENT_trap);
    attach(&a);
    ck_assert(changed);
    changed = false;
    b.subscriber.mask = EVENT_BIT(EVENT_trap);
    attach(&b);
    ck_assert(!changed);
    trace_set_mask(&trace, &b.subscriber, EVENT_BIT(EVENT_insn));
    ck_assert(changed);
}
END_TEST

START_TEST(every_kind_has_its_row_and_is_found_by_name)
{
    for (unsigned i = 0; i < EVENT_COUNT; i++) {
        const struct event_info *info = event_info((enum event_kind)i);

        ck_assert_uint_eq(event_find(info->name), i);
        ck_assert_uint_gt(strlen(info->meaning), 0);
    }
    ck_assert_uint_eq(event_find("no such event"), EVENT_COUNT);
    ck_assert_str_eq(event_info(EVENT_COUNT)->name, "unknown");
    ck_assert_uint_eq(sizeof(struct event), 48);
}
END_TEST

Suite *suite_trace_event(void);
Suite *suite_trace_event(void)
{
    Suite *s = suite_create("trace_event");
    TCase *t = tcase_create("event");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, subscribers_hear_the_kinds_of_their_mask_in_order);
    tcase_add_test(t, wanted_is_the_union_of_the_masks);
    tcase_add_test(t, one_that_leaves_in_its_call_does_not_disturb_the_others);
    tcase_add_test(t, one_that_is_sent_away_before_its_turn_hears_nothing);
    tcase_add_test(t, one_that_comes_in_a_call_hears_the_next_event);
    tcase_add_test(t, one_that_comes_while_the_last_is_called_hears_the_next_event);
    tcase_add_test(t, an_event_inside_an_event_reaches_all_who_are_there);
    tcase_add_test(t, events_inside_events_keep_what_they_hold);
    tcase_add_test(t, an_event_is_on_the_tape_before_anybody_hears_of_it);
    tcase_add_test(t, what_the_tape_does_not_take_is_heard_all_the_same);
    tcase_add_test(t, who_asked_is_told_when_other_kinds_are_wanted);
    tcase_add_test(t, every_kind_has_its_row_and_is_found_by_name);
    suite_add_tcase(s, t);
    return s;
}
