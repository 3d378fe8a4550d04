/*
 * The TLB is architecture: what is stale stays in use until sfence.vma removes it, and what is
 * evicted is looked up again. A test makes an entry stale by turning its page from OLD to NEW
 * in the table, and then sees which of the two an access reaches.
 *
 * Code runs in the identity superpage of RAM, pages under test lie from VA on.
 */
#include "tests/machine/harness.h"

#define VA       0x00400000u
#define OLD_PAGE (DATA)
#define NEW_PAGE (DATA + PAGE_SIZE)
#define FULL     (PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL)
#define OLD_INSN 0x00150513u /* addi a0, a0, 1: the two pages can be read and run */
#define NEW_INSN 0x10050513u /* addi a0, a0, 256 */

static gva page(unsigned n)
{
    return VA + n * PAGE_SIZE;
}

static void map(struct rig *r, gva va, word entry)
{
    rig_map(r, ROOT, TABLE, va, entry);
}

static void start(struct rig *r, uint32_t tlb)
{
    struct machine_config config = rig_config();

    config.tlb = tlb;
    rig_init(r, config);
    rig_map_ram(r, ROOT);
    rig_map_ram(r, OTHER_ROOT);
    for (word offset = 0; offset < PAGE_SIZE; offset += 4) {
        rig_put_at(r, OLD_PAGE + offset, OLD_INSN);
        rig_put_at(r, NEW_PAGE + offset, NEW_INSN);
    }
    rig_set_csr(r, CSR_ptbr, rig_ptbr(ROOT, 1));
}

static void expect_load(struct rig *r, gva va, bool fresh)
{
    word value;

    ck_assert_msg(rig_load(r, va, &value), "load of %08x traps: %u", va, rig_regs(r)->cause);
    ck_assert_msg(value == (fresh ? NEW_INSN : OLD_INSN), "load of %08x finds the %s page", va,
                  value == NEW_INSN ? "new" : "old");
}

static void expect_fetch(struct rig *r, gva va, bool fresh)
{
    rig_x(r, A0, 0);
    ck_assert_msg(rig_fetch(r, va), "fetch of %08x traps: %u", va, rig_regs(r)->cause);
    ck_assert_uint_eq(rig_regs(r)->x[A0], fresh ? 256 : 1);
}

static void expect_store(struct rig *r, gva va, bool fresh)
{
    word offset = 4 * (va & 0xff) + 0x800; /* some place of its own */
    hpa hit = (fresh ? NEW_PAGE : OLD_PAGE) + offset, miss = (fresh ? OLD_PAGE : NEW_PAGE) + offset;

    rig_put_at(r, hit, 0);
    rig_put_at(r, miss, 0);
    ck_assert_msg(rig_store(r, va + offset, 0x55), "store to %08x traps", va);
    ck_assert_uint_eq(rig_word(r, hit), 0x55);
    ck_assert_uint_eq(rig_word(r, miss), 0);
}

