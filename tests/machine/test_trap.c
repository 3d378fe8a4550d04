/*
 * Traps: which cause, with which tval, in which order of priority; what entry saves and what
 * tret brings back. Page faults are in test_paging.c, single steps in test_tf.c.
 */
#include "tests/machine/harness.h"

#define END  (RAM_BASE + 0x100000) /* behind the last byte of RAM */
#define ALL  0xf                   /* rings, as bits */
#define USER 0xe

static const word no_instructions[] = {
    0x00000000, 0xffffffff, 0x0000007b, 0x00000001, /* compressed, reserved */
    0x00002063, 0x00003063,                         /* branch funct3 */
    0x00003003, 0x00006003, 0x00007003,             /* load width */
    0x00003023, 0x00004023, 0x00007023,             /* store width */
    0x00001067, 0x0000200f,                         /* jalr, fence funct3 */
    0x02001013, 0x40001013, 0x02005013, 0xc0005013, /* shift with shamt bit 5 and the like */
    0x40001033, 0x40004033, 0x04000033, 0xfe000033, /* op funct7 */
    0x00004073, 0x00200073, 0x000000f3, 0x00008073, /* system: reserved, uret, ecall with rd, rs1 */
    0x10200073, 0x30200173, 0x10500173, 0x120000f3, /* sret; tret, wfi, sfence.vma with rd */
    0x0000008b, 0x0000108b, 0x0001000b,             /* hcall, vmrun with rd; hcall with rs1 */
    0x0010200b, 0x0200200b, 0x0000308b, 0x0200300b, /* pin with rs2, funct7; pout with rd, funct7 */
    0x0010400b, 0x0200500b, 0x0000600b, 0x0000700b, /* probe, cpuid with more; free funct3 */
    0x00000007, 0x00000027, 0x0000002f, 0x00000053, /* floating point, atomics */
    0x7ce02073, 0x00002073, 0x30002073, 0xc0302073, /* csrr of numbers that do not exist */
    0xc0001073, 0xc0101073, 0xc820e073,             /* counters are not written */
};

/* One instruction at CODE with a0, a1 set; it traps and changes nothing else. */
static void expect_fault(struct rig *r, unsigned ring, word insn, word a0, word a1, word cause,
                         word tval)
{
    uint64_t retired = machine_instret(r->m);

    rig_restart(r);
    rig_put(r, insn);
    rig_x(r, A0, a0);
    rig_x(r, A1, a1);
    rig_ring(r, ring);
    struct cpu_regs before = *rig_regs(r);
    rig_run(r, 1);
    ck_assert_msg(rig_regs(r)->cause == cause, "%08x in ring %u: cause %08x, not %08x", insn, ring,
                  rig_regs(r)->cause, cause);
    rig_expect_trap(r, cause, tval, CODE);
    ck_assert_mem_eq(rig_regs(r)->x, before.x, sizeof before.x);
    ck_assert_uint_eq(machine_instret(r->m), retired);
}

START_TEST(words_that_are_no_instruction_are_illegal_in_every_ring_and_variant)
{
    struct machine_config config = rig_config();
    struct rig r;

    for (unsigned classic = 0; classic < 2; classic++) {
        config.classic = classic;
        rig_init(&r, config);
        for (unsigned n = 0; n < COUNT_OF(no_instructions) * 4; n++)
            expect_fault(&r, n % 4, no_instructions[n / 4], 0, 0, CAUSE_illegal,
                         no_instructions[n / 4]);
        rig_fini(&r);
    }
}
END_TEST

