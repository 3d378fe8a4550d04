/*
 * The assembler: what directives make, which forms are the same, layout, symbols, and the
 * round trip through the disassembler.
 */
#include "isa/disasm.h"
#include "isa/lines.h"
#include "tests/isa/assemble.h"
#include "tests/isa/random.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BASE 0x80000000u

/* Sources and the bytes that they make, in hexadecimal. */
static const struct {
    const char *source, *bytes;
} makes[] = {
    {".byte 1, -1, 'a', '\\n', 0x7f, 0b101, 017", "01 ff 61 0a 7f 05 0f"},
    {".half 1, -2, 65535\n.2byte 3\n.short 4\n.hword 5", "0100 feff ffff 0300 0400 0500"},
    {".word 1, -1, 0xffffffff", "01000000 ffffffff ffffffff"},
    {".dword 0x1122334455667788\n.quad -1", "8877665544332211 ffffffffffffffff"},
    {".word x, x + 4, . - x\nx: .word x", "0c000080 10000080 fcffffff 0c000080"},
    {".ascii \"ab\", \"c\"\n.asciz \"d\"\n.string \"e\"", "61 62 63 64 00 65 00"},
    {".ascii \"\\t\\\"\\\\\\x41\\101\\0\"", "09 22 5c 41 41 00"},
    {".byte 1\n.balign 4\n.byte 2", "01 00 00 00 02"},
    {".byte 1\n.align 2\n.byte 2", "01 00 00 00 02"},
    {".byte 1\n.p2align 2, 0xaa\n.byte 2", "01 aa aa aa 02"},
    {".byte 1\n.balign 4, , 2\n.byte 2", "01 02"},
    {"nop\n.balign 16\nnop", "13000000 13000000 13000000 13000000 13000000"},
    {".space 3\n.byte 1\n.skip 2, 7\n.zero 1", "00 00 00 01 07 07 00"},
    {".fill 3, 2, 0x1234\n.fill 2", "3412 3412 3412 00 00"},
    {"a = 5\n.equ b, a * 2\n.set c, b\n.set c, c + 1\n.byte a, b, c", "05 0a 0b"},
    {".set x, 1\n.byte x\n.set x, 2\n.byte x", "01 02"},
    {"l: .set x, l - 4\n.rept 3000\n.set x, x + 4\n.endr\n.word x - l, x", "dc2e0000 dc2e0080"},
    {".byte b\n.equ b, a + 1\n.equ a, 4", "05"},
    {".byte end - start\nstart: .word 0\nend:", "04 00000000"},
    /* GNU's ranks: << with *, | before + */
    {".byte 1 + 2 * 3, (1 + 2) * 3, 1 << 2 + 1, 7 | 8 + 1, 10 - 2 - 3", "07 09 05 10 05"},
    {".byte 7 / 2, 7 % 4, -7 / 2, ~0 & 15, !5, !0, - -3, +4", "03 03 fd 0f 00 01 03 04"},
    {".byte 1 == 1, 1 != 1, 2 < 3, 2 <> 3, 2 >= 3, 1 && 2, 0 || 0", "ff 00 ff ff 00 01 00"},
    {".byte 5 ^ 3, 0x80 >> 3, 1 > 0", "06 10 ff"},
    {".if 1\n.byte 1\n.else\n.byte 2\n.endif", "01"},
    {".if 0\n.byte 1\n.elseif 1\n.byte 2\n.else\n.byte 3\n.endif", "02"},
    {".if 0\n.if 1\n.byte 1\n.else\n.byte 4\n.endif\n.else\n.byte 2\n.endif", "02"},
    {".if 0\n bad bad\n .endm\nx:\n.endif\nx: .byte 1", "01"},
    {".equ x, 1\n.ifdef x\n.byte 1\n.endif\n.ifndef x\n.byte 2\n.endif", "01"},
    {".ifeq 0\n.byte 1\n.endif\n.ifgt 0\n.byte 2\n.endif\n.ifle -1\n.byte 3\n.endif", "01 03"},
    {".ifc a, a\n.byte 1\n.endif\n.ifnc a, b\n.byte 2\n.endif\n.ifb \n.byte 3\n.endif", "01 02 03"},
    {".macro m a, b=9\n.byte \\a, \\b\n.endm\nm 1, 2\nm 3\nm b=5, a=4", "01 02 03 09 04 05"},
    {".macro m a:req, r:vararg\n.byte \\a\n.half \\r\n.endm\nm 1, 2, 3", "01 0200 0300"},
    {".macro m a\n\\a\\()_x: .byte \\@\n.endm\nm p\nm q\n.byte q_x - p_x", "01 02 01"},
    {".macro m t\n.ascii \"\\t\"\n.endm\nm \"a,b\"", "61 2c 62"},
    {".macro in x\n.byte \\x\n.endm\n.macro out x\nin \\x\nin \\x + 1\n.endm\nout 3", "03 04"},
    {".macro m n\n.byte \\n\n.if \\n\nm (\\n - 1)\n.endif\n.endm\nm 3", "03 02 01 00"},
    {".macro m\n.byte 1\n.if 1\n.exitm\n.endif\n.byte 2\n.endm\nm\n.byte 3", "01 03"},
    {".macro m\n.byte 1\n.endm\n.purgem m\n.macro m\n.byte 2\n.endm\nm", "02"},
    {".macro nop\n.byte 5\n.endm\nnop", "05"},
    {".rept 3\n.byte 7\n.endr", "07 07 07"},
    {".set n, 0\n.rept 3\n.byte n\n.set n, n + 1\n.endr", "00 01 02"},
    {".rept 0\n.byte 1\n.endr\n.byte 2", "02"},
    {".rept 2\n.rept 2\n.byte 1\n.endr\n.byte 2\n.endr", "01 01 02 01 01 02"},
    {".irp n, 1, 2,3\n.byte \\n\n.endr", "01 02 03"},
    {".irpc c, 456\n.byte \\c\n.endr", "04 05 06"},
    {".byte 1 # x\n.byte 2 // x\n.byte /* x */ 3 ; .byte 4 /* \n */ ; .byte 5", "01 02 03 04 05"},
    {".byte '#', ';', '/', '\"' # '\n.ascii \"# // ; /* */\"",
     "23 3b 2f 22 23 20 2f 2f 20 3b 20 2f 2a 20 2a 2f"},
    {"1: .word 1b, 1f\n1: .word 1b, 2f\n2:", "00000080 08000080 08000080 10000080"},
    {".byte 1\n.end\n.byte 2", "01"},
    {"x: .word 0\n.if . - x == 4\n.byte 1\n.endif\n.equ y, x + 4\n.if y == .\n.byte 2\n.endif\n"
     ".if 1 + x <> y - 3\n.byte 3\n.endif",
     "00000000 01"},
    {".byte 1 <= 1, 1 << 70, 5 >> -1, (-9223372036854775807 - 1) / -1 & 0", "ff 00 00 00"},
    {".text 0\n.section \".text\", \"ax\", @progbits\n.byte 1\n.type x, \"function\"\nx:\n.byte 2",
     "01 02"},
    {".file \"x.c\"\n.option norvc\n.attribute 4, 16\n.cfi_startproc\n.ident \"cc\"\n.byte 1",
     "01"},
    {".if 0\n5: nop\n.endif\n.byte 1", "01"},
    {".irp x\n.byte 1\n.endr\n.irp x, \"5\", (1, 2)\n.ifc \\x, 5\n.byte \\x\n.endif\n.endr",
     "01 05"},
    {".byte 1\r\n.byte 2\r\n", "01 02"},
    {"tret\nhcall\nvmrun a3\npin t6, a0", "73002030 0b000000 0b900600 8b2f0500"},
    {"pout a1, s11\nprobe a0, t0\ncpuid s1, zero", "0bb0b501 0bc50200 8b540000"},
    {"trace a2, 10", "1320a600"},
};

