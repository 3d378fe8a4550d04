/*
 * Decoded code is never stale: what runs is what stands in RAM, whoever wrote it, through
 * whatever address, from the very next instruction on.
 */
#include "tests/machine/harness.h"

Suite *suite_machine_block(void);

/* addi a0, a0, n */
static word add_a0(int n)
{
    return I(addi, A0, A0, n);
}

static word a0_of(const struct rig *r)
{
    return rig_regs(r)->x[A0];
}

/* sw a1, 0(a2), then `between` times nothing, then the instruction that a1 replaces. */
START_TEST(a_store_changes_the_running_block_from_the_next_instruction_on)
{
    for (unsigned between = 0; between < 5; between++) {
        struct rig r;

        rig_init(&r, rig_config());
        word here = r.at;
        rig_put(&r, STORE(sw, A1, 0, A2));
        for (unsigned i = 0; i < between; i++)
            rig_put(&r, I(addi, ZERO, ZERO, 0));
        rig_put(&r, add_a0(1));
        rig_put(&r, JAL(ZERO, -(int)(between + 2) * 4));
        rig_x(&r, A2, here + 4 + 4 * between);
        for (int round = 1; round <= 3; round++) {
            word before = a0_of(&r);
            rig_x(&r, A1, add_a0(round * 10));
            rig_run(&r, between + 3);
            ck_assert_uint_eq(a0_of(&r), before + (word)round * 10);
        }
        rig_fini(&r);
    }
}
END_TEST

/* Every width and place in the word. */
START_TEST(a_part_of_an_instruction_can_be_written)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, add_a0(0x123));
    rig_put(&r, STORE(sb, A1, -4, A2));
    rig_put(&r, STORE(sh, A3, -2, A2));
    rig_put(&r, JAL(ZERO, -12));
    rig_x(&r, A2, CODE + 4);
    rig_x(&r, A1, add_a0(0) & 0xff);
    rig_x(&r, A3, I(addi, A0, A0, 0x456) >> 16);
    rig_run(&r, 4);
    ck_assert_uint_eq(a0_of(&r), 0x123);
    rig_run(&r, 4);
    ck_assert_uint_eq(a0_of(&r), 0x123 + 0x456);
    rig_fini(&r);
}
END_TEST

/* A loop of two blocks that are chained; the inner jump is turned round, and back. */
START_TEST(a_chained_block_is_forgotten_when_it_is_written)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, add_a0(1));
    rig_put(&r, BRANCH(beq, ZERO, ZERO, 12));
    rig_put(&r, add_a0(100));
    rig_put(&r, PLAIN(ebreak));
    rig_put(&r, add_a0(10));
    rig_put(&r, JAL(ZERO, -20));
    rig_run(&r, 4 * 50);
    ck_assert_uint_eq(a0_of(&r), 11 * 50);
    rig_put_at(&r, CODE + 16, add_a0(20));
    rig_run(&r, 4);
    ck_assert_uint_eq(a0_of(&r), 11 * 50 + 21);
    rig_put_at(&r, CODE + 4, BRANCH(bne, ZERO, ZERO, 12));
    rig_run(&r, 4);
    ck_assert_uint_eq(a0_of(&r), 11 * 50 + 21 + 101);
    rig_expect_trap(&r, CAUSE_breakpoint, CODE + 12, CODE + 12);
    rig_fini(&r);
}
END_TEST

/* The page of DATA is executed, then written through a second address, by a fast store. */
START_TEST(a_store_through_another_address_is_seen)
{
    const gva alias = 0x40000000;
    struct rig r;

    rig_init(&r, rig_config());
    rig_clear_page(&r, ROOT);
    rig_clear_page(&r, TABLE);
    rig_map_ram(&r, ROOT);
    rig_map(&r, ROOT, TABLE, alias, DATA | PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL_OF(3));
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(ROOT, 1));
    rig_put(&r, STORE(sw, ZERO, 64, A2));
    rig_put(&r, STORE(sw, A1, 0, A2));
    rig_put(&r, I(jalr, RA, A3, 0));
    rig_put(&r, JAL(ZERO, -12));
    rig_put_at(&r, DATA, add_a0(1));
    rig_put_at(&r, DATA + 4, I(jalr, ZERO, RA, 0));
    rig_x(&r, A2, alias);
    rig_x(&r, A3, DATA);
    for (int n = 1; n < 20; n++) {
        word before = a0_of(&r);
        rig_x(&r, A1, add_a0(n));
        rig_x(&r, A2, n % 2 ? alias : DATA);
        rig_x(&r, A3, n % 3 ? alias : DATA);
        rig_run(&r, 6);
        ck_assert_uint_eq(a0_of(&r), before + (word)n);
    }
    rig_fini(&r);
}
END_TEST

