/* The arena: pieces are zero, aligned, and do not overlap. */
#include "base/arena.h"

#include <check.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

START_TEST(pieces_are_zero_aligned_and_apart)
{
    struct arena a = {0};
    unsigned char *pieces[500];

    for (size_t i = 0; i < 500; i++) {
        size_t size = i * 7;

        pieces[i] = arena_alloc(&a, size);
        ck_assert_ptr_nonnull(pieces[i]);
        ck_assert_uint_eq((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < size; k++)
            ck_assert_uint_eq(pieces[i][k], 0);
        memset(pieces[i], (int)(i % 255) + 1, size);
    }
    for (size_t i = 0; i < 500; i++)
        for (size_t k = 0; k < i * 7; k++)
            ck_assert_uint_eq(pieces[i][k], i % 255 + 1);
    arena_free(&a);
    ck_assert_ptr_null(a.chunks);
}
END_TEST

START_TEST(a_piece_larger_than_a_chunk_is_given_and_an_impossible_one_is_not)
{
    struct arena a = {0};
    unsigned char *big = arena_alloc(&a, 1 << 20);

    ck_assert_ptr_nonnull(big);
    big[(1 << 20) - 1] = 1;
    ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
    ck_assert_str_eq(arena_string(&a, "abcdef", 3), "abc");
    ck_assert_uint_eq(a.total, (1 << 20) + 4);
    arena_free(&a);
}
END_TEST

START_TEST(nothing_is_given_beyond_the_limit)
{
    struct arena a = {.limit = 100};

    ck_assert_ptr_nonnull(arena_alloc(&a, 60));
    ck_assert_ptr_null(arena_alloc(&a, 41));
    ck_assert_ptr_nonnull(arena_alloc(&a, 40));
    ck_assert_ptr_null(arena_alloc(&a, 1));
    arena_free(&a);
}
END_TEST

Suite *suite_base_arena(void);
Suite *suite_base_arena(void)
{
    Suite *s = suite_create("base_arena");
    TCase *c = tcase_create("arena");

    tcase_add_test(c, pieces_are_zero_aligned_and_apart);
    tcase_add_test(c, a_piece_larger_than_a_chunk_is_given_and_an_impossible_one_is_not);
    tcase_add_test(c, nothing_is_given_beyond_the_limit);
    suite_add_tcase(s, c);
    return s;
}
