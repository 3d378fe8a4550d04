/*
 * Intercepts: each bit of the vector, set and clear; what the exit tells; what the guest may not
 * do comes first; the permission map of ports.
 */
#include "tests/machine/guests.h"

#define TOLD 0x1234u /* in A1 */

static void start(struct rig *r, bool classic, word insn)
{
    struct machine_config config = guests_config();

    config.classic = classic;
    guests_init_with(r, config);
    rig_put_at(r, GUEST, insn);
    rig_x(r, A1, TOLD);
    rig_x(r, A2, 7);
}

/* One instruction in ring 0 of the guest; with the bit set the exit has this code and these words,
 * without it the instruction does what it does, and `code` is not seen. */
static const struct {
    const char *what;
    word vector, bit; /* offset of the word of intercepts */
    word insn;
    word code, info1, info2;
} rows[] = {
    {"wfi", VMCB_icept_insn, 0, 0x10500073, 0, 0, 0},
    {"cpuid a0, a1", VMCB_icept_insn, 1, 0x0005d50b, 1, TOLD, 0},
    {"sfence.vma a1, a2", VMCB_icept_insn, 2, 0x12c58073, 2, TOLD, 7},
    {"sfence.vma", VMCB_icept_insn, 2, 0x12000073, 2, 0, 0},
    {"pin a0, a1", VMCB_icept_insn, 3, 0x0005a50b, 3, TOLD, 0},
    {"pout a1, a2", VMCB_icept_insn, 3, 0x00c5b00b, 3, TOLD, 7},
    {"probe a0, a1", VMCB_icept_insn, 4, 0x0005c50b, 4, TOLD, 0},
    {"tret", VMCB_icept_insn, 5, 0x30200073, 5, 0, 0},
    {"ecall", VMCB_icept_cause, 8, 0x00000073, 40, 0, 0},
    {"ebreak", VMCB_icept_cause, 3, 0x00100073, 35, GUEST, 0},
    {"no instruction", VMCB_icept_cause, 2, 0xffffffff, 34, 0xffffffff, 0},
    {"lw a0, 1(a1)", VMCB_icept_cause, 4, 0x0015a503, 36, TOLD + 1, 0},
    {"lw a0, 0(a1)", VMCB_icept_cause, 5, 0x0005a503, 37, TOLD, 0},
    {"sw a0, 1(a1)", VMCB_icept_cause, 6, 0x00a5a0a3, 38, TOLD + 1, 0},
    {"sw a0, 0(a1)", VMCB_icept_cause, 7, 0x00a5a023, 39, TOLD, 0},
    {"jalr 6(a2)", VMCB_icept_cause, 0, 0x00f60067, 32, 0x16, 0},
    {"csrw tvec, a1", VMCB_icept_csr_write, 1, 0x7c159073, 97, 0x7c1, TOLD},
    {"csrr a0, tvec", VMCB_icept_csr_read, 1, 0x7c102573, 65, 0x7c1, GUEST_VECTOR},
};

START_TEST(each_bit_makes_its_instruction_an_exit_and_only_that)
{
    struct rig r;

    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        word forced = rows[i].vector == VMCB_icept_insn ? FORCED : 0;

        start(&r, false, rows[i].insn);
        guests_set(&r, rows[i].vector, forced | 1u << rows[i].bit);
        guests_set(&r, VMCB_virtual_ip, FIELD_ip_soft); /* wakes a wfi, is not taken */
        guests_set(&r, VMCB_ie, FIELD_ie_soft);
        guests_set(&r, VMCB_epc, GUEST);
        rig_run(&r, 2);
        ck_assert_msg(guests_get(&r, VMCB_exit_code) == rows[i].code, "%s: code %u", rows[i].what,
                      guests_get(&r, VMCB_exit_code));
        guests_expect_exit(&r, rows[i].code, rows[i].info1, rows[i].info2);
        rig_expect_pc(&r, CODE + 4);
        ck_assert_uint_eq(guests_get(&r, VMCB_pc), GUEST);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_insn), rows[i].insn);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_next_pc), GUEST + 4);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_event), 0);
        ck_assert_uint_eq(guests_get(&r, VMCB_instret), 0);

        /* All the others set, this one not. */
        guests_set(&r, VMCB_icept_insn, 0x3ff);
        guests_set(&r, VMCB_icept_cause, 0x0700bfff);
        guests_set(&r, VMCB_icept_csr_read, 0x3fff);
        guests_set(&r, VMCB_icept_csr_write, 0x3fff);
        guests_set(&r, rows[i].vector, guests_get(&r, rows[i].vector) & ~(1u << rows[i].bit));
        guests_again(&r, 2);
        struct machine_guest guest;
        ck_assert_msg(machine_guest(r.m, &guest), "%s: exit %u though its bit is clear",
                      rows[i].what, guests_get(&r, VMCB_exit_code));
        rig_fini(&r);
    }
}
END_TEST

