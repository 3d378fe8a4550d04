/*
 * What the reference test cannot say about the interpreter routines: waiting, interrupts,
 * time, device accesses, and which routine answers which exit.
 */
#include <check.h>
#include <string.h>

#include "isa/insn.h"
#include "tests/vmm/fake.h"
#include "vmm/dispatch.h"
#include "vmm/emulate.h"
#include "vmm/isa.h"
#include "vmm/sched.h"
#include "vmm/time.h"

#include "isa/paging.h"

Suite *suite_vmm_emulate(void);

#define CODE   (RAM_AT + 0x2000)
#define ROOT   (RAM_AT + 0x4000)
#define TABLE  (RAM_AT + 0x5000)
#define RAM_AT 0x80000000u
#define TVEC   (RAM_AT + 0x100)
#define UART   0x10000000u
#define WFI    0x10500073u
#define CPUID  0x0000500bu
#define TIMER  7
#define A0     10
#define A1     11

static struct vmm vmm;
static struct vm *vm;
static struct vcpu *v;
static union vmcb *cb;

static void setup(void)
{
    vm = fake_vm(&vmm);
    v = &vm->vcpu;
    cb = v->cb;
    vmm.sched.current = vm;
    cb->pc = CODE;
    cb->timecmp = cb->timecmph = ~0u;
    vtimer_update(v);
}

static word encode(struct insn i)
{
    ck_assert(insn_encode(&i, &i.bits));
    return i.bits;
}

/* ---- identity and time --------------------------------------------------------------------- */

START_TEST(cpuid_shows_the_platform_and_the_monitors_signature)
{
    static const struct {
        word leaf, answer;
    } rows[] = {{0, 0x5a505254}, {1, 1}, {2, 0}, {0x40000000, 0x4d4d5654}, {0x40000001, 0}};

    fake()->features = 7; /* the real machine has hardware assist; the virtual one has not */
    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        v->x[A1] = rows[i].leaf;
        emulate(v, encode((struct insn){.id = INSN_cpuid, .rd = A0, .rs1 = A1}));
        ck_assert_uint_eq(v->x[A0], rows[i].answer);
    }
}
END_TEST

START_TEST(counters_show_time_with_the_offset_and_the_guests_own_instructions)
{
    static const struct {
        word number;
        word value;
    } rows[] = {{CSR_cycle, 5}, {CSR_cycleh, 2},   {CSR_time, 0x00000009},
                {CSR_timeh, 5}, {CSR_instret, 77}, {CSR_instreth, 1}};

    fake()->cycle = (2ull << 32) + 5;
    fake()->time = (3ull << 32) + 10;
    cb->time_offset = ~0u;
    cb->time_offseth = 1;
    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        v->instret = (1ull << 32) + 77;
        emulate(v,
                encode((struct insn){.id = INSN_csrrs, .rd = A0, .csr = (uint16_t)rows[i].number}));
        ck_assert_uint_eq(v->x[A0], rows[i].value);
    }
}
END_TEST

START_TEST(the_timer_bit_follows_the_compare_register_and_the_real_timer_is_set)
{
    word write = encode((struct insn){.id = INSN_csrrw, .rs1 = A0, .csr = CSR_timecmp});

    cb->timecmph = 0;
    cb->ie = FIELD_ie_timer;
    v->x[A0] = 1500;
    emulate(v, write);
    ck_assert_uint_eq(cb->ip & FIELD_ip_timer, 0);
    ck_assert(vmm.sched.timer_stale);
    sched_program(&vmm);
    ck_assert_uint_eq(fake()->timer, 1500);
    fake()->time = 1500;
    sched_tick(&vmm);
    ck_assert_uint_ne(cb->ip & FIELD_ip_timer, 0);
    sched_program(&vmm);
    ck_assert(fake()->timer == UINT64_MAX); /* said once, not again and again */
    v->x[A0] = 1501;
    emulate(v, write);
    ck_assert_uint_eq(cb->ip & FIELD_ip_timer, 0);
}
END_TEST

START_TEST(a_timer_that_is_not_enabled_rings_for_nobody)
{
    cb->timecmph = 0;
    cb->timecmp = 1500;
    cb->ie = 0;
    vtimer_changed(v);
    sched_program(&vmm);
    ck_assert(fake()->timer == UINT64_MAX);
}
END_TEST