/* One physical page at two addresses: what depends on the pc must not be baked in. */
START_TEST(code_knows_where_it_runs_not_where_it_was_decoded)
{
    const gva alias = 0x40000000;
    struct rig r;

    rig_init(&r, rig_config());
    rig_clear_page(&r, ROOT);
    rig_clear_page(&r, TABLE);
    rig_map_ram(&r, ROOT);
    rig_map(&r, ROOT, TABLE, alias, CODE | PTE_V | PTE_R | PTE_X | PTE_PL_OF(3));
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(ROOT, 1));
    rig_put(&r, UPPER(auipc, A0, 0x1000));
    rig_put(&r, JAL(A1, 8));
    rig_put(&r, PLAIN(ebreak));
    rig_put(&r, BRANCH(beq, ZERO, ZERO, 8));
    rig_put(&r, PLAIN(ebreak));
    rig_put(&r, I(jalr, A2, A3, 0));
    for (unsigned n = 0; n < 6; n++) {
        gva base = n % 2 ? alias : CODE;
        rig_pc(&r, base);
        rig_x(&r, A3, base);
        rig_run(&r, 4);
        ck_assert_uint_eq(rig_regs(&r)->x[A0], base + 0x1000);
        ck_assert_uint_eq(rig_regs(&r)->x[A1], base + 8);
        ck_assert_uint_eq(rig_regs(&r)->x[A2], base + 24);
        rig_expect_pc(&r, base);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(code_runs_across_the_end_of_a_page)
{
    struct rig r;

    rig_init(&r, rig_config());
    for (word at = DATA; at < DATA + 3 * PAGE_SIZE; at += 4)
        rig_put_at(&r, at, add_a0(1));
    rig_put_at(&r, DATA + 3 * PAGE_SIZE, BRANCH(bne, A0, ZERO, -(int)PAGE_SIZE));
    rig_pc(&r, DATA);
    rig_run(&r, 3 * 1024);
    ck_assert_uint_eq(a0_of(&r), 3 * 1024);
    rig_expect_pc(&r, DATA + 3 * PAGE_SIZE);
    rig_run(&r, 1);
    rig_expect_pc(&r, DATA + 2 * PAGE_SIZE);
    rig_run(&r, 10 * 1025);
    ck_assert_uint_eq(a0_of(&r), 13 * 1024);
    rig_fini(&r);
}
END_TEST

/* More pages and blocks than are kept: everything is forgotten, several times. */
START_TEST(programs_larger_than_the_memory_for_decoded_code_run)
{
    struct machine_config config = rig_config();
    struct rig r;
    const unsigned first = 16, pages = 4000;

    config.ram_size = 16u << 20;
    rig_init(&r, config);
    for (unsigned p = first; p < first + pages; p++) {
        hpa page = RAM_BASE + p * PAGE_SIZE;
        int next = p + 1 < first + pages ? (int)PAGE_SIZE : -(int)((pages - 1) * PAGE_SIZE);
        for (unsigned i = 0; i < 200; i++)
            rig_put_at(&r, page + 4 * i, add_a0(1));
        rig_put_at(&r, page + 800, next > 0 ? JAL(ZERO, next - 800) : I(jalr, ZERO, S0, 0));
    }
    rig_x(&r, S0, RAM_BASE + first * PAGE_SIZE);
    rig_pc(&r, RAM_BASE + first * PAGE_SIZE);
    rig_run(&r, 3ull * pages * 201);
    ck_assert_uint_eq(a0_of(&r), 3 * pages * 200);
    rig_fini(&r);
}
END_TEST

/* A program that writes each instruction before it runs it, on the page that it stands on. */
START_TEST(code_made_while_running_runs)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, STORE(sw, A1, 0, A2));
    rig_put(&r, STORE(sw, A3, 4, A2));
    rig_put(&r, I(jalr, RA, A2, 0));
    rig_put(&r, I(addi, A2, A2, 4));
    rig_put(&r, JAL(ZERO, -16));
    rig_x(&r, A1, add_a0(3));
    rig_x(&r, A3, I(jalr, ZERO, RA, 0));
    rig_x(&r, A2, CODE + 64);
    rig_run(&r, 7 * 200);
    ck_assert_uint_eq(a0_of(&r), 600);
    ck_assert_uint_eq(rig_regs(&r)->x[A2], CODE + 64 + 800);
    rig_fini(&r);
}
END_TEST

/* The walker's own write: the leaf entry is an instruction of the running page. */
START_TEST(a_bit_that_the_walker_sets_changes_code)
{
    const gva va = 0x40000000;
    const word leaf = DATA | PTE_V | PTE_R | PTE_PL_OF(3); /* as an instruction: illegal */
    struct rig r;

    rig_init(&r, rig_config());
    rig_clear_page(&r, ROOT);
    rig_map_ram(&r, ROOT);
    rig_put_at(&r, ROOT + PT_INDEX1(va) * 4, CODE | PTE_V);
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(ROOT, 1));
    rig_put(&r, leaf);
    for (unsigned i = 0; i < 3; i++)
        rig_put(&r, LOAD(lw, A1, 0, A2));
    rig_run(&r, 1);
    rig_expect_trap(&r, CAUSE_illegal, leaf, CODE);
    rig_x(&r, A2, va);
    rig_pc(&r, CODE + 4);
    rig_run(&r, 2);
    rig_pc(&r, CODE);
    rig_run(&r, 1);
    rig_expect_trap(&r, CAUSE_illegal, leaf | PTE_A, CODE);
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_block(void)
{
    Suite *s = suite_create("machine_block");
    TCase *t = tcase_create("decoded code");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_store_changes_the_running_block_from_the_next_instruction_on);
    tcase_add_test(t, a_part_of_an_instruction_can_be_written);
    tcase_add_test(t, a_chained_block_is_forgotten_when_it_is_written);
    tcase_add_test(t, a_store_through_another_address_is_seen);
    tcase_add_test(t, code_knows_where_it_runs_not_where_it_was_decoded);
    tcase_add_test(t, code_runs_across_the_end_of_a_page);
    tcase_add_test(t, programs_larger_than_the_memory_for_decoded_code_run);
    tcase_add_test(t, code_made_while_running_runs);
    tcase_add_test(t, a_bit_that_the_walker_sets_changes_code);
    suite_add_tcase(s, t);
    return s;
}
