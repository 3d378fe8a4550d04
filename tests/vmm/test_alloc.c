/* The allocator: every resource has one owner; what is given back can be given again. */
#include <check.h>
#include <signal.h>

#include "tests/vmm/fake.h"
#include "vmm/alloc.h"

#include "isa/paging.h"

Suite *suite_vmm_alloc(void);

#define USED 0x5000u

static struct alloc a;

static void setup(void)
{
    fake_reset();
    ck_assert(alloc_init(&a, FAKE_BASE, FAKE_SIZE, FAKE_BASE + USED - 3));
}

static uint32_t frames_held(void)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < OWNERS_MAX; i++)
        sum += a.held[i];
    return sum;
}

START_TEST(what_is_in_use_at_the_start_is_the_monitors)
{
    hpa table_end = FAKE_BASE + USED + a.count * (word)sizeof(struct frame);

    ck_assert_uint_eq(a.count, FAKE_SIZE / PAGE_SIZE);
    ck_assert_uint_eq(a.frames[0].type, FRAME_IMAGE);
    ck_assert_uint_eq(alloc_entry(&a, table_end - 1)->type, FRAME_IMAGE);
    ck_assert_uint_eq(alloc_entry(&a, table_end + PAGE_SIZE - 1)->type, FRAME_FREE);
    ck_assert_uint_eq(frames_held() + a.free_count, a.count);
}
END_TEST

START_TEST(a_machine_too_small_for_the_frame_table_is_refused)
{
    ck_assert(!alloc_init(&a, FAKE_BASE, 0x8000, FAKE_BASE + 0x8000));
    ck_assert(!alloc_init(&a, FAKE_BASE, 0x8000, FAKE_BASE + 0x9000));
}
END_TEST

START_TEST(a_frame_has_the_owner_and_type_that_asked_for_it)
{
    hpa one, two;

    ck_assert(alloc_frame(&a, 3, FRAME_RAM, &one));
    ck_assert(alloc_frame(&a, 4, FRAME_P2M, &two));
    ck_assert_uint_ne(one, two);
    ck_assert_uint_eq(alloc_entry(&a, one)->owner, 3);
    ck_assert_uint_eq(alloc_entry(&a, one)->type, FRAME_RAM);
    ck_assert_uint_eq(alloc_entry(&a, two)->owner, 4);
    ck_assert_uint_eq(a.held[3], 1);
    alloc_free(&a, 3, one);
    ck_assert_uint_eq(alloc_entry(&a, one)->type, FRAME_FREE);
    ck_assert_uint_eq(a.held[3], 0);
    ck_assert_uint_eq(frames_held() + a.free_count, a.count);
}
END_TEST

START_TEST(a_frame_asked_for_cleared_is_clear_although_it_was_used)
{
    hpa frame;

    ck_assert(alloc_frame(&a, 1, FRAME_RAM, &frame));
    fake()->ram[frame - FAKE_BASE + 17] = 0xaa;
    alloc_free(&a, 1, frame);
    ck_assert(alloc_frame_zero(&a, 2, FRAME_RAM, &frame));
    ck_assert_uint_eq(fake()->ram[frame - FAKE_BASE + 17], 0);
}
END_TEST

/* Nothing is written to a frame that is as it was at power-on, nor to its entry before. */
START_TEST(a_frame_that_was_never_used_is_taken_as_it_is)
{
    uint32_t first = a.untouched;
    hpa frame;

    fake()->ram[alloc_address(&a, first) - FAKE_BASE] = 0x55; /* which power-on does not do */
    ck_assert(alloc_frame_zero(&a, 1, FRAME_RAM, &frame));
    ck_assert_uint_eq(frame, alloc_address(&a, first));
    ck_assert_uint_eq(fake()->ram[frame - FAKE_BASE], 0x55);
    alloc_free(&a, 1, frame);
    ck_assert(alloc_frame_zero(&a, 1, FRAME_RAM, &frame));
    ck_assert_uint_eq(frame, alloc_address(&a, first));
    ck_assert_uint_eq(fake()->ram[frame - FAKE_BASE], 0);
}
END_TEST

