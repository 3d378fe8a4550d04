/*
 * The reader of program images: a good file is read whole; a damaged, foreign or truncated one
 * is refused with a sentence that names the file, the fault and what to do.
 */
#include "isa/image.h"
#include "tests/isa/elf.h"
#include "tests/isa/random.h"

#include <check.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MUTATIONS 20000

START_TEST(a_good_file_gives_its_segments_symbols_and_entry)
{
    struct elf_file f = elf_sample();
    struct error err;
    struct image m;

    ck_assert_int_eq(image_parse(&m, "good.elf", &f, sizeof f, &err), 0);
    ck_assert_uint_eq(m.entry, 0x80000000);
    ck_assert_uint_eq(m.segment_count, 2);
    ck_assert_uint_eq(m.segments[0].size, 16);
    ck_assert_uint_eq(m.segments[0].flags, 5);
    ck_assert_mem_eq(m.segments[0].data, f.code, 16);
    ck_assert_uint_eq(m.segments[1].vaddr, 0x80001000);
    ck_assert_uint_eq(m.segments[1].size, 64);
    ck_assert_uint_eq(m.segments[1].filled, 8);
    ck_assert_uint_eq(m.symbol_count, 3); /* no constant, no local label */
    ck_assert_str_eq(m.symbols[0].name, "_start");
    ck_assert_str_eq(m.symbols[1].name, "main");
    ck_assert_str_eq(m.symbols[2].name, "table");
    ck_assert(m.symbols[1].is_function);
    ck_assert_str_eq(m.path, "good.elf");
    image_free(&m);
    ck_assert_uint_eq(m.segment_count, 0);
}
END_TEST

START_TEST(segments_are_sorted_by_physical_address)
{
    struct elf_file f = elf_sample();
    struct error err;
    struct image m;

    f.segments[0].p_paddr = 0x80002000;
    ck_assert_int_eq(image_parse(&m, "x", &f, sizeof f, &err), 0);
    ck_assert_uint_eq(m.segments[0].vaddr, 0x80001000);
    ck_assert_uint_eq(m.segments[1].paddr, 0x80002000);
    image_free(&m);
}
END_TEST

static const struct {
    word address;
    const char *name; /* NULL: nothing covers it */
} lookups[] = {
    {0x80000000, "_start"}, {0x80000002, "_start"}, {0x80000004, "main"},  {0x8000000b, "main"},
    {0x8000000c, NULL},     {0x80000010, NULL},     {0x80001000, "table"}, {0x80001007, "table"},
    {0x80001008, NULL},     {0x7fffffff, NULL},     {0x00000000, NULL},    {0xffffffff, NULL},
};

START_TEST(a_symbol_covers_its_size_or_up_to_the_next)
{
    struct elf_file f = elf_sample();
    struct error err;
    struct image m;

    ck_assert_int_eq(image_parse(&m, "x", &f, sizeof f, &err), 0);
    const struct image_symbol *s = image_symbol_at(&m, lookups[_i].address);
    ck_assert_pstr_eq(s ? s->name : NULL, lookups[_i].name);
    image_free(&m);
}
END_TEST

START_TEST(a_function_is_found_before_the_labels_inside_it)
{
    struct elf_file f = elf_sample();
    struct error err;
    struct image m;

    f.symbols[1].st_value = 0x80000008; /* _start, without a size, inside main */
    ck_assert_int_eq(image_parse(&m, "x", &f, sizeof f, &err), 0);
    ck_assert_str_eq(image_symbol_at(&m, 0x80000008)->name, "main");
    ck_assert_str_eq(image_symbol_at(&m, 0x8000000c)->name, "_start");
    ck_assert_ptr_null(image_symbol_find(&m, "none"));
    ck_assert_uint_eq(image_symbol_find(&m, "_start")->value, 0x80000008);
    image_free(&m);
}
END_TEST

#define AT(field) offsetof(struct elf_file, field), sizeof(((struct elf_file *)0)->field)

