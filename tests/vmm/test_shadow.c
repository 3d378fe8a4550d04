/*
 * Shadow tables: for each form of the guest's entry, each access and each virtual ring, whether
 * the guest gets a fault or the access goes through, what is mapped, and what A and D become.
 */
#include <check.h>
#include <signal.h>

#include "tests/vmm/fake.h"
#include "vmm/isa.h"
#include "vmm/phys.h"
#include "vmm/platform.h"

#include "isa/paging.h"

Suite *suite_vmm_shadow(void);

/* Guest-physical places of the tests. */
#define ROOT   (RAM_BASE + 0x10000)
#define LEAF   (RAM_BASE + 0x11000)
#define ROOT2  (RAM_BASE + 0x12000)
#define PAGE   (RAM_BASE + 0x20000)
#define OTHER  (RAM_BASE + 0x21000)
#define PTBR   (PTBR_ON | ROOT >> PAGE_SHIFT)
#define VA     0x00403000u /* root entry 1, leaf entry 3 */
#define RWX    (PTE_R | PTE_W | PTE_X)
#define ALL    (PTE_V | RWX | PTE_PL_OF(3) | PTE_A | PTE_D)
#define NO_RAM (RAM_BASE + FAKE_VM_RAM)

static struct vmm vmm;
static struct vm *vm;

static void setup(void)
{
    vm = fake_vm(&vmm);
    fake_write(vm, ROOT + PT_INDEX1(VA) * 4, LEAF | PTE_V);
}

static void map(word leaf)
{
    fake_write(vm, LEAF + PT_INDEX0(VA) * 4, leaf);
}

static enum shadow_answer access(word ptbr, gva address, enum access kind, word ring,
                                 struct shadow_fault *f)
{
    *f = (struct shadow_fault){.address = address, .access = kind, .ring = ring};
    ck_assert_uint_ne(shadow_select(&vm->shadow, ptbr, ring), 0);
    return shadow_resolve(&vm->shadow, ptbr, f);
}

/* What the real walker then says for the real ring. */
static bool real_allows(gva address, enum access kind, word ring)
{
    static const word needed[] = {
        [ACCESS_LOAD] = PTE_R, [ACCESS_STORE] = PTE_W, [ACCESS_FETCH] = PTE_X};
    word entry = shadow_entry(&vm->shadow, address, ring);

    return (entry & PTE_V) && (entry & needed[kind]) &&
           ring_real(ring) <= (entry & PTE_PL) >> PTE_PL_SHIFT;
}

static hpa host_of(gpa address)
{
    return phys_of(p2m_word(&vm->map, address));
}

/* Every form of the low ten bits, every access and ring: 1024 x 3 x 4 cases. */
START_TEST(the_rule_holds_for_every_entry_access_and_ring)
{
    static const word needed[] = {
        [ACCESS_LOAD] = PTE_R, [ACCESS_STORE] = PTE_W, [ACCESS_FETCH] = PTE_X};
    static const word cause[] = {[ACCESS_LOAD] = CAUSE_load_page,
                                 [ACCESS_STORE] = CAUSE_store_page,
                                 [ACCESS_FETCH] = CAUSE_fetch_page};
    struct shadow_fault f;

    for (word low = 0; low < 0x1000; low++) {
        for (unsigned kind = 0; kind < 3; kind++) {
            for (word ring = 0; ring < 4; ring++) {
                word before = PAGE | low;
                word zero = 0;
                map(before);
                shadow_fence(&vm->shadow, NULL, NULL);
                bool ok = (low & PTE_V) && !(low & PTE_ZERO) && (low & needed[kind]) &&
                          !((low & PTE_W) && !(low & PTE_R)) &&
                          ring <= (low & PTE_PL) >> PTE_PL_SHIFT;
                word marks = ok ? PTE_A | (kind == ACCESS_STORE ? PTE_D : 0) : zero;
                enum shadow_answer answer = access(PTBR, VA + 8, (enum access)kind, ring, &f);
                word after = fake_read(vm, LEAF + PT_INDEX0(VA) * 4);

                ck_assert_uint_eq(after, before | marks);
                if (!ok) {
                    ck_assert_int_eq(answer, SHADOW_GUEST_FAULT);
                    ck_assert_uint_eq(f.cause, cause[kind]);
                    ck_assert_uint_eq(shadow_entry(&vm->shadow, VA, ring), 0);
                    continue;
                }
                word entry = shadow_entry(&vm->shadow, VA, ring);
                ck_assert_int_eq(answer, SHADOW_FILLED);
                ck_assert_uint_eq(entry & PTE_PPN, host_of(PAGE));
                ck_assert(real_allows(VA, (enum access)kind, ring));
                ck_assert_int_eq((entry & PTE_W) != 0, (low & PTE_W) && (after & PTE_D));
                ck_assert_uint_eq(entry & (PTE_R | PTE_X), low & (PTE_R | PTE_X));
            }
        }
    }
}
END_TEST

