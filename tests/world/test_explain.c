/* Small programs that go wrong, and what they are told. */
#include "isa/asm.h"
#include "world/explain.h"
#include "world/view.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *source;
    const char *says[6]; /* each must occur */
} cases[] = {
    {"_start: li a1, 0x100\n lw a0, 8(a1)\n",
     {"case.s:2: error: load from nothing (cause 5)", "lw a0, 8(a1)", "a1 = 0x00000100",
      "physical address 0x00000108", "near it: finisher", "never set"}},
    {"_start: li a1, 0x10000000\n sw a0, 0(a1)\n",
     {"case.s:2: error: store to nothing", "it lies in uart", "none of this width"}},
    {"_start: la a0, _start\n lw a1, 2(a0)\n",
     {"case.s:2: error: load from a misaligned address", "0x80000002 is no multiple of 4"}},
    {"_start: la a0, _start\n sh a1, 1(a0)\n", {"0x80000001 is no multiple of 2"}},
    {"_start: la a0, _start\n jr 2(a0)\n", {"the jump's target 0x80000002", "multiple of 4"}},
    {"_start: csrr a0, 0x123\n", {"case.s:1: error: illegal", "no control register 123"}},
    {"_start: csrw cycle, a0\n", {"cycle is a counter: nobody writes it"}},
    {"_start: nop\n", {"the word 0x00000000 is no instruction", "behind its last instruction"}},
    {"_start: vmrun a0\n", {"does not have vmrun"}},
    {"_start: li t0, 0xc\n csrw status, t0\n la t0, user\n csrw epc, t0\n tret\n"
     "user: csrr a0, epc\n",
     {"case.s:6: error: privileged", "epc (pc that tret returns to) belongs to ring 0",
      "this was ring 3"}},
    {"_start: li t0, 0xc\n csrw status, t0\n la t0, user\n csrw epc, t0\n tret\nuser: wfi\n",
     {"case.s:6: error", "wfi belongs to ring 0; this was ring 3"}},
    {"_start: li t0, 0xc\n csrw status, t0\n la t0, user\n csrw epc, t0\n tret\n"
     "user: li a0, 5\n pin a1, a0\n",
     {"IOPL, which is 0; this was ring 3"}},
    {"_start: li t0, 0xc\n csrw status, t0\n la t0, user\n csrw epc, t0\n tret\n"
     "user: rdcycle a0\n",
     {"ring 3 may read cycle only where cntren allows it"}},
    {"_start: li t0, 0x80000001\n csrw ptbr, t0\n lw a1, 0(a0)\n",
     {"level 1: entry at 0x00001", "outside RAM"}},
    {"_start: la t0, root\n srli t0, t0, 12\n li t1, 0x80000000\n or t0, t0, t1\n csrw ptbr, t0\n"
     " li a0, 0x1000\n lw a1, 0(a0)\n"
     ".data\n.balign 4096\nroot: .space 2048\n.word 0x800000cf\n.space 2044\n",
     {"case.s:7: error: page fault on a load", "level 1: entry at 0x", "= 0x00000000: not valid",
      "no page is mapped there"}},
    {"_start: la t0, root\n srli t0, t0, 12\n li t1, 0x80000000\n or t0, t0, t1\n csrw ptbr, t0\n"
     " la a0, _start\n sw a1, 0(a0)\n"
     ".data\n.balign 4096\nroot: .space 2048\n.word 0x800000cb\n.space 2044\n",
     {"page fault on a store", "page 0x80000000, r-xad, rings 0 to 0",
      "the page does not allow this access"}},
    {"_start: ecall\n", {"system call from ring 0", "set tvec first"}},
    {"_start: wfi\n", {"case.s:1: wfi waits"}},
    {"_start: la t0, handler\n csrw tvec, t0\n ecall\n.balign 4\nhandler: .word 0\n",
     {"the first instruction of the trap handler traps"}},
};

