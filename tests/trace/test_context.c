/* The tracker of contexts: whose code runs, however deep and whatever hostile guests say. */
#include "isa/csr.h"
#include "isa/insn.h"
#include "isa/paging.h"
#include "tests/trace/memory.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define TRET  0x30200073u
#define VMRUN 0x0005100bu
#define ECALL 0x00000073u

static struct memory *memory;
static struct contexts c;

static void setup(void)
{
    memory = memory_new();
    contexts_init(&c, memory_read, memory);
}

static void teardown(void)
{
    free(memory);
}

static void expect_name(uint16_t id, const char *name)
{
    char text[32];

    contexts_name(&c, id, text, sizeof text);
    ck_assert_str_eq(text, name);
}

START_TEST(a_machine_without_hints_stays_in_its_root)
{
    ck_assert_uint_eq(contexts_return(&c), 0);
    ck_assert_uint_eq(contexts_trap(&c, 10, ECALL), 0);
    ck_assert_uint_eq(contexts_return(&c), 0);
    ck_assert_uint_eq(c.count, 1);
    expect_name(0, "machine");
    expect_name(5, "context 5");
}
END_TEST

START_TEST(a_vm_runs_between_tret_and_trap)
{
    memory_start_vm(memory, &c, 7, "os");
    ck_assert_uint_eq(c.count, 2);
    ck_assert_uint_eq(c.current, 0);
    ck_assert_uint_eq(contexts_return(&c), 1);
    ck_assert_uint_eq(c.current, 1);
    ck_assert_uint_eq(c.table[1].vmid, 7);
    ck_assert_uint_eq(c.table[1].level, 1);
    ck_assert_uint_eq(c.table[1].vmcb, VM_VMCB);
    ck_assert_uint_eq(contexts_trap(&c, 1234, ECALL), 1);
    ck_assert_uint_eq(c.current, 0);
    ck_assert(c.table[1].exit_cycle == 1234);
    expect_name(1, "os");
    ck_assert_msg(contexts_return(&c) == 0, "nothing was entered: the monitor's own tret");
    contexts_hint(&c, 0, HINT_enter, 7);
    ck_assert_uint_eq(contexts_return(&c), 1);
}
END_TEST

START_TEST(a_trap_inside_the_monitor_does_not_undo_what_it_said)
{
    memory_start_vm(memory, &c, 1, "os");
    ck_assert_uint_eq(contexts_trap(&c, 1, 0), 0);
    ck_assert_uint_eq(contexts_return(&c), 1);
}
END_TEST

START_TEST(only_ring_0_speaks_for_the_root)
{
    memory_make_vm(memory, 0, 1, "os");
    for (word ring = 1; ring < 4; ring++)
        contexts_hint(&c, ring, HINT_vm_create, VM_VMCB);
    ck_assert_uint_eq(c.count, 1);
    contexts_hint(&c, 0, HINT_vm_create, VM_VMCB);
    contexts_hint(&c, 3, HINT_enter, 1);
    ck_assert_uint_eq(contexts_return(&c), 0);
}
END_TEST

/* The root carries out what an inner monitor asked for by the trap of `insn`: enters the
 * outermost VM again. */
static uint16_t trap_and_resume(word insn)
{
    contexts_trap(&c, 100, insn);
    contexts_hint(&c, 0, HINT_enter, 1);
    return contexts_return(&c);
}

static void nest_three(void)
{
    memory_start_vm(memory, &c, 1, "outer");
    ck_assert_uint_eq(contexts_return(&c), 1);
    memory_start_vm(memory, &c, 5, "middle");
    ck_assert_msg(c.current == 1, "said, but its tret has not come");
    ck_assert_uint_eq(trap_and_resume(TRET), 2);
    memory_start_vm(memory, &c, 5, "inner");
    ck_assert_uint_eq(trap_and_resume(TRET), 3);
}

START_TEST(nested_three_deep_the_innermost_runs)
{
    nest_three();
    ck_assert_uint_eq(c.current, 3);
    for (unsigned level = 1; level <= 3; level++) {
        ck_assert_uint_eq(c.table[level].level, level);
        ck_assert_uint_eq(c.table[level].parent, level - 1);
    }
    expect_name(1, "outer");
    expect_name(2, "middle");
    expect_name(3, "inner");
    ck_assert_msg(trap_and_resume(ECALL) == 3, "the root answered by itself");
    ck_assert(c.table[3].exit_cycle == 100 && c.table[1].exit_cycle == 100);
}
END_TEST

