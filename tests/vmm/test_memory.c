/*
 * Memory of several VMs: promises, pages that are shared, pages without a frame, balloons, and
 * what is done when memory is scarce.
 */
#include <check.h>
#include <string.h>

#include "tests/vmm/fake.h"
#include "vmm/hypercall.h"
#include "vmm/isa.h"
#include "vmm/phys.h"
#include "vmm/platform.h"
#include "vmm/technique.h"

#include "isa/paging.h"

Suite *suite_vmm_memory(void);

#define VMS   3
#define PAGES 16u /* of the second and third VM */

static struct vmm vmm;
static struct vm *vms[VMS];
static struct alloc *a;

/* The first VM is the fake's; the others have PAGES pages, of which half are promised. */
static void setup(void)
{
    vms[0] = fake_vm(&vmm);
    a = &vmm.alloc;
    for (unsigned i = 1; i < VMS; i++) {
        hpa frame, vmcb;
        ck_assert(alloc_frame_zero(a, i + 1, FRAME_VM, &frame));
        ck_assert(alloc_frame_zero(a, i + 1, FRAME_VMCB, &vmcb));
        struct vm *vm = vms[i] = phys_ptr(frame);
        vm->vmm = &vmm;
        vm->id = i + 1;
        vm->technique = &technique_full;
        vm->vcpu.vm = vm;
        vm->vcpu.cb = vm->vcpu.home = phys_ptr(vmcb);
        vm->ram_size = PAGES * PAGE_SIZE;
        vm->ram_promised = PAGES / 2 * PAGE_SIZE;
        vm->shares = true;
        vm->map = (struct p2m){.vm = vm, .size = vm->ram_size, .lazy = true};
        ck_assert(p2m_init(&vm->map, a, vm->id));
        ck_assert(shadow_init(&vm->shadow, a, vm->id, &vm->map));
        sched_admit(vm, SCHED_WEIGHT, 0);
        vmm.vms[i] = vm;
    }
    vmm.vm_slots = vmm.vm_count = VMS;
    vmm.memory.looks = true;
}

static gpa page(unsigned number)
{
    return RAM_BASE + number * PAGE_SIZE;
}

static hpa frame_of(unsigned i, unsigned number)
{
    return p2m_look(&vms[i]->map, page(number)) & PTE_PPN;
}

static void fill(unsigned i, unsigned number, word value)
{
    for (unsigned n = 0; n < PAGE_SIZE; n += 4)
        fake_write(vms[i], page(number) + n, value + n);
}

static word first_word(unsigned i, unsigned number)
{
    return fake_read(vms[i], page(number));
}

static bool is_shared(unsigned i, unsigned number)
{
    return p2m_look(&vms[i]->map, page(number)) & P2M_SHARED;
}

/* One whole round, and the start of the next, so that hints of the first are met again. */
static void scan(void)
{
    ck_assert(sharing_begin(&vmm));
    while (sharing_scan(&vmm, 7))
        ;
    ck_assert(sharing_begin(&vmm));
    while (sharing_scan(&vmm, 7))
        ;
}

static uint32_t frames_held(void)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < OWNERS_MAX; i++)
        sum += a->held[i];
    return sum;
}

/* ---- promises ----------------------------------------------------------------------------- */

START_TEST(what_is_promised_to_one_another_cannot_take)
{
    hpa frame;

    ck_assert(alloc_promise(a, 9, 100));
    ck_assert(!alloc_promise(a, 10, a->free_count - 99));
    while (alloc_frame(a, 11, FRAME_RAM, &frame))
        ;
    ck_assert_uint_eq(a->free_count, 100);
    ck_assert_uint_eq(alloc_spare(a), 0);
    ck_assert_uint_eq(alloc_room(a, 11), 0);
    ck_assert_uint_eq(alloc_room(a, 9), 100);
    for (unsigned i = 0; i < 100; i++)
        ck_assert(alloc_frame(a, 9, FRAME_RAM, &frame));
    ck_assert(!alloc_frame(a, 9, FRAME_RAM, &frame));
    alloc_free(a, 9, frame);
    ck_assert(!alloc_frame(a, 11, FRAME_RAM, &frame));
    alloc_release(a, 9);
    ck_assert_uint_eq(a->owed, 0);
    ck_assert_uint_eq(alloc_room(a, 11), 100);
}
END_TEST

/* ---- pages without a frame ---------------------------------------------------------------- */