START_TEST(all_frames_can_be_had_and_then_no_more)
{
    uint32_t free_frames = a.free_count;
    hpa frame;

    for (uint32_t i = 0; i < free_frames; i++)
        ck_assert(alloc_frame(&a, 1, FRAME_RAM, &frame));
    ck_assert(!alloc_frame(&a, 1, FRAME_RAM, &frame));
    ck_assert(!alloc_frame_zero(&a, 2, FRAME_RAM, &frame));
    alloc_release(&a, 1);
    ck_assert_uint_eq(a.free_count, free_frames);
}
END_TEST

START_TEST(an_owner_at_its_limit_gets_no_frame_and_others_do)
{
    hpa frame;

    a.limit[1] = 2;
    ck_assert(alloc_frame(&a, 1, FRAME_RAM, &frame));
    ck_assert(alloc_frame(&a, 1, FRAME_RAM, &frame));
    ck_assert(!alloc_frame(&a, 1, FRAME_RAM, &frame));
    ck_assert(alloc_frame(&a, 2, FRAME_RAM, &frame));
}
END_TEST

START_TEST(release_takes_back_everything_of_one_owner_only)
{
    hpa mine, other;
    word asid = alloc_asid(&a, 1), kept = alloc_asid(&a, 2);

    ck_assert(alloc_frame(&a, 1, FRAME_RAM, &mine));
    ck_assert(alloc_frame(&a, 2, FRAME_RAM, &other));
    ck_assert(alloc_sectors(&a, 1, 100, 8));
    a.cycles[1] = 77;
    alloc_release(&a, 1);
    ck_assert_uint_eq(alloc_entry(&a, mine)->type, FRAME_FREE);
    ck_assert_uint_eq(alloc_entry(&a, other)->owner, 2);
    ck_assert_uint_eq(alloc_asid(&a, 3), asid);
    ck_assert_uint_eq(a.asid_owner[kept], 2);
    ck_assert(alloc_sectors(&a, 3, 100, 8));
    ck_assert_uint_eq(a.cycles[1], 0);
}
END_TEST

/* Bug 18: the end of a large VM holds nobody up. */
START_TEST(frames_of_those_who_left_come_back_bit_by_bit)
{
    uint32_t free = a.free_count, rounds = 0;
    hpa frame;

    ck_assert(!alloc_sweep(&a, 1));
    for (unsigned i = 0; i < 30; i++)
        ck_assert(alloc_frame(&a, 1 + i % 3, FRAME_RAM, &frame));
    alloc_leave(&a, 1);
    alloc_leave(&a, 3);
    ck_assert_uint_eq(a.free_count, free - 30);
    alloc_leave(&a, 4); /* it held nothing */
    while (alloc_sweep(&a, 2)) {
        rounds++;
        if (rounds == 4)
            ck_assert(alloc_frame(&a, 2, FRAME_RAM, &frame)); /* one that came back, maybe */
    }
    ck_assert_uint_ge(rounds, 10);
    ck_assert_uint_eq(a.held[1] + a.held[3], 0);
    ck_assert_uint_eq(a.held[2], 11);
    ck_assert_uint_eq(a.free_count, free - 11);
}
END_TEST

START_TEST(address_space_numbers_are_all_different_and_never_0)
{
    bool seen[ASIDS] = {false};

    for (unsigned i = 1; i < ASIDS; i++) {
        word asid = alloc_asid(&a, 1 + i % 15);
        ck_assert_uint_ne(asid, ASID_NONE);
        ck_assert(!seen[asid]);
        seen[asid] = true;
    }
    ck_assert_uint_eq(alloc_asid(&a, 1), ASID_NONE);
    alloc_asid_free(&a, 1 + 5 % 15, 5);
    ck_assert_uint_eq(alloc_asid(&a, 1), 5);
}
END_TEST

