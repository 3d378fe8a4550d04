/* The log of traps: what each cost, who answered, and what lies inside what. */
#include "tui/traplog.h"

#include <check.h>
#include <string.h>

#include "isa/csr.h"
#include "machine/machine.h"

static struct world *world;
static struct host *host;
static struct traplog *traps;

static void begin(void)
{
    struct machine_config config = machine_config_default();
    struct error err = {0};

    config.ram_size = 1 << 20;
    ck_assert_msg(world_new(&world, &err) == 0, "%s", err.text);
    ck_assert_msg(world_add(world, NULL, &config, &host, &err) == 0, "%s", err.text);
    ck_assert_msg(traplog_new(&traps, host, &err) == 0, "%s", err.text);
}

static void end(void)
{
    traplog_free(traps);
    world_free(world);
}

/* A monitor that answers each system call of its one guest and goes on behind it. */
static const struct {
    word address;
    word words[16];
} program[] = {
    {0x80000000,
     {
         0x800012b7, /* lui   t0, 0x80001    the VMCB */
         0x0012a013, /* trace t0, vm_create */
         0x80002337, /* lui   t1, 0x80002 */
         0x7c131073, /* csrw  tvec, t1 */
         0x80003337, /* lui   t1, 0x80003    the guest */
         0x7c331073, /* csrw  epc, t1 */
         0x00400e13, /* li    t3, 4          PRING 1 */
         0x7c0e1073, /* csrw  status, t3 */
         0x00100393, /* li    t2, 1 */
         0x0053a013, /* trace t2, enter */
         0x30200073, /* tret */
     }},
    {0x80001000, {0x42434d56, 1}}, /* VMCB, vmid 1 */
    {0x80002000,
     {
         0x80004e37, /* lui   t3, 0x80004    "answer" */
         0x007e2013, /* trace t3, routine */
         0x7c302ef3, /* csrr  t4, epc */
         0x004e8e93, /* addi  t4, t4, 4 */
         0x7c3e9073, /* csrw  epc, t4 */
         0x0053a013, /* trace t2, enter */
         0x30200073, /* tret */
     }},
    {0x80003000, {0x00000073, 0x00000073, 0x0000006f}}, /* ecall, ecall, j . */
};

static void load_program(void)
{
    struct cpu_regs regs = *machine_regs(host_machine(host));

    for (size_t i = 0; i < COUNT_OF(program); i++)
        ck_assert(machine_write(host_machine(host), program[i].address, program[i].words,
                                sizeof program[i].words));
    regs.pc = program[0].address;
    machine_set_regs(host_machine(host), &regs);
}

START_TEST(an_exit_costs_what_passes_until_the_guest_is_entered_again)
{
    const struct trap_node *n;

    load_program();
    ck_assert_int_eq(host_advance(host, 28), ADVANCE_SLICE);
    ck_assert_uint_eq(traplog_count(traps, NULL), 2);
    for (unsigned i = 0; i < 2; i++) {
        n = traplog_at(traps, i);
        ck_assert_uint_eq(n->e.cause, CAUSE_ecall_ring1);
        ck_assert_uint_eq(n->e.pc, 0x80003000 + 4 * i);
        ck_assert_uint_eq(n->level, 1);
        ck_assert_uint_eq(n->depth, 0);
        ck_assert(!n->open);
        ck_assert_uint_gt(n->cost, 0);
        ck_assert_uint_eq(n->routine, 0x80004000);
        ck_assert_uint_eq(n->whose, 0);
    }
}
END_TEST

START_TEST(an_exit_that_is_not_answered_yet_is_open)
{
    load_program();
    host_advance(host, 13); /* into the handler of the first */
    ck_assert_uint_eq(traplog_count(traps, NULL), 1);
    ck_assert(traplog_at(traps, 0)->open);
}
END_TEST

/* What happens on the bare machine, without its program. */
static void publish(enum event_kind kind, word cause, uint64_t cycle)
{
    struct event e = {.kind = (uint16_t)kind, .cause = cause, .cycle = cycle};

    trace_publish(machine_trace(host_machine(host)), &e);
}

START_TEST(a_trap_inside_a_handler_lies_inside_its_trap)
{
    publish(EVENT_trap, CAUSE_ecall_ring3, 100);
    publish(EVENT_trap, CAUSE_load_page, 110);
    publish(EVENT_ret, 0, 150);
    publish(EVENT_ret, 0, 200);
    ck_assert_uint_eq(traplog_count(traps, NULL), 2);
    ck_assert_uint_eq(traplog_at(traps, 0)->depth, 0);
    ck_assert_uint_eq(traplog_at(traps, 0)->cost, 100);
    ck_assert_uint_eq(traplog_at(traps, 1)->depth, 1);
    ck_assert_uint_eq(traplog_at(traps, 1)->cost, 40);
}
END_TEST