static int hex_digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static size_t parse_bytes(const char *text, uint8_t *out)
{
    size_t n = 0;

    for (; *text; text++) {
        if (*text == ' ')
            continue;
        out[n++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
        text++;
    }
    return n;
}

START_TEST(each_source_makes_these_bytes)
{
    uint8_t expected[256];
    struct image m;
    size_t size = parse_bytes(makes[_i].bytes, expected);

    assemble(&m, makes[_i].source, NULL);
    ck_assert_uint_eq(m.segment_count, 1);
    ck_assert_msg(m.segments[0].filled == size && memcmp(m.segments[0].data, expected, size) == 0,
                  "%s", makes[_i].source);
    image_free(&m);
}
END_TEST

/* Two sources that mean the same. */
static const struct {
    const char *one, *other;
} same[] = {
    {"li a0, 5", "addi a0, zero, 5"},
    {"li a0, -2048", "addi x10, x0, -2048"},
    {"li a0, 0x800", "lui a0, 1\naddi a0, a0, -2048"},
    {"li a0, 0x12345000", "lui a0, 0x12345"},
    {"li a0, 0xffffffff", "li a0, -1"},
    {"li a0, 0x80000000", "lui a0, 0x80000"},
    {"la a0, x\nx: nop", "1: auipc a0, %pcrel_hi(x)\naddi a0, a0, %pcrel_lo(1b)\nx: nop"},
    {"lw a1, x\nx: nop", "1: auipc a1, %pcrel_hi(x)\nlw a1, %pcrel_lo(1b)(a1)\nx: nop"},
    {"sb a2, x, t0\nx: nop", "1: auipc t0, %pcrel_hi(x)\nsb a2, %pcrel_lo(1b)(t0)\nx: nop"},
    {"call x\nx: nop", "auipc ra, 0\njalr ra, 8(ra)\nnop"},
    {"call t0, x\nx: nop", "auipc t0, 0\njalr t0, 8(t0)\nnop"},
    {"tail x\nx: nop", "auipc t1, 0\njr 8(t1)\nnop"},
    {"jump x, t2\nx: nop", "auipc t2, 0\njr 8(t2)\nnop"},
    {"lui a0, %hi(0x12345fff)", "lui a0, 0x12346"},
    {"addi a0, a0, %lo(0x12345fff)", "addi a0, a0, -1"},
    {"1: auipc a0, %pcrel_hi(x)\n.space 4092\naddi a0, a0, %pcrel_lo(1b)\nx: nop",
     "auipc a0, 1\n.space 4092\naddi a0, a0, 4\nnop"},
    {"csrw status, 5", "csrrwi zero, 0x7c0, 5"},
    {"csrrs a0, cycle, 1", "csrrsi a0, 0xc00, 1"},
    {".equ R, 0x7c4\ncsrr a0, R", "csrr a0, cause"},
    {"add a0, a0, 1\nsll a0, a0, 3", "addi a0, a0, 1\nslli a0, a0, 3"},
    {"lw a0, (sp)\nsw a0, (sp)", "lw a0, 0(sp)\nsw a0, 0(sp)"},
    {"jalr a0\njalr t0, a0\njalr t0, a0, 4\njalr 4(a0)",
     "jalr ra, 0(a0)\njalr t0, 0(a0)\njalr t0, 4(a0)\njalr ra, 4(a0)"},
    {"fence\nfence rw, w\nfence 0, i", "fence iorw, iorw\nfence 3, 1\nfence 0, 8"},
    {"x: bgt a0, a1, x\nble a0, a1, x\nbgtu a0, a1, x\nbleu a0, a1, x",
     "x: blt a1, a0, x\nbge a1, a0, x\nbltu a1, a0, x\nbgeu a1, a0, x"},
    {"mv fp, x31", "addi s0, t6, 0"},
    {".insn r 0x0b, 2, 0, t6, a0, x0", "pin t6, a0"},
    {".insn i 0x13, 0, a0, a1, -1", "addi a0, a1, -1"},
    {".insn i 0x03, 2, a0, 4(a1)", "lw a0, 4(a1)"},
    {".insn s 0x23, 2, a0, -4(a1)", "sw a0, -4(a1)"},
    {"mret\nscall\nsbreak", "tret\necall\nebreak"},
    {"j 0x80000008\nnop\nnop", "j x\nnop\nx: nop"},
};

START_TEST(each_pair_of_sources_means_the_same)
{
    struct image a, b;

    assemble(&a, same[_i].one, NULL);
    assemble(&b, same[_i].other, NULL);
    ck_assert_uint_eq(a.segments[0].filled, b.segments[0].filled);
    ck_assert_msg(memcmp(a.segments[0].data, b.segments[0].data, a.segments[0].filled) == 0,
                  "%s\nis not\n%s", same[_i].one, same[_i].other);
    image_free(&a);
    image_free(&b);
}
END_TEST

START_TEST(sections_become_segments_by_what_may_be_done_with_them)
{
    static const char source[] = ".bss\nb: .space 100\n.data\nd: .word 1\n"
                                 ".section .rodata.str, \"a\"\nr: .byte 2\n.text\n.globl _start\n"
                                 "nop\n_start: nop\n.section .text.later, \"ax\"\nlate: nop\n"
                                 ".pushsection .data\n.word 2\n.popsection\nnop\n"
                                 ".section .comment\n.ascii \"gone\"\n.previous\nnop\n"
                                 ".comm shared, 8, 8\n";
    static const struct {
        word address, size, filled, flags;
    } expected[] = {
        {BASE, 20, 20, 5},
        {BASE + 0x1000, 1, 1, 4},
        {BASE + 0x2000, 8, 8, 6},
        {BASE + 0x3000, 112, 0, 6},
    };
    struct image m;

    assemble(&m, source, NULL);
    ck_assert_uint_eq(m.segment_count, COUNT_OF(expected));
    for (unsigned i = 0; i < COUNT_OF(expected); i++) {
        ck_assert_uint_eq(m.segments[i].vaddr, expected[i].address);
        ck_assert_uint_eq(m.segments[i].paddr, expected[i].address);
        ck_assert_uint_eq(m.segments[i].size, expected[i].size);
        ck_assert_uint_eq(m.segments[i].filled, expected[i].filled);
        ck_assert_uint_eq(m.segments[i].flags, expected[i].flags);
    }
    ck_assert_uint_eq(m.entry, BASE + 4);
    ck_assert_uint_eq(image_symbol_find(&m, "late")->value, BASE + 8);
    ck_assert_uint_eq(image_symbol_find(&m, "shared")->value, BASE + 0x3000 + 104);
    ck_assert_uint_eq(image_symbol_find(&m, "shared")->size, 8);
    image_free(&m);
}
END_TEST

START_TEST(symbols_carry_type_and_size_and_local_labels_are_left_out)
{
    struct image m;

    assemble(&m,
             ".type f, @function\nf: nop\n.Lx: nop\n1: j 1b\n.size f, . - f\nv: .word 1\n"
             ".equ K, 7\n",
             NULL);
    ck_assert_uint_eq(m.symbol_count, 2);
    ck_assert_str_eq(m.symbols[0].name, "f");
    ck_assert(m.symbols[0].is_function);
    ck_assert_uint_eq(m.symbols[0].size, 12);
    ck_assert_str_eq(m.symbols[1].name, "v");
    ck_assert_uint_eq(m.entry, BASE);
    image_free(&m);
}
END_TEST

START_TEST(a_source_may_use_another_programs_symbols_and_lie_anywhere)
{
    struct asm_options options = {.base = 0x80010000};
    struct image first, second;

    assemble(&first, "f: nop\ng: nop", NULL);
    options.known = &first;
    assemble(&second, "j g\n.word f", &options);
    ck_assert_uint_eq(second.segments[0].vaddr, 0x80010000);
    ck_assert_uint_eq(word_at(&second, 0x80010004), BASE);
    struct insn i = insn_decode(word_at(&second, 0x80010000));
    ck_assert_uint_eq(0x80010000 + (word)i.imm, BASE + 4);
    image_free(&first);
    image_free(&second);
}
END_TEST

START_TEST(every_instruction_knows_its_line_and_a_macros_that_of_its_use)
{
    static const char source[] = ".macro twice\nnop\nnop\n.endm\n_start: nop\n\n# 20 \"b.s\"\n"
                                 "twice\n.section .text.x, \"ax\"\nli a0, 0x12345678\n"
                                 ".rept 2\nnop\n.endr\n";
    static const struct {
        word address;
        unsigned line;
        const char *file;
    } expected[] = {
        {BASE, 5, "test.s"},    {BASE + 4, 20, "b.s"},  {BASE + 8, 20, "b.s"},
        {BASE + 12, 22, "b.s"}, {BASE + 16, 22, "b.s"}, {BASE + 20, 24, "b.s"},
        {BASE + 24, 24, "b.s"},
    };
    struct lines lines;
    struct image m;
    struct error err;
    word address;

    assemble(&m, source, NULL);
    ck_assert_int_eq(lines_read(&lines, &m, &err), 0);
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        const struct line_row *row = lines_at(&lines, expected[i].address);

        ck_assert_ptr_nonnull(row);
        ck_assert_uint_eq(row->line, expected[i].line);
        ck_assert_str_eq(row->file, expected[i].file);
    }
    ck_assert_ptr_null(lines_at(&lines, BASE + 28));
    ck_assert(lines_find(&lines, "b.s", 22, &address));
    ck_assert_uint_eq(address, BASE + 12);
    lines_free(&lines);
    image_free(&m);
}
END_TEST

