/* Setting registers: where each lives, what cannot be set and why, and that it happens again. */
#include "tests/world/programs.h"

#include "isa/asm.h"
#include "isa/csr.h"
#include "world/change.h"
#include "world/timeline.h"

#include <check.h>
#include <string.h>

#define VM_RUNS (VM_ENTRY_STEPS + 1)
#define VM_LEFT (VM_ENTRY_STEPS + 2)
#define VM_DONE (VM_ENTRY_STEPS + 2 + 5) /* the monitor has spoken, and answered */

static struct world *world;
static struct host *host;

static void setup(void)
{
    host = program_host(&world);
    program_vm(host);
}

static void teardown(void)
{
    world_free(world);
}

static word seen(uint16_t context, word reg)
{
    word value = 0xdead;

    ck_assert(view_guest(host, context, reg, &value));
    return value;
}

static word real(word reg)
{
    word value = 0xdead;

    ck_assert(view_real(host, view_current(host), reg, &value));
    return value;
}

static const struct {
    uint64_t steps;
    uint16_t context;
    word reg, value, now;
} good[] = {
    {3, 0, 10, 5, 5},
    {3, 0, VIEW_PC, RAM_BASE + 8, RAM_BASE + 8},
    {3, 0, CSR_status, ~0u, 0xf7cf},
    {VM_RUNS, 1, 10, 5, 5},
    {VM_RUNS, 1, VIEW_PC, VM_CODE, VM_CODE},
    {VM_RUNS, 1, CSR_tvec, 0x80004323, 0x80004320},
    {VM_RUNS, 1, CSR_status, 0x80, 0x80},
    {VM_RUNS, 1, CSR_ie, 8, 8},
    {VM_LEFT, 1, CSR_epc, 0x80000010, 0x80000010},
    {VM_DONE, 1, 10, 5, 5},
    {VM_DONE, 1, CSR_tscratch, 7, 7},
};

START_TEST(a_register_is_set_where_it_lives)
{
    struct error err;
    word now;

    host_advance(host, good[_i].steps);
    ck_assert_msg(change_register(host, good[_i].context, CHANGE_SEEN, good[_i].reg, good[_i].value,
                                  &now, &err) == 0,
                  "%s", err.text);
    ck_assert_uint_eq(now, good[_i].now);
    ck_assert_uint_eq(seen(good[_i].context, good[_i].reg), good[_i].now);
}
END_TEST

static const struct {
    uint64_t steps;
    uint16_t context;
    enum change_side side;
    word reg, value;
    const char *says;
} bad[] = {
    {3, 0, CHANGE_SEEN, VIEW_PC, 5, "no multiple of 4"},
    {3, 0, CHANGE_SEEN, VIEW_RING, 1, "by a trap or by tret only"},
    {3, 0, CHANGE_SEEN, CSR_cycle, 1, "cycle cannot be set: it is a counter"},
    {3, 0, CHANGE_SEEN, 0, 1, "zero is always 0"},
    {VM_RUNS, 1, CHANGE_SEEN, CSR_ptbr, 1, "ptbr of guest cannot be set from outside: its monitor"},
    {VM_RUNS, 1, CHANGE_SEEN, CSR_timecmp, 1, "has set its own timer by it"},
    {VM_RUNS, 1, CHANGE_SEEN, CSR_ie, 0x80, "by the timer bit"},
    {VM_RUNS, 0, CHANGE_SEEN, 10, 1, "nobody knows where it has saved its a0"},
    {VM_RUNS, 0, CHANGE_REAL, 10, 1, "the processor holds another's"},
    {VM_LEFT, 1, CHANGE_SEEN, 10, 1, "its monitor is saving its registers"},
    {VM_DONE, 1, CHANGE_SEEN, VIEW_PC, VM_CODE, "set pc while the VM runs"},
    {VM_DONE, 1, CHANGE_REAL, CSR_tvec, 0, "the processor holds another's"},
};

START_TEST(what_cannot_be_set_soundly_is_refused_with_the_reason)
{
    struct error err;

    host_advance(host, bad[_i].steps);
    uint64_t before = machine_digest(host_machine(host));
    ck_assert_int_ne(change_register(host, bad[_i].context, bad[_i].side, bad[_i].reg,
                                     bad[_i].value, NULL, &err),
                     0);
    ck_assert_msg(strstr(err.text, bad[_i].says) != NULL, "%s", err.text);
    ck_assert_uint_eq(machine_digest(host_machine(host)), before);
}
END_TEST

START_TEST(both_sides_of_a_control_register_are_set_apart)
{
    struct error err;

    host_advance(host, VM_RUNS);
    word own = real(CSR_tvec);
    ck_assert_int_eq(change_register(host, 1, CHANGE_SEEN, CSR_tvec, 0x80000100, NULL, &err), 0);
    ck_assert_uint_eq(real(CSR_tvec), own);
    ck_assert_int_eq(change_register(host, 1, CHANGE_REAL, CSR_tvec, own + 4, NULL, &err), 0);
    ck_assert_uint_eq(real(CSR_tvec), own + 4);
    ck_assert_uint_eq(seen(1, CSR_tvec), 0x80000100);
}
END_TEST