static const struct {
    const char *what;
    unsigned rings;
    word insn, a0, cause, tval;
} fault_rows[] = {
    {"jal by 2", ALL, 0x0020006f, 0, CAUSE_fetch_misaligned, CODE + 2},
    {"jal by -2", ALL, 0xfffff0ef, 0, CAUSE_fetch_misaligned, CODE - 2},
    {"jalr to 2", ALL, 0x000500e7, DATA + 2, CAUSE_fetch_misaligned, DATA + 2},
    {"jalr to 3", ALL, 0x000500e7, DATA + 3, CAUSE_fetch_misaligned, DATA + 2},
    {"beq by 6", ALL, 0x00000363, 0, CAUSE_fetch_misaligned, CODE + 6},
    {"ebreak", ALL, 0x00100073, 0, CAUSE_breakpoint, CODE},
    {"lh odd", ALL, 0x00051583, DATA + 1, CAUSE_load_misaligned, DATA + 1},
    {"lhu odd", ALL, 0x00055583, DATA + 3, CAUSE_load_misaligned, DATA + 3},
    {"lw by 1", ALL, 0x00052583, DATA + 1, CAUSE_load_misaligned, DATA + 1},
    {"lw by 2", ALL, 0x00052583, DATA + 2, CAUSE_load_misaligned, DATA + 2},
    {"lw x0", ALL, 0x00052003, DATA + 2, CAUSE_load_misaligned, DATA + 2},
    {"lw nowhere misaligned", ALL, 0x00052583, NOWHERE + 2, CAUSE_load_misaligned, NOWHERE + 2},
    {"sh odd", ALL, 0x00b51023, DATA + 1, CAUSE_store_misaligned, DATA + 1},
    {"sw by 2", ALL, 0x00b52023, DATA + 2, CAUSE_store_misaligned, DATA + 2},
    {"sw nowhere misaligned", ALL, 0x00b52023, NOWHERE + 3, CAUSE_store_misaligned, NOWHERE + 3},
    {"lw nowhere", ALL, 0x00052583, NOWHERE, CAUSE_load_access, NOWHERE},
    {"lw x0 nowhere", ALL, 0x00052003, NOWHERE, CAUSE_load_access, NOWHERE},
    {"lb below RAM", ALL, 0xfff50583, RAM_BASE, CAUSE_load_access, RAM_BASE - 1},
    {"lw behind RAM", ALL, 0x00052583, END, CAUSE_load_access, END},
    {"lb at the top", ALL, 0xfff50583, 0, CAUSE_load_access, 0xffffffff},
    {"sb behind RAM", ALL, 0x00b50023, END, CAUSE_store_access, END},
    {"sw nowhere", ALL, 0x00b52023, NOWHERE, CAUSE_store_access, NOWHERE},
    {"sh below RAM", ALL, 0xfeb51f23, RAM_BASE, CAUSE_store_access, RAM_BASE - 2},
    {"lw of the console", ALL, 0x00052583, 0x10000000, CAUSE_load_access, 0x10000000},
    {"lb of the interrupt controller", ALL, 0x00050583, 0x0c000000, CAUSE_load_access, 0x0c000000},
    {"sw behind the console", ALL, 0x00b50023, 0x10000008, CAUSE_store_access, 0x10000008},
    {"ecall", 1, 0x00000073, 0, CAUSE_ecall_ring0, 0},
    {"ecall", 2, 0x00000073, 0, CAUSE_ecall_ring1, 0},
    {"ecall", 4, 0x00000073, 0, CAUSE_ecall_ring2, 0},
    {"ecall", 8, 0x00000073, 0, CAUSE_ecall_ring3, 0},
    {"hcall", 1, 0x0000000b, 0, CAUSE_illegal, 0x0000000b},
    {"hcall", USER, 0x0000000b, 0, CAUSE_hcall, 0},
    {"vmrun where there is none", ALL, 0x0005100b, DATA, CAUSE_illegal, 0x0005100b},
    {"tret", USER, 0x30200073, 0, CAUSE_privileged, 0x30200073},
    {"wfi", USER, 0x10500073, 0, CAUSE_privileged, 0x10500073},
    {"sfence.vma", USER, 0x12000073, 0, CAUSE_privileged, 0x12000073},
    {"sfence.vma a0, a1", USER, 0x12b50073, 0, CAUSE_privileged, 0x12b50073},
    {"pin", USER, 0x0005258b, 0, CAUSE_privileged, 0x0005258b},
    {"pout", USER, 0x00b5300b, 0, CAUSE_privileged, 0x00b5300b},
};

START_TEST(every_exception_has_its_cause_and_tval_and_changes_no_register)
{
    struct machine_config config = rig_config();
    struct rig r;

    for (unsigned classic = 0; classic < 2; classic++) {
        config.classic = classic;
        rig_init(&r, config);
        for (unsigned n = 0; n < COUNT_OF(fault_rows) * 4; n++) {
            unsigned row = n / 4, ring = n % 4;

            if (fault_rows[row].rings >> ring & 1) {
                expect_fault(&r, ring, fault_rows[row].insn, fault_rows[row].a0, 0x12345678,
                             fault_rows[row].cause, fault_rows[row].tval);
            }
        }
        rig_fini(&r);
    }
}
END_TEST

START_TEST(a_branch_not_taken_does_not_mind_a_misaligned_target)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, 0x00001363); /* bne x0, x0, 6 */
    rig_run(&r, 1);
    rig_expect_pc(&r, CODE + 4);
    rig_fini(&r);
}
END_TEST

