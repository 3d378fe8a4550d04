/*
 * What vmrun is given, and what becomes of what it comes back with: the techniques assist and npt
 * on a processor that the test plays. Where a name has a number, it is a bug that hypervisors had.
 */
#include <check.h>
#include <string.h>

#include "tests/vmm/fake.h"
#include "vmm/assist.h"
#include "vmm/emulate.h"
#include "vmm/nested.h"
#include "vmm/nested_check.h"
#include "vmm/phys.h"
#include "vmm/platform.h"
#include "vmm/technique.h"

#include "isa/paging.h"

Suite *suite_vmm_assist(void);

#define VMRUN_A1 0x0005900bu /* vmrun a1 */
#define CPUID    0x0000500bu /* cpuid x0, x0 */
#define LW_A0_A0 0x00052503u
#define VMCB_AT  (RAM_BASE + 0x8000)
#define TABLE_AT (RAM_BASE + 0x10000)
#define LEAF_AT  (RAM_BASE + 0x11000)
#define PAGE_AT  (RAM_BASE + 0x20000)
#define GPA2     0x20000000u
#define ILLEGAL  (VMCB_EVENT_VALID | 2)
#define FORCED   (1u << INTERCEPT_hcall | 1u << INTERCEPT_vmrun)
#define RWX      (PTE_R | PTE_W | PTE_X)

static struct vmm vmm;
static struct vm *vm;
static struct vcpu *v;

/* The processor: what it was given last, and with what it comes back. */
static struct {
    unsigned runs;
    union vmcb in, out;
    void (*meanwhile)(union vmcb *hw);
} cpu;

static void play(struct vcpu *running)
{
    union vmcb *hw = phys_ptr(running->vmcb);

    cpu.runs++;
    cpu.in = *hw;
    hw->exit_code = cpu.out.exit_code;
    hw->exit_info1 = cpu.out.exit_info1;
    hw->exit_info2 = cpu.out.exit_info2;
    hw->exit_insn = cpu.out.exit_insn;
    hw->exit_event = cpu.out.exit_event;
    hw->exit_event_tval = cpu.out.exit_event_tval;
    if (cpu.meanwhile)
        cpu.meanwhile(hw);
}

static void make(const struct technique *t, bool nesting)
{
    struct line why = {.length = 0};

    vm = fake_vm(&vmm);
    v = &vm->vcpu;
    fake()->features = 7;
    fake()->vmrun = play;
    memset(&cpu, 0, sizeof cpu);
    vm->technique = t;
    vm->nesting = nesting;
    v->cb->magic = VMCB_MAGIC;
    v->cb->vmid = vm->id;
    v->cb->nptbr = PTBR_ON | vm->map.root >> PAGE_SHIFT;
    ck_assert_msg(t->create(vm, &why), "%s", why.text);
    vm->technique->set_root(v);
}

/* One turn of the loop. */
static void turn(word code)
{
    cpu.out.exit_code = code;
    if (v->root_stale)
        vm->technique->set_root(v);
    vm->technique->enter(v);
    vm->technique->handle_exit(v);
}

static const struct technique *const both[] = {&technique_assist, &technique_npt};

/* ---- a guest -------------------------------------------------------------------------------- */

START_TEST(what_is_injected_is_given_to_the_processor_once_11)
{
    make(both[_i], false);
    vcpu_trap(v, CAUSE_illegal, 0x1234);
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.inject, ILLEGAL);
    ck_assert_uint_eq(cpu.in.inject_tval, 0x1234);
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.inject, 0);
    ck_assert_uint_eq(cpu.runs, 2);
}
END_TEST

START_TEST(what_was_being_delivered_is_injected_again_11)
{
    make(both[_i], false);
    vcpu_trap(v, CAUSE_illegal, 0x1234);
    cpu.out.exit_event = ILLEGAL;
    cpu.out.exit_event_tval = 0x1234;
    turn(INTERCEPT_interrupts);
    cpu.out.exit_event = cpu.out.exit_event_tval = 0;
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.inject, ILLEGAL);
    ck_assert_uint_eq(cpu.in.inject_tval, 0x1234);
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.inject, 0);
}
END_TEST

