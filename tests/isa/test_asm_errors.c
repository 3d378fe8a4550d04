/*
 * What the assembler says about mistakes: a table of sources and the message each must give,
 * with its place and its advice. Every error of a file is found in one go.
 */
#include "tests/isa/assemble.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *source;
    unsigned line, column;
    const char *text; /* part of the message */
    const char *note; /* part of a note, or NULL */
} cases[] = {
    /* names */
    {"adid a0, a0, 1", 1, 1, "unknown instruction \"adid\"", "did you mean \"addi\"?"},
    {"ADDI a0, a0, 1", 1, 1, "unknown instruction \"ADDI\"", "did you mean \"addi\"?"},
    {"mov a0, a1", 1, 1, "unknown instruction", "mv copies a register"},
    {"fadd.s fa0, fa1, fa2", 1, 1, "unknown instruction", "no floating point"},
    {"amoadd.w a0, a1, (a2)", 1, 1, "unknown instruction", "no atomic"},
    {"c.nop", 1, 1, "unknown instruction", "no compressed"},
    {"start", 1, 1, "unknown instruction \"start\"", "a label ends with a colon: start:"},
    {".wrod 5", 1, 1, "unknown directive \".wrod\"", "did you mean \".word\"?"},
    {"  add a0, a8, a1", 1, 11, "\"a8\" is not a register", "did you mean \"a0\"?"},
    {"lw a0, 4(sq)", 1, 10, "\"sq\" is not a register", "did you mean \"sp\"?"},
    {"lw a0, 4()", 1, 10, "a register must stand between ( and )", NULL},
    {"csrr t0, stauts", 1, 10, "\"stauts\" is no control register", "did you mean \"status\"?"},
    {"csrr t0, mepc", 1, 10, "\"mepc\" is no control register", "did you mean \"epc\"?"},
    {"csrr t0, 4096", 1, 10, "from 0 to 0xfff", NULL},
    {"start: j strat", 1, 10, "\"strat\" is not defined", "did you mean \"start\"?"},
    {"a0: nop", 1, 1, "\"a0\" is a register", NULL},
    {"x: nop\nx: nop", 2, 1, "\"x\" is already defined", "first defined here"},
    {"x: nop\n.equ x, 5", 2, 6, "\"x\" is already defined", "first defined here"},
    {".equiv x, 1\n.equiv x, 2", 2, 8, "\"x\" is already defined", "first defined here"},
    {".macro m\n.endm\n.macro m\n.endm", 3, 1, "the macro \"m\" is already", "first defined here"},
    {"j 1b", 1, 3, "no label 1: stands before this line", NULL},
    {"j 1f", 1, 3, "no label 1: follows", "1f means the next 1:"},
    {"j 5000f", 1, 3, "numeric labels go up to 999", NULL},
    /* operands */
    {"addi a0, a1", 1, 1, "addi takes 3 operands, not 2", "valid form: addi rd, rs1, imm"},
    {"add a0, a1, a2, a3", 1, 17, "add takes 3 operands, not 4", "valid form: add rd, rs1, rs2"},
    {"addi a0, 5, 6", 1, 10, "operand 2 of addi must be a register", "valid form"},
    {"lw a0, a1", 1, 8, "must be an offset and a register", "valid form: lw rd, imm(rs1)"},
    {"sw a0, 4", 1, 8, "operand 2 of sw must be an offset and", "or: sw rs2, label, rs1"},
    {"beq a0, loop", 1, 1, "beq takes 3 operands, not 2", "valid form: beq rs1, rs2, label"},
    {"addi a0 a1, 5", 1, 9, "a comma or the end of the line", NULL},
    {"addi a0, a1,", 1, 13, "a value is missing here", NULL},
    {"nop 5", 1, 5, "nop takes 0 operands, not 1", "valid form: nop"},
    {"fence rx, w", 1, 7, "not a set of a fence", "letters of \"iorw\""},
    {"sw a0, x, a0\nx:", 1, 1, "a0 would be lost", NULL},
    {"lw zero, x\nx:", 1, 1, "zero cannot hold the address", NULL},
    /* ranges */
    {"addi a0, a1, 5000", 1, 14, "5000 does not fit: an immediate of addi is -2048 to 2047", "li"},
    {"addi a0, a1, -2049", 1, 14, "-2049 does not fit", NULL},
    {"sw a0, 2048(a1)", 1, 8, "2048 does not fit: an offset of sw", NULL},
    {"slli a0, a1, 32", 1, 14, "32 does not fit: a shift amount of slli is 0 to 31", NULL},
    {"csrwi tvec, 32", 1, 13, "32 does not fit: an immediate of csrrwi is 0 to 31", "register"},
    {"lui a0, 0x100000", 1, 9, "does not fit: an upper immediate of lui is 0 to 1048575", "%hi"},
    {"beqz a0, x\n.space 5000\nx: nop", 1, 10, "5004 bytes away: beq reaches -4096 to 4094",
     "opposite condition"},
    {"j x\n.space 2000000\nx: nop", 1, 3, "2000004 bytes away: jal reaches", "call or tail"},
    {"j x + 1\nx: nop", 1, 3, "odd address", NULL},
    {"li a0, 0x123456789", 1, 8, "does not fit a register of 32 bits", NULL},
    {".byte 300", 1, 7, "300 does not fit 1 byte", "from -128 to 255"},
    {".half 1, -32769", 1, 10, "-32769 does not fit 2 bytes", NULL},
    {".byte 1\nnop", 2, 1, "must be at a multiple of 4, not 1 bytes behind", ".balign 4"},
    /* expressions */
    {".word 1 +", 1, 10, "a value is missing here", NULL},
    {".word (1", 1, 9, ") expected", NULL},
    {".word 1/0", 1, 7, "division by zero", NULL},
    {".word 09", 1, 7, "not a number in base 8", "octal"},
    {".word 0x", 1, 7, "not a number in base 16", NULL},
    {".word 12ab", 1, 7, "not a number in base 10", NULL},
    {".dword 99999999999999999999", 1, 8, "does not fit 64 bits", NULL},
    {".word ]", 1, 7, "expected a number, a symbol or (", NULL},
    {".word %high(x)", 1, 7, "unknown function of an address", "%hi(x)"},
    {".word 1 2", 1, 9, "nothing more may follow", NULL},
    {".word a\n.equ a, b\n.equ b, a", 3, 6, "\"b\" is defined by itself", NULL},
    {"li a0, later\n.equ later, 5", 1, 8, "the number of li must be known here", ".equ later"},
    {"li a0, x\nx: nop", 1, 8, "the number of li must be known here", "la loads an address"},
    {"x: li a0, x", 1, 11, "must be a number, not an address", "la loads an address"},
    {"x: addi a0, a0, %pcrel_lo(x)", 1, 17, "no auipc with %pcrel_hi stands at", "auipc"},
    /* directives */
    {".ascii abc", 1, 8, "expected a string in double quotes", NULL},
    {".ascii \"abc", 1, 8, "the string has no closing", NULL},
    {".ascii \"a\\q\"", 1, 10, "unknown escape", "known: \\n"},
    {".align 17", 1, 1, "a power of two from 0 to 16", ".balign 4"},
    {".balign 3", 1, 1, "must be a power of two", NULL},
    {".space -1", 1, 1, "the number of bytes is negative", NULL},
    {".space x", 1, 8, "the number of bytes must be known here", NULL},
    {".rept -1\n.endr", 1, 1, "the count of .rept is negative", NULL},
    {".rept 2\nnop", 1, 1, "no .endr ends this", NULL},
    {".macro m\nnop", 1, 1, "no .endm ends this", NULL},
    {".if 1\nnop", 1, 1, "no .endif ends this", NULL},
    {".endif", 1, 1, ".endif without .if", NULL},
    {".if 1\n.else\n.else\n.endif", 3, 1, ".else behind .else", "the .if stands here"},
    {".endm", 1, 1, ".endm closes nothing", NULL},
    {".exitm", 1, 1, ".exitm outside of a macro", NULL},
    {".popsection", 1, 1, ".popsection without .pushsection", NULL},
    {".option rvc", 1, 9, "no compressed instructions", NULL},
    {".type x, @thing", 1, 11, "a type is @function", NULL},
    {".bss\n.word 5", 2, 7, "\".bss\" holds zeros only", ".space"},
    {".bss\nnop", 2, 1, "\".bss\" holds zeros only", NULL},
    {".data\n.section .data, \"ax\"", 2, 1, "had other flags before", NULL},
    {".insn q 1", 1, 7, "must be r, i or s", "valid form: .insn r opcode"},
    {".insn r 8, 0, 0, a0, a1, a2", 1, 9, "ends in binary 11", NULL},
    {".insn r 11, 8, 0, a0, a1, a2", 1, 13, "the field has 3 bits: 0 to 7", NULL},
    {".include \"/nowhere/x.s\"", 1, 10, "/nowhere/x.s: cannot open the file", NULL},
    {".error \"stop here\"", 1, 1, "stop here", NULL},
    {"nop /* no end", 1, 5, "the comment has no closing */", NULL},
    {"@", 1, 1, "expected an instruction, a directive or a label", NULL},
    {".fill -1", 1, 1, "a fill has a count from 0 on", NULL},
    {".fill 1, 9", 1, 1, "a size from 0 to 8", NULL},
    {".balign 4, x", 1, 12, "the fill value must be known here", NULL},
    {".comm x", 1, 1, "valid form: .comm SYMBOL, SIZE, ALIGNMENT", NULL},
    {".comm x, 4, 3", 1, 1, "the alignment a power of two", NULL},
    {".incbin \"/nowhere\"", 1, 9, "cannot open the file", NULL},
    {".section", 1, 9, "valid form: .section NAME", NULL},
    {".section .x, ax", 1, 14, "expected a string in double quotes", NULL},
    {".globl", 1, 7, "valid form: .globl SYMBOL", NULL},
    {".type x", 1, 8, "valid form: .type SYMBOL, @function", NULL},
    {".size x", 1, 8, "valid form: .size SYMBOL", NULL},
    {".equ x", 1, 7, "valid form: .equ SYMBOL, VALUE", NULL},
    {".option arch", 1, 13, "valid form: .option norvc", NULL},
    {".set 5, 6", 1, 6, "valid form: .set SYMBOL, VALUE", NULL},
    {".if x\n.endif", 1, 5, "the condition must be known here", NULL},
    {".if 1f\n.endif\n1:", 1, 5, "depends on a label that follows", NULL},
    {".ifdef\n.endif", 1, 7, "the name of a symbol is missing", NULL},
    {".ifc a\n.endif", 1, 1, "two texts with a comma", NULL},
    {".if 0\n.elseif x\n.endif", 2, 9, "the condition must be known here", NULL},
    {".byte '", 1, 7, "a character must follow '", NULL},
    {".word %hi 5", 1, 11, "( expected behind %hi", NULL},
    {".word ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1", 1, 71,
     "nested too deeply", NULL},
    {".insn r 11, 0, 0, 5, a1, a2", 1, 19, "this must be a register", NULL},
    {".insn r 11, 0, 0, a0", 1, 1, "valid form: .insn r opcode", NULL},
    {".macro\n.endm", 1, 1, "the name of the macro is missing", NULL},
    {".macro m 5\n.endm", 1, 10, "the name of a parameter is missing", NULL},
    {".macro m a:vararg, b\n.endm", 1, 1, "nothing may follow a :vararg", NULL},
    {".macro m reg\naddi \\rge, a0, 1\n.endm\nm a0", 2, 6,
     "no macro around here has a parameter of this name", "used here"},
    {".purgem m", 1, 9, "there is no macro of this name", NULL},
    {".macro push r\n.endm\npsuh a0", 3, 1, "unknown instruction", "did you mean \"push\"?"},
    {"5000: nop", 1, 1, "numeric labels go up to 999", NULL},
    {".irp 5\n.endr", 1, 1, "the name of the parameter is missing", NULL},
    {".text x", 1, 7, "a subsection must be known here", NULL},
    {"x: .if x\n.endif", 1, 8, "the condition must be a number, not an address", NULL},
    {".word x - \nx:", 1, 11, "a value is missing here", NULL},
    /* macros */
    {".macro m a\nnop\n.endm\nm 1, 2", 4, 6, "the macro \"m\" takes 1 argument", "defined here"},
    {".macro m a:req\nnop\n.endm\nm", 4, 1, "needs its argument \"a\"", "defined here"},
    {".macro m a:opt\n.endm", 1, 12, ":req or :vararg", NULL},
    {".macro m a, a\n.endm", 1, 13, "two parameters have this name", NULL},
    {".macro m r\naddi \\r, \\r, q9\n.endm\nm a0", 2, 14, "\"q9\" is not defined",
     "in the macro \"m\", used here"},
    /* limits */
    {".macro m\nm\n.endm\nm", 2, 1, "nested 64 deep", "a macro that uses itself"},
    {".rept 2000000000\n.endr", 2, 1, "more than 2000000 statements", ".rept"},
    {".rept 1000000\n.rept 1000000\nnop\n.endr\n.endr", 3, 1, "more than 2000000", NULL},
    {".space 0x7fffffff", 1, 1, "a program may have 67108864", NULL},
    {".bss\n.space 0x7fffffff\n.space 0x7fffffff", 2, 1, "zeroed sections may have", NULL},
    {".macro d x\nd \\x\\x\n.endm\nd aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 2, 1,
     "macros made more than 67108864 bytes of text", "without end"},
    {".equ a,x+x\n.equ b,a+a\n.equ c,b+b\n.equ d,c+c\n.equ e,d+d\n.equ f,e+e\n.equ g,f+f\n"
     ".equ h,g+g\n.equ i,h+h\n.equ j,i+i\n.equ k,j+j\n.equ l,k+k\n.equ m,l+l\n.equ n,m+m\n"
     ".equ o,n+n\n.equ p,o+o\n.equ q,p+p\n.equ r,q+q\n.equ s,r+r\n.equ t,s+s\n.equ u,t+t\n"
     ".equ v,u+u\n.equ w,v+v\n.equ y,w+w\n.equ z,y+y\n.equ za,z+z\n.equ zb,za+za\n"
     ".word zb\nx:",
     28, 7, "the expression takes too many steps", NULL},
    {"l: .set x, l + l\n.rept 60\n.set x, x + x\n.endr\n.if x\n.endif", 5, 5,
     "the expression takes too many steps", NULL},
    {".set x, u\n.rept 100000\n.set x, x + 1\n.endr\n.word x\n.if x\n.endif\nu:", 5, 7,
     "the expression takes too many steps", NULL},
};

