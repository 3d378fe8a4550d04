/* Counters: how often, and what it cost. */
#include "isa/csr.h"
#include "trace/counters.h"

#include <check.h>
#include <string.h>

#define CSRR_STATUS 0x7c0022f3u /* csrrs t0, status, zero */
#define CSRW_TVEC   0x7c129073u /* csrrw zero, tvec, t0 */
#define TRET        0x30200073u
#define PRIVILEGED  CAUSE_privileged

static struct counters *c;
static struct counter rows[16];

static void setup(void)
{
    ck_assert_int_eq(counters_new(&c, NULL), 0);
}

static void teardown(void)
{
    counters_free(c);
}

static void trap(uint16_t context, word cause, word insn, uint64_t cycle)
{
    counters_add(
        c,
        &(struct event){
            .kind = EVENT_trap, .context = context, .cause = cause, .insn = insn, .cycle = cycle});
}

static void ret(uint8_t ring_to, uint64_t cycle)
{
    counters_add(c, &(struct event){.kind = EVENT_ret, .ring_to = ring_to, .cycle = cycle});
}

static void leave(uint16_t context, word cause, uint64_t cycle)
{
    counters_add(c, &(struct event){.kind = EVENT_exit,
                                    .context = context,
                                    .cause = cause,
                                    .cycle = cycle,
                                    .icount = cycle / 2});
}

static void enter(uint16_t context, word cycles, uint64_t cycle)
{
    counters_add(c, &(struct event){.kind = EVENT_entry,
                                    .context = context,
                                    .b = cycles,
                                    .cycle = cycle,
                                    .icount = cycle / 2});
}

static unsigned list(struct counter_query q)
{
    return counters_list(c, &q, rows, COUNT_OF(rows));
}

static void expect_label(const struct counter *row, const char *label)
{
    char buffer[64];
    struct text t = text_init(buffer, sizeof buffer);

    counter_label(row, &t);
    ck_assert_str_eq(buffer, label);
}

START_TEST(rows_are_told_apart_by_kind_context_cause_and_detail)
{
    for (unsigned i = 0; i < 5; i++)
        trap(1, PRIVILEGED, CSRR_STATUS, i);
    for (unsigned i = 0; i < 3; i++)
        trap(1, PRIVILEGED, CSRW_TVEC, i);
    trap(2, PRIVILEGED, CSRW_TVEC, 0);
    trap(1, CAUSE_ecall_ring3, 0x73, 0);
    leave(1, PRIVILEGED, 0);
    ck_assert_uint_eq(counters_total(c, EVENT_trap), 10);
    ck_assert_uint_eq(counters_total(c, EVENT_csr), 0);
    ck_assert_uint_eq(counters_total(c, EVENT_COUNT), 0);

    ck_assert_uint_eq(list((struct counter_query){
                          .kinds = EVENT_BIT(EVENT_trap), .by_context = true, .by_detail = true}),
                      4);
    ck_assert_uint_eq(rows[0].count, 5);
    expect_label(&rows[0], "privileged csrrs status");
    ck_assert_uint_eq(rows[1].count, 3);
    expect_label(&rows[1], "privileged csrrw tvec");
    expect_label(&rows[2], "ecall_ring3 ecall");

    ck_assert_uint_eq(list((struct counter_query){.kinds = EVENT_BIT(EVENT_trap)}), 2);
    ck_assert_uint_eq(rows[0].count, 9);
    expect_label(&rows[0], "privileged");

    ck_assert_uint_eq(list((struct counter_query){
                          .kinds = EVENT_BIT(EVENT_trap), .one_context = true, .context = 2}),
                      1);
    ck_assert_uint_eq(list((struct counter_query){.kinds = EVENT_ALL}), 3);
    ck_assert_uint_eq(list((struct counter_query){.kinds = EVENT_BIT(EVENT_halt)}), 0);
}
END_TEST

START_TEST(a_trap_costs_until_its_handler_returns)
{
    trap(0, CAUSE_ecall_ring3, 0x73, 100);
    ret(3, 150);
    trap(0, CAUSE_ecall_ring3, 0x73, 200);
    ret(3, 230);
    trap(0, CAUSE_ecall_ring3, 0x73, 300); /* still at work */
    ck_assert_uint_eq(list((struct counter_query){.kinds = EVENT_BIT(EVENT_trap)}), 1);
    ck_assert_uint_eq(rows[0].count, 3);
    ck_assert_uint_eq(rows[0].costed, 2);
    ck_assert_uint_eq(rows[0].cycles, 80);
    ck_assert_uint_eq(rows[0].max, 50);
}
END_TEST

