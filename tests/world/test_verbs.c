/* The verbs s n f t x c: where they stop, on a small program whose every step is known. */
#include "script/story.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "isa/csr.h"
#include "world/backwards.h"
#include "world/timeline.h"

static struct script *script;
static struct script_story story;
static struct verbs run;

static const struct {
    word address;
    word words[32];
} program[] = {
    {0x80000000,
     {
         0x80010137, /* 00 main: lui  sp, 0x80010 */
         0x800012b7, /* 04       lui  t0, 0x80001 */
         0x7c129073, /* 08       csrw tvec, t0 */
         0x010000ef, /* 0c       jal  f */
         0x00000073, /* 10       ecall */
         0x028000ef, /* 14       jal  r */
         0x0000006f, /* 18       j    . */
         0xff010113, /* 1c f:    addi sp, sp, -16 */
         0x00112023, /* 20       sw   ra, 0(sp) */
         0x010000ef, /* 24       jal  g */
         0x00012083, /* 28       lw   ra, 0(sp) */
         0x01010113, /* 2c       addi sp, sp, 16 */
         0x00008067, /* 30       ret */
         0x00000073, /* 34 g:    ecall */
         0x00008067, /* 38       ret */
         0x00300513, /* 3c r:    li   a0, 3 */
         0xfff50513, /* 40 h:    addi a0, a0, -1 */
         0xff010113, /* 44       addi sp, sp, -16 */
         0x00112023, /* 48       sw   ra, 0(sp) */
         0x00050463, /* 4c       beqz a0, 54 */
         0xff1ff0ef, /* 50       jal  h */
         0x00012083, /* 54       lw   ra, 0(sp) */
         0x01010113, /* 58       addi sp, sp, 16 */
         0x00008067, /* 5c       ret */
     }},
    {0x80001000,
     {
         0x7c302373, /* csrr t1, epc */
         0x00430313, /* addi t1, t1, 4 */
         0x7c331073, /* csrw epc, t1 */
         0x30200073, /* tret */
     }},
};

static void begin_with(const char *text)
{
    struct script_options options = {.path = "run.lua", .text = text};
    struct error err = {0};

    ck_assert_msg(script_open(&script, &options, &err) == 0, "%s", err.text);
    ck_assert_msg(script_start(script, &err) == 0, "%s", err.text);
    for (size_t i = 0; i < COUNT_OF(program); i++)
        host_write(world_host(script_world(script), 0), program[i].address, program[i].words,
                   sizeof program[i].words);
    host_write_reg(world_host(script_world(script), 0), HOST_REG_PC, 0x80000000);
    struct verbs_story go_on = script_story(&story, script);
    verbs_init(&run, script_world(script), &go_on);
}

static void begin(void)
{
    begin_with("return { setup = function(s) s.m = tz.machine { ram = '1M' } end,\n"
               "run = function(s) s.m:run(1000) end }");
}

static void end(void)
{
    verbs_fini(&run);
    script_free(script);
}

/* To the end of the verb, in slices of one step, or more. */
static void finish(uint64_t slice)
{
    for (int i = 0; i < 3000 && verbs_running(&run); i++)
        verbs_slice(&run, slice);
    ck_assert(!verbs_running(&run));
}

static void verb(enum verb v, uint64_t steps)
{
    verbs_begin(&run, v, steps);
    finish(7);
}

static word pc(void)
{
    return machine_regs(host_machine(run.host))->pc & 0xffff;
}

static void ck_at(word wanted, const char *reason)
{
    ck_assert_msg(pc() == wanted, "at %04x, not %04x (%s)", pc(), wanted, run.reason);
    ck_assert_str_eq(run.reason, reason);
}

static void toggle(word address, enum breaks_change wanted)
{
    struct break_point point = {.place = {.space = {.kind = SPACE_GVA}, .address = address}};

    ck_assert_int_eq(verbs_toggle_break(&run, &point), wanted);
}

START_TEST(steps_are_counted_whatever_the_slices)
{
    verb(VERB_STEP, 1);
    ck_at(0x04, "step");
    verbs_begin(&run, VERB_STEP, 3);
    finish(1);
    ck_at(0x1c, "step");
    ck_assert_uint_eq(machine_icount(host_machine(run.host)), 4);
}
END_TEST