static const struct asm_message *find(const struct asm_result *r, unsigned n)
{
    for (unsigned i = 0; i < r->message_count; i++)
        if (strstr(r->messages[i].text, cases[n].text))
            return &r->messages[i];
    return NULL;
}

START_TEST(each_mistake_is_named_with_its_place_and_advice)
{
    static char shown[8192];
    struct text t = text_init(shown, sizeof shown);
    struct asm_result r;
    struct error err = {0};

    ck_assert_int_eq(
        asm_source(&r, "test.s", cases[_i].source, strlen(cases[_i].source), NULL, &err),
        ERROR_input);
    ck_assert_ptr_null(r.elf);
    for (unsigned i = 0; i < r.message_count; i++)
        asm_message_text(&t, &r.messages[i]);
    const struct asm_message *m = find(&r, (unsigned)_i);
    ck_assert_msg(m, "%s\nsaid:\n%s", cases[_i].source, shown);
    ck_assert_msg(m->line == cases[_i].line && m->column == cases[_i].column,
                  "expected at %u:%u\n%s", cases[_i].line, cases[_i].column, shown);
    bool noted = !cases[_i].note;
    for (unsigned i = 0; i < m->note_count; i++)
        noted = noted || strstr(m->notes[i].text, cases[_i].note);
    ck_assert_msg(noted, "no note \"%s\":\n%s", cases[_i].note, shown);
    ck_assert_msg(strncmp(err.text, "test.s:", 7) == 0, "%s", err.text);
    asm_result_free(&r);
}
END_TEST

