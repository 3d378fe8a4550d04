/*
 * Interrupts and events of guests: physical ones that exit, virtual ones, the guest's own timer,
 * what is injected and must not be lost, waiting, and the ways in which a guest comes to an end.
 */
#include "tests/machine/guests.h"

#include <string.h>

#define IE_BIT(name)    FIELD_ie_##name
#define BY_EXIT         (FORCED | 1u << INTERCEPT_interrupts)
#define EVENT_OF(cause) (VMCB_EVENT_VALID | (cause))
#define EVENT_INT(line) (VMCB_EVENT_VALID | VMCB_EVENT_INTERRUPT | INTERRUPT_##line)

static bool inside(const struct rig *r)
{
    struct machine_guest guest;

    return machine_guest(r->m, &guest);
}

/* In its handler, by this. */
static void expect_guest_trap(const struct rig *r, word cause, word tval, word epc)
{
    ck_assert_msg(inside(r), "exit %u", guests_get(r, VMCB_exit_code));
    rig_expect_pc(r, GUEST_VECTOR);
    ck_assert_uint_eq(rig_csr(r, CSR_cause), cause);
    ck_assert_uint_eq(rig_csr(r, CSR_tval), tval);
    ck_assert_uint_eq(rig_csr(r, CSR_epc), epc);
}

/* A guest that does nothing for long. */
static void idle(struct rig *r)
{
    for (unsigned n = 0; n < 64; n++)
        rig_put_at(r, GUEST + 4 * n, I(addi, ZERO, ZERO, 0));
    rig_put_at(r, GUEST + 4 * 64, JAL(ZERO, -4 * 64));
}

static void timer_at(struct rig *r, uint64_t cycles)
{
    uint64_t at = machine_cycle(r->m) + cycles; /* the divider is 1 */

    rig_set_csr(r, CSR_timecmp, (word)at);
    rig_set_csr(r, CSR_timecmph, (word)(at >> 32));
}

/* Runs until the guest is left; at most so many steps. */
static void run_out(struct rig *r, unsigned steps)
{
    while (steps-- > 0 && inside(r))
        rig_run(r, 1);
    ck_assert_msg(!inside(r), "the guest runs on, at %08x", rig_regs(r)->pc);
}

/* ---- physical interrupts --------------------------------------------------------------------- */

START_TEST(the_hosts_interrupts_leave_the_guest_whatever_its_ie_says)
{
    struct rig r;

    for (unsigned guest_ie = 0; guest_ie < 2; guest_ie++) {
        guests_init(&r);
        idle(&r);
        guests_set(&r, VMCB_icept_insn, BY_EXIT);
        guests_set(&r, VMCB_status, guest_ie ? FIELD_status_ie : 0);
        guests_set(&r, VMCB_ie, 0x888);
        rig_set_csr(&r, CSR_ie, IE_BIT(timer)); /* its own IE is clear: it is taken by nobody */
        timer_at(&r, 120);
        rig_run(&r, 1);
        ck_assert(inside(&r));
        run_out(&r, 50);
        guests_expect_exit(&r, INTERCEPT_interrupts, CAUSE_INTERRUPT | INTERRUPT_timer, 0);
        rig_expect_pc(&r, CODE + 4);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_insn), 0);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_next_pc), guests_get(&r, VMCB_pc));
        ck_assert_uint_eq(guests_get(&r, VMCB_ip) & FIELD_ip_timer, 0);
        ck_assert_uint_eq(rig_csr(&r, CSR_ip), FIELD_ip_timer);
        rig_fini(&r);
    }
}
END_TEST

