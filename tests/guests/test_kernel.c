/*
 * The parts of the kernel that need no processor, compiled for the host: the page
 * allocator, the directory of the pack, the reader of programs. The files they read are
 * those that the build has made.
 */
#include "tests/isa/random.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* memcpy and the like are the host's here. */
#include "guests/abi.h"
#include "guests/os/palloc.c"
#include "guests/os/pack.c"
#include "guests/os/elf.c"

#define PAGES 16

static char *read_whole_file(const char *path, word *size)
{
    FILE *f = fopen(path, "rb");
    static const size_t most = 8 << 20;
    char *data = malloc(most);

    ck_assert_msg(f != NULL, "%s is missing: make guests", path);
    ck_assert_ptr_nonnull(data);
    *size = (word)fread(data, 1, most, f);
    fclose(f);
    return data;
}

/* ---- pages ---- */

static char *some_pages(void)
{
    char *memory = aligned_alloc(PAGE_SIZE, (PAGES + 1) * PAGE_SIZE);

    ck_assert_ptr_nonnull(memory);
    memset(memory, 0xaa, (PAGES + 1) * PAGE_SIZE);
    return memory;
}

START_TEST(every_page_is_given_once_full_of_zeros)
{
    static const char zeros[PAGE_SIZE];
    char *memory = some_pages(), *got[PAGES];
    struct palloc p;

    palloc_init(&p, memory + 1, memory + (PAGES + 1) * PAGE_SIZE); /* the first is not whole */
    ck_assert_uint_eq(p.free_count, PAGES);
    for (unsigned i = 0; i < PAGES; i++) {
        got[i] = palloc_page(&p);
        ck_assert_ptr_nonnull(got[i]);
        ck_assert_mem_eq(got[i], zeros, PAGE_SIZE);
        ck_assert(got[i] >= memory + PAGE_SIZE && got[i] < memory + (PAGES + 1) * PAGE_SIZE);
        for (unsigned j = 0; j < i; j++)
            ck_assert_ptr_ne(got[i], got[j]);
    }
    ck_assert_ptr_null(palloc_page(&p));
    ck_assert_uint_eq(p.free_count, 0);
    free(memory);
}
END_TEST

START_TEST(pages_that_come_back_are_given_again_as_zeros)
{
    static const char zeros[PAGE_SIZE];
    char *memory = some_pages(), *page;
    struct palloc p;

    palloc_init(&p, memory, memory + PAGES * PAGE_SIZE);
    while ((page = palloc_page(&p)))
        memset(page, 1, PAGE_SIZE);
    for (unsigned i = 0; i < PAGES; i++)
        ck_assert(palloc_free(&p, memory + i * PAGE_SIZE));
    ck_assert_uint_eq(p.free_count, PAGES);
    for (unsigned i = 0; i < PAGES; i++) {
        page = palloc_page(&p);
        ck_assert_ptr_nonnull(page);
        ck_assert_mem_eq(page, zeros, PAGE_SIZE);
        memset(page, 1, PAGE_SIZE);
    }
    ck_assert_ptr_null(palloc_page(&p));
    free(memory);
}
END_TEST

START_TEST(what_was_never_given_is_not_taken_back)
{
    char *memory = some_pages();
    struct palloc p;

    palloc_init(&p, memory, memory + PAGES * PAGE_SIZE);
    char *page = palloc_page(&p);
    ck_assert(!palloc_free(&p, page + 4));
    ck_assert(!palloc_free(&p, page + PAGE_SIZE)); /* not given yet */
    ck_assert(!palloc_free(&p, memory + PAGES * PAGE_SIZE));
    ck_assert(!palloc_free(&p, NULL));
    ck_assert(palloc_free(&p, page));
    free(memory);
}
END_TEST

START_TEST(memory_too_small_for_a_page_gives_none)
{
    char *memory = some_pages();
    struct palloc p;

    palloc_init(&p, memory + 1, memory + PAGE_SIZE - 1);
    ck_assert_uint_eq(p.free_count, 0);
    ck_assert_ptr_null(palloc_page(&p));
    free(memory);
}
END_TEST

/* ---- the pack ---- */