START_TEST(the_last_bytes_of_ram_can_be_used_and_not_one_more)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, STORE(sw, A1, -4, A0));
    rig_put(&r, LOAD(lhu, A2, -2, A0));
    rig_put(&r, LOAD(lb, A2, 0, A0));
    rig_x(&r, A0, END);
    rig_x(&r, A1, 0xdeadbeef);
    rig_run(&r, 2);
    ck_assert_uint_eq(rig_regs(&r)->x[A2], 0xdead);
    rig_run(&r, 1);
    rig_expect_trap(&r, CAUSE_load_access, END, CODE + 8);
    rig_fini(&r);
}
END_TEST

START_TEST(a_jump_to_nothing_faults_at_the_target)
{
    static const word targets[] = {NOWHERE, END, RAM_BASE - 4, 0};
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(targets) * 4; n++) {
        rig_init(&r, rig_config());
        rig_put(&r, I(jalr, RA, A0, 0));
        rig_x(&r, A0, targets[n / 4]);
        rig_ring(&r, n % 4);
        rig_run(&r, 1);
        rig_expect_pc(&r, targets[n / 4]);
        ck_assert_uint_eq(rig_regs(&r)->x[RA], CODE + 4);
        rig_run(&r, 1);
        rig_expect_trap(&r, CAUSE_fetch_access, targets[n / 4], targets[n / 4]);
        ck_assert_uint_eq(machine_instret(r.m), 1);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(code_that_runs_off_the_end_of_ram_faults_there)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put_at(&r, END - 8, I(addi, A0, A0, 1));
    rig_put_at(&r, END - 4, I(addi, A0, A0, 1));
    rig_pc(&r, END - 8);
    rig_run(&r, 3);
    rig_expect_trap(&r, CAUSE_fetch_access, END, END);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 2);
    rig_fini(&r);
}
END_TEST

/* Status words around a trap: what it saves from ring, IE, TF and TPS. */
START_TEST(entry_saves_ring_ie_and_ptbr_and_closes_the_door)
{
    struct rig r;

    rig_init(&r, rig_config());
    for (unsigned n = 0; n < 32; n++) {
        unsigned ring = n & 3;
        word ie = n & 4 ? FIELD_status_ie : 0, tps = n & 8 ? FIELD_status_tps : 0;
        word stale = n & 16 ? FIELD_status_pie | FIELD_status_pring | FIELD_status_ptf : 0;

        rig_restart(&r);
        rig_put(&r, PLAIN(ebreak));
        rig_ring(&r, ring);
        rig_set_csr(&r, CSR_status, ie | tps | stale | 0x5080); /* UF 5, IOPL 2 */
        rig_set_csr(&r, CSR_ptbr, 0x00c12345);
        rig_set_csr(&r, CSR_tptbr, 0x00054321);
        rig_set_csr(&r, CSR_eptbr, 0);
        rig_run(&r, 1);
        rig_expect_trap(&r, CAUSE_breakpoint, CODE, CODE);
        ck_assert_uint_eq(rig_csr(&r, CSR_status),
                          0x5080 | tps | ring << SHIFT_status_pring | (ie ? FIELD_status_pie : 0));
        ck_assert_uint_eq(rig_csr(&r, CSR_eptbr), 0x00c12345);
        ck_assert_uint_eq(rig_csr(&r, CSR_ptbr), tps ? 0x00054321 : 0x00c12345);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(tret_restores_ring_ie_and_ptbr_and_leaves_pring_3_pie_1)
{
    struct rig r;

    rig_init(&r, rig_config());
    for (unsigned n = 0; n < 32; n++) {
        unsigned ring = n & 3;
        word pie = n & 4 ? FIELD_status_pie : 0, tps = n & 8 ? FIELD_status_tps : 0;
        word ie = n & 16 ? FIELD_status_ie : 0;

        rig_restart(&r);
        rig_put(&r, PLAIN(tret));
        rig_set_csr(&r, CSR_epc, DATA);
        rig_set_csr(&r, CSR_status, ring << SHIFT_status_pring | pie | tps | ie | 0xa040);
        rig_set_csr(&r, CSR_ptbr, 0x00012345);
        rig_set_csr(&r, CSR_eptbr, 0x00c54321);
        rig_set_csr(&r, CSR_tptbr, 0x1);
        rig_run(&r, 1);
        rig_expect_pc(&r, DATA);
        ck_assert_uint_eq(rig_regs(&r)->ring, ring);
        ck_assert_uint_eq(rig_csr(&r, CSR_status),
                          0xa040 | tps | FIELD_status_pring | FIELD_status_pie |
                              (pie ? FIELD_status_ie : 0) | ring << SHIFT_status_cring);
        ck_assert_uint_eq(rig_csr(&r, CSR_ptbr), tps ? 0x00c54321 : 0x00012345);
        ck_assert_uint_eq(rig_csr(&r, CSR_eptbr), 0x00c54321);
        ck_assert_uint_eq(machine_instret(r.m), n + 1);
    }
    rig_fini(&r);
}
END_TEST

/* With TPS a monitor runs bare behind any guest's table: neither needs to map the other. */
START_TEST(tps_moves_the_handler_out_of_the_address_space_and_back)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_clear_page(&r, ROOT);
    rig_map(&r, ROOT, TABLE, 0x00400000, CODE | PTE_V | PTE_R | PTE_X | PTE_PL);
    rig_put(&r, PLAIN(ecall));
    rig_put(&r, I(addi, A0, A0, 1));
    rig_put_at(&r, VECTOR, I(addi, T0, ZERO, 0x100));
    rig_put_at(&r, VECTOR + 4, CSRR(csrrs, T1, CSR_epc, ZERO));
    rig_put_at(&r, VECTOR + 8, I(addi, T1, T1, 4));
    rig_put_at(&r, VECTOR + 12, CSRR(csrrw, ZERO, CSR_epc, T1));
    rig_put_at(&r, VECTOR + 16, PLAIN(tret));
    rig_set_csr(&r, CSR_status, FIELD_status_tps);
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(ROOT, 3));
    rig_set_csr(&r, CSR_tptbr, 0);
    rig_pc(&r, 0x00400000);
    rig_ring(&r, 3);
    rig_run(&r, 1);
    rig_expect_trap(&r, CAUSE_ecall_ring3, 0, 0x00400000);
    ck_assert_uint_eq(rig_csr(&r, CSR_ptbr), 0);
    rig_run(&r, 6);
    rig_expect_pc(&r, 0x00400008);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 1);
    ck_assert_uint_eq(rig_regs(&r)->ring, 3);
    ck_assert_uint_eq(rig_csr(&r, CSR_ptbr), rig_ptbr(ROOT, 3));
    rig_fini(&r);
}
END_TEST