START_TEST(a_message_shows_the_line_a_caret_and_a_hint)
{
    static const char source[] = "_start:\n\tadd  a0, a8, a1  # comment\n";
    char buffer[512];
    struct text t = text_init(buffer, sizeof buffer);
    struct asm_result r;

    ck_assert_int_eq(asm_source(&r, "prog.s", source, strlen(source), NULL, NULL), ERROR_input);
    ck_assert_uint_eq(r.message_count, 1);
    asm_message_text(&t, &r.messages[0]);
    ck_assert_str_eq(buffer, "prog.s:2:11: error: \"a8\" is not a register\n"
                             "    \tadd  a0, a8, a1  # comment\n"
                             "    \t         ^~\n"
                             "  hint: did you mean \"a0\"?\n"
                             "  hint: valid form: add rd, rs1, rs2\n"
                             "  hint: or: add rd, rs1, imm\n");
    asm_result_free(&r);
}
END_TEST

START_TEST(all_errors_come_in_one_go_in_order_and_no_more_than_the_cap)
{
    char source[2048] = "";
    struct asm_result r;

    /* undefined labels are found in the second pass, the others in the first */
    for (int i = 0; i < 15; i++)
        strcat(source, i % 2 ? "j nowhere\n" : "foo bar\n");
    ck_assert_int_eq(asm_source(&r, "x", source, strlen(source), NULL, NULL), ERROR_input);
    ck_assert_uint_eq(r.message_count, 15);
    ck_assert(!r.more);
    for (unsigned i = 0; i < 15; i++)
        ck_assert_uint_eq(r.messages[i].line, i + 1);
    asm_result_free(&r);
    for (int i = 0; i < 15; i++)
        strcat(source, "foo bar\n");
    ck_assert_int_eq(asm_source(&r, "x", source, strlen(source), NULL, NULL), ERROR_input);
    ck_assert_uint_eq(r.message_count, ASM_MESSAGES_MAX);
    ck_assert(r.more);
    asm_result_free(&r);
}
END_TEST