START_TEST(an_owner_gets_no_more_address_space_numbers_than_its_share)
{
    alloc_share_asids(&a, 64);
    for (unsigned owner = 1; owner <= 64; owner++) {
        for (unsigned i = 0; i < (ASIDS - 1) / 64; i++)
            ck_assert_uint_ne(alloc_asid(&a, owner), ASID_NONE);
        ck_assert_uint_eq(alloc_asid(&a, owner), ASID_NONE);
    }
    for (word asid = 1; asid < ASIDS; asid++) {
        if (a.asid_owner[asid] == 9) {
            alloc_asid_free(&a, 9, asid);
            ck_assert_uint_eq(alloc_asid(&a, 9), asid);
        }
    }
    alloc_release(&a, 9);
    ck_assert_uint_ne(alloc_asid(&a, 9), ASID_NONE);
}
END_TEST

START_TEST(a_sector_has_one_owner)
{
    static const struct {
        word first, count;
        bool ok;
    } rows[] = {{100, 8, true}, {100, 8, false}, {107, 1, false}, {92, 9, false},
                {92, 8, true},  {108, 1, true},  {0, 512, false}};

    for (unsigned i = 0; i < COUNT_OF(rows); i++)
        ck_assert_msg(alloc_sectors(&a, 1 + i, rows[i].first, rows[i].count) == rows[i].ok,
                      "row %u", i);
    ck_assert(!alloc_sectors(&a, 1, 500, 1)); /* it has some */
}
END_TEST

START_TEST(freeing_twice_is_a_mistake)
{
    hpa frame;

    ck_assert(alloc_frame(&a, 1, FRAME_RAM, &frame));
    alloc_free(&a, 1, frame);
    alloc_free(&a, 1, frame);
}
END_TEST

START_TEST(freeing_anothers_frame_is_a_mistake)
{
    hpa frame;

    ck_assert(alloc_frame(&a, 1, FRAME_RAM, &frame));
    alloc_free(&a, 2, frame);
}
END_TEST

START_TEST(freeing_what_is_no_ram_is_a_mistake)
{
    alloc_free(&a, 1, FAKE_BASE + FAKE_SIZE);
}
END_TEST

START_TEST(freeing_anothers_address_space_is_a_mistake)
{
    alloc_asid_free(&a, 2, alloc_asid(&a, 1));
}
END_TEST

Suite *suite_vmm_alloc(void)
{
    Suite *s = suite_create("vmm_alloc");
    TCase *t = tcase_create("alloc");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, what_is_in_use_at_the_start_is_the_monitors);
    tcase_add_test(t, a_machine_too_small_for_the_frame_table_is_refused);
    tcase_add_test(t, a_frame_has_the_owner_and_type_that_asked_for_it);
    tcase_add_test(t, a_frame_asked_for_cleared_is_clear_although_it_was_used);
    tcase_add_test(t, a_frame_that_was_never_used_is_taken_as_it_is);
    tcase_add_test(t, all_frames_can_be_had_and_then_no_more);
    tcase_add_test(t, an_owner_at_its_limit_gets_no_frame_and_others_do);
    tcase_add_test(t, release_takes_back_everything_of_one_owner_only);
    tcase_add_test(t, frames_of_those_who_left_come_back_bit_by_bit);
    tcase_add_test(t, address_space_numbers_are_all_different_and_never_0);
    tcase_add_test(t, an_owner_gets_no_more_address_space_numbers_than_its_share);
    tcase_add_test(t, a_sector_has_one_owner);
    tcase_add_test_raise_signal(t, freeing_twice_is_a_mistake, SIGABRT);
    tcase_add_test_raise_signal(t, freeing_anothers_frame_is_a_mistake, SIGABRT);
    tcase_add_test_raise_signal(t, freeing_what_is_no_ram_is_a_mistake, SIGABRT);
    tcase_add_test_raise_signal(t, freeing_anothers_address_space_is_a_mistake, SIGABRT);
    suite_add_tcase(s, t);
    return s;
}
