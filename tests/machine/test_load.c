/* The loader: where things go, and what it refuses. */
#include "isa/boot.h"
#include "isa/paging.h"
#include "machine/load.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define RAM_SIZE 0x10000u /* 16 pages */

static uint8_t ram_data[RAM_SIZE];
static struct load_memory ram;
static uint8_t code[64];
static char path[] = "a.elf";
static struct image_segment segments[2];
static struct image image;
static struct machine_module modules[BOOT_MODULES_MAX + 1];
static struct machine_program program;
static struct load_start start;
static struct error err;

static void setup(void)
{
    memset(ram_data, 0xee, sizeof ram_data);
    for (unsigned i = 0; i < sizeof code; i++)
        code[i] = (uint8_t)(i + 1);
    ram = (struct load_memory){ram_data, RAM_BASE, RAM_SIZE, false};
    segments[0] = (struct image_segment){
        .vaddr = 0xc0000000, .paddr = RAM_BASE, .size = 64, .filled = 64, .data = code};
    segments[1] = (struct image_segment){
        .vaddr = 0xc0001000, .paddr = RAM_BASE + 0x1000, .size = 100, .filled = 4, .data = code};
    image = (struct image){
        .path = path, .entry = RAM_BASE + 8, .segments = segments, .segment_count = 2};
    memset(modules, 0, sizeof modules);
    program = (struct machine_program){.image = &image, .modules = modules, .cmdline = "quiet"};
    start = (struct load_start){0};
    err = (struct error){0};
}

static const struct boot_page *boot_page(void)
{
    return (const struct boot_page *)(ram_data + (start.boot_page - RAM_BASE));
}

START_TEST(segments_go_to_their_physical_addresses_and_the_rest_of_them_is_zero)
{
    ck_assert_int_eq(load_program(&ram, &program, &start, &err), 0);
    ck_assert_uint_eq(start.entry, RAM_BASE + 8);
    ck_assert_mem_eq(ram_data, code, 64);
    ck_assert_mem_eq(ram_data + 0x1000, code, 4);
    for (unsigned i = 4; i < 100; i++)
        ck_assert_uint_eq(ram_data[0x1000 + i], 0);
    ck_assert_uint_eq(ram_data[64], 0xee);
    ck_assert_uint_eq(ram_data[0x1000 + 100], 0xee);
}
END_TEST

START_TEST(of_a_program_that_ran_there_before_nothing_is_left)
{
    ram.used = true;
    program.cmdline = NULL;
    ck_assert_int_eq(load_program(&ram, &program, &start, &err), 0);
    for (unsigned i = 64; i < 0x1000; i++)
        ck_assert_uint_eq(ram_data[i], 0);
    for (unsigned i = start.boot_page - RAM_BASE + PAGE_SIZE; i < RAM_SIZE; i++)
        ck_assert_uint_eq(ram_data[i], 0);
}
END_TEST

START_TEST(the_boot_page_tells_ram_modules_and_command_line)
{
    static const char first[5000] = "first", second[1] = "2";

    modules[0] = (struct machine_module){"one", first, sizeof first};
    modules[1] = (struct machine_module){"two", second, sizeof second};
    modules[2] = (struct machine_module){"empty", NULL, 0};
    program.module_count = 3;
    ck_assert_int_eq(load_program(&ram, &program, &start, &err), 0);
    ck_assert_uint_eq(start.boot_page, RAM_BASE + 0x5000);
    const struct boot_page *b = boot_page();
    ck_assert_mem_eq(&b->magic, "BOOT", 4);
    ck_assert_uint_eq(b->ram_base, RAM_BASE);
    ck_assert_uint_eq(b->ram_size, RAM_SIZE);
    ck_assert_uint_eq(b->module_count, 3);
    ck_assert_str_eq(b->cmdline, "quiet");
    ck_assert_str_eq(b->modules[0].name, "one");
    ck_assert_uint_eq(b->modules[0].address, RAM_BASE + 0x2000);
    ck_assert_uint_eq(b->modules[0].size, 5000);
    ck_assert_uint_eq(b->modules[1].address, RAM_BASE + 0x4000);
    ck_assert_uint_eq(b->modules[2].address, RAM_BASE + 0x5000);
    ck_assert_uint_eq(b->modules[2].size, 0);
    ck_assert_uint_eq(b->modules[3].name[0], 0);
    ck_assert_mem_eq(ram_data + 0x2000, first, sizeof first);
    ck_assert_uint_eq(ram_data[0x4000], '2');
}
END_TEST

