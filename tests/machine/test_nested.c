/*
 * Nested paging: every reference counted, every fault with its address and kind, bits set in both
 * tables or in none; and the TLB's VMIDs.
 *
 * Guest-physical memory is at GPA: each page of it is a page of RAM somewhere else.
 *
 *   page 0 code    1 root table    2 second table    3 data    4 another page of data
 */
#include "tests/machine/guests.h"

#include <string.h>

#define GPA        0x00800000u /* where guest-physical pages are */
#define PLACE      (RAM_BASE + 0x40000)
#define NROOT      (RAM_BASE + 0x50000)
#define NTABLE     (RAM_BASE + 0x51000)
#define VA         0xc0400000u /* of the guest's data */
#define VA_CODE    0xc0401000u
#define ALL        (PTE_V | PTE_R | PTE_W | PTE_X)
#define USED       (PTE_A | PTE_D)
#define GPAGE(n)   (GPA + (n)*PAGE_SIZE)
#define HPAGE(n)   (PLACE + ((n) ^ 1) * PAGE_SIZE) /* not in the same order */
#define NENTRY(n)  (NTABLE + 4 * PT_INDEX0(GPAGE(n)))
#define GROOT_AT   (4 * PT_INDEX1(VA))
#define GTABLE_AT  (4 * PT_INDEX0(VA))
#define ROOT_WORD  (HPAGE(1) + GROOT_AT)
#define TABLE_WORD (HPAGE(2) + GTABLE_AT)

static void nested_map(struct rig *r, unsigned page, word rights)
{
    rig_put_at(r, NENTRY(page), HPAGE(page) | rights);
}

/* The guest's tables map VA to data page 3 and VA_CODE to page 0; its code is bare at GPAGE(0) or,
 * with paging on, at VA_CODE. */
static void start(struct rig *r, bool paged)
{
    struct machine_config config = guests_config();

    config.npt = true;
    guests_init_with(r, config);
    rig_put_at(r, NROOT + 4 * PT_INDEX1(GPA), NTABLE | PTE_V);
    for (unsigned page = 0; page < 5; page++)
        nested_map(r, page, ALL);
    rig_put_at(r, ROOT_WORD, GPAGE(2) | PTE_V);
    rig_put_at(r, TABLE_WORD, GPAGE(3) | ALL);
    rig_put_at(r, TABLE_WORD + 4, GPAGE(0) | ALL);
    guests_set(r, VMCB_nested_paging, 1);
    guests_set(r, VMCB_nptbr, rig_ptbr(NROOT, 0));
    guests_set(r, VMCB_pc, paged ? VA_CODE : GPAGE(0));
    guests_set(r, VMCB_ptbr, paged ? PTBR_ON | GPAGE(1) >> PAGE_SHIFT : 0);
    rig_put_at(r, HPAGE(0), LOAD(lw, A0, 0, A1));
    rig_put_at(r, HPAGE(0) + 4, STORE(sw, A0, 0, A1));
    rig_put_at(r, HPAGE(0) + 8, PLAIN(hcall));
    rig_put_at(r, HPAGE(3), 0x1234);
    rig_x(r, A1, paged ? VA : GPAGE(3));
}

/* Entered, and the code's page is in the TLB: what comes next is about data. */
static void enter(struct rig *r, bool paged)
{
    start(r, paged);
    word first = rig_word(r, HPAGE(0));
    rig_put_at(r, HPAGE(0), JAL(ZERO, 0));
    rig_run(r, 2);
    rig_put_at(r, HPAGE(0), first);
    rig_listen(r, EVENT_BIT(EVENT_walk) | EVENT_BIT(EVENT_tlb) | EVENT_BIT(EVENT_exit));
}

static unsigned walks(const struct rig *r, const struct event **first)
{
    unsigned count = 0;

    while (rig_event(r, EVENT_walk, count))
        count++;
    *first = rig_event(r, EVENT_walk, 0);
    return count;
}

