/* Hosts: names, loading, goals and slices, writes from inside events, the console text. */
#include "tests/world/programs.h"

#include "isa/csr.h"
#include "trace/counters.h"
#include "trace/recorder.h"
#include "world/host.h"

#include <check.h>
#include <string.h>

static struct world *world;
static struct host *host;

static void setup(void)
{
    host = program_host(&world);
}

static void teardown(void)
{
    world_free(world);
}

static uint64_t icount(void)
{
    return machine_icount(host_machine(host));
}

static struct goal event_goal(const char *filter, uint64_t budget)
{
    struct goal g = {.kind = GOAL_EVENT, .budget = budget};
    struct error err;

    ck_assert_msg(filter_parse(&g.filter, filter, NULL, &err) == 0, "%s", err.text);
    return g;
}

/* ---- names ---- */

START_TEST(a_machine_without_a_name_gets_its_number)
{
    struct machine_config c = machine_config_default();
    struct host *h;
    struct error err;

    ck_assert_int_eq(world_add(world, NULL, &c, &h, &err), 0);
    ck_assert_str_eq(host_name(h), "m1");
    ck_assert_uint_eq(machine_config(host_machine(h))->number, 1);
    ck_assert_ptr_eq(world_find(world, "m1"), h);
    ck_assert_ptr_eq(world_host(world, 1), h);
    ck_assert_ptr_null(world_host(world, 2));
    ck_assert_ptr_null(world_find(world, "nobody"));
}
END_TEST

static const struct {
    const char *name, *says;
} bad_names[] = {
    {"", "1 to 15 characters"}, {"a-name-that-is-too-long", "1 to 15 characters"},
    {"a b", "letters, digits"}, {"../m", "letters, digits"},
    {"m", "already"},
};

START_TEST(a_bad_name_is_refused_with_the_reason)
{
    struct machine_config c = machine_config_default();
    struct host *h;
    struct error err;

    ck_assert_int_eq(world_add(world, bad_names[_i].name, &c, &h, &err), ERROR_input);
    ck_assert_ptr_nonnull(strstr(err.text, bad_names[_i].says));
    ck_assert_uint_eq(world_host_count(world), 1);
}
END_TEST

START_TEST(a_bad_description_makes_no_host)
{
    struct machine_config c = machine_config_default();
    struct host *h;
    struct error err;

    c.ram_size = 12345;
    ck_assert_int_ne(world_add(world, "n", &c, &h, &err), 0);
    ck_assert_ptr_null(h);
    ck_assert_uint_eq(world_host_count(world), 1);
}
END_TEST

START_TEST(the_seventeenth_machine_is_refused)
{
    struct machine_config c = machine_config_default();
    struct host *h;
    struct error err;

    c.ram_size = 1 << 20;
    while (world_host_count(world) < WORLD_HOSTS_MAX)
        ck_assert_int_eq(world_add(world, NULL, &c, &h, &err), 0);
    ck_assert_int_eq(world_add(world, NULL, &c, &h, &err), ERROR_input);
}
END_TEST

START_TEST(a_missing_file_is_an_error_and_the_host_stays_usable)
{
    struct host_program p = {.image = "/nonexistent/os.elf"};
    struct error err;

    program_print(host);
    ck_assert_int_eq(host_load(host, &p, &err), ERROR_io);
    ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/os.elf"));
    ck_assert_int_eq(host_advance(host, 1), ADVANCE_SLICE);
}
END_TEST

/* ---- running ---- */

START_TEST(a_slice_is_exact)
{
    program_print(host);
    ck_assert_int_eq(host_advance(host, 3), ADVANCE_SLICE);
    ck_assert_uint_eq(icount(), 3);
    ck_assert_int_eq(host_advance(host, 0), ADVANCE_SLICE);
    ck_assert_uint_eq(icount(), 3);
    ck_assert_int_eq(host_goal(host), GOAL_NONE);
}
END_TEST

