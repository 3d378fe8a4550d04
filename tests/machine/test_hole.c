/*
 * The sensitive instructions: strict machines trap outside ring 0, classic ones have the holes
 * of section 6, and every use of one is an event. What probe and cpuid answer is here too.
 */
#include "tests/machine/harness.h"

#define VA   0x00400000u
#define NONE 0x77777777u /* a0 before: not written */

/* a1 = argument; the answer of a classic machine outside ring 0 is `result` in a0. */
static const struct {
    const char *what;
    word insn, a1, result, status; /* status: UF bits afterwards */
} holes[] = {
    {"csrr a0, tvec", 0x7c102573, 0, VECTOR, 0x5000},
    {"csrr a0, ptbr", 0x7c802573, 0, 0x00c12345, 0x5000},
    {"csrw status, a1", 0x7c059073, 0xffffffff, NONE, 0xf000},
    {"csrs status, a1", 0x7c05a073, 0x0000a0cf, NONE, 0xf000},
    {"csrc status, a1", 0x7c05b073, 0x0000f0cf, NONE, 0x0000},
    {"csrwi status, 1", 0x7c00d073, 0, NONE, 0x0000},
    {"cpuid a0, a1: magic", 0x0005d50b, 0, 0x5a505254, 0x5000},
    {"cpuid a0, a1: features", 0x0005d50b, 1, 0, 0x5000},
    {"cpuid a0, a1: no monitor", 0x0005d50b, 0x40000000, 0, 0x5000},
    {"cpuid a0, a1: no such leaf", 0x0005d50b, 0x1234, 0, 0x5000},
    {"probe a0, a1", 0x0005c50b, DATA, 0x3f, 0x5000},
};

static void start(struct rig *r, bool classic, unsigned ring, word insn, word a1)
{
    struct machine_config config = rig_config();

    config.classic = classic;
    rig_init(r, config);
    rig_put(r, insn);
    rig_set_csr(r, CSR_status, 0x5000 | 3u << SHIFT_status_pring);
    rig_set_csr(r, CSR_ptbr, 0x00c12345); /* paging off */
    rig_ring(r, ring);
    rig_x(r, A0, NONE);
    rig_x(r, A1, a1);
    rig_listen(r, EVENT_BIT(EVENT_hole));
}

START_TEST(outside_ring_0_a_strict_machine_traps_where_a_classic_one_answers)
{
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(holes) * 3; n++) {
        unsigned row = n / 3, ring = 1 + n % 3;

        start(&r, false, ring, holes[row].insn, holes[row].a1);
        rig_run(&r, 1);
        rig_expect_trap(&r, CAUSE_privileged, holes[row].insn, CODE);
        ck_assert_uint_eq(r.event_count, 0);
        rig_fini(&r);

        start(&r, true, ring, holes[row].insn, holes[row].a1);
        rig_run(&r, 1);
        rig_expect_pc(&r, CODE + 4);
        ck_assert_msg(rig_regs(&r)->x[A0] == holes[row].result, "%s in ring %u gives %08x",
                      holes[row].what, ring, rig_regs(&r)->x[A0]);
        ck_assert_msg(rig_csr(&r, CSR_status) == (holes[row].status | 3u << SHIFT_status_pring |
                                                  ring << SHIFT_status_cring),
                      "%s leaves status %08x", holes[row].what, rig_csr(&r, CSR_status));
        rig_fini(&r);
    }
}
END_TEST

START_TEST(each_use_of_a_hole_is_published_and_ring_0_uses_none)
{
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(holes) * 4; n++) {
        unsigned row = n / 4, ring = n % 4;

        start(&r, true, ring, holes[row].insn, holes[row].a1);
        rig_run(&r, 1);
        rig_expect_pc(&r, CODE + 4);
        ck_assert_msg(r.event_count == (ring ? 1 : 0), "%s in ring %u: %u events", holes[row].what,
                      ring, r.event_count);
        if (ring) {
            ck_assert_uint_eq(r.events[0].insn, holes[row].insn);
            ck_assert_uint_eq(r.events[0].pc, CODE);
            ck_assert_uint_eq(r.events[0].ring_from, ring);
            if (holes[row].result != NONE)
                ck_assert_uint_eq(r.events[0].a, holes[row].result);
        }
        rig_fini(&r);
    }
}
END_TEST

/* The x86 relative is POPF: a kernel moved to ring 1 believes that it disabled interrupts. */
START_TEST(a_deprived_kernel_cannot_disable_interrupts_and_is_not_told)
{
    struct rig r;

    start(&r, true, 1, 0x7c00f073, 0); /* csrci status, 1 */
    rig_put(&r, CSRR(csrrs, A0, CSR_status, ZERO));
    rig_set_csr(&r, CSR_status, FIELD_status_ie);
    rig_run(&r, 2);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], FIELD_status_ie | 1u << SHIFT_status_cring);
    rig_fini(&r);
}
END_TEST