START_TEST(a_native_walk_has_two_references_and_a_nested_one_up_to_eight)
{
    static const struct {
        const char *what;
        bool paged, guest_super, nested_super;
        unsigned count;
        unsigned levels[8];
    } rows[] = {
        {"paged", true, false, false, 8, {5, 4, 1, 5, 4, 0, 5, 4}},
        {"the guest's superpage", true, true, false, 5, {5, 4, 1, 5, 4}},
        {"a nested superpage", true, false, true, 5, {5, 1, 5, 0, 5}},
        {"both", true, true, true, 3, {5, 1, 5}},
        {"bare", false, false, false, 2, {5, 4}},
        {"bare, a nested superpage", false, false, true, 1, {5}},
    };
    struct rig r;

    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        const struct event *first;
        const struct cost *cost;

        enter(&r, rows[i].paged);
        cost = &machine_config(r.m)->cost;
        if (rows[i].nested_super) { /* all of it where it is: 4 MiB of RAM from its base */
            rig_put_at(&r, NROOT + 4 * PT_INDEX1(GPA), RAM_BASE | ALL);
            rig_put_at(&r, RAM_BASE + 0x1000 + GROOT_AT, GPAGE(2) | PTE_V);
            rig_put_at(&r, RAM_BASE + 0x2000 + GTABLE_AT, GPAGE(3) | ALL);
        }
        if (rows[i].guest_super)
            rig_put_at(&r, (rows[i].nested_super ? RAM_BASE + 0x1000 : HPAGE(1)) + GROOT_AT,
                       (GPA & ~(SUPERPAGE_SIZE - 1)) | ALL);
        if (rows[i].guest_super)
            rig_x(&r, A1, VA + 3 * PAGE_SIZE);
        uint64_t cycle = machine_cycle(r.m);
        rig_run(&r, 1);
        ck_assert_msg(walks(&r, &first) == rows[i].count, "%s: %u references", rows[i].what,
                      walks(&r, &first));
        for (unsigned n = 0; n < rows[i].count; n++)
            ck_assert_msg(rig_event(&r, EVENT_walk, n)->b == rows[i].levels[n], "%s: reference %u",
                          rows[i].what, n);
        ck_assert_uint_eq(machine_cycle(r.m) - cycle, cost->base + rows[i].count * cost->walk);
        cycle = machine_cycle(r.m);
        rig_pc(&r, rows[i].paged ? VA_CODE : GPAGE(0));
        rig_run(&r, 1);
        ck_assert_msg(machine_cycle(r.m) - cycle == cost->base, "%s: not in the TLB", rows[i].what);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(an_access_reaches_the_page_that_both_tables_say)
{
    struct rig r;

    for (unsigned paged = 0; paged < 2; paged++) {
        hpa where;

        start(&r, paged);
        rig_run(&r, 1);
        ck_assert(machine_translate(r.m, paged ? VA + 4 : GPAGE(3) + 4, &where));
        ck_assert_uint_eq(where, HPAGE(3) + 4);
        rig_run(&r, 1);
        ck_assert_uint_eq(rig_regs(&r)->x[A0], 0x1234);
        rig_x(&r, A0, 0x5678);
        rig_run(&r, 1);
        ck_assert_uint_eq(rig_word(&r, HPAGE(3)), 0x5678);
        rig_run(&r, 1);
        guests_expect_exit(&r, INTERCEPT_hcall, 0, 0);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(accessed_and_dirty_are_set_in_both_tables)
{
    struct rig r;

    enter(&r, true);
    ck_assert_uint_eq(rig_word(&r, TABLE_WORD) & USED, 0);
    rig_run(&r, 1);
    ck_assert_uint_eq(rig_word(&r, TABLE_WORD) & USED, PTE_A);
    ck_assert_uint_eq(rig_word(&r, NENTRY(3)) & USED, PTE_A);
    ck_assert_uint_eq(rig_word(&r, NENTRY(1)) & USED, PTE_A); /* the root was read, */
    ck_assert_uint_eq(rig_word(&r, NENTRY(2)) & USED, USED);  /* the table written: an A bit */
    ck_assert_uint_eq(rig_word(&r, NENTRY(4)) & USED, 0);
    ck_assert_uint_eq(rig_word(&r, ROOT_WORD) & USED, 0); /* no leaf */
    rig_run(&r, 1);
    ck_assert_uint_eq(rig_word(&r, TABLE_WORD) & USED, USED);
    ck_assert_uint_eq(rig_word(&r, NENTRY(3)) & USED, USED);
    rig_fini(&r);
}
END_TEST

/* What is missing, and what the exit says of it. `entry`: a nested page's entry instead. */
static const struct {
    const char *what;
    bool paged, store;
    unsigned page;
    word entry; /* its bits below the page number */
    word info1, info2;
} faults[] = {
    {"root table", true, false, 1, 0, GPAGE(1) + GROOT_AT, NESTED_READ | NESTED_IN_WALK},
    {"second table", true, false, 2, 0, GPAGE(2) + GTABLE_AT, NESTED_READ | NESTED_IN_WALK},
    {"second table, for a store", true, true, 2, 0, GPAGE(2) + GTABLE_AT,
     NESTED_READ | NESTED_IN_WALK},
    {"a table that may not be read", true, false, 2, PTE_V | PTE_X, GPAGE(2) + GTABLE_AT,
     NESTED_READ | NESTED_IN_WALK},
    {"a table that A cannot be written into", true, false, 2, PTE_V | PTE_R | PTE_X,
     GPAGE(2) + GTABLE_AT, NESTED_WRITE | NESTED_IN_WALK},
    {"the page, load", true, false, 3, 0, GPAGE(3), NESTED_READ},
    {"the page, store", true, true, 3, 0, GPAGE(3), NESTED_WRITE},
    {"a page that may not be read", true, false, 3, PTE_V | PTE_X, GPAGE(3), NESTED_READ},
    {"a page that may not be written", true, true, 3, PTE_V | PTE_R | PTE_X, GPAGE(3),
     NESTED_WRITE},
    {"W without R", true, true, 3, PTE_V | PTE_W | PTE_X, GPAGE(3), NESTED_WRITE},
    {"a reserved bit", true, false, 3, ALL | 0x400, GPAGE(3), NESTED_READ},
    {"a pointer too many", true, false, 3, PTE_V, GPAGE(3), NESTED_READ},
    {"bare, load", false, false, 3, 0, GPAGE(3), NESTED_READ},
    {"bare, store", false, true, 3, PTE_V | PTE_R, GPAGE(3), NESTED_WRITE},
};

START_TEST(a_nested_fault_tells_address_and_kind_and_sets_nothing)
{
    struct rig r;

    for (unsigned i = 0; i < COUNT_OF(faults); i++) {
        word before[3];
        word entries[] = {TABLE_WORD, NENTRY(2), NENTRY(3)};

        enter(&r, faults[i].paged);
        nested_map(&r, faults[i].page, faults[i].entry);
        for (unsigned n = 0; n < COUNT_OF(entries); n++) {
            rig_put_at(&r, entries[n], rig_word(&r, entries[n]) & ~(word)USED);
            before[n] = rig_word(&r, entries[n]);
        }
        if (faults[i].store)
            rig_pc(&r, (faults[i].paged ? VA_CODE : GPAGE(0)) + 4);
        word pc = rig_regs(&r)->pc;
        rig_run(&r, 1);
        ck_assert_msg(guests_get(&r, VMCB_exit_code) == EXIT_nested_fault, "%s: no fault",
                      faults[i].what);
        guests_expect_exit(&r, EXIT_nested_fault, faults[i].info1, faults[i].info2);
        ck_assert_uint_eq(guests_get(&r, VMCB_pc), pc);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_insn),
                          faults[i].store ? STORE(sw, A0, 0, A1) : LOAD(lw, A0, 0, A1));
        for (unsigned n = 0; n < COUNT_OF(entries); n++)
            ck_assert_msg(rig_word(&r, entries[n]) == before[n], "%s: entry %u", faults[i].what, n);
        ck_assert_ptr_null(rig_event(&r, EVENT_tlb, 0));
        rig_fini(&r);
    }
}
END_TEST

START_TEST(a_fetch_faults_as_a_fetch)
{
    struct rig r;

    for (unsigned paged = 0; paged < 2; paged++) {
        start(&r, paged);
        const struct cost *cost = &machine_config(r.m)->cost;
        nested_map(&r, 0, PTE_V | PTE_R | PTE_W);
        rig_run(&r, 1);
        uint64_t cycle = machine_cycle(r.m);
        rig_run(&r, 1);
        guests_expect_exit(&r, EXIT_nested_fault, GPAGE(0), NESTED_FETCH);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_insn), 0);
        ck_assert_uint_eq(guests_get(&r, VMCB_pc), paged ? VA_CODE : GPAGE(0));
        ck_assert_uint_eq(machine_cycle(r.m) - cycle,
                          cost->base + (paged ? 8 : 2) * cost->walk + cost->exit);
        rig_fini(&r);
    }
}
END_TEST

