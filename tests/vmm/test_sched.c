/* Who runs next, for how long, and who pays for it. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/vmm/fake.h"
#include "vmm/isa.h"
#include "vmm/phys.h"
#include "vmm/sched.h"
#include "vmm/technique.h"
#include "vmm/time.h"

Suite *suite_vmm_sched(void);

#define VMS 3

static struct vmm vmm;
static struct vm *vms[VMS];

/* Three VMs; the second and third are only what the scheduler looks at. */
static void setup(void)
{
    vms[0] = fake_vm(&vmm);
    for (unsigned i = 1; i < VMS; i++) {
        hpa frame, vmcb;
        ck_assert(alloc_frame_zero(&vmm.alloc, i + 1, FRAME_VM, &frame));
        ck_assert(alloc_frame_zero(&vmm.alloc, i + 1, FRAME_VMCB, &vmcb));
        vms[i] = phys_ptr(frame);
        vms[i]->vmm = &vmm;
        vms[i]->id = i + 1;
        vms[i]->vcpu.vm = vms[i];
        vms[i]->technique = &technique_full;
        vms[i]->vcpu.cb = vms[i]->vcpu.home = phys_ptr(vmcb);
        vmm.vms[i] = vms[i];
    }
    vmm.vm_slots = VMS;
    fake()->cycle = fake()->time = 1000;
    sched_init(&vmm);
    for (unsigned i = 0; i < VMS; i++) {
        vms[i]->vcpu.cb->timecmph = ~0u;
        sched_admit(vms[i], SCHED_WEIGHT, 0);
    }
}

static void pass(uint64_t cycles)
{
    fake()->cycle += cycles;
    fake()->time += cycles;
}

static void set_waiting(unsigned i, bool waiting)
{
    vms[i]->vcpu.waiting = waiting;
}

static void wake(unsigned i)
{
    vms[i]->vcpu.cb->ie = FIELD_ie_soft;
    vcpu_wire(&vms[i]->vcpu, FIELD_ip_soft, true);
}

/* As the dispatcher asks at every exit. */
static struct vm *next(void)
{
    struct vm *vm = vmm.sched.current;

    return vm && !vmm.sched.expired && vm_runnable(vm) ? vm : sched_pick(&vmm);
}

/* Until the real timer rings; time passes also while nobody runs. */
static void run_to_timer(void)
{
    sched_program(&vmm);
    ck_assert(fake()->timer != UINT64_MAX);
    if (fake()->timer > fake()->time)
        pass(fake()->timer - fake()->time);
    sched_tick(&vmm);
}

static void run_until(uint64_t cycle)
{
    while (fake()->cycle < cycle) {
        next();
        run_to_timer();
    }
    sched_account(&vmm);
}

/* Parts of a thousand that a VM had of all that time. */
static unsigned share_of(unsigned i, uint64_t from)
{
    return (unsigned)(vmm.alloc.cycles[i + 1] * 1000 / (fake()->cycle - from));
}

START_TEST(all_that_can_run_take_turns)
{
    for (unsigned n = 0; n < 2 * VMS; n++) {
        ck_assert_ptr_eq(sched_pick(&vmm), vms[n % VMS]);
        pass(10);
    }
}
END_TEST

START_TEST(who_waits_or_has_ended_is_passed_over)
{
    vms[0]->ended = true;
    set_waiting(1, true);
    for (unsigned n = 0; n < 3; n++)
        ck_assert_ptr_eq(sched_pick(&vmm), vms[2]);
    set_waiting(2, true);
    ck_assert_ptr_null(sched_pick(&vmm));
    wake(1);
    ck_assert_ptr_eq(sched_pick(&vmm), vms[1]);
}
END_TEST

START_TEST(the_slice_ends_when_the_timer_says_so)
{
    ck_assert_ptr_eq(sched_pick(&vmm), vms[0]);
    sched_program(&vmm);
    ck_assert_uint_eq(fake()->timer, fake()->time + SCHED_SLICE);
    pass(SCHED_SLICE - 1);
    sched_tick(&vmm);
    ck_assert(!vmm.sched.expired);
    pass(1);
    sched_tick(&vmm);
    ck_assert(vmm.sched.expired);
    ck_assert_ptr_eq(sched_pick(&vmm), vms[1]);
    ck_assert(!vmm.sched.expired);
}
END_TEST

/* A slice is cycles; the timer counts ticks of time. */
START_TEST(where_time_is_slower_the_timer_is_set_to_as_many_cycles)
{
    fake()->cycle = 7000000;
    fake()->time = 7000;
    sched_init(&vmm);
    ck_assert_uint_eq(vmm.sched.divider, 1000);
    sched_pick(&vmm);
    sched_program(&vmm);
    ck_assert_uint_eq(fake()->timer, 7000 + SCHED_SLICE / 1000);
}
END_TEST

START_TEST(alone_nobody_is_interrupted)
{
    set_waiting(1, true);
    set_waiting(2, true);
    ck_assert_ptr_eq(sched_pick(&vmm), vms[0]);
    sched_program(&vmm);
    ck_assert(fake()->timer == UINT64_MAX);
    wake(2); /* until somebody wakes */
    ck_assert(vmm.sched.timer_stale);
    sched_program(&vmm);
    ck_assert_uint_eq(fake()->timer, 1000 + SCHED_SLICE);
}
END_TEST

