/*
 * The escape oracle: silent while a guest does what bare hardware does, and exact about the first
 * instruction that does not.
 */
#include "world/oracle.h"

#include "isa/csr.h"
#include "isa/insn.h"
#include "world/explain.h"
#include "world/view.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_world_oracle(void);

#define STEPS 50000000u

static struct world *world;
static struct host *host;
static struct error err;

static void load(bool classic, const char *technique, const char *kernel, const char *words)
{
    struct host_module modules[] = {{"k", kernel}, {"programs", "build/guest/programs.pack"}};
    struct machine_config config = machine_config_default();
    char cmdline[256];
    struct host_program p = {.image = "build/guest/vmm.elf",
                             .modules = modules,
                             .module_count = COUNT_OF(modules),
                             .cmdline = cmdline};

    config.classic = classic;
    config.vt = strcmp(technique, "assist") == 0 || strcmp(technique, "npt") == 0;
    config.npt = strcmp(technique, "npt") == 0;
    snprintf(cmdline, sizeof cmdline,
             "vm=g technique=%s ram=4M kernel=k modules=programs cmdline={%s}", technique, words);
    ck_assert_msg(world_new(&world, &err) == 0, "%s", err.text);
    ck_assert_msg(world_add(world, "m", &config, &host, &err) == 0, "%s", err.text);
    ck_assert_msg(host_load(host, &p, &err) == 0, "%s", err.text);
}

/* A monitor of technique `inner` with the OS, inside a VM of technique `outer`. */
static void load_nested(const char *outer, const char *inner)
{
    struct host_module modules[] = {{"vmm.elf", "build/guest/vmm.elf"},
                                    {"os.elf", "build/guest/os.elf"},
                                    {"programs", "build/guest/programs.pack"}};
    struct machine_config config = machine_config_default();
    char cmdline[256];
    struct host_program p = {.image = "build/guest/vmm.elf",
                             .modules = modules,
                             .module_count = COUNT_OF(modules),
                             .cmdline = cmdline};

    config.ram_size = 64u << 20;
    config.vt = strcmp(outer, "full") != 0;
    config.npt = strcmp(outer, "npt") == 0;
    snprintf(cmdline, sizeof cmdline,
             "vm=outer technique=%s nested=%s ram=40M kernel=vmm.elf modules=os.elf,programs "
             "cmdline={vm=inner technique=%s ram=8M modules=programs cmdline={init=sleep,1}}",
             outer, strcmp(inner, "full") != 0 ? "on" : "off", inner);
    ck_assert_msg(world_new(&world, &err) == 0, "%s", err.text);
    ck_assert_msg(world_add(world, "m", &config, &host, &err) == 0, "%s", err.text);
    ck_assert_msg(host_load(host, &p, &err) == 0, "%s", err.text);
}

static void teardown(void)
{
    world_free(world);
}

static void run_to(const char *kind, const char *hint, const char *level)
{
    struct goal goal = {.kind = GOAL_EVENT, .budget = STEPS};

    ck_assert_int_eq(filter_set(&goal.filter, "kinds", kind, NULL, &err), 0);
    if (hint)
        ck_assert_int_eq(filter_set(&goal.filter, "hint", hint, NULL, &err), 0);
    ck_assert_int_eq(filter_set(&goal.filter, "level", level, NULL, &err), 0);
    host_set_goal(host, &goal);
    host_advance(host, STEPS);
    ck_assert_int_eq(host_goal(host), GOAL_REACHED);
    host_set_goal(host, NULL);
}

static void run_to_entry(void)
{
    run_to("entry", NULL, "1");
}

static void start(void)
{
    run_to_entry();
    ck_assert_msg(oracle_start(host, 1, ORACLE_BY_INSTRUCTIONS, &err) == 0, "%s", err.text);
}

