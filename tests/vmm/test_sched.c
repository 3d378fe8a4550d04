/* Who runs next, for how long, and who pays for it. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/vmm/fake.h"
#include "vmm/isa.h"
#include "vmm/phys.h"
#include "vmm/sched.h"
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
        vms[i]->vcpu.cb = phys_ptr(vmcb);
        vmm.vms[i] = vms[i];
    }
    vmm.vm_slots = VMS;
    for (unsigned i = 0; i < VMS; i++)
        vms[i]->vcpu.cb->timecmph = ~0u;
}

START_TEST(all_that_can_run_take_turns)
{
    for (unsigned n = 0; n < 2 * VMS; n++)
        ck_assert_ptr_eq(sched_pick(&vmm), vms[n % VMS]);
}
END_TEST

START_TEST(who_waits_or_has_ended_is_passed_over)
{
    vms[0]->ended = true;
    vms[1]->vcpu.waiting = true;
    for (unsigned n = 0; n < 3; n++)
        ck_assert_ptr_eq(sched_pick(&vmm), vms[2]);
    vms[2]->vcpu.waiting = true;
    ck_assert_ptr_null(sched_pick(&vmm));
    vms[1]->vcpu.cb->ie = FIELD_ie_soft;
    vcpu_wire(&vms[1]->vcpu, FIELD_ip_soft, true);
    ck_assert_ptr_eq(sched_pick(&vmm), vms[1]);
}
END_TEST

START_TEST(the_slice_ends_when_the_timer_says_so)
{
    ck_assert_ptr_eq(sched_pick(&vmm), vms[0]);
    sched_program(&vmm);
    ck_assert_uint_eq(fake()->timer, fake()->time + SCHED_SLICE);
    fake()->time += SCHED_SLICE - 1;
    sched_tick(&vmm);
    ck_assert(!vmm.sched.expired);
    fake()->time++;
    sched_tick(&vmm);
    ck_assert(vmm.sched.expired);
    ck_assert_ptr_eq(sched_pick(&vmm), vms[1]);
    ck_assert(!vmm.sched.expired);
}
END_TEST

START_TEST(alone_nobody_is_interrupted)
{
    vms[1]->vcpu.waiting = true;
    vms[2]->vcpu.waiting = true;
    ck_assert_ptr_eq(sched_pick(&vmm), vms[0]);
    sched_program(&vmm);
    ck_assert(fake()->timer == UINT64_MAX);
    /* until somebody wakes */
    vms[2]->vcpu.cb->ie = FIELD_ie_soft;
    vcpu_wire(&vms[2]->vcpu, FIELD_ip_soft, true);
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
        vms[i]->vcpu.waiting = true;
        cb->timecmph = 0;
        cb->timecmp = deadlines[i];
        cb->ie = FIELD_ie_timer;
        vtimer_changed(&vms[i]->vcpu);
    }
    ck_assert_ptr_null(sched_pick(&vmm));
    sched_program(&vmm);
    ck_assert_uint_eq(fake()->timer, 5000);
    fake()->time = 5000;
    sched_tick(&vmm);
    ck_assert_ptr_eq(sched_pick(&vmm), vms[1]);
}
END_TEST

START_TEST(each_pays_for_the_cycles_that_it_had)
{
    fake()->cycle = 100;
    sched_pick(&vmm);
    fake()->cycle = 350;
    sched_pick(&vmm);
    fake()->cycle = 400;
    for (unsigned i = 0; i < VMS; i++)
        vms[i]->vcpu.waiting = true;
    ck_assert_ptr_null(sched_pick(&vmm));
    fake()->cycle = 9000; /* slept through: nobody's */
    vms[2]->vcpu.waiting = false;
    sched_pick(&vmm);
    fake()->cycle = 9010;
    sched_forget(vms[2]);
    ck_assert_uint_eq(vmm.alloc.cycles[1], 250);
    ck_assert_uint_eq(vmm.alloc.cycles[2], 50);
    ck_assert_uint_eq(vmm.alloc.cycles[3], 10);
    ck_assert_ptr_null(vmm.sched.current);
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
    tcase_add_test(t, alone_nobody_is_interrupted);
    tcase_add_test(t, the_timer_rings_for_whoever_comes_first);
    tcase_add_test(t, each_pays_for_the_cycles_that_it_had);
    suite_add_tcase(s, t);
    return s;
}
