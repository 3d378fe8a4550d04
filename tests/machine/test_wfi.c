/*
 * wfi: falls through when something enabled is pending, else time jumps to what comes next; when
 * nothing can come, the machine says so instead of hanging.
 */
#include "tests/machine/harness.h"

#define SOFTWARE (1u << INTERRUPT_software)
#define TIMER    (1u << INTERRUPT_timer)
#define EXTERNAL (1u << INTERRUPT_external)

static void start(struct rig *r, uint32_t divider, word ie)
{
    struct machine_config config = rig_config();

    config.cost.divider = divider;
    rig_init(r, config);
    rig_put(r, PLAIN(wfi));
    rig_put(r, I(addi, A0, A0, 1));
    rig_set_csr(r, CSR_ie, ie);
}

static void set_timer(struct rig *r, word low, word high)
{
    rig_set_csr(r, CSR_timecmp, low);
    rig_set_csr(r, CSR_timecmph, high);
}

/* The console may interrupt: receive interrupt in the console, its line in the controller. */
static void open_console(struct rig *r)
{
    struct cpu_regs regs;

    rig_x(r, A1, 0x0c000004);
    rig_x(r, A2, 1u << 1);
    rig_x(r, A3, 0x10000000);
    rig_x(r, A4, 1);
    rig_do(r, STORE(sw, A2, 0, A1));
    rig_do(r, STORE(sb, A4, 1, A3));
    rig_put_at(r, CODE, PLAIN(wfi));
    regs = *rig_regs(r);
    regs.pc = CODE;
    machine_set_regs(r->m, &regs);
}

START_TEST(wfi_falls_through_when_an_enabled_interrupt_is_pending)
{
    struct rig r;

    start(&r, 1, SOFTWARE);
    rig_set_csr(&r, CSR_ip, SOFTWARE);
    uint64_t before = machine_cycle(r.m);
    rig_listen(&r, EVENT_BIT(EVENT_wait));
    rig_run(&r, 1);
    rig_expect_pc(&r, CODE + 4);
    ck_assert_uint_eq(machine_cycle(r.m) - before, 1);
    ck_assert_uint_eq(r.event_count, 0);
    rig_fini(&r);
}
END_TEST

START_TEST(time_jumps_to_the_deadline_and_not_a_cycle_further)
{
    static const struct {
        uint32_t divider;
        word low, high;
    } rows[] = {{1, 1000, 0}, {7, 1000, 0}, {1, 5, 3}, {65536, 0xffffffff, 1}};
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(rows); n++) {
        uint64_t deadline = ((uint64_t)rows[n].high << 32 | rows[n].low) * rows[n].divider;

        start(&r, rows[n].divider, TIMER);
        set_timer(&r, rows[n].low, rows[n].high);
        rig_listen(&r, EVENT_BIT(EVENT_wait));
        rig_run(&r, 1);
        rig_expect_pc(&r, CODE + 4);
        ck_assert_uint_eq(machine_cycle(r.m), deadline);
        ck_assert_uint_eq(rig_csr(&r, CSR_ip), TIMER);
        ck_assert_uint_eq(r.event_count, 1);
        ck_assert_uint_eq(r.events[0].a, (word)(deadline - 1)); /* wfi itself costs one */
        rig_run(&r, 1); /* IE is clear: no interrupt, the program goes on */
        rig_expect_pc(&r, CODE + 8);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(with_ie_set_the_interrupt_comes_right_behind_wfi)
{
    struct rig r;

    start(&r, 1, TIMER);
    set_timer(&r, 500, 0);
    rig_set_csr(&r, CSR_status, FIELD_status_ie);
    rig_run(&r, 2);
    rig_expect_trap(&r, CAUSE_INTERRUPT | INTERRUPT_timer, 0, CODE + 4);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 0);
    rig_fini(&r);
}
END_TEST