START_TEST(other_tools_accept_the_executable)
{
    static const char source[] = ".globl _start\n_start: mul a0, a0, a1\nloop: j loop\n.data\n"
                                 "x: .word 5\n.bss\n.space 8\n";
    static const struct {
        const char *tool, *arguments, *prints;
    } tools[] = {
        {"readelf", "-a -W", "_start"},
        {"llvm-dwarfdump", "--verify", "No errors"},
        {"llvm-objdump", "-d -l", "mul\ta0, a0, a1"},
        {"gdb-multiarch", "-batch -ex 'info line *0x80000004'", "Line 3 of"},
    };
    char path[] = "/tmp/trapeze-tools-XXXXXX", command[256];
    static char output[32768];
    struct asm_result r;
    struct error err;

    ck_assert_int_eq(asm_source(&r, "test.s", source, strlen(source), NULL, &err), 0);
    int fd = mkstemp(path);
    ck_assert_int_eq(write(fd, r.elf, r.elf_size), (ssize_t)r.elf_size);
    close(fd);
    for (size_t i = 0; i < COUNT_OF(tools); i++) {
        if (!have_program(tools[i].tool))
            continue;
        snprintf(command, sizeof command, "%s %s %s 2>&1", tools[i].tool, tools[i].arguments, path);
        run_command(command, output, sizeof output);
        ck_assert_msg(strstr(output, tools[i].prints), "%s:\n%s", command, output);
        ck_assert_msg(!strstr(output, "arning"), "%s:\n%s", command, output);
    }
    unlink(path);
    asm_result_free(&r);
}
END_TEST

