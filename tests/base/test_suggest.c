/* Near names: what "did you mean" answers. */
#include "base/suggest.h"
#include "base/types.h"

#include <check.h>
#include <string.h>

static const struct {
    const char *a, *b;
    unsigned distance;
} distances[] = {
    {"", "", 0},         {"", "abc", 3},      {"abc", "", 3},           {"abc", "abc", 0},
    {"abc", "ABC", 0},   {"addi", "adid", 1}, {"addi", "add", 1},       {"addi", "addie", 1},
    {"addi", "andi", 1}, {"ab", "ba", 1},     {"kitten", "sitting", 3},
};

START_TEST(the_distance_counts_edits_and_swaps)
{
    ck_assert_uint_eq(suggest_distance(distances[_i].a, distances[_i].b), distances[_i].distance);
    ck_assert_uint_eq(suggest_distance(distances[_i].b, distances[_i].a), distances[_i].distance);
}
END_TEST

static const char *nearest(const char *given)
{
    static const char *const names[] = {"add", "addi", "status", "tvec", "li", "run"};
    struct suggest s = suggest_for(given);

    for (size_t i = 0; i < COUNT_OF(names); i++)
        suggest_offer(&s, names[i]);
    return suggest_best(&s);
}

static const struct {
    const char *word, *best; /* NULL: nothing is near */
} cases[] = {
    {"adid", "addi"}, {"ad", "add"},        {"stauts", "status"}, {"statsu", "status"},
    {"rnu", "run"},   {"adi", "addi"},      {"tevc", "tvec"},     {"l", NULL},
    {"xyz", NULL},    {"completely", NULL}, {"", NULL},
};

START_TEST(a_slip_finds_the_name_and_another_word_finds_none)
{
    const char *got = nearest(cases[_i].word);

    ck_assert_pstr_eq(got, cases[_i].best);
}
END_TEST

START_TEST(long_names_are_compared_by_their_start)
{
    char a[300], b[300];

    memset(a, 'x', sizeof a);
    memset(b, 'x', sizeof b);
    a[299] = b[299] = '\0';
    b[200] = 'y';
    ck_assert_uint_eq(suggest_distance(a, b), 0);
}
END_TEST

Suite *suite_base_suggest(void);
Suite *suite_base_suggest(void)
{
    Suite *s = suite_create("base_suggest");
    TCase *c = tcase_create("suggest");

    tcase_add_loop_test(c, the_distance_counts_edits_and_swaps, 0, COUNT_OF(distances));
    tcase_add_loop_test(c, a_slip_finds_the_name_and_another_word_finds_none, 0, COUNT_OF(cases));
    tcase_add_test(c, long_names_are_compared_by_their_start);
    suite_add_tcase(s, c);
    return s;
}