START_TEST(a_page_gets_its_frame_when_it_is_first_wanted)
{
    uint32_t before = a->held[2];

    ck_assert_uint_eq(p2m_look(&vms[1]->map, page(3)), 0);
    ck_assert_uint_eq(first_word(1, 3), 0);
    ck_assert_uint_ne(p2m_look(&vms[1]->map, page(3)), 0);
    ck_assert_uint_eq(a->held[2], before + 2); /* with the map's second level */
    ck_assert_uint_eq(p2m_entry(&vms[1]->map, page(PAGES)), 0);
    ck_assert_uint_eq(p2m_entry(&vms[1]->map, RAM_BASE - PAGE_SIZE), 0);
}
END_TEST

START_TEST(who_lacks_room_does_not_run_until_there_is_some)
{
    hpa frame;

    a->limit[9] = alloc_spare(a) - 3;
    while (alloc_frame(a, 9, FRAME_RAM, &frame))
        ;
    ck_assert(vm_runnable(vms[0])); /* it has all that it may touch */
    ck_assert(!vm_runnable(vms[1]));
    ck_assert(vm_starved(vms[1]));
    alloc_release(a, 9);
    ck_assert(vm_runnable(vms[1]));
}
END_TEST

START_TEST(of_those_that_all_wait_for_memory_one_ends)
{
    hpa frame;

    while (alloc_frame(a, 9, FRAME_RAM, &frame))
        ;
    vms[0]->state = VM_PAUSED;
    ck_assert_ptr_null(sched_pick(&vmm));
    for (unsigned i = 0; i < 4; i++) { /* balloons are asked first */
        ck_assert(memory_idle(&vmm));
        ck_assert_uint_eq(vmm.vm_count, VMS);
    }
    ck_assert(memory_idle(&vmm));
    ck_assert_uint_eq(vmm.vm_count, VMS - 1);
    ck_assert_ptr_nonnull(strstr(fake()->out, " ended: this machine has no memory left for it"));
}
END_TEST

/* ---- sharing ------------------------------------------------------------------------------ */

START_TEST(equal_pages_end_in_one_frame)
{
    fill(1, 0, 77);
    fill(2, 5, 77);
    fill(2, 6, 77);
    fill(2, 7, 78);
    uint32_t before = a->free_count;
    scan();
    ck_assert_uint_eq(frame_of(1, 0), frame_of(2, 5));
    ck_assert_uint_eq(frame_of(1, 0), frame_of(2, 6));
    ck_assert_uint_ne(frame_of(1, 0), frame_of(2, 7));
    ck_assert(is_shared(1, 0) && is_shared(2, 5) && is_shared(2, 6) && !is_shared(2, 7));
    ck_assert_uint_eq(alloc_entry(a, frame_of(1, 0))->type, FRAME_SHARED);
    ck_assert_uint_eq(alloc_entry(a, frame_of(1, 0))->note, 3);
    ck_assert_uint_eq(a->free_count, before + 2 - SHARING_FRAMES);
    ck_assert_uint_eq(a->shared[2], 1);
    ck_assert_uint_eq(a->shared[3], 2);
    ck_assert_uint_eq(frames_held() + a->free_count, a->count);
}
END_TEST

START_TEST(who_writes_gets_a_copy_and_the_others_see_nothing)
{
    fill(1, 0, 77);
    fill(2, 5, 77);
    fill(2, 6, 77);
    scan();
    hpa shared = frame_of(1, 0);
    fake_write(vms[2], page(5) + 8, 1234);
    ck_assert_uint_ne(frame_of(2, 5), shared);
    ck_assert_uint_eq(fake_read(vms[2], page(5) + 8), 1234);
    ck_assert_uint_eq(fake_read(vms[2], page(5) + 12), 77 + 12);
    ck_assert_uint_eq(fake_read(vms[1], page(0) + 8), 77 + 8);
    ck_assert_uint_eq(fake_read(vms[2], page(6) + 8), 77 + 8);
    ck_assert_uint_eq(alloc_entry(a, shared)->note, 2);
    ck_assert_uint_eq(a->shared[3], 1);
    /* the last one that is left has the frame to itself */
    fake_write(vms[1], page(0), 5);
    fake_write(vms[2], page(6), 6);
    ck_assert_uint_eq(frame_of(2, 6), shared);
    ck_assert_uint_eq(alloc_entry(a, shared)->owner, 3);
    ck_assert_uint_eq(alloc_entry(a, shared)->type, FRAME_RAM);
    ck_assert_uint_eq(a->shared_frames, 0);
    ck_assert_uint_eq(frames_held() + a->free_count, a->count);
}
END_TEST

