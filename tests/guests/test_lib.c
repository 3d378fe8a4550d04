/*
 * The guests' library, compiled for the host: strings, formatting against the host's printf,
 * 64-bit division against the host's own, the heap under a random load.
 *
 * Names that the host's library has too are changed before the sources are included.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/isa/random.h"

#define memcpy  guest_memcpy
#define memmove guest_memmove
#define memset  guest_memset
#define memcmp  guest_memcmp
#define strlen  guest_strlen
#define strcmp  guest_strcmp
#define strncmp guest_strncmp
#define strchr  guest_strchr
#include "guests/lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strcmp
#undef strncmp
#undef strchr

#include "guests/lib/divide.c"
#include "guests/lib/format.c"

#define GUESTS_LIB_SYSCALLS_H /* malloc.c needs sbrk only, and gets the one below */
#define HEAP_SIZE             65536
static _Alignas(16) char heap[HEAP_SIZE];
static int heap_used;

static void *sbrk_of_test(int change)
{
    if (change > HEAP_SIZE - heap_used)
        return (void *)(intptr_t)-6;
    heap_used += change;
    return heap + heap_used - change;
}

#define sbrk   sbrk_of_test
#define malloc guest_malloc
#define free   guest_free
#include "guests/lib/malloc.c"
#undef malloc
#undef free
#undef sbrk

/* ---- strings ---- */

START_TEST(memory_moves_right_for_every_alignment_and_overlap)
{
    for (unsigned from = 0; from < 9; from++)
        for (unsigned to = 0; to < 9; to++)
            for (unsigned size = 0; size < 20; size++) {
                char a[32], b[32];
                for (unsigned i = 0; i < sizeof a; i++)
                    a[i] = b[i] = (char)(i + 1);
                ck_assert_ptr_eq(guest_memmove(a + to, a + from, size), a + to);
                memmove(b + to, b + from, size);
                ck_assert_mem_eq(a, b, sizeof a);
                guest_memset(a + to, 0x1a5, size);
                memset(b + to, 0xa5, size);
                ck_assert_mem_eq(a, b, sizeof a);
            }
}
END_TEST

START_TEST(comparisons_have_the_sign_of_the_first_difference)
{
    ck_assert_int_eq(guest_memcmp("ab", "ab", 2), 0);
    ck_assert_int_lt(guest_memcmp("a", "\xff", 1), 0);
    ck_assert_int_gt(guest_strcmp("b", "abc"), 0);
    ck_assert_int_lt(guest_strcmp("ab", "abc"), 0);
    ck_assert_int_eq(guest_strcmp("", ""), 0);
    ck_assert_int_eq(guest_strncmp("abx", "aby", 2), 0);
    ck_assert_str_eq(guest_strchr("hello", 'l'), "llo");
    ck_assert_str_eq(guest_strchr("hello", 0), "");
    ck_assert_ptr_null(guest_strchr("hello", 'x'));
}
END_TEST

START_TEST(a_copy_that_does_not_fit_is_cut_and_says_so)
{
    char to[4];

    ck_assert(string_copy(to, "abc", sizeof to));
    ck_assert_str_eq(to, "abc");
    ck_assert(!string_copy(to, "abcd", sizeof to));
    ck_assert_str_eq(to, "abc");
}
END_TEST

static const struct {
    const char *text;
    bool good;
    unsigned value;
} numbers[] = {
    {"0", true, 0},
    {"42", true, 42},
    {"0x1F", true, 31},
    {"4294967295", true, 4294967295u},
    {"4294967296", false, 0},
    {"0xffffffff", true, 0xffffffff},
    {"0x100000000", false, 0},
    {"", false, 0},
    {"0x", false, 0},
    {"12a", false, 0},
    {"-1", false, 0},
    {" 1", false, 0},
};

START_TEST(a_number_is_the_whole_text_or_refused)
{
    unsigned value = 7;

    ck_assert_int_eq(string_number(numbers[_i].text, &value), numbers[_i].good);
    ck_assert_uint_eq(value, numbers[_i].good ? numbers[_i].value : 7);
}
END_TEST

/* ---- formatting ---- */

static int guest_print(char *buffer, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int length = format_buffer(buffer, size, format, args);
    va_end(args);
    return length;
}

/* The host's printf is the reference. */
#define SAME(...)                                                                                  \
    do {                                                                                           \
        char mine[80], reference[80];                                                              \
        int length = guest_print(mine, sizeof mine, __VA_ARGS__);                                  \
        ck_assert_int_eq(length, snprintf(reference, sizeof reference, __VA_ARGS__));              \
        ck_assert_str_eq(mine, reference);                                                         \
    } while (0)

START_TEST(formatted_text_is_what_the_hosts_printf_gives)
{
    SAME("plain");
    SAME("%d %i %u", -1, 2, 3u);
    SAME("%d", -2147483647 - 1);
    SAME("%u", 4294967295u);
    SAME("%x|%X|%08x|%8x|%-8x|", 0xbeefu, 0xbeefu, 0xbeefu, 0xbeefu, 0xbeefu);
    SAME("%5d|%-5d|%05d|%05d|", 42, 42, 42, -42);
    SAME("%s|%8s|%-8s|%.2s|%.0s|", "abc", "abc", "abc", "abc", "abc");
    SAME("%c%3c|%-3c|", 'a', 'b', 'c');
    SAME("100%%");
    SAME("%llu %lld", 18446744073709551615ull, -9223372036854775807ll - 1);
    SAME("%llx", 0x123456789abcdef0ull);
    SAME("%lu", 5ul);
    SAME("%1d|%2s|", 12345, "long");
}
END_TEST