/* Exceptions that need another ring, or paging: A1 is not mapped, A2 is where it may only be read. */
#define READ_ONLY 0x00400000u

static const struct {
    const char *what;
    unsigned ring;
    bool paged;
    word insn, code, info1;
} exceptions[] = {
    {"ecall from ring 1", 1, false, 0x00000073, 41, 0},
    {"ecall from ring 2", 2, false, 0x00000073, 42, 0},
    {"ecall from ring 3", 3, false, 0x00000073, 43, 0},
    {"hcall from ring 1", 1, false, 0x0000000b, 57, 0},
    {"hcall from ring 3", 3, false, 0x0000000b, 57, 0},
    {"csrr a0, tvec in ring 3", 3, false, 0x7c102573, 56, 0x7c102573},
    {"lw a0, 0(a1)", 3, true, 0x0005a503, 45, NOWHERE},
    {"sw a0, 0(a1)", 0, true, 0x00a5a023, 47, NOWHERE},
    {"sw a0, 0(a2)", 0, true, 0x00a62023, 47, READ_ONLY},
};

START_TEST(exceptions_of_other_rings_and_of_paging_have_codes_too)
{
    struct rig r;

    for (unsigned i = 0; i < COUNT_OF(exceptions); i++) {
        start(&r, false, exceptions[i].insn);
        rig_map_ram(&r, ROOT);
        rig_map(&r, ROOT, TABLE, READ_ONLY, DATA | PTE_V | PTE_R | PTE_PL);
        rig_x(&r, A1, NOWHERE);
        rig_x(&r, A2, READ_ONLY);
        guests_set(&r, VMCB_icept_cause, 1u << (exceptions[i].code - EXIT_CAUSE));
        guests_set(&r, VMCB_ring, exceptions[i].ring);
        guests_set(&r, VMCB_status, exceptions[i].ring ? FIELD_status_pring : 0);
        guests_set(&r, VMCB_ptbr, exceptions[i].paged ? rig_ptbr(ROOT, 0) : 0);
        rig_run(&r, 2);
        ck_assert_msg(guests_get(&r, VMCB_exit_code) == exceptions[i].code, "%s: code %u",
                      exceptions[i].what, guests_get(&r, VMCB_exit_code));
        guests_expect_exit(&r, exceptions[i].code, exceptions[i].info1, 0);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_insn), exceptions[i].insn);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_ring), exceptions[i].ring);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(a_fetch_that_faults_exits_without_an_instruction)
{
    static const struct {
        word pc, code;
    } fetches[] = {{NOWHERE, 33}, {READ_ONLY, 44}};
    struct rig r;

    for (unsigned i = 0; i < COUNT_OF(fetches); i++) {
        start(&r, false, 0);
        rig_map(&r, ROOT, TABLE, READ_ONLY, DATA | PTE_V | PTE_R);
        guests_set(&r, VMCB_icept_cause, 1u << (fetches[i].code - EXIT_CAUSE));
        guests_set(&r, VMCB_ptbr, i ? rig_ptbr(ROOT, 0) : 0);
        guests_set(&r, VMCB_pc, fetches[i].pc);
        rig_run(&r, 2);
        guests_expect_exit(&r, fetches[i].code, fetches[i].pc, 0);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_insn), 0);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_next_pc), fetches[i].pc);
        rig_fini(&r);
    }
}
END_TEST

/* hcall and vmrun have no choice. */
START_TEST(hcall_and_vmrun_always_exit_from_ring_0)
{
    struct rig r;

    start(&r, false, PLAIN(hcall));
    rig_run(&r, 2);
    guests_expect_exit(&r, INTERCEPT_hcall, 0, 0);
    rig_fini(&r);
    start(&r, false, I(vmrun, 0, A1, 0));
    rig_run(&r, 2);
    guests_expect_exit(&r, INTERCEPT_vmrun, TOLD, 0);
    rig_fini(&r);
}
END_TEST

/* ---- control registers ------------------------------------------------------------------- */