START_TEST(a_clean_page_is_read_only_until_its_first_write)
{
    struct shadow_fault f;

    map(PAGE | PTE_V | RWX | PTE_PL_OF(0));
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 0, &f), SHADOW_FILLED);
    ck_assert(real_allows(VA, ACCESS_LOAD, 0));
    ck_assert(!real_allows(VA, ACCESS_STORE, 0));
    unsigned flushed = fake()->forgotten_pages;
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 0, &f), SHADOW_FILLED);
    ck_assert(real_allows(VA, ACCESS_STORE, 0));
    ck_assert(fake_read(vm, LEAF + PT_INDEX0(VA) * 4) & PTE_D);
    ck_assert_uint_eq(fake()->forgotten_pages, flushed); /* gaining a right needs no flush */
}
END_TEST

START_TEST(rings_that_share_a_real_ring_are_kept_apart)
{
    struct shadow_fault f;

    map(PAGE | PTE_V | RWX | PTE_PL_OF(2) | PTE_D);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 2, &f), SHADOW_FILLED);
    ck_assert(real_allows(VA, ACCESS_STORE, 2));
    word two = shadow_select(&vm->shadow, PTBR, 2), three = shadow_select(&vm->shadow, PTBR, 3);
    ck_assert_uint_ne(two & PTBR_PPN, three & PTBR_PPN);
    ck_assert_uint_ne(two & PTBR_ASID, three & PTBR_ASID);
    ck_assert(!real_allows(VA, ACCESS_STORE, 3));
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 3, &f), SHADOW_GUEST_FAULT);
}
END_TEST

START_TEST(a_root_or_table_outside_ram_is_an_access_fault)
{
    static const word cause[] = {CAUSE_load_access, CAUSE_store_access, CAUSE_fetch_access};
    struct shadow_fault f;

    for (unsigned kind = 0; kind < 3; kind++) {
        ck_assert_int_eq(access(PTBR_ON | NO_RAM >> 12, VA, (enum access)kind, 0, &f),
                         SHADOW_GUEST_FAULT);
        ck_assert_uint_eq(f.cause, cause[kind]);
        fake_write(vm, ROOT + PT_INDEX1(VA) * 4, 0x10000000 | PTE_V); /* a device */
        ck_assert_int_eq(access(PTBR, VA, (enum access)kind, 0, &f), SHADOW_GUEST_FAULT);
        ck_assert_uint_eq(f.cause, cause[kind]);
    }
}
END_TEST

START_TEST(a_page_that_is_no_ram_is_a_device_and_has_its_marks_set)
{
    struct shadow_fault f;

    map(0x10000000 | PTE_V | RWX | PTE_PL_OF(0));
    ck_assert_int_eq(access(PTBR, VA + 5, ACCESS_STORE, 0, &f), SHADOW_DEVICE);
    ck_assert_uint_eq(f.walk.address, 0x10000005);
    ck_assert_uint_eq(fake_read(vm, LEAF + PT_INDEX0(VA) * 4) & (PTE_A | PTE_D), PTE_A | PTE_D);
    ck_assert_uint_eq(shadow_entry(&vm->shadow, VA, 0), 0);
}
END_TEST