START_TEST(a_return_to_an_outer_ring_ends_every_handler)
{
    struct event e = {.kind = EVENT_ret, .ring_to = 3, .cycle = 500};

    publish(EVENT_trap, CAUSE_ecall_ring3, 100);
    publish(EVENT_trap, CAUSE_load_page, 110);
    trace_publish(machine_trace(host_machine(host)), &e);
    ck_assert_uint_eq(traplog_count(traps, NULL), 2);
    ck_assert_uint_eq(traplog_at(traps, 0)->cost, 400);
    ck_assert_uint_eq(traplog_at(traps, 1)->cost, 390);
}
END_TEST

START_TEST(a_filter_picks_and_the_kept_ones_are_the_last)
{
    struct filter f = {0};
    struct error err;

    for (unsigned i = 0; i < TRAPLOG_KEEP + 10; i++) {
        publish(EVENT_trap, i % 2 ? CAUSE_breakpoint : CAUSE_ecall_ring3, i);
        publish(EVENT_ret, 0, i);
    }
    ck_assert_uint_eq(traplog_count(traps, NULL), TRAPLOG_KEEP);
    ck_assert_uint_eq(traplog_at(traps, 0)->e.cycle, 10);
    ck_assert_ptr_null(traplog_at(traps, TRAPLOG_KEEP));
    ck_assert_int_eq(filter_parse(&f, "cause=breakpoint", NULL, &err), 0);
    traplog_refilter(traps);
    ck_assert_uint_eq(traplog_count(traps, &f), TRAPLOG_KEEP / 2);
    ck_assert_uint_eq(traplog_at(traps, 0)->e.cycle, 11);
}
END_TEST

START_TEST(traps_without_end_forget_the_outermost)
{
    for (unsigned i = 0; i < 3 * TRAPLOG_DEPTH; i++)
        publish(EVENT_trap, CAUSE_illegal, i);
    ck_assert_uint_eq(traplog_at(traps, traplog_count(traps, NULL) - 1)->depth, TRAPLOG_DEPTH);
    for (unsigned i = 0; i < 3 * TRAPLOG_DEPTH; i++)
        publish(EVENT_ret, 0, 1000);
    ck_assert_uint_eq(traps->open_count, 0);
}
END_TEST

/* With vmrun the guest's own traps stay inside, and what leaves meanwhile lies inside them. */
START_TEST(an_exit_of_vmrun_lies_inside_the_guests_own_trap)
{
    static const struct host_module modules[] = {{"os.elf", "build/guest/os.elf"},
                                                 {"programs", "build/guest/programs.pack"}};
    struct host_program os = {.image = "build/guest/vmm.elf",
                              .modules = modules,
                              .module_count = COUNT_OF(modules),
                              .cmdline =
                                  "vm=os technique=npt ram=8M kernel=os.elf modules=programs "
                                  "cmdline=\"init=hello\""};
    struct machine_config config = machine_config_default();
    unsigned own = 0, outer = 0, inner = 0;
    struct traplog *log;
    struct error err;
    struct host *h;

    config.ram_size = 32u << 20;
    config.vt = config.npt = true;
    ck_assert_int_eq(world_add(world, "vt", &config, &h, &err), 0);
    ck_assert_int_eq(traplog_new(&log, h, &err), 0);
    ck_assert_msg(host_load(h, &os, &err) == 0, "%s", err.text);
    ck_assert_int_eq(host_advance(h, 50000000), ADVANCE_HALTED);
    unsigned count = traplog_count(log, NULL);
    for (unsigned i = 0; i < count; i++) {
        const struct trap_node *n = traplog_at(log, i);
        if (n->e.context != 1 || n->open)
            continue;
        ck_assert_uint_eq(n->level, 1);
        ck_assert_uint_gt(n->cost, 0);
        own += n->e.kind == EVENT_trap && n->depth == 0;
        outer += n->e.kind == EVENT_exit && n->depth == 0;
        inner += n->e.kind == EVENT_exit && n->depth == 1;
    }
    ck_assert_uint_ge(own, 2);
    ck_assert_uint_ge(outer, 2);
    ck_assert_uint_ge(inner, 2);
    ck_assert_uint_eq(log->last_out, 1);
    traplog_free(log);
}
END_TEST

Suite *suite_tui_traplog(void);
Suite *suite_tui_traplog(void)
{
    Suite *s = suite_create("tui_traplog");
    TCase *c = tcase_create("traplog");

    tcase_add_checked_fixture(c, begin, end);
    tcase_add_test(c, an_exit_costs_what_passes_until_the_guest_is_entered_again);
    tcase_add_test(c, an_exit_that_is_not_answered_yet_is_open);
    tcase_add_test(c, a_trap_inside_a_handler_lies_inside_its_trap);
    tcase_add_test(c, a_return_to_an_outer_ring_ends_every_handler);
    tcase_add_test(c, a_filter_picks_and_the_kept_ones_are_the_last);
    tcase_add_test(c, traps_without_end_forget_the_outermost);
    tcase_add_test(c, an_exit_of_vmrun_lies_inside_the_guests_own_trap);
    suite_add_tcase(s, c);
    return s;
}