START_TEST(the_pack_that_was_built_has_the_programs_and_files)
{
    word size, motd_size;
    char *data = read_whole_file("build/guest/programs.pack", &size);
    char *motd = read_whole_file("guests/files/motd", &motd_size);
    struct pack p;

    ck_assert_ptr_null(pack_init(&p, data, size));
    const struct pack_entry *shell = pack_find(&p, "shell");
    ck_assert_ptr_nonnull(shell);
    ck_assert(elf_is_program(data + shell->offset, shell->size));
    const struct pack_entry *text = pack_find(&p, "motd");
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(text->size, motd_size);
    ck_assert_mem_eq(data + text->offset, motd, motd_size);
    ck_assert_ptr_null(pack_find(&p, "nothing"));
    ck_assert_ptr_null(pack_find(&p, ""));
    free(motd);
    free(data);
}
END_TEST

START_TEST(on_a_disk_files_begin_and_end_with_sectors)
{
    word size;
    char *data = read_whole_file("build/guest/disk.img", &size);
    struct pack p;

    ck_assert_uint_eq(size % SECTOR_SIZE, 0);
    ck_assert_ptr_null(pack_init(&p, data, size));
    ck_assert_uint_ge(p.count, 3);
    for (word i = 0; i < p.count; i++)
        ck_assert_uint_eq(p.entries[i].offset % SECTOR_SIZE, 0);
    const struct pack_entry *visitor = pack_find(&p, "visitor");
    ck_assert_ptr_nonnull(visitor);
    ck_assert(elf_is_program(data + visitor->offset, visitor->size));
    free(data);
}
END_TEST

struct small_pack {
    struct pack_header header;
    struct pack_entry entries[2];
    char data[8];
};

static struct small_pack good_pack(void)
{
    word at = offsetof(struct small_pack, data);

    return (struct small_pack){
        {PACK_MAGIC, PACK_VERSION, 2}, {{"a", at, 4}, {"b", at + 4, 3}}, "aaaabbb"};
}

static void no_magic(struct small_pack *p)
{
    p->header.magic++;
}
static void other_version(struct small_pack *p)
{
    p->header.version++;
}
static void too_many(struct small_pack *p)
{
    p->header.count = 4;
}
static void huge_count(struct small_pack *p)
{
    p->header.count = 0x0aaaaaab; /* times 24 is 8 */
}
static void no_name(struct small_pack *p)
{
    p->entries[0].name[0] = 0;
}
static void endless_name(struct small_pack *p)
{
    memset(p->entries[1].name, 'x', PACK_NAME_SIZE);
}
static void odd_offset(struct small_pack *p)
{
    p->entries[1].offset++;
}
static void offset_outside(struct small_pack *p)
{
    p->entries[1].offset = 0x1000;
}
static void size_outside(struct small_pack *p)
{
    p->entries[1].size = 5;
}
static void size_wraps(struct small_pack *p)
{
    p->entries[1].size = 0xfffffffc;
}

static const struct {
    void (*damage)(struct small_pack *p);
    const char *why;
} bad_packs[] = {
    {no_magic, "it is not a pack"},
    {other_version, "this kernel does not know its version"},
    {too_many, "its directory is cut off"},
    {huge_count, "its directory is cut off"},
    {no_name, "a file has a bad name"},
    {endless_name, "a file has a bad name"},
    {odd_offset, "a file is not aligned"},
    {offset_outside, "a file ends behind the end of the pack"},
    {size_outside, "a file ends behind the end of the pack"},
    {size_wraps, "a file ends behind the end of the pack"},
};

START_TEST(a_damaged_pack_is_refused_with_the_reason)
{
    struct small_pack small = good_pack();
    struct pack p;

    ck_assert_ptr_null(pack_init(&p, &small, sizeof small));
    bad_packs[_i].damage(&small);
    const char *why = pack_init(&p, &small, sizeof small);
    ck_assert_ptr_nonnull(why);
    ck_assert_str_eq(why, bad_packs[_i].why);
}
END_TEST