/* XSA-173: the frame number of a superpage must not lose bits, nor reach past RAM. */
START_TEST(a_superpage_is_split_and_each_page_checked)
{
    struct shadow_fault f;

    fake_write(vm, ROOT + 4, RAM_BASE | ALL);
    for (word offset = 0; offset < SUPERPAGE_SIZE; offset += PAGE_SIZE) {
        enum shadow_answer answer = access(PTBR, 0x00400000 + offset, ACCESS_LOAD, 1, &f);
        if (offset < FAKE_VM_RAM) {
            ck_assert_int_eq(answer, SHADOW_FILLED);
            ck_assert_uint_eq(shadow_entry(&vm->shadow, 0x00400000 + offset, 1) & PTE_PPN,
                              host_of(RAM_BASE + offset));
        } else {
            ck_assert_int_eq(answer, SHADOW_DEVICE);
        }
    }
    fake_write(vm, ROOT + 4, (RAM_BASE + 0x1000) | ALL);
    ck_assert_int_eq(access(PTBR, 0x00400000, ACCESS_LOAD, 1, &f), SHADOW_GUEST_FAULT);
    ck_assert_uint_eq(f.cause, CAUSE_load_page);
}
END_TEST

START_TEST(a_root_entry_with_rights_is_a_superpage_and_marks_itself)
{
    struct shadow_fault f;

    fake_write(vm, ROOT + 4, RAM_BASE | PTE_V | RWX | PTE_PL_OF(1));
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 1, &f), SHADOW_FILLED);
    ck_assert_uint_eq(fake_read(vm, ROOT + 4) & (PTE_A | PTE_D), PTE_A | PTE_D);
}
END_TEST

START_TEST(a_second_level_entry_without_rights_is_a_page_fault)
{
    struct shadow_fault f;

    map(PAGE | PTE_V);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_FETCH, 0, &f), SHADOW_GUEST_FAULT);
    ck_assert_uint_eq(f.cause, CAUSE_fetch_page);
}
END_TEST

/* A table that maps itself (XSA-240): it is data like any other, and freed once. */
START_TEST(a_recursive_table_is_walked_and_freed_like_any_other)
{
    struct shadow_fault f;
    uint32_t free_frames = vmm.alloc.free_count;

    fake_write(vm, ROOT + 1023 * 4, ROOT | PTE_V);
    fake_write(vm, ROOT + 1 * 4, ROOT | ALL);
    ck_assert_int_eq(access(PTBR, 0xffc01000, ACCESS_STORE, 0, &f), SHADOW_FILLED);
    ck_assert_uint_eq(f.walk.address, ROOT);
    shadow_fence(&vm->shadow, NULL, NULL);
    shadow_fini(&vm->shadow);
    ck_assert_uint_eq(vmm.alloc.free_count, free_frames);
}
END_TEST

/* ---- staleness: as a TLB, no more and no less ---------------------------------------------- */

START_TEST(an_entry_stays_until_the_fence_that_names_it)
{
    static const struct {
        const char *what;
        bool page, other_page, asid, other_asid;
        bool gone;
    } rows[] = {
        {"nothing", 0, 0, 0, 0, true},
        {"the page", 1, 0, 0, 0, true},
        {"another page", 0, 1, 0, 0, false},
        {"the ASID", 0, 0, 1, 0, true},
        {"another ASID", 0, 0, 0, 1, false},
        {"page and ASID", 1, 0, 1, 0, true},
        {"page, another ASID", 1, 0, 0, 1, false},
    };
    word ptbr = PTBR | 7u << PTBR_ASID_SHIFT;

    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        struct shadow_fault f;
        gva page = rows[i].other_page ? VA + PAGE_SIZE : VA;
        word asid = rows[i].other_asid ? 8 : 7;
        map(PAGE | ALL);
        ck_assert_int_eq(access(ptbr, VA, ACCESS_STORE, 0, &f), SHADOW_FILLED);
        map(0);
        ck_assert(real_allows(VA, ACCESS_STORE, 0));
        unsigned flushed = fake()->forgotten_pages + fake()->forgotten_asids;
        shadow_fence(&vm->shadow, rows[i].page || rows[i].other_page ? &page : NULL,
                     rows[i].asid || rows[i].other_asid ? &asid : NULL);
        ck_assert_msg(real_allows(VA, ACCESS_STORE, 0) == !rows[i].gone, "%s", rows[i].what);
        /* and the real TLB has been told */
        ck_assert_int_eq(fake()->forgotten_pages + fake()->forgotten_asids > flushed, rows[i].gone);
    }
}
END_TEST