static void explain(const char *source, char *buffer, size_t size)
{
    struct machine_config config = machine_config_default();
    struct asm_result assembled;
    struct error err = {0};
    struct world *w;
    struct host *h;

    ck_assert_msg(asm_source(&assembled, "case.s", source, strlen(source), NULL, &err) == 0, "%s",
                  err.text);
    struct host_program program = {
        .image = "case.elf", .bytes = assembled.elf, .byte_count = assembled.elf_size};
    ck_assert_int_eq(world_new(&w, &err), 0);
    ck_assert_int_eq(world_add(w, NULL, &config, &h, &err), 0);
    ck_assert_msg(host_load(h, &program, &err) == 0, "%s", err.text);
    machine_input_end(host_machine(h));
    ck_assert_int_eq(host_advance(h, 10000), ADVANCE_SHUTDOWN);
    struct text out = text_init(buffer, size);
    explain_shutdown(h, &out);
    world_free(w);
    asm_result_free(&assembled);
}

START_TEST(what_went_wrong_is_told_with_place_operands_and_rule)
{
    char text[EXPLAIN_SIZE];

    explain(cases[_i].source, text, sizeof text);
    for (unsigned i = 0; i < COUNT_OF(cases[_i].says) && cases[_i].says[i]; i++)
        ck_assert_msg(strstr(text, cases[_i].says[i]) != NULL, "%s\nhas no \"%s\" but:\n%s",
                      cases[_i].source, cases[_i].says[i], text);
}
END_TEST

/* A handler that changes the register: what the instruction saw is no longer there to tell. */
START_TEST(operands_are_told_of_the_step_that_was_just_made_only)
{
    static const char source[] = "_start: la t0, h\n csrw tvec, t0\n li a1, 8\n lw a0, 0(a1)\n"
                                 "h: li a1, 9\n j h\n";
    char text[EXPLAIN_SIZE];
    struct asm_result assembled;
    struct error err = {0};
    struct world *w;
    struct host *h;
    struct goal goal = {.kind = GOAL_EVENT, .budget = 100};

    ck_assert_int_eq(asm_source(&assembled, "case.s", source, strlen(source), NULL, &err), 0);
    struct machine_config config = machine_config_default();
    struct host_program program = {
        .image = "case.elf", .bytes = assembled.elf, .byte_count = assembled.elf_size};
    ck_assert_int_eq(world_new(&w, &err), 0);
    ck_assert_int_eq(world_add(w, NULL, &config, &h, &err), 0);
    ck_assert_int_eq(host_load(h, &program, &err), 0);
    ck_assert_int_eq(filter_parse(&goal.filter, "trap", NULL, &err), 0);
    host_set_goal(h, &goal);
    ck_assert_int_eq(host_advance(h, 100), ADVANCE_GOAL);
    struct event e = *host_goal_event(h);
    struct text out = text_init(text, sizeof text);
    explain_stop(h, &out);
    ck_assert_ptr_nonnull(strstr(text, "case.s:4: trap: load from nothing (cause 5)"));
    ck_assert_ptr_nonnull(strstr(text, "lw a0, 0(a1)      a1 = 0x00000008"));
    host_advance(h, 1);
    out = text_init(text, sizeof text);
    explain_event(h, &e, &out);
    ck_assert_ptr_nonnull(strstr(text, "lw a0, 0(a1)\n"));
    out = text_init(text, sizeof text);
    explain_stop(h, &out);
    ck_assert_str_eq(text, "");
    world_free(w);
    asm_result_free(&assembled);
}
END_TEST

/* A kernel that does nothing wrong, in a VM: what it believes, and the table that counts. */
static const struct {
    const char *technique, *filter;
    const char *says[6];
    word ring; /* that was real */
} exits[] = {
    {"full",
     "exit cause=privileged",
     {"trap: privileged", "csrw", "this was ring 1", "os believes to be in ring 0"},
     1},
    {"full",
     "exit cause=store_page",
     {"address 0x1000000", "os has paging off", "to os that is uart: its monitor plays the device",
      "its walk for real ring 1", "no page is mapped there"},
     1},
    {"full",
     "exit cause=fetch_page",
     {"the walk as os in its ring 0 sees it", "r-x--, rings 0 to 0", "its own table allows it",
      "its walk for real ring 1"},
     1},
    {"full", "exit from=3 cause=ecall_ring3", {"trap: system call from ring 3", "(a7)"}, 3},
    {"bt", "exit cause=ecall_ring1", {"fff", "ecall", "this is no code of the guest's"}, 1},
    {"bt", "exit cause=ecall_ring3", {"trap: system call from ring 3", "it asks the handler"}, 3},
    {"para",
     "exit cause=hcall",
     {"trap: hypercall (cause 25)", "it asks its monitor for number 8 (a7)",
      "trapeze help hypercall: share page"},
     1},
    {"npt",
     "exit cause=nested_fault from=0 insn=sb",
     {"exit: nested page fault (exit code 128)", "sb zero, 1(a2)      a2 = 0x10000000",
      "guest-physical address 0x10000001", "to os that is uart", "no page is mapped there"},
     0},
    {"assist",
     "exit cause=store_page",
     {"exit: page fault on a store (exit code 47)", "os has paging off", "to os that is uart",
      "its walk for real ring 0", "no page is mapped there"},
     0},
};