static const struct {
    size_t offset, size; /* of the field that is overwritten */
    uint64_t value;
    const char *says;
} damages[] = {
    {AT(header.e_ident[0]), 'X', "not an ELF file"},
    {AT(header.e_ident[EI_CLASS]), ELFCLASS64, "64-bit program"},
    {AT(header.e_ident[EI_DATA]), ELFDATA2MSB, "big-endian"},
    {AT(header.e_ident[EI_VERSION]), 9, "unknown ELF version"},
    {AT(header.e_machine), EM_X86_64, "another processor (ELF machine 62"},
    {AT(header.e_type), ET_REL, "object file, not an executable; link it"},
    {AT(header.e_type), ET_DYN, "-static -no-pie"},
    {AT(header.e_type), ET_CORE, "not an executable (ELF type 4)"},
    {AT(header.e_flags), 1, "compressed (16-bit) instructions"},
    {AT(header.e_flags), 2, "-mabi=ilp32"},
    {AT(header.e_phnum), 0, "nothing to load"},
    {AT(header.e_phnum), 0xffff, "impossible program header table"},
    {AT(header.e_phnum), 1000, "ends inside the program headers"},
    {AT(header.e_phentsize), 8, "impossible program header table"},
    {AT(header.e_phoff), 0xfffffff0, "ends inside the program headers"},
    {AT(header.e_shoff), 0xfffffff0, "ends inside the section headers"},
    {AT(header.e_phoff), 0x35, "impossible program header table"},
    {AT(header.e_shoff), 0x35, "impossible section header table"},
    {AT(sections[1].sh_offset), 0xa1, "symbol table is not all there"},
    {AT(header.e_shnum), 0, "impossible section header table"},
    {AT(header.e_shnum), 1000, "ends inside the section headers"},
    {AT(header.e_shentsize), 1, "impossible section header table"},
    {AT(header.e_entry), 0x80000002, "0x80000002 is not a multiple of 4; define the global label"},
    {AT(header.e_entry), 0x10000, "0x00010000 is in no segment"},
    {AT(segments[0].p_type), PT_INTERP, "dynamic linker"},
    {AT(segments[0].p_offset), 0xfffffff8, "ends inside the segment"},
    {AT(segments[0].p_filesz), 0x10000, "ends inside the segment"},
    {AT(segments[0].p_filesz), 17, "more bytes in the file than in memory"},
    {AT(segments[1].p_memsz), 0x80000000, "wraps around"},
    {AT(segments[1].p_vaddr), 0xffffffe0, "wraps around"},
    {AT(segments[1].p_paddr), 0x8000000c,
     "segments overlap: 0x80000000-0x8000000f and 0x8000000c-0x8000004b"},
    {AT(segments[1].p_paddr), 0x80000000, "segments overlap"},
    {AT(sections[1].sh_offset), 0x10000, "symbol table is not all there"},
    {AT(sections[1].sh_size), 0x10000, "symbol table is not all there"},
    {AT(sections[1].sh_entsize), 8, "symbol table is not all there"},
    {AT(sections[1].sh_link), 3, "symbol table is not all there"},
    {AT(sections[1].sh_link), 77, "symbol table is not all there"},
    {AT(sections[2].sh_offset), 0xfffffff0, "symbol table is not all there"},
    {AT(sections[2].sh_size), 4, "name lies outside the string table"},
    {AT(symbols[1].st_name), 0xffff, "name lies outside the string table"},
};

START_TEST(a_damaged_file_is_refused_with_its_fault)
{
    struct elf_file f = elf_sample();
    struct error err;
    struct image m;

    memcpy((char *)&f + damages[_i].offset, &damages[_i].value, damages[_i].size);
    ck_assert_int_eq(image_parse(&m, "bad.elf", &f, sizeof f, &err), ERROR_input);
    ck_assert_msg(strstr(err.text, damages[_i].says), "%s", err.text);
    ck_assert_msg(strncmp(err.text, "bad.elf: ", 9) == 0, "%s", err.text);
    ck_assert_ptr_null(m.bytes);
}
END_TEST

START_TEST(both_segments_empty_is_nothing_to_load)
{
    struct elf_file f = elf_sample();
    struct error err;
    struct image m;

    f.segments[0].p_type = f.segments[1].p_type = PT_NULL;
    ck_assert_int_eq(image_parse(&m, "x", &f, sizeof f, &err), ERROR_input);
    ck_assert_ptr_nonnull(strstr(err.text, "nothing to load"));
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    struct elf_file f = elf_sample();
    struct error err;
    struct image m;

    for (size_t size = 0; size < sizeof f; size++) {
        uint8_t *part = malloc(size + 1); /* its own block: an overrun is seen by the sanitizer */

        memcpy(part, &f, size);
        ck_assert_msg(image_parse(&m, "cut", part, size, &err) != 0, "%zu bytes accepted", size);
        ck_assert_uint_gt(strlen(err.text), 10);
        free(part);
    }
}
END_TEST