/* XSA-286: an upper-level edit followed by a fence of everything, or of the page. */
START_TEST(an_upper_level_edit_is_seen_after_a_fence)
{
    struct shadow_fault f;
    gva page = VA;

    map(PAGE | ALL);
    for (unsigned i = 0; i < 2; i++) {
        fake_write(vm, ROOT + PT_INDEX1(VA) * 4, LEAF | PTE_V);
        ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 0, &f), SHADOW_FILLED);
        fake_write(vm, ROOT + PT_INDEX1(VA) * 4, 0);
        shadow_fence(&vm->shadow, i ? &page : NULL, NULL);
        ck_assert(!real_allows(VA, ACCESS_LOAD, 0));
        ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 0, &f), SHADOW_GUEST_FAULT);
    }
}
END_TEST

/* XSA-401: a page becomes a page table; the writable mapping must go with the fence. */
START_TEST(no_writable_entry_survives_a_page_becoming_a_table)
{
    struct shadow_fault f;

    map(LEAF | ALL);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 0, &f), SHADOW_FILLED);
    ck_assert(real_allows(VA, ACCESS_STORE, 0));
    map(LEAF | PTE_V | PTE_R | PTE_PL_OF(0));
    shadow_fence(&vm->shadow, NULL, NULL);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 0, &f), SHADOW_FILLED);
    ck_assert(!real_allows(VA, ACCESS_STORE, 0));
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 0, &f), SHADOW_GUEST_FAULT);
}
END_TEST

/* The dirty bit must not be lost when an entry is made again (papers: 15). */
START_TEST(a_dirty_bit_that_the_guest_clears_comes_back_with_the_next_write)
{
    struct shadow_fault f;

    map(PAGE | ALL);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 0, &f), SHADOW_FILLED);
    map((PAGE | ALL) & ~PTE_D);
    shadow_fence(&vm->shadow, NULL, NULL);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 0, &f), SHADOW_FILLED);
    ck_assert(!real_allows(VA, ACCESS_STORE, 0));
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 0, &f), SHADOW_FILLED);
    ck_assert(fake_read(vm, LEAF + PT_INDEX0(VA) * 4) & PTE_D);
}
END_TEST

START_TEST(an_entry_that_changes_otherwise_is_flushed_from_the_real_tlb)
{
    struct shadow_fault f;

    map(PAGE | PTE_V | RWX | PTE_PL_OF(0) | PTE_D);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 0, &f), SHADOW_FILLED);
    map(PAGE | PTE_V | RWX | PTE_PL_OF(1) | PTE_D);
    unsigned flushed = fake()->forgotten_pages;
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 1, &f), SHADOW_FILLED);
    ck_assert_uint_eq(fake()->forgotten_pages, flushed + 1);
    ck_assert_uint_eq(fake()->last_page, VA);
    /* the same entry again: the real TLB must hold something older */
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 1, &f), SHADOW_FILLED);
    ck_assert_uint_eq(fake()->forgotten_pages, flushed + 2);
}
END_TEST

/* ---- spaces -------------------------------------------------------------------------------- */

START_TEST(switching_back_to_an_address_space_finds_its_entries)
{
    struct shadow_fault f;
    word other = PTBR_ON | ROOT2 >> PAGE_SHIFT | 1u << PTBR_ASID_SHIFT;

    map(PAGE | ALL);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 0, &f), SHADOW_FILLED);
    word first = shadow_select(&vm->shadow, PTBR, 0);
    ck_assert_uint_ne(shadow_select(&vm->shadow, other, 0), first);
    ck_assert(!real_allows(VA, ACCESS_LOAD, 0));
    ck_assert_uint_eq(shadow_select(&vm->shadow, PTBR, 0), first);
    ck_assert(real_allows(VA, ACCESS_LOAD, 0));
}
END_TEST