static const struct {
    const char *kernel, *words;
    word status;
    uint64_t least; /* guest instructions */
} quiet[] = {
    {"build/guest/os.elf", "init=hello quiet", 0, 50000},
    {"build/guest/os.elf", "init=sleep,2 quiet", 0, 50000},  /* timer interrupts, and waiting */
    {"build/guest/os.elf", "init=status quiet", 152, 50000}, /* killed */
    {"build/guest/tests/vmm/bugs.elf", "traps_without_paging", 0, 1000},
    {"build/guest/tests/vmm/bugs.elf", "each_event_once", 0, 1000},
    {"build/guest/tests/vmm/conform.elf", "steps", 0, 1000},
    {"build/guest/tests/vmm/conform.elf", "counters", 0, 1000},
    {"build/guest/tests/vmm/conform.elf", "interrupts", 0, 1000},
    {"build/guest/tests/vmm/conform.elf", "edges", 0, 1000},
    {"build/guest/tests/vmm/conform.elf", "marks", 0, 1000},
    {"build/guest/tests/vmm/conform.elf", "wild_tables", 0, 1000},
    {"build/guest/tests/vmm/conform.elf", "probes", 0, 1000},
    {"build/guest/tests/vmm/conform.elf", "widths", 0, 1000},
};

static const char *const techniques[] = {"full", "assist", "npt"};

START_TEST(a_guest_on_a_strict_machine_never_escapes)
{
    unsigned i = (unsigned)_i / COUNT_OF(techniques);
    const struct oracle_report *r;
    char text[256] = "";
    gpa where;

    load(false, techniques[(unsigned)_i % COUNT_OF(techniques)], quiet[i].kernel, quiet[i].words);
    start();
    run_to("hint", "vm_destroy", "0");
    ck_assert_msg(oracle_memory(host, &where), "%08x", where);
    ck_assert_int_eq(host_advance(host, STEPS), ADVANCE_HALTED);
    r = oracle_report(host);
    ck_assert_msg(!r->escaped, "%s at %08x", oracle_text(host, text, sizeof text), r->pc);
    ck_assert_uint_ge(r->steps, quiet[i].least);
    ck_assert_uint_eq(machine_status(host_machine(host)), quiet[i].status);
}
END_TEST

/* Under binary translation, and for comparison by trap and emulate, at each trap of the guest. */
START_TEST(nor_where_its_instructions_are_translated)
{
    const struct oracle_report *r;
    char text[256] = "";
    bool translated = _i % 2;
    unsigned i = (unsigned)_i / 2;
    gpa where;

    load(translated, translated ? "bt" : "full", quiet[i].kernel, quiet[i].words);
    run_to("hint", "enter", "0");
    ck_assert_msg(oracle_start(host, 1, ORACLE_BY_EVENTS, &err) == 0, "%s", err.text);
    run_to("hint", "vm_destroy", "0");
    ck_assert_msg(oracle_memory(host, &where), "%08x", where);
    r = oracle_report(host);
    ck_assert_msg(!r->escaped, "%s at %08x", oracle_text(host, text, sizeof text), r->pc);
    ck_assert_uint_ge(r->steps, quiet[i].least);
}
END_TEST

static const struct {
    const char *outer, *inner;
} nested[] = {{"full", "full"}, {"assist", "full"}, {"assist", "assist"},
              {"npt", "full"},  {"npt", "assist"},  {"npt", "npt"}};

START_TEST(neither_does_a_guest_inside_a_guest)
{
    const struct oracle_report *r;
    char text[256] = "";
    gpa where;

    load_nested(nested[_i].outer, nested[_i].inner);
    run_to("entry", NULL, "2");
    ck_assert_msg(oracle_start(host, 2, ORACLE_BY_INSTRUCTIONS, &err) == 0, "%s", err.text);
    run_to("hint", "vm_destroy", "1");
    ck_assert_msg(oracle_memory(host, &where), "%08x", where);
    r = oracle_report(host);
    ck_assert_msg(!r->escaped, "%s at %08x", oracle_text(host, text, sizeof text), r->pc);
    ck_assert_uint_ge(r->steps, 50000);
    ck_assert_int_eq(host_advance(host, STEPS), ADVANCE_HALTED);
    ck_assert_uint_eq(machine_status(host_machine(host)), 0);
}
END_TEST

