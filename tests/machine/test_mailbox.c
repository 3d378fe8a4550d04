/* The management mailbox, register by register. */
#include "machine/mailbox.h"
#include "tests/machine/fake_board.h"

#include <check.h>
#include <string.h>

Suite *suite_machine_mailbox(void);

static struct fake_board fake;
static struct mailbox box;

static void setup(void)
{
    fake_board_init(&fake);
    mailbox_init(&box, &fake.board, fake_board_line(&fake));
}

static void steps(const struct step *rows, size_t count)
{
    run_steps(&fake, &box.device, rows, count);
}

static bool command(const char *text)
{
    return mailbox_command(&box, text, strlen(text));
}

START_TEST(nothing_waits_after_reset)
{
    static const struct step rows[] = {
        READ(0, 0, "no command"), READ(4, 0, "no byte"), READ(8, 0, "line not enabled"),
        WRITE(0, 1, "no answer"), WRITE(4, 'x', ""),     LINE(0, "line low"),
        WRITE(8, 0xffffffff, ""), READ(8, 1, "one bit"), LINE(0, "nothing waits"),
    };

    steps(rows, COUNT_OF(rows));
    ck_assert_uint_eq(fake.event_count, 0);
    ck_assert_uint_eq(box.regs.answered, 0);
}
END_TEST

START_TEST(a_command_is_read_and_answered)
{
    static const struct step rows[] = {
        LINE(0, "not enabled"), WRITE(8, 1, ""),    LINE(1, "enabled"),  READ(0, 1, "it waits"),
        READ(4, 'g', ""),       READ(4, 'o', ""),   READ(4, 0, "end"),   READ(4, 0, "and end"),
        READ(0, 1, "at hand"),  WRITE(4, 'o', ""),  WRITE(4, 'k', ""),   LINE(1, "not yet"),
        WRITE(0, 0, "done"),    READ(0, 0, "none"), LINE(0, "line low"),
    };

    ck_assert(command("go"));
    ck_assert_uint_eq(mailbox_waiting(&box), 1);
    steps(rows, COUNT_OF(rows));
    ck_assert_uint_eq(fake.event_count, 2);
    ck_assert_uint_eq(fake.events[0].kind, EVENT_mailbox);
    ck_assert_uint_eq(fake.events[0].a, 2);
    ck_assert_uint_eq(fake.events[0].b, 1);
    ck_assert_uint_eq(fake.events[1].a, 0);
    ck_assert_uint_eq(fake.events[1].b, 0);
    ck_assert_uint_eq(box.regs.answered, 1);
    ck_assert_uint_eq(box.regs.length, 2);
    ck_assert_mem_eq(box.regs.answer, "ok", 3);
    ck_assert_uint_eq(mailbox_waiting(&box), 0);
}
END_TEST

START_TEST(commands_keep_their_order_and_one_is_at_hand_at_a_time)
{
    static const struct step rows[] = {
        WRITE(8, 1, ""), READ(4, 'a', ""), WRITE(0, 7, "unread bytes are dropped"),
        LINE(1, "next"), READ(4, 'c', ""), READ(4, 0, ""),
        WRITE(0, 0, ""), LINE(0, ""),
    };

    ck_assert(command("ab"));
    ck_assert(command("c"));
    ck_assert_uint_eq(mailbox_waiting(&box), 2);
    steps(rows, COUNT_OF(rows));
    ck_assert_uint_eq(box.regs.answered, 2);
    ck_assert_uint_eq(fake.events[2].a, 7);
}
END_TEST

START_TEST(what_is_no_text_or_too_much_is_refused)
{
    static char big[MAILBOX_COMMANDS];

    memset(big, 'b', sizeof big);
    ck_assert(!mailbox_command(&box, "", 0));
    ck_assert(!mailbox_command(&box, "a\0b", 3));
    ck_assert(!mailbox_command(&box, big, MAILBOX_COMMANDS));
    ck_assert(mailbox_command(&box, big, MAILBOX_COMMANDS - 3));
    ck_assert(!mailbox_command(&box, "xy", 2));
    ck_assert(mailbox_command(&box, "x", 1));
    ck_assert(!mailbox_command(&box, "x", 1));
    ck_assert_uint_eq(mailbox_waiting(&box), 2);
}
END_TEST

START_TEST(an_answer_that_is_too_long_is_cut)
{
    ck_assert(command("a"));
    for (unsigned i = 0; i < MAILBOX_ANSWER + 10; i++)
        box.device.ops->write(&box.device, 4, 4, 'x');
    box.device.ops->write(&box.device, 0, 4, 0);
    ck_assert_uint_eq(box.regs.length, MAILBOX_ANSWER);
}
END_TEST

START_TEST(reset_forgets_commands_and_answers)
{
    ck_assert(command("a"));
    box.device.ops->write(&box.device, 8, 4, 1);
    ck_assert(fake.line);
    box.device.ops->reset(&box.device);
    ck_assert(!fake.line);
    ck_assert_uint_eq(mailbox_waiting(&box), 0);
}
END_TEST

Suite *suite_machine_mailbox(void)
{
    Suite *s = suite_create("machine_mailbox");
    TCase *t = tcase_create("mailbox");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, nothing_waits_after_reset);
    tcase_add_test(t, a_command_is_read_and_answered);
    tcase_add_test(t, commands_keep_their_order_and_one_is_at_hand_at_a_time);
    tcase_add_test(t, what_is_no_text_or_too_much_is_refused);
    tcase_add_test(t, an_answer_that_is_too_long_is_cut);
    tcase_add_test(t, reset_forgets_commands_and_answers);
    suite_add_tcase(s, t);
    return s;
}