/* ---- round trip ---- */

#define WORDS 3000

/* Any word of any row, and now and then one that is none. */
static word some_word(uint32_t *seed, unsigned n)
{
    word r = random_next(seed);
    const struct insn_info *info = insn_info((enum insn_id)(n % INSN_COUNT));

    if (n % INSN_COUNT == INSN_ILLEGAL)
        return r;
    if (r & 1)
        r &= 0xfff00fff; /* more often rs1 = x0 */
    if (r & 2)
        r &= 0xfffff07f;
    return info->match | (r & ~info->mask);
}

/* j and branches are read as addresses, so each word stands at its own. */
static void round_trip(bool plain)
{
    static char source[WORDS * 64];
    static word words[WORDS];
    struct text t = text_init(source, sizeof source);
    struct disasm how = {.plain = plain};
    uint32_t seed = 4711;
    struct image m;

    for (unsigned n = 0; n < WORDS; n++) {
        words[n] = some_word(&seed, n);
        disasm_insn(&t, words[n], BASE + 4 * n, &how);
        text_add_char(&t, '\n');
    }
    ck_assert(!t.overflow);
    assemble(&m, source, NULL);
    ck_assert_uint_eq(m.segments[0].filled, 4 * WORDS);
    for (unsigned n = 0; n < WORDS; n++) {
        char text[128];
        struct text one = text_init(text, sizeof text);

        disasm_insn(&one, words[n], BASE + 4 * n, &how);
        ck_assert_msg(word_at(&m, BASE + 4 * n) == words[n], "%08x is \"%s\", which is %08x",
                      words[n], text, word_at(&m, BASE + 4 * n));
    }
    image_free(&m);
}

START_TEST(what_the_disassembler_prints_assembles_to_the_same_word)
{
    round_trip(false);
    round_trip(true);
}
END_TEST

Suite *suite_isa_asm(void);
Suite *suite_isa_asm(void)
{
    Suite *s = suite_create("isa_asm");
    TCase *c = tcase_create("asm");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, each_source_makes_these_bytes, 0, COUNT_OF(makes));
    tcase_add_loop_test(c, each_pair_of_sources_means_the_same, 0, COUNT_OF(same));
    tcase_add_test(c, sections_become_segments_by_what_may_be_done_with_them);
    tcase_add_test(c, symbols_carry_type_and_size_and_local_labels_are_left_out);
    tcase_add_test(c, a_source_may_use_another_programs_symbols_and_lie_anywhere);
    tcase_add_test(c, every_instruction_knows_its_line_and_a_macros_that_of_its_use);
    tcase_add_test(c, other_tools_accept_the_executable);
    tcase_add_test(c, what_the_disassembler_prints_assembles_to_the_same_word);
    suite_add_tcase(s, c);
    return s;
}
