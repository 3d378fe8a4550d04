/* The bus and the schedule: who is asked, and when. */
#include "machine/bus.h"
#include "machine/schedule.h"

#include <check.h>
#include <signal.h>

/* Registers that remember their last access. */
struct probe {
    struct device device;
    word offset, value;
    unsigned width, reads, writes;
};

static word probe_read(struct device *d, word offset, unsigned width)
{
    struct probe *p = (struct probe *)d;

    p->offset = offset;
    p->width = width;
    p->reads++;
    return 0x1000 + offset;
}

static void probe_write(struct device *d, word offset, unsigned width, word value)
{
    struct probe *p = (struct probe *)d;

    p->offset = offset;
    p->width = width;
    p->value = value;
    p->writes++;
}

static const struct device_ops words = {
    .name = "words", .widths = 4, .size = 12, .read = probe_read, .write = probe_write};
static const struct device_ops bytes = {
    .name = "bytes", .widths = 1 | 2, .size = 8, .read = probe_read, .write = probe_write};

static struct probe a, b;
static struct bus bus;

static void setup(void)
{
    a = (struct probe){.device = {.ops = &words}};
    b = (struct probe){.device = {.ops = &bytes}};
    bus = (struct bus){0};
    bus_attach(&bus, 0xfffff000, 0x1000, &b.device);
    bus_attach(&bus, 0x10000000, 0x1000, &a.device);
    bus_attach_ports(&bus, 0x3f8, 8, &b.device);
    bus_attach_ports(&bus, 0x100, 12, &a.device);
}

static const struct {
    hpa address;
    unsigned width;
    const struct probe *device; /* NULL: an access fault */
    const char *why;
} accesses[] = {
    {0x10000000, 4, &a, "first register"},
    {0x10000008, 4, &a, "last register"},
    {0x1000000c, 4, NULL, "behind the registers, inside the region"},
    {0x10000000, 1, NULL, "width not allowed"},
    {0x10000000, 2, NULL, "width not allowed"},
    {0x10000002, 4, NULL, "misaligned"},
    {0x10001000, 4, NULL, "behind the region"},
    {0x0ffffffc, 4, NULL, "before the region"},
    {0xfffff000, 1, &b, "region at the top of the address space"},
    {0xfffff007, 1, &b, "last byte"},
    {0xfffff006, 2, &b, "last halfword"},
    {0xfffff007, 2, NULL, "misaligned"},
    {0xfffff000, 4, NULL, "width not allowed"},
    {0xfffff008, 1, NULL, "behind the registers"},
    {0xffffffff, 1, NULL, "behind the registers"},
    {0, 4, NULL, "nothing there"},
};

START_TEST(a_device_is_asked_only_for_registers_that_it_has)
{
    hpa at = accesses[_i].address;
    unsigned width = accesses[_i].width;
    const struct probe *p = accesses[_i].device;
    word value = 0x77;

    ck_assert_msg(bus_read(&bus, at, width, &value) == (p != NULL), "%s", accesses[_i].why);
    ck_assert_msg(bus_write(&bus, at, width, 42) == (p != NULL), "%s", accesses[_i].why);
    ck_assert_uint_eq(a.reads + b.reads, p ? 1 : 0);
    ck_assert_uint_eq(a.writes + b.writes, p ? 1 : 0);
    if (p) {
        ck_assert_uint_eq(value, 0x1000 + p->offset);
        ck_assert_uint_eq(p->offset, at & 0xfff);
        ck_assert_uint_eq(p->width, width);
        ck_assert_uint_eq(p->value, 42);
    } else {
        ck_assert_uint_eq(value, 0x77);
    }
}
END_TEST

START_TEST(ports_have_the_width_of_their_device_and_nothing_reads_all_ones)
{
    ck_assert_uint_eq(bus_port_in(&bus, 0x3f8 + 5), 0x1005);
    ck_assert_uint_eq(b.width, 1);
    ck_assert_uint_eq(bus_port_in(&bus, 0x104), 0x1004);
    ck_assert_uint_eq(a.width, 4);
    ck_assert_uint_eq(bus_port_in(&bus, 0x3f7), 0xffffffff);
    ck_assert_uint_eq(bus_port_in(&bus, 0x400), 0xffffffff);
    bus_port_out(&bus, 0x3f9, 7);
    ck_assert_uint_eq(b.offset, 1);
    ck_assert_uint_eq(b.value, 7);
    bus_port_out(&bus, 0x400, 8);
    ck_assert_uint_eq(a.writes, 0);
    ck_assert_uint_eq(b.writes, 1);
    ck_assert_msg(bus_port_in(&bus, 0xabc003f8) == 0x1000, "a port has 16 bits");
}
END_TEST