START_TEST(cpuid_in_ring_0_tells_the_variant)
{
    struct rig r;

    for (unsigned classic = 0; classic < 2; classic++) {
        start(&r, classic, 0, 0x0005d50b, 1);
        rig_run(&r, 1);
        ck_assert_uint_eq(rig_regs(&r)->x[A0], classic ? 0 : 1);
        rig_fini(&r);
    }
}
END_TEST

#define TABLED (TABLE | PTE_V)
static const struct {
    const char *what;
    word root_entry, leaf;
    word answers; /* a nibble for each ring: may it see bits 5:0? */
} probes[] = {
    {"PL 3", TABLED, DATA | PTE_V | PTE_R | PTE_PL, 0x1111},
    {"PL 2", TABLED, DATA | PTE_V | PTE_R | PTE_W | PTE_PL_OF(2), 0x0111},
    {"PL 1, execute only", TABLED, DATA | PTE_V | PTE_X | PTE_PL_OF(1), 0x0011},
    {"PL 0, A and D set", TABLED, DATA | PTE_V | PTE_R | PTE_A | PTE_D, 0x0001},
    {"not valid", TABLED, DATA | PTE_R | PTE_PL, 0},
    {"reserved", TABLED, DATA | PTE_V | PTE_W | PTE_PL, 0},
    {"reserved bits", TABLED, DATA | PTE_V | PTE_R | PTE_PL | 0x400, 0},
    {"nothing behind", TABLED, NOWHERE | PTE_V | PTE_R | PTE_PL, 0x1111},
    {"a pointer in the last level", TABLED, OTHER_TABLE | PTE_V | PTE_PL, 0},
    {"no table", 0, 0, 0},
    {"table outside RAM", NOWHERE | PTE_V, 0, 0},
    {"a superpage", RAM_BASE | PTE_V | PTE_X | PTE_PL_OF(2), 0, 0x0111},
    {"a misaligned superpage", (RAM_BASE + 0x1000) | PTE_V | PTE_R | PTE_PL, 0, 0},
};

/* In rings 1 to 3 for the ring itself (classic), in ring 0 for PRING. Never a trap, no A bit. */
START_TEST(probe_gives_the_low_bits_of_the_leaf_to_rings_that_may_use_it)
{
    struct machine_config config = rig_config();
    struct rig r;

    config.classic = true;
    rig_init(&r, config);
    for (unsigned n = 0; n < COUNT_OF(probes) * 8; n++) {
        unsigned row = n / 8, ring = n & 3, asked = n & 4 ? ring : 0; /* asked: running in */
        bool superpage = (probes[row].root_entry & (PTE_R | PTE_X)) != 0;
        word leaf = superpage ? probes[row].root_entry : probes[row].leaf;
        word expected = probes[row].answers >> 4 * ring & 1 ? leaf & 0x3f : 0;

        rig_restart(&r);
        rig_map_ram(&r, ROOT);
        rig_put_at(&r, ROOT + 4 * PT_INDEX1(VA), probes[row].root_entry);
        rig_put_at(&r, TABLE + 4 * PT_INDEX0(VA), probes[row].leaf);
        rig_put(&r, R(probe, A0, A1, ZERO));
        rig_set_csr(&r, CSR_status, ring << SHIFT_status_pring);
        rig_set_csr(&r, CSR_ptbr, rig_ptbr(ROOT, 0));
        rig_ring(&r, asked);
        rig_x(&r, A0, NONE);
        rig_x(&r, A1, VA + 0x123);
        rig_run(&r, 1);
        rig_expect_pc(&r, CODE + 4);
        ck_assert_msg(rig_regs(&r)->x[A0] == expected,
                      "%s for ring %u, asked in %u: %02x, not %02x", probes[row].what, ring, asked,
                      rig_regs(&r)->x[A0], expected);
        ck_assert_uint_eq(rig_word(&r, TABLE + 4 * PT_INDEX0(VA)), probes[row].leaf);
    }
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_hole(void);
Suite *suite_machine_hole(void)
{
    Suite *s = suite_create("machine_hole");
    TCase *c = tcase_create("hole");

    tcase_add_test(c, outside_ring_0_a_strict_machine_traps_where_a_classic_one_answers);
    tcase_add_test(c, each_use_of_a_hole_is_published_and_ring_0_uses_none);
    tcase_add_test(c, a_deprived_kernel_cannot_disable_interrupts_and_is_not_told);
    tcase_add_test(c, cpuid_in_ring_0_tells_the_variant);
    tcase_add_test(c, probe_gives_the_low_bits_of_the_leaf_to_rings_that_may_use_it);
    suite_add_tcase(s, c);
    return s;
}