START_TEST(warnings_alone_do_not_stop_a_program)
{
    static const char source[] = "#include \"x.h\"\n.warning \"mind\"\nnop\n.data\nnop\nnop\n";
    struct asm_result r;

    ck_assert_int_eq(asm_source(&r, "x", source, strlen(source), NULL, NULL), 0);
    ck_assert_uint_eq(r.message_count, 3);
    ck_assert_str_eq(r.messages[2].text, "an instruction in \".data\", which is not for code");
    ck_assert_uint_eq(r.error_count, 0);
    ck_assert(r.messages[0].warning);
    ck_assert_ptr_nonnull(r.elf);
    asm_result_free(&r);
}
END_TEST

START_TEST(a_line_marker_of_the_preprocessor_names_the_real_place)
{
    static const char source[] = "nop\n# 41 \"real.S\" 2\nnop\nfoo bar\n";
    struct asm_result r;

    ck_assert_int_eq(asm_source(&r, "x", source, strlen(source), NULL, NULL), ERROR_input);
    ck_assert_str_eq(r.messages[0].file, "real.S");
    ck_assert_uint_eq(r.messages[0].line, 42);
    asm_result_free(&r);
}
END_TEST

START_TEST(running_out_of_memory_anywhere_is_an_error_and_no_harm)
{
    static const char source[] = ".macro m a\nli \\a, 0x12345678\n.endm\n.rept 40\nm t0\n"
                                 "1: beqz t0, 1b\n.endr\n.data\n.word 1, 2, x\nx: .space 900\n";
    struct asm_options options = {0};
    struct asm_result r;
    struct error err;
    unsigned refused = 0;
    int failed;

    do {
        options.memory += 997;
        failed = asm_source(&r, "x", source, strlen(source), &options, &err);
        ck_assert(!failed || failed == ERROR_memory);
        refused += failed != 0;
        asm_result_free(&r);
    } while (failed && refused < 1000);
    ck_assert_uint_gt(refused, 100);
    ck_assert_uint_lt(refused, 1000);
}
END_TEST

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

