/* Where panes go, from tiny to huge: nothing overlaps, nothing is lost, the focus stays. */
#include "tui/layout.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* The dashboard of most scenarios. */
static const struct layout_pane dashboard[] = {
    {.row = 0, .min_w = 36, .min_h = 6, .weight_w = 2, .weight_h = 3}, /* code */
    {.row = 0, .min_w = 38, .min_h = 6, .weight_w = 1, .weight_h = 3}, /* state */
    {.row = 1, .min_w = 40, .min_h = 4, .weight_w = 1, .weight_h = 2}, /* traps */
    {.row = 2, .min_w = 30, .min_h = 4, .weight_w = 1, .weight_h = 1}, /* console */
    {.row = 2, .min_w = 36, .min_h = 4, .weight_w = 1, .weight_h = 1}, /* exits */
};
enum { PANES = COUNT_OF(dashboard) };

static const struct {
    int w, h;
    int shown; /* with the focus on the first pane */
} sizes[] = {
    {10, 3, 1},  {36, 6, 1},  {73, 6, 1},   {74, 6, 2},  {80, 9, 2},   {80, 10, 3},
    {80, 21, 5}, {74, 14, 5}, {73, 14, 4},  {65, 14, 3}, {120, 37, 5}, {300, 100, 5},
    {1, 1, 1},   {200, 6, 2}, {40, 100, 3}, {80, 13, 3}, {80, 14, 5},  {132, 43, 5},
};

static void ck_inside_and_apart(struct rect area, const struct rect *at)
{
    char *taken = calloc((size_t)area.w * (size_t)area.h, 1);

    for (int i = 0; i < PANES; i++) {
        for (int y = at[i].y; y < at[i].y + at[i].h; y++) {
            for (int x = at[i].x; x < at[i].x + at[i].w; x++) {
                ck_assert_int_ge(x, area.x);
                ck_assert_int_lt(x, area.x + area.w);
                ck_assert_int_ge(y, area.y);
                ck_assert_int_lt(y, area.y + area.h);
                char *cell = &taken[(y - area.y) * area.w + x - area.x];
                ck_assert_msg(!*cell, "two panes at %d,%d of %dx%d", x, y, area.w, area.h);
                *cell = 1;
            }
        }
    }
    ck_assert_msg(!memchr(taken, 0, (size_t)area.w * (size_t)area.h), "a hole in %dx%d", area.w,
                  area.h);
    free(taken);
}

START_TEST(every_size_shows_as_many_panes_as_fit_without_gap_or_overlap)
{
    struct rect area = {0, 1, sizes[_i].w, sizes[_i].h}, at[PANES];
    int shown = 0;

    layout_compute(dashboard, PANES, 0, false, area, at);
    for (int i = 0; i < PANES; i++) {
        shown += at[i].w > 0;
        if (at[i].w > 0 && sizes[_i].w >= 40 && sizes[_i].h >= 6) {
            ck_assert_int_ge(at[i].w, dashboard[i].min_w);
            ck_assert_int_ge(at[i].h, dashboard[i].min_h);
        }
    }
    ck_assert_msg(shown == sizes[_i].shown, "%dx%d shows %d panes, not %d", sizes[_i].w,
                  sizes[_i].h, shown, sizes[_i].shown);
    ck_inside_and_apart(area, at);
}
END_TEST

START_TEST(the_pane_with_the_keys_is_always_on_the_screen)
{
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        struct rect area = {0, 1, sizes[s].w, sizes[s].h}, at[PANES];

        layout_compute(dashboard, PANES, _i, false, area, at);
        ck_assert_int_gt(at[_i].w, 0);
        ck_assert_int_gt(at[_i].h, 0);
        ck_inside_and_apart(area, at);
    }
}
END_TEST

START_TEST(zoom_gives_one_pane_everything)
{
    struct rect area = {0, 1, 80, 21}, at[PANES];

    layout_compute(dashboard, PANES, 2, true, area, at);
    for (int i = 0; i < PANES; i++)
        ck_assert_int_eq(at[i].w, i == 2 ? 80 : 0);
    ck_assert_int_eq(at[2].h, 21);
}
END_TEST

START_TEST(an_empty_area_shows_nothing)
{
    struct rect at[PANES];

    layout_compute(dashboard, PANES, 0, false, (struct rect){0, 0, 80, 0}, at);
    for (int i = 0; i < PANES; i++)
        ck_assert_int_eq(at[i].w, 0);
}
END_TEST

START_TEST(what_is_left_over_goes_by_weight)
{
    static const struct layout_pane two[] = {
        {.row = 0, .min_w = 10, .min_h = 2, .weight_w = 3, .weight_h = 1},
        {.row = 0, .min_w = 10, .min_h = 2, .weight_w = 1, .weight_h = 1},
    };
    struct rect at[2];

    layout_compute(two, 2, 0, false, (struct rect){0, 0, 60, 10}, at);
    ck_assert_int_eq(at[0].w, 40);
    ck_assert_int_eq(at[1].w, 20);
    ck_assert_int_eq(at[1].x, 40);
}
END_TEST

Suite *suite_tui_layout(void);
Suite *suite_tui_layout(void)
{
    Suite *s = suite_create("tui_layout");
    TCase *c = tcase_create("layout");

    tcase_add_loop_test(c, every_size_shows_as_many_panes_as_fit_without_gap_or_overlap, 0,
                        COUNT_OF(sizes));
    tcase_add_loop_test(c, the_pane_with_the_keys_is_always_on_the_screen, 0, PANES);
    tcase_add_test(c, zoom_gives_one_pane_everything);
    tcase_add_test(c, an_empty_area_shows_nothing);
    tcase_add_test(c, what_is_left_over_goes_by_weight);
    suite_add_tcase(s, c);
    return s;
}