START_TEST(what_fills_ram_to_the_last_byte_is_accepted)
{
    static uint8_t data[RAM_SIZE - 0x3000];

    modules[0] = (struct machine_module){"all", data, sizeof data};
    program.module_count = 1;
    ck_assert_int_eq(load_program(&ram, &program, &start, &err), 0);
    ck_assert_uint_eq(start.boot_page, RAM_BASE + RAM_SIZE - PAGE_SIZE);
}
END_TEST

START_TEST(no_command_line_is_an_empty_one)
{
    program.cmdline = NULL;
    ck_assert_int_eq(load_program(&ram, &program, &start, &err), 0);
    ck_assert_str_eq(boot_page()->cmdline, "");
}
END_TEST

/* ---- refusals: each changes the good program above ---- */

static char long_name[BOOT_NAME_SIZE + 1], long_cmdline[BOOT_CMDLINE_SIZE + 1];

static void segment_at(word paddr, word size)
{
    segments[1].paddr = paddr;
    segments[1].size = size;
}

static void below(void)
{
    segment_at(0x1000, 100);
}
static void straddles_base(void)
{
    segment_at(RAM_BASE - 4, 100);
}
static void straddles_end(void)
{
    segment_at(RAM_BASE + RAM_SIZE - 4, 8);
}
static void wraps(void)
{
    segment_at(0xfffffff0, 0x100);
}
static void huge(void)
{
    segment_at(RAM_BASE, 0xffffffff);
}
static void nothing(void)
{
    image.segment_count = 0;
}
static void empty_segments(void)
{
    segments[0].size = segments[1].size = 0;
}
static void entry_nowhere(void)
{
    image.entry = RAM_BASE + 64;
}
static void entry_virtual(void)
{
    image.entry = 0xc0000000;
}
static void entry_odd(void)
{
    image.entry = RAM_BASE + 2;
}
static void one_module(const char *name, size_t size)
{
    modules[0] = (struct machine_module){name, code, size};
    program.module_count = 1;
}
static void module_too_large(void)
{
    one_module("big", RAM_SIZE - 0x2000 + 1);
}
static void module_enormous(void)
{
    one_module("big", SIZE_MAX);
}
static void no_room_for_boot_page(void)
{
    one_module("big", RAM_SIZE - 0x2000);
    modules[0].data = ram_data;
}
static void module_unnamed(void)
{
    one_module("", 1);
}
static void module_null_name(void)
{
    one_module(NULL, 1);
}
static void module_long_name(void)
{
    memset(long_name, 'n', BOOT_NAME_SIZE);
    one_module(long_name, 1);
}
static void modules_named_alike(void)
{
    one_module("disk", 1);
    modules[1] = modules[0];
    program.module_count = 2;
}
static void too_many_modules(void)
{
    program.module_count = BOOT_MODULES_MAX + 1;
}
static void command_line_too_long(void)
{
    memset(long_cmdline, 'c', BOOT_CMDLINE_SIZE);
    program.cmdline = long_cmdline;
}

