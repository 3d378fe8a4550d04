/*
 * No guest hurts the simulator. Random words as code, as page tables and as control registers,
 * in every ring: whatever happens is a trap, a halt, a shutdown or the end of the budget, and
 * it happens the same way twice.
 */
#include "tests/isa/random.h"
#include "tests/machine/harness.h"

Suite *suite_machine_hostile(void);

#define RAM   (1u << 20)
#define STEPS 20000

/* Words that are instructions more often than chance would have it, or entries of page tables
 * that lead into RAM. */
static word wild_word(uint32_t *s)
{
    word bits = random_next(s);

    switch (random_next(s) % 4) {
    case 0:
        return bits;
    case 1:
        return RAM_BASE | (bits & (RAM - 1) & PAGE_MASK) | (random_next(s) & 0x3ff) | PTE_V;
    default: {
        const struct insn_info *info =
            insn_info((enum insn_id)(1 + random_next(s) % (INSN_COUNT - 1)));
        return (bits & ~info->mask) | info->match;
    }
    }
}

static word wild_address(uint32_t *s)
{
    static const word places[] = {RAM_BASE,   RAM_BASE, RAM_BASE + RAM - 8, 0x10000000, 0x0c000000,
                                  0xfffffff0, 0,        0x80800000};

    return places[random_next(s) % COUNT_OF(places)] + random_next(s) % (RAM / 2) / 3;
}

static void fill(struct machine *m, uint32_t *s)
{
    for (hpa at = RAM_BASE; at < RAM_BASE + RAM; at += 4) {
        word bits = wild_word(s);
        machine_write(m, at, &bits, sizeof bits);
    }
}

static void scatter(struct machine *m, uint32_t *s)
{
    struct cpu_regs regs = {0};

    for (unsigned i = 1; i < 32; i++)
        regs.x[i] = wild_address(s);
    regs.pc = RAM_BASE + random_next(s) % RAM;
    regs.ring = random_next(s);
    regs.status = random_next(s);
    regs.tvec = wild_address(s);
    regs.tptbr = random_next(s);
    regs.ie = random_next(s);
    regs.timecmp = random_next(s) % 5000;
    regs.cntren = random_next(s);
    regs.ptbr = random_next(s);
    if (random_next(s) % 4)
        regs.ptbr =
            (RAM_BASE + random_next(s) % RAM) >> PAGE_SHIFT | (random_next(s) % 3 ? PTBR_ON : 0);
    machine_set_regs(m, &regs);
}

static void check_regs(const struct machine *m)
{
    const struct cpu_regs *r = machine_regs(m);

    ck_assert_uint_eq(r->x[0], 0);
    ck_assert_uint_le(r->ring, 3);
    ck_assert_uint_eq(r->pc % 4, 0);
    for (unsigned i = 0; i < csr_count; i++) {
        word value = 0;
        if (csr_table[i].kind != CSR_KIND_CONTROL || csr_table[i].number == CSR_ip)
            continue;
        ck_assert(machine_csr_read(m, csr_table[i].number, &value));
        if (csr_table[i].number == CSR_status)
            value &= ~(word)FIELD_status_cring;
        ck_assert_uint_eq(value & ~csr_table[i].wmask, 0);
    }
}

static uint64_t run_wild(uint32_t seed)
{
    struct machine_config config = rig_config();
    uint32_t s = seed * 2654435761u | 1;
    struct machine *m;
    struct error err;

    config.ram_size = RAM;
    config.classic = seed % 2;
    if (seed % 3 == 0)
        config.tlb = 2;
    ck_assert_int_eq(machine_new(&m, &config, &err), 0);
    fill(m, &s);
    for (int round = 0; round < 6 && machine_state(m) == MACHINE_READY; round++) {
        scatter(m, &s);
        uint64_t before = machine_icount(m);
        machine_run(m, STEPS);
        ck_assert_uint_le(machine_icount(m), before + STEPS);
        check_regs(m);
    }
    uint64_t digest = machine_digest(m);
    machine_free(m);
    return digest;
}