START_TEST(a_reflected_trap_goes_to_the_monitor_that_is_told)
{
    nest_three();
    /* The innermost traps; the root hands it to the outer VM's monitor, that to the middle's. */
    contexts_trap(&c, 1, ECALL);
    contexts_hint(&c, 0, HINT_reflect, 1);
    contexts_hint(&c, 0, HINT_enter, 1);
    ck_assert_uint_eq(contexts_return(&c), 1);
    contexts_hint(&c, 0, HINT_reflect, 5);
    contexts_hint(&c, 0, HINT_enter, 5);
    ck_assert_uint_eq(trap_and_resume(TRET), 2);
    contexts_hint(&c, 0, HINT_enter, 5);
    ck_assert_uint_eq(trap_and_resume(VMRUN), 3);
}
END_TEST

START_TEST(an_interrupt_between_enter_and_tret_does_not_enter)
{
    memory_start_vm(memory, &c, 1, "outer");
    contexts_return(&c);
    memory_start_vm(memory, &c, 2, "inner");
    ck_assert_uint_eq(trap_and_resume(0), 1);
    ck_assert_uint_eq(trap_and_resume(ECALL), 1);
    ck_assert_uint_eq(trap_and_resume(TRET), 2);
}
END_TEST

START_TEST(destroying_a_vm_ends_all_inside_it)
{
    nest_three();
    contexts_trap(&c, 1, ECALL);
    contexts_hint(&c, 0, HINT_enter, 1);
    contexts_hint(&c, 0, HINT_vm_destroy, 1);
    for (unsigned i = 1; i <= 3; i++)
        ck_assert(!c.table[i].alive);
    ck_assert_uint_eq(contexts_return(&c), 0);
    contexts_hint(&c, 0, HINT_enter, 1);
    ck_assert_uint_eq(contexts_return(&c), 0);
    contexts_hint(&c, 0, HINT_vm_name, VM_NAME);
    contexts_hint(&c, 0, HINT_vm_create, VM_VMCB);
    ck_assert_msg(contexts_find(&c, 0, 1) == 4, "numbers are not used again");
}
END_TEST

START_TEST(a_vm_created_again_is_the_same_with_nothing_inside)
{
    nest_three();
    contexts_trap(&c, 1, ECALL);
    contexts_hint(&c, 0, HINT_vm_create, VM_VMCB);
    ck_assert_uint_eq(c.count, 4);
    contexts_hint(&c, 0, HINT_enter, 1);
    ck_assert_uint_eq(contexts_return(&c), 1);
}
END_TEST

static const struct {
    word number, value;
    const char *why;
} wild[] = {
    {HINT_vm_create, 0, "no address"},
    {HINT_vm_create, 0x1000, "not RAM"},
    {HINT_vm_create, 0xfffffffc, "vmid wraps around"},
    {HINT_vm_create, VM_VMCB + 1, "misaligned"},
    {HINT_vm_create, VM_VMCB, "vmid 0 there"},
    {HINT_vm_create, MEMORY_BASE + MEMORY_SIZE - 4, "page runs out of RAM"},
    {HINT_vm_gprs, VM_VMCB, "no VM created"},
    {HINT_vm_name, VM_VMCB, "no VM created"},
    {HINT_vm_destroy, 0, "the root itself"},
    {HINT_vm_destroy, 99, "no such VM"},
    {HINT_enter, 0, "no such VM"},
    {HINT_enter, 0x10001, "more than 16 bits"},
    {HINT_enter, 0xffff, "no such VM"},
    {HINT_reflect, 0xffffffff, "no such VM"},
    {0, 1, "no such hint"},
    {0xfff, 1, "no such hint"},
};

START_TEST(wild_hints_are_ignored)
{
    contexts_hint(&c, 0, wild[_i].number, wild[_i].value);
    ck_assert_msg(c.count == 1, "%s", wild[_i].why);
    ck_assert_msg(c.table[0].alive, "%s", wild[_i].why);
    ck_assert_msg(contexts_return(&c) == 0, "%s", wild[_i].why);
}
END_TEST