/* The shadow had the page writable: the next store has to come here. */
START_TEST(a_page_that_is_shared_is_writable_in_no_shadow)
{
    struct shadow_fault f = {.address = page(0), .access = ACCESS_STORE};
    word table = RAM_BASE + 8 * PAGE_SIZE;
    word ptbr = PTBR_ON | table >> PAGE_SHIFT;

    fake_write(vms[1], table + PT_INDEX1(RAM_BASE) * 4,
               RAM_BASE | PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D | PTE_PL);
    fill(1, 0, 9);
    fill(2, 0, 9);
    ck_assert_uint_ne(shadow_select(&vms[1]->shadow, ptbr, 0), 0);
    /* a superpage of 4 MiB would leave RAM; its first pages are there */
    ck_assert_int_eq(shadow_resolve(&vms[1]->shadow, ptbr, &f), SHADOW_FILLED);
    ck_assert(shadow_entry(&vms[1]->shadow, page(0), 0) & PTE_W);
    scan();
    ck_assert(is_shared(1, 0));
    ck_assert_uint_eq(shadow_entry(&vms[1]->shadow, page(0), 0), 0);
    ck_assert_int_eq(shadow_resolve(&vms[1]->shadow, ptbr, &f), SHADOW_NO_WRITE);
    ck_assert(p2m_write_fault(vms[1], page(0)));
    ck_assert_int_eq(shadow_resolve(&vms[1]->shadow, ptbr, &f), SHADOW_FILLED);
    ck_assert_uint_ne(frame_of(1, 0), frame_of(2, 0));
}
END_TEST

/* A hint is a page that may have changed, gone away, or ended with its VM. */
START_TEST(a_hint_that_no_longer_holds_shares_nothing)
{
    fill(1, 0, 77);
    ck_assert(sharing_begin(&vmm));
    while (sharing_scan(&vmm, 1))
        ;
    switch (_i) {
    case 0:
        fake_write(vms[1], page(0) + 2048, 1);
        break;
    case 1:
        ck_assert(p2m_drop(&vms[1]->map, page(0)));
        break;
    case 2:
        vm_end(vms[1], "it was told to", NULL);
        vm_destroy(vms[1]);
        break;
    }
    fill(2, 3, 77);
    scan();
    ck_assert(!is_shared(2, 3));
    ck_assert_uint_eq(first_word(2, 3), 77);
}
END_TEST

START_TEST(pages_that_a_technique_watches_are_left_alone)
{
    fill(1, 0, 77);
    fill(2, 3, 77);
    p2m_watch(&vms[1]->map, page(0));
    scan();
    ck_assert(!is_shared(1, 0) && !is_shared(2, 3));
}
END_TEST

START_TEST(a_vm_that_ends_leaves_its_part_to_the_others)
{
    fill(1, 0, 77);
    fill(2, 3, 77);
    scan();
    ck_assert(is_shared(2, 3));
    vm_end(vms[1], "it was told to", NULL);
    vm_destroy(vms[1]);
    ck_assert_uint_eq(alloc_entry(a, frame_of(2, 3))->note, 1);
    fake_write(vms[2], page(3), 78);
    ck_assert_uint_eq(first_word(2, 3), 78);
    vm_end(vms[2], "it was told to", NULL);
    vm_destroy(vms[2]);
    ck_assert_uint_eq(a->shared_frames, 0);
    alloc_sweep(a, a->count);
    ck_assert_uint_eq(a->held[2] + a->held[3], 0);
    ck_assert_uint_eq(frames_held() + a->free_count, a->count);
}
END_TEST

/* Both may write all that they share again, though others took all the rest. */
START_TEST(what_is_shared_stays_promised)
{
    hpa frame;

    ck_assert(sharing_begin(&vmm));
    for (unsigned i = 1; i < VMS; i++)
        ck_assert(alloc_promise(a, i + 1, a->held[i + 1] + PAGES + 1));
    for (unsigned n = 0; n < PAGES; n++) {
        fill(1, n, 1000);
        fill(2, n, 1000);
    }
    scan();
    ck_assert_uint_eq(a->shared_frames, 1);
    while (alloc_frame(a, 9, FRAME_RAM, &frame))
        ;
    ck_assert_uint_gt(a->free_count, 0);
    for (unsigned n = 0; n < PAGES; n++) {
        fill(1, n, n);
        fill(2, n, n + 1);
    }
    ck_assert(!vms[1]->ended && !vms[2]->ended);
    ck_assert_uint_eq(a->shared_frames, 0);
}
END_TEST

