/*
 * Translation: which entries allow what to whom, which faults come where, accessed and dirty
 * bits. Code runs in the identity superpage of RAM; the page under test is at VA.
 */
#include "tests/machine/harness.h"

#define VA    0x00400000u /* a 4 KiB page through TABLE */
#define FULL  (PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL)
#define END   (RAM_BASE + 0x100000)
#define MAGIC 0x00128293u /* addi t0, t0, 1: data that can also be run */

enum kind { LOAD_KIND, STORE_KIND, FETCH_KIND, KINDS };

static const struct {
    word page_fault, access_fault, right;
} kinds[KINDS] = {
    {CAUSE_load_page, CAUSE_load_access, PTE_R},
    {CAUSE_store_page, CAUSE_store_access, PTE_W},
    {CAUSE_fetch_page, CAUSE_fetch_access, PTE_X},
};

static void paging_on(struct rig *r)
{
    rig_init(r, rig_config());
    rig_map_ram(r, ROOT);
    rig_put_at(r, DATA, MAGIC);
    rig_set_csr(r, CSR_ptbr, rig_ptbr(ROOT, 1));
}

static bool try(struct rig *r, enum kind kind, unsigned ring, gva va)
{
    word value;

    rig_ring(r, ring);
    switch (kind) {
    case LOAD_KIND:
        return rig_load(r, va, &value);
    case STORE_KIND:
        return rig_store(r, va, MAGIC);
    default:
        return rig_fetch(r, va);
    }
}

static void flush(struct rig *r)
{
    rig_do(r, PLAIN(sfence_vma));
}

/* The access at `va` must end with `cause` (0: pass); `what` names the case. */
static void expect(struct rig *r, const char *what, enum kind kind, unsigned ring, gva va,
                   word cause)
{
    bool passed = try(r, kind, ring, va);
    const struct cpu_regs *regs = rig_regs(r);

    ck_assert_msg(passed == (cause == 0), "%s: kind %u in ring %u at %08x: %s, cause %u, not %u",
                  what, kind, ring, va, passed ? "passed" : "trapped", regs->cause, cause);
    if (cause)
        rig_expect_trap(r, cause, va, kind == FETCH_KIND ? va : CODE);
}

/* One entry at `at`, of a page or superpage that puts DATA at `va`; A and D follow the outcome. */
static void check_leaf(struct rig *r, hpa at, gva va, word page, word entry, unsigned ring,
                       enum kind kind)
{
    bool valid = (entry & PTE_V) && !((entry & PTE_W) && !(entry & PTE_R));
    bool allowed = valid && (entry & kinds[kind].right) && ring <= (entry & PTE_PL) >> PTE_PL_SHIFT;

    rig_put_at(r, at, page | entry);
    expect(r, "leaf", kind, ring, va, allowed ? 0 : kinds[kind].page_fault);
    word bits = !allowed ? 0 : kind == STORE_KIND ? PTE_A | PTE_D : PTE_A;
    ck_assert_msg(rig_word(r, at) == (page | entry | bits), "entry %08x became %08x", page | entry,
                  rig_word(r, at));
    flush(r);
}

