/*
 * The assembler against llvm-mc and lld: every form that both know, with random operands, gives
 * the same bytes. The repository's own assembly files too, against clang.
 */
#include "isa/csr.h"
#include "isa/pseudo.h"
#include "isa/registers.h"
#include "tests/isa/assemble.h"
#include "tests/isa/random.h"

#include <check.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS      40 /* of all forms */
#define SOURCE_SIZE (256 << 10)

struct writer {
    struct text text;
    uint32_t seed;
    unsigned forms, labels;
};

static unsigned choose(struct writer *w, unsigned n)
{
    return random_next(&w->seed) % n;
}

static void put_number(struct writer *w, int low, int high)
{
    static const char *const styles[] = {"%d", "%d", "%#x"};
    int v = low + (int)(random_next(&w->seed) % (unsigned)(high - low + 1));

    if (choose(w, 8) == 0)
        v = low;
    if (choose(w, 8) == 0)
        v = high;
    if (v < 0)
        text_add(&w->text, "%d", v);
    else
        text_add(&w->text, styles[choose(w, COUNT_OF(styles))], (unsigned)v);
}

static void put_register(struct writer *w)
{
    unsigned r = choose(w, REGISTER_COUNT);

    if (choose(w, 4) == 0)
        text_add(&w->text, "x%u", r);
    else
        text_add(&w->text, "%s", register_name(r));
}

/* A label nearby: each line of the source has one. */
static void put_label(struct writer *w)
{
    unsigned back = choose(w, 60);

    text_add(&w->text, "L%u", w->labels > back ? w->labels - back : w->labels);
}

static void put_operand(struct writer *w, char letter)
{
    static const char *const sets[] = {"i", "o", "r", "w", "rw", "iorw", "io"};
    static const unsigned csrs[] = {CSR_cycle, CSR_time, CSR_instret, 0x340, CSR_status};

    switch (letter) {
    case 'd':
    case 's':
    case 't':
        put_register(w);
        break;
    case 'i':
    case 'm':
        put_number(w, -2048, 2047);
        break;
    case 'h':
    case 'z':
        put_number(w, 0, 31);
        break;
    case 'u':
        put_number(w, 0, 0xfffff);
        break;
    case 'c':
        text_add(&w->text, "%u", csrs[choose(w, COUNT_OF(csrs))]);
        break;
    case 'f':
        text_add(&w->text, "%s, %s", sets[choose(w, COUNT_OF(sets))],
                 sets[choose(w, COUNT_OF(sets))]);
        break;
    default:
        put_label(w);
    }
}

static void put_form(struct writer *w, const char *name, const char *syntax)
{
    text_add(&w->text, "L%u:\t%s ", ++w->labels, name);
    for (; *syntax; syntax++) {
        if (*syntax >= 'a' && *syntax <= 'z')
            put_operand(w, *syntax);
        else
            text_add_char(&w->text, *syntax);
    }
    text_add_char(&w->text, '\n');
    w->forms++;
}

static bool llvm_knows(enum insn_id id)
{
    enum insn_class class = insn_info(id)->class;

    return class == CLASS_USER || class == CLASS_CSR || id == INSN_wfi || id == INSN_sfence_vma;
}

/* What a pair cannot be: the address in x0, or in the register that is stored. */
static void put_pair(struct writer *w, const struct pseudo_pair *p)
{
    const char *reg = register_name(1 + choose(w, 14));

    text_add(&w->text, "L%u:\t%s ", ++w->labels, p->name);
    unsigned label = w->labels - choose(w, w->labels);
    if (strcmp(p->syntax, "d, a") == 0)
        text_add(&w->text, "%s, L%u\n", reg, label);
    else if (strcmp(p->syntax, "a") == 0)
        text_add(&w->text, "L%u\n", label);
    else if (strcmp(p->syntax, "a, s") == 0)
        text_add(&w->text, "L%u, %s\n", label, reg);
    else
        text_add(&w->text, "a5, L%u, %s\n", label, reg);
    w->forms++;
}

