/* Commands from outside: what each answers and does, and that nothing malformed does harm. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/vmm/fake.h"
#include "vmm/isa.h"
#include "vmm/mgmt.h"

Suite *suite_vmm_mgmt(void);

static struct vmm vmm;
static struct vm *vm;

static void setup(void)
{
    vm = fake_vm(&vmm);
    mgmt_init(&vmm);
}

/* Sends a command through the mailbox; true when it was done. */
static bool command(const char *text)
{
    struct fake *f = fake();

    f->command = text;
    f->command_at = f->answer_length = 0;
    memset(f->answer, 0, sizeof f->answer);
    mgmt_interrupt(&vmm);
    ck_assert(vmm.mgmt.pending);
    ck_assert_uint_eq(f->mailbox_irq, 0);
    mgmt_serve(&vmm);
    ck_assert_ptr_null(f->command);
    ck_assert(!vmm.mgmt.pending);
    ck_assert_uint_eq(f->mailbox_irq, 1);
    return f->answer_status == 0;
}

START_TEST(list_tells_of_each_vm)
{
    vmm.alloc.cycles[1] = 12345678901234567890u;
    ck_assert(command("list"));
    ck_assert_str_eq(fake()->answer,
                     "name=test id=1 state=ready technique=full ram=0 min=0 used=2048 "
                     "held=2064 shared=0 balloon=0 target=0 weight=256 cap=0 "
                     "cycles=12345678901234567890\n");
}
END_TEST

START_TEST(no_line_of_the_list_is_cut)
{
    strcpy(vm->name, "fifteen_letters");
    vm->ram_size = vm->ram_promised = 1u << 30;
    vm->map.pages = vmm.alloc.shared[1] = vm->balloon.pages = vm->balloon.target = 1u << 18;
    sched_set(vm, SCHED_WEIGHT_MOST, 100);
    vmm.alloc.cycles[1] = UINT64_MAX;
    ck_assert(command("list"));
    ck_assert_ptr_nonnull(strstr(fake()->answer, " cap=100 cycles=18446744073709551615\n"));
}
END_TEST

START_TEST(a_paused_vm_does_not_run)
{
    ck_assert(vm_runnable(vm));
    ck_assert(command("pause test"));
    ck_assert_str_eq(fake()->answer, "test is paused\n");
    ck_assert(!vm_runnable(vm));
    ck_assert_ptr_null(sched_pick(&vmm));
    ck_assert(!command("pause test"));
    ck_assert(!command("start test"));
    ck_assert(command("list"));
    ck_assert_ptr_nonnull(strstr(fake()->answer, "state=paused"));
    ck_assert(command("resume test"));
    ck_assert_ptr_eq(sched_pick(&vmm), vm);
    ck_assert(!command("resume test"));
    ck_assert_str_eq(fake()->answer, "test is not paused\n");
}
END_TEST

/* Its timer rings for nobody; when it goes on, what is due is due. */
START_TEST(time_goes_on_while_a_vm_is_paused)
{
    vm->vcpu.cb->ie = FIELD_ie_timer;
    vm->vcpu.cb->timecmp = 2000;
    vm->vcpu.cb->timecmph = 0;
    vm->vcpu.waiting = true;
    ck_assert(command("pause test"));
    ck_assert_ptr_null(sched_pick(&vmm));
    sched_program(&vmm);
    ck_assert(fake()->timer == UINT64_MAX);
    fake()->time = 5000;
    ck_assert(command("resume test"));
    ck_assert_ptr_eq(sched_pick(&vmm), vm);
}
END_TEST

START_TEST(a_destroyed_vm_has_left_nothing)
{
    ck_assert(command("destroy test"));
    ck_assert_ptr_null(vmm.vms[0]);
    alloc_sweep(&vmm.alloc, vmm.alloc.count);
    ck_assert_uint_eq(vmm.alloc.held[1], 0);
    ck_assert_uint_eq(vmm.vm_count, 0);
    ck_assert_uint_eq(vmm.status, 0);
    ck_assert_ptr_nonnull(
        strstr(fake()->out, "vmm: test ended: it was destroyed from outside at pc"));
    ck_assert(!command("pause test"));
    ck_assert(command("list"));
    ck_assert_str_eq(fake()->answer, "");
}
END_TEST

START_TEST(weight_and_cap_change)
{
    ck_assert(command("weight test 1000"));
    ck_assert_uint_eq(vm->share.weight, 1000);
    ck_assert(command("cap test 40"));
    ck_assert_uint_eq(vm->share.cap, 40);
    ck_assert_uint_eq(vm->share.weight, 1000);
    ck_assert(command("cap test 0"));
    ck_assert_uint_eq(vm->share.cap, 0);
    ck_assert(!command("cap test 101"));
    ck_assert_str_eq(fake()->answer, "cap=101: give percents of the processor, 1 to 100\n");
    ck_assert(!command("weight test"));
    ck_assert_uint_eq(vm->share.weight, 1000);
}
END_TEST