START_TEST(a_change_of_what_a_vm_sees_happens_again_when_it_is_run_again)
{
    struct error err;

    ck_assert_int_eq(timeline_start(host, NULL, &err), 0);
    host_advance(host, VM_RUNS);
    ck_assert_int_eq(change_register(host, 1, CHANGE_SEEN, CSR_tvec, 0x80000100, NULL, &err), 0);
    host_advance(host, 3);
    uint64_t digest = machine_digest(host_machine(host));
    ck_assert_int_eq(timeline_seek(host, VM_RUNS - 1, &err), 0);
    ck_assert_uint_eq(seen(1, CSR_tvec), 0x80001234);
    ck_assert_int_eq(timeline_seek(host, VM_RUNS + 3, &err), 0);
    ck_assert_uint_eq(seen(1, CSR_tvec), 0x80000100);
    ck_assert_uint_eq(machine_digest(host_machine(host)), digest);
}
END_TEST

/* vmrun of a guest that counts, by a page that says nothing but where it begins. */
static const char vmrun_program[] = "_start: la   a0, vmcb\n"
                                    "        la   t0, guest\n"
                                    "        sw   t0, 0x100(a0)\n"
                                    "        vmrun a0\n"
                                    "        j    .\n"
                                    "guest:  addi a1, a1, 1\n"
                                    "        j    guest\n"
                                    "        .balign 4096\n"
                                    "vmcb:   .word 0x42434d56, 7, 0x300\n"
                                    "        .space 4084\n";

START_TEST(in_non_root_mode_the_processor_has_the_guests_registers)
{
    struct machine_config config = machine_config_default();
    struct host_program program = {.image = "vmrun.s"};
    struct asm_options options = {0};
    struct asm_result result;
    struct machine_guest hidden;
    struct error err;
    struct host *h;

    config.ram_size = 1 << 20;
    config.vt = true;
    ck_assert_int_eq(world_add(world, "vt", &config, &h, &err), 0);
    ck_assert_int_eq(
        asm_source(&result, "vmrun.s", vmrun_program, strlen(vmrun_program), &options, &err), 0);
    program.bytes = result.elf;
    program.byte_count = result.elf_size;
    ck_assert_msg(host_load(h, &program, &err) == 0, "%s", err.text);
    asm_result_free(&result);
    host_advance(h, 8);
    ck_assert(machine_guest(host_machine(h), &hidden));
    uint16_t context = view_current(h);
    ck_assert_uint_ne(context, 0);
    ck_assert_int_eq(change_register(h, context, CHANGE_SEEN, 11, 40, NULL, &err), 0);
    ck_assert_int_ne(change_register(h, context, CHANGE_SEEN, CSR_tvec, 0x80000100, NULL, &err), 0);
    ck_assert_msg(strstr(err.text, "runs in non-root mode: the processor holds") != NULL, "%s",
                  err.text);
    ck_assert_int_eq(change_register(h, context, CHANGE_REAL, CSR_tvec, 0x80000100, NULL, &err), 0);
    ck_assert_uint_eq(machine_regs(host_machine(h))->tvec, 0x80000100);
    ck_assert_uint_eq(hidden.host.tvec, 0);
}
END_TEST

static const struct {
    const char *text, *said, *fails;
} typed[] = {
    {"a0 5", "a0 = 00000005", ""},
    {"$a0 = -1", "a0 = ffffffff", ""},
    {"status 0xffff", "status = 0000f7cf  (bits that it does not have were dropped)", ""},
    {"hpa:0x80005000 1 2", "hpa 80005000 = 00000001\nhpa 80005004 = 00000002", ""},
    {"/b 0x80005000 0x1ff -1",
     "gva 80005000 = ff  (the rest of 1ff does not fit)\ngva 80005001 = ff", ""},
    {"/h 0x80005000+2 7", "gva 80005002 = 0007", ""},
    {"/q 0x80005000 1", "", "set/q 0: /b, /h or /w says the size"},
    {"a0", "", "set what to what?"},
    {"a0 1 2", "", "a register has one value: what is '2'?"},
    {"a0 bogus", "", "'bogus' is no number, symbol"},
    {"b0 1", "", "'b0' is no number, symbol, register or FILE:LINE; did you mean"},
    {"0x80005000 1 zz", "gva 80005000 = 00000001", "'zz' is no number"},
    {"0x10000000 1", "", "gva 10000000: no memory is mapped there"},
    {"", "", "set what to what?"},
};

START_TEST(what_is_typed_is_set_or_refused)
{
    char said[512];
    struct text t = text_init(said, sizeof said);
    struct error err = {0};

    int code = change_text(host, 0, typed[_i].text, &t, &err);
    ck_assert_str_eq(said, typed[_i].said);
    ck_assert_msg((code == 0) == !*typed[_i].fails && strstr(err.text, typed[_i].fails), "%s",
                  err.text);
}
END_TEST

Suite *suite_world_change(void);
Suite *suite_world_change(void)
{
    Suite *s = suite_create("world_change");
    TCase *c = tcase_create("change");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, a_register_is_set_where_it_lives, 0, (int)COUNT_OF(good));
    tcase_add_loop_test(c, what_cannot_be_set_soundly_is_refused_with_the_reason, 0,
                        (int)COUNT_OF(bad));
    tcase_add_test(c, both_sides_of_a_control_register_are_set_apart);
    tcase_add_test(c, a_change_of_what_a_vm_sees_happens_again_when_it_is_run_again);
    tcase_add_test(c, in_non_root_mode_the_processor_has_the_guests_registers);
    tcase_add_loop_test(c, what_is_typed_is_set_or_refused, 0, (int)COUNT_OF(typed));
    suite_add_tcase(s, c);
    return s;
}