START_TEST(each_register_has_a_bit_for_reading_and_one_for_writing)
{
    struct rig r;

    for (unsigned n = 0; n < 14; n++) {
        word number = CSR_status + n, before;

        start(&r, false, CSRR(csrrs, A0, number, ZERO));
        guests_set(&r, VMCB_icept_csr_read, 1u << n);
        guests_set(&r, VMCB_icept_csr_write, 0x3fff & ~(1u << n));
        rig_run(&r, 1);
        before = rig_csr(&r, number);
        rig_run(&r, 1);
        guests_expect_exit(&r, EXIT_CSR_READ + n, number, before);
        rig_put_at(&r, GUEST, CSRR(csrrw, ZERO, number, A1)); /* does not read */
        guests_set(&r, VMCB_icept_csr_read, 0x3fff);
        guests_set(&r, VMCB_icept_csr_write, 1u << n);
        guests_again(&r, 2);
        guests_expect_exit(&r, EXIT_CSR_WRITE + n, number, TOLD);
        rig_fini(&r);
    }
}
END_TEST

/* What info2 says: what was read; what would be written, before bits that do not exist are
 * dropped. tscratch holds F0h, A1 1234h. The read comes first when both are intercepted. */
static const struct {
    const char *what;
    word insn, read, write, code, info2;
} accesses[] = {
    {"csrr", 0x7c202573, 1, 1, 66, 0xf0},
    {"csrrw a0", 0x7c259573, 1, 1, 66, 0xf0},
    {"csrrw a0, write only", 0x7c259573, 0, 1, 98, TOLD},
    {"csrw", 0x7c259073, 1, 1, 98, TOLD},
    {"csrrs a0", 0x7c25a573, 0, 1, 98, 0x12f4},
    {"csrs reads", 0x7c25a073, 1, 1, 66, 0xf0},
    {"csrrc a0", 0x7c25b573, 0, 1, 98, 0xc0},
    {"csrwi 9", 0x7c24d073, 0, 1, 98, 9},
    {"csrsi 9", 0x7c24e073, 0, 1, 98, 0xf9},
    {"csrci 16", 0x7c287073, 0, 1, 98, 0xe0},
    {"csrrs x0 writes nothing", 0x7c202573, 0, 1, 256, 0},
    {"csrrwi a0, read only", 0x7c24d573, 1, 0, 66, 0xf0},
};

START_TEST(an_intercepted_access_tells_the_value)
{
    struct rig r;

    for (unsigned i = 0; i < COUNT_OF(accesses); i++) {
        struct machine_guest guest;

        start(&r, false, accesses[i].insn);
        guests_set(&r, VMCB_tscratch, 0xf0);
        guests_set(&r, VMCB_icept_csr_read, accesses[i].read << 2);
        guests_set(&r, VMCB_icept_csr_write, accesses[i].write << 2);
        rig_run(&r, 2);
        if (accesses[i].code == 256) {
            ck_assert_msg(machine_guest(r.m, &guest), "%s", accesses[i].what);
        } else {
            ck_assert_msg(!machine_guest(r.m, &guest), "%s: no exit", accesses[i].what);
            guests_expect_exit(&r, accesses[i].code, 0x7c2, accesses[i].info2);
            ck_assert_uint_eq(guests_get(&r, VMCB_tscratch), 0xf0);
        }
        rig_fini(&r);
    }
}
END_TEST

START_TEST(all_counters_share_a_bit)
{
    static const word counters[] = {CSR_cycle,  CSR_time,  CSR_instret,
                                    CSR_cycleh, CSR_timeh, CSR_instreth};
    struct rig r;

    for (unsigned i = 0; i < COUNT_OF(counters); i++) {
        start(&r, false, CSRR(csrrs, A0, counters[i], ZERO));
        guests_set(&r, VMCB_icept_insn, FORCED | 1u << INTERCEPT_counters);
        guests_set(&r, VMCB_instret, 77);
        rig_run(&r, 2);
        word value = guests_get(&r, VMCB_exit_info2);
        guests_expect_exit(&r, INTERCEPT_counters, counters[i], value);
        if (counters[i] == CSR_instret)
            ck_assert_uint_eq(value, 77);
        guests_set(&r, VMCB_icept_insn, FORCED);
        guests_again(&r, 2);
        rig_expect_pc(&r, GUEST + 4);
        rig_fini(&r);
    }
}
END_TEST

/* Virtual bits are seen in ip, but a read-modify-write does not make them the guest's own. */
START_TEST(setting_a_bit_of_ip_does_not_latch_a_virtual_one)
{
    struct rig r;

    start(&r, false, CSRR(csrrs, A0, CSR_ip, A2)); /* 7: none of its bits */
    guests_set(&r, VMCB_virtual_ip, FIELD_ip_soft | FIELD_ip_ext);
    rig_run(&r, 2);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], FIELD_ip_soft | FIELD_ip_ext);
    rig_put_at(&r, GUEST + 4, PLAIN(hcall));
    rig_run(&r, 1);
    guests_expect_exit(&r, INTERCEPT_hcall, 0, 0);
    ck_assert_uint_eq(guests_get(&r, VMCB_ip), FIELD_ip_ext);
    guests_set(&r, VMCB_virtual_ip, 0);
    guests_set(&r, VMCB_pc, GUEST);
    guests_again(&r, 2);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 0);
    rig_fini(&r);
}
END_TEST