START_TEST(of_a_vm_both_what_it_believes_and_what_is_real_is_told)
{
    char cmdline[128];
    static const struct host_module modules[] = {{"os.elf", "build/guest/os.elf"},
                                                 {"os-pv.elf", "build/guest/os-pv.elf"},
                                                 {"programs", "build/guest/programs.pack"}};
    bool para = strcmp(exits[_i].technique, "para") == 0;
    struct host_program program = {.image = "build/guest/vmm.elf",
                                   .modules = modules,
                                   .module_count = COUNT_OF(modules),
                                   .cmdline = cmdline};
    struct machine_config config = machine_config_default();
    struct goal goal = {.kind = GOAL_EVENT, .budget = 50000000};
    char text[EXPLAIN_SIZE];
    struct error err = {0};
    struct world *w;
    struct host *h;
    word ring, pc, bits;

    snprintf(cmdline, sizeof cmdline, "vm=os technique=%s ram=8M kernel=%s modules=programs",
             exits[_i].technique, para ? "os-pv.elf" : "os.elf");
    config.ram_size = 32u << 20;
    config.vt = strchr("an", exits[_i].technique[0]) != NULL; /* assist, npt */
    config.npt = strcmp(exits[_i].technique, "npt") == 0;
    config.classic = strcmp(exits[_i].technique, "bt") == 0;
    ck_assert_int_eq(world_new(&w, &err), 0);
    ck_assert_int_eq(world_add(w, NULL, &config, &h, &err), 0);
    ck_assert_msg(host_load(h, &program, &err) == 0, "%s", err.text);
    ck_assert_msg(filter_parse(&goal.filter, exits[_i].filter, NULL, &err) == 0, "%s", err.text);
    host_set_goal(h, &goal);
    ck_assert_int_eq(host_advance(h, goal.budget), ADVANCE_GOAL);
    struct text out = text_init(text, sizeof text);
    explain_stop(h, &out);
    for (unsigned i = 0; i < COUNT_OF(exits[_i].says) && exits[_i].says[i]; i++)
        ck_assert_msg(strstr(text, exits[_i].says[i]) != NULL, "%s: no \"%s\" in:\n%s",
                      exits[_i].filter, exits[_i].says[i], text);
    ck_assert(view_was_real(h, 1, VIEW_RING, &ring));
    ck_assert_uint_eq(ring, exits[_i].ring);
    ck_assert(view_was_real(h, 1, VIEW_PC, &pc));
    ck_assert(strstr(exits[_i].filter, "fetch") || view_fetch(h, 1, pc, &bits));
    world_free(w);
}
END_TEST

/* What is told after so many steps. */
static void explain_after(const struct machine_config *config, const char *source, unsigned steps,
                          char *buffer, size_t size)
{
    struct asm_result assembled;
    struct error err = {0};
    struct world *w;
    struct host *h;

    ck_assert_msg(asm_source(&assembled, "case.s", source, strlen(source), NULL, &err) == 0, "%s",
                  err.text);
    struct host_program program = {
        .image = "case.elf", .bytes = assembled.elf, .byte_count = assembled.elf_size};
    ck_assert_int_eq(world_new(&w, &err), 0);
    ck_assert_int_eq(world_add(w, NULL, config, &h, &err), 0);
    ck_assert_int_eq(host_load(h, &program, &err), 0);
    ck_assert_int_eq(host_advance(h, steps), ADVANCE_SLICE);
    struct text out = text_init(buffer, size);
    explain_stop(h, &out);
    world_free(w);
    asm_result_free(&assembled);
}

