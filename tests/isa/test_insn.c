/*
 * Decode and encode, row by row of instructions.def: each is the other's inverse, and no word
 * is two instructions.
 */
#include "isa/insn.h"
#include "isa/pseudo.h"
#include "tests/isa/random.h"

#include <check.h>
#include <string.h>

#define ROUNDS 400

/* A random instruction of row `id` whose fields all fit. */
static struct insn random_insn(enum insn_id id, uint32_t *seed)
{
    struct insn i = {.id = id};
    const char *syntax = insn_info(id)->syntax;

    for (; *syntax; syntax++) {
        uint32_t r = random_next(seed);

        switch (*syntax) {
        case 'd':
        case 's':
        case 't':
        case 'h':
        case 'z':
            pseudo_set(&i, *syntax, (int32_t)(r >> 27));
            break;
        case 'c':
        case 'f':
            pseudo_set(&i, *syntax, (int32_t)(r >> 20));
            break;
        case 'i':
        case 'm':
            i.imm = (int32_t)r >> 20;
            break;
        case 'b':
            i.imm = (int32_t)r >> 19 & ~1;
            break;
        case 'j':
            i.imm = (int32_t)r >> 11 & ~1;
            break;
        case 'u':
            i.imm = (int32_t)(r & 0xfffff000);
            break;
        default:
            break;
        }
    }
    if (id == INSN_slti && i.rd == 0) /* that is trace */
        i.rd = 1;
    return i;
}

START_TEST(every_row_survives_encode_and_decode_with_any_operands)
{
    uint32_t seed = 0x1234567 + (uint32_t)_i;

    for (int round = 0; round < ROUNDS; round++) {
        struct insn i = random_insn((enum insn_id)_i, &seed);
        word bits;

        ck_assert_msg(insn_encode(&i, &bits), "%s does not encode", insn_info(i.id)->name);
        struct insn back = insn_decode(bits);
        ck_assert_str_eq(insn_info(back.id)->name, insn_info(i.id)->name);
        ck_assert_uint_eq(back.rd, i.rd);
        ck_assert_uint_eq(back.rs1, i.rs1);
        ck_assert_uint_eq(back.rs2, i.rs2);
        ck_assert_uint_eq(back.csr, i.csr);
        ck_assert_int_eq(back.imm, i.imm);
        ck_assert_uint_eq(back.bits, bits);
    }
}
END_TEST

START_TEST(every_word_that_decodes_has_the_fixed_bits_of_its_row)
{
    uint32_t seed = 99;
    unsigned found = 0;

    for (int round = 0; round < 200000; round++) {
        word bits = random_next(&seed) | 3; /* the low bits of every instruction */
        struct insn i = insn_decode(bits);
        const struct insn_info *info = insn_info(i.id);

        if (i.id == INSN_ILLEGAL)
            continue;
        found++;
        ck_assert_uint_eq(bits & info->mask, info->match);
    }
    ck_assert_uint_gt(found, 10000);
}
END_TEST

START_TEST(no_word_belongs_to_two_rows_but_trace_is_a_special_slti)
{
    for (unsigned a = 1; a < INSN_COUNT; a++) {
        const struct insn_info *x = insn_info((enum insn_id)a);

        ck_assert_uint_eq(x->match & ~x->mask, 0);
        for (unsigned b = a + 1; b < INSN_COUNT; b++) {
            const struct insn_info *y = insn_info((enum insn_id)b);
            word both = x->mask & y->mask;

            if ((x->match & both) != (y->match & both))
                continue;
            ck_assert_str_eq(x->name, "trace");
            ck_assert_str_eq(y->name, "slti");
        }
    }
}
END_TEST

START_TEST(names_find_their_rows_and_only_whole_names_do)
{
    for (unsigned id = 1; id < INSN_COUNT; id++)
        ck_assert_int_eq(insn_find(insn_info((enum insn_id)id)->name), id);
    ck_assert_int_eq(insn_find("ad"), INSN_ILLEGAL);
    ck_assert_int_eq(insn_find(""), INSN_ILLEGAL);
    ck_assert_int_eq(insn_find("illegal"), INSN_ILLEGAL);
}
END_TEST