START_TEST(a_trap_inside_a_handler_is_part_of_its_cost)
{
    trap(0, CAUSE_ecall_ring3, 0x73, 100);
    trap(0, CAUSE_load_page, 0x2003, 120);
    ret(0, 140);
    ret(3, 200);
    list((struct counter_query){.kinds = EVENT_BIT(EVENT_trap)});
    expect_label(&rows[0], "ecall_ring3");
    ck_assert_uint_eq(rows[0].cycles, 100);
    expect_label(&rows[1], "load_page");
    ck_assert_uint_eq(rows[1].cycles, 20);
}
END_TEST

START_TEST(traps_that_never_return_do_not_stay)
{
    trap(0, CAUSE_illegal, 0, 100);
    trap(0, CAUSE_illegal, 0, 110);
    ret(3, 120); /* leaves ring 0: both are over */
    ret(3, 500);
    list((struct counter_query){.kinds = EVENT_BIT(EVENT_trap)});
    ck_assert_uint_eq(rows[0].costed, 1);
    ck_assert_uint_eq(rows[0].cycles, 10);
    for (unsigned i = 0; i < 1000; i++)
        trap(0, CAUSE_illegal, 0, 1000 + i);
    ck_assert_uint_le(c->nested, COUNTERS_NESTED);
    ret(0, 3000);
    list((struct counter_query){.kinds = EVENT_BIT(EVENT_trap)});
    ck_assert_uint_eq(rows[0].max, 3000 - 1999);
}
END_TEST

START_TEST(an_exit_costs_until_its_own_vm_is_entered_again)
{
    leave(1, PRIVILEGED, 100);
    enter(2, 0, 150);
    leave(2, CAUSE_hcall, 300);
    enter(1, 250, 350);
    leave(1, PRIVILEGED, 400);
    enter(1, 30, 430);
    list((struct counter_query){.kinds = EVENT_BIT(EVENT_exit), .by_context = true});
    ck_assert_uint_eq(rows[0].context, 1);
    ck_assert_uint_eq(rows[0].count, 2);
    ck_assert_uint_eq(rows[0].costed, 2);
    ck_assert_uint_eq(rows[0].cycles, 280);
    ck_assert_uint_eq(rows[0].max, 250);
    ck_assert_uint_eq(rows[1].context, 2);
    ck_assert_uint_eq(rows[1].costed, 0);
}
END_TEST

START_TEST(time_is_shared_out_among_contexts)
{
    enter(1, 0, 100);
    leave(1, PRIVILEGED, 160);
    enter(1, 20, 180);
    struct counter_share root = counters_share(c, 0, 200, 100);
    struct counter_share vm = counters_share(c, 1, 200, 100);

    ck_assert_uint_eq(root.cycles, 120);
    ck_assert_uint_eq(root.steps, 60);
    ck_assert_uint_eq(vm.cycles, 80);
    ck_assert_uint_eq(vm.steps, 40);
    ck_assert_uint_eq(counters_share(c, CONTEXT_MAX, 1, 1).cycles, 0);
}
END_TEST

START_TEST(going_back_and_forward_again_counts_the_same)
{
    trap(0, CAUSE_ecall_ring3, 0x73, 100);
    leave(1, PRIVILEGED, 110);
    struct counters_kept *kept = counters_keep(c);
    ck_assert_ptr_nonnull(kept);
    for (unsigned round = 0; round < 2; round++) {
        enter(1, 30, 140);
        ret(3, 150);
        trap(0, CAUSE_illegal, 0, 200);
        ck_assert_uint_eq(list((struct counter_query){.kinds = EVENT_BIT(EVENT_trap)}), 2);
        ck_assert_uint_eq(rows[0].count + rows[1].count, 2);
        ck_assert_uint_eq(rows[0].cycles + rows[1].cycles, 50);
        ck_assert_uint_eq(counters_total(c, EVENT_trap), 2);
        ck_assert_uint_eq(counters_share(c, 1, 200, 100).cycles, 60);
        counters_put_back(c, kept);
        ck_assert_uint_eq(counters_total(c, EVENT_trap), 1);
        ck_assert_uint_eq(counters_total(c, EVENT_entry), 0);
        ck_assert_uint_eq(list((struct counter_query){.kinds = EVENT_BIT(EVENT_trap)}), 1);
        ck_assert_uint_eq(rows[0].costed, 0);
    }
    ck_assert_uint_gt(counters_kept_bytes(kept), 2 * sizeof(struct counter));
    counters_kept_free(kept);
}
END_TEST