/* A monitor of one instruction, and its VMCB. */
#define VMRUN                                                                                      \
    "_start: la a0, page\n vmrun a0\n j .\n.balign 4\nguest: .word 0\n.data\n.balign 4096\n"
static const struct {
    const char *source;
    unsigned steps;
    const char *says[4];
} vmruns[] = {
    {VMRUN "page: .word 0x42434d56, 0\n.space 4088\n",
     3,
     {"case.s:2: vmrun refuses this VMCB", "field vmid at 0x004",
      "rule vmid: a guest's number is 1 to 65535"}},
    {VMRUN "page: .word 0x42434d56, 1, 0x300\n.space 0xf4\n.word guest\n.space 3836\n",
     4,
     {"exit: the guest shut down (exit code 129)", "its trap could not be taken: illegal",
      "the guest's tvec is 0"}},
};

START_TEST(what_vmrun_refuses_or_ends_is_told)
{
    struct machine_config config = machine_config_default();
    char text[EXPLAIN_SIZE];

    config.vt = true;
    explain_after(&config, vmruns[_i].source, vmruns[_i].steps, text, sizeof text);
    for (unsigned i = 0; i < COUNT_OF(vmruns[_i].says) && vmruns[_i].says[i]; i++)
        ck_assert_msg(strstr(text, vmruns[_i].says[i]) != NULL, "no \"%s\" in:\n%s",
                      vmruns[_i].says[i], text);
}
END_TEST

/* A program in ring 3 of the classic machine, and its seventh step. */
#define RING_3 "_start: li t0, 0xc\n csrw status, t0\n la t0, user\n csrw epc, t0\n tret\nuser: "
static const struct {
    const char *insn;
    const char *says[3];
} holes[] = {
    {"csrr a0, status",
     {"case.s:6: a hole", "in ring 3 it reads what is real, 0x0000003e", "only UF remains"}},
    {"csrw status, x0", {"case.s:6: a hole", "only UF remains", "trap cause 24"}},
    {"csrr a0, tvec", {"it reads what is real, 0x00000000 (x86: SIDT", "trap cause 24"}},
    {"probe a0, a1", {"it answers for the real ring, 3", "VERR"}},
    {"cpuid a0, x0", {"it answers with what is real, 0x5a505254", "CPUID"}},
};

START_TEST(a_hole_is_told_by_what_it_gave_and_what_it_kept_from_the_monitor)
{
    struct machine_config config = machine_config_default();
    char text[EXPLAIN_SIZE], source[256];

    config.classic = true;
    snprintf(source, sizeof source, RING_3 "%s\n j .\n", holes[_i].insn);
    explain_after(&config, source, 7, text, sizeof text);
    for (unsigned i = 0; i < COUNT_OF(holes[_i].says) && holes[_i].says[i]; i++)
        ck_assert_msg(strstr(text, holes[_i].says[i]) != NULL, "no \"%s\" in:\n%s",
                      holes[_i].says[i], text);
    ck_assert_int_ne(text[strlen(text) - 1], '\n');
}
END_TEST

Suite *suite_world_explain(void);
Suite *suite_world_explain(void)
{
    Suite *s = suite_create("world_explain");
    TCase *c = tcase_create("explain");

    tcase_add_loop_test(c, what_went_wrong_is_told_with_place_operands_and_rule, 0,
                        COUNT_OF(cases));
    tcase_add_test(c, operands_are_told_of_the_step_that_was_just_made_only);
    tcase_add_loop_test(c, of_a_vm_both_what_it_believes_and_what_is_real_is_told, 0,
                        COUNT_OF(exits));
    tcase_add_loop_test(c, what_vmrun_refuses_or_ends_is_told, 0, COUNT_OF(vmruns));
    tcase_add_loop_test(c, a_hole_is_told_by_what_it_gave_and_what_it_kept_from_the_monitor, 0,
                        COUNT_OF(holes));
    suite_add_tcase(s, c);
    return s;
}