START_TEST(text_that_does_not_fit_is_cut_and_its_length_is_told)
{
    char b[5] = "xxxx";

    ck_assert_int_eq(guest_print(b, sizeof b, "%d", 123456), 6);
    ck_assert_str_eq(b, "1234");
    ck_assert_int_eq(guest_print(b, 0, "abc"), 3);
    ck_assert_str_eq(b, "1234");
}
END_TEST

START_TEST(a_null_string_and_an_unfinished_conversion_do_no_harm)
{
    char b[32];

    guest_print(b, sizeof b, "%s", (char *)NULL);
    ck_assert_str_eq(b, "(null)");
    const char *unfinished = "50%";
    ck_assert_int_eq(guest_print(b, sizeof b, unfinished), 2);
    ck_assert_str_eq(b, "50");
}
END_TEST

/* ---- division ---- */

static const uint64_t edges[] = {
    0,          1,          2,          3,           10,
    0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff,
    1ull << 63, ~0ull - 1,  ~0ull};
#define EDGES (sizeof edges / sizeof edges[0])

static void check_division(uint64_t n, uint64_t d)
{
    uint64_t rest, quotient = u64_divide(n, d, &rest);

    ck_assert_uint_eq(quotient, d ? n / d : ~0ull);
    ck_assert_uint_eq(rest, d ? n % d : n);
    int64_t sn = (int64_t)n, sd = (int64_t)d;
    if (sd && !(sn == INT64_MIN && sd == -1)) {
        ck_assert_int_eq(__divdi3(sn, sd), sn / sd);
        ck_assert_int_eq(__moddi3(sn, sd), sn % sd);
    }
    if (d) {
        ck_assert_uint_eq(__udivdi3(n, d), n / d);
        ck_assert_uint_eq(__umoddi3(n, d), n % d);
    }
}

START_TEST(division_agrees_with_the_host)
{
    for (unsigned i = 0; i < EDGES; i++)
        for (unsigned j = 0; j < EDGES; j++)
            check_division(edges[i], edges[j]);
    uint32_t seed = 1;
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t n = (uint64_t)random_next(&seed) << 32 | random_next(&seed);
        uint64_t d = (uint64_t)random_next(&seed) << 32 | random_next(&seed);
        check_division(n, d >> (d & 63));
    }
}
END_TEST

/* ---- the heap ---- */

#define SLOTS 24

static void fill(unsigned char *p, size_t size, unsigned char with)
{
    for (size_t i = 0; i < size; i++)
        p[i] = with;
}

static bool holds(const unsigned char *p, size_t size, unsigned char with)
{
    for (size_t i = 0; i < size; i++)
        if (p[i] != with)
            return false;
    return true;
}

START_TEST(blocks_of_the_heap_are_aligned_and_never_overlap)
{
    unsigned char *slots[SLOTS] = {NULL};
    size_t sizes[SLOTS];
    uint32_t seed = 2;

    for (unsigned round = 0; round < 20000; round++) {
        unsigned i = (unsigned)(random_next(&seed) % SLOTS);
        if (slots[i]) {
            ck_assert(holds(slots[i], sizes[i], (unsigned char)i));
            guest_free(slots[i]);
            slots[i] = NULL;
        } else {
            sizes[i] = (size_t)(random_next(&seed) % 2000);
            slots[i] = guest_malloc(sizes[i]);
            ck_assert_ptr_nonnull(slots[i]);
            ck_assert_uint_eq((uintptr_t)slots[i] % 8, 0);
            fill(slots[i], sizes[i], (unsigned char)i);
        }
    }
}
END_TEST

START_TEST(freed_blocks_are_joined_and_used_again)
{
    void *blocks[8];

    for (unsigned i = 0; i < 8; i++)
        ck_assert_ptr_nonnull(blocks[i] = guest_malloc(4000));
    int used = heap_used;
    for (unsigned i = 0; i < 8; i++)
        guest_free(blocks[i]);
    ck_assert_ptr_nonnull(guest_malloc(31000)); /* larger than any of them */
    ck_assert_int_eq(heap_used, used);
}
END_TEST

START_TEST(an_exhausted_heap_gives_null_and_goes_on)
{
    ck_assert_ptr_null(guest_malloc(HEAP_SIZE + 1));
    ck_assert_ptr_null(guest_malloc((size_t)-1));
    guest_free(NULL);
    ck_assert_ptr_nonnull(guest_malloc(100));
}
END_TEST

Suite *suite_guests_lib(void);
Suite *suite_guests_lib(void)
{
    Suite *s = suite_create("guests_lib");
    TCase *c = tcase_create("lib");

    tcase_add_test(c, memory_moves_right_for_every_alignment_and_overlap);
    tcase_add_test(c, comparisons_have_the_sign_of_the_first_difference);
    tcase_add_test(c, a_copy_that_does_not_fit_is_cut_and_says_so);
    tcase_add_loop_test(c, a_number_is_the_whole_text_or_refused, 0,
                        sizeof numbers / sizeof numbers[0]);
    tcase_add_test(c, formatted_text_is_what_the_hosts_printf_gives);
    tcase_add_test(c, text_that_does_not_fit_is_cut_and_its_length_is_told);
    tcase_add_test(c, a_null_string_and_an_unfinished_conversion_do_no_harm);
    tcase_add_test(c, division_agrees_with_the_host);
    tcase_add_test(c, blocks_of_the_heap_are_aligned_and_never_overlap);
    tcase_add_test(c, freed_blocks_are_joined_and_used_again);
    tcase_add_test(c, an_exhausted_heap_gives_null_and_goes_on);
    suite_add_tcase(s, c);
    return s;
}