/* ---- balloon ------------------------------------------------------------------------------ */

static word call(unsigned i, enum outcome (*fn)(struct vcpu *v), word argument)
{
    vms[i]->vcpu.x[10] = argument;
    ck_assert_int_eq(fn(&vms[i]->vcpu), RETIRED);
    return vms[i]->vcpu.x[10];
}

START_TEST(pages_given_go_to_others_and_come_back_empty)
{
    fill(1, 4, 11);
    uint32_t before = a->free_count;

    ck_assert_uint_eq(call(1, hypercall_balloon_target, 0), 0);
    ck_assert_uint_eq(call(1, hypercall_balloon_give, page(4)), -(word)HYPERCALL_ERROR_refused);
    memory_set_balloon(vms[1], 2);
    ck_assert_uint_eq(call(1, hypercall_balloon_target, 0), 2);
    ck_assert_uint_eq(call(1, hypercall_balloon_give, page(4)), 0);
    ck_assert_uint_eq(call(1, hypercall_balloon_give, page(5)), 0); /* never touched */
    ck_assert_uint_eq(call(1, hypercall_balloon_give, page(6)), -(word)HYPERCALL_ERROR_refused);
    ck_assert_uint_eq(a->free_count, before + 1);
    ck_assert_uint_eq(vms[1]->balloon.pages, 2);
    vms[1]->intc.enable = 1u << LINE_balloon;
    memory_set_balloon(vms[1], 1);
    ck_assert(vms[1]->vcpu.cb->ip & FIELD_ip_ext); /* it is told, until it asks how many */
    ck_assert_uint_eq(call(1, hypercall_balloon_target, 0), 1);
    ck_assert(!(vms[1]->vcpu.cb->ip & FIELD_ip_ext));
    ck_assert_uint_eq(call(1, hypercall_balloon_take, page(4)), 0);
    ck_assert_uint_eq(first_word(1, 4), 0);
    ck_assert_uint_eq(a->free_count, before);
}
END_TEST

static const word no_pages[] = {
    0, 4, RAM_BASE + 4, RAM_BASE - PAGE_SIZE, RAM_BASE + PAGES *PAGE_SIZE, 0xfffff000, REGION_uart};

START_TEST(what_is_no_page_of_its_own_is_refused)
{
    memory_set_balloon(vms[1], 8);
    ck_assert_uint_eq(call(1, hypercall_balloon_give, no_pages[_i]),
                      -(word)HYPERCALL_ERROR_address);
    ck_assert_uint_eq(call(1, hypercall_balloon_take, no_pages[_i]),
                      -(word)HYPERCALL_ERROR_address);
    ck_assert_uint_eq(vms[1]->balloon.pages, 0);
    ck_assert_uint_eq(call(1, hypercall_balloon_take, page(1)), -(word)HYPERCALL_ERROR_state);
}
END_TEST

START_TEST(no_balloon_takes_what_was_promised)
{
    memory_set_balloon(vms[1], 1000);
    ck_assert_uint_eq(vms[1]->balloon.target, PAGES / 2);
    memory_set_balloon(vms[0], 1000);
    ck_assert_uint_eq(vms[0]->balloon.target, balloon_most(vms[0]));
}
END_TEST

/* ---- states ------------------------------------------------------------------------------- */

/* Leaves so many parts of a thousand of all frames spare. */
static void leave(unsigned parts)
{
    hpa frame;

    alloc_release(a, 9);
    a->limit[9] = a->count;
    uint32_t wanted = a->count * parts / 1000;
    while (alloc_spare(a) > wanted)
        ck_assert(alloc_frame(a, 9, FRAME_RAM, &frame));
}

static const struct {
    unsigned parts;
    enum memory_state state;
} way[] = {
    {500, MEMORY_HIGH}, {45, MEMORY_HIGH}, {38, MEMORY_SOFT}, {45, MEMORY_SOFT},
    {58, MEMORY_SOFT},  {65, MEMORY_HIGH}, {25, MEMORY_SOFT}, {18, MEMORY_HARD},
    {25, MEMORY_HARD},  {38, MEMORY_HARD}, {45, MEMORY_SOFT}, {8, MEMORY_LOW},
    {15, MEMORY_LOW},   {25, MEMORY_HARD}, {5, MEMORY_LOW},   {900, MEMORY_HIGH},
};

