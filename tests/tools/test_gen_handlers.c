/*
 * tools/gen-handlers: what the interpreter is made of comes from the list of instructions and a
 * measurement, and an instruction that nobody has said the meaning of does not compile.
 */
#include "tests/cli/spawn.h"

#include "isa/insn.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define GENERATE "build/tool/gen-handlers "

/* The profile is the first argument of printf. */
static struct spawned generate(const char *profile)
{
    char command[512];

    snprintf(command, sizeof command,
             "f=$(mktemp); printf '%s' > $f; " GENERATE "$f; r=$?; rm $f; exit $r", profile);
    return spawn(command, NULL);
}

START_TEST(every_instruction_has_its_row)
{
    struct spawned s = generate("");
    unsigned rows = 0;

    ck_assert_int_eq(s.exit_code, 0);
    for (const char *at = s.out; (at = strstr(at, "\nOP(")) != NULL; at++)
        rows++;
    ck_assert_uint_eq(rows, INSN_COUNT - 1); /* but the illegal one */
    ck_assert_ptr_nonnull(strstr(s.out, "\nOP(add, R, ab)\n"));
    ck_assert_ptr_nonnull(strstr(s.out, "\nOP(sw, STORE, ab)\n"));
    ck_assert_ptr_nonnull(strstr(s.out, "\nOP(lw, LOAD, a)\n"));
    ck_assert_ptr_nonnull(strstr(s.out, "\nOP(lui, U, none)\n"));
    ck_assert_ptr_nonnull(strstr(s.out, "\nOP(sfence_vma, ST, none)\n"));
    ck_assert_ptr_null(strstr(s.out, "\nPAIR("));
    spawned_free(&s);
}
END_TEST

static const struct {
    const char *profile;
    const char *row; /* what it gives; NULL: nothing */
} neighbours[] = {
    {"add beq 7\\n", "\nPAIR(add, ab, beq, ab)\n"},
    {"lui jalr 1\\n", "\nPAIR(lui, none, jalr, a)\n"},
    {"sb jal 3\\n", "\nPAIR(sb, ab, jal, none)\n"},
    {"beq add 7\\n", NULL},   /* it may go elsewhere */
    {"add ecall 7\\n", NULL}, /* done in C */
    {"csrrw add 7\\n", NULL},
    {"fence fence.i 7\\n", NULL},
    {"# add add 7\\n", NULL},
};

START_TEST(neighbours_become_a_pair_when_the_first_goes_on_and_both_are_fast)
{
    struct spawned s = generate(neighbours[_i].profile);

    ck_assert_int_eq(s.exit_code, 0);
    if (neighbours[_i].row)
        ck_assert_ptr_nonnull(strstr(s.out, neighbours[_i].row));
    else
        ck_assert_ptr_null(strstr(s.out, "\nPAIR("));
    spawned_free(&s);
}
END_TEST

static const struct {
    const char *profile, *message;
} mistakes[] = {
    {"add add 7\\nadd 5\\n", ":2: expected FIRST SECOND SHARE"},
    {"add ad 7\\n", ":1: no such instruction: ad;"},
    {"ad add 7\\n", ":1: no such instruction: ad;"},
};

START_TEST(a_damaged_profile_is_refused_with_its_line)
{
    struct spawned s = generate(mistakes[_i].profile);

    ck_assert_int_eq(s.exit_code, 1);
    ck_assert_msg(strstr(s.err, mistakes[_i].message) != NULL, "%s", s.err);
    spawned_free(&s);
}
END_TEST

/* A list with one more row than semantics.def; `format` is that of the new one. */
static struct spawned compile_with(const char *format)
{
    char command[1024];

    snprintf(command, sizeof command,
             "d=$(mktemp -d); sed 's/^#undef OP/OP(mystery, %s, none)\\n#undef OP/' "
             "build/gen/handlers.def "
             "> $d/handlers.def; cc=$(command -v \"${CC:-clang}\" || command -v cc); "
             "$cc -std=c11 -fsyntax-only -Werror -DINSN_mystery=INSN_COUNT-1 -I$d -I. -Ibuild/gen "
             "machine/exec.c; r=$?; rm -r $d; exit $r",
             format);
    return spawn(command, NULL);
}

static const struct {
    const char *format, *missing;
} unknown[] = {
    {"R", "value_mystery"},    {"B", "taken_mystery"},    {"LOAD", "type_mystery"},
    {"STORE", "type_mystery"}, {"CSR", "system_mystery"}, {"NONE", "system_mystery"},
    {"NEW", "OP_NEW"},
};

START_TEST(an_instruction_without_a_meaning_does_not_compile)
{
    struct spawned s = compile_with(unknown[_i].format);

    ck_assert_int_ne(s.exit_code, 0);
    ck_assert_msg(strstr(s.err, unknown[_i].missing) != NULL, "%s", s.err);
    spawned_free(&s);
}
END_TEST

Suite *suite_tools_gen_handlers(void);
Suite *suite_tools_gen_handlers(void)
{
    Suite *s = suite_create("tools_gen_handlers");
    TCase *t = tcase_create("gen_handlers");

    tcase_add_test(t, every_instruction_has_its_row);
    tcase_add_loop_test(t, neighbours_become_a_pair_when_the_first_goes_on_and_both_are_fast, 0,
                        COUNT_OF(neighbours));
    tcase_add_loop_test(t, a_damaged_profile_is_refused_with_its_line, 0, COUNT_OF(mistakes));
    tcase_add_loop_test(t, an_instruction_without_a_meaning_does_not_compile, 0, COUNT_OF(unknown));
    suite_add_tcase(s, t);
    return s;
}