/* ---- waiting (papers: 13) ------------------------------------------------------------------- */

START_TEST(wfi_waits_and_goes_on_behind_itself_when_woken)
{
    cb->ie = FIELD_ie_soft | FIELD_ie_timer;
    cb->timecmph = 1;
    emulate(v, WFI);
    ck_assert(v->waiting);
    ck_assert_uint_eq(cb->pc, CODE);
    ck_assert(!vm_runnable(vm));
    vcpu_wire(v, FIELD_ip_soft, true);
    ck_assert(vm_runnable(vm));
    emulate_wake(v);
    ck_assert(!v->waiting);
    ck_assert_uint_eq(cb->pc, CODE + 4);
    ck_assert_uint_eq(v->instret, 1);
}
END_TEST

START_TEST(an_interrupt_that_came_before_wfi_is_not_slept_through)
{
    cb->timecmph = 0;
    cb->timecmp = 1000; /* due, but nobody has looked at it yet */
    cb->ip = 0;
    cb->ie = FIELD_ie_timer;
    emulate(v, WFI);
    ck_assert(!v->waiting);
    ck_assert_uint_eq(cb->pc, CODE + 4);
}
END_TEST

static const struct {
    const char *what;
    word ie, enable;
    uint8_t uart, disk;
    bool ends;
    word timecmph;
} waits[] = {
    {"nothing enabled", 0, 6, 1, 0x80, true, 1},
    {"software only", FIELD_ie_soft, 6, 1, 0x80, true, 1},
    {"timer", FIELD_ie_timer, 0, 0, 0x50, false, 0x03ff0000},
    {"timer, beyond the end of time", FIELD_ie_timer, 0, 0, 0x50, true, 0x04000000},
    {"external, no line", FIELD_ie_ext, 0, 1, 0x80, true, 1},
    {"console, its interrupt off", FIELD_ie_ext, 2, 0, 0x50, true, 1},
    {"console", FIELD_ie_ext, 2, 1, 0x50, false, 1},
    {"disk, idle", FIELD_ie_ext, 4, 1, 0x50, true, 1},
    {"disk, busy", FIELD_ie_ext, 4, 0, 0x80, false, 1},
};

START_TEST(a_wait_that_nothing_can_end_ends_the_vm)
{
    vmm.sched.divider = 16;
    cb->ie = waits[_i].ie;
    cb->timecmph = waits[_i].timecmph;
    vm->intc.enable = waits[_i].enable;
    vm->uart.ier = waits[_i].uart;
    vm->ata.status = waits[_i].disk;
    emulate(v, WFI);
    ck_assert_msg(vm->ended == waits[_i].ends, "%s", waits[_i].what);
}
END_TEST

START_TEST(a_stepped_wfi_traps_after_it_not_while_it_waits)
{
    cb->status |= FIELD_status_tf;
    cb->ie = FIELD_ie_timer;
    cb->timecmph = 1;
    emulate(v, WFI);
    ck_assert(v->waiting);
    ck_assert_uint_eq(cb->cause, 0);
    emulate_wake(v);
    ck_assert_uint_eq(cb->cause, CAUSE_single_step);
    ck_assert_uint_eq(cb->epc, CODE + 4);
    ck_assert_uint_eq(cb->pc, TVEC);
}
END_TEST

/* ---- interrupts ----------------------------------------------------------------------------- */