static void expect_forever(struct rig *r)
{
    rig_listen(r, EVENT_BIT(EVENT_shutdown));
    ck_assert_int_eq(machine_run(r->m, 10), STOP_SHUTDOWN);
    ck_assert_int_eq(machine_shutdown(r->m), SHUTDOWN_wait_forever);
    ck_assert_int_eq(machine_state(r->m), MACHINE_SHUTDOWN);
    ck_assert_uint_eq(r->event_count, 1);
    ck_assert_uint_eq(r->events[0].a, SHUTDOWN_wait_forever);
    ck_assert_uint_eq(r->events[0].pc, CODE);
}

START_TEST(a_wait_that_nothing_enabled_can_end_is_a_shutdown)
{
    static const struct {
        word ie, ip, timecmp, timecmph;
    } rows[] = {
        {0, 0, 1000, 0},           /* nothing enabled, a deadline will come */
        {0, SOFTWARE, 1000, 0},    /* pending but not enabled */
        {SOFTWARE, 0, 1000, 0},    /* only software could raise it */
        {EXTERNAL, 0, 1000, 0},    /* the controller lets nothing through */
        {TIMER, 0, 0, 0xffffffff}, /* a deadline that no machine lives to see */
    };
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(rows); n++) {
        start(&r, 1, rows[n].ie);
        rig_set_csr(&r, CSR_ip, rows[n].ip);
        set_timer(&r, rows[n].timecmp, rows[n].timecmph);
        expect_forever(&r);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(a_wait_for_console_input_comes_back_to_the_caller)
{
    struct rig r;

    start(&r, 1, EXTERNAL);
    open_console(&r);
    ck_assert_int_eq(machine_run(r.m, 10), STOP_INPUT);
    ck_assert_int_eq(machine_state(r.m), MACHINE_READY);
    ck_assert_int_eq(machine_run(r.m, 10), STOP_INPUT); /* and again */
    machine_input(r.m, "x", 1);
    ck_assert_int_eq(machine_run(r.m, 2), STOP_BUDGET);
    ck_assert_uint_eq(rig_csr(&r, CSR_ip), EXTERNAL);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 1);
    rig_fini(&r);
}
END_TEST

START_TEST(when_input_has_ended_the_same_wait_is_a_shutdown)
{
    struct rig r;

    start(&r, 1, EXTERNAL);
    open_console(&r);
    machine_input_end(r.m);
    expect_forever(&r);
    rig_fini(&r);

    start(&r, 1, EXTERNAL);
    open_console(&r);
    ck_assert_int_eq(machine_run(r.m, 10), STOP_INPUT);
    machine_input_end(r.m);
    ck_assert_int_eq(machine_run(r.m, 10), STOP_SHUTDOWN);
    rig_fini(&r);
}
END_TEST

START_TEST(a_deadline_ends_a_wait_that_input_could_end_too)
{
    struct rig r;

    start(&r, 1, EXTERNAL | TIMER);
    open_console(&r);
    set_timer(&r, 5000, 0);
    rig_run(&r, 1);
    rig_expect_pc(&r, CODE + 4);
    ck_assert_uint_eq(machine_cycle(r.m), 5000);
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_wfi(void);
Suite *suite_machine_wfi(void)
{
    Suite *s = suite_create("machine_wfi");
    TCase *c = tcase_create("wfi");

    tcase_add_test(c, wfi_falls_through_when_an_enabled_interrupt_is_pending);
    tcase_add_test(c, time_jumps_to_the_deadline_and_not_a_cycle_further);
    tcase_add_test(c, with_ie_set_the_interrupt_comes_right_behind_wfi);
    tcase_add_test(c, a_wait_that_nothing_enabled_can_end_is_a_shutdown);
    tcase_add_test(c, a_wait_for_console_input_comes_back_to_the_caller);
    tcase_add_test(c, when_input_has_ended_the_same_wait_is_a_shutdown);
    tcase_add_test(c, a_deadline_ends_a_wait_that_input_could_end_too);
    suite_add_tcase(s, c);
    return s;
}
