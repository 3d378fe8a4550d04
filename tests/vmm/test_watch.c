/*
 * The write watch: whoever writes a watched page, in whatever way and through whatever mapping,
 * its watcher hears of it before, once.
 */
#include <check.h>

#include "tests/vmm/fake.h"
#include "vmm/isa.h"
#include "vmm/phys.h"
#include "vmm/platform.h"
#include "vmm/technique.h"

#include "isa/paging.h"

Suite *suite_vmm_watch(void);

#define ROOT  (RAM_BASE + 0x10000)
#define LEAF  (RAM_BASE + 0x11000)
#define PAGE  (RAM_BASE + 0x20000)
#define OTHER (RAM_BASE + 0x21000)
#define PTBR  (PTBR_ON | ROOT >> PAGE_SHIFT)
#define VA    0x00403000u
#define ALL   (PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL_OF(3) | PTE_A | PTE_D)

static struct vmm vmm;
static struct vm *vm;
static struct technique watcher;
static unsigned writes;
static gpa last_written;
static word content_then; /* of the page's first word, when the news came */

static void note_write(struct vm *written, gpa page)
{
    writes++;
    last_written = page;
    content_then = fake_read(written, page);
}

static void setup(void)
{
    vm = fake_vm(&vmm);
    watcher = technique_full;
    watcher.written = note_write;
    vm->technique = &watcher;
    writes = 0;
    fake_write(vm, ROOT + PT_INDEX1(VA) * 4, LEAF | PTE_V);
}

static enum shadow_answer access(word ptbr, gva address, enum access kind, word ring)
{
    struct shadow_fault f = {.address = address, .access = kind, .ring = ring};

    ck_assert_uint_ne(shadow_select(&vm->shadow, ptbr, ring), 0);
    return shadow_resolve(&vm->shadow, ptbr, &f);
}

static bool writable(gva address, word ring)
{
    return shadow_entry(&vm->shadow, address, ring) & PTE_W;
}

START_TEST(a_guests_store_to_a_watched_page_is_news_once)
{
    fake_write(vm, LEAF + PT_INDEX0(VA) * 4, PAGE | ALL);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 0), SHADOW_FILLED);
    ck_assert(writable(VA, 0));
    unsigned flushed = fake()->forgotten_pages;
    p2m_watch(&vm->map, PAGE);
    ck_assert(!writable(VA, 0));
    ck_assert_uint_gt(fake()->forgotten_pages, flushed);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 0), SHADOW_FILLED);
    ck_assert(!writable(VA, 0));
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 0), SHADOW_NO_WRITE);
    ck_assert_uint_eq(writes, 0);
    ck_assert(p2m_write_fault(vm, PAGE + 4));
    ck_assert_uint_eq(writes, 1);
    ck_assert_uint_eq(last_written, PAGE);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 0), SHADOW_FILLED);
    ck_assert(writable(VA, 0));
    ck_assert_uint_eq(writes, 1);
}
END_TEST

START_TEST(without_paging_the_guest_meets_the_watch_too)
{
    p2m_watch(&vm->map, PAGE);
    ck_assert(!writable(PAGE, 0));
    ck_assert_int_eq(access(0, PAGE, ACCESS_STORE, 0), SHADOW_NO_WRITE);
    ck_assert(p2m_write_fault(vm, PAGE));
    ck_assert(writable(PAGE, 0));
}
END_TEST

/* papers.md 17: through an alias; as many of them as any table of aliases might hold, and more. */
START_TEST(no_alias_keeps_its_right_to_write)
{
    for (unsigned aliases = 1; aliases <= 40; aliases += aliases < 6 ? 1 : 17) {
        setup();
        for (unsigned i = 0; i < aliases; i++)
            fake_write(vm, LEAF + i * 4, PAGE | ALL);
        fake_write(vm, LEAF + aliases * 4, OTHER | ALL);
        for (unsigned i = 0; i <= aliases; i++)
            for (word ring = 0; ring < 4; ring += 3)
                ck_assert_int_eq(
                    access(PTBR, (VA & ~0x3fffffu) + i * PAGE_SIZE, ACCESS_STORE, ring),
                    SHADOW_FILLED);
        p2m_watch(&vm->map, PAGE);
        for (unsigned i = 0; i <= aliases; i++)
            for (word ring = 0; ring < 4; ring += 3)
                ck_assert_int_eq(writable((VA & ~0x3fffffu) + i * PAGE_SIZE, ring), i == aliases);
    }
}
END_TEST