static const struct {
    const char *what;
    struct insn insn;
    bool fits;
} limits[] = {
    {"addi 2047", {.id = INSN_addi, .imm = 2047}, true},
    {"addi 2048", {.id = INSN_addi, .imm = 2048}, false},
    {"addi -2048", {.id = INSN_addi, .imm = -2048}, true},
    {"addi -2049", {.id = INSN_addi, .imm = -2049}, false},
    {"sw 2047", {.id = INSN_sw, .imm = 2047}, true},
    {"sw 2048", {.id = INSN_sw, .imm = 2048}, false},
    {"slli 31", {.id = INSN_slli, .imm = 31}, true},
    {"slli 32", {.id = INSN_slli, .imm = 32}, false},
    {"slli -1", {.id = INSN_slli, .imm = -1}, false},
    {"beq 4094", {.id = INSN_beq, .imm = 4094}, true},
    {"beq 4096", {.id = INSN_beq, .imm = 4096}, false},
    {"beq -4096", {.id = INSN_beq, .imm = -4096}, true},
    {"beq -4098", {.id = INSN_beq, .imm = -4098}, false},
    {"beq 3", {.id = INSN_beq, .imm = 3}, false},
    {"jal 1048574", {.id = INSN_jal, .imm = 1048574}, true},
    {"jal 1048576", {.id = INSN_jal, .imm = 1048576}, false},
    {"jal -1048576", {.id = INSN_jal, .imm = -1048576}, true},
    {"jal 1", {.id = INSN_jal, .imm = 1}, false},
    {"lui 0xfffff000", {.id = INSN_lui, .imm = (int32_t)0xfffff000}, true},
    {"lui 1", {.id = INSN_lui, .imm = 1}, false},
    {"csrrwi 31", {.id = INSN_csrrwi, .imm = 31}, true},
    {"csrrwi 32", {.id = INSN_csrrwi, .imm = 32}, false},
    {"csr 0xfff", {.id = INSN_csrrw, .csr = 0xfff}, true},
    {"csr 0x1000", {.id = INSN_csrrw, .csr = 0x1000}, false},
    {"x32", {.id = INSN_add, .rd = 32}, false},
    {"add with an immediate", {.id = INSN_add, .imm = 1}, false},
    {"no instruction", {.id = INSN_ILLEGAL}, false},
    {"no id", {.id = INSN_COUNT}, false},
};

START_TEST(encode_refuses_exactly_what_does_not_fit)
{
    word bits;

    ck_assert_msg(insn_encode(&limits[_i].insn, &bits) == limits[_i].fits, "%s", limits[_i].what);
}
END_TEST

static const word illegal[] = {
    0x00000000, 0xffffffff, 0x00000001, 0x00002063, 0x00003003, 0x00003023, 0x02001013,
    0x40001013, 0x80000033, 0x40001033, 0x04000033, 0x00200073, 0x00004073, 0x30200074,
    0x10200073, 0x0000600b, 0x0000700b, 0x0010000b, 0x0210200b, 0x0000108b, 0x0000002f,
};

START_TEST(words_outside_the_table_are_illegal)
{
    ck_assert_msg(insn_decode(illegal[_i]).id == INSN_ILLEGAL, "%08x", illegal[_i]);
}
END_TEST

Suite *suite_isa_insn(void);
Suite *suite_isa_insn(void)
{
    Suite *s = suite_create("isa_insn");
    TCase *c = tcase_create("insn");

    tcase_add_loop_test(c, every_row_survives_encode_and_decode_with_any_operands, 1, INSN_COUNT);
    tcase_add_test(c, every_word_that_decodes_has_the_fixed_bits_of_its_row);
    tcase_add_test(c, no_word_belongs_to_two_rows_but_trace_is_a_special_slti);
    tcase_add_test(c, names_find_their_rows_and_only_whole_names_do);
    tcase_add_loop_test(c, encode_refuses_exactly_what_does_not_fit, 0, COUNT_OF(limits));
    tcase_add_loop_test(c, words_outside_the_table_are_illegal, 0, COUNT_OF(illegal));
    suite_add_tcase(s, c);
    return s;
}