static const struct {
    struct event event;
    const char *label;
} labels[] = {
    {{.kind = EVENT_trap, .cause = CAUSE_INTERRUPT | INTERRUPT_timer}, "timer"},
    {{.kind = EVENT_trap, .cause = 77}, "cause 0x4d"},
    {{.kind = EVENT_exit, .cause = CAUSE_privileged, .insn = TRET}, "privileged tret"},
    {{.kind = EVENT_exit, .cause = CAUSE_illegal, .insn = 0x123410f3}, "illegal csrrw 0x123"},
    {{.kind = EVENT_hole, .insn = CSRR_STATUS}, "hole csrrs status"},
    {{.kind = EVENT_csr, .tval = 0x7c8, .insn = CSRW_TVEC}, "csr ptbr"},
    {{.kind = EVENT_port, .tval = 0x1f0}, "port 0x1f0"},
    {{.kind = EVENT_mmio, .tval = 0x10000005}, "mmio 0x10000005"},
    {{.kind = EVENT_irq, .a = 2, .b = 1}, "irq 2"},
    {{.kind = EVENT_hint, .a = 5, .b = 9}, "hint enter"},
    {{.kind = EVENT_hint, .a = 99}, "hint 99"},
    {{.kind = EVENT_disk, .tval = 9, .b = 0x20}, "disk 0x20"},
    {{.kind = EVENT_shutdown, .cause = CAUSE_illegal}, "illegal"},
    {{.kind = EVENT_halt}, "halt"},
};

START_TEST(rows_have_readable_labels)
{
    counters_add(c, &labels[_i].event);
    ck_assert_uint_eq(list((struct counter_query){.kinds = EVENT_ALL, .by_detail = true}), 1);
    expect_label(&rows[0], labels[_i].label);
}
END_TEST

START_TEST(rows_are_bounded_and_nothing_goes_uncounted)
{
    uint64_t sum = 0;
    static struct counter all[COUNTERS_ROWS];
    struct counter_query q = {.kinds = EVENT_ALL, .by_context = true, .by_detail = true};

    for (word i = 0; i < 100000; i++)
        counters_add(c, &(struct event){.kind = i & 1 ? EVENT_port : EVENT_mmio,
                                        .context = (uint16_t)(i % 1000),
                                        .tval = i});
    for (word i = 0; i < 100000; i++)
        trap((uint16_t)(i % CONTEXT_MAX), i, i, i);
    ck_assert_uint_eq(counters_total(c, EVENT_port) + counters_total(c, EVENT_mmio), 100000);
    unsigned n = counters_list(c, &q, all, COUNTERS_ROWS);
    ck_assert_uint_lt(n, COUNTERS_ROWS);
    for (unsigned i = 0; i < n; i++)
        sum += all[i].count;
    ck_assert_uint_eq(sum + c->lost, 200000);
    ck_assert_uint_gt(c->lost, 0);
}
END_TEST

