/*
 * The verbs by source line, both ways, on the debugger's program (tests/cli/debug/prog.s): calls,
 * a program in ring 3, traps. However far apart the snapshots are, the way back is the same.
 */
#include "world/backwards.h"

#include <check.h>
#include <stdlib.h>

#include "base/file.h"
#include "isa/asm.h"
#include "world/timeline.h"
#include "world/view.h"

#define PROGRAM   "tests/cli/debug/prog.s"
#define STOPS_MAX 128

static struct world *world;
static struct host *host;
static struct verbs verbs;

static void setup(void)
{
    struct machine_config config = machine_config_default();
    struct host_program program = {.image = "prog.s"};
    struct asm_options options = {0};
    struct asm_result result;
    struct error err;
    uint8_t *text;
    size_t size;

    ck_assert_int_eq(file_read(PROGRAM, "source", 1 << 20, &text, &size, &err), 0);
    ck_assert_msg(asm_source(&result, "prog.s", (char *)text, size, &options, &err) == 0, "%s",
                  err.text);
    program.bytes = result.elf;
    program.byte_count = result.elf_size;
    config.ram_size = 1 << 20;
    ck_assert_int_eq(world_new(&world, &err), 0);
    ck_assert_int_eq(world_add(world, "m", &config, &host, &err), 0);
    ck_assert_msg(host_load(host, &program, &err) == 0, "%s", err.text);
    asm_result_free(&result);
    free(text);
    verbs_init(&verbs, world, NULL);
}

static void teardown(void)
{
    verbs_fini(&verbs);
    world_free(world);
}

static uint64_t now(void)
{
    return machine_icount(host_machine(host));
}

static unsigned line(void)
{
    const struct line_row *row =
        view_line(host, view_current(host), machine_regs(host_machine(host))->pc);

    return row ? row->line : 0;
}

static void verb(enum verb v)
{
    verbs_begin(&verbs, v, 0);
    while (verbs_running(&verbs))
        verbs_slice(&verbs, 3);
}

static void to_line(unsigned wanted)
{
    for (unsigned i = 0; line() != wanted; i++) {
        ck_assert_uint_lt(i, STOPS_MAX);
        verb(VERB_LINE);
        ck_assert_str_eq(verbs.reason, "line");
    }
}

static const uint64_t spacings[] = {1, 2, 3, 7, 1000};

START_TEST(back_by_lines_is_where_it_was)
{
    struct timeline_options options = {.spacing = spacings[_i]};
    uint64_t place[STOPS_MAX];
    word pc[STOPS_MAX];
    struct error err;
    unsigned n = 0;

    ck_assert_int_eq(timeline_start(host, &options, &err), 0);
    for (; n < STOPS_MAX && machine_state(host_machine(host)) == MACHINE_READY; n++) {
        place[n] = now();
        pc[n] = machine_regs(host_machine(host))->pc;
        verb(VERB_LINE);
    }
    ck_assert_uint_gt(n, 30);
    ck_assert_uint_lt(n, STOPS_MAX);
    verbs_seek(&verbs, place[n - 1], &err);
    while (n-- > 1) {
        ck_assert_uint_eq(now(), place[n]);
        ck_assert_uint_eq(machine_regs(host_machine(host))->pc, pc[n]);
        verbs_back(&verbs, VERB_LINE, 0);
        ck_assert_str_eq(verbs.reason, "line, backwards");
    }
    ck_assert_uint_eq(now(), 0);
    verbs_back(&verbs, VERB_LINE, 0);
    ck_assert_str_eq(verbs.reason, "here the recording begins");
}
END_TEST

/* From a line, by a verb, to a line. */
static const struct {
    unsigned from;
    enum verb verb;
    unsigned to;
} forwards[] = {
    {7, VERB_LINE, 8},        {8, VERB_LINE, 20},  {8, VERB_LINE_OVER, 9},   {22, VERB_LINE, 27},
    {22, VERB_LINE_OVER, 23}, {28, VERB_LINE, 23}, {28, VERB_LINE_OVER, 23}, {16, VERB_LINE, 17},
    {17, VERB_LINE, 44},      {44, VERB_LINE, 45}, {45, VERB_LINE_OVER, 46},
};

START_TEST(a_line_goes_into_calls_and_past_traps)
{
    to_line(forwards[_i].from);
    verb(forwards[_i].verb);
    ck_assert_str_eq(verbs.reason, "line");
    ck_assert_uint_eq(line(), forwards[_i].to);
}
END_TEST

static const struct {
    unsigned from;
    enum verb verb;
    unsigned to;
} backwards[] = {
    {9, VERB_LINE, 26},       {9, VERB_LINE_OVER, 8},   {20, VERB_LINE, 8},
    {20, VERB_LINE_OVER, 8},  {23, VERB_LINE, 28},      {23, VERB_LINE_OVER, 22},
    {24, VERB_LINE_OVER, 23}, {27, VERB_LINE_OVER, 22}, {44, VERB_LINE, 17},
    {44, VERB_LINE_OVER, 17}, {45, VERB_LINE, 44},      {46, VERB_LINE_OVER, 45},
};

START_TEST(back_over_a_call_is_at_its_line)
{
    struct timeline_options options = {.spacing = 1 + (uint64_t)_i % 4};
    struct error err;

    ck_assert_int_eq(timeline_start(host, &options, &err), 0);
    to_line(backwards[_i].from);
    verbs_back(&verbs, backwards[_i].verb, 0);
    ck_assert_str_eq(verbs.reason, "line, backwards");
    ck_assert_uint_eq(line(), backwards[_i].to);
}
END_TEST

START_TEST(before_a_trap_handler_is_what_has_trapped)
{
    struct error err;

    ck_assert_int_eq(timeline_start(host, NULL, &err), 0);
    to_line(45);
    verbs_begin(&verbs, VERB_STEP, 1);
    verbs_slice(&verbs, 1);
    ck_assert_uint_eq(line(), 51);
    verbs_back(&verbs, VERB_LINE_OVER, 0);
    ck_assert_uint_eq(line(), 45);
}
END_TEST

Suite *suite_world_lines(void);
Suite *suite_world_lines(void)
{
    Suite *s = suite_create("world_lines");
    TCase *c = tcase_create("lines");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, back_by_lines_is_where_it_was, 0, (int)COUNT_OF(spacings));
    tcase_add_loop_test(c, a_line_goes_into_calls_and_past_traps, 0, (int)COUNT_OF(forwards));
    tcase_add_loop_test(c, back_over_a_call_is_at_its_line, 0, (int)COUNT_OF(backwards));
    tcase_add_test(c, before_a_trap_handler_is_what_has_trapped);
    suite_add_tcase(s, c);
    return s;
}