START_TEST(over_a_call_or_a_trap_is_one_and_anything_else_a_step)
{
    verb(VERB_STEP, 3);
    verb(VERB_OVER, 0); /* f, which calls g, which traps */
    ck_at(0x10, "over");
    verb(VERB_OVER, 0); /* ecall: the handler lies in the same ring */
    ck_at(0x14, "over");
    verb(VERB_STEP, 2);
    verb(VERB_OVER, 0);
    ck_at(0x44, "over");
}
END_TEST

START_TEST(over_a_recursive_call_stops_in_its_own_frame)
{
    word sp;

    verb(VERB_GO, 0); /* to the end of the thousand steps */
    ck_assert_str_eq(run.reason, "the scenario is done");
    end();
    begin();
    toggle(0x80000050, BREAKS_SET);
    verb(VERB_GO, 0);
    ck_at(0x50, "breakpoint 80000050");
    toggle(0x80000050, BREAKS_CLEARED);
    sp = machine_regs(host_machine(run.host))->x[2];
    verb(VERB_OVER, 0);
    ck_at(0x54, "over");
    ck_assert_uint_eq(machine_regs(host_machine(run.host))->x[2], sp);
}
END_TEST

START_TEST(out_returns_from_the_function_past_inner_calls_and_traps)
{
    verb(VERB_STEP, 5); /* in f, before it calls g */
    ck_at(0x20, "step");
    verb(VERB_OUT, 0);
    ck_at(0x10, "out");
    verb(VERB_STEP, 1); /* into the handler */
    ck_at(0x1000, "step");
    verb(VERB_OUT, 0);
    ck_at(0x14, "out");
}
END_TEST

START_TEST(a_trap_stops_behind_it_and_the_filter_decides)
{
    struct error err;

    verb(VERB_TRAP, 0);
    ck_at(0x1000, "trap ecall_ring0");
    ck_assert_uint_eq(machine_regs(host_machine(run.host))->epc, 0x80000034);
    ck_assert_int_eq(filter_parse(&run.filter, "pc=0x80000010", NULL, &err), 0);
    verb(VERB_TRAP, 0);
    ck_at(0x1000, "trap ecall_ring0");
    ck_assert_uint_eq(machine_regs(host_machine(run.host))->epc, 0x80000010);
    ck_assert_int_eq(filter_parse(&run.filter, "cause=illegal", NULL, &err), 0);
    verb(VERB_TRAP, 0);
    ck_assert_str_eq(run.reason, "the scenario is done");
}
END_TEST

START_TEST(a_breakpoint_stops_before_its_instruction_every_time)
{
    toggle(0x80000044, BREAKS_SET);
    for (int i = 0; i < 3; i++) {
        verb(VERB_GO, 0);
        ck_at(0x44, "breakpoint 80000044");
    }
    verb(VERB_GO, 0);
    ck_assert_str_eq(run.reason, "the scenario is done");
}
END_TEST

START_TEST(the_table_of_breakpoints_is_bounded_and_emptied)
{
    for (word i = 0; i < BREAKS_MAX; i++)
        toggle(i, BREAKS_SET);
    toggle(0x1000, BREAKS_FULL);
    for (word i = 0; i < BREAKS_MAX; i++)
        toggle(i, BREAKS_CLEARED);
    toggle(3, BREAKS_SET);
}
END_TEST

START_TEST(a_breakpoint_of_another_context_is_passed_by)
{
    struct break_point other = {.place = {.address = 0x80000044, .space = {SPACE_GVA, 1}}};
    struct break_point elsewhere = {
        .place = {.address = 0x80000044, .space = {SPACE_GVA, 1}, .image = "nobody"}};

    ck_assert_int_eq(verbs_toggle_break(&run, &other), BREAKS_SET);
    ck_assert_int_eq(verbs_toggle_break(&run, &elsewhere), BREAKS_SET);
    verb(VERB_GO, 0);
    ck_assert_str_eq(run.reason, "the scenario is done");
}
END_TEST

/* The scenario waits for a thousand steps; it gets them by whatever verbs come. */
START_TEST(the_scenario_goes_on_when_its_goal_is_reached_by_hand)
{
    verb(VERB_STEP, 999);
    ck_assert_int_eq(script_state(script), SCRIPT_WAITING);
    verb(VERB_STEP, 1);
    ck_assert_int_eq(script_state(script), SCRIPT_DONE);
    ck_assert_str_eq(run.reason, "the scenario is done");
    verb(VERB_STEP, 2); /* and then the machine is ours */
    ck_assert_uint_eq(machine_icount(host_machine(run.host)), 1002);
}
END_TEST