/* The wire rises after the wfi has looked and before the next entry. */
START_TEST(a_wake_up_between_check_and_entry_is_not_lost_13)
{
    make(both[_i], false);
    v->cb->ie = FIELD_ie_ext;
    vm->intc.enable = 1u << LINE_uart;
    vm->uart.ier = 1;
    cpu.out.exit_insn = 0x10500073;
    turn(INTERCEPT_wfi);
    ck_assert(v->waiting && !vm_runnable(vm));
    vcpu_wire(v, FIELD_ip_ext, true);
    ck_assert(vm_runnable(vm));
    emulate_wake(v);
    ck_assert_uint_eq(v->cb->pc, RAM_BASE + 4);
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.virtual_ip, FIELD_ip_ext);
    vcpu_wire(v, FIELD_ip_ext, false);
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.virtual_ip, 0);
}
END_TEST

static void nothing_moves(union vmcb *hw)
{
    (void)hw;
}

static void trap_with_tps(union vmcb *hw)
{
    hw->eptbr = hw->ptbr;
    hw->ptbr = hw->tptbr;
}

static void return_with_tps(union vmcb *hw)
{
    hw->ptbr = hw->eptbr;
}

/* However a guest with TPS moves the three registers about without an exit, they mean what it put
 * there. Each of four values, two of them without paging, in each register. */
START_TEST(page_table_registers_come_back_as_the_guests)
{
    static const word values[] = {0, 0x5, PTBR_ON | TABLE_AT >> PAGE_SHIFT,
                                  PTBR_ON | LEAF_AT >> PAGE_SHIFT};
    static const struct {
        void (*move)(union vmcb *hw);
        unsigned ptbr, eptbr; /* which is then where: 0 ptbr, 1 tptbr, 2 eptbr */
    } moves[] = {{nothing_moves, 0, 2}, {trap_with_tps, 1, 0}, {return_with_tps, 2, 2}};
    const word was[] = {values[_i % 4], values[_i / 4 % 4], values[_i / 16]};

    for (unsigned i = 0; i < COUNT_OF(moves); i++) {
        make(&technique_assist, false);
        v->cb->ptbr = was[0];
        v->cb->tptbr = was[1];
        v->cb->eptbr = was[2];
        v->root_stale = true;
        cpu.meanwhile = moves[i].move;
        turn(INTERCEPT_interrupts);
        ck_assert_uint_eq(v->cb->ptbr, was[moves[i].ptbr]);
        ck_assert_uint_eq(v->cb->tptbr, was[1]);
        ck_assert_uint_eq(v->cb->eptbr, was[moves[i].eptbr]);
        cpu.meanwhile = NULL;
        turn(INTERCEPT_interrupts);
        ck_assert_uint_eq(cpu.in.ptbr, v->real_ptbr);
        ck_assert_uint_eq(v->cb->ptbr, was[moves[i].ptbr]);
    }
}
END_TEST

/* No value of the guest's reaches the real registers: those name tables of the monitor's. */
START_TEST(under_shadow_paging_the_processor_has_the_monitors_tables_only)
{
    make(&technique_assist, false);
    v->cb->ptbr = v->cb->tptbr = v->cb->eptbr = PTBR_ON | TABLE_AT >> PAGE_SHIFT;
    v->root_stale = true;
    turn(INTERCEPT_interrupts);
    const word real[] = {cpu.in.ptbr, cpu.in.tptbr, cpu.in.eptbr};
    for (unsigned i = 0; i < 3; i++) {
        const struct frame *f = alloc_entry(&vmm.alloc, real[i] << PAGE_SHIFT);
        ck_assert(f->type == FRAME_SHADOW || f->type == FRAME_P2M || f->type == FRAME_ASSIST);
    }
    ck_assert_uint_eq(cpu.in.nested_paging, 0);
}
END_TEST

START_TEST(translations_that_are_no_longer_so_are_flushed_once)
{
    make(both[_i], false);
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.tlb_control, FLUSH_VMID); /* the vmid may have been another's */
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.tlb_control, FLUSH_NOTHING);
    p2m_watch(&vm->map, PAGE_AT);
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.tlb_control, FLUSH_VMID);
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.tlb_control, FLUSH_NOTHING);
}
END_TEST

/* ---- a guest's guest ------------------------------------------------------------------------ */

static void put_vmcb(word offset, word value)
{
    fake_write(vm, VMCB_AT + offset, value);
}

#define PUT(name, value) put_vmcb(offsetof(union vmcb, name), value)
#define GET(name)        fake_read(vm, VMCB_AT + offsetof(union vmcb, name))