/* The trap is delivered; what is missing is the handler's first instruction, and that is an exit and
 * no shutdown. */
START_TEST(a_handler_on_a_page_that_is_not_there_yet_is_waited_for)
{
    struct rig r;

    start(&r, false);
    rig_put_at(&r, HPAGE(0), PLAIN(ecall));
    rig_put_at(&r, HPAGE(4), I(addi, A2, A2, 1));
    guests_set(&r, VMCB_tvec, GPAGE(4));
    nested_map(&r, 4, 0);
    rig_run(&r, 3);
    guests_expect_exit(&r, EXIT_nested_fault, GPAGE(4), NESTED_FETCH);
    ck_assert_uint_eq(guests_get(&r, VMCB_pc), GPAGE(4));
    ck_assert_uint_eq(guests_get(&r, VMCB_epc), GPAGE(0));
    ck_assert_uint_eq(guests_get(&r, VMCB_cause), CAUSE_ecall_ring0);
    ck_assert_uint_eq(guests_get(&r, VMCB_exit_event), 0);
    nested_map(&r, 4, ALL);
    guests_again(&r, 2);
    rig_expect_pc(&r, GPAGE(4) + 4);
    rig_fini(&r);
}
END_TEST

/* The guest's own fault is the guest's, though the page would be missing below as well. */
START_TEST(the_guests_own_table_is_asked_first)
{
    struct rig r;
    struct machine_guest guest;

    enter(&r, true);
    nested_map(&r, 3, 0);
    rig_put_at(&r, TABLE_WORD, GPAGE(3) | PTE_V | PTE_X);
    rig_run(&r, 1);
    ck_assert(machine_guest(r.m, &guest));
    ck_assert_uint_eq(rig_csr(&r, CSR_cause), CAUSE_load_page);
    ck_assert_uint_eq(rig_csr(&r, CSR_tval), VA);
    ck_assert_uint_eq(rig_word(&r, NENTRY(2)) & PTE_D, PTE_D); /* of the fetch before */
    rig_fini(&r);
}
END_TEST