START_TEST(a_program_that_does_not_fit_below_the_end_of_memory_is_refused)
{
    static const char source[] = "nop\n.data\n.space 5000\n";
    struct asm_options options = {.base = 0xffffe000};
    struct asm_result r;

    ck_assert_int_eq(asm_source(&r, "x", source, strlen(source), &options, NULL), ERROR_input);
    ck_assert_ptr_nonnull(strstr(r.messages[0].text, "does not fit below the end"));
    asm_result_free(&r);
}
END_TEST

START_TEST(many_warnings_leave_room_for_the_errors)
{
    char source[1024] = "";
    struct asm_result r;

    for (int i = 0; i < 30; i++)
        strcat(source, ".warning \"mind\"\n");
    strcat(source, "foo\nfoo2\n.rept 3\nbar\n.endr\n");
    ck_assert_int_eq(asm_source(&r, "x", source, strlen(source), NULL, NULL), ERROR_input);
    ck_assert_uint_eq(r.error_count, 3); /* a repetition says it once */
    ck_assert_uint_eq(r.message_count, 3 + ASM_MESSAGES_MAX / 2);
    ck_assert(!r.more);
    asm_result_free(&r);
}
END_TEST

START_TEST(includes_are_found_beside_the_file_and_cycles_end)
{
    char folder[] = "/tmp/trapeze-asm-XXXXXX", a[64], b[64];
    const char *const folders[] = {"/nowhere", folder};
    struct asm_options options = {.include_dirs = folders, .include_dir_count = 2};
    struct asm_result r;
    struct image m;
    struct error err;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(a, sizeof a, "%s/a.s", folder);
    snprintf(b, sizeof b, "%s/b.s", folder);
    write_file(a, ".include \"b.s\"\nj there\n");
    write_file(b, "there: nop\n");
    ck_assert_int_eq(asm_file(&r, a, NULL, &err), 0);
    asm_result_free(&r);
    write_file(b, "nop\n.include \"a.s\"\n");
    ck_assert_int_eq(asm_file(&r, a, NULL, &err), ERROR_input);
    ck_assert_msg(strstr(r.messages[0].text, "includes itself"), "%s", r.messages[0].text);
    ck_assert_str_eq(r.messages[0].file, b);
    ck_assert_str_eq(r.messages[0].notes[0].text, "included here");
    asm_result_free(&r);
    write_file(b, "\x01\x02\x03\x04");
    write_file(a, ".incbin \"b.s\"\n");
    ck_assert_int_eq(asm_file(&r, a, NULL, &err), 0);
    ck_assert_int_eq(image_parse(&m, a, r.elf, r.elf_size, &err), 0);
    ck_assert_uint_eq(word_at(&m, 0x80000000), 0x04030201);
    image_free(&m);
    asm_result_free(&r);
    ck_assert_int_eq(asm_source(&r, "x", ".include \"a.s\"", 14, &options, &err), 0);
    asm_result_free(&r);
    unlink(a);
    unlink(b);
    ck_assert_int_eq(asm_file(&r, a, NULL, &err), ERROR_io);
    asm_result_free(&r);
    rmdir(folder);
}
END_TEST

Suite *suite_isa_asm_errors(void);
Suite *suite_isa_asm_errors(void)
{
    Suite *s = suite_create("isa_asm_errors");
    TCase *c = tcase_create("errors");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, each_mistake_is_named_with_its_place_and_advice, 0, COUNT_OF(cases));
    tcase_add_test(c, a_message_shows_the_line_a_caret_and_a_hint);
    tcase_add_test(c, all_errors_come_in_one_go_in_order_and_no_more_than_the_cap);
    tcase_add_test(c, warnings_alone_do_not_stop_a_program);
    tcase_add_test(c, a_line_marker_of_the_preprocessor_names_the_real_place);
    tcase_add_test(c, a_program_that_does_not_fit_below_the_end_of_memory_is_refused);
    tcase_add_test(c, many_warnings_leave_room_for_the_errors);
    tcase_add_test(c, running_out_of_memory_anywhere_is_an_error_and_no_harm);
    tcase_add_test(c, includes_are_found_beside_the_file_and_cycles_end);
    suite_add_tcase(s, c);
    return s;
}