/* L1 with a VMCB that it could run. */
static void make_nested(const struct technique *t)
{
    make(t, true);
    PUT(magic, VMCB_MAGIC);
    PUT(vmid, 5);
    PUT(icept_insn, FORCED | 1u << INTERCEPT_interrupts);
    PUT(pc, RAM_BASE + 0x3000);
    PUT(tvec, RAM_BASE + 0x4000);
    PUT(timecmp, ~0u);
    PUT(timecmph, ~0u);
    PUT(rs1, 0x77);
    v->cb->timecmp = v->cb->timecmph = ~0u;
    v->x[11] = VMCB_AT;
    fake_write(vm, TABLE_AT + PT_INDEX1(GPA2) * 4, LEAF_AT | PTE_V);
    fake_write(vm, LEAF_AT, PAGE_AT | PTE_V | RWX | PTE_A);
}

static void vmrun(void)
{
    cpu.out.exit_insn = VMRUN_A1;
    turn(INTERCEPT_vmrun);
}

START_TEST(an_unknown_word_of_the_vmcb_reaches_nothing_12)
{
    make_nested(both[_i]);
    vmrun();
    turn(INTERCEPT_interrupts);
    ck_assert(vcpu_nested(v));
    static const uint8_t known[] = {
#define VMCB(area, name, offset, meaning) [(offset) / 4] = 1,
#include "isa/vmcb.def"
    };
    for (unsigned i = 0; i < COUNT_OF(cpu.in.words); i++)
        if (i >= COUNT_OF(known) || !known[i])
            ck_assert_uint_eq(cpu.in.words[i], 0);
    ck_assert_uint_eq(cpu.in.nptbr, _i ? v->home->nptbr : 0);
    ck_assert_uint_eq(cpu.in.io_map, 0);
    ck_assert_uint_eq(cpu.in.icept_insn, v->home->icept_insn);
    ck_assert_uint_ne(cpu.in.vmid, 5);
}
END_TEST

/* Its page may be one that its own guest can write. */
START_TEST(the_vmcb_is_read_once_12)
{
    make_nested(both[_i]);
    vmrun();
    for (word offset = 0; offset < 0x40; offset += 4)
        put_vmcb(offset, 0xffffffff);
    PUT(pc, RAM_BASE + 0x5000);
    for (unsigned i = 0; i < 3; i++)
        turn(INTERCEPT_interrupts);
    ck_assert(vcpu_nested(v));
    ck_assert_uint_eq(cpu.in.pc, RAM_BASE + 0x3000);
    ck_assert_uint_eq(cpu.in.icept_insn & FORCED, FORCED);
    ck_assert_uint_eq(cpu.in.icept_cause & 1u << CAUSE_illegal, 0);
    ck_assert_uint_eq(cpu.in.time_offset, 0);
}
END_TEST

START_TEST(a_permission_map_out_of_range_is_refused_12)
{
    static const word maps[] = {0x40000000, RAM_BASE + FAKE_VM_RAM - 0x1000, 0xfffff000,
                                RAM_BASE - 0x1000, 0x10000000};

    for (unsigned i = 0; i < COUNT_OF(maps); i++) {
        make_nested(both[_i]);
        PUT(io_map, maps[i]);
        vmrun();
        ck_assert(!vcpu_nested(v));
        ck_assert_uint_eq(GET(exit_code), (word)EXIT_invalid);
        ck_assert_uint_eq(GET(exit_info1), offsetof(union vmcb, io_map));
        ck_assert_uint_eq(v->cb->pc, RAM_BASE + 4);
    }
}
END_TEST

/* An interrupt for L1 between its vmrun and the entry: L2 does not run, its event is not lost. */
START_TEST(an_event_that_never_reached_the_guest_goes_back_to_its_monitor_11)
{
    make_nested(both[_i]);
    PUT(inject, ILLEGAL);
    PUT(inject_tval, 0x99);
    v->cb->ie = FIELD_ie_ext;
    vmrun();
    ck_assert(vcpu_nested(v));
    vcpu_wire(v, FIELD_ip_ext, true);
    turn(INTERCEPT_interrupts);
    ck_assert(!vcpu_nested(v));
    ck_assert_uint_eq(cpu.in.pc, RAM_BASE + 4); /* L1, behind its vmrun */
    ck_assert_uint_eq(cpu.in.inject, 0);
    ck_assert_uint_eq(GET(exit_code), INTERCEPT_interrupts);
    ck_assert_uint_eq(GET(exit_event), ILLEGAL);
    ck_assert_uint_eq(GET(exit_event_tval), 0x99);
    ck_assert_uint_eq(v->x[11], VMCB_AT);
}
END_TEST