START_TEST(the_console_text_is_what_the_guest_printed)
{
    char end[128];
    size_t length;

    program_print(host);
    ck_assert_int_eq(host_advance(host, 1000), ADVANCE_HALTED);
    ck_assert_str_eq(host_console(host, &length), "hi\n");
    ck_assert_uint_eq(length, 3);
    ck_assert_uint_eq(host_console_total(host), 3);
    ck_assert_str_eq(host_end_text(host, end, sizeof end), "powered off with status 7");
    ck_assert_int_eq(host_advance(host, 1000), ADVANCE_HALTED);
    ck_assert_uint_eq(icount(), PRINT_STEPS);
}
END_TEST

START_TEST(a_goal_of_steps_is_reached_whoever_steps)
{
    struct goal g = {.kind = GOAL_STEPS, .budget = 10};

    program_print(host);
    host_set_goal(host, &g);
    for (unsigned i = 0; i < 9; i++) {
        ck_assert_int_eq(host_advance(host, 1), ADVANCE_SLICE);
        ck_assert_int_eq(host_goal(host), GOAL_PENDING);
        ck_assert_uint_eq(host_goal_left(host), 9 - i);
    }
    ck_assert_int_eq(host_advance(host, 1), ADVANCE_GOAL);
    ck_assert_int_eq(host_goal(host), GOAL_REACHED);
    ck_assert_uint_eq(icount(), 10);
}
END_TEST

START_TEST(a_run_goes_no_further_than_the_goal)
{
    struct goal g = {.kind = GOAL_STEPS, .budget = 10};

    program_print(host);
    host_set_goal(host, &g);
    ck_assert_int_eq(host_advance(host, 1000), ADVANCE_GOAL);
    ck_assert_uint_eq(icount(), 10);
}
END_TEST

START_TEST(a_goal_of_an_event_stops_right_after_it)
{
    struct goal g = event_goal("mmio", 1000);

    program_print(host);
    host_set_goal(host, &g);
    ck_assert_int_eq(host_advance(host, 1000), ADVANCE_GOAL);
    ck_assert_int_eq(host_goal(host), GOAL_REACHED);
    ck_assert_uint_eq(icount(), 3);
    ck_assert_uint_eq(host_goal_event(host)->a, 'h');
    host_set_goal(host, &g);
    ck_assert_ptr_null(host_goal_event(host));
    ck_assert_int_eq(host_advance(host, 1000), ADVANCE_GOAL);
    ck_assert_uint_eq(host_goal_event(host)->a, 'i');
}
END_TEST

START_TEST(a_goal_of_an_instruction_stops_before_it)
{
    struct goal g = event_goal("insn pc=0x80000020", 1000);

    program_print(host);
    host_set_goal(host, &g);
    ck_assert_int_eq(host_advance(host, 1000), ADVANCE_GOAL);
    ck_assert_uint_eq(machine_regs(host_machine(host))->pc, 0x80000020);
    ck_assert_uint_eq(machine_regs(host_machine(host))->x[10], 0);
    host_set_goal(host, &g);
    ck_assert_int_eq(host_advance(host, 1000), ADVANCE_GOAL);
    ck_assert_uint_eq(machine_regs(host_machine(host))->x[10], 1);
}
END_TEST

START_TEST(a_goal_of_text_is_reached_at_its_last_byte)
{
    struct goal g = {.kind = GOAL_TEXT, .budget = 1000, .text = "hi"};

    program_print(host);
    host_set_goal(host, &g);
    ck_assert_int_eq(host_advance(host, 1000), ADVANCE_GOAL);
    ck_assert_int_eq(host_goal(host), GOAL_REACHED);
    ck_assert_uint_eq(icount(), 5);
    ck_assert_str_eq(host_console(host, NULL), "hi");
}
END_TEST

START_TEST(text_from_before_the_goal_does_not_count)
{
    struct goal g = {.kind = GOAL_TEXT, .budget = 1000, .text = "hi"};

    program_print(host);
    host_advance(host, 5);
    host_set_goal(host, &g);
    ck_assert_int_eq(host_advance(host, 1000), ADVANCE_HALTED);
    ck_assert_int_eq(host_goal(host), GOAL_ENDED);
}
END_TEST

START_TEST(a_goal_that_does_not_come_ends_with_its_budget)
{
    struct goal g = event_goal("trap", 12);

    program_print(host);
    host_set_goal(host, &g);
    ck_assert_int_eq(host_advance(host, 1000), ADVANCE_GOAL);
    ck_assert_int_eq(host_goal(host), GOAL_BUDGET);
    ck_assert_uint_eq(icount(), 12);
}
END_TEST