START_TEST(vmids_of_more_than_16_bits_are_ignored)
{
    memory_make_vm(memory, 0, 0x10000, "os");
    contexts_hint(&c, 0, HINT_vm_create, VM_VMCB);
    ck_assert_uint_eq(c.count, 1);
}
END_TEST

START_TEST(contexts_are_bounded_in_number)
{
    for (word vmid = 1; vmid < 2000; vmid++) {
        memory_put(memory, 0, VM_VMCB + 4, vmid);
        contexts_hint(&c, 0, HINT_vm_create, VM_VMCB);
    }
    ck_assert_uint_eq(c.count, CONTEXT_MAX);
    ck_assert_uint_eq(contexts_find(&c, 0, CONTEXT_MAX - 1), CONTEXT_MAX - 1);
    ck_assert_uint_eq(contexts_find(&c, 0, CONTEXT_MAX), CONTEXT_NONE);
    contexts_hint(&c, 0, HINT_vm_destroy, 5);
    memory_put(memory, 0, VM_VMCB + 4, 3000);
    contexts_hint(&c, 0, HINT_vm_create, VM_VMCB);
    ck_assert_msg(contexts_find(&c, 0, 3000) == CONTEXT_NONE, "still full");
}
END_TEST

START_TEST(nesting_is_bounded_and_so_is_looking_into_it)
{
    memory_start_vm(memory, &c, 1, "vm");
    contexts_return(&c);
    for (unsigned level = 1; level < 7; level++) {
        memory_start_vm(memory, &c, 1, "vm");
        trap_and_resume(TRET);
    }
    ck_assert_uint_eq(c.count, CONTEXT_LEVELS + 1);
    ck_assert_uint_eq(c.current, CONTEXT_LEVELS);
    word value;
    memory->reads = 0;
    memory_put(memory, CONTEXT_LEVELS, 0x80000100, 77);
    ck_assert(contexts_read_word(&c, CONTEXT_LEVELS, 0x80000100, &value));
    ck_assert_uint_eq(value, 77);
    ck_assert_uint_le(memory->reads, 4096);
}
END_TEST

START_TEST(addresses_go_through_every_level)
{
    hpa real;

    nest_three();
    for (uint16_t level = 0; level <= 3; level++) {
        ck_assert(contexts_physical(&c, level, 0x80012345, &real));
        ck_assert_uint_eq(real, 0x80012345 + level * MEMORY_UNIT);
    }
    ck_assert(!contexts_physical(&c, 3, 0x80100000, &real));
    ck_assert(!contexts_physical(&c, 4, 0x80000000, &real));
    memory_put(memory, 1, VM_VMCB + 0x20, VM_TABLE >> PAGE_SHIFT);
    ck_assert(contexts_physical(&c, 2, 0x80012345, &real));
    ck_assert_msg(real == 0x80012345 + MEMORY_UNIT, "no table: they are its parent's");
    ck_assert(contexts_physical(&c, 1, 0x80012345, &real));
}
END_TEST

START_TEST(superpages_are_followed)
{
    hpa real;

    memory_start_vm(memory, &c, 1, "vm");
    memory_put(memory, 0, VM_TABLE + PT_INDEX1(0x90000000) * 4, 0x80400000 | PTE_V | PTE_R);
    ck_assert(contexts_physical(&c, 1, 0x90212344, &real));
    ck_assert_uint_eq(real, 0x80612344);
}
END_TEST

START_TEST(texts_are_bounded_and_printable)
{
    char text[8];

    memory_put_text(memory, 0, VM_NAME, "a\x01\xff~ very long");
    ck_assert(contexts_read_text(&c, 0, VM_NAME, text, sizeof text));
    ck_assert_str_eq(text, "a\?\?~ ve");
    ck_assert(contexts_read_text(&c, 0, VM_NAME + 1, text, 4));
    ck_assert_str_eq(text, "\?\?~");
    ck_assert(!contexts_read_text(&c, 0, 0x1000, text, sizeof text));
    ck_assert_str_eq(text, "");
    memory_start_vm(memory, &c, 12, "");
    expect_name(1, "vm12");
    contexts_hint(&c, 0, HINT_vm_name, 0x44);
    expect_name(1, "vm12");
}
END_TEST

/* ---- hardware assist ---- */