START_TEST(a_stale_entry_is_used_until_sfence_vma)
{
    static void (*const kinds[])(struct rig *, gva, bool) = {expect_load, expect_store,
                                                             expect_fetch};
    struct rig r;

    for (unsigned k = 0; k < COUNT_OF(kinds); k++) {
        start(&r, 256);
        map(&r, VA, OLD_PAGE | FULL);
        kinds[k](&r, VA, false);
        map(&r, VA, NEW_PAGE | FULL);
        kinds[k](&r, VA, false);
        map(&r, VA, 0);
        kinds[k](&r, VA, false);
        map(&r, VA, NEW_PAGE | FULL);
        rig_do(&r, PLAIN(sfence_vma));
        kinds[k](&r, VA, true);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(the_three_arrays_are_separate)
{
    struct rig r;

    start(&r, 256);
    map(&r, VA, OLD_PAGE | FULL);
    expect_load(&r, VA, false);
    map(&r, VA, NEW_PAGE | FULL);
    expect_store(&r, VA, true);
    expect_fetch(&r, VA, true);
    expect_load(&r, VA, false);
    rig_fini(&r);
}
END_TEST

START_TEST(a_fault_leaves_nothing_behind_that_would_need_a_flush)
{
    struct rig r;
    word value;

    start(&r, 256);
    map(&r, VA, NEW_PAGE | (FULL & ~PTE_V));
    ck_assert(!rig_load(&r, VA, &value));
    map(&r, VA, NEW_PAGE | PTE_V | PTE_W | PTE_PL); /* reserved */
    ck_assert(!rig_load(&r, VA, &value));
    map(&r, VA, NEW_PAGE | PTE_V | PTE_X | PTE_PL); /* not readable */
    ck_assert(!rig_load(&r, VA, &value));
    map(&r, VA, NEW_PAGE | FULL);
    expect_load(&r, VA, true);
    rig_fini(&r);
}
END_TEST

/* sfence.vma with these operands, after the entry of page 2, ASID 1 was filled: is it gone? */
static const struct {
    const char *what;
    unsigned rs1, rs2;
    word address, asid;
    bool removed;
} fences[] = {
    {"everything", ZERO, ZERO, 0, 0, true},
    {"its address", A1, ZERO, VA + 2 * PAGE_SIZE, 0, true},
    {"an address inside its page", A1, ZERO, VA + 3 * PAGE_SIZE - 1, 0, true},
    {"the page behind", A1, ZERO, VA + 3 * PAGE_SIZE, 0, false},
    {"a page with the same index", A1, ZERO, VA + (2 + 256) * PAGE_SIZE, 0, false},
    {"its ASID", ZERO, A2, 0, 1, true},
    {"its ASID, more bits in the register", ZERO, A2, 0, 0xfffffe01, true},
    {"another ASID", ZERO, A2, 0, 2, false},
    {"ASID 0 in a register", ZERO, A2, 0, 0, false},
    {"address 0 in a register", A1, ZERO, 0, 0, false},
    {"its address and ASID", A1, A2, VA + 2 * PAGE_SIZE, 1, true},
    {"its address, another ASID", A1, A2, VA + 2 * PAGE_SIZE, 3, false},
    {"another address, its ASID", A1, A2, VA, 1, false},
};

START_TEST(sfence_vma_removes_what_its_operands_name_and_nothing_else)
{
    struct rig r;

    start(&r, 256);
    for (unsigned n = 0; n < COUNT_OF(fences) * 3; n++) {
        unsigned row = n / 3, kind = n % 3;

        rig_do(&r, PLAIN(sfence_vma));
        map(&r, page(2), OLD_PAGE | FULL);
        if (kind == 0)
            expect_load(&r, page(2), false);
        else if (kind == 1)
            expect_store(&r, page(2), false);
        else
            expect_fetch(&r, page(2), false);
        map(&r, page(2), NEW_PAGE | FULL);
        rig_x(&r, A1, fences[row].address);
        rig_x(&r, A2, fences[row].asid);
        rig_do(&r, rig_encode((struct insn){
                       .id = INSN_sfence_vma, .rs1 = fences[row].rs1, .rs2 = fences[row].rs2}));
        if (kind == 0)
            expect_load(&r, page(2), fences[row].removed);
        else if (kind == 1)
            expect_store(&r, page(2), fences[row].removed);
        else
            expect_fetch(&r, page(2), fences[row].removed);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(entries_of_another_asid_wait_for_its_return)
{
    struct rig r;

    start(&r, 256);
    map(&r, VA, OLD_PAGE | FULL);
    rig_map(&r, OTHER_ROOT, OTHER_TABLE, VA + PAGE_SIZE, NEW_PAGE | FULL);
    expect_load(&r, VA, false);
    map(&r, VA, NEW_PAGE | FULL);
    rig_do(&r, CSRR(csrrw, ZERO, CSR_ptbr, ZERO)); /* bare for a while */
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(OTHER_ROOT, 2));
    expect_load(&r, VA + PAGE_SIZE, true);
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(ROOT, 1));
    expect_load(&r, VA, false);
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(ROOT, 3)); /* the same table under another name */
    expect_load(&r, VA, true);
    rig_fini(&r);
}
END_TEST

START_TEST(a_new_root_under_the_same_asid_does_not_drop_entries)
{
    struct rig r;

    start(&r, 256);
    map(&r, VA, OLD_PAGE | FULL);
    rig_map(&r, OTHER_ROOT, OTHER_TABLE, VA, NEW_PAGE | FULL);
    expect_load(&r, VA, false);
    rig_x(&r, A1, rig_ptbr(OTHER_ROOT, 1));
    rig_do(&r, CSRR(csrrw, ZERO, CSR_ptbr, A1));
    expect_load(&r, VA, false);
    expect_store(&r, VA, true);
    rig_fini(&r);
}
END_TEST

/* Two pages whose numbers differ by `distance`: the second evicts the first when their low bits
 * are the same. */
START_TEST(an_array_is_indexed_by_the_low_bits_of_the_page_number)
{
    struct rig r;

    for (uint32_t tlb = 1; tlb <= 4096; tlb *= 2) {
        start(&r, tlb);
        for (uint32_t distance = 1; distance <= 8192; distance *= 2) {
            gva other = VA + distance * PAGE_SIZE;

            rig_map(&r, ROOT, OTHER_TABLE, other, OLD_PAGE | FULL);
            map(&r, VA, OLD_PAGE | FULL);
            if (PT_INDEX1(other) == PT_INDEX1(VA))
                map(&r, other, OLD_PAGE | FULL);
            expect_load(&r, VA, false);
            map(&r, VA, NEW_PAGE | FULL);
            expect_load(&r, other, false);
            expect_load(&r, VA, distance % tlb == 0);
            rig_do(&r, PLAIN(sfence_vma));
        }
        rig_fini(&r);
    }
}
END_TEST

START_TEST(a_superpage_fills_one_page_at_a_time)
{
    struct rig r;

    start(&r, 256);
    rig_put_at(&r, ROOT + 4 * PT_INDEX1(VA), RAM_BASE | FULL);
    word first = VA + (OLD_PAGE - RAM_BASE), second = VA + (NEW_PAGE - RAM_BASE);
    expect_load(&r, first, false);
    rig_put_at(&r, ROOT + 4 * PT_INDEX1(VA), TABLE | PTE_V);
    rig_put_at(&r, TABLE + 4 * PT_INDEX0(first), NEW_PAGE | FULL);
    rig_put_at(&r, TABLE + 4 * PT_INDEX0(second), NEW_PAGE | FULL);
    expect_load(&r, second, true); /* was not filled with its neighbour */
    expect_load(&r, first, false);
    rig_x(&r, A1, first);
    rig_do(&r, STORE(sfence_vma, ZERO, 0, A1));
    expect_load(&r, first, true);
    rig_fini(&r);
}
END_TEST

START_TEST(a_hit_beyond_pl_faults_without_another_walk)
{
    struct rig r;
    word value;

    start(&r, 256);
    map(&r, VA, OLD_PAGE | (FULL & ~PTE_PL));
    rig_ring(&r, 0);
    expect_load(&r, VA, false);
    map(&r, VA, NEW_PAGE | FULL);
    rig_ring(&r, 3);
    ck_assert(!rig_load(&r, VA, &value));
    rig_expect_trap(&r, CAUSE_load_page, VA, CODE);
    rig_do(&r, PLAIN(sfence_vma));
    rig_ring(&r, 3);
    expect_load(&r, VA, true);
    rig_fini(&r);
}
END_TEST

START_TEST(a_hit_sets_no_accessed_or_dirty_bit)
{
    struct rig r;
    hpa entry = TABLE + 4 * PT_INDEX0(VA);

    start(&r, 256);
    map(&r, VA, OLD_PAGE | FULL);
    expect_store(&r, VA, false);
    expect_load(&r, VA, false);
    ck_assert_uint_eq(rig_word(&r, entry), OLD_PAGE | FULL | PTE_A | PTE_D);
    rig_put_at(&r, entry, OLD_PAGE | FULL);
    expect_store(&r, VA, false);
    expect_load(&r, VA, false);
    ck_assert_uint_eq(rig_word(&r, entry), OLD_PAGE | FULL);
    rig_do(&r, PLAIN(sfence_vma));
    expect_load(&r, VA, false);
    ck_assert_uint_eq(rig_word(&r, entry), OLD_PAGE | FULL | PTE_A);
    rig_fini(&r);
}
END_TEST

/* Write protection that is not flushed does not protect; read-only pages have no store entry. */
START_TEST(a_store_entry_outlives_the_right_to_write)
{
    struct rig r;

    start(&r, 256);
    map(&r, VA, OLD_PAGE | FULL);
    expect_store(&r, VA, false);
    map(&r, VA, OLD_PAGE | PTE_V | PTE_R | PTE_PL);
    expect_store(&r, VA, false);
    rig_do(&r, PLAIN(sfence_vma));
    ck_assert(!rig_store(&r, VA, 1));
    rig_expect_trap(&r, CAUSE_store_page, VA, CODE);
    rig_fini(&r);
}
END_TEST

START_TEST(fills_and_removals_are_published_with_their_array)
{
    struct rig r;

    start(&r, 256);
    map(&r, VA, OLD_PAGE | FULL);
    rig_do(&r, PLAIN(fence));
    rig_listen(&r, EVENT_BIT(EVENT_tlb));
    expect_load(&r, VA, false);
    ck_assert_uint_eq(r.event_count, 1);
    ck_assert_uint_eq(r.events[0].b, 0);
    ck_assert_uint_eq(r.events[0].tval & PAGE_MASK, VA);
    expect_store(&r, VA, false);
    ck_assert_uint_eq(r.event_count, 2);
    ck_assert_uint_eq(r.events[1].b, 1);
    rig_listen(&r, EVENT_BIT(EVENT_tlb));
    rig_x(&r, A1, VA);
    rig_do(&r, STORE(sfence_vma, ZERO, 0, A1));
    ck_assert_uint_eq(r.event_count, 2);
    ck_assert_uint_eq((r.events[0].b & 3) + (r.events[1].b & 3), 1);
    ck_assert(r.events[0].b >= 4 && r.events[1].b >= 4);
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_tlb(void);
Suite *suite_machine_tlb(void)
{
    Suite *s = suite_create("machine_tlb");
    TCase *c = tcase_create("tlb");

    tcase_set_timeout(c, 30);
    tcase_add_test(c, a_stale_entry_is_used_until_sfence_vma);
    tcase_add_test(c, the_three_arrays_are_separate);
    tcase_add_test(c, a_fault_leaves_nothing_behind_that_would_need_a_flush);
    tcase_add_test(c, sfence_vma_removes_what_its_operands_name_and_nothing_else);
    tcase_add_test(c, entries_of_another_asid_wait_for_its_return);
    tcase_add_test(c, a_new_root_under_the_same_asid_does_not_drop_entries);
    tcase_add_test(c, an_array_is_indexed_by_the_low_bits_of_the_page_number);
    tcase_add_test(c, a_superpage_fills_one_page_at_a_time);
    tcase_add_test(c, a_hit_beyond_pl_faults_without_another_walk);
    tcase_add_test(c, a_hit_sets_no_accessed_or_dirty_bit);
    tcase_add_test(c, a_store_entry_outlives_the_right_to_write);
    tcase_add_test(c, fills_and_removals_are_published_with_their_array);
    suite_add_tcase(s, c);
    return s;
}