START_TEST(states_fall_and_rise_at_different_bounds)
{
    for (unsigned i = 0; i < COUNT_OF(way); i++) {
        leave(way[i].parts);
        memory_tick(&vmm);
        ck_assert_msg(vmm.memory.state == way[i].state, "row %u: %s", i,
                      memory_state_name(vmm.memory.state));
    }
    ck_assert_str_eq(fake()->message, "high");
}
END_TEST

/* Each by what it has beyond its promise; nobody's promise is touched. */
START_TEST(balloons_grow_while_memory_is_scarce_and_shrink_when_it_is_not)
{
    for (unsigned i = 1; i < VMS; i++) {
        vms[i]->ram_size = 64 * PAGE_SIZE;
        vms[i]->ram_promised = 16 * PAGE_SIZE;
        vms[i]->map.size = vms[i]->ram_size;
        vms[i]->balloon.driver = true;
        ck_assert(alloc_promise(a, i + 1, a->held[i + 1] + 17));
        for (unsigned n = 0; n < 64; n += i)
            fill(i, n, i * n + 1);
    }
    leave(30);
    memory_tick(&vmm);
    word one = vms[1]->balloon.target, two = vms[2]->balloon.target;
    ck_assert_uint_gt(one, two);
    ck_assert_uint_gt(two, 0);
    ck_assert_uint_le(one, 48);
    ck_assert_uint_eq(vms[0]->balloon.target, 0);
    leave(500);
    memory_tick(&vmm);
    ck_assert_uint_eq(vms[1]->balloon.target + vms[2]->balloon.target, 0);
}
END_TEST

/* While nobody runs balloons go on growing, as long as each asking brings something. */
START_TEST(idle_time_is_used_to_get_memory_back)
{
    for (unsigned i = 0; i < VMS; i++)
        vms[i]->vcpu.waiting = true;
    fill(1, 4, 11);
    leave(30);
    vmm.memory.state = MEMORY_SOFT;
    ck_assert(memory_idle(&vmm));
    ck_assert(!memory_idle(&vmm)); /* nothing came */
    memory_set_balloon(vms[1], 1);
    ck_assert_uint_eq(call(1, hypercall_balloon_give, page(4)), 0);
    ck_assert(memory_idle(&vmm));
    ck_assert(!memory_idle(&vmm));
    leave(500);
    ck_assert(memory_idle(&vmm));
    ck_assert_int_eq(vmm.memory.state, MEMORY_HIGH);
    leave(400);
    ck_assert(!memory_idle(&vmm)); /* there is enough */
}
END_TEST

Suite *suite_vmm_memory(void)
{
    Suite *s = suite_create("vmm_memory");
    TCase *t = tcase_create("memory");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, what_is_promised_to_one_another_cannot_take);
    tcase_add_test(t, a_page_gets_its_frame_when_it_is_first_wanted);
    tcase_add_test(t, who_lacks_room_does_not_run_until_there_is_some);
    tcase_add_test(t, of_those_that_all_wait_for_memory_one_ends);
    tcase_add_test(t, equal_pages_end_in_one_frame);
    tcase_add_test(t, who_writes_gets_a_copy_and_the_others_see_nothing);
    tcase_add_test(t, a_page_that_is_shared_is_writable_in_no_shadow);
    tcase_add_loop_test(t, a_hint_that_no_longer_holds_shares_nothing, 0, 3);
    tcase_add_test(t, pages_that_a_technique_watches_are_left_alone);
    tcase_add_test(t, a_vm_that_ends_leaves_its_part_to_the_others);
    tcase_add_test(t, what_is_shared_stays_promised);
    tcase_add_test(t, pages_given_go_to_others_and_come_back_empty);
    tcase_add_loop_test(t, what_is_no_page_of_its_own_is_refused, 0, COUNT_OF(no_pages));
    tcase_add_test(t, no_balloon_takes_what_was_promised);
    tcase_add_test(t, states_fall_and_rise_at_different_bounds);
    tcase_add_test(t, idle_time_is_used_to_get_memory_back);
    tcase_add_test(t, balloons_grow_while_memory_is_scarce_and_shrink_when_it_is_not);
    suite_add_tcase(s, t);
    return s;
}