static void put_all(struct writer *w)
{
    for (unsigned id = 1; id < INSN_COUNT; id++)
        if (llvm_knows((enum insn_id)id))
            put_form(w, insn_info((enum insn_id)id)->name, insn_info((enum insn_id)id)->syntax);
    for (unsigned i = 0; i < pseudo_count; i++)
        if (llvm_knows(pseudo_table[i].id) || strcmp(pseudo_table[i].name, "mret") == 0)
            put_form(w, pseudo_table[i].name, pseudo_table[i].syntax);
    for (unsigned i = 0; i < pseudo_pair_count; i++)
        put_pair(w, &pseudo_pairs[i]);
    for (unsigned i = 0; i < 4; i++)
        text_add(&w->text, "\tli %s, %d\n", register_name(choose(w, 32)),
                 (int32_t)random_next(&w->seed) >> choose(w, 24));
    text_add(&w->text, "\t.balign 8\n\t.byte %u, 1, 2, 3\n\t.word L%u, L1 - L%u\n", choose(w, 256),
             w->labels, w->labels);
    text_add(&w->text, "\tlui a0, %%hi(L%u)\n\taddi a0, a0, %%lo(L%u)\n", w->labels, w->labels);
    text_add(&w->text, "\tsw a1, %%lo(L%u + 8)(a0)\n", w->labels);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

START_TEST(every_form_gives_the_bytes_of_llvm_mc)
{
    char *source = malloc(SOURCE_SIZE);
    char folder[] = "/tmp/trapeze-llvm-XXXXXX", path[64], command[512], output[2048];
    struct writer w = {.text = text_init(source, SOURCE_SIZE), .seed = 20240501};
    struct image ours, theirs;
    struct error err;

    if (!have_program("llvm-mc") || !have_program("ld.lld"))
        return;
    text_add(&w.text, "\t.globl _start\n_start:\n");
    for (unsigned n = 0; n < ROUNDS; n++)
        put_all(&w);
    ck_assert(!w.text.overflow);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.s", folder);
    write_file(path, source);
    snprintf(command, sizeof command,
             "cd %s && llvm-mc -triple=riscv32 -mattr=+m -filetype=obj a.s -o a.o 2>&1 && "
             "ld.lld -m elf32lriscv --no-relax -Ttext=0x80000000 a.o -o a.elf 2>&1",
             folder);
    ck_assert_msg(run_command(command, output, sizeof output) == 0, "%s", output);
    snprintf(path, sizeof path, "%s/a.elf", folder);
    ck_assert_msg(image_read(&theirs, path, &err) == 0, "%s", err.text);
    snprintf(command, sizeof command, "rm -r %s", folder);
    run_command(command, output, sizeof output);
    assemble(&ours, source, NULL);
    word size = ours.segments[0].filled;
    for (word at = 0; at < size; at += 4)
        ck_assert_msg(word_at(&ours, 0x80000000 + at) == word_at(&theirs, 0x80000000 + at),
                      "%s+0x%x: %08x, llvm-mc %08x", image_symbol_at(&ours, 0x80000000 + at)->name,
                      at, word_at(&ours, 0x80000000 + at), word_at(&theirs, 0x80000000 + at));
    ck_assert_uint_gt(w.forms, ROUNDS * 100);
    image_free(&ours);
    image_free(&theirs);
    free(source);
}
END_TEST

/* ---- the repository's own files ---- */

/* An object file of clang's: its sections by name, and what it wants from elsewhere. */
struct object {
    uint8_t *bytes;
    Elf *elf;
};

static void open_object(struct object *o, const char *path)
{
    FILE *f = fopen(path, "rb");

    ck_assert_ptr_nonnull(f);
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    o->bytes = malloc((size_t)size);
    ck_assert_uint_eq(fread(o->bytes, 1, (size_t)size, f), (size_t)size);
    fclose(f);
    elf_version(EV_CURRENT);
    o->elf = elf_memory((char *)o->bytes, (size_t)size);
    ck_assert_ptr_nonnull(o->elf);
}

static void close_object(struct object *o)
{
    elf_end(o->elf);
    free(o->bytes);
}

/* A program that defines, as a label each, the symbols that the object lacks. */
static void stubs(struct image *out, struct object *o)
{
    static char buffer[16384];
    struct text t = text_init(buffer, sizeof buffer);

    text_add(&t, "nop\n");
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(o->elf, scn));) {
        const Elf32_Shdr *h = elf32_getshdr(scn);

        if (h->sh_type != SHT_SYMTAB)
            continue;
        const Elf32_Sym *s = elf_getdata(scn, NULL)->d_buf;
        for (size_t i = 1; i < h->sh_size / sizeof *s; i++)
            if (s[i].st_shndx == SHN_UNDEF)
                text_add(&t, "%s: nop\n", elf_strptr(o->elf, h->sh_link, s[i].st_name));
    }
    ck_assert(!t.overflow);
    assemble(out, buffer, NULL);
}