/* L0's own exits in between carry the event along, once. */
START_TEST(an_event_is_carried_across_the_exits_of_the_outer_monitor_11)
{
    make_nested(both[_i]);
    PUT(inject, ILLEGAL);
    vmrun();
    cpu.out.exit_event = ILLEGAL;
    turn(INTERCEPT_interrupts);
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.inject, ILLEGAL);
    cpu.out.exit_event = 0;
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.inject, ILLEGAL);
    turn(INTERCEPT_hcall);
    ck_assert_uint_eq(cpu.in.inject, 0);
    ck_assert(!vcpu_nested(v));
    ck_assert_uint_eq(GET(exit_code), INTERCEPT_hcall);
    ck_assert_uint_eq(GET(exit_event), 0);
}
END_TEST

/* L1 steps through its vmrun: the step is over when its guest has exited, and not before. */
START_TEST(a_single_step_across_vmrun_comes_after_its_exit_14)
{
    make_nested(both[_i]);
    v->cb->status |= FIELD_status_tf;
    vmrun();
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.inject, 0);
    ck_assert_uint_eq(cpu.in.status & FIELD_status_tf, 0);
    turn(INTERCEPT_hcall);
    ck_assert(!vcpu_nested(v));
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.inject, VMCB_EVENT_VALID | CAUSE_single_step);
    ck_assert_uint_eq(cpu.in.pc, RAM_BASE + 4);
}
END_TEST

static word mapped(gpa address)
{
    return shadow_entry(&vm->assist->nested->tables, address, 0);
}

static void nested_fault_at(gpa address, word how)
{
    cpu.out.exit_info1 = address;
    cpu.out.exit_info2 = how;
    cpu.out.exit_insn = LW_A0_A0;
    turn(EXIT_nested_fault);
}

/* L1's nested table through L0's map: filled on faults, never more than both allow. */
START_TEST(nested_tables_are_composed)
{
    make_nested(&technique_npt);
    PUT(nested_paging, 1);
    PUT(nptbr, PTBR_ON | TABLE_AT >> PAGE_SHIFT);
    vmrun();
    turn(INTERCEPT_interrupts);
    ck_assert_uint_ne(cpu.in.nptbr, v->home->nptbr);
    ck_assert_uint_ne(cpu.in.nptbr & PTBR_PPN, TABLE_AT >> PAGE_SHIFT);
    nested_fault_at(GPA2, NESTED_READ);
    ck_assert(vcpu_nested(v));
    ck_assert_uint_eq(mapped(GPA2) & PTE_PPN, p2m_entry(&vm->map, PAGE_AT) & PTE_PPN);
    ck_assert_uint_eq(mapped(GPA2) & PTE_W, 0); /* clean: its first write is to be seen */
    nested_fault_at(GPA2, NESTED_WRITE);
    ck_assert_uint_eq(mapped(GPA2) & PTE_W, PTE_W);
    ck_assert(fake_read(vm, LEAF_AT) & PTE_D);
    p2m_watch(&vm->map, PAGE_AT);
    ck_assert_uint_eq(mapped(GPA2), 0);
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.tlb_control, FLUSH_VMID);
    nested_fault_at(GPA2, NESTED_WRITE);
    nested_fault_at(GPA2, NESTED_WRITE);
    ck_assert_uint_eq(mapped(GPA2) & PTE_W, PTE_W);
    ck_assert(!(p2m_entry(&vm->map, PAGE_AT) & P2M_WATCHED));
    nested_fault_at(GPA2 + PAGE_SIZE, NESTED_READ);
    ck_assert(!vcpu_nested(v)); /* L1's own: nothing is mapped there */
    ck_assert_uint_eq(GET(exit_code), EXIT_nested_fault);
    ck_assert_uint_eq(GET(exit_info1), GPA2 + PAGE_SIZE);
}
END_TEST

START_TEST(what_the_inner_monitor_flushes_is_made_again)
{
    make_nested(&technique_npt);
    PUT(nested_paging, 1);
    PUT(nptbr, PTBR_ON | TABLE_AT >> PAGE_SHIFT);
    vmrun();
    turn(INTERCEPT_interrupts);
    nested_fault_at(GPA2, NESTED_READ);
    ck_assert_uint_ne(mapped(GPA2), 0);
    turn(INTERCEPT_hcall);
    vmrun();
    ck_assert_uint_ne(mapped(GPA2), 0);
    turn(INTERCEPT_hcall);
    ck_assert_uint_eq(cpu.in.tlb_control, FLUSH_NOTHING);
    PUT(tlb_control, _i ? FLUSH_ALL : FLUSH_VMID);
    vmrun();
    ck_assert_uint_eq(mapped(GPA2), 0);
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.tlb_control, FLUSH_VMID);
}
END_TEST