START_TEST(a_trap_is_published_with_everything_about_it)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, I(addi, A0, A0, 1));
    rig_put(&r, PLAIN(wfi));
    rig_ring(&r, 2);
    rig_listen(&r, EVENT_BIT(EVENT_trap));
    rig_run(&r, 2);
    ck_assert_uint_eq(r.event_count, 1);
    const struct event *e = rig_event(&r, EVENT_trap, 0);
    ck_assert_uint_eq(e->cause, CAUSE_privileged);
    ck_assert_uint_eq(e->tval, 0x10500073);
    ck_assert_uint_eq(e->insn, 0x10500073);
    ck_assert_uint_eq(e->pc, CODE + 4);
    ck_assert_uint_eq(e->a, VECTOR);
    ck_assert_uint_eq(e->ring_from, 2);
    ck_assert_uint_eq(e->ring_to, 0);
    ck_assert_uint_eq(e->icount, 1);
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_trap(void);
Suite *suite_machine_trap(void)
{
    Suite *s = suite_create("machine_trap");
    TCase *c = tcase_create("trap");

    tcase_add_test(c, words_that_are_no_instruction_are_illegal_in_every_ring_and_variant);
    tcase_add_test(c, every_exception_has_its_cause_and_tval_and_changes_no_register);
    tcase_add_test(c, a_branch_not_taken_does_not_mind_a_misaligned_target);
    tcase_add_test(c, the_last_bytes_of_ram_can_be_used_and_not_one_more);
    tcase_add_test(c, a_jump_to_nothing_faults_at_the_target);
    tcase_add_test(c, code_that_runs_off_the_end_of_ram_faults_there);
    tcase_add_test(c, entry_saves_ring_ie_and_ptbr_and_closes_the_door);
    tcase_add_test(c, tret_restores_ring_ie_and_ptbr_and_leaves_pring_3_pie_1);
    tcase_add_test(c, tps_moves_the_handler_out_of_the_address_space_and_back);
    tcase_add_test(c, a_trap_is_published_with_everything_about_it);
    suite_add_tcase(s, c);
    return s;
}
