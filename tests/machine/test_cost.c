/*
 * Costs: what each kind of step adds to `cycle`, under a table of primes so that no sum can
 * hide another; and what costs nothing.
 */
#include "tests/machine/harness.h"

#define VA 0x00400000u

enum {
    BASE = 3,
    MUL = 101,
    DIV = 211,
    WALK = 307,
    CSR_ = 401,
    TRAP = 503,
    TRET = 601,
    FENCE = 701,
    PORT_ = 809,
    MMIO = 907
};

static struct machine_config primes(void)
{
    struct machine_config config = machine_config_default();

    config.ram_size = 1u << 20;
    config.cost = (struct cost){.base = BASE,
                                .mul = MUL,
                                .div = DIV,
                                .walk = WALK,
                                .csr = CSR_,
                                .trap = TRAP,
                                .tret = TRET,
                                .fence = FENCE,
                                .port = PORT_,
                                .mmio = MMIO,
                                .vmrun = 1009,
                                .exit = 1103,
                                .sector = 1201,
                                .divider = 1};
    return config;
}

static const struct {
    const char *what;
    unsigned ring;
    word insn, a0;
    unsigned cost;
} rows[] = {
    {"addi", 3, 0x00150513, 0, BASE},
    {"lui", 0, 0x000015b7, 0, BASE},
    {"taken branch", 1, 0x00000463, 0, BASE},
    {"branch not taken", 1, 0x00001463, 0, BASE},
    {"jal", 2, 0x008000ef, 0, BASE},
    {"jalr", 2, 0x000500e7, DATA, BASE},
    {"load", 3, 0x00052583, DATA, BASE},
    {"store", 3, 0x00b52023, DATA, BASE},
    {"fence", 3, 0x0ff0000f, 0, BASE},
    {"mul", 3, 0x02a50533, 7, BASE + MUL},
    {"mulhu", 0, 0x02a53533, 7, BASE + MUL},
    {"div by zero", 3, 0x02054533, 7, BASE + DIV},
    {"remu", 0, 0x02a57533, 7, BASE + DIV},
    {"csr read", 0, 0x7c202573, 0, BASE + CSR_},
    {"csr write", 0, 0x7c251073, 0, BASE + CSR_},
    {"counter read", 0, 0xc0202573, 0, BASE + CSR_},
    {"csr denied", 3, 0x7c202573, 0, BASE + TRAP},
    {"tret", 0, 0x30200073, 0, BASE + TRET},
    {"tret denied", 1, 0x30200073, 0, BASE + TRAP},
    {"sfence.vma", 0, 0x12000073, 0, BASE + FENCE},
    {"wfi that falls through", 0, 0x10500073, 0, BASE},
    {"pin", 0, 0x0005258b, 0x80, BASE + PORT_},
    {"pout", 0, 0x00b5300b, 0x80, BASE + PORT_},
    {"pin denied", 1, 0x0005258b, 0x80, BASE + TRAP},
    {"device load", 0, 0x00554583, 0x10000000, BASE + MMIO},
    {"device store", 0, 0x00b502a3, 0x10000002, BASE + MMIO},
    {"ecall", 3, 0x00000073, 0, BASE + TRAP},
    {"illegal", 3, 0x00000000, 0, BASE + TRAP},
    {"load from nothing", 0, 0x00052583, NOWHERE, BASE + TRAP},
    {"misaligned store", 0, 0x00b52023, DATA + 1, BASE + TRAP},
    {"cpuid", 0, 0x0005550b, 0, BASE},
    {"probe, bare", 0, 0x0005450b, 0, BASE},
    {"trace", 0, 0x00552013, 0, 0},
    {"trace", 3, 0x00552013, 0, 0},
};

