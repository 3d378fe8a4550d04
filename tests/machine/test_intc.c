/* The interrupt controller and the finisher, register by register. */
#include "machine/finisher.h"
#include "machine/intc.h"
#include "tests/machine/fake_board.h"

#include <check.h>

static struct fake_board fake;
static struct intc intc;

static void setup(void)
{
    fake_board_init(&fake);
    intc_init(&intc, &fake.board);
}

static void set(unsigned line, bool level)
{
    struct irq irq = intc_line(&intc, line);

    irq_set(&irq, level);
}

static void steps(const struct step *rows, size_t count)
{
    run_steps(&fake, &intc.device, rows, count);
}

START_TEST(registers_keep_the_bits_they_have)
{
    static const struct step rows[] = {
        READ(0, 0, "no line"),
        READ(4, 0, "none enabled"),
        READ(8, 0, "nothing to claim"),
        WRITE(4, 0xffffffff, ""),
        READ(4, 0xfffffffe, "there is no line 0"),
        WRITE(0, 0xffffffff, ""),
        READ(0, 0, "pending is read-only"),
    };

    steps(rows, COUNT_OF(rows));
    ck_assert(!fake.external);
}
END_TEST

START_TEST(a_pending_line_counts_only_while_enabled)
{
    set(2, true);
    ck_assert_uint_eq(intc.device.ops->read(&intc.device, 0, 4), 4);
    ck_assert(!fake.external);
    intc.device.ops->write(&intc.device, 4, 4, 4);
    ck_assert(fake.external);
    intc.device.ops->write(&intc.device, 4, 4, 2);
    ck_assert(!fake.external);
    intc.device.ops->write(&intc.device, 4, 4, 4);
    set(2, false);
    ck_assert(!fake.external);
    ck_assert_uint_eq(intc.device.ops->read(&intc.device, 0, 4), 0);
}
END_TEST

START_TEST(the_lowest_line_is_claimed_first_and_each_once)
{
    static const struct step rows[] = {
        WRITE(4, 0xfffffffe, ""),     READ(8, 1, "lowest"),
        READ(8, 5, "next"),           READ(8, 31, "last"),
        READ(8, 0, "all in service"), READ(0, 0x80000022, "levels do not care"),
    };

    set(31, true);
    set(5, true);
    set(1, true);
    steps(rows, COUNT_OF(rows));
    ck_assert(!fake.external);
}
END_TEST

START_TEST(a_completed_line_that_is_still_high_is_pending_again)
{
    struct device *d = &intc.device;

    d->ops->write(d, 4, 4, 0xfe);
    set(3, true);
    ck_assert(fake.external);
    ck_assert_uint_eq(d->ops->read(d, 8, 4), 3);
    ck_assert(!fake.external);
    set(3, false);
    set(3, true);
    ck_assert_msg(!fake.external, "in service: a new edge does not count");
    d->ops->write(d, 8, 4, 3);
    ck_assert(fake.external);
    ck_assert_uint_eq(d->ops->read(d, 8, 4), 3);
    set(3, false);
    d->ops->write(d, 8, 4, 3);
    ck_assert(!fake.external);
    ck_assert_uint_eq(d->ops->read(d, 8, 4), 0);
}
END_TEST

START_TEST(completing_nonsense_is_ignored)
{
    struct device *d = &intc.device;
    static const word nonsense[] = {0, 2, 4, 31, 32, 33, 64, 0x80000003, 0xffffffff};

    d->ops->write(d, 4, 4, 0xfe);
    set(3, true);
    ck_assert_uint_eq(d->ops->read(d, 8, 4), 3);
    for (size_t i = 0; i < COUNT_OF(nonsense); i++) {
        d->ops->write(d, 8, 4, nonsense[i]);
        ck_assert_uint_eq(d->ops->read(d, 8, 4), 0);
    }
}
END_TEST

START_TEST(only_changes_of_a_line_are_events)
{
    set(4, false);
    set(4, true);
    set(4, true);
    set(4, false);
    ck_assert_uint_eq(fake.event_count, 2);
    ck_assert_uint_eq(fake.events[0].kind, EVENT_irq);
    ck_assert_uint_eq(fake.events[0].a, 4);
    ck_assert_uint_eq(fake.events[0].b, 1);
    ck_assert_uint_eq(fake.events[1].b, 0);
}
END_TEST

START_TEST(the_wire_is_told_changes_only)
{
    struct device *d = &intc.device;

    d->ops->write(d, 4, 4, 0xfe);
    set(1, true);
    set(2, true);
    ck_assert_uint_eq(fake.external_changes, 1);
    d->ops->read(d, 8, 4);
    ck_assert_uint_eq(fake.external_changes, 1);
    d->ops->read(d, 8, 4);
    ck_assert_uint_eq(fake.external_changes, 2);
}
END_TEST

START_TEST(reset_lowers_the_wire)
{
    struct device *d = &intc.device;

    d->ops->write(d, 4, 4, 0xfe);
    set(1, true);
    d->ops->reset(d);
    ck_assert(!fake.external);
    ck_assert_uint_eq(d->ops->read(d, 0, 4), 0);
    ck_assert_uint_eq(d->ops->read(d, 4, 4), 0);
}
END_TEST

static const struct {
    word value;
    bool halts;
    word status;
} finishes[] = {
    {0x5555, true, 0}, {0x3333, true, 0},   {0x13333, true, 1}, {0xffff3333, true, 0xffff},
    {0, false, 0},     {0x15555, false, 0}, {0x3334, false, 0}, {0xffffffff, false, 0},
};

START_TEST(the_finisher_halts_on_its_two_forms_and_ignores_the_rest)
{
    struct finisher f;

    finisher_init(&f, &fake.board);
    ck_assert_uint_eq(f.device.ops->read(&f.device, 0, 4), 0);
    f.device.ops->write(&f.device, 0, 4, finishes[_i].value);
    ck_assert_int_eq(fake.halted, finishes[_i].halts);
    ck_assert_uint_eq(fake.status, finishes[_i].status);
}
END_TEST

Suite *suite_machine_intc(void);
Suite *suite_machine_intc(void)
{
    Suite *s = suite_create("machine_intc");
    TCase *c = tcase_create("intc");

    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, registers_keep_the_bits_they_have);
    tcase_add_test(c, a_pending_line_counts_only_while_enabled);
    tcase_add_test(c, the_lowest_line_is_claimed_first_and_each_once);
    tcase_add_test(c, a_completed_line_that_is_still_high_is_pending_again);
    tcase_add_test(c, completing_nonsense_is_ignored);
    tcase_add_test(c, only_changes_of_a_line_are_events);
    tcase_add_test(c, the_wire_is_told_changes_only);
    tcase_add_test(c, reset_lowers_the_wire);
    tcase_add_loop_test(c, the_finisher_halts_on_its_two_forms_and_ignores_the_rest, 0,
                        (int)COUNT_OF(finishes));
    suite_add_tcase(s, c);
    return s;
}