START_TEST(a_vmrun_enters_who_was_announced)
{
    memory_start_vm(memory, &c, 7, "os");
    ck_assert_uint_eq(contexts_vmrun(&c, 7, VM_VMCB), 1);
    ck_assert_uint_eq(c.current, 1);
    ck_assert_uint_eq(c.base, 1);
    ck_assert_msg(contexts_trap(&c, 5, ECALL) == 1 && c.current == 1, "it traps to itself");
    ck_assert_msg(contexts_return(&c) == 1, "and returns");
    ck_assert_uint_eq(contexts_exit(&c, 99, ECALL), 1);
    ck_assert_uint_eq(c.current, 0);
    ck_assert_uint_eq(c.base, 0);
    ck_assert(c.table[1].exit_cycle == 99);
}
END_TEST

START_TEST(a_vmrun_that_nobody_announced_makes_its_own_context_once)
{
    memory_make_vm(memory, 0, 9, "not said");
    for (unsigned n = 0; n < 3; n++) {
        ck_assert_uint_eq(contexts_vmrun(&c, 9, VM_VMCB), 1);
        contexts_exit(&c, n, 0);
    }
    ck_assert_uint_eq(c.count, 2);
    expect_name(1, "vm9");
    ck_assert_uint_eq(c.table[1].vmcb, VM_VMCB);
    contexts_hint(&c, 0, HINT_vm_name, VM_NAME); /* of what the monitor itself has made: nothing */
    expect_name(1, "vm9");
}
END_TEST

START_TEST(when_the_table_is_full_a_vmrun_stays_in_the_root)
{
    for (word vmid = 1; vmid < 2000; vmid++) {
        memory_put(memory, 0, VM_VMCB + 4, vmid);
        contexts_hint(&c, 0, HINT_vm_create, VM_VMCB);
    }
    memory_put(memory, 0, VM_VMCB + 4, 3000);
    ck_assert_uint_eq(contexts_vmrun(&c, 3000, VM_VMCB), 0);
    ck_assert_uint_eq(contexts_exit(&c, 1, 0), 0);
}
END_TEST

/* The inner monitor's vmrun is an exit; the root runs a VMCB that it has merged, of any vmid. */
START_TEST(a_vm_in_a_vm_by_vmrun_has_ring_0_for_itself)
{
    memory_start_vm(memory, &c, 1, "outer");
    contexts_vmrun(&c, 1, VM_VMCB);
    memory_start_vm(memory, &c, 5, "inner");
    contexts_exit(&c, 10, VMRUN);
    contexts_hint(&c, 0, HINT_enter, 1);
    ck_assert_uint_eq(contexts_vmrun(&c, 77, VM_VMCB), 2);
    ck_assert_uint_eq(c.base, 2);
    contexts_trap(&c, 11, ECALL);
    ck_assert_uint_eq(c.current, 2);
    contexts_exit(&c, 12, 0); /* an interrupt: the inner one goes on */
    contexts_hint(&c, 0, HINT_enter, 1);
    ck_assert_uint_eq(contexts_vmrun(&c, 77, VM_VMCB), 2);
    contexts_exit(&c, 13, ECALL); /* this one is the outer monitor's */
    contexts_hint(&c, 0, HINT_reflect, 1);
    contexts_hint(&c, 0, HINT_enter, 1);
    ck_assert_uint_eq(contexts_vmrun(&c, 1, VM_VMCB), 1);
    ck_assert_uint_eq(c.base, 1);
}
END_TEST

/* Its tret does not exit, and its guest's traps are its own. */
START_TEST(a_monitor_that_emulates_inside_a_vm_keeps_ring_0)
{
    memory_start_vm(memory, &c, 1, "outer");
    contexts_vmrun(&c, 1, VM_VMCB);
    memory_start_vm(memory, &c, 5, "inner");
    ck_assert_uint_eq(c.current, 1);
    ck_assert_uint_eq(contexts_return(&c), 2);
    ck_assert_uint_eq(c.base, 1);
    ck_assert_uint_eq(contexts_trap(&c, 10, ECALL), 2);
    ck_assert_uint_eq(c.current, 1);
    ck_assert(c.table[2].exit_cycle == 10 && c.table[1].exit_cycle == 0);
    ck_assert_msg(contexts_return(&c) == 1, "nothing was entered");
    contexts_hint(&c, 0, HINT_enter, 5);
    ck_assert_uint_eq(contexts_return(&c), 2);
    contexts_exit(&c, 11, 0); /* an interrupt of the host, while the inner one runs */
    ck_assert_uint_eq(c.current, 0);
    contexts_hint(&c, 0, HINT_enter, 1);
    ck_assert_uint_eq(contexts_vmrun(&c, 1, VM_VMCB), 2);
    ck_assert_msg(c.base == 1, "ring 0 is still the outer one's");
}
END_TEST