START_TEST(the_end_is_a_goal)
{
    struct goal g = {.kind = GOAL_END, .budget = 1000};

    program_print(host);
    host_set_goal(host, &g);
    while (world_advance(world, 5))
        ck_assert_uint_le(icount(), PRINT_STEPS);
    ck_assert_int_eq(host_goal(host), GOAL_REACHED);
    ck_assert_int_eq(machine_state(host_machine(host)), MACHINE_HALTED);
}
END_TEST

START_TEST(a_removed_goal_stops_nothing)
{
    struct goal g = event_goal("mmio", 1000);

    program_print(host);
    host_set_goal(host, &g);
    host_set_goal(host, NULL);
    ck_assert_int_eq(host_goal(host), GOAL_NONE);
    ck_assert_int_eq(host_advance(host, 10), ADVANCE_SLICE);
}
END_TEST

/* ---- from inside events ---- */

static void stop_there(void *user, const struct event *e)
{
    (void)e;
    host_stop(user);
}

static void stop_goal_there(void *user, const struct event *e)
{
    (void)e;
    host_stop_goal(user);
}

static struct trace_subscriber subscriber(trace_fn *fn, enum event_kind kind)
{
    return (struct trace_subscriber){.mask = EVENT_BIT(kind), .fn = fn, .user = host};
}

START_TEST(a_stop_leaves_the_goal_pending)
{
    struct trace_subscriber s = subscriber(stop_there, EVENT_mmio);
    struct goal g = {.kind = GOAL_END, .budget = 1000};

    program_print(host);
    trace_attach(machine_trace(host_machine(host)), &s);
    host_set_goal(host, &g);
    ck_assert_int_eq(host_advance(host, 1000), ADVANCE_STOPPED);
    ck_assert_uint_eq(icount(), 3);
    ck_assert_int_eq(host_goal(host), GOAL_PENDING);
    trace_detach(machine_trace(host_machine(host)), &s);
    ck_assert_int_eq(host_advance(host, 1000), ADVANCE_HALTED);
    ck_assert_int_eq(host_goal(host), GOAL_REACHED);
}
END_TEST

START_TEST(a_stopped_goal_is_over)
{
    struct trace_subscriber s = subscriber(stop_goal_there, EVENT_mmio);
    struct goal g = {.kind = GOAL_END, .budget = 1000};

    program_print(host);
    trace_attach(machine_trace(host_machine(host)), &s);
    host_set_goal(host, &g);
    ck_assert_int_eq(host_advance(host, 1000), ADVANCE_STOPPED);
    ck_assert_int_eq(host_goal(host), GOAL_STOPPED);
    trace_detach(machine_trace(host_machine(host)), &s);
}
END_TEST

static word seen_inside;

/* Asks for three writes at the first store to the console, and looks at once. */
static void write_there(void *user, const struct event *e)
{
    const word nop = 0x00000013;

    if (e->a != 'h')
        return;
    ck_assert(host_write(user, 0x80000010, &nop, 4)); /* the store of 'i' */
    ck_assert(host_write_csr(user, CSR_tscratch, 0x1234));
    ck_assert(host_write_reg(user, 10, 3));
    ck_assert(!host_write(user, 0x7fffffff, &nop, 4));
    ck_assert(!host_write(user, 0x800ffffd, &nop, 4));
    ck_assert(!host_write_csr(user, CSR_cycle, 0));
    ck_assert(!host_write_reg(user, 33, 0));
    machine_read(host_machine(host), 0x80000010, &seen_inside, 4);
}

START_TEST(a_write_inside_an_event_waits_for_the_boundary)
{
    struct trace_subscriber s = subscriber(write_there, EVENT_mmio);
    word value;

    program_print(host);
    trace_attach(machine_trace(host_machine(host)), &s);
    ck_assert_int_eq(host_advance(host, 8), ADVANCE_SLICE);
    ck_assert_uint_eq(icount(), 8);
    ck_assert_uint_eq(seen_inside, 0x00628023);
    ck_assert_uint_eq(machine_regs(host_machine(host))->x[10], 3);
    ck_assert(machine_csr_read(host_machine(host), CSR_tscratch, &value));
    ck_assert_uint_eq(value, 0x1234);
    ck_assert_str_eq(host_console(host, NULL), "h\n");
    trace_detach(machine_trace(host_machine(host)), &s);
}
END_TEST

