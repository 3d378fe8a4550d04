/* The 16550 console, register by register. */
#include "machine/uart.h"
#include "tests/machine/fake_board.h"

#include <check.h>
#include <string.h>

static struct fake_board fake;
static struct uart uart;

static void setup(void)
{
    fake_board_init(&fake);
    uart_init(&uart, &fake.board, fake_board_line(&fake));
}

static void teardown(void)
{
    uart_fini(&uart);
}

static void steps(const struct step *rows, size_t count)
{
    run_steps(&fake, &uart.device, rows, count);
}

START_TEST(registers_after_reset)
{
    static const struct step rows[] = {
        READ(0, 0, "no byte"),       READ(1, 0, "nothing enabled"),
        READ(2, 1, "no interrupt"),  READ(3, 0, "LCR"),
        READ(4, 0, "MCR"),           READ(5, 0x60, "idle"),
        READ(6, 0xb0, "lines high"), READ(7, 0, "scratch"),
        LINE(0, "line low"),
    };

    steps(rows, COUNT_OF(rows));
}
END_TEST

START_TEST(registers_keep_the_bits_they_have)
{
    static const struct step rows[] = {
        WRITE(7, 0xa5, ""),
        READ(7, 0xa5, "scratch keeps all"),
        WRITE(1, 0xfc, ""),
        READ(1, 0x0c, "IER has four bits"),
        WRITE(4, 0xff, ""),
        READ(4, 0x1f, "MCR has five"),
        WRITE(5, 0xff, ""),
        READ(5, 0x60, "LSR is read-only"),
        WRITE(6, 0x00, ""),
        READ(6, 0xb0, "MSR is read-only"),
        WRITE(3, 0x83, ""),
        READ(3, 0x83, "LCR keeps all"),
        WRITE(0, 0x34, ""),
        WRITE(1, 0x12, ""),
        READ(0, 0x34, "divisor, low"),
        READ(1, 0x12, "divisor, high"),
        WRITE(3, 0x03, ""),
        READ(1, 0x0c, "IER is not the divisor"),
        READ(0, 0, "data is not the divisor"),
        WRITE(3, 0x80, ""),
        READ(0, 0x34, "divisor kept"),
    };

    steps(rows, COUNT_OF(rows));
    ck_assert_uint_eq(fake.event_count, 0);
}
END_TEST

START_TEST(a_byte_sent_is_an_event_and_the_transmitter_stays_idle)
{
    static const struct step rows[] = {WRITE(0, 'h', ""), READ(5, 0x60, "idle"),
                                       WRITE(0, 0x1ff, "")};

    steps(rows, COUNT_OF(rows));
    ck_assert_uint_eq(fake.event_count, 2);
    ck_assert_uint_eq(fake.events[0].kind, EVENT_console);
    ck_assert_uint_eq(fake.events[0].a, 'h');
    ck_assert_uint_eq(fake.events[0].b, 0);
    ck_assert_uint_eq(fake.events[1].a, 0xff);
}
END_TEST

START_TEST(transmit_interrupt_comes_when_enabled_and_after_a_byte_and_goes_when_seen)
{
    static const struct step rows[] = {
        WRITE(1, 2, ""),
        LINE(1, "enabling raises it"),
        READ(2, 0x02, "it"),
        LINE(0, "seen, so lowered"),
        READ(2, 0x01, "-"),
        WRITE(1, 2, ""),
        LINE(0, "enabled already"),
        WRITE(0, 'x', ""),
        LINE(1, "a byte sent raises it"),
        READ(5, 0x60, ""),
        LINE(1, "LSR does not lower it"),
        READ(2, 0x02, "it"),
        LINE(0, "seen"),
        WRITE(0, 'y', ""),
        WRITE(1, 0, ""),
        LINE(0, "disabled"),
        READ(2, 0x01, "disabled is not reported"),
        WRITE(1, 2, ""),
        LINE(1, "enabling raises it again"),
    };

    steps(rows, COUNT_OF(rows));
}
END_TEST

START_TEST(receive_interrupt_is_a_level_and_comes_before_transmit)
{
    static const struct step before[] = {WRITE(1, 3, ""), READ(2, 0x02, "transmit"),
                                         LINE(0, "nothing left")};
    static const struct step after[] = {
        LINE(1, "bytes wait"),         WRITE(0, 'x', ""),         READ(2, 0x04, "receive"),
        READ(2, 0x04, "still"),        READ(5, 0x61, "ready"),    READ(0, 'a', "oldest first"),
        LINE(1, "one more"),           READ(0, 'b', ""),          READ(5, 0x60, "empty"),
        LINE(1, "transmit waits"),     READ(2, 0x02, "transmit"), LINE(0, "all done"),
        READ(0, 0, "nothing to read"),
    };

    steps(before, COUNT_OF(before));
    uart_input(&uart, "ab", 2);
    steps(after, COUNT_OF(after));
}
END_TEST