/* The interrupt comes as exactly as it does without a guest: not a cycle early, not one block late. */
START_TEST(the_hosts_timer_leaves_the_guest_at_its_cycle)
{
    struct rig r;
    const struct event *e;

    for (unsigned delay = 101; delay < 140; delay += 7) {
        guests_init(&r);
        idle(&r);
        guests_set(&r, VMCB_icept_insn, BY_EXIT);
        rig_set_csr(&r, CSR_ie, IE_BIT(timer));
        timer_at(&r, delay);
        uint64_t at = machine_cycle(r.m) + delay;
        rig_listen(&r, EVENT_BIT(EVENT_exit));
        machine_run(r.m, delay); /* whole blocks, not steps */
        e = rig_event(&r, EVENT_exit, 0);
        ck_assert(e && e->cycle == at + machine_config(r.m)->cost.exit);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(an_interrupt_that_the_host_has_not_enabled_does_not_exit)
{
    struct rig r;

    guests_init(&r);
    idle(&r);
    guests_set(&r, VMCB_icept_insn, BY_EXIT);
    rig_set_csr(&r, CSR_ip, FIELD_ip_soft);
    rig_set_csr(&r, CSR_timecmph, 0);
    rig_set_csr(&r, CSR_timecmp, 0);
    rig_set_csr(&r, CSR_ie, IE_BIT(ext));
    rig_run(&r, 20);
    ck_assert(inside(&r));
    rig_fini(&r);
}
END_TEST

START_TEST(without_the_intercept_the_hosts_timer_waits_and_the_guest_does_not_see_it)
{
    struct rig r;

    guests_init(&r);
    idle(&r);
    rig_put_at(&r, GUEST + 8, CSRR(csrrs, A1, CSR_ip, ZERO));
    rig_put_at(&r, GUEST + 12, PLAIN(hcall));
    guests_set(&r, VMCB_ie, 0x888);
    guests_set(&r, VMCB_status, FIELD_status_ie);
    rig_set_csr(&r, CSR_ie, 0x888);
    rig_set_csr(&r, CSR_status, 0);
    rig_set_csr(&r, CSR_ip, FIELD_ip_soft);
    timer_at(&r, 1);
    rig_run(&r, 5);
    guests_expect_exit(&r, INTERCEPT_hcall, 0, 0);
    ck_assert_uint_eq(rig_regs(&r)->x[A1], 0);
    ck_assert_uint_eq(rig_csr(&r, CSR_ip), FIELD_ip_soft | FIELD_ip_timer);
    rig_fini(&r);
}
END_TEST

/* The UART's received byte, through the interrupt controller. */
static void expect_input(struct rig *r)
{
    word enable = 1u << 10;

    for (unsigned line = 1; line < 32; line++)
        enable |= 1u << line;
    rig_x(r, A1, 0x0c000000);
    rig_x(r, A2, enable);
    rig_do(r, STORE(sw, A2, 4, A1));
    rig_x(r, A1, 0x10000000);
    rig_x(r, A2, 1);
    rig_do(r, STORE(sb, A2, 1, A1));
    rig_put_at(r, CODE, I(vmrun, 0, S0, 0));
    rig_pc(r, CODE);
}

START_TEST(the_wire_goes_to_who_gets_physical_interrupts)
{
    struct rig r;

    for (unsigned intercept = 0; intercept < 2; intercept++) {
        guests_init(&r);
        idle(&r);
        expect_input(&r);
        guests_set(&r, VMCB_icept_insn, intercept ? BY_EXIT : FORCED);
        guests_set(&r, VMCB_ie, IE_BIT(ext));
        guests_set(&r, VMCB_status, FIELD_status_ie);
        rig_set_csr(&r, CSR_ie, IE_BIT(ext));
        rig_run(&r, 5);
        ck_assert(inside(&r));
        ck_assert_uint_eq(rig_csr(&r, CSR_ip), 0);
        machine_input(r.m, "x", 1);
        rig_run(&r, 1);
        if (intercept) {
            guests_expect_exit(&r, INTERCEPT_interrupts, CAUSE_INTERRUPT | INTERRUPT_external, 0);
            ck_assert_uint_eq(guests_get(&r, VMCB_ip), 0);
        } else {
            expect_guest_trap(&r, CAUSE_INTERRUPT | INTERRUPT_external, 0, GUEST + 16);
        }
        rig_fini(&r);
    }
}
END_TEST

/* A guest whose handler traps for ever, in a circle that is no shutdown, with IE clear. */
START_TEST(a_guest_that_only_traps_is_ended_by_the_hosts_timer)
{
    struct rig r;

    guests_init(&r);
    rig_put_at(&r, GUEST, PLAIN(ecall));
    rig_put_at(&r, GUEST_VECTOR, I(addi, A1, A1, 1));
    rig_put_at(&r, GUEST_VECTOR + 4, PLAIN(ecall));
    guests_set(&r, VMCB_icept_insn, BY_EXIT);
    rig_set_csr(&r, CSR_ie, IE_BIT(timer));
    timer_at(&r, 5000);
    ck_assert_int_eq(machine_run(r.m, 1), STOP_BUDGET);
    run_out(&r, 1000);
    guests_expect_exit(&r, INTERCEPT_interrupts, CAUSE_INTERRUPT | INTERRUPT_timer, 0);
    rig_fini(&r);
}
END_TEST

/* ---- virtual interrupts and the guest's time ---------------------------------------------------- */

START_TEST(virtual_bits_are_interrupts_by_their_priority)
{
    static const struct {
        word bits, ie, code;
    } rows[] = {
        {0x888, 0x888, INTERRUPT_external}, {0x088, 0x888, INTERRUPT_software},
        {0x880, 0x080, INTERRUPT_timer},    {0x080, 0x888, INTERRUPT_timer},
        {0x008, 0x888, INTERRUPT_software}, {0x800, 0x888, INTERRUPT_external},
    };
    struct rig r;

    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        guests_init(&r);
        guests_set(&r, VMCB_virtual_ip, rows[i].bits);
        guests_set(&r, VMCB_ie, rows[i].ie);
        guests_set(&r, VMCB_status, FIELD_status_ie);
        rig_run(&r, 2);
        expect_guest_trap(&r, CAUSE_INTERRUPT | rows[i].code, 0, GUEST);
        ck_assert_uint_eq(rig_csr(&r, CSR_ip), rows[i].bits);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(a_virtual_interrupt_waits_for_the_guests_ie)
{
    struct rig r;

    guests_init(&r);
    guests_set(&r, VMCB_virtual_ip, FIELD_ip_ext);
    guests_set(&r, VMCB_ie, 0x888);
    rig_put_at(&r, GUEST, I(addi, A1, ZERO, 1));
    rig_put_at(&r, GUEST + 4, CSRI(csrrsi, ZERO, CSR_status, FIELD_status_ie));
    rig_run(&r, 3);
    rig_expect_pc(&r, GUEST + 8);
    rig_run(&r, 1);
    expect_guest_trap(&r, CAUSE_INTERRUPT | INTERRUPT_external, 0, GUEST + 8);
    rig_fini(&r);
}
END_TEST

/* Offsets of both signs; the last makes the guest's time pass its end. */
static const struct {
    uint64_t offset; /* to what the host's time is at the vmrun */
    uint64_t ahead;  /* of the guest's compare register, to its time */
} clocks[] = {{0, 300}, {1000000, 300}, {(uint64_t)1 << 40, 300}, {(uint64_t)-50, 250}};

START_TEST(the_guests_timer_runs_by_the_guests_time)
{
    struct rig r;

    for (unsigned i = 0; i < COUNT_OF(clocks); i++) {
        guests_init(&r);
        idle(&r);
        rig_put_at(&r, GUEST, CSRR(csrrs, A1, CSR_time, ZERO));
        rig_put_at(&r, GUEST + 4, CSRR(csrrs, A2, CSR_timeh, ZERO));
        uint64_t start = machine_cycle(r.m), at = start + clocks[i].offset + clocks[i].ahead;
        guests_set(&r, VMCB_time_offset, (word)clocks[i].offset);
        guests_set(&r, VMCB_time_offseth, (word)(clocks[i].offset >> 32));
        guests_set(&r, VMCB_timecmp, (word)at);
        guests_set(&r, VMCB_timecmph, (word)(at >> 32));
        guests_set(&r, VMCB_ie, IE_BIT(timer));
        guests_set(&r, VMCB_status, FIELD_status_ie);
        rig_listen(&r, EVENT_BIT(EVENT_trap));
        rig_run(&r, 1);
        uint64_t now = machine_cycle(r.m) + machine_config(r.m)->cost.base;
        rig_run(&r, 2);
        ck_assert_uint_eq(rig_regs(&r)->x[A1], (word)(now + clocks[i].offset));
        machine_run(r.m, 300);
        const struct event *e = rig_event(&r, EVENT_trap, 0);
        uint64_t due = start + clocks[i].ahead + machine_config(r.m)->cost.trap;
        ck_assert_msg(e && e->cause == (CAUSE_INTERRUPT | INTERRUPT_timer), "clock %u", i);
        ck_assert_msg(e->cycle >= due && e->cycle <= due + 2, "clock %u: at %llu, not %llu", i,
                      (unsigned long long)e->cycle, (unsigned long long)due);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(at_the_end_of_the_guests_time_a_pending_timer_is_pending_no_more)
{
    struct rig r;

    guests_init(&r);
    idle(&r);
    rig_run(&r, 1);
    rig_put_at(&r, GUEST + 4 * 40, PLAIN(hcall));
    rig_run(&r, 41);
    guests_restart(&r);
    idle(&r);
    uint64_t now = machine_cycle(r.m), offset = 0 - (now + 130);
    guests_set(&r, VMCB_time_offset, (word)offset);
    guests_set(&r, VMCB_time_offseth, (word)(offset >> 32));
    guests_set(&r, VMCB_timecmp, 0x10000);
    guests_set(&r, VMCB_timecmph, 0);
    rig_run(&r, 1);
    ck_assert_uint_eq(rig_csr(&r, CSR_ip), FIELD_ip_timer);
    ck_assert_uint_eq(rig_csr(&r, CSR_timeh), 0xffffffff);
    machine_run(r.m, 40);
    ck_assert_uint_eq(rig_csr(&r, CSR_timeh), 0);
    ck_assert_uint_eq(rig_csr(&r, CSR_ip), 0);
    rig_fini(&r);
}
END_TEST

/* ---- waiting ----------------------------------------------------------------------------------- */

static void waiting(struct rig *r)
{
    guests_init(r);
    rig_put_at(r, GUEST, PLAIN(wfi));
    rig_put_at(r, GUEST + 4, PLAIN(hcall));
}

START_TEST(a_waiting_guest_sleeps_until_its_own_timer)
{
    struct rig r;

    waiting(&r);
    guests_set(&r, VMCB_ie, IE_BIT(timer));
    guests_set(&r, VMCB_timecmp, 100000);
    guests_set(&r, VMCB_timecmph, 0);
    rig_run(&r, 2);
    rig_expect_pc(&r, GUEST + 4);
    ck_assert_uint_ge(machine_cycle(r.m), 100000);
    rig_fini(&r);
}
END_TEST

/* The wfi has not completed: what wakes it can still come, and is not lost. */
START_TEST(the_hosts_interrupt_ends_the_sleep_and_not_the_wait)
{
    struct rig r;

    waiting(&r);
    guests_set(&r, VMCB_icept_insn, BY_EXIT);
    guests_set(&r, VMCB_ie, IE_BIT(ext));
    rig_set_csr(&r, CSR_ie, IE_BIT(timer));
    timer_at(&r, 5000);
    rig_run(&r, 2);
    guests_expect_exit(&r, INTERCEPT_interrupts, CAUSE_INTERRUPT | INTERRUPT_timer, 0);
    ck_assert_uint_eq(guests_get(&r, VMCB_pc), GUEST);
    ck_assert_uint_eq(guests_get(&r, VMCB_exit_insn), PLAIN(wfi));
    ck_assert_uint_eq(guests_get(&r, VMCB_instret), 0);
    timer_at(&r, 5000);
    guests_set(&r, VMCB_virtual_ip, FIELD_ip_ext); /* between the check and the entry */
    guests_again(&r, 2);
    rig_expect_pc(&r, GUEST + 4);
    rig_fini(&r);
}
END_TEST

START_TEST(a_waiting_guest_waits_for_what_can_come_from_outside)
{
    struct rig r;

    waiting(&r);
    expect_input(&r);
    guests_set(&r, VMCB_icept_insn, BY_EXIT);
    rig_set_csr(&r, CSR_ie, IE_BIT(ext));
    ck_assert_int_eq(machine_run(r.m, 10), STOP_INPUT);
    ck_assert(inside(&r));
    machine_input(r.m, "x", 1);
    rig_run(&r, 1);
    guests_expect_exit(&r, INTERCEPT_interrupts, CAUSE_INTERRUPT | INTERRUPT_external, 0);
    rig_fini(&r);
}
END_TEST

START_TEST(a_guest_that_nothing_can_wake_stops_the_machine)
{
    struct rig r;

    waiting(&r);
    guests_set(&r, VMCB_ie, IE_BIT(ext));
    guests_set(&r, VMCB_icept_insn, BY_EXIT); /* so the wire is not the guest's */
    ck_assert_int_eq(machine_run(r.m, 10), STOP_SHUTDOWN);
    ck_assert_int_eq(machine_shutdown(r.m), SHUTDOWN_wait_forever);
    rig_fini(&r);
}
END_TEST

/* ---- injection ----------------------------------------------------------------------------------- */

START_TEST(an_injected_event_is_a_trap_before_the_first_instruction)
{
    static const struct {
        word event, tval, cause;
    } rows[] = {
        {EVENT_INT(timer), 0, CAUSE_INTERRUPT | INTERRUPT_timer},
        {EVENT_INT(external), 0, CAUSE_INTERRUPT | INTERRUPT_external},
        {EVENT_OF(CAUSE_load_page), 0x1234, CAUSE_load_page},
        {EVENT_OF(CAUSE_illegal), 0xffffffff, CAUSE_illegal},
        {EVENT_OF(CAUSE_ecall_ring3), 0, CAUSE_ecall_ring3},
        {EVENT_OF(CAUSE_single_step), 0, CAUSE_single_step},
        {EVENT_OF(CAUSE_fetch_misaligned), 6, CAUSE_fetch_misaligned},
    };
    struct rig r;

    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        guests_init(&r);
        guests_set(&r, VMCB_inject, rows[i].event);
        guests_set(&r, VMCB_inject_tval, rows[i].tval);
        guests_set(&r, VMCB_icept_cause, 0x0700bfff); /* it is not intercepted */
        guests_set(&r, VMCB_ring, 3);
        guests_set(&r, VMCB_status, FIELD_status_pring | FIELD_status_tps);
        guests_set(&r, VMCB_ptbr, 0x00412345);
        guests_set(&r, VMCB_tptbr, 0x00854321);
        rig_listen(&r, EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_entry));
        rig_run(&r, 1);
        rig_expect_pc(&r, GUEST); /* a step of its own */
        uint64_t retired = machine_instret(r.m);
        rig_run(&r, 1);
        expect_guest_trap(&r, rows[i].cause, rows[i].tval, GUEST);
        ck_assert_uint_eq(machine_instret(r.m), retired);
        ck_assert_uint_eq(rig_regs(&r)->ring, 0);
        ck_assert_uint_eq(rig_csr(&r, CSR_status), FIELD_status_pring | FIELD_status_tps);
        ck_assert_uint_eq(rig_csr(&r, CSR_ptbr), 0x00854321);
        ck_assert_uint_eq(rig_csr(&r, CSR_eptbr), 0x00412345);
        ck_assert_uint_eq(rig_event(&r, EVENT_trap, 0)->insn, 0);
        rig_fini(&r);
    }
}
END_TEST

/* The processor does not write what is the monitor's: who forgets to clear it injects again. */
START_TEST(an_event_is_injected_at_each_entry_that_asks_for_it)
{
    struct rig r;

    guests_init(&r);
    rig_put_at(&r, GUEST_VECTOR, PLAIN(hcall));
    guests_set(&r, VMCB_inject, EVENT_INT(software));
    rig_run(&r, 3);
    guests_expect_exit(&r, INTERCEPT_hcall, 0, 0);
    ck_assert_uint_eq(guests_get(&r, VMCB_exit_event), 0);
    ck_assert_uint_eq(guests_get(&r, VMCB_inject), EVENT_INT(software));
    ck_assert_uint_eq(guests_get(&r, VMCB_epc), GUEST);
    guests_again(&r, 2);
    expect_guest_trap(&r, CAUSE_INTERRUPT | INTERRUPT_software, 0, GUEST_VECTOR);
    rig_fini(&r);
}
END_TEST

START_TEST(a_physical_interrupt_comes_before_the_event_and_the_event_is_not_lost)
{
    struct rig r;

    guests_init(&r);
    guests_set(&r, VMCB_icept_insn, BY_EXIT);
    guests_set(&r, VMCB_inject, EVENT_OF(CAUSE_load_page));
    guests_set(&r, VMCB_inject_tval, 0x5678);
    rig_set_csr(&r, CSR_ie, IE_BIT(soft));
    rig_set_csr(&r, CSR_ip, FIELD_ip_soft);
    rig_run(&r, 2);
    guests_expect_exit(&r, INTERCEPT_interrupts, CAUSE_INTERRUPT | INTERRUPT_software, 0);
    ck_assert_uint_eq(guests_get(&r, VMCB_exit_event), EVENT_OF(CAUSE_load_page));
    ck_assert_uint_eq(guests_get(&r, VMCB_exit_event_tval), 0x5678);
    ck_assert_uint_eq(guests_get(&r, VMCB_pc), GUEST);
    ck_assert_uint_eq(guests_get(&r, VMCB_cause), 0);

    rig_set_csr(&r, CSR_ip, 0); /* the monitor has answered, and injects it again */
    guests_set(&r, VMCB_inject, guests_get(&r, VMCB_exit_event));
    guests_again(&r, 2);
    expect_guest_trap(&r, CAUSE_load_page, 0x5678, GUEST);
    rig_put_at(&r, GUEST_VECTOR, PLAIN(hcall));
    rig_run(&r, 1);
    ck_assert_msg(guests_get(&r, VMCB_exit_event) == 0, "once");
    rig_fini(&r);
}
END_TEST

START_TEST(an_event_comes_before_the_guests_own_interrupts)
{
    struct rig r;

    guests_init(&r);
    guests_set(&r, VMCB_inject, EVENT_OF(CAUSE_illegal));
    guests_set(&r, VMCB_virtual_ip, 0x888);
    guests_set(&r, VMCB_ie, 0x888);
    guests_set(&r, VMCB_status, FIELD_status_ie);
    rig_run(&r, 2);
    expect_guest_trap(&r, CAUSE_illegal, 0, GUEST);
    rig_fini(&r);
}
END_TEST

/* ---- shutdown ------------------------------------------------------------------------------------ */

#define BAD_VECTOR 0x40000000u

static const struct {
    const char *what;
    word tvec, inject, insn, at_vector;
    unsigned steps;
    word info1, info2, event;
} ends[] = {
    {"no vector", 0, 0, 0x00000073, 0, 2, CAUSE_ecall_ring0, 0, EVENT_OF(CAUSE_ecall_ring0)},
    {"no vector for what is injected", 0, EVENT_INT(timer), 0, 0, 2,
     CAUSE_INTERRUPT | INTERRUPT_timer, 0, EVENT_INT(timer)},
    {"a vector that cannot be fetched", BAD_VECTOR, 0, 0x00000073, 0, 3, CAUSE_fetch_access,
     BAD_VECTOR, EVENT_OF(CAUSE_fetch_access)},
    {"a handler that traps at once", GUEST_VECTOR, 0, 0x00000073, 0x00000073, 4, CAUSE_ecall_ring0,
     0, EVENT_OF(CAUSE_ecall_ring0)},
};

START_TEST(a_guest_that_shuts_down_exits_and_the_machine_goes_on)
{
    struct rig r;

    for (unsigned i = 0; i < COUNT_OF(ends); i++) {
        guests_init(&r);
        rig_put_at(&r, GUEST, ends[i].insn);
        rig_put_at(&r, GUEST_VECTOR, ends[i].at_vector);
        guests_set(&r, VMCB_tvec, ends[i].tvec);
        guests_set(&r, VMCB_inject, ends[i].inject);
        rig_listen(&r, EVENT_BIT(EVENT_shutdown));
        rig_run(&r, ends[i].steps);
        ck_assert_msg(guests_get(&r, VMCB_exit_code) == EXIT_shutdown, "%s: code %u", ends[i].what,
                      guests_get(&r, VMCB_exit_code));
        guests_expect_exit(&r, EXIT_shutdown, ends[i].info1, ends[i].info2);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_event), ends[i].event);
        ck_assert_uint_eq(r.event_count, 0);
        ck_assert_int_eq(machine_state(r.m), MACHINE_READY);
        rig_fini(&r);
    }
}
END_TEST

/* With shadow paging the monitor may not have mapped the handler yet: that is no shutdown. */
START_TEST(an_intercepted_fault_at_the_vector_is_an_exit_of_its_own)
{
    struct rig r;

    guests_init(&r);
    rig_put_at(&r, GUEST, PLAIN(ecall));
    guests_set(&r, VMCB_tvec, BAD_VECTOR);
    guests_set(&r, VMCB_icept_cause, 1u << CAUSE_fetch_access);
    rig_run(&r, 3);
    guests_expect_exit(&r, EXIT_CAUSE + CAUSE_fetch_access, BAD_VECTOR, 0);
    ck_assert_uint_eq(guests_get(&r, VMCB_pc), BAD_VECTOR);
    ck_assert_uint_eq(guests_get(&r, VMCB_epc), GUEST);
    ck_assert_msg(guests_get(&r, VMCB_exit_event) == 0, "the ecall was delivered");
    ck_assert_uint_eq(guests_get(&r, VMCB_exit_insn), 0);
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_vmevents(void);
Suite *suite_machine_vmevents(void)
{
    Suite *s = suite_create("machine_vmevents");
    TCase *c = tcase_create("events of guests");

    tcase_add_test(c, the_hosts_interrupts_leave_the_guest_whatever_its_ie_says);
    tcase_add_test(c, the_hosts_timer_leaves_the_guest_at_its_cycle);
    tcase_add_test(c, an_interrupt_that_the_host_has_not_enabled_does_not_exit);
    tcase_add_test(c, without_the_intercept_the_hosts_timer_waits_and_the_guest_does_not_see_it);
    tcase_add_test(c, the_wire_goes_to_who_gets_physical_interrupts);
    tcase_add_test(c, a_guest_that_only_traps_is_ended_by_the_hosts_timer);
    tcase_add_test(c, virtual_bits_are_interrupts_by_their_priority);
    tcase_add_test(c, a_virtual_interrupt_waits_for_the_guests_ie);
    tcase_add_test(c, the_guests_timer_runs_by_the_guests_time);
    tcase_add_test(c, at_the_end_of_the_guests_time_a_pending_timer_is_pending_no_more);
    tcase_add_test(c, a_waiting_guest_sleeps_until_its_own_timer);
    tcase_add_test(c, the_hosts_interrupt_ends_the_sleep_and_not_the_wait);
    tcase_add_test(c, a_waiting_guest_waits_for_what_can_come_from_outside);
    tcase_add_test(c, a_guest_that_nothing_can_wake_stops_the_machine);
    tcase_add_test(c, an_injected_event_is_a_trap_before_the_first_instruction);
    tcase_add_test(c, an_event_is_injected_at_each_entry_that_asks_for_it);
    tcase_add_test(c, a_physical_interrupt_comes_before_the_event_and_the_event_is_not_lost);
    tcase_add_test(c, an_event_comes_before_the_guests_own_interrupts);
    tcase_add_test(c, a_guest_that_shuts_down_exits_and_the_machine_goes_on);
    tcase_add_test(c, an_intercepted_fault_at_the_vector_is_an_exit_of_its_own);
    suite_add_tcase(s, c);
    return s;
}