/* Each vmid of L1's has one of its own, and one that is taken from another is flushed. */
START_TEST(vmids_are_kept_apart)
{
    word real[2 * NESTED_VMIDS];

    make_nested(&technique_npt);
    for (word i = 0; i < 2 * NESTED_VMIDS; i++) {
        PUT(vmid, 100 + i);
        vmrun();
        turn(INTERCEPT_hcall);
        ck_assert_uint_eq(cpu.in.tlb_control, FLUSH_VMID);
        real[i] = cpu.in.vmid;
        ck_assert_uint_gt(real[i], VMS_MAX);
        for (word k = 0; k < i && i < NESTED_VMIDS; k++)
            ck_assert_uint_ne(real[k], real[i]);
    }
    PUT(vmid, 100 + 2 * NESTED_VMIDS - 1);
    vmrun();
    turn(INTERCEPT_hcall);
    ck_assert_uint_eq(cpu.in.vmid, real[2 * NESTED_VMIDS - 1]);
    ck_assert_uint_eq(cpu.in.tlb_control, FLUSH_NOTHING);
}
END_TEST

/* Time goes by the sum of the offsets, and L1's own timer rings while its guest runs. */
START_TEST(time_offsets_add_up)
{
    make_nested(both[_i]);
    v->cb->time_offset = 0xfffffff0;
    PUT(time_offset, 0x20);
    PUT(time_offseth, 3);
    vmrun();
    turn(INTERCEPT_interrupts);
    ck_assert_uint_eq(cpu.in.time_offset, 0x10);
    ck_assert_uint_eq(cpu.in.time_offseth, 4);
}
END_TEST

START_TEST(what_no_one_intercepts_the_outer_monitor_answers_for_the_guest)
{
    make_nested(both[_i]);
    vmrun();
    cpu.out.exit_insn = CPUID;
    turn(INTERCEPT_cpuid);
    ck_assert(vcpu_nested(v));
    ck_assert_uint_eq(v->cb->pc, RAM_BASE + 0x3004);
    turn(INTERCEPT_hcall);
    ck_assert_uint_eq(GET(pc), RAM_BASE + 0x3004);
    ck_assert_uint_eq(GET(instret), 1);
}
END_TEST

Suite *suite_vmm_assist(void)
{
    Suite *s = suite_create("vmm_assist");
    TCase *t = tcase_create("assist");

    tcase_add_loop_test(t, what_is_injected_is_given_to_the_processor_once_11, 0, 2);
    tcase_add_loop_test(t, what_was_being_delivered_is_injected_again_11, 0, 2);
    tcase_add_loop_test(t, a_wake_up_between_check_and_entry_is_not_lost_13, 0, 2);
    tcase_add_loop_test(t, page_table_registers_come_back_as_the_guests, 0, 64);
    tcase_add_test(t, under_shadow_paging_the_processor_has_the_monitors_tables_only);
    tcase_add_loop_test(t, translations_that_are_no_longer_so_are_flushed_once, 0, 2);
    tcase_add_loop_test(t, an_unknown_word_of_the_vmcb_reaches_nothing_12, 0, 2);
    tcase_add_loop_test(t, the_vmcb_is_read_once_12, 0, 2);
    tcase_add_loop_test(t, a_permission_map_out_of_range_is_refused_12, 0, 2);
    tcase_add_loop_test(t, an_event_that_never_reached_the_guest_goes_back_to_its_monitor_11, 0, 2);
    tcase_add_loop_test(t, an_event_is_carried_across_the_exits_of_the_outer_monitor_11, 0, 2);
    tcase_add_loop_test(t, a_single_step_across_vmrun_comes_after_its_exit_14, 0, 2);
    tcase_add_test(t, nested_tables_are_composed);
    tcase_add_loop_test(t, what_the_inner_monitor_flushes_is_made_again, 0, 2);
    tcase_add_test(t, vmids_are_kept_apart);
    tcase_add_loop_test(t, time_offsets_add_up, 0, 2);
    tcase_add_loop_test(t, what_no_one_intercepts_the_outer_monitor_answers_for_the_guest, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