static const struct {
    void (*spoil)(void);
    const char *text;
} refusals[] = {
    {below, "a.elf: segment 1 goes to 00001000-00001063, outside RAM (80000000-8000ffff)"},
    {straddles_base, "outside RAM"},
    {straddles_end, "or give the machine more"},
    {wraps, "outside RAM"},
    {huge, "outside RAM"},
    {nothing, "a.elf: there is nothing to load in it"},
    {empty_segments, "nothing to load"},
    {entry_nowhere, "the entry 80000040 is in none of its segments"},
    {entry_virtual, "must be a physical address"},
    {entry_odd, "not 4-byte aligned"},
    {module_too_large, "no room for module big: 57345 bytes, and 57344 of 65536 bytes"},
    {module_enormous, "no room for module big"},
    {no_room_for_boot_page, "no room for the boot page"},
    {module_unnamed, "module 0 has no name"},
    {module_null_name, "module 0 has no name"},
    {module_long_name, "40 bytes, the boot page has room for 39"},
    {modules_named_alike, "modules 0 and 1 are both named disk"},
    {too_many_modules, "33 modules, the boot page has room for 32"},
    {command_line_too_long, "the command line has 2048 bytes, the boot page has room for 2047"},
};

START_TEST(refusals_say_why_and_leave_memory_alone)
{
    refusals[_i].spoil();
    ck_assert_int_eq(load_program(&ram, &program, &start, &err), ERROR_input);
    ck_assert_msg(strstr(err.text, refusals[_i].text) != NULL, "%s", err.text);
    for (unsigned i = 0; i < RAM_SIZE; i++)
        ck_assert_uint_eq(ram_data[i], 0xee);
    ck_assert_uint_eq(start.boot_page, 0);
}
END_TEST

START_TEST(the_longest_name_and_command_line_fit)
{
    module_long_name();
    long_name[BOOT_NAME_SIZE - 1] = '\0';
    command_line_too_long();
    long_cmdline[BOOT_CMDLINE_SIZE - 1] = '\0';
    ck_assert_int_eq(load_program(&ram, &program, &start, &err), 0);
    ck_assert_uint_eq(strlen(boot_page()->modules[0].name), BOOT_NAME_SIZE - 1);
    ck_assert_uint_eq(strlen(boot_page()->cmdline), BOOT_CMDLINE_SIZE - 1);
}
END_TEST

/* Whatever the numbers are: accepted or refused, and nothing outside RAM is written (ASan). */
START_TEST(any_numbers_are_survived)
{
    uint64_t seed = (uint64_t)_i + 1;

    for (unsigned round = 0; round < 500; round++) {
        word r[8];

        for (unsigned i = 0; i < 8; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            r[i] = (word)(seed >> 32);
        }
        segments[0].paddr = r[0] & 1 ? RAM_BASE + (r[1] & 0x1ffff) : r[1];
        segments[0].size = r[0] & 2 ? r[2] & 0x1ffff : r[2];
        segments[0].filled = r[0] & 4 ? 0 : 64;
        segments[1].size = r[0] & 8 ? 0 : 100;
        image.entry = r[0] & 16 ? segments[0].paddr : r[3];
        one_module("m", r[0] & 32 ? 0 : 64);
        program.module_count = r[0] & 64 ? 0 : 1;
        int status = load_program(&ram, &program, &start, &err);
        ck_assert(status == 0 || (status == ERROR_input && err.text[0]));
    }
}
END_TEST

Suite *suite_machine_load(void);
Suite *suite_machine_load(void)
{
    Suite *s = suite_create("machine_load");
    TCase *c = tcase_create("load");

    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, segments_go_to_their_physical_addresses_and_the_rest_of_them_is_zero);
    tcase_add_test(c, of_a_program_that_ran_there_before_nothing_is_left);
    tcase_add_test(c, the_boot_page_tells_ram_modules_and_command_line);
    tcase_add_test(c, what_fills_ram_to_the_last_byte_is_accepted);
    tcase_add_test(c, no_command_line_is_an_empty_one);
    tcase_add_loop_test(c, refusals_say_why_and_leave_memory_alone, 0, (int)COUNT_OF(refusals));
    tcase_add_test(c, the_longest_name_and_command_line_fit);
    tcase_add_loop_test(c, any_numbers_are_survived, 0, 8);
    suite_add_tcase(s, c);
    return s;
}