START_TEST(rings_are_the_guests_affair)
{
    struct rig r;

    start(&r, true); /* the nested entries have PL 0 */
    rig_put_at(&r, TABLE_WORD, GPAGE(3) | ALL | PTE_PL);
    rig_put_at(&r, TABLE_WORD + 4, GPAGE(0) | ALL | PTE_PL);
    guests_set(&r, VMCB_ring, 3);
    guests_set(&r, VMCB_status, FIELD_status_pring);
    rig_run(&r, 2);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 0x1234);
    rig_fini(&r);
}
END_TEST

START_TEST(behind_the_nested_table_may_be_a_device_or_nothing)
{
    struct rig r;
    struct machine_guest guest;

    enter(&r, false);
    rig_put_at(&r, NENTRY(3), 0x0c000000 | ALL); /* the interrupt controller: words */
    rig_x(&r, A1, GPAGE(3) + 4);
    rig_run(&r, 1);
    rig_expect_pc(&r, GPAGE(0) + 4);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 0);
    rig_fini(&r);

    enter(&r, false);
    rig_put_at(&r, NENTRY(3), 0x40000000 | ALL);
    rig_run(&r, 1);
    ck_assert_msg(machine_guest(r.m, &guest), "an access to nothing is the guest's own fault");
    ck_assert_uint_eq(rig_csr(&r, CSR_cause), CAUSE_load_access);
    ck_assert_uint_eq(rig_csr(&r, CSR_tval), GPAGE(3));
    rig_fini(&r);

    enter(&r, true);
    rig_put_at(&r, NENTRY(2), 0x40000000 | ALL); /* the guest's table is there */
    rig_run(&r, 1);
    ck_assert(machine_guest(r.m, &guest));
    ck_assert_uint_eq(rig_csr(&r, CSR_cause), CAUSE_load_access);
    ck_assert_uint_eq(rig_csr(&r, CSR_tval), VA);
    rig_fini(&r);

    enter(&r, true);
    rig_put_at(&r, NROOT + 4 * PT_INDEX1(GPA), 0x40000000 | PTE_V); /* the nested table itself */
    rig_run(&r, 1);
    guests_expect_exit(&r, EXIT_nested_fault, GPAGE(1) + GROOT_AT, NESTED_READ | NESTED_IN_WALK);
    rig_fini(&r);
}
END_TEST