/* The contents of a section of an ELF file, by name; false when it has none. */
static bool section_of(Elf *elf, const char *name, const uint8_t **bytes, size_t *size)
{
    size_t names;

    elf_getshdrstrndx(elf, &names);
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));) {
        const Elf32_Shdr *h = elf32_getshdr(scn);

        if (strcmp(elf_strptr(elf, names, h->sh_name), name) != 0)
            continue;
        const Elf_Data *d = elf_rawdata(scn, NULL);
        *bytes = d->d_buf;
        *size = h->sh_size;
        return true;
    }
    return false;
}

/* Equal, or the same instruction but for the part that the linker fills in. */
static bool same_but_for_addresses(word ours, word theirs)
{
    struct insn a = insn_decode(ours), b = insn_decode(theirs);

    return ours == theirs || (a.id == b.id && a.rd == b.rd && a.rs1 == b.rs1 && a.rs2 == b.rs2 &&
                              a.csr == b.csr && b.imm == 0);
}

static unsigned compare_sections(const char *path, Elf *theirs, const struct asm_result *r)
{
    Elf *ours = elf_memory((char *)(uintptr_t)r->elf, r->elf_size);
    unsigned words = 0;
    size_t names;

    elf_getshdrstrndx(theirs, &names);
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(theirs, scn));) {
        const Elf32_Shdr *h = elf32_getshdr(scn);
        const char *name = elf_strptr(theirs, names, h->sh_name);
        const uint8_t *a, *b;
        size_t size, n;

        if (!(h->sh_flags & SHF_ALLOC) || h->sh_type == SHT_NOBITS || h->sh_size == 0)
            continue;
        ck_assert_msg(section_of(ours, name, &a, &n), "%s: no section %s", path, name);
        section_of(theirs, name, &b, &size);
        ck_assert_msg(n == size, "%s: %s has %zu bytes, clang's %zu", path, name, n, size);
        for (size_t at = 0; at + 4 <= size; at += 4, words++) {
            word x, y;

            memcpy(&x, a + at, 4);
            memcpy(&y, b + at, 4);
            ck_assert_msg(same_but_for_addresses(x, y), "%s: %s+0x%zx is %08x, clang's %08x", path,
                          name, at, x, y);
        }
    }
    elf_end(ours);
    return words;
}

static unsigned compare_file(const char *path, const char *folder)
{
    char command[512], source[64], object[64], output[2048];
    struct asm_options options = {0};
    struct asm_result r;
    struct error err;
    struct object o;
    struct image known;

    snprintf(source, sizeof source, "%s/a.s", folder);
    snprintf(object, sizeof object, "%s/a.o", folder);
    snprintf(command, sizeof command,
             "clang --target=riscv32 -march=rv32im -mno-relax -I. -Ibuild/gen -E %s -o %s 2>&1 && "
             "clang --target=riscv32 -march=rv32im -mno-relax -c %s -o %s 2>&1",
             path, source, source, object);
    ck_assert_msg(run_command(command, output, sizeof output) == 0, "%s", output);
    open_object(&o, object);
    stubs(&known, &o);
    options.known = &known;
    int failed = asm_file(&r, source, &options, &err);
    ck_assert_msg(!failed, "%s", err.text);
    unsigned words = compare_sections(path, o.elf, &r);
    asm_result_free(&r);
    image_free(&known);
    close_object(&o);
    return words;
}

START_TEST(the_repositorys_assembly_files_assemble_as_with_clang)
{
    char folder[] = "/tmp/trapeze-own-XXXXXX", command[128], list[8192];
    unsigned files = 0, words = 0;

    ck_assert_int_eq(run_command("find guests vmm tests -name '*.S' | sort", list, sizeof list), 0);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (char *path = strtok(list, "\n"); path; path = strtok(NULL, "\n")) {
        words += compare_file(path, folder);
        files++;
    }
    snprintf(command, sizeof command, "rm -r %s", folder);
    run_command(command, list, sizeof list);
    ck_assert_uint_ge(files, 4);
    ck_assert_uint_gt(words, 200);
}
END_TEST

Suite *suite_isa_asm_llvm(void);
Suite *suite_isa_asm_llvm(void)
{
    Suite *s = suite_create("isa_asm_llvm");
    TCase *c = tcase_create("llvm");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, every_form_gives_the_bytes_of_llvm_mc);
    tcase_add_test(c, the_repositorys_assembly_files_assemble_as_with_clang);
    suite_add_tcase(s, c);
    return s;
}