START_TEST(a_scenario_that_fails_says_why_and_leaves_the_machine)
{
    end();
    begin_with("return { setup = function(s) s.m = tz.machine { ram = '1M' } end,\n"
               "run = function(s) s.m:run(5) error 'not like this' end }");
    verb(VERB_GO, 0);
    ck_assert_int_eq(script_state(script), SCRIPT_FAILED);
    ck_assert_ptr_nonnull(strstr(run.reason, "run.lua:2: error: not like this"));
    verb(VERB_STEP, 1);
    ck_assert_str_eq(run.reason, "step");
}
END_TEST

START_TEST(a_machine_that_comes_later_is_followed)
{
    end();
    begin_with("return { setup = function(s) s.m = tz.machine { name = 'one', ram = '1M' } end,\n"
               "run = function(s) s.m:run(5)\n"
               "  local two = tz.machine { name = 'two', ram = '1M' }\n"
               "  two.mem.hpa:set_u32(0x80000000, 0x6f) two.regs.pc = 0x80000000 two:run(5) end }");
    verb(VERB_STEP, 5);
    ck_assert_str_eq(host_name(run.host), "two");
    verb(VERB_GO, 0);
    ck_assert_uint_eq(machine_icount(host_machine(run.host)), 5);
    ck_assert_str_eq(run.reason, "the scenario is done");
}
END_TEST

START_TEST(what_is_said_is_seen_where_it_was_said_though_another_machine_comes_next)
{
    end();
    begin_with("return { setup = function(s) s.m = tz.machine { name = 'one', ram = '1M' } end,\n"
               "run = function(s) s.m:run(5) tz.say 'Five.'\n"
               "  local two = tz.machine { name = 'two', ram = '1M' }\n"
               "  two.mem.hpa:set_u32(0x80000000, 0x6f) two.regs.pc = 0x80000000 two:run(5) end }");
    verb(VERB_GO, 0);
    ck_assert_str_eq(run.reason, "Five.");
    ck_assert_str_eq(host_name(run.host), "one");
    verb(VERB_STEP, 1); /* on with the story */
    ck_assert_str_eq(host_name(run.host), "two");
    ck_assert_uint_eq(machine_icount(host_machine(run.host)), 1);
}
END_TEST

/* ---- backwards ---- */

static uint64_t icount(void)
{
    return machine_icount(host_machine(run.host));
}

static void record(void)
{
    struct error err;

    ck_assert_msg(timeline_start(run.host, NULL, &err) == 0, "%s", err.text);
}

static const struct {
    enum verb verb;
    uint64_t steps;
    unsigned times;
    const char *filter, *reason;
} mirrored[] = {
    {VERB_STEP, 3, 20, "", "step back"},
    {VERB_OVER, 0, 7, "", "over, backwards"},
    {VERB_TRAP, 0, 2, "", "trap ecall_ring0"},
    {VERB_TRAP, 0, 1, "pc=0x80000010", "trap ecall_ring0"},
    {VERB_GO, 0, 3, "", "breakpoint, backwards"},
};

START_TEST(backwards_it_stands_where_it_stood)
{
    uint64_t place[20], digest[20];
    struct error err;

    record();
    if (mirrored[_i].verb == VERB_GO)
        toggle(0x80000044, BREAKS_SET);
    ck_assert_int_eq(filter_parse(&run.filter, mirrored[_i].filter, NULL, &err), 0);
    for (unsigned i = 0; i < mirrored[_i].times; i++) {
        verb(mirrored[_i].verb, mirrored[_i].steps);
        place[i] = icount();
        digest[i] = machine_digest(host_machine(run.host));
    }
    if (mirrored[_i].verb != VERB_OVER)
        verb(VERB_STEP, 2);
    for (unsigned i = mirrored[_i].times - (mirrored[_i].verb == VERB_OVER); i-- > 0;) {
        if (mirrored[_i].verb == VERB_STEP && i + 1 == mirrored[_i].times)
            verbs_back(&run, VERB_STEP, 2);
        else
            verbs_back(&run, mirrored[_i].verb, mirrored[_i].steps);
        ck_assert_str_eq(run.reason, mirrored[_i].reason);
        ck_assert_uint_eq(icount(), place[i]);
        ck_assert_uint_eq(machine_digest(host_machine(run.host)), digest[i]);
    }
}
END_TEST