/* More kinds of events in turns than the counters remember the rows of. */
START_TEST(each_event_counts_in_its_row_however_many_take_turns)
{
    enum { DIFFERENT = 3 * COUNTERS_MEMO, TURNS = 3 };
    struct counter_query q = {.kinds = EVENT_ALL, .by_detail = true};
    static struct counter all[DIFFERENT];
    struct counters_kept *kept = NULL;

    for (unsigned turn = 0; turn < TURNS + 1; turn++) {
        if (turn == TURNS)
            kept = counters_keep(c);
        for (word i = 0; i < DIFFERENT; i++)
            counters_add(c, &(struct event){.kind = EVENT_port, .tval = i});
    }
    ck_assert_uint_eq(counters_list(c, &q, all, DIFFERENT), DIFFERENT);
    for (unsigned i = 0; i < DIFFERENT; i++)
        ck_assert_uint_eq(all[i].count, TURNS + 1);
    counters_reset(c);
    counters_add(c, &(struct event){.kind = EVENT_port, .tval = 7});
    ck_assert_uint_eq(counters_list(c, &q, all, DIFFERENT), 1);
    counters_put_back(c, kept);
    counters_kept_free(kept);
    counters_add(c, &(struct event){.kind = EVENT_port, .tval = 7});
    ck_assert_uint_eq(counters_list(c, &q, all, DIFFERENT), DIFFERENT);
    ck_assert_uint_eq(all[0].detail, 7);
    ck_assert_uint_eq(all[0].count, TURNS + 1);
    ck_assert_uint_eq(all[1].count, TURNS);
}
END_TEST

/* The same system call with another register is the same row; nothing else is. */
START_TEST(instructions_that_differ_in_what_is_not_counted_share_a_row)
{
    word read_x5 = 0x30002000 | 5 << 7 | 0x73, read_x6 = 0x30002000 | 6 << 7 | 0x73;
    struct counter_query q = {.kinds = EVENT_ALL, .by_detail = true};

    for (unsigned i = 0; i < 3; i++) {
        counters_add(c, &(struct event){.kind = EVENT_hole, .insn = read_x5});
        counters_add(c, &(struct event){.kind = EVENT_hole, .insn = read_x6});
    }
    ck_assert_uint_eq(list(q), 1);
    ck_assert_uint_eq(rows[0].count, 6);
}
END_TEST

START_TEST(events_out_of_bounds_are_dropped)
{
    counters_add(c, &(struct event){.kind = EVENT_COUNT});
    counters_add(c, &(struct event){.kind = EVENT_trap, .context = CONTEXT_NONE});
    ck_assert_uint_eq(list((struct counter_query){.kinds = EVENT_ALL}), 0);
}
END_TEST

START_TEST(they_listen_can_be_reset_and_be_asked_for_less)
{
    struct trace trace = {0};
    struct counter_query q = {.kinds = EVENT_ALL};

    counters_attach(c, &trace);
    ck_assert(!trace_wants(&trace, EVENT_insn) && !trace_wants(&trace, EVENT_mem));
    trace_publish(&trace, &(struct event){.kind = EVENT_trap});
    trace_publish(&trace, &(struct event){.kind = EVENT_csr});
    ck_assert_uint_eq(counters_list(c, &q, NULL, 0), 2);
    counters_reset(c);
    ck_assert_uint_eq(counters_list(c, &q, NULL, 0), 0);
    trace_publish(&trace, &(struct event){.kind = EVENT_trap});
    ck_assert_uint_eq(counters_total(c, EVENT_trap), 1);
    counters_detach(c);
    ck_assert_uint_eq(trace.wanted, 0);
}
END_TEST

Suite *suite_trace_counters(void);
Suite *suite_trace_counters(void)
{
    Suite *s = suite_create("trace_counters");
    TCase *t = tcase_create("counters");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, rows_are_told_apart_by_kind_context_cause_and_detail);
    tcase_add_test(t, a_trap_costs_until_its_handler_returns);
    tcase_add_test(t, a_trap_inside_a_handler_is_part_of_its_cost);
    tcase_add_test(t, traps_that_never_return_do_not_stay);
    tcase_add_test(t, an_exit_costs_until_its_own_vm_is_entered_again);
    tcase_add_test(t, time_is_shared_out_among_contexts);
    tcase_add_test(t, going_back_and_forward_again_counts_the_same);
    tcase_add_loop_test(t, rows_have_readable_labels, 0, (int)COUNT_OF(labels));
    tcase_add_test(t, rows_are_bounded_and_nothing_goes_uncounted);
    tcase_add_test(t, each_event_counts_in_its_row_however_many_take_turns);
    tcase_add_test(t, instructions_that_differ_in_what_is_not_counted_share_a_row);
    tcase_add_test(t, events_out_of_bounds_are_dropped);
    tcase_add_test(t, they_listen_can_be_reset_and_be_asked_for_less);
    suite_add_tcase(s, t);
    return s;
}