START_TEST(fifo_enable_shows_in_iir_and_its_clear_bits_lose_nothing)
{
    static const struct step rows[] = {WRITE(2, 0x07, ""), READ(2, 0xc1, "enabled"),
                                       READ(0, 'q', "kept"), WRITE(2, 0, ""), READ(2, 1, "off")};

    uart_input(&uart, "q", 1);
    steps(rows, COUNT_OF(rows));
}
END_TEST

START_TEST(input_beyond_the_fifo_waits_and_nothing_is_lost)
{
    uint8_t sent[1000];
    struct device *d = &uart.device;
    unsigned in = 0, out = 0;

    for (unsigned i = 0; i < sizeof sent; i++)
        sent[i] = (uint8_t)(i * 7 + i / 256);
    /* Pieces of growing size, and reads in between. */
    for (unsigned piece = 1; in < sizeof sent; piece++) {
        unsigned n = piece < sizeof sent - in ? piece : (unsigned)sizeof sent - in;

        uart_input(&uart, sent + in, n);
        in += n;
        for (unsigned i = 0; i < piece / 2; i++)
            ck_assert_uint_eq(d->ops->read(d, 0, 1), sent[out++]);
        ck_assert_uint_le(uart.regs.count, UART_FIFO_SIZE);
    }
    while (d->ops->read(d, 5, 1) & 1)
        ck_assert_uint_eq(d->ops->read(d, 0, 1), sent[out++]);
    ck_assert_uint_eq(out, sizeof sent);
    ck_assert_uint_eq(fake.event_count, sizeof sent);
    ck_assert_uint_eq(fake.events[999].a, sent[999]);
    ck_assert_uint_eq(fake.events[999].b, 1);
}
END_TEST

START_TEST(reset_forgets_input_and_lowers_the_line)
{
    static const struct step rows[] = {READ(5, 0x60, ""), READ(1, 0, ""), READ(7, 0, ""),
                                       LINE(0, "")};
    uint8_t many[40] = {1};
    struct device *d = &uart.device;

    d->ops->write(d, 1, 1, 1);
    d->ops->write(d, 7, 1, 9);
    uart_input(&uart, many, sizeof many);
    ck_assert(fake.line);
    d->ops->reset(d);
    steps(rows, COUNT_OF(rows));
}
END_TEST

START_TEST(restored_state_reads_the_same)
{
    static const char text[] = "twenty-five bytes waiting";
    struct uart_regs saved;
    char waiting[32];
    struct device *d = &uart.device;

    uart_input(&uart, text, 25);
    saved = uart.regs;
    size_t n = uart.queue.end - uart.queue.first;
    memcpy(waiting, uart.queue.data + uart.queue.first, n);
    for (unsigned i = 0; i < 25; i++)
        d->ops->read(d, 0, 1);
    uart_restore(&uart, &saved, waiting, n);
    for (unsigned i = 0; i < 25; i++)
        ck_assert_uint_eq(d->ops->read(d, 0, 1), (word)text[i]);
}
END_TEST

Suite *suite_machine_uart(void);
Suite *suite_machine_uart(void)
{
    Suite *s = suite_create("machine_uart");
    TCase *c = tcase_create("uart");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, registers_after_reset);
    tcase_add_test(c, registers_keep_the_bits_they_have);
    tcase_add_test(c, a_byte_sent_is_an_event_and_the_transmitter_stays_idle);
    tcase_add_test(c, transmit_interrupt_comes_when_enabled_and_after_a_byte_and_goes_when_seen);
    tcase_add_test(c, receive_interrupt_is_a_level_and_comes_before_transmit);
    tcase_add_test(c, fifo_enable_shows_in_iir_and_its_clear_bits_lose_nothing);
    tcase_add_test(c, input_beyond_the_fifo_waits_and_nothing_is_lost);
    tcase_add_test(c, reset_forgets_input_and_lowers_the_line);
    tcase_add_test(c, restored_state_reads_the_same);
    suite_add_tcase(s, c);
    return s;
}
