/*
 * The classifier's findings against the tables' own word: the classes of instructions.def and
 * the holes of csrs.def are what the machine was built from, the verdicts are what it did.
 */
#include "world/classify.h"

#include <check.h>
#include <string.h>

struct findings {
    bool classic;
    unsigned rows;
};

static void check_row(void *user, const struct classified *row)
{
    struct findings *f = user;
    enum insn_class class = insn_info(row->insn)->class;
    bool privileged = row->kinds & CLASSIFY_PRIVILEGED;
    char name[64];

    f->rows++;
    classify_name(row, name, sizeof name);
    switch (class) {
    case CLASS_USER:
    case CLASS_HINT:
    case CLASS_HCALL:
        ck_assert_msg(row->kinds == 0, "%s is innocuous, found %x: %s%s", name, row->kinds,
                      row->control, row->behaviour);
        break;
    case CLASS_PRIVILEGED:
    case CLASS_PORT:
        ck_assert_msg(privileged, "%s is privileged", name);
        break;
    case CLASS_SENSITIVE:
        ck_assert_msg(privileged == !f->classic, "%s: privileged only when strict", name);
        break;
    case CLASS_CSR:
        if (row->csr->kind == CSR_KIND_CONTROL && row->csr->hole != CSR_HOLE_NONE && f->classic)
            ck_assert_msg(!privileged || strncmp(name, "csrrw", 5) == 0, "%s has a hole", name);
        break;
    case CLASS_VT:
        break;
    }
}

START_TEST(findings_agree_with_the_classes_of_the_tables)
{
    struct findings f = {.classic = _i == 1};
    struct classify_verdict v;
    struct error err;

    ck_assert_int_eq(classify_run(f.classic, check_row, &f, &v, &err), 0);
    ck_assert_uint_eq(f.rows, v.rows);
    ck_assert_uint_gt(v.sensitive, 0);
    if (f.classic) {
        ck_assert_uint_gt(v.not_privileged, 0);
        ck_assert_uint_gt(v.user_not_privileged, 0);
    } else {
        ck_assert_uint_eq(v.not_privileged, 0);
        ck_assert_uint_eq(v.user_not_privileged, 0);
    }
}
END_TEST

static void find_hole(void *user, const struct classified *row)
{
    const char **wanted = user;
    char name[64];

    classify_name(row, name, sizeof name);
    if (!*wanted || strcmp(name, *wanted) != 0)
        return;
    ck_assert_msg((row->kinds & CLASSIFY_SENSITIVE) && !(row->kinds & CLASSIFY_PRIVILEGED),
                  "%s is a hole", name);
    *wanted = NULL;
}

static const char *const holes[] = {"csrrs status", "csrrc status",  "csrrs ptbr",
                                    "csrrs tvec",   "csrrci status", "probe"};

START_TEST(the_holes_of_the_classic_machine_are_found)
{
    const char *wanted = holes[_i];
    struct classify_verdict v;
    struct error err;

    ck_assert_int_eq(classify_run(true, find_hole, &wanted, &v, &err), 0);
    ck_assert_ptr_null(wanted);
}
END_TEST

Suite *suite_world_classify(void);
Suite *suite_world_classify(void)
{
    Suite *s = suite_create("world_classify");
    TCase *c = tcase_create("classify");

    tcase_set_timeout(c, 0); /* bounded by the tables */
    tcase_add_loop_test(c, findings_agree_with_the_classes_of_the_tables, 0, 2);
    tcase_add_loop_test(c, the_holes_of_the_classic_machine_are_found, 0,
                        sizeof holes / sizeof holes[0]);
    suite_add_tcase(s, c);
    return s;
}