/* ---- the guest's own checks come first ----------------------------------------------------- */

/* In ring 3 of the guest, with everything intercepted but exceptions: a trap of the guest's. */
static const struct {
    const char *what;
    word insn, cause, tval;
} own[] = {
    {"wfi", 0x10500073, CAUSE_privileged, 0x10500073},
    {"cpuid", 0x0005d50b, CAUSE_privileged, 0x0005d50b},
    {"probe", 0x0005c50b, CAUSE_privileged, 0x0005c50b},
    {"sfence.vma", 0x12000073, CAUSE_privileged, 0x12000073},
    {"tret", 0x30200073, CAUSE_privileged, 0x30200073},
    {"pin", 0x0005a50b, CAUSE_privileged, 0x0005a50b},
    {"pout", 0x00c5b00b, CAUSE_privileged, 0x00c5b00b},
    {"csrr status", 0x7c002573, CAUSE_privileged, 0x7c002573},
    {"csrw tvec", 0x7c159073, CAUSE_privileged, 0x7c159073},
    {"rdcycle", 0xc0002573, CAUSE_privileged, 0xc0002573},
    {"vmrun", 0x0005900b, CAUSE_privileged, 0x0005900b},
    {"hcall", 0x0000000b, CAUSE_hcall, 0},
    {"no such register", 0x7d002573, CAUSE_illegal, 0x7d002573},
    {"write of a counter", 0xc0059073, CAUSE_illegal, 0xc0059073},
};

static void in_ring_3(struct rig *r)
{
    guests_set(r, VMCB_ring, 3);
    guests_set(r, VMCB_status, FIELD_status_pring);
    guests_set(r, VMCB_icept_insn, 0x3ff);
    guests_set(r, VMCB_icept_csr_read, 0x3fff);
    guests_set(r, VMCB_icept_csr_write, 0x3fff);
}

START_TEST(what_the_guests_ring_may_not_do_is_the_guests_own_trap)
{
    struct rig r;

    for (unsigned i = 0; i < COUNT_OF(own); i++) {
        struct machine_guest guest;

        start(&r, false, own[i].insn);
        in_ring_3(&r);
        rig_listen(&r, EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_exit));
        rig_run(&r, 2);
        ck_assert_msg(machine_guest(r.m, &guest), "%s: exit %u", own[i].what,
                      guests_get(&r, VMCB_exit_code));
        rig_expect_pc(&r, GUEST_VECTOR);
        ck_assert_msg(rig_csr(&r, CSR_cause) == own[i].cause, "%s: cause %u", own[i].what,
                      rig_csr(&r, CSR_cause));
        ck_assert_uint_eq(rig_csr(&r, CSR_tval), own[i].tval);
        ck_assert_uint_eq(rig_csr(&r, CSR_epc), GUEST);
        ck_assert_uint_eq(rig_regs(&r)->ring, 0);
        ck_assert_ptr_null(rig_event(&r, EVENT_exit, 0));
        ck_assert_uint_eq(rig_event(&r, EVENT_trap, 0)->context, 1);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(the_guests_trap_exits_if_its_cause_is_intercepted)
{
    struct rig r;

    start(&r, false, PLAIN(wfi));
    in_ring_3(&r);
    guests_set(&r, VMCB_icept_cause, 1u << CAUSE_privileged);
    rig_run(&r, 2);
    guests_expect_exit(&r, EXIT_CAUSE + CAUSE_privileged, PLAIN(wfi), 0);
    ck_assert_uint_eq(guests_get(&r, VMCB_exit_ring), 3);
    ck_assert_uint_eq(guests_get(&r, VMCB_ring), 3);
    ck_assert_uint_eq(guests_get(&r, VMCB_status), FIELD_status_pring | 3u << SHIFT_status_cring);
    rig_fini(&r);
}
END_TEST

/* The holes of a classic machine are no trap, so an intercept can close them. */
START_TEST(an_intercept_closes_a_classic_hole)
{
    static const struct {
        word insn, code;
    } holes[] = {{0x7c002573, 64}, {0x7c059073, 96}, {0x7c102573, 65},
                 {0x7c802573, 72}, {0x0005d50b, 1},  {0x0005c50b, 4}};
    struct rig r;

    for (unsigned i = 0; i < COUNT_OF(holes); i++) {
        start(&r, true, holes[i].insn);
        in_ring_3(&r);
        rig_listen(&r, EVENT_BIT(EVENT_hole));
        rig_run(&r, 2);
        ck_assert_msg(guests_get(&r, VMCB_exit_code) == holes[i].code, "%08x: %u", holes[i].insn,
                      guests_get(&r, VMCB_exit_code));
        ck_assert_uint_eq(r.event_count, 0);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_ring), 3);
        rig_fini(&r);
    }
}
END_TEST