START_TEST(probe_walks_the_guests_table_through_the_nested_one)
{
    struct rig r;
    const struct event *first;

    enter(&r, true);
    rig_put_at(&r, HPAGE(0), R(probe, A0, A1, 0));
    nested_map(&r, 3, 0); /* the page itself is not touched */
    rig_run(&r, 1);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], ALL);
    ck_assert_uint_eq(walks(&r, &first), 6);
    ck_assert_uint_eq(rig_word(&r, TABLE_WORD) & USED, 0);
    nested_map(&r, 2, 0);
    rig_pc(&r, VA_CODE);
    rig_run(&r, 1);
    guests_expect_exit(&r, EXIT_nested_fault, GPAGE(2) + GTABLE_AT, NESTED_READ | NESTED_IN_WALK);
    ck_assert_uint_eq(guests_get(&r, VMCB_exit_insn), R(probe, A0, A1, 0));
    rig_fini(&r);
}
END_TEST

/* ---- the TLB ----------------------------------------------------------------------------------- */

START_TEST(a_change_of_the_nested_table_is_seen_after_a_flush_of_the_vmid)
{
    struct rig r;

    if (rig_hard())
        return; /* an entry does not live long enough to be stale */
    for (word control = 0; control <= 2; control++) {
        start(&r, false);
        rig_put_at(&r, HPAGE(0) + 4, PLAIN(hcall));
        rig_put_at(&r, HPAGE(4), 0x9999);
        rig_run(&r, 3);
        ck_assert_uint_eq(rig_regs(&r)->x[A0], 0x1234);
        rig_put_at(&r, NENTRY(3), HPAGE(4) | ALL);
        guests_set(&r, VMCB_pc, GPAGE(0));
        guests_set(&r, VMCB_tlb_control, control);
        guests_again(&r, 3);
        ck_assert_uint_eq(rig_regs(&r)->x[A0], control ? 0x9999 : 0x1234);
        rig_fini(&r);
    }
}
END_TEST

static unsigned entries_of(const struct rig *r, unsigned vmid)
{
    struct machine_tlb_entry e;
    unsigned count = 0;

    for (unsigned array = 0; array < 3; array++)
        for (unsigned i = 0; i < machine_config(r->m)->tlb; i++)
            count += machine_tlb_entry(r->m, array, i, &e) && e.vmid == vmid;
    return count;
}

/* Two guests and the host, each with entries; who flushes what. */
START_TEST(each_flushes_its_own_and_control_1_everybodys)
{
    struct rig r;
    word value;

    if (rig_hard())
        return;
    start(&r, false);
    rig_map_ram(&r, ROOT);
    for (word vmid = 1; vmid <= 2; vmid++) { /* code in pages 2 and 3 */
        guests_set(&r, VMCB_vmid, vmid);
        guests_set(&r, VMCB_pc, GPAGE(vmid + 1));
        rig_put_at(&r, HPAGE(vmid + 1), PLAIN(hcall));
        guests_again(&r, 2);
    }
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(ROOT, 0));
    ck_assert(rig_load(&r, DATA, &value));
    rig_set_csr(&r, CSR_ptbr, 0);
    ck_assert_uint_ge(entries_of(&r, 0), 1);
    ck_assert_uint_eq(entries_of(&r, 1), 1);
    ck_assert_uint_eq(entries_of(&r, 2), 1);

    rig_put_at(&r, HPAGE(2), R(sfence_vma, 0, 0, 0)); /* guest 1 flushes, and fetches again */
    rig_put_at(&r, HPAGE(2) + 4, PLAIN(hcall));
    guests_set(&r, VMCB_vmid, 1);
    guests_set(&r, VMCB_pc, GPAGE(2));
    rig_put_at(&r, CODE, I(vmrun, 0, S0, 0));
    guests_again(&r, 2);
    ck_assert_uint_eq(entries_of(&r, 1), 0);
    ck_assert_uint_eq(entries_of(&r, 2), 1);
    ck_assert_uint_ge(entries_of(&r, 0), 1);
    rig_run(&r, 1);
    ck_assert_uint_eq(entries_of(&r, 1), 1);

    rig_do(&r, R(sfence_vma, 0, 0, 0)); /* the host's */
    ck_assert_uint_eq(entries_of(&r, 0), 0);
    ck_assert_uint_eq(entries_of(&r, 1) + entries_of(&r, 2), 2);

    rig_put_at(&r, CODE, I(vmrun, 0, S0, 0));
    guests_set(&r, VMCB_tlb_control, 2); /* guest 1's, by the monitor */
    guests_again(&r, 1);
    ck_assert_uint_eq(entries_of(&r, 1), 0);
    ck_assert_uint_eq(entries_of(&r, 2), 1);
    rig_run(&r, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(control_1_flushes_every_entry)
{
    struct rig r;
    word value;

    start(&r, false);
    rig_map_ram(&r, ROOT);
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(ROOT, 0));
    ck_assert(rig_load(&r, DATA, &value));
    rig_set_csr(&r, CSR_ptbr, 0);
    ck_assert_uint_ge(entries_of(&r, 0), 1);
    rig_put_at(&r, CODE, I(vmrun, 0, S0, 0));
    guests_set(&r, VMCB_tlb_control, 1);
    guests_again(&r, 1);
    ck_assert_uint_eq(entries_of(&r, 0) + entries_of(&r, 1), 0);
    rig_fini(&r);
}
END_TEST