START_TEST(nor_does_one_in_another_address_space)
{
    word other = PTBR | 1u << PTBR_ASID_SHIFT;

    fake_write(vm, LEAF + PT_INDEX0(VA) * 4, PAGE | ALL);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 0), SHADOW_FILLED);
    ck_assert_int_eq(access(other, VA, ACCESS_STORE, 0), SHADOW_FILLED);
    p2m_watch(&vm->map, PAGE);
    ck_assert(!writable(VA, 0));
    ck_assert_uint_ne(shadow_select(&vm->shadow, PTBR, 0), 0);
    ck_assert(!writable(VA, 0));
}
END_TEST

/* Entries that were forgotten meanwhile, and whose tables are used for something else by now. */
START_TEST(what_was_unmapped_since_does_no_harm)
{
    struct shadow *s = &vm->shadow;

    fake_write(vm, LEAF + PT_INDEX0(VA) * 4, PAGE | ALL);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 0), SHADOW_FILLED);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 3), SHADOW_FILLED);
    shadow_fence(s, NULL, NULL);
    fake_write(vm, LEAF + PT_INDEX0(VA) * 4, OTHER | ALL);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 0), SHADOW_FILLED);
    p2m_watch(&vm->map, PAGE);
    ck_assert(writable(VA, 0));
}
END_TEST

/* papers.md 15 and 17: by a device. What was there before can still be read when the news comes. */
START_TEST(what_the_monitor_writes_for_the_guest_is_news_too)
{
    fake_write(vm, PAGE, 0x1111);
    p2m_watch(&vm->map, PAGE);
    p2m_watch(&vm->map, OTHER);
    fake_write(vm, PAGE, 0x2222);
    ck_assert_uint_eq(writes, 1);
    ck_assert_uint_eq(content_then, 0x1111);
    ck_assert_uint_eq(fake_read(vm, PAGE), 0x2222);
    fake_write(vm, PAGE, 0x3333);
    ck_assert_uint_eq(writes, 1);
    *p2m_word_write(&vm->map, OTHER + 8) = 5;
    ck_assert_uint_eq(writes, 2);
    ck_assert_uint_eq(last_written, OTHER);
    ck_assert_ptr_null(p2m_word_write(&vm->map, RAM_BASE + FAKE_VM_RAM));
}
END_TEST

START_TEST(so_is_a_mark_that_a_walk_sets)
{
    fake_write(vm, LEAF + PT_INDEX0(VA) * 4, PAGE | (ALL & ~(PTE_A | PTE_D)));
    p2m_watch(&vm->map, LEAF);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 0), SHADOW_FILLED);
    ck_assert_uint_eq(writes, 1);
    ck_assert_uint_eq(last_written, LEAF);
    p2m_watch(&vm->map, LEAF);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_LOAD, 0), SHADOW_FILLED); /* marked already */
    ck_assert_uint_eq(writes, 1);
    ck_assert_int_eq(access(PTBR, VA, ACCESS_STORE, 0), SHADOW_FILLED);
    ck_assert_uint_eq(writes, 2);
}
END_TEST

Suite *suite_vmm_watch(void)
{
    Suite *s = suite_create("vmm_watch");
    TCase *t = tcase_create("watch");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, a_guests_store_to_a_watched_page_is_news_once);
    tcase_add_test(t, without_paging_the_guest_meets_the_watch_too);
    tcase_add_test(t, no_alias_keeps_its_right_to_write);
    tcase_add_test(t, nor_does_one_in_another_address_space);
    tcase_add_test(t, what_was_unmapped_since_does_no_harm);
    tcase_add_test(t, what_the_monitor_writes_for_the_guest_is_news_too);
    tcase_add_test(t, so_is_a_mark_that_a_walk_sets);
    suite_add_tcase(s, t);
    return s;
}