/* A monitor that says anything: nothing crashes, and what must always hold does. */
START_TEST(any_hints_are_survived)
{
    uint32_t seed = (uint32_t)_i + 1;

    for (unsigned level = 0; level < 3; level++)
        memory_make_vm(memory, level, level + 1, "vm");
    for (unsigned n = 0; n < 20000; n++) {
        seed = seed * 1664525 + 1013904223;
        word r = seed >> 8;

        if (r % 8 == 0)
            contexts_trap(&c, n, r & 64 ? TRET : r & 128 ? 0 : ECALL);
        else if (r % 8 == 1)
            contexts_return(&c);
        else if (r % 8 == 2 && c.base == 0 && c.current == 0)
            contexts_vmrun(&c, (uint16_t)(r >> 12 & 3), VM_VMCB);
        else if (r % 8 == 2 && c.base != 0)
            contexts_exit(&c, n, r & 64 ? VMRUN : ECALL);
        else
            contexts_hint(&c, 0, r >> 4 & 7, r & 8 ? VM_VMCB + (r >> 16 & 8) : r >> 16 & 7);
        if (r % 64 == 5)
            memory_put(memory, 0, VM_VMCB + 4, r >> 8 & 0x1ffff);
        ck_assert_uint_lt(c.current, c.count);
        ck_assert(c.table[c.current].alive && c.table[c.base].alive);
        for (unsigned i = 0; n % 256 == 0 && i < c.count; i++) {
            const struct context *k = &c.table[i];

            ck_assert_uint_eq(k->id, i);
            ck_assert(i == 0 ? k->parent == CONTEXT_NONE : k->parent < i);
            if (k->alive && k->inside != CONTEXT_NONE)
                ck_assert(c.table[k->inside].alive && c.table[k->inside].parent == i);
            if (k->alive && k->entering != CONTEXT_NONE)
                ck_assert(c.table[k->entering].alive && c.table[k->entering].parent == i);
        }
    }
}
END_TEST

Suite *suite_trace_context(void);
Suite *suite_trace_context(void)
{
    Suite *s = suite_create("trace_context");
    TCase *t = tcase_create("context");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_machine_without_hints_stays_in_its_root);
    tcase_add_test(t, a_vm_runs_between_tret_and_trap);
    tcase_add_test(t, a_trap_inside_the_monitor_does_not_undo_what_it_said);
    tcase_add_test(t, only_ring_0_speaks_for_the_root);
    tcase_add_test(t, nested_three_deep_the_innermost_runs);
    tcase_add_test(t, a_reflected_trap_goes_to_the_monitor_that_is_told);
    tcase_add_test(t, an_interrupt_between_enter_and_tret_does_not_enter);
    tcase_add_test(t, destroying_a_vm_ends_all_inside_it);
    tcase_add_test(t, a_vm_created_again_is_the_same_with_nothing_inside);
    tcase_add_loop_test(t, wild_hints_are_ignored, 0, (int)COUNT_OF(wild));
    tcase_add_test(t, vmids_of_more_than_16_bits_are_ignored);
    tcase_add_test(t, contexts_are_bounded_in_number);
    tcase_add_test(t, nesting_is_bounded_and_so_is_looking_into_it);
    tcase_add_test(t, addresses_go_through_every_level);
    tcase_add_test(t, superpages_are_followed);
    tcase_add_test(t, texts_are_bounded_and_printable);
    tcase_add_test(t, a_vmrun_enters_who_was_announced);
    tcase_add_test(t, a_vmrun_that_nobody_announced_makes_its_own_context_once);
    tcase_add_test(t, when_the_table_is_full_a_vmrun_stays_in_the_root);
    tcase_add_test(t, a_vm_in_a_vm_by_vmrun_has_ring_0_for_itself);
    tcase_add_test(t, a_monitor_that_emulates_inside_a_vm_keeps_ring_0);
    tcase_add_loop_test(t, any_hints_are_survived, 0, 4);
    suite_add_tcase(s, t);
    return s;
}