START_TEST(the_timer_rings_for_whoever_comes_first)
{
    static const word deadlines[VMS] = {9000, 5000, 7000};

    for (unsigned i = 0; i < VMS; i++) {
        union vmcb *cb = vms[i]->vcpu.cb;
        set_waiting(i, true);
        cb->timecmph = 0;
        cb->timecmp = deadlines[i];
        cb->ie = FIELD_ie_timer;
        vtimer_changed(&vms[i]->vcpu);
    }
    ck_assert_ptr_null(sched_pick(&vmm));
    sched_program(&vmm);
    ck_assert_uint_eq(fake()->timer, 5000);
    pass(4000);
    sched_tick(&vmm);
    ck_assert_ptr_eq(sched_pick(&vmm), vms[1]);
}
END_TEST

START_TEST(each_pays_for_the_cycles_that_it_had)
{
    sched_pick(&vmm);
    pass(250);
    sched_pick(&vmm);
    pass(50);
    for (unsigned i = 0; i < VMS; i++)
        set_waiting(i, true);
    ck_assert_ptr_null(sched_pick(&vmm));
    pass(9000); /* slept through: nobody's */
    set_waiting(2, false);
    sched_pick(&vmm);
    pass(10);
    sched_forget(vms[2]);
    ck_assert_uint_eq(vmm.alloc.cycles[OWNER_VMM], 9000);
    ck_assert_uint_eq(vmm.alloc.cycles[1], 250);
    ck_assert_uint_eq(vmm.alloc.cycles[2], 50);
    ck_assert_uint_eq(vmm.alloc.cycles[3], 10);
    ck_assert_ptr_null(vmm.sched.current);
}
END_TEST

/* Its device wants something while another runs. */
START_TEST(who_causes_work_pays_for_it)
{
    ck_assert_ptr_eq(sched_pick(&vmm), vms[0]);
    pass(100);
    struct vm *payer = sched_pay(&vmm, vms[2]);
    pass(70);
    ck_assert_ptr_eq(sched_pay(&vmm, payer), vms[2]);
    pass(5);
    sched_account(&vmm);
    ck_assert_uint_eq(vmm.alloc.cycles[1], 105);
    ck_assert_uint_eq(vmm.alloc.cycles[3], 70);
}
END_TEST

static const struct {
    word weights[VMS];
} weighted[] = {{{256, 256, 256}}, {{1, 2, 5}}, {{256, 512, 1280}}, {{65535, 65535, 300}}};

START_TEST(shares_are_as_the_weights)
{
    const word *weights = weighted[_i].weights;
    word sum = weights[0] + weights[1] + weights[2];

    for (unsigned i = 0; i < VMS; i++)
        sched_set(vms[i], weights[i], 0);
    run_until(3000ull * SCHED_SLICE);
    for (unsigned i = 0; i < VMS; i++)
        ck_assert_uint_le(share_of(i, 1000) - weights[i] * 1000 / sum + 2, 4);
}
END_TEST

START_TEST(a_weight_counts_from_when_it_was_changed)
{
    set_waiting(2, true);
    run_until(1000ull * SCHED_SLICE);
    uint64_t before = vmm.alloc.cycles[1], from = fake()->cycle;
    sched_set(vms[0], 3 * SCHED_WEIGHT, 0);
    run_until(3000ull * SCHED_SLICE);
    uint64_t had = vmm.alloc.cycles[1] - before, all = fake()->cycle - from;
    ck_assert_uint_le(had * 1000 / all - 745, 10);
}
END_TEST

START_TEST(a_cap_holds_although_nobody_else_wants_to_run)
{
    set_waiting(1, true);
    set_waiting(2, true);
    sched_set(vms[0], SCHED_WEIGHT, 30);
    run_until(1000ull * SCHED_SLICE);
    ck_assert_uint_le(share_of(0, 1000) - 298, 3);
    ck_assert_uint_le(vmm.alloc.cycles[OWNER_VMM] * 1000 / fake()->cycle - 697, 5);
    uint64_t had = vmm.alloc.cycles[1], from = fake()->cycle;
    sched_set(vms[0], SCHED_WEIGHT, 0);
    ck_assert_ptr_eq(sched_pick(&vmm), vms[0]);
    pass(SCHED_SLICE);
    sched_account(&vmm);
    ck_assert_uint_eq(vmm.alloc.cycles[1] - had, fake()->cycle - from);
}
END_TEST

START_TEST(what_a_cap_leaves_goes_to_the_others_and_is_not_owed_later)
{
    set_waiting(2, true);
    sched_set(vms[0], SCHED_WEIGHT, 10);
    run_until(1000ull * SCHED_SLICE);
    ck_assert_uint_le(share_of(0, 1000) - 98, 4);
    ck_assert_uint_ge(share_of(1, 1000), 897);
    uint64_t had = vmm.alloc.cycles[1], from = fake()->cycle;
    sched_set(vms[0], SCHED_WEIGHT, 0);
    run_until(1100ull * SCHED_SLICE);
    ck_assert_uint_le((vmm.alloc.cycles[1] - had) * 100 / (fake()->cycle - from), 53);
}
END_TEST