START_TEST(the_same_root_under_another_asid_is_another_space)
{
    struct shadow_fault f;

    map(PAGE | ALL);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 0, &f), SHADOW_FILLED);
    ck_assert_uint_ne(shadow_select(&vm->shadow, PTBR | 1u << PTBR_ASID_SHIFT, 0), 0);
    ck_assert(!real_allows(VA, ACCESS_LOAD, 0));
}
END_TEST

START_TEST(without_paging_the_map_itself_is_the_table)
{
    word ptbr = shadow_select(&vm->shadow, 0, 0);

    ck_assert_uint_eq((ptbr & PTBR_PPN) << PAGE_SHIFT, vm->map.root);
    ck_assert_uint_eq(shadow_select(&vm->shadow, 0, 3), ptbr);
    ck_assert(real_allows(RAM_BASE, ACCESS_STORE, 3));
    ck_assert_uint_eq(shadow_entry(&vm->shadow, NO_RAM, 0), 0);
    ck_assert_uint_eq(shadow_entry(&vm->shadow, FAKE_BASE + FAKE_SIZE - 4, 0), 0);
}
END_TEST

/* XSA-438: what the processor is using is never freed to make room. */
START_TEST(more_address_spaces_than_are_kept_evict_the_oldest_never_the_current)
{
    struct shadow_fault f;
    uint32_t most = 0, before = vmm.alloc.held[1];

    map(PAGE | ALL);
    for (word asid = 0; asid < 5 * SHADOW_SPACES; asid++) {
        word ptbr = PTBR | asid << PTBR_ASID_SHIFT;
        ck_assert_int_eq(access(ptbr, VA, ACCESS_STORE, 0, &f), SHADOW_FILLED);
        ck_assert_int_eq(access(ptbr, VA, ACCESS_STORE, 3, &f), SHADOW_FILLED);
        ck_assert(real_allows(VA, ACCESS_STORE, 3));
        ck_assert_ptr_nonnull(vm->shadow.current);
        ck_assert_uint_eq(vm->shadow.current->ptbr, ptbr);
        if (vmm.alloc.held[1] > most)
            most = vmm.alloc.held[1];
    }
    ck_assert_uint_eq(most - before, SHADOW_SPACES * RING_GROUPS * 2);
}
END_TEST

START_TEST(a_vm_that_maps_everything_gets_room_from_itself_only)
{
    struct shadow_fault f;
    uint32_t others = vmm.alloc.free_count;

    vmm.alloc.limit[1] = vmm.alloc.held[1] + 6;
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        fake_write(vm, ROOT + i * 4, RAM_BASE | ALL);
    for (unsigned i = 0; i < PT_ENTRIES; i++) {
        gva address = (gva)i << SUPERPAGE_SHIFT;
        ck_assert_int_eq(access(PTBR, address, ACCESS_STORE, 0, &f), SHADOW_FILLED);
        ck_assert(real_allows(address, ACCESS_STORE, 0));
    }
    ck_assert_uint_ge(vmm.alloc.free_count, others - 6);
}
END_TEST

/* The kernel's tables must make room for its user's, even in one address space. */
START_TEST(one_ring_groups_tables_make_room_for_the_others_root)
{
    struct shadow_fault f;

    vmm.alloc.limit[1] = vmm.alloc.held[1] + 6;
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        fake_write(vm, ROOT + i * 4, RAM_BASE | ALL);
    for (unsigned i = 0; i < 20; i++) {
        gva address = (gva)i << SUPERPAGE_SHIFT;
        for (word ring = 0; ring < 4; ring++) {
            ck_assert_int_eq(access(PTBR, address, ACCESS_STORE, ring, &f), SHADOW_FILLED);
            ck_assert(real_allows(address, ACCESS_STORE, ring));
        }
    }
}
END_TEST

START_TEST(with_few_address_space_numbers_spaces_make_room)
{
    struct shadow_fault f;

    alloc_share_asids(&vmm.alloc, 100); /* 5: the map's and two spaces */
    map(PAGE | ALL);
    for (word asid = 0; asid < 20; asid++) {
        word ptbr = PTBR | asid << PTBR_ASID_SHIFT;
        ck_assert_int_eq(access(ptbr, VA, ACCESS_STORE, 0, &f), SHADOW_FILLED);
        ck_assert_int_eq(access(ptbr, VA, ACCESS_STORE, 3, &f), SHADOW_FILLED);
    }
    ck_assert_uint_eq(vmm.alloc.asids[1], 5);
}
END_TEST