START_TEST(every_kind_of_instruction_costs_what_the_table_says)
{
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(rows); n++) {
        rig_init(&r, primes());
        rig_put(&r, rows[n].insn);
        rig_x(&r, A0, rows[n].a0);
        rig_set_csr(&r, CSR_ie, FIELD_ie_soft);
        rig_set_csr(&r, CSR_ip, rows[n].ring ? 0 : FIELD_ip_soft); /* for wfi */
        rig_ring(&r, rows[n].ring);
        rig_run(&r, 1);
        ck_assert_msg(machine_cycle(r.m) == rows[n].cost, "%s in ring %u costs %llu, not %u",
                      rows[n].what, rows[n].ring, (unsigned long long)machine_cycle(r.m),
                      rows[n].cost);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(an_interrupt_costs_a_trap_and_a_step_costs_instruction_and_trap)
{
    struct rig r;

    rig_init(&r, primes());
    rig_put(&r, I(addi, A0, A0, 1));
    rig_set_csr(&r, CSR_ie, FIELD_ie_soft);
    rig_set_csr(&r, CSR_ip, FIELD_ip_soft);
    rig_ring(&r, 3);
    rig_run(&r, 1);
    ck_assert_uint_eq(machine_cycle(r.m), TRAP);
    rig_fini(&r);

    rig_init(&r, primes());
    rig_put(&r, I(addi, A0, A0, 1));
    rig_set_csr(&r, CSR_status, FIELD_status_tf);
    rig_run(&r, 1);
    ck_assert_uint_eq(machine_cycle(r.m), BASE + TRAP);
    rig_fini(&r);
}
END_TEST

START_TEST(a_tlb_miss_costs_each_reference_and_a_hit_nothing)
{
    struct rig r;

    rig_init(&r, primes());
    rig_map_ram(&r, ROOT);
    rig_map(&r, ROOT, TABLE, VA, DATA | PTE_V | PTE_R | PTE_PL);
    rig_put(&r, LOAD(lw, A1, 0, A0)); /* fetch: superpage, 1; load: 2 */
    rig_put(&r, LOAD(lw, A1, 0, A0)); /* hits */
    rig_put(&r, LOAD(lw, A1, 0, A2)); /* next page: 2, page fault */
    rig_x(&r, A0, VA);
    rig_x(&r, A2, VA + PAGE_SIZE);
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(ROOT, 0));
    rig_run(&r, 1);
    ck_assert_uint_eq(machine_cycle(r.m), BASE + 3 * WALK);
    rig_run(&r, 1);
    ck_assert_uint_eq(machine_cycle(r.m), 2 * BASE + 3 * WALK);
    rig_run(&r, 1);
    ck_assert_uint_eq(machine_cycle(r.m), 3 * BASE + 5 * WALK + TRAP);
    rig_fini(&r);
}
END_TEST

/* The same program by hand and by the machine, in one run and in pieces. */
START_TEST(a_small_program_costs_the_exact_sum)
{
    struct rig r;

    for (unsigned piece = 1; piece <= 64; piece *= 4) {
        rig_init(&r, primes());
        rig_put(&r, I(addi, A0, ZERO, 10));
        rig_put(&r, R(mul, A1, A0, A0));
        rig_put(&r, TRACE(A1, 10));
        rig_put(&r, R(divu, A2, A1, A0));
        rig_put(&r, CSRR(csrrw, ZERO, CSR_tscratch, A2));
        rig_put(&r, I(addi, A0, A0, -1));
        rig_put(&r, BRANCH(bne, A0, ZERO, -20));
        rig_put(&r, PLAIN(ecall));
        unsigned steps = 1 + 10 * 6 + 1,
                 cost = BASE + 10 * (5 * BASE + MUL + DIV + CSR_) + BASE + TRAP;
        for (unsigned done = 0; done < steps; done += piece)
            rig_run(&r, piece < steps - done ? piece : steps - done);
        rig_expect_trap(&r, CAUSE_ecall_ring0, 0, CODE + 28);
        ck_assert_uint_eq(machine_cycle(r.m), cost);
        ck_assert_uint_eq(machine_instret(r.m), steps - 1);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(a_hint_is_free_changes_nothing_and_is_published)
{
    struct rig r;

    for (unsigned ring = 0; ring < 4; ring++) {
        rig_init(&r, primes());
        rig_put(&r, TRACE(A0, -5));
        rig_put(&r, TRACE(ZERO, 2047));
        rig_x(&r, A0, 0x12345678);
        rig_ring(&r, ring);
        rig_listen(&r, EVENT_BIT(EVENT_hint));
        struct cpu_regs before = *rig_regs(&r);
        rig_run(&r, 2);
        ck_assert_uint_eq(machine_cycle(r.m), 0);
        ck_assert_uint_eq(r.event_count, 2);
        ck_assert_uint_eq(r.events[0].b, 0x12345678);
        ck_assert_uint_eq(r.events[0].a & 0xfff, 0xffb);
        ck_assert_uint_eq(r.events[1].a, 2047);
        for (unsigned n = 0; n < 32; n++)
            ck_assert_uint_eq(rig_regs(&r)->x[n], before.x[n]);
        rig_expect_pc(&r, CODE + 8);
        rig_fini(&r);
    }
}
END_TEST

Suite *suite_machine_cost(void);
Suite *suite_machine_cost(void)
{
    Suite *s = suite_create("machine_cost");
    TCase *c = tcase_create("cost");

    tcase_add_test(c, every_kind_of_instruction_costs_what_the_table_says);
    tcase_add_test(c, an_interrupt_costs_a_trap_and_a_step_costs_instruction_and_trap);
    tcase_add_test(c, a_tlb_miss_costs_each_reference_and_a_hit_nothing);
    tcase_add_test(c, a_small_program_costs_the_exact_sum);
    tcase_add_test(c, a_hint_is_free_changes_nothing_and_is_published);
    suite_add_tcase(s, c);
    return s;
}