START_TEST(interrupts_are_taken_by_priority_and_only_when_enabled)
{
    static const struct {
        word ip, ie, ring;
        bool enabled;
        word cause; /* 0: none */
    } rows[] = {
        {0x888, 0x888, 0, true, CAUSE_INTERRUPT | 11},
        {0x088, 0x888, 0, true, CAUSE_INTERRUPT | 3},
        {0x080, 0x888, 0, true, CAUSE_INTERRUPT | 7},
        {0x888, 0x080, 0, true, CAUSE_INTERRUPT | 7},
        {0x888, 0x888, 0, false, 0},
        {0x888, 0x888, 1, false, CAUSE_INTERRUPT | 11},
        {0x008, 0x080, 3, false, 0},
        {0x888, 0x000, 3, true, 0},
    };

    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        setup();
        cb->ip = rows[i].ip;
        if (rows[i].ip & FIELD_ip_timer)
            cb->timecmp = cb->timecmph = 0;
        cb->ie = rows[i].ie;
        vcpu_set_ring(v, rows[i].ring);
        cb->status |= rows[i].enabled ? FIELD_status_ie : 0;
        vcpu_interrupt(v);
        ck_assert_msg(cb->cause == rows[i].cause, "row %u: %08x", i, cb->cause);
        ck_assert_uint_eq(cb->pc, rows[i].cause ? TVEC : CODE);
        if (!rows[i].cause)
            continue;
        ck_assert_uint_eq(cb->epc, CODE);
        ck_assert_uint_eq((cb->status & FIELD_status_pring) >> SHIFT_status_pring, rows[i].ring);
        ck_assert_uint_eq(cb->status & FIELD_status_ie, 0);
        ck_assert_int_eq((cb->status & FIELD_status_pie) != 0, rows[i].enabled);
    }
}
END_TEST

/* ---- loads and stores on devices ------------------------------------------------------------ */

static void put_code(word bits)
{
    fake_write(vm, CODE, bits);
}

START_TEST(a_load_takes_its_width_and_sign_from_the_instruction)
{
    static const struct {
        enum insn_id id;
        word value;
        bool faults;
    } rows[] = {
        {INSN_lb, 0xffffff85, false}, {INSN_lbu, 0x85, false}, {INSN_lh, 0, true},
        {INSN_lhu, 0, true},          {INSN_lw, 0, true},
    };

    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        setup();
        vm->uart.scr = 0x85;
        v->x[A1] = UART + 8;
        put_code(encode((struct insn){.id = rows[i].id, .rd = A0, .rs1 = A1, .imm = -1}));
        emulate_access(v, UART + 7, UART + 7, false);
        if (rows[i].faults) {
            ck_assert_uint_eq(cb->cause, CAUSE_load_access);
            ck_assert_uint_eq(cb->tval, UART + 7);
            ck_assert_uint_eq(cb->epc, CODE);
            ck_assert_uint_eq(v->instret, 0);
        } else {
            ck_assert_uint_eq(v->x[A0], rows[i].value);
            ck_assert_uint_eq(cb->pc, CODE + 4);
            ck_assert_uint_eq(v->instret, 1);
        }
    }
}
END_TEST

START_TEST(a_load_into_x0_reads_the_device_and_leaves_x0)
{
    vm->uart.count = 1;
    v->x[A1] = UART;
    put_code(encode((struct insn){.id = INSN_lbu, .rd = 0, .rs1 = A1}));
    emulate_access(v, UART, UART, false);
    ck_assert_uint_eq(v->x[0], 0);
    ck_assert_uint_eq(vm->uart.count, 0);
}
END_TEST

START_TEST(a_store_sends_the_low_bytes)
{
    v->x[A1] = UART - 5;
    v->x[A0] = 0x12345641;
    put_code(encode((struct insn){.id = INSN_sb, .rs2 = A0, .rs1 = A1, .imm = 5}));
    emulate_access(v, UART, UART, true);
    ck_assert_str_eq(fake()->out, "A");
    put_code(encode((struct insn){.id = INSN_sw, .rs2 = A0, .rs1 = A1, .imm = 5}));
    vmm.sched.current = vm;
    cb->pc = CODE;
    emulate_access(v, UART, UART, true);
    ck_assert_uint_eq(cb->cause, CAUSE_store_access);
    ck_assert_str_eq(fake()->out, "A");
}
END_TEST

/* Bug 9: the sum of base and offset wraps as the processor's does. */
START_TEST(an_address_that_wraps_is_computed_as_the_processor_does)
{
    v->x[A1] = 0xffffffff;
    vm->uart.scr = 7;
    put_code(encode((struct insn){.id = INSN_lbu, .rd = A0, .rs1 = A1, .imm = 8}));
    emulate_access(v, 7, UART + 7, false);
    ck_assert_uint_eq(v->x[A0], 7);
}
END_TEST