/* Between the choice and the setting of the timer time passes: enough for a cap to end. */
START_TEST(a_cap_that_ends_in_between_is_not_missed)
{
    set_waiting(2, true);
    sched_set(vms[0], 4 * SCHED_WEIGHT, 50);
    vms[1]->share.elapsed = 1ull << 40; /* the other one is ahead by far */
    ck_assert_ptr_eq(sched_pick(&vmm), vms[0]);
    pass(1000);
    ck_assert_ptr_eq(sched_pick(&vmm), vms[1]); /* until 1000 more have passed */
    pass(1000);
    sched_program(&vmm);
    ck_assert_uint_le(fake()->timer, fake()->time);
    sched_tick(&vmm);
    ck_assert_ptr_eq(next(), vms[0]);
}
END_TEST

/* It runs until just before the tick that would catch it, sleeps over the tick, and is back. */
START_TEST(to_sleep_when_the_tick_comes_steals_nothing)
{
    set_waiting(2, true);
    wake(0);
    for (unsigned n = 0; n < 1000; n++) {
        if (next() == vms[0]) {
            pass(SCHED_SLICE - 5);
            set_waiting(0, true);
            vcpu_wire(&vms[0]->vcpu, FIELD_ip_soft, false);
            ck_assert_ptr_eq(next(), vms[1]);
            pass(10);
            wake(0);
        } else {
            run_to_timer();
        }
    }
    sched_account(&vmm);
    ck_assert_uint_le(share_of(0, 1000), 502);
    ck_assert_uint_ge(share_of(1, 1000), 497);
}
END_TEST

START_TEST(who_wakes_runs_at_once_before_those_that_never_sleep)
{
    set_waiting(2, true);
    run_until(50ull * SCHED_SLICE);
    ck_assert_ptr_ne(next(), vms[2]);
    pass(1000);
    wake(2);
    ck_assert(vmm.sched.expired);
    ck_assert_ptr_eq(next(), vms[2]);
}
END_TEST

/* Whoever comes late is not owed what was used before, though nobody had to choose then. */
START_TEST(a_vm_made_later_begins_where_the_others_are)
{
    set_waiting(1, true);
    set_waiting(2, true);
    ck_assert_ptr_eq(next(), vms[0]);
    pass(1000ull * SCHED_SLICE);
    set_waiting(0, true);
    ck_assert_ptr_null(next());
    set_waiting(0, false);
    set_waiting(1, false);
    sched_admit(vms[1], SCHED_WEIGHT, 0);
    uint64_t from = fake()->cycle;
    run_until(from + 20ull * SCHED_SLICE);
    ck_assert_uint_le(vmm.alloc.cycles[2], 11ull * SCHED_SLICE);
}
END_TEST

START_TEST(long_sleep_saves_no_time_up)
{
    set_waiting(2, true);
    run_until(500ull * SCHED_SLICE);
    wake(2);
    uint64_t from = fake()->cycle;
    run_until(from + 30ull * SCHED_SLICE);
    ck_assert_uint_le(vmm.alloc.cycles[3], 12ull * SCHED_SLICE);
    ck_assert_uint_ge(vmm.alloc.cycles[3], 9ull * SCHED_SLICE);
}
END_TEST

Suite *suite_vmm_sched(void)
{
    Suite *s = suite_create("vmm_sched");
    TCase *t = tcase_create("sched");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, all_that_can_run_take_turns);
    tcase_add_test(t, who_waits_or_has_ended_is_passed_over);
    tcase_add_test(t, the_slice_ends_when_the_timer_says_so);
    tcase_add_test(t, where_time_is_slower_the_timer_is_set_to_as_many_cycles);
    tcase_add_test(t, alone_nobody_is_interrupted);
    tcase_add_test(t, the_timer_rings_for_whoever_comes_first);
    tcase_add_test(t, each_pays_for_the_cycles_that_it_had);
    tcase_add_test(t, who_causes_work_pays_for_it);
    tcase_add_loop_test(t, shares_are_as_the_weights, 0, COUNT_OF(weighted));
    tcase_add_test(t, a_weight_counts_from_when_it_was_changed);
    tcase_add_test(t, a_cap_holds_although_nobody_else_wants_to_run);
    tcase_add_test(t, what_a_cap_leaves_goes_to_the_others_and_is_not_owed_later);
    tcase_add_test(t, a_cap_that_ends_in_between_is_not_missed);
    tcase_add_test(t, to_sleep_when_the_tick_comes_steals_nothing);
    tcase_add_test(t, who_wakes_runs_at_once_before_those_that_never_sleep);
    tcase_add_test(t, a_vm_made_later_begins_where_the_others_are);
    tcase_add_test(t, long_sleep_saves_no_time_up);
    suite_add_tcase(s, t);
    return s;
}
