/* Source lines of a program that the tree has built: the teaching OS. */
#include "isa/lines.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct image os;
static struct lines lines;

static void open_os(void)
{
    struct error err = {0};

    ck_assert_msg(image_read(&os, "build/guest/os.elf", &err) == 0, "%s", err.text);
    ck_assert_msg(lines_read(&lines, &os, &err) == 0, "%s", err.text);
}

static void close_os(void)
{
    lines_free(&lines);
    image_free(&os);
}

START_TEST(every_function_of_the_os_has_a_line_in_the_os)
{
    unsigned known = 0;

    for (unsigned i = 0; i < os.symbol_count; i++) {
        const struct image_symbol *s = &os.symbols[i];
        if (!s->is_function || s->size == 0)
            continue;
        const struct line_row *row = lines_at(&lines, s->value);
        ck_assert_msg(row != NULL, "%s has no line", s->name);
        ck_assert_msg(strncmp(row->file, "guests/", 7) == 0, "%s is in %s", s->name, row->file);
        known++;
    }
    ck_assert_uint_gt(known, 20);
}
END_TEST

START_TEST(a_line_is_found_again_by_file_and_number)
{
    const struct image_symbol *entry = image_symbol_find(&os, "trap_entry");
    ck_assert_ptr_nonnull(entry);
    const struct line_row *row = lines_at(&lines, entry->value);
    ck_assert_ptr_nonnull(row);
    word address = 0;

    ck_assert(lines_find(&lines, "native/entry.S", row->line, &address));
    ck_assert_uint_eq(lines_at(&lines, address)->line, row->line);
    ck_assert(!lines_find(&lines, "ntry.S", row->line, &address));
    ck_assert(!lines_find(&lines, NULL, 0, &address));
}
END_TEST

START_TEST(addresses_outside_the_program_have_no_line)
{
    ck_assert_ptr_null(lines_at(&lines, 0));
    ck_assert_ptr_null(lines_at(&lines, 0xfffffffc));
}
END_TEST

START_TEST(damaged_tables_are_refused_or_read_never_a_crash)
{
    struct image broken;
    struct error err;
    unsigned seed = 1;

    for (unsigned round = 0; round < 200; round++) {
        uint8_t *bytes = malloc(os.byte_count);
        struct lines out;
        ck_assert_ptr_nonnull(bytes);
        memcpy(bytes, os.bytes, os.byte_count);
        for (unsigned i = 0; i < 16; i++) {
            seed = seed * 1103515245u + 12345u;
            bytes[64 + seed % (os.byte_count - 64)] ^= (uint8_t)(seed >> 16);
        }
        if (image_parse(&broken, "broken", bytes, os.byte_count, &err) == 0) {
            if (lines_read(&out, &broken, &err) == 0)
                lines_free(&out);
            image_free(&broken);
        }
        free(bytes);
    }
}
END_TEST

Suite *suite_isa_lines(void);
Suite *suite_isa_lines(void)
{
    Suite *s = suite_create("isa_lines");
    TCase *c = tcase_create("lines");

    tcase_set_timeout(c, 0); /* bounded by their loops */
    tcase_add_unchecked_fixture(c, open_os, close_os);
    tcase_add_test(c, every_function_of_the_os_has_a_line_in_the_os);
    tcase_add_test(c, a_line_is_found_again_by_file_and_number);
    tcase_add_test(c, addresses_outside_the_program_have_no_line);
    tcase_add_test(c, damaged_tables_are_refused_or_read_never_a_crash);
    suite_add_tcase(s, c);
    return s;
}