START_TEST(backwards_over_a_recursive_call_stays_in_its_own_frame)
{
    record();
    toggle(0x80000054, BREAKS_SET);
    verb(VERB_GO, 0); /* the innermost has not called */
    verb(VERB_GO, 0); /* its caller is behind the call */
    ck_at(0x54, "breakpoint 80000054");
    word sp = machine_regs(host_machine(run.host))->x[2];
    verbs_back(&run, VERB_OVER, 0);
    ck_at(0x50, "over, backwards");
    ck_assert_uint_eq(machine_regs(host_machine(run.host))->x[2], sp);
}
END_TEST

static const struct {
    unsigned steps;
    word from, to;
} calls[] = {
    {4, 0x1c, 0x0c},    {5, 0x20, 0x0c},    /* f */
    {7, 0x34, 0x24},                        /* g, called by f */
    {8, 0x1000, 0x34},  {10, 0x1008, 0x34}, /* the handler, from g */
    {12, 0x38, 0x24},   {13, 0x28, 0x0c},   /* back in g, in f: not what has returned */
    {17, 0x1000, 0x10}, {23, 0x40, 0x14},   {28, 0x40, 0x50}, /* the handler, r, r inside r */
};

START_TEST(backwards_out_is_at_the_call)
{
    struct timeline_options options = {.spacing = 1 + (uint64_t)_i % 5};
    struct error err;

    ck_assert_int_eq(timeline_start(run.host, &options, &err), 0);
    verb(VERB_STEP, calls[_i].steps);
    ck_assert_uint_eq(pc(), calls[_i].from);
    verbs_back(&run, VERB_OUT, 0);
    ck_at(calls[_i].to, "out, backwards");
}
END_TEST

START_TEST(backwards_out_of_what_nobody_called_stays_there)
{
    record();
    verb(VERB_STEP, 3);
    verbs_back(&run, VERB_OUT, 0);
    ck_assert_uint_eq(icount(), 3);
    ck_assert_str_eq(run.reason, "where this was called is not recorded");
}
END_TEST

START_TEST(backwards_ends_where_the_recording_begins)
{
    verbs_back(&run, VERB_STEP, 1);
    ck_assert_str_eq(run.reason, "the history of this machine is not recorded");
    verb(VERB_STEP, 4);
    record();
    verb(VERB_STEP, 5);
    verbs_back(&run, VERB_EXIT, 0);
    ck_assert_str_eq(run.reason, "there was no such exit before");
    ck_assert_uint_eq(icount(), 9);
    verbs_back(&run, VERB_GO, 0);
    ck_assert_str_eq(run.reason, "here the recording begins");
    ck_assert_uint_eq(icount(), 4);
    verbs_back(&run, VERB_STEP, 1);
    ck_assert_str_eq(run.reason, "here the recording begins");
    verb(VERB_STEP, 5);
    verbs_back(&run, VERB_STEP, 100);
    ck_assert_uint_eq(icount(), 4);
}
END_TEST

Suite *suite_world_verbs(void);
Suite *suite_world_verbs(void)
{
    Suite *s = suite_create("world_verbs");
    TCase *c = tcase_create("run");

    tcase_add_checked_fixture(c, begin, end);
    tcase_add_test(c, steps_are_counted_whatever_the_slices);
    tcase_add_test(c, over_a_call_or_a_trap_is_one_and_anything_else_a_step);
    tcase_add_test(c, over_a_recursive_call_stops_in_its_own_frame);
    tcase_add_test(c, out_returns_from_the_function_past_inner_calls_and_traps);
    tcase_add_test(c, a_trap_stops_behind_it_and_the_filter_decides);
    tcase_add_test(c, a_breakpoint_stops_before_its_instruction_every_time);
    tcase_add_test(c, the_table_of_breakpoints_is_bounded_and_emptied);
    tcase_add_test(c, a_breakpoint_of_another_context_is_passed_by);
    tcase_add_test(c, the_scenario_goes_on_when_its_goal_is_reached_by_hand);
    tcase_add_test(c, a_scenario_that_fails_says_why_and_leaves_the_machine);
    tcase_add_test(c, a_machine_that_comes_later_is_followed);
    tcase_add_test(c, what_is_said_is_seen_where_it_was_said_though_another_machine_comes_next);
    tcase_add_loop_test(c, backwards_it_stands_where_it_stood, 0, COUNT_OF(mirrored));
    tcase_add_test(c, backwards_over_a_recursive_call_stays_in_its_own_frame);
    tcase_add_loop_test(c, backwards_out_is_at_the_call, 0, COUNT_OF(calls));
    tcase_add_test(c, backwards_out_of_what_nobody_called_stays_there);
    tcase_add_test(c, backwards_ends_where_the_recording_begins);
    suite_add_tcase(s, c);
    return s;
}