START_TEST(a_truncated_pack_is_refused)
{
    struct small_pack small = good_pack();
    word whole = offsetof(struct small_pack, data) + 7;
    struct pack p;

    ck_assert_ptr_null(pack_init(&p, &small, whole));
    for (word size = 0; size < whole; size++)
        ck_assert_ptr_nonnull(pack_init(&p, &small, size));
}
END_TEST

/* ---- mkpack ---- */

START_TEST(mkpack_refuses_what_cannot_be_packed)
{
    ck_assert_int_ne(system("build/tool/mkpack >/dev/null 2>&1"), 0);
    ck_assert_int_ne(system("build/tool/mkpack --disk /dev/null 2>/dev/null"), 0);
    ck_assert_int_ne(system("build/tool/mkpack /dev/null /nowhere/file 2>/dev/null"), 0);
    ck_assert_int_ne(system("build/tool/mkpack /nowhere/pack guests/files/motd 2>/dev/null"), 0);
    ck_assert_int_ne(
        system("build/tool/mkpack /dev/null guests/files/motd guests/files/motd 2>/dev/null"), 0);
}
END_TEST

/* ---- programs ---- */

START_TEST(the_programs_that_were_built_are_accepted)
{
    struct elf_program program;
    word size;
    char *data = read_whole_file("build/guest/stripped/shell.elf", &size);

    ck_assert_ptr_null(elf_parse(&program, data, size));
    ck_assert_uint_ge(program.segment_count, 2);
    ck_assert_uint_eq(program.entry, USER_BASE);
    ck_assert_uint_eq(program.segments[0].rights, PTE_R | PTE_X);
    ck_assert_uint_eq(program.segments[1].rights, PTE_R);
    ck_assert_uint_eq(program.end % PAGE_SIZE, 0);
    free(data);
}
END_TEST

struct small_program {
    struct elf_header header;
    struct elf_program_header segments[2];
    word code[4];
};

static struct small_program good_program(void)
{
    struct small_program p = {
        .header = {.magic = {0x7f, 'E', 'L', 'F', 1, 1, 1},
                   .type = ELF_TYPE_EXECUTABLE,
                   .machine = ELF_MACHINE_RISCV,
                   .entry = USER_BASE + 4,
                   .program_offset = offsetof(struct small_program, segments),
                   .program_size = sizeof(struct elf_program_header),
                   .program_count = 2},
        .segments = {{ELF_LOAD, offsetof(struct small_program, code), USER_BASE, 0, 16, 16, 5, 0},
                     {ELF_LOAD, offsetof(struct small_program, code), USER_BASE + PAGE_SIZE, 0, 8,
                      5000, 6, 0}},
    };
    return p;
}

START_TEST(segments_keep_their_sizes_and_rights)
{
    struct small_program small = good_program();
    struct elf_program p;

    ck_assert_ptr_null(elf_parse(&p, &small, sizeof small));
    ck_assert_uint_eq(p.segment_count, 2);
    ck_assert_uint_eq(p.segments[1].rights, PTE_R | PTE_W);
    ck_assert_uint_eq(p.segments[1].size, 5000);
    ck_assert_uint_eq(p.segments[1].filled, 8);
    ck_assert_uint_eq(p.end, USER_BASE + 3 * PAGE_SIZE);
}
END_TEST

static void other_machine(struct small_program *p)
{
    p->header.machine = 62;
}
static void relocatable(struct small_program *p)
{
    p->header.type = 1;
}
static void headers_outside(struct small_program *p)
{
    p->header.program_offset = 0xfffffff0;
}
static void many_headers(struct small_program *p)
{
    p->header.program_count = 60000;
}
static void in_the_kernel(struct small_program *p)
{
    p->segments[1].vaddr = 0x80000000;
}
static void below_the_user(struct small_program *p)
{
    p->segments[0].vaddr = 0x1000;
}
static void onto_another(struct small_program *p)
{
    p->segments[1].vaddr = USER_BASE;
}
static void not_aligned(struct small_program *p)
{
    p->segments[1].vaddr += 8;
}
static void too_large(struct small_program *p)
{
    p->segments[1].memory_size = 0xc0000000;
}
static void bytes_outside(struct small_program *p)
{
    p->segments[0].offset = 0xfffffffc;
}
static void more_file_than_memory(struct small_program *p)
{
    p->segments[0].file_size = 17;
}
static void no_rights(struct small_program *p)
{
    p->segments[0].flags = 0;
}
static void entry_in_data(struct small_program *p)
{
    p->header.entry = USER_BASE + PAGE_SIZE;
}
static void entry_misaligned(struct small_program *p)
{
    p->header.entry = USER_BASE + 2;
}