START_TEST(without_a_single_frame_it_says_so)
{
    struct shadow_fault f;

    map(PAGE | ALL);
    vmm.alloc.limit[1] = vmm.alloc.held[1];
    ck_assert_uint_eq(shadow_select(&vm->shadow, PTBR, 0), 0);
    vmm.alloc.limit[1] = vmm.alloc.held[1] + 1; /* a root and no second level */
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 0, &f), SHADOW_NO_MEMORY);
}
END_TEST

START_TEST(a_fence_of_an_address_touches_both_ring_groups)
{
    struct shadow_fault f;
    gva page = VA;

    map(PAGE | ALL);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 0, &f), SHADOW_FILLED);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 3, &f), SHADOW_FILLED);
    shadow_fence(&vm->shadow, &page, NULL);
    ck_assert(!real_allows(VA, ACCESS_LOAD, 0));
    ck_assert(!real_allows(VA, ACCESS_LOAD, 3));
}
END_TEST

START_TEST(everything_comes_back_at_the_end)
{
    struct shadow_fault f;

    map(PAGE | ALL);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 0, &f), SHADOW_FILLED);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 3, &f), SHADOW_FILLED);
    shadow_fini(&vm->shadow);
    for (uint32_t i = 0; i < vmm.alloc.count; i++)
        ck_assert_uint_ne(vmm.alloc.frames[i].type, FRAME_SHADOW);
    for (unsigned i = 1; i < ASIDS; i++)
        ck_assert_uint_eq(vmm.alloc.asid_owner[i], OWNER_VMM);
}
END_TEST

Suite *suite_vmm_shadow(void)
{
    Suite *s = suite_create("vmm_shadow");
    TCase *t = tcase_create("shadow");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, the_rule_holds_for_every_entry_access_and_ring);
    tcase_add_test(t, a_clean_page_is_read_only_until_its_first_write);
    tcase_add_test(t, rings_that_share_a_real_ring_are_kept_apart);
    tcase_add_test(t, a_root_or_table_outside_ram_is_an_access_fault);
    tcase_add_test(t, a_page_that_is_no_ram_is_a_device_and_has_its_marks_set);
    tcase_add_test(t, a_superpage_is_split_and_each_page_checked);
    tcase_add_test(t, a_root_entry_with_rights_is_a_superpage_and_marks_itself);
    tcase_add_test(t, a_second_level_entry_without_rights_is_a_page_fault);
    tcase_add_test(t, a_recursive_table_is_walked_and_freed_like_any_other);
    tcase_add_test(t, an_entry_stays_until_the_fence_that_names_it);
    tcase_add_test(t, an_upper_level_edit_is_seen_after_a_fence);
    tcase_add_test(t, no_writable_entry_survives_a_page_becoming_a_table);
    tcase_add_test(t, a_dirty_bit_that_the_guest_clears_comes_back_with_the_next_write);
    tcase_add_test(t, an_entry_that_changes_otherwise_is_flushed_from_the_real_tlb);
    tcase_add_test(t, switching_back_to_an_address_space_finds_its_entries);
    tcase_add_test(t, the_same_root_under_another_asid_is_another_space);
    tcase_add_test(t, without_paging_the_map_itself_is_the_table);
    tcase_add_test(t, more_address_spaces_than_are_kept_evict_the_oldest_never_the_current);
    tcase_add_test(t, a_vm_that_maps_everything_gets_room_from_itself_only);
    tcase_add_test(t, one_ring_groups_tables_make_room_for_the_others_root);
    tcase_add_test(t, with_few_address_space_numbers_spaces_make_room);
    tcase_add_test(t, without_a_single_frame_it_says_so);
    tcase_add_test(t, a_fence_of_an_address_touches_both_ring_groups);
    tcase_add_test(t, everything_comes_back_at_the_end);
    suite_add_tcase(s, t);
    return s;
}