/* Bare addresses and those of address space 0 are not the same, though both have number 0. */
START_TEST(turning_its_paging_on_needs_no_flush_by_the_guest)
{
    struct rig r;

    start(&r, false);
    rig_put_at(&r, TABLE_WORD, GPAGE(4) | ALL);
    rig_put_at(&r, HPAGE(1) + 4 * PT_INDEX1(GPA), GPA | ALL); /* its code stays where it is */
    rig_put_at(&r, HPAGE(4), 0x4444);
    rig_put_at(&r, HPAGE(0) + 4, CSRR(csrrw, ZERO, CSR_ptbr, A2));
    rig_put_at(&r, HPAGE(0) + 8, LOAD(lw, A3, 0, A4));
    rig_x(&r, A2, PTBR_ON | GPAGE(1) >> PAGE_SHIFT);
    rig_x(&r, A4, VA);
    rig_run(&r, 4);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 0x1234);
    ck_assert_uint_eq(rig_regs(&r)->x[A3], 0x4444);
    rig_fini(&r);
}
END_TEST

/* The host's view of the same numbers is another: nothing that is fast may mix them up. */
START_TEST(guest_and_host_with_the_same_addresses_do_not_meet)
{
    struct rig r;

    start(&r, false);
    rig_put_at(&r, NROOT + 4 * PT_INDEX1(RAM_BASE), NTABLE | PTE_V);
    rig_put_at(&r, NTABLE + 4 * PT_INDEX0(DATA), HPAGE(3) | ALL);
    rig_put_at(&r, DATA, 0xaaaa);
    rig_x(&r, A1, DATA);
    for (unsigned round = 0; round < 3; round++) {
        word value;

        ck_assert(rig_load(&r, DATA, &value));
        ck_assert_uint_eq(value, 0xaaaa);
        rig_put_at(&r, CODE, I(vmrun, 0, S0, 0));
        guests_set(&r, VMCB_pc, GPAGE(0));
        rig_put_at(&r, HPAGE(0) + 4, PLAIN(hcall));
        guests_again(&r, 3);
        ck_assert_uint_eq(rig_regs(&r)->x[A0], 0x1234);
    }
    guests_set(&r, VMCB_nested_paging, 0); /* the same VMID, bare and not nested */
    guests_set(&r, VMCB_pc, HPAGE(0));
    guests_again(&r, 3);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 0xaaaa);
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_nested(void);
Suite *suite_machine_nested(void)
{
    Suite *s = suite_create("machine_nested");
    TCase *c = tcase_create("nested paging");

    tcase_add_test(c, a_native_walk_has_two_references_and_a_nested_one_up_to_eight);
    tcase_add_test(c, an_access_reaches_the_page_that_both_tables_say);
    tcase_add_test(c, accessed_and_dirty_are_set_in_both_tables);
    tcase_add_test(c, a_nested_fault_tells_address_and_kind_and_sets_nothing);
    tcase_add_test(c, a_fetch_faults_as_a_fetch);
    tcase_add_test(c, a_handler_on_a_page_that_is_not_there_yet_is_waited_for);
    tcase_add_test(c, the_guests_own_table_is_asked_first);
    tcase_add_test(c, rings_are_the_guests_affair);
    tcase_add_test(c, behind_the_nested_table_may_be_a_device_or_nothing);
    tcase_add_test(c, probe_walks_the_guests_table_through_the_nested_one);
    tcase_add_test(c, a_change_of_the_nested_table_is_seen_after_a_flush_of_the_vmid);
    tcase_add_test(c, each_flushes_its_own_and_control_1_everybodys);
    tcase_add_test(c, control_1_flushes_every_entry);
    tcase_add_test(c, turning_its_paging_on_needs_no_flush_by_the_guest);
    tcase_add_test(c, guest_and_host_with_the_same_addresses_do_not_meet);
    suite_add_tcase(s, c);
    return s;
}