static void (*const bad_programs[])(struct small_program *p) = {
    other_machine,         relocatable,  headers_outside, many_headers,     in_the_kernel,
    below_the_user,        onto_another, not_aligned,     too_large,        bytes_outside,
    more_file_than_memory, no_rights,    entry_in_data,   entry_misaligned,
};

START_TEST(a_program_that_would_do_harm_is_refused)
{
    struct small_program small = good_program();
    struct elf_program p;

    bad_programs[_i](&small);
    ck_assert_ptr_nonnull(elf_parse(&p, &small, sizeof small));
}
END_TEST

/* The loader reads the head of a file and no more. */
START_TEST(headers_behind_the_head_of_a_file_are_not_seen)
{
    static char file[2 * ELF_HEAD_SIZE];
    struct small_program small = good_program();
    struct elf_program p;

    for (word at = sizeof small.header; at <= ELF_HEAD_SIZE; at += 4) {
        bool fits = at + sizeof small.segments <= ELF_HEAD_SIZE;
        small.header.program_offset = at;
        memcpy(file, &small.header, sizeof small.header);
        memcpy(file + at, small.segments, sizeof small.segments);
        const char *wrong = elf_parse(&p, file, sizeof file);
        ck_assert_str_eq(wrong ? wrong : "", fits ? "" : "its program headers are cut off");
    }
}
END_TEST

/* Whatever the bytes: an accepted program stays inside the file and the user's addresses. */
START_TEST(damaged_programs_are_refused_or_harmless)
{
    uint32_t seed = 3;

    for (unsigned round = 0; round < 50000; round++) {
        struct small_program small = good_program();
        struct elf_program p;
        unsigned char *bytes = (unsigned char *)&small;
        for (unsigned n = 0; n < 1 + round % 3; n++)
            bytes[random_next(&seed) % (sizeof small - sizeof small.code)] =
                (unsigned char)random_next(&seed);
        word size = round % 4 ? (word)sizeof small : (word)(random_next(&seed) % sizeof small);
        if (elf_parse(&p, &small, size))
            continue;
        for (unsigned i = 0; i < p.segment_count; i++) {
            const struct elf_segment *s = &p.segments[i];
            ck_assert(s->address >= USER_BASE && s->address + s->size <= HEAP_LIMIT);
            ck_assert((uint64_t)s->offset + s->filled <= size && s->filled <= s->size);
        }
    }
}
END_TEST

Suite *suite_guests_kernel(void);
Suite *suite_guests_kernel(void)
{
    Suite *s = suite_create("guests_kernel");
    TCase *c = tcase_create("kernel");

    tcase_add_test(c, every_page_is_given_once_full_of_zeros);
    tcase_add_test(c, pages_that_come_back_are_given_again_as_zeros);
    tcase_add_test(c, what_was_never_given_is_not_taken_back);
    tcase_add_test(c, memory_too_small_for_a_page_gives_none);
    tcase_add_test(c, the_pack_that_was_built_has_the_programs_and_files);
    tcase_add_test(c, on_a_disk_files_begin_and_end_with_sectors);
    tcase_add_loop_test(c, a_damaged_pack_is_refused_with_the_reason, 0, COUNT_OF(bad_packs));
    tcase_add_test(c, a_truncated_pack_is_refused);
    tcase_add_test(c, mkpack_refuses_what_cannot_be_packed);
    tcase_add_test(c, the_programs_that_were_built_are_accepted);
    tcase_add_test(c, segments_keep_their_sizes_and_rights);
    tcase_add_loop_test(c, a_program_that_would_do_harm_is_refused, 0, COUNT_OF(bad_programs));
    tcase_add_test(c, headers_behind_the_head_of_a_file_are_not_seen);
    tcase_add_test(c, damaged_programs_are_refused_or_harmless);
    suite_add_tcase(s, c);
    return s;
}