START_TEST(overlapping_regions_are_our_own_mistake)
{
    bus_attach(&bus, 0x10000ffc, 0x1000, &b.device);
}
END_TEST

START_TEST(an_irq_that_is_connected_to_nothing_is_harmless)
{
    struct irq irq = {0};

    irq_set(&irq, true);
}
END_TEST

/* ---- schedule ---- */

static struct schedule schedule;
static struct alarm alarms[3];
static char rung[16];
static unsigned rung_count;
static uint64_t again; /* alarm 0 sets itself to this once */

static void ring(void *user)
{
    const struct alarm *which = user;

    rung[rung_count++] = (char)('0' + (which - alarms));
    if (which == &alarms[0] && again) {
        uint64_t at = again;

        again = 0;
        schedule_set(&schedule, &alarms[0], at);
    }
}

static void setup_schedule(void)
{
    schedule_init(&schedule);
    rung_count = 0;
    again = 0;
    for (unsigned i = 0; i < 3; i++) {
        alarms[i] = (struct alarm){.at = 1, .fn = ring, .user = &alarms[i]};
        schedule_add(&schedule, &alarms[i]);
    }
}

static void expect(const char *order)
{
    rung[rung_count] = '\0';
    ck_assert_str_eq(rung, order);
}

START_TEST(alarms_ring_in_order_of_time_then_of_adding)
{
    ck_assert_uint_eq(schedule.next, SCHEDULE_NEVER);
    schedule_set(&schedule, &alarms[2], 10);
    schedule_set(&schedule, &alarms[1], 10);
    schedule_set(&schedule, &alarms[0], 20);
    ck_assert_uint_eq(schedule.next, 10);
    schedule_run(&schedule, 9);
    expect("");
    schedule_run(&schedule, 10);
    expect("12");
    ck_assert_uint_eq(schedule.next, 20);
    schedule_run(&schedule, 1000);
    expect("120");
    schedule_run(&schedule, UINT64_MAX);
    expect("120");
    ck_assert_uint_eq(schedule.next, SCHEDULE_NEVER);
}
END_TEST

START_TEST(an_alarm_can_be_moved_and_cancelled)
{
    schedule_set(&schedule, &alarms[0], 10);
    schedule_set(&schedule, &alarms[1], 11);
    schedule_set(&schedule, &alarms[0], 12);
    ck_assert_uint_eq(schedule.next, 11);
    schedule_set(&schedule, &alarms[1], SCHEDULE_NEVER);
    ck_assert_uint_eq(schedule.next, 12);
    schedule_run(&schedule, 100);
    expect("0");
}
END_TEST

START_TEST(an_alarm_set_again_while_ringing_rings_when_it_is_due)
{
    schedule_set(&schedule, &alarms[0], 5);
    schedule_set(&schedule, &alarms[1], 7);
    again = 6;
    schedule_run(&schedule, 8);
    expect("001");
    rung_count = 0;
    schedule_set(&schedule, &alarms[0], 9);
    again = 50;
    schedule_run(&schedule, 10);
    expect("0");
    ck_assert_uint_eq(schedule.next, 50);
}
END_TEST

Suite *suite_machine_bus(void);
Suite *suite_machine_bus(void)
{
    Suite *s = suite_create("machine_bus");
    TCase *c = tcase_create("bus");
    TCase *t = tcase_create("schedule");

    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_loop_test(c, a_device_is_asked_only_for_registers_that_it_has, 0,
                        (int)COUNT_OF(accesses));
    tcase_add_test(c, ports_have_the_width_of_their_device_and_nothing_reads_all_ones);
    tcase_add_test_raise_signal(c, overlapping_regions_are_our_own_mistake, SIGABRT);
    tcase_add_test(c, an_irq_that_is_connected_to_nothing_is_harmless);
    suite_add_tcase(s, c);
    tcase_add_checked_fixture(t, setup_schedule, NULL);
    tcase_add_test(t, alarms_ring_in_order_of_time_then_of_adding);
    tcase_add_test(t, an_alarm_can_be_moved_and_cancelled);
    tcase_add_test(t, an_alarm_set_again_while_ringing_rings_when_it_is_due);
    suite_add_tcase(s, t);
    return s;
}