/* More than its device holds waits, and comes as there is room. */
START_TEST(what_is_typed_for_a_vm_reaches_it_in_order)
{
    char text[64] = "input test ", read[64] = "";
    word byte;

    for (unsigned i = 0; i < 40; i++)
        text[11 + i] = (char)('A' + i);
    text[51] = '\0';
    ck_assert(command(text));
    for (unsigned i = 0; i < 40; i++) {
        ck_assert(vbus_read(vm, 0x10000000, 1, &byte));
        read[i] = (char)byte;
    }
    ck_assert_str_eq(read, text + 11);
    ck_assert(vbus_read(vm, 0x10000000, 1, &byte));
    ck_assert_uint_eq(byte, 0);
}
END_TEST

START_TEST(more_than_can_wait_is_not_typed_at_all)
{
    static char text[MGMT_COMMAND_SIZE];

    memset(text, 'x', sizeof text - 1);
    memcpy(text, "input test ", 11);
    ck_assert(command(text));
    ck_assert(command(text));
    ck_assert(!command(text));
    ck_assert_str_eq(fake()->answer,
                     "test has not read what was typed before, and there is no room\n");
}
END_TEST

START_TEST(output_is_announced_as_whose_it_is)
{
    console_output(vm, 'x');
    ck_assert_uint_eq(fake()->speaker, 1);
    console_say(&vmm, &(struct line){.text = "hello", .length = 5});
    ck_assert_uint_eq(fake()->speaker, 0);
    console_output(vm, 'y');
    ck_assert_uint_eq(fake()->speaker, 1);
}
END_TEST

static const struct {
    const char *command, *answer;
} wrong[] = {
    {" ", ": there is no such command; see help\n"},
    {"dance", "dance: there is no such command; see help\n"},
    {"pause", ": there is no VM of this name; see list\n"},
    {"pause nobody", "nobody: there is no VM of this name; see list\n"},
    {"pause  test", ": there is no VM of this name; see list\n"},
    {"pause test2", "test2: there is no VM of this name; see list\n"},
    {"pausetest", "pausetest: there is no such command; see help\n"},
    {"create", "no VM to run; the command line needs vm=NAME kernel=MODULE\n"},
    {"create vm=a vm=b", "too many VMs, at vm=b\n"},
    {"create stay=on vm=a",
     "unknown word stay; there is: vm technique ram min share kernel modules disk "
     "virtio nested weight cap cmdline\n"},
    {"create vm=test", "test: there is a VM of this name already\n"},
    {"create vm=a ram=12", "ram=12: give whole pages from 1M to 1024M, as in ram=16M\n"},
    {"create vm=a ram=512M", "a: this machine has too little RAM left for it: it needs 557840 KiB, "
                             "and 14220 KiB are promised to nobody\n"},
};

START_TEST(a_wrong_command_is_answered_with_what_is_wrong)
{
    uint32_t free_count = vmm.alloc.free_count;

    ck_assert(!command(wrong[_i].command));
    ck_assert_str_eq(fake()->answer, wrong[_i].answer);
    ck_assert_uint_eq(vmm.alloc.free_count, free_count);
    ck_assert(vm_runnable(vm));
}
END_TEST

START_TEST(a_command_that_is_too_long_is_refused)
{
    static char text[3000];

    memset(text, 'x', sizeof text - 1);
    ck_assert(!command(text));
    ck_assert_str_eq(fake()->answer, "the command is too long\n");
}
END_TEST

/* Bytes of all kinds, most of them in the middle of what could have been a command. */
START_TEST(random_commands_are_survived)
{
    static const char *const verbs[] = {"list",        "stat",       "create vm=", "help",
                                        "start",       "pause test", "resume",     "cap ",
                                        "weight test", "input test", "focus test"};
    uint64_t seed = (uint64_t)_i + 1;

    for (unsigned n = 0; n < 2000; n++) {
        char text[80];
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        snprintf(text, sizeof text, "%s", verbs[(seed >> 40) % COUNT_OF(verbs)]);
        size_t length = strlen(text);
        for (unsigned i = 0; i < (seed >> 20) % 20; i++)
            text[length++] = (char)((seed >> i) % 255 + 1);
        text[length] = '\0';
        command(text);
    }
    ck_assert_ptr_eq(vmm.vms[0], vm);
}
END_TEST

Suite *suite_vmm_mgmt(void)
{
    Suite *s = suite_create("vmm_mgmt");
    TCase *t = tcase_create("mgmt");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, list_tells_of_each_vm);
    tcase_add_test(t, no_line_of_the_list_is_cut);
    tcase_add_test(t, a_paused_vm_does_not_run);
    tcase_add_test(t, time_goes_on_while_a_vm_is_paused);
    tcase_add_test(t, a_destroyed_vm_has_left_nothing);
    tcase_add_test(t, weight_and_cap_change);
    tcase_add_test(t, what_is_typed_for_a_vm_reaches_it_in_order);
    tcase_add_test(t, more_than_can_wait_is_not_typed_at_all);
    tcase_add_test(t, output_is_announced_as_whose_it_is);
    tcase_add_loop_test(t, a_wrong_command_is_answered_with_what_is_wrong, 0, COUNT_OF(wrong));
    tcase_add_test(t, a_command_that_is_too_long_is_refused);
    tcase_add_loop_test(t, random_commands_are_survived, 0, 5);
    suite_add_tcase(s, t);
    return s;
}