START_TEST(random_machines_end_well_and_the_same_way_twice)
{
    for (uint32_t seed = 1; seed <= 40; seed++) {
        uint32_t n = (uint32_t)_i * 40 + seed;
        ck_assert_msg(run_wild(n) == run_wild(n), "seed %u differs", n);
    }
}
END_TEST

/* RAM that ends where the address space does. */
START_TEST(two_gigabytes_of_ram_end_with_the_address_space)
{
    struct machine_config config = rig_config();
    struct rig r;

    config.ram_size = 1u << 31;
    rig_init(&r, config);
    rig_put_at(&r, 0xfffffff8, I(addi, A0, A0, 1));
    rig_put_at(&r, 0xfffffffc, I(addi, A0, A0, 1));
    rig_pc(&r, 0xfffffff8);
    rig_run(&r, 3);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 2);
    rig_expect_trap(&r, CAUSE_fetch_access, 0, 0);
    word value = 1;
    ck_assert(rig_store(&r, 0xfffffffc, 0x12345678));
    ck_assert(rig_load(&r, 0xfffffffc, &value));
    ck_assert_uint_eq(value, 0x12345678);
    ck_assert(!machine_write(r.m, 0xfffffffe, &value, sizeof value));
    ck_assert(machine_read(r.m, 0xfffffffc, &value, sizeof value));
    ck_assert(machine_read(r.m, 0xfffffffc, &value, 0));
    rig_fini(&r);
}
END_TEST

/* Nothing but console input can end it; then it goes on, and takes the interrupt behind it. */
START_TEST(a_wait_for_input_comes_back_until_there_is_some)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, STORE(sb, A1, 1, A0)); /* uart: interrupt on received data */
    rig_put(&r, STORE(sw, A2, 4, A3)); /* controller: line 1 */
    rig_put(&r, PLAIN(wfi));
    rig_put(&r, I(addi, A4, A4, 1));
    rig_x(&r, A0, 0x10000000);
    rig_x(&r, A1, 1);
    rig_x(&r, A2, 2);
    rig_x(&r, A3, 0x0c000000);
    rig_set_csr(&r, CSR_ie, 1u << INTERRUPT_external);
    rig_set_csr(&r, CSR_status, FIELD_status_ie);
    rig_listen(&r, EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_insn));
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(machine_run(r.m, 100), STOP_INPUT);
        ck_assert_uint_eq(machine_icount(r.m), 2);
        rig_expect_pc(&r, CODE + 8);
    }
    machine_input(r.m, "x", 1);
    rig_run(&r, 2);
    rig_expect_trap(&r, CAUSE_INTERRUPT | INTERRUPT_external, 0, CODE + 12);
    ck_assert_uint_eq(machine_instret(r.m), 3);
    ck_assert_uint_eq(r.event_count, 4);
    rig_fini(&r);
}
END_TEST

START_TEST(after_the_end_of_input_the_same_wait_is_a_shutdown)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, STORE(sb, A1, 1, A0));
    rig_put(&r, STORE(sw, A2, 4, A3));
    rig_put(&r, PLAIN(wfi));
    rig_x(&r, A0, 0x10000000);
    rig_x(&r, A1, 1);
    rig_x(&r, A2, 2);
    rig_x(&r, A3, 0x0c000000);
    rig_set_csr(&r, CSR_ie, 1u << INTERRUPT_external);
    ck_assert_int_eq(machine_run(r.m, 100), STOP_INPUT);
    machine_input_end(r.m);
    ck_assert_int_eq(machine_run(r.m, 100), STOP_SHUTDOWN);
    ck_assert_int_eq(machine_shutdown(r.m), SHUTDOWN_wait_forever);
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_hostile(void)
{
    Suite *s = suite_create("machine_hostile");
    TCase *t = tcase_create("wild");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, random_machines_end_well_and_the_same_way_twice, 0, 4);
    tcase_add_test(t, two_gigabytes_of_ram_end_with_the_address_space);
    tcase_add_test(t, a_wait_for_input_comes_back_until_there_is_some);
    tcase_add_test(t, after_the_end_of_input_the_same_wait_is_a_shutdown);
    suite_add_tcase(s, t);
    return s;
}
