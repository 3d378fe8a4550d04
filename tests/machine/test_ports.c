/* Port space: IOPL decides who may, a port with no device reads all ones. */
#include "tests/machine/harness.h"

#define EMPTY_PORT 0x80
#define UART_LSR   0x3fd

static void start(struct rig *r, unsigned ring, unsigned iopl, word insn, word port)
{
    rig_init(r, rig_config());
    rig_put(r, insn);
    rig_set_csr(r, CSR_status, iopl << SHIFT_status_iopl);
    rig_ring(r, ring);
    rig_x(r, A1, port);
    rig_x(r, A2, 0x55);
}

START_TEST(pin_and_pout_are_allowed_to_rings_up_to_iopl_in_both_variants)
{
    const word insns[] = {rig_encode((struct insn){.id = INSN_pin, .rd = A0, .rs1 = A1}),
                          rig_encode((struct insn){.id = INSN_pout, .rs1 = A1, .rs2 = A2})};
    struct rig r;

    for (unsigned n = 0; n < 4 * 4 * 2 * 2; n++) {
        unsigned ring = n & 3, iopl = n >> 2 & 3;
        word insn = insns[n >> 4 & 1];
        struct machine_config config = rig_config();

        config.classic = n >> 5;
        if (n % 32 == 0)
            rig_init(&r, config);
        rig_restart(&r);
        rig_put(&r, insn);
        rig_set_csr(&r, CSR_status, iopl << SHIFT_status_iopl);
        rig_ring(&r, ring);
        rig_x(&r, A1, EMPTY_PORT);
        rig_run(&r, 1);
        if (ring <= iopl)
            rig_expect_pc(&r, CODE + 4);
        else
            rig_expect_trap(&r, CAUSE_privileged, insn, CODE);
        if (n % 32 == 31)
            rig_fini(&r);
    }
}
END_TEST

START_TEST(a_port_with_no_device_reads_all_ones_and_swallows_writes)
{
    static const word ports[] = {0, EMPTY_PORT, 0x1ef, 0x1f8, 0x3f7, 0x400, 0xffff, 0x00010080};
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(ports); n++) {
        start(&r, 0, 0, R(pin, A0, A1, ZERO), ports[n]);
        rig_put(&r, R(pout, ZERO, A1, A2));
        rig_put(&r, R(pin, ZERO, A1, ZERO));
        rig_run(&r, 3);
        rig_expect_pc(&r, CODE + 12);
        ck_assert_uint_eq(rig_regs(&r)->x[A0], 0xffffffff);
        ck_assert_uint_eq(rig_regs(&r)->x[0], 0);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(only_the_low_sixteen_bits_name_the_port)
{
    struct rig r;

    start(&r, 3, 3, R(pin, A0, A1, ZERO), 0xabcd0000 | UART_LSR);
    rig_run(&r, 1);
    ck_assert_uint_eq(rig_regs(&r)->x[A0] & 0x60, 0x60); /* transmitter empty */
    ck_assert_uint_eq(rig_regs(&r)->x[A0] & ~0xffu, 0);
    rig_fini(&r);
}
END_TEST

START_TEST(an_access_is_published_with_port_value_and_direction)
{
    struct rig r;

    start(&r, 0, 0, R(pin, A0, A1, ZERO), 0xffff0000 | EMPTY_PORT);
    rig_put(&r, R(pout, ZERO, A1, A2));
    rig_listen(&r, EVENT_BIT(EVENT_port));
    rig_run(&r, 2);
    ck_assert_uint_eq(r.event_count, 2);
    ck_assert_uint_eq(r.events[0].tval, EMPTY_PORT);
    ck_assert_uint_eq(r.events[0].a, 0xffffffff);
    ck_assert_uint_eq(r.events[0].b, 0);
    ck_assert_uint_eq(r.events[1].tval, EMPTY_PORT);
    ck_assert_uint_eq(r.events[1].a, 0x55);
    ck_assert_uint_eq(r.events[1].b, 1);
    ck_assert_uint_eq(r.events[1].pc, CODE + 4);
    rig_fini(&r);
}
END_TEST

START_TEST(what_is_written_to_the_console_port_comes_out)
{
    struct rig r;

    start(&r, 2, 2, R(pout, ZERO, A1, A2), 0x3f8);
    rig_x(&r, A2, 0x12345641);
    rig_listen(&r, EVENT_BIT(EVENT_console));
    rig_run(&r, 1);
    ck_assert_uint_eq(r.event_count, 1);
    ck_assert_uint_eq(r.events[0].a, 'A');
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_ports(void);
Suite *suite_machine_ports(void)
{
    Suite *s = suite_create("machine_ports");
    TCase *c = tcase_create("ports");

    tcase_add_test(c, pin_and_pout_are_allowed_to_rings_up_to_iopl_in_both_variants);
    tcase_add_test(c, a_port_with_no_device_reads_all_ones_and_swallows_writes);
    tcase_add_test(c, only_the_low_sixteen_bits_name_the_port);
    tcase_add_test(c, an_access_is_published_with_port_value_and_direction);
    tcase_add_test(c, what_is_written_to_the_console_port_comes_out);
    suite_add_tcase(s, c);
    return s;
}