/* What the loader may believe of an image that was accepted. */
static void check_invariants(const struct image *m)
{
    for (unsigned i = 0; i < m->segment_count; i++) {
        const struct image_segment *s = &m->segments[i];

        ck_assert(s->filled <= s->size && s->size > 0);
        ck_assert((uint64_t)s->paddr + s->size <= 1ull << 32);
        ck_assert((uint64_t)s->vaddr + s->size <= 1ull << 32);
        ck_assert(s->data >= m->bytes && s->data + s->filled <= m->bytes + m->byte_count);
        ck_assert(i == 0 || s[-1].paddr + (s[-1].size - 1) < s->paddr);
    }
    for (unsigned i = 0; i < m->symbol_count; i++) {
        ck_assert_uint_gt(strlen(m->symbols[i].name), 0);
        ck_assert(i == 0 || m->symbols[i - 1].value <= m->symbols[i].value);
        image_symbol_at(m, m->symbols[i].value + 1);
    }
}

START_TEST(no_random_damage_does_harm)
{
    uint32_t seed = 7;
    unsigned accepted = 0;

    for (int n = 0; n < MUTATIONS; n++) {
        struct elf_file f = elf_sample();
        struct error err = {0};
        struct image m;

        for (unsigned k = 1 + random_next(&seed) % 4; k > 0; k--) {
            uint32_t r = random_next(&seed), at = r % (sizeof f - 4);

            r = random_next(&seed);
            memcpy((char *)&f + at, &r, 1 + (r >> 7 & 3));
        }
        if (image_parse(&m, "mutant", &f, sizeof f, &err) == 0) {
            accepted++;
            check_invariants(&m);
            image_free(&m);
        } else {
            ck_assert_uint_gt(strlen(err.text), 10);
        }
    }
    ck_assert_uint_gt(accepted, MUTATIONS / 100);
    ck_assert_uint_lt(accepted, MUTATIONS);
}
END_TEST

START_TEST(a_file_is_read_as_its_bytes_are)
{
    char path[] = "/tmp/trapeze-image-XXXXXX";
    struct elf_file f = elf_sample();
    struct error err;
    struct image m;
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, &f, sizeof f), sizeof f);
    close(fd);
    ck_assert_int_eq(image_read(&m, path, &err), 0);
    ck_assert_uint_eq(m.byte_count, sizeof f);
    ck_assert_str_eq(m.path, path);
    image_free(&m);
    unlink(path);
    ck_assert_int_eq(image_read(&m, path, &err), ERROR_io);
    ck_assert_ptr_nonnull(strstr(err.text, "cannot open the program: No such file"));
    ck_assert_int_eq(image_read(&m, "/tmp", &err), ERROR_io);
    ck_assert_ptr_nonnull(strstr(err.text, "/tmp: cannot read the program: Is a directory"));
}
END_TEST

Suite *suite_isa_image(void);
Suite *suite_isa_image(void)
{
    Suite *s = suite_create("isa_image");
    TCase *c = tcase_create("image");

    tcase_add_test(c, a_good_file_gives_its_segments_symbols_and_entry);
    tcase_add_test(c, segments_are_sorted_by_physical_address);
    tcase_add_loop_test(c, a_symbol_covers_its_size_or_up_to_the_next, 0, COUNT_OF(lookups));
    tcase_add_test(c, a_function_is_found_before_the_labels_inside_it);
    tcase_add_loop_test(c, a_damaged_file_is_refused_with_its_fault, 0, COUNT_OF(damages));
    tcase_add_test(c, both_segments_empty_is_nothing_to_load);
    tcase_add_test(c, every_truncation_is_refused);
    tcase_add_test(c, no_random_damage_does_harm);
    tcase_add_test(c, a_file_is_read_as_its_bytes_are);
    suite_add_tcase(s, c);
    return s;
}
