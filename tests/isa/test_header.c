/*
 * The header that guest code includes, made from the same tables: its numbers are the tables'
 * numbers, and its assembler macros give the words that the encoder gives.
 */
#include "isa/insn.h"

#include "xrings.h"

#include <check.h>
#include <libelf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    word header, table;
} numbers[] = {
#define CSR(name, number, kind, hole, wmask, meaning) {#name, CSR_##name, number},
#define FIELD(csr, name, high, low, meaning)                                                       \
    {#csr "_" #name, csr##_##name, (word)(((2ull << (high - low)) - 1) << low)},                   \
        {#csr "_" #name "_SHIFT", csr##_##name##_SHIFT, low},
#include "isa/csrs.def"
#define CAUSE(name, code, tval, text) {#name, CAUSE_##name, code},
#define INTERRUPT(name, code, text)   {#name, INTERRUPT_##name, code},
#include "isa/causes.def"
#define VMCB(area, name, offset, meaning) {#name, VMCB_##name, offset},
#define INTERCEPT(name, bit, meaning)     {#name, INTERCEPT_##name, bit},
#define EXIT(name, code, meaning)         {#name, EXIT_##name, code},
#include "isa/vmcb.def"
#define HINT(name, number, value) {#name, HINT_##name, number},
#include "isa/hints.def"
#undef HINT
#define HYPERCALL(name, number, who, arguments, meaning) {#name, HYPERCALL_##name, number},
#define HYPERCALL_ERROR(name, number, meaning)           {#name, HYPERCALL_ERROR_##name, number},
#include "isa/hypercalls.def"
#define REGION(name, base, size, meaning)  {#name, REGION_##name, base},
#define PORTS(name, first, count, meaning) {#name, PORT_##name, first},
#define LINE(name, number, meaning)        {#name, LINE_##name, number},
#include "isa/platform.def"
#define DEVREG(device, name, offset, meaning)      {#name, device##_##name, offset},
#define DEVBITS(device, reg, name, value, meaning) {#name, device##_##reg##_##name, value},
#include "isa/devices.def"
};

START_TEST(every_number_of_the_header_is_the_tables)
{
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        ck_assert_msg(numbers[i].header == numbers[i].table, "%s: 0x%x in the header, 0x%x",
                      numbers[i].name, numbers[i].header, numbers[i].table);
}
END_TEST

static const struct {
    const char *line;
    struct insn insn;
} macros[] = {
    {"tret", {.id = INSN_tret}},
    {"hcall", {.id = INSN_hcall}},
    {"vmrun a3", {.id = INSN_vmrun, .rs1 = 13}},
    {"pin t6, a0", {.id = INSN_pin, .rd = 31, .rs1 = 10}},
    {"pout a1, s11", {.id = INSN_pout, .rs1 = 11, .rs2 = 27}},
    {"probe a0, t0", {.id = INSN_probe, .rd = 10, .rs1 = 5}},
    {"cpuid s1, zero", {.id = INSN_cpuid, .rd = 9}},
    {"trace a2, HINT_mark", {.id = INSN_trace, .rs1 = 12, .imm = HINT_mark}},
    {"csrr t0, CSR_cause", {.id = INSN_csrrs, .rd = 5, .csr = CSR_cause}},
};

/* The words of the section .text of an object file. */
static unsigned text_words(const char *path, word *out, unsigned room)
{
    unsigned count = 0;
    int fd = open(path, O_RDONLY);

    ck_assert_int_ge(fd, 0);
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));) {
        const Elf32_Shdr *h = elf32_getshdr(scn);
        const Elf_Data *d = elf_rawdata(scn, NULL);

        if (!(h->sh_flags & SHF_EXECINSTR) || !d->d_size)
            continue;
        count = (unsigned)d->d_size / 4;
        memcpy(out, d->d_buf, 4 * (count < room ? count : room));
    }
    elf_end(elf);
    close(fd);
    return count;
}

START_TEST(every_macro_of_the_header_assembles_to_what_encode_gives)
{
    char source[] = "/tmp/trapeze-header-XXXXXX", object[64], command[256];
    word words[COUNT_OF(macros)], expected;
    FILE *f = fdopen(mkstemp(source), "w");

    ck_assert_ptr_nonnull(f);
    fprintf(f, "#include \"xrings.h\"\n");
    for (size_t i = 0; i < COUNT_OF(macros); i++)
        fprintf(f, "%s\n", macros[i].line);
    fclose(f);
    snprintf(object, sizeof object, "%s.o", source);
    snprintf(command, sizeof command,
             "clang --target=riscv32 -march=rv32im -Ibuild/gen -x assembler-with-cpp -c %s -o %s",
             source, object);
    ck_assert_int_eq(system(command), 0);
    ck_assert_uint_eq(text_words(object, words, COUNT_OF(macros)), COUNT_OF(macros));
    for (size_t i = 0; i < COUNT_OF(macros); i++) {
        ck_assert(insn_encode(&macros[i].insn, &expected));
        ck_assert_msg(words[i] == expected, "%s: %08x, not %08x", macros[i].line, words[i],
                      expected);
    }
    unlink(source);
    unlink(object);
}
END_TEST

Suite *suite_isa_header(void);
Suite *suite_isa_header(void)
{
    Suite *s = suite_create("isa_header");
    TCase *c = tcase_create("header");

    tcase_add_test(c, every_number_of_the_header_is_the_tables);
    tcase_add_test(c, every_macro_of_the_header_assembles_to_what_encode_gives);
    suite_add_tcase(s, c);
    return s;
}
