/* The listing of a program, line by line. */
#include "isa/listing.h"
#include "tests/isa/elf.h"

#include <check.h>
#include <string.h>

struct page {
    struct text text;
    bool meaning;
    unsigned lines, stop_at; /* stop_at 0: never */
};

static int collect(void *context, const struct listing_line *line)
{
    struct page *page = context;

    listing_text(&page->text, line, page->meaning);
    text_add_char(&page->text, '\n');
    return ++page->lines == page->stop_at ? 7 : 0;
}

static const struct {
    struct listing options;
    bool meaning;
    const char *page;
} cases[] = {
    {{0},
     false,
     "segment 0x80000000 to 0x8000000f: 16 bytes, read, execute\n"
     "_start:\n"
     "  80000000  00500513  li      a0, 5\n"
     "main:\n"
     "  80000004  008000ef  jal     0x8000000c\n"
     "  80000008  00008067  ret\n"
     "  8000000c  0000006f  j       0x8000000c\n"
     "segment 0x80001000 to 0x8000103f: 64 bytes, read, write\n"},
    {{.plain = true, .from = 0x80000000, .to = 0x80000004},
     true,
     "segment 0x80000000 to 0x8000000f: 16 bytes, read, execute\n"
     "_start:\n"
     "  80000000  00500513  addi    a0, zero, 5          # a0 = zero + 5\n"},
    {{.data = true, .from = 0x80001000},
     false,
     "segment 0x80001000 to 0x8000103f: 64 bytes, read, write\n"
     "table:\n"
     "  80001000  04030201  .word   0x04030201\n"
     "  80001004  05        .byte   0x05\n"
     "  80001005  06        .byte   0x06\n"
     "mark:\n"
     "  80001006  07        .byte   0x07\n"
     "  80001007  08        .byte   0x08\n"
     "  80001008            .zero   56\n"},
};

START_TEST(a_listing_shows_segments_labels_instructions_and_data)
{
    static char buffer[4096];
    struct elf_file f = elf_sample();
    struct page page = {.text = text_init(buffer, sizeof buffer), .meaning = cases[_i].meaning};
    struct error err;
    struct image m;

    if (cases[_i].options.data) { /* the compiler's label becomes one in the middle of a word */
        memcpy(f.strings + f.symbols[5].st_name, "mark", 5);
        f.symbols[5].st_value = 0x80001006;
    }
    ck_assert_int_eq(image_parse(&m, "x", &f, sizeof f, &err), 0);
    ck_assert_int_eq(listing_image(&m, &cases[_i].options, collect, &page), 0);
    ck_assert_str_eq(buffer, cases[_i].page);
    image_free(&m);
}
END_TEST

START_TEST(the_caller_stops_a_listing_at_any_line)
{
    char buffer[4096];
    struct elf_file f = elf_sample();
    struct listing options = {.data = true};
    struct error err;
    struct image m;

    ck_assert_int_eq(image_parse(&m, "x", &f, sizeof f, &err), 0);
    for (unsigned stop = 1; stop <= 10; stop++) {
        struct page page = {.text = text_init(buffer, sizeof buffer), .stop_at = stop};

        ck_assert_int_eq(listing_image(&m, &options, collect, &page), 7);
        ck_assert_uint_eq(page.lines, stop);
    }
    image_free(&m);
}
END_TEST

Suite *suite_isa_listing(void);
Suite *suite_isa_listing(void)
{
    Suite *s = suite_create("isa_listing");
    TCase *c = tcase_create("listing");

    tcase_add_loop_test(c, a_listing_shows_segments_labels_instructions_and_data, 0,
                        COUNT_OF(cases));
    tcase_add_test(c, the_caller_stops_a_listing_at_any_line);
    suite_add_tcase(s, c);
    return s;
}