START_TEST(the_first_hole_of_a_classic_machine_is_named)
{
    const struct oracle_report *r;
    char text[256];

    load(true, "full", "build/guest/os.elf", "init=hello quiet");
    start();
    ck_assert_int_eq(host_advance(host, STEPS), ADVANCE_STOPPED);
    r = oracle_report(host);
    ck_assert(r->escaped);
    /* The kernel turns interrupts off, and gets the monitor's status. */
    ck_assert_int_eq(insn_decode(r->insn).csr, CSR_status);
    ck_assert_uint_ne(r->guest, r->reference);
    oracle_text(host, text, sizeof text);
    ck_assert_msg(strstr(text, "on bare hardware, after csrrci"), "%s", text);

    char why[EXPLAIN_SIZE];
    struct text out = text_init(why, sizeof why);
    explain_stop(host, &out);
    ck_assert_msg(strstr(why, "escape: the guest is not as it would be"), "%s", why);
    ck_assert_msg(strstr(why, "it reads what is real"), "%s", why); /* the hole behind it */
}
END_TEST

/* One bit of one register, changed behind the guest's back, is found at once. */
START_TEST(one_wrong_bit_is_an_escape)
{
    const struct oracle_report *r;
    word pc;

    load(false, "full", "build/guest/os.elf", "init=hello quiet");
    start();
    host_advance(host, 20000);
    while (view_current(host) != 1)
        host_advance(host, 1);
    ck_assert(!oracle_report(host)->escaped);
    ck_assert(view_guest(host, 1, VIEW_PC, &pc));
    host_write_reg(host, 4, machine_regs(host_machine(host))->x[4] ^ 0x100); /* tp: unused */
    ck_assert_int_eq(host_advance(host, 1000), ADVANCE_STOPPED);
    r = oracle_report(host);
    ck_assert(r->escaped);
    ck_assert_uint_eq(r->reg, 4);
    ck_assert_uint_eq(r->guest ^ r->reference, 0x100);
}
END_TEST

START_TEST(it_says_what_it_cannot_watch)
{
    load(false, "full", "build/guest/os.elf", "init=hello quiet");
    ck_assert_int_ne(oracle_start(host, 0, ORACLE_BY_INSTRUCTIONS, &err), 0);
    ck_assert_msg(strstr(err.text, "a VM, not the machine"), "%s", err.text);
    run_to_entry();
    host_advance(host, 200000);
    ck_assert_int_ne(oracle_start(host, 1, ORACLE_BY_INSTRUCTIONS, &err), 0);
    ck_assert_msg(strstr(err.text, "from the guest's first instruction"), "%s", err.text);
    ck_assert_ptr_null(oracle_report(host));
}
END_TEST

Suite *suite_world_oracle(void)
{
    Suite *s = suite_create("world_oracle");
    TCase *c = tcase_create("oracle");

    tcase_add_checked_fixture(c, NULL, teardown);
    tcase_add_loop_test(c, a_guest_on_a_strict_machine_never_escapes, 0,
                        COUNT_OF(quiet) * COUNT_OF(techniques));
    tcase_add_loop_test(c, nor_where_its_instructions_are_translated, 0, 2 * COUNT_OF(quiet));
    tcase_add_loop_test(c, neither_does_a_guest_inside_a_guest, 0, COUNT_OF(nested));
    tcase_add_test(c, the_first_hole_of_a_classic_machine_is_named);
    tcase_add_test(c, one_wrong_bit_is_an_escape);
    tcase_add_test(c, it_says_what_it_cannot_watch);
    suite_add_tcase(s, c);
    return s;
}