/* Bug 8: between the fault and the fetch the instruction has become another one. */
START_TEST(an_instruction_that_has_changed_is_not_carried_out)
{
    static const struct insn changed[] = {
        {.id = INSN_addi, .rd = A0, .rs1 = A1, .imm = 1},         /* no access at all */
        {.id = INSN_sb, .rs1 = A1, .rs2 = A0},                    /* the other kind */
        {.id = INSN_lbu, .rd = A0, .rs1 = A1, .imm = 1},          /* another address */
        {.id = INSN_csrrw, .rd = A0, .rs1 = A1, .csr = CSR_ptbr}, /* something privileged */
    };

    for (unsigned i = 0; i < COUNT_OF(changed); i++) {
        setup();
        struct vcpu before = *v;
        v->x[A1] = UART;
        v->x[A0] = 'X';
        put_code(encode(changed[i]));
        emulate_access(v, UART, UART, false);
        ck_assert_uint_eq(cb->pc, CODE); /* it is tried again, and what is there then counts */
        ck_assert_uint_eq(v->x[A0], 'X');
        ck_assert_uint_eq(cb->cause, 0);
        ck_assert_uint_eq(v->instret, before.instret);
        ck_assert_uint_eq(fake()->out_length, 0);
    }
}
END_TEST

START_TEST(what_ran_is_fetched_again_when_its_page_is_gone)
{
    struct shadow_fault f = {.address = CODE, .access = ACCESS_FETCH};

    cb->ptbr = PTBR_ON | ROOT >> PAGE_SHIFT;
    fake_write(vm, ROOT + PT_INDEX1(CODE) * 4, TABLE | PTE_V);
    fake_write(vm, TABLE + PT_INDEX0(CODE) * 4, CODE | 0x3f);
    ck_assert_uint_ne(shadow_select(&vm->shadow, cb->ptbr, 0), 0);
    ck_assert_int_eq(shadow_resolve(&vm->shadow, cb->ptbr, &f), SHADOW_FILLED);
    fake_write(vm, TABLE + PT_INDEX0(CODE) * 4, 0);
    emulate_access(v, UART, UART, false);
    ck_assert_uint_eq(cb->pc, CODE);
    ck_assert_uint_eq(shadow_entry(&vm->shadow, CODE, 0), 0);
}
END_TEST

START_TEST(a_stepped_device_access_traps_behind_itself)
{
    cb->status |= FIELD_status_tf;
    v->x[A1] = UART;
    put_code(encode((struct insn){.id = INSN_lbu, .rd = A0, .rs1 = A1, .imm = 5}));
    emulate_access(v, UART + 5, UART + 5, false);
    ck_assert_uint_eq(v->x[A0], 0x60);
    ck_assert_uint_eq(cb->cause, CAUSE_single_step);
    ck_assert_uint_eq(cb->epc, CODE + 4);
}
END_TEST

/* ---- the dispatcher ------------------------------------------------------------------------- */

static const struct {
    word cause, tval, ring; /* of the exit, in which virtual ring */
    word guest_cause, guest_tval;
} reflected[] = {
    {CAUSE_fetch_misaligned, 2, 0, CAUSE_fetch_misaligned, 2},
    {CAUSE_illegal, 0xffffffff, 3, CAUSE_illegal, 0xffffffff},
    {CAUSE_breakpoint, CODE, 1, CAUSE_breakpoint, CODE},
    {CAUSE_load_misaligned, 0x1001, 2, CAUSE_load_misaligned, 0x1001},
    {CAUSE_store_misaligned, 0x1003, 0, CAUSE_store_misaligned, 0x1003},
    {CAUSE_ecall_ring1, 0, 0, CAUSE_ecall_ring0, 0},
    {CAUSE_ecall_ring2, 0, 1, CAUSE_ecall_ring1, 0},
    {CAUSE_ecall_ring3, 0, 2, CAUSE_ecall_ring2, 0},
    {CAUSE_ecall_ring3, 0, 3, CAUSE_ecall_ring3, 0},
    {CAUSE_single_step, 0, 3, CAUSE_single_step, 0},
    {CAUSE_hcall, 0, 0, CAUSE_illegal, 0x0000000b},
    {CAUSE_hcall, 0, 3, CAUSE_hcall, 0},
    {CAUSE_privileged, WFI, 3, CAUSE_privileged, WFI},
    {CAUSE_privileged, CPUID, 2, CAUSE_privileged, CPUID},
    {CAUSE_load_page, 0x7ffff000, 0, CAUSE_load_access, 0x7ffff000},
};

