/*
 * Time is exact: however a run is cut into pieces, watched or stopped, the machine does the
 * same thing at the same step and cycle.
 */
#include "tests/machine/storm.h"

Suite *suite_machine_run(void);

#define STEPS 12000
#define SEEDS 24

/* Cost tables and TLB sizes that make charges and deadlines fall differently. */
static struct machine_config config_of(uint32_t seed)
{
    struct machine_config config = rig_config();

    config.classic = seed % 3 == 0;
    if (seed % 2)
        config.tlb = 1u << seed % 5;
    if (seed % 4 == 1)
        config.cost = (struct cost){.base = 3, .mul = 7, .walk = 11, .trap = 1, .divider = 5};
    if (seed % 4 == 2)
        config.cost.base = 0;
    return config;
}

static unsigned same_as_in_one_go(uint32_t seed, const struct storm_way *way)
{
    struct machine_config config = config_of(seed);
    struct storm_result one = storm_run(config, seed, STEPS, &(struct storm_way){0});
    struct storm_result other = storm_run(config, seed, STEPS, way);

    ck_assert_uint_eq(one.icount, other.icount);
    ck_assert_msg(one.digest == other.digest, "seed %u: the machines differ", seed);
    if (!way->deaf)
        ck_assert_msg(one.events == other.events, "seed %u: the events differ", seed);
    return one.traps;
}

/* Some storms end in a quiet loop; most must not, or the comparison says little. */
static void same_for_all_seeds(const struct storm_way *way)
{
    unsigned traps = 0;

    for (uint32_t seed = 1; seed <= SEEDS; seed++)
        traps += same_as_in_one_go(seed, way);
    ck_assert_uint_gt(traps, SEEDS * STEPS / 200);
}

static const uint64_t pieces[] = {1, 2, 3, 5, 7, 16, 61, 1000};

START_TEST(pieces_of_any_size_make_the_same_run)
{
    same_for_all_seeds(&(struct storm_way){.piece = pieces[_i]});
}
END_TEST

static const struct storm_way ways[] = {
    {.deaf = true},
    {.deaf = true, .twice = true, .piece = 97},
    {.deaf = true, .twice = true, .piece = 1500},
    {.watch = EVENT_BIT(EVENT_insn)},
    {.watch = EVENT_BIT(EVENT_mem), .piece = 333},
    {.watch = EVENT_BIT(EVENT_trap), .stops = 1},
    {.watch = EVENT_BIT(EVENT_insn), .stops = 1},
    {.watch = EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_mem), .stops = 3, .piece = 5},
    {.watch = EVENT_BIT(EVENT_walk) | EVENT_BIT(EVENT_tlb), .stops = 2},
    {.watch = EVENT_BIT(EVENT_csr) | EVENT_BIT(EVENT_ret) | EVENT_BIT(EVENT_mmio), .stops = 1},
};

START_TEST(who_looks_and_who_stops_it_changes_nothing)
{
    same_for_all_seeds(&ways[_i]);
}
END_TEST

START_TEST(a_budget_is_met_exactly)
{
    struct rig r;

    rig_init(&r, rig_config());
    for (unsigned i = 0; i < 300; i++)
        rig_put(&r, I(addi, A0, A0, 1));
    rig_put(&r, JAL(ZERO, -300 * 4));
    for (unsigned n = 0; n < 700; n += 13) {
        word before = rig_regs(&r)->x[A0];
        uint64_t icount = machine_icount(r.m);
        unsigned jumps = (unsigned)((icount + n) / 301 - icount / 301);
        rig_run(&r, n);
        ck_assert_uint_eq(rig_regs(&r)->x[A0], before + n - jumps);
        ck_assert_uint_eq(machine_icount(r.m), icount + n);
        ck_assert_uint_eq(machine_instret(r.m), icount + n);
        ck_assert_uint_eq(machine_cycle(r.m), icount + n);
    }
    rig_fini(&r);
}
END_TEST

/* 64 instructions of one block; the deadline stands before each of them in turn. */
START_TEST(the_timer_interrupts_at_the_first_boundary_that_has_its_time)
{
    for (unsigned at = 1; at <= 64; at++) {
        struct rig r;

        rig_init(&r, rig_config());
        for (unsigned i = 0; i < 64; i++)
            rig_put(&r, i % 4 ? I(addi, A0, A0, 1) : R(mul, A0, A0, A0));
        rig_set_csr(&r, CSR_ie, 1u << INTERRUPT_timer);
        rig_set_csr(&r, CSR_status, FIELD_status_ie);
        rig_set_csr(&r, CSR_timecmph, 0);
        rig_set_csr(&r, CSR_timecmp, at);
        rig_listen(&r, EVENT_BIT(EVENT_trap));
        machine_run(r.m, 65);
        const struct event *e = rig_event(&r, EVENT_trap, 0);
        ck_assert_ptr_nonnull(e);
        unsigned n = (e->pc - CODE) / 4;
        uint64_t cycle = e->cycle - machine_config(r.m)->cost.trap;
        ck_assert_uint_eq(e->cause, CAUSE_INTERRUPT | INTERRUPT_timer);
        ck_assert_uint_eq(e->icount, n);
        ck_assert_uint_eq(cycle, n + 2 * ((n + 3) / 4));
        ck_assert_uint_ge(cycle, at);
        ck_assert_uint_lt(cycle - (n % 4 == 1 ? 3 : 1), at);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(a_stop_before_an_instruction_announces_it_once)
{
    struct rig r;

    rig_init(&r, rig_config());
    for (unsigned i = 0; i < 8; i++)
        rig_put(&r, I(addi, A0, A0, 1));
    rig_listen(&r, EVENT_BIT(EVENT_insn));
    for (unsigned i = 0; i < 4; i++)
        rig_run(&r, 2);
    ck_assert_uint_eq(r.event_count, 8);
    for (unsigned i = 0; i < 8; i++) {
        ck_assert_uint_eq(r.events[i].pc, CODE + 4 * i);
        ck_assert_uint_eq(r.events[i].icount, i);
    }
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_run(void)
{
    Suite *s = suite_create("machine_run");
    TCase *t = tcase_create("time");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, pieces_of_any_size_make_the_same_run, 0, COUNT_OF(pieces));
    tcase_add_loop_test(t, who_looks_and_who_stops_it_changes_nothing, 0, COUNT_OF(ways));
    tcase_add_test(t, a_budget_is_met_exactly);
    tcase_add_test(t, the_timer_interrupts_at_the_first_boundary_that_has_its_time);
    tcase_add_test(t, a_stop_before_an_instruction_announces_it_once);
    suite_add_tcase(s, t);
    return s;
}
