/* Copies of pages: each its own, shared by counting, and alive as long as anybody has one. */
#include "machine/page_pool.h"
#include "tests/alloc.h"

#include <check.h>
#include <string.h>

#define PAGES 1000

static struct page *pages[PAGES];

static void take(struct page_pool *pool, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        pages[i] = page_new(pool);
        ck_assert_ptr_nonnull(pages[i]);
        ck_assert_uint_eq(pages[i]->references, 1);
        memset(pages[i]->data, (int)(i % 251), PAGE_SIZE);
    }
}

static void expect_own(unsigned i)
{
    uint8_t expected[PAGE_SIZE];

    memset(expected, (int)(i % 251), sizeof expected);
    ck_assert_mem_eq(pages[i]->data, expected, sizeof expected);
}

START_TEST(pages_do_not_overlap_whatever_the_order_they_come_and_go)
{
    struct page_pool *pool = page_pool_new();

    take(pool, 0, PAGES);
    for (unsigned round = 1; round < 8; round++) {
        for (unsigned i = 0; i < PAGES; i += round)
            page_release(pages[i]);
        for (unsigned i = 0; i < PAGES; i += round)
            take(pool, i, i + 1);
        for (unsigned i = 0; i < PAGES; i++)
            expect_own(i);
    }
    for (unsigned i = 0; i < PAGES; i++)
        page_release(pages[i]);
    page_pool_leave(pool);
}
END_TEST

START_TEST(a_page_stays_until_its_last_reference_goes)
{
    struct page_pool *pool = page_pool_new();

    take(pool, 0, 1);
    pages[0]->references++;
    page_release(pages[0]);
    take(pool, 1, PAGES);
    expect_own(0);
    for (unsigned i = 0; i < PAGES; i++)
        page_release(pages[i]);
    page_release(NULL);
    page_pool_leave(pool);
}
END_TEST

/* Freed twice or never, the address sanitizer would say. */
START_TEST(pages_outlive_the_owner_of_their_pool)
{
    struct page_pool *pool = page_pool_new();

    take(pool, 0, PAGES);
    for (unsigned i = 0; i < PAGES / 2; i++)
        page_release(pages[i]);
    page_pool_leave(pool);
    for (unsigned i = PAGES / 2; i < PAGES; i++)
        expect_own(i);
    for (unsigned i = PAGES; i-- > PAGES / 2;)
        page_release(pages[i]);
    page_pool_leave(page_pool_new());
    page_pool_leave(NULL);
}
END_TEST

START_TEST(without_memory_there_is_no_page_and_later_there_is)
{
    struct page_pool *pool = page_pool_new();

    if (!alloc_can_fail())
        return;
    for (unsigned long n = 1; n <= 2; n++) {
        alloc_fail_at(n);
        ck_assert_ptr_null(page_new(pool));
        ck_assert(alloc_failed());
        alloc_fail_at(0);
    }
    take(pool, 0, 1);
    page_release(pages[0]);
    page_pool_leave(pool);
}
END_TEST

Suite *suite_machine_page_pool(void);
Suite *suite_machine_page_pool(void)
{
    Suite *s = suite_create("machine_page_pool");
    TCase *t = tcase_create("page pool");

    tcase_add_test(t, pages_do_not_overlap_whatever_the_order_they_come_and_go);
    tcase_add_test(t, a_page_stays_until_its_last_reference_goes);
    tcase_add_test(t, pages_outlive_the_owner_of_their_pool);
    tcase_add_test(t, without_memory_there_is_no_page_and_later_there_is);
    suite_add_tcase(s, t);
    return s;
}