START_TEST(the_guests_own_faults_are_reflected_as_its_processor_would_raise_them)
{
    vcpu_set_ring(v, reflected[_i].ring);
    v->exit_cause = reflected[_i].cause;
    v->exit_tval = reflected[_i].tval;
    v->x[A1] = 0x7ffff000;
    put_code(encode((struct insn){.id = INSN_lw, .rd = A0, .rs1 = A1}));
    dispatch_exit(v);
    ck_assert(!vm->ended);
    ck_assert_uint_eq(cb->cause, reflected[_i].guest_cause);
    ck_assert_uint_eq(cb->tval, reflected[_i].guest_tval);
    ck_assert_uint_eq(cb->epc, CODE);
    ck_assert_uint_eq(cb->pc, TVEC);
    ck_assert_uint_eq(cb->ring, 0);
    ck_assert_uint_eq(fake()->reflections, 1);
}
END_TEST

static const word impossible[] = {
    CAUSE_load_access, CAUSE_store_access, CAUSE_fetch_access, CAUSE_ecall_ring0, 14, 31};

START_TEST(an_exit_that_cannot_be_ends_the_vm_and_not_the_monitor)
{
    v->exit_cause = impossible[_i];
    dispatch_exit(v);
    ck_assert(vm->ended);
}
END_TEST

START_TEST(a_trap_with_the_guests_tps_leaves_its_address_space_and_tret_returns)
{
    cb->ptbr = PTBR_ON | 1;
    cb->tptbr = PTBR_ON | 2;
    cb->status |= FIELD_status_tps;
    vcpu_set_ring(v, 3);
    v->root_stale = false;
    vcpu_trap(v, CAUSE_ecall_ring3, 0);
    ck_assert_uint_eq(cb->ptbr, PTBR_ON | 2);
    ck_assert_uint_eq(cb->eptbr, PTBR_ON | 1);
    ck_assert(v->root_stale);
    v->root_stale = false;
    vcpu_tret(v);
    ck_assert_uint_eq(cb->ptbr, PTBR_ON | 1);
    ck_assert_uint_eq(cb->ring, 3);
    ck_assert(v->root_stale);
}
END_TEST

Suite *suite_vmm_emulate(void)
{
    Suite *s = suite_create("vmm_emulate");
    TCase *t = tcase_create("emulate");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, cpuid_shows_the_platform_and_the_monitors_signature);
    tcase_add_test(t, counters_show_time_with_the_offset_and_the_guests_own_instructions);
    tcase_add_test(t, the_timer_bit_follows_the_compare_register_and_the_real_timer_is_set);
    tcase_add_test(t, a_timer_that_is_not_enabled_rings_for_nobody);
    tcase_add_test(t, wfi_waits_and_goes_on_behind_itself_when_woken);
    tcase_add_test(t, an_interrupt_that_came_before_wfi_is_not_slept_through);
    tcase_add_loop_test(t, a_wait_that_nothing_can_end_ends_the_vm, 0, COUNT_OF(waits));
    tcase_add_test(t, a_stepped_wfi_traps_after_it_not_while_it_waits);
    tcase_add_test(t, interrupts_are_taken_by_priority_and_only_when_enabled);
    tcase_add_test(t, a_load_takes_its_width_and_sign_from_the_instruction);
    tcase_add_test(t, a_load_into_x0_reads_the_device_and_leaves_x0);
    tcase_add_test(t, a_store_sends_the_low_bytes);
    tcase_add_test(t, an_address_that_wraps_is_computed_as_the_processor_does);
    tcase_add_test(t, an_instruction_that_has_changed_is_not_carried_out);
    tcase_add_test(t, what_ran_is_fetched_again_when_its_page_is_gone);
    tcase_add_test(t, a_stepped_device_access_traps_behind_itself);
    tcase_add_loop_test(t, the_guests_own_faults_are_reflected_as_its_processor_would_raise_them, 0,
                        COUNT_OF(reflected));
    tcase_add_loop_test(t, an_exit_that_cannot_be_ends_the_vm_and_not_the_monitor, 0,
                        COUNT_OF(impossible));
    tcase_add_test(t, a_trap_with_the_guests_tps_leaves_its_address_space_and_tret_returns);
    suite_add_tcase(s, t);
    return s;
}