/* ---- ports ------------------------------------------------------------------------------- */

START_TEST(the_map_has_a_bit_for_each_port)
{
    static const word ports[] = {0,      1,      7,      8,      0x3f7,  0x1000,
                                 0x7fff, 0x8000, 0xfffe, 0xffff, 0x10005};
    struct rig r;
    struct machine_guest guest;

    start(&r, false, I(pin, A0, A1, 0));
    const struct cost *cost = &machine_config(r.m)->cost;
    rig_put_at(&r, GUEST + 4, PLAIN(hcall));
    guests_set(&r, VMCB_icept_insn, FORCED | 1u << INTERCEPT_port);
    for (unsigned i = 0; i < COUNT_OF(ports); i++) {
        word at = IO_MAP + (ports[i] & 0xffff) / 32 * 4, bit = 1u << ports[i] % 32;

        guests_set(&r, VMCB_io_map, IO_MAP);
        guests_set(&r, VMCB_pc, GUEST);
        rig_put_at(&r, at, bit);
        rig_x(&r, A1, ports[i]);
        guests_again(&r, 2);
        guests_expect_exit(&r, INTERCEPT_port, ports[i] & 0xffff, 0);

        rig_put_at(&r, at, ~bit);
        guests_again(&r, 1);
        uint64_t cycle = machine_cycle(r.m);
        rig_run(&r, 1);
        ck_assert_msg(machine_guest(r.m, &guest), "port %x exits", ports[i]);
        ck_assert_uint_eq(machine_cycle(r.m) - cycle, cost->base + cost->walk + cost->port);
        rig_run(&r, 1);
        rig_put_at(&r, at, 0);

        guests_set(&r, VMCB_io_map, 0); /* every port */
        guests_set(&r, VMCB_pc, GUEST);
        guests_again(&r, 2);
        guests_expect_exit(&r, INTERCEPT_port, ports[i] & 0xffff, 0);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(without_the_intercept_no_map_is_read)
{
    struct rig r;
    struct machine_guest guest;

    start(&r, false, I(pin, A0, A1, 0));
    const struct cost *cost = &machine_config(r.m)->cost;
    guests_set(&r, VMCB_io_map, IO_MAP);
    for (word at = IO_MAP; at < IO_MAP + 0x2000; at += 4)
        rig_put_at(&r, at, 0xffffffff);
    rig_run(&r, 1);
    uint64_t cycle = machine_cycle(r.m);
    rig_run(&r, 1);
    ck_assert(machine_guest(r.m, &guest));
    ck_assert_uint_eq(machine_cycle(r.m) - cycle, cost->base + cost->port);
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_intercept(void);
Suite *suite_machine_intercept(void)
{
    Suite *s = suite_create("machine_intercept");
    TCase *c = tcase_create("intercepts");

    tcase_add_test(c, each_bit_makes_its_instruction_an_exit_and_only_that);
    tcase_add_test(c, exceptions_of_other_rings_and_of_paging_have_codes_too);
    tcase_add_test(c, a_fetch_that_faults_exits_without_an_instruction);
    tcase_add_test(c, hcall_and_vmrun_always_exit_from_ring_0);
    tcase_add_test(c, each_register_has_a_bit_for_reading_and_one_for_writing);
    tcase_add_test(c, an_intercepted_access_tells_the_value);
    tcase_add_test(c, all_counters_share_a_bit);
    tcase_add_test(c, setting_a_bit_of_ip_does_not_latch_a_virtual_one);
    tcase_add_test(c, what_the_guests_ring_may_not_do_is_the_guests_own_trap);
    tcase_add_test(c, the_guests_trap_exits_if_its_cause_is_intercepted);
    tcase_add_test(c, an_intercept_closes_a_classic_hole);
    tcase_add_test(c, the_map_has_a_bit_for_each_port);
    tcase_add_test(c, without_the_intercept_no_map_is_read);
    suite_add_tcase(s, c);
    return s;
}
