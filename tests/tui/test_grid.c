/* The picture before it is shown: cut at the edges, safe against whatever a guest prints. */
#include "tui/grid.h"
#include "tui/keys.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* The grid as text; the caller frees it. */
static char *text_of(const struct grid *g, void (*write)(const struct grid *, FILE *))
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);

    write(g, f);
    fclose(f);
    return text;
}

static void ck_text(const struct grid *g, const char *wanted)
{
    char *text = text_of(g, grid_write_text);

    ck_assert_str_eq(text, wanted);
    free(text);
}

START_TEST(text_outside_of_an_area_is_cut_off_and_its_neighbour_untouched)
{
    struct grid g;

    ck_assert(grid_init(&g, 10, 3));
    struct area all = grid_area(&g), part = area_part(all, 2, 1, 4, 1);
    area_text(all, 0, 1, "..........", STYLE_normal);
    ck_assert_int_eq(area_text(part, -1, 0, "abcdefgh", STYLE_normal), 7);
    area_text(part, 0, 1, "below", STYLE_normal);
    area_text(part, 0, -1, "above", STYLE_normal);
    ck_text(&g, "\n..bcde....\n\n");
    grid_fini(&g);
}
END_TEST

START_TEST(a_part_never_leaves_its_area)
{
    struct grid g;

    ck_assert(grid_init(&g, 10, 4));
    struct area a = area_part(grid_area(&g), 3, 1, 4, 2);
    struct area b = area_part(a, -5, -5, 100, 100), c = area_part(a, 9, 9, 5, 5);
    ck_assert_int_eq(b.at.x, 3);
    ck_assert_int_eq(b.at.w, 4);
    ck_assert_int_eq(b.at.h, 2);
    ck_assert_int_eq(c.at.w, 0);
    ck_assert_int_eq(c.at.h, 0);
    area_text(c, 0, 0, "nothing", STYLE_normal);
    ck_text(&g, "\n\n\n\n");
    grid_fini(&g);
}
END_TEST

static const struct {
    const char *in, *out;
    int columns;
} strings[] = {
    {"plain", "plain", 5},
    {"tab\there", "tab here", 8},
    {"\033[31mred", "?[31mred", 8}, /* an escape sequence stays harmless */
    {"\xc3\xa4\xe2\x94\x80", "\xc3\xa4\xe2\x94\x80", 2},
    {"\xff\xfe", "??", 2},
    {"\xe2\x94", "??", 2},                 /* cut in the middle */
    {"\xc0\xaf", "??", 2},                 /* longer than need be */
    {"\xe4\xb8\xad!", "\xe4\xb8\xad!", 3}, /* two columns wide */
    {"a\xcc\x81", "a", 1},                 /* an accent of its own */
    {"\x7f\x01", "??", 2},
};

START_TEST(text_is_utf8_and_what_is_not_printable_becomes_a_question_mark)
{
    struct grid g;
    char wanted[64];

    ck_assert(grid_init(&g, 12, 1));
    int x = area_text(grid_area(&g), 0, 0, strings[_i].in, STYLE_normal);
    ck_assert_int_eq(x, strings[_i].columns);
    ck_assert_int_eq(text_columns(strings[_i].in, strlen(strings[_i].in)), strings[_i].columns);
    snprintf(wanted, sizeof wanted, "%s\n", strings[_i].out);
    ck_text(&g, wanted);
    grid_fini(&g);
}
END_TEST

START_TEST(half_of_a_wide_character_never_stays_behind)
{
    struct grid g;

    ck_assert(grid_init(&g, 6, 1));
    struct area a = grid_area(&g);
    area_text(a, 0, 0, "\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad", STYLE_normal);
    area_text(a, 1, 0, "ab", STYLE_normal);
    ck_text(&g, " ab \xe4\xb8\xad\n");
    area_text(a, 5, 0, "\xe4\xb8\xad", STYLE_normal);
    ck_text(&g, " ab\n");
    grid_fini(&g);
}
END_TEST

START_TEST(an_ascii_grid_holds_ascii_only)
{
    struct grid g;

    ck_assert(grid_init(&g, 5, 2));
    g.ascii = true;
    area_hline(grid_area(&g), 0, STYLE_border);
    area_vline(grid_area(&g), 2, 0, 2, STYLE_border);
    area_text(grid_area(&g), 3, 1, "\xc3\xa4", STYLE_normal);
    ck_text(&g, "--|--\n  |?\n");
    grid_fini(&g);
}
END_TEST

START_TEST(a_drawing_as_svg_is_escaped_and_closed)
{
    struct grid g;

    ck_assert(grid_init(&g, 8, 1));
    area_text(grid_area(&g), 0, 0, "a<b&c>d", STYLE_pc);
    char *svg = text_of(&g, grid_write_svg);
    ck_assert_ptr_nonnull(strstr(svg, "a&lt;b&amp;c&gt;d"));
    ck_assert_str_eq(svg + strlen(svg) - 7, "</svg>\n");
    free(svg);
    grid_fini(&g);
}
END_TEST

START_TEST(every_style_is_found_by_its_name)
{
    for (int i = 0; i < STYLE_COUNT; i++)
        ck_assert_int_eq(style_find(style_info((enum style)i)->name), i);
    ck_assert_int_eq(style_find("no such style"), STYLE_COUNT);
}
END_TEST

START_TEST(no_key_is_bound_twice)
{
    for (unsigned i = 0; i < key_count; i++)
        if (key_table[i].name)
            ck_assert_msg(keys_find(key_table[i].name) == &key_table[i], "%s is bound twice",
                          key_table[i].name);
}
END_TEST

START_TEST(keys_have_the_names_that_the_table_uses)
{
    static const struct {
        uint32_t key;
        const char *name;
    } cases[] = {{'s', "s"},
                 {'\t', "Tab"},
                 {12, "^L"},
                 {27, "Esc"},
                 {'\r', "Enter"},
                 {KEYS_UP, "Up"},
                 {KEYS_PAGE_DOWN, "PgDn"},
                 {' ', "Space"},
                 {'?', "?"},
                 {KEYS_UNKNOWN, ""},
                 {0x4e2d, ""}};
    char buffer[16];

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_str_eq(keys_name(cases[i].key, buffer), cases[i].name);
}
END_TEST

Suite *suite_tui_grid(void);
Suite *suite_tui_grid(void)
{
    Suite *s = suite_create("tui_grid");
    TCase *c = tcase_create("grid");

    tcase_add_test(c, text_outside_of_an_area_is_cut_off_and_its_neighbour_untouched);
    tcase_add_test(c, a_part_never_leaves_its_area);
    tcase_add_loop_test(c, text_is_utf8_and_what_is_not_printable_becomes_a_question_mark, 0,
                        COUNT_OF(strings));
    tcase_add_test(c, half_of_a_wide_character_never_stays_behind);
    tcase_add_test(c, an_ascii_grid_holds_ascii_only);
    tcase_add_test(c, a_drawing_as_svg_is_escaped_and_closed);
    tcase_add_test(c, every_style_is_found_by_its_name);
    tcase_add_test(c, no_key_is_bound_twice);
    tcase_add_test(c, keys_have_the_names_that_the_table_uses);
    suite_add_tcase(s, c);
    return s;
}