START_TEST(a_leaf_allows_its_rights_to_rings_up_to_pl)
{
    struct rig r;

    paging_on(&r);
    rig_map(&r, ROOT, TABLE, VA, 0);
    for (word n = 0; n < 64 * 4 * KINDS; n++) {
        word entry = n % 64, ring = n / 64 % 4;

        check_leaf(&r, TABLE + 4 * PT_INDEX0(VA), VA, DATA, entry, ring, n / 256);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(a_superpage_allows_its_rights_to_rings_up_to_pl)
{
    struct rig r;

    paging_on(&r);
    for (word n = 0; n < 64 * 4 * KINDS; n++) {
        word entry = n % 64, ring = n / 64 % 4;

        if (entry & (PTE_R | PTE_W | PTE_X)) /* else a pointer */
            check_leaf(&r, ROOT + 4 * PT_INDEX1(VA), VA + DATA - RAM_BASE, RAM_BASE, entry, ring,
                       n / 256);
    }
    rig_fini(&r);
}
END_TEST

static const struct {
    const char *what;
    word root_entry, leaf; /* of VA; TABLE holds the leaf */
    bool page_fault, access_fault;
} form_rows[] = {
    {"a good page", TABLE | PTE_V, DATA | FULL, false, false},
    {"software bits in leaf and pointer", TABLE | PTE_V | PTE_SOFT, DATA | FULL | PTE_SOFT, false,
     false},
    {"A, D, PL in a pointer", TABLE | PTE_V | PTE_A | PTE_D | PTE_PL, DATA | FULL, false, false},
    {"bit 10 in the leaf", TABLE | PTE_V, DATA | FULL | 0x400, true, false},
    {"bit 11 in the leaf", TABLE | PTE_V, DATA | FULL | 0x800, true, false},
    {"bit 10 in the pointer", TABLE | PTE_V | 0x400, DATA | FULL, true, false},
    {"bit 11 in the pointer", TABLE | PTE_V | 0x800, DATA | FULL, true, false},
    {"bit 10 in a superpage", RAM_BASE | FULL | 0x400, 0, true, false},
    {"pointer not valid", TABLE, DATA | FULL, true, false},
    {"pointer in the last level", TABLE | PTE_V, OTHER_TABLE | PTE_V, true, false},
    {"superpage not aligned", (RAM_BASE + PAGE_SIZE) | FULL, 0, true, false},
    {"superpage not aligned, top bit", (RAM_BASE + 0x200000) | FULL, 0, true, false},
    {"table outside RAM", NOWHERE | PTE_V, 0, false, true},
    {"table behind RAM", END | PTE_V, 0, false, true},
    {"table in a device", 0x10000000 | PTE_V, 0, false, true},
    {"page outside RAM", TABLE | PTE_V, NOWHERE | FULL, false, true},
    {"page behind RAM", TABLE | PTE_V, END | FULL, false, true},
    {"superpage outside RAM", NOWHERE | FULL, 0, false, true},
};

START_TEST(wrong_forms_are_page_faults_and_walks_out_of_ram_access_faults)
{
    struct rig r;

    paging_on(&r);
    for (unsigned n = 0; n < COUNT_OF(form_rows) * KINDS * 2; n++) {
        unsigned row = n / (KINDS * 2);
        enum kind kind = n % KINDS;
        word cause = form_rows[row].page_fault     ? kinds[kind].page_fault
                     : form_rows[row].access_fault ? kinds[kind].access_fault
                                                   : 0;

        flush(&r);
        rig_put_at(&r, ROOT + 4 * PT_INDEX1(VA), form_rows[row].root_entry);
        rig_put_at(&r, TABLE + 4 * PT_INDEX0(VA), form_rows[row].leaf);
        expect(&r, form_rows[row].what, kind, n / KINDS % 2 ? 3 : 0, VA, cause);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(a_root_table_outside_ram_is_an_access_fault)
{
    static const hpa roots[] = {NOWHERE, END, 0x10000000, 0};
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(roots); n++) {
        rig_init(&r, rig_config());
        rig_set_csr(&r, CSR_status, FIELD_status_tps); /* the handler runs bare */
        rig_set_csr(&r, CSR_ptbr, rig_ptbr(roots[n], 0));
        rig_run(&r, 1);
        rig_expect_trap(&r, CAUSE_fetch_access, CODE, CODE);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(a_misaligned_access_faults_before_its_page_is_looked_at)
{
    struct rig r;

    paging_on(&r);
    rig_map(&r, ROOT, TABLE, VA, DATA | FULL);
    expect(&r, "misaligned, mapped", LOAD_KIND, 3, VA + 2, CAUSE_load_misaligned);
    ck_assert_uint_eq(rig_word(&r, TABLE + 4 * PT_INDEX0(VA)), DATA | FULL);
    expect(&r, "misaligned, not mapped", STORE_KIND, 3, VA + PAGE_SIZE + 1, CAUSE_store_misaligned);
    rig_fini(&r);
}
END_TEST

/* The walk succeeds, so its bits are set, even where nothing is behind the page. */
START_TEST(a_page_of_nothing_still_gets_its_accessed_and_dirty_bits)
{
    struct rig r;

    paging_on(&r);
    rig_map(&r, ROOT, TABLE, VA, NOWHERE | FULL);
    expect(&r, "load", LOAD_KIND, 0, VA, CAUSE_load_access);
    ck_assert_uint_eq(rig_word(&r, TABLE + 4 * PT_INDEX0(VA)), NOWHERE | FULL | PTE_A);
    expect(&r, "store", STORE_KIND, 0, VA, CAUSE_store_access);
    ck_assert_uint_eq(rig_word(&r, TABLE + 4 * PT_INDEX0(VA)), NOWHERE | FULL | PTE_A | PTE_D);
    rig_fini(&r);
}
END_TEST

START_TEST(pointers_get_no_accessed_bit)
{
    struct rig r;

    paging_on(&r);
    rig_map(&r, ROOT, TABLE, VA, DATA | FULL);
    expect(&r, "store", STORE_KIND, 3, VA, 0);
    ck_assert_uint_eq(rig_word(&r, ROOT + 4 * PT_INDEX1(VA)), TABLE | PTE_V);
    rig_fini(&r);
}
END_TEST

START_TEST(a_superpage_reaches_four_megabytes_as_far_as_there_is_ram)
{
    struct rig r;
    word value;

    paging_on(&r);
    rig_put_at(&r, ROOT + 4 * PT_INDEX1(VA), RAM_BASE | FULL);
    rig_put_at(&r, END - 4, 0xdeadbeef);
    ck_assert(rig_load(&r, VA + 0xffffc, &value));
    ck_assert_uint_eq(value, 0xdeadbeef);
    expect(&r, "behind RAM", LOAD_KIND, 0, VA + 0x100000, CAUSE_load_access);
    expect(&r, "the last page", LOAD_KIND, 0, VA + 0x3ff000, CAUSE_load_access);
    expect(&r, "the next superpage", LOAD_KIND, 0, VA + 0x400000, CAUSE_load_page);
    rig_fini(&r);
}
END_TEST

/* An entry is also a word: V R W PL 3 is the opcode of lui, and with A set it is none. */
START_TEST(an_entry_that_is_run_as_code_runs_with_the_bits_that_the_walker_set)
{
    struct rig r;
    word value;
    hpa entry = TABLE + 4 * PT_INDEX0(VA);

    paging_on(&r);
    rig_map(&r, ROOT, TABLE, VA, DATA | PTE_V | PTE_R | PTE_W | PTE_PL); /* lui x0, DATA */
    for (unsigned n = 0; n < 2; n++) {
        rig_put_at(&r, entry + 4, JAL(ZERO, 0));
        rig_ring(&r, 0);
        rig_pc(&r, entry);
        rig_run(&r, 3);
        rig_expect_pc(&r, entry + 4);
    }
    ck_assert(rig_load(&r, VA, &value));
    rig_pc(&r, entry);
    rig_run(&r, 1000); /* not by single steps: those never look at decoded code */
    rig_expect_trap(&r, CAUSE_illegal, DATA | PTE_V | PTE_R | PTE_W | PTE_PL | PTE_A, entry);
    rig_fini(&r);
}
END_TEST

START_TEST(code_runs_on_over_a_page_border_into_another_page)
{
    struct rig r;

    paging_on(&r);
    rig_map(&r, ROOT, TABLE, VA, (DATA + PAGE_SIZE) | FULL);
    rig_map(&r, ROOT, TABLE, VA + PAGE_SIZE, DATA | FULL);
    rig_put_at(&r, DATA + 2 * PAGE_SIZE - 4, I(addi, A0, A0, 1));
    rig_put_at(&r, DATA, I(addi, A0, A0, 16));
    rig_put_at(&r, DATA + 2 * PAGE_SIZE, I(addi, A0, A0, 256)); /* physically next: wrong */
    rig_pc(&r, VA + PAGE_SIZE - 4);
    rig_run(&r, 2);
    rig_expect_pc(&r, VA + PAGE_SIZE + 4);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 17);
    rig_fini(&r);
}
END_TEST

START_TEST(a_page_fault_on_the_second_of_two_pages_leaves_the_first_done)
{
    struct rig r;

    paging_on(&r);
    rig_map(&r, ROOT, TABLE, VA, DATA | FULL);
    rig_put_at(&r, DATA + PAGE_SIZE - 4, I(addi, A0, A0, 1));
    rig_pc(&r, VA + PAGE_SIZE - 4);
    rig_run(&r, 2);
    rig_expect_trap(&r, CAUSE_fetch_page, VA + PAGE_SIZE, VA + PAGE_SIZE);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 1);
    rig_fini(&r);
}
END_TEST

START_TEST(devices_answer_behind_a_page_too)
{
    struct rig r;

    paging_on(&r);
    rig_map(&r, ROOT, TABLE, VA, 0x10000000 | FULL);
    rig_put(&r, LOAD(lbu, A0, 5, A1));
    rig_x(&r, A1, VA);
    rig_ring(&r, 3);
    rig_run(&r, 1);
    rig_expect_pc(&r, CODE + 4);
    ck_assert_uint_eq(rig_regs(&r)->x[A0] & 0x60, 0x60); /* transmitter empty */
    rig_fini(&r);
}
END_TEST

START_TEST(each_entry_that_the_walker_reads_is_published)
{
    struct rig r;
    word value;

    paging_on(&r);
    rig_map(&r, ROOT, TABLE, VA, DATA | FULL | PTE_A);
    ck_assert(rig_load(&r, RAM_BASE, &value)); /* the code's own page is in the TLB now */
    rig_listen(&r, EVENT_BIT(EVENT_walk));
    ck_assert(rig_load(&r, VA + 8, &value));
    if (rig_hard())
        ck_assert_uint_ge(r.event_count, 2);
    else
        ck_assert_uint_eq(r.event_count, 2);
    const struct event *last = &r.events[r.event_count - 1], *first = last - 1;
    ck_assert_uint_eq(first->tval, VA + 8);
    ck_assert_uint_eq(first->a, TABLE | PTE_V);
    ck_assert_uint_eq(last->a, DATA | FULL | PTE_A);
    ck_assert_uint_ne(first->b, last->b);
    rig_fini(&r);
}
END_TEST

START_TEST(looking_from_outside_walks_without_a_trace)
{
    struct rig r;
    hpa found;
    word value;

    paging_on(&r);
    rig_map(&r, ROOT, TABLE, VA, DATA | PTE_V | PTE_R);
    rig_map(&r, OTHER_ROOT, OTHER_TABLE, VA, (DATA + PAGE_SIZE) | FULL);
    uint64_t digest = machine_digest(r.m);
    ck_assert(machine_translate(r.m, VA + 0x123, &found));
    ck_assert_uint_eq(found, DATA + 0x123);
    ck_assert(machine_translate_by(r.m, rig_ptbr(OTHER_ROOT, 0), VA + 4, &found));
    ck_assert_uint_eq(found, DATA + PAGE_SIZE + 4);
    ck_assert(machine_read_virtual(r.m, VA, &value, sizeof value));
    ck_assert_uint_eq(value, MAGIC);
    ck_assert(!machine_translate(r.m, VA + PAGE_SIZE, &found));
    ck_assert(!machine_read_virtual(r.m, VA + PAGE_SIZE - 2, &value, sizeof value));
    ck_assert(machine_translate_by(r.m, 0, NOWHERE, &found));
    ck_assert_uint_eq(found, NOWHERE);
    ck_assert(digest == machine_digest(r.m));
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_paging(void);
Suite *suite_machine_paging(void)
{
    Suite *s = suite_create("machine_paging");
    TCase *c = tcase_create("paging");

    tcase_add_test(c, a_leaf_allows_its_rights_to_rings_up_to_pl);
    tcase_add_test(c, a_superpage_allows_its_rights_to_rings_up_to_pl);
    tcase_add_test(c, wrong_forms_are_page_faults_and_walks_out_of_ram_access_faults);
    tcase_add_test(c, a_root_table_outside_ram_is_an_access_fault);
    tcase_add_test(c, a_misaligned_access_faults_before_its_page_is_looked_at);
    tcase_add_test(c, a_page_of_nothing_still_gets_its_accessed_and_dirty_bits);
    tcase_add_test(c, pointers_get_no_accessed_bit);
    tcase_add_test(c, a_superpage_reaches_four_megabytes_as_far_as_there_is_ram);
    tcase_add_test(c, an_entry_that_is_run_as_code_runs_with_the_bits_that_the_walker_set);
    tcase_add_test(c, code_runs_on_over_a_page_border_into_another_page);
    tcase_add_test(c, a_page_fault_on_the_second_of_two_pages_leaves_the_first_done);
    tcase_add_test(c, devices_answer_behind_a_page_too);
    tcase_add_test(c, each_entry_that_the_walker_reads_is_published);
    tcase_add_test(c, looking_from_outside_walks_without_a_trace);
    suite_add_tcase(s, c);
    return s;
}