/* ---- what is kept ---- */

START_TEST(the_recorder_and_the_counters_have_seen_it)
{
    program_print(host);
    host_advance(host, 1000);
    ck_assert_uint_eq(counters_total(host_counters(host), EVENT_console), 3);
    ck_assert_uint_eq(counters_total(host_counters(host), EVENT_halt), 1);
    ck_assert_uint_gt(recorder_total(host_recorder(host)), 6);
}
END_TEST

START_TEST(with_the_recorder_off_the_same_happens)
{
    uint64_t digest;

    program_print(host);
    host_advance(host, 1000);
    digest = machine_digest(host_machine(host));
    teardown();
    setup();
    host_record(host, false);
    program_print(host);
    host_advance(host, 1000);
    ck_assert_uint_eq(recorder_total(host_recorder(host)), 0);
    ck_assert(digest == machine_digest(host_machine(host)));
    ck_assert_str_eq(host_console(host, NULL), "hi\n");
}
END_TEST

START_TEST(the_oldest_console_text_goes)
{
    static const word code[] = {
        0x100002b7, /* lui t0, 0x10000 */
        0x06100313, /* li t1, 'a' */
        0x00628023, /* sb t1, 0(t0) */
        0xffdff06f, /* j -4 */
    };
    struct cpu_regs regs = {.pc = RAM_BASE};
    size_t length;

    machine_write(host_machine(host), RAM_BASE, code, sizeof code);
    machine_set_regs(host_machine(host), &regs);
    host_advance(host, 6 * CONSOLE_KEEP);
    const char *text = host_console(host, &length);
    ck_assert_uint_gt(host_console_total(host), 2 * CONSOLE_KEEP);
    ck_assert_uint_ge(length, CONSOLE_KEEP);
    ck_assert_uint_lt(length, 2 * CONSOLE_KEEP);
    ck_assert_uint_eq(strspn(text, "a"), length);
}
END_TEST

Suite *suite_world_world(void);
Suite *suite_world_world(void)
{
    Suite *s = suite_create("world_world");
    TCase *c = tcase_create("world");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_machine_without_a_name_gets_its_number);
    tcase_add_loop_test(c, a_bad_name_is_refused_with_the_reason, 0, COUNT_OF(bad_names));
    tcase_add_test(c, a_bad_description_makes_no_host);
    tcase_add_test(c, the_seventeenth_machine_is_refused);
    tcase_add_test(c, a_missing_file_is_an_error_and_the_host_stays_usable);
    tcase_add_test(c, a_slice_is_exact);
    tcase_add_test(c, the_console_text_is_what_the_guest_printed);
    tcase_add_test(c, a_goal_of_steps_is_reached_whoever_steps);
    tcase_add_test(c, a_run_goes_no_further_than_the_goal);
    tcase_add_test(c, a_goal_of_an_event_stops_right_after_it);
    tcase_add_test(c, a_goal_of_an_instruction_stops_before_it);
    tcase_add_test(c, a_goal_of_text_is_reached_at_its_last_byte);
    tcase_add_test(c, text_from_before_the_goal_does_not_count);
    tcase_add_test(c, a_goal_that_does_not_come_ends_with_its_budget);
    tcase_add_test(c, the_end_is_a_goal);
    tcase_add_test(c, a_removed_goal_stops_nothing);
    tcase_add_test(c, a_stop_leaves_the_goal_pending);
    tcase_add_test(c, a_stopped_goal_is_over);
    tcase_add_test(c, a_write_inside_an_event_waits_for_the_boundary);
    tcase_add_test(c, the_recorder_and_the_counters_have_seen_it);
    tcase_add_test(c, with_the_recorder_off_the_same_happens);
    tcase_add_test(c, the_oldest_console_text_goes);
    suite_add_tcase(s, c);
    return s;
}
