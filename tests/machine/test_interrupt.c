/*
 * Interrupts: when they are taken, in which order, and that the timer is exact to the instruction.
 */
#include "tests/machine/harness.h"

#include <stdlib.h>
#include <unistd.h>

#define SOFTWARE    (1u << INTERRUPT_software)
#define TIMER       (1u << INTERRUPT_timer)
#define EXTERNAL    (1u << INTERRUPT_external)
#define ALL         (SOFTWARE | TIMER | EXTERNAL)

#define INTC_ENABLE 0x0c000004u
#define UART        0x10000000u

/* Raises the wires of `ip`: the console's line through the controller, a deadline in the past. */
static void raise_lines(struct rig *r, word ip)
{
    if (ip & SOFTWARE)
        rig_set_csr(r, CSR_ip, SOFTWARE);
    if (ip & TIMER) {
        rig_set_csr(r, CSR_timecmp, 0);
        rig_set_csr(r, CSR_timecmph, 0);
    }
    if (ip & EXTERNAL) {
        rig_x(r, A1, INTC_ENABLE);
        rig_x(r, A2, 1u << 1); /* LINE_uart */
        rig_x(r, A3, UART);
        rig_x(r, A4, 1); /* received data */
        rig_do(r, STORE(sw, A2, 0, A1));
        rig_do(r, STORE(sb, A4, 1, A3));
        machine_input(r->m, "x", 1);
    }
    rig_pc(r, CODE);
}

/* The one that is taken of those pending and enabled; 0 for none. */
static word first_of(word bits)
{
    return bits & EXTERNAL   ? INTERRUPT_external
           : bits & SOFTWARE ? INTERRUPT_software
           : bits & TIMER    ? INTERRUPT_timer
                             : 0;
}

/* Every set of pending lines x every set of enabled ones x ring x IE. */
START_TEST(external_before_software_before_timer_where_enabled_and_ring_or_ie_allows)
{
    static const word sets[] = {
        0, SOFTWARE, TIMER, EXTERNAL, SOFTWARE | TIMER, SOFTWARE | EXTERNAL, TIMER | EXTERNAL, ALL};
    struct rig r;

    for (unsigned n = 0; n < 8 * 8 * 4 * 2; n++) {
        word ip = sets[n / 64], ie = sets[n % 8], ring = n / 8 % 4, open = n / 32 % 2;
        word taken = ring > 0 || open ? first_of(ip & ie) : 0;

        if (n % 64 == 0)
            rig_init(&r, rig_config());
        rig_restart(&r);
        raise_lines(&r, n % 64 ? ip & ~EXTERNAL : ip); /* the wire stays up */
        rig_put_at(&r, CODE, I(addi, A0, A0, 1));
        rig_set_csr(&r, CSR_ie, ie);
        rig_set_csr(&r, CSR_status, open ? FIELD_status_ie : 0);
        rig_ring(&r, ring);
        ck_assert_uint_eq(rig_csr(&r, CSR_ip), ip);
        uint64_t retired = machine_instret(r.m);
        rig_run(&r, 1);
        if (taken) {
            rig_expect_trap(&r, CAUSE_INTERRUPT | taken, 0, CODE);
            ck_assert_uint_eq((rig_csr(&r, CSR_status) & FIELD_status_pring) >> SHIFT_status_pring,
                              ring);
            ck_assert(!(rig_csr(&r, CSR_status) & FIELD_status_pie) == !open);
        } else {
            rig_expect_pc(&r, CODE + 4);
        }
        ck_assert_uint_eq(machine_instret(r.m), retired + (taken ? 0 : 1));
        ck_assert_uint_eq(rig_csr(&r, CSR_ip), ip); /* taking it lowers nothing */
        if (n % 64 == 63)
            rig_fini(&r);
    }
}
END_TEST

START_TEST(an_interrupt_goes_before_a_fault_of_the_instruction_it_interrupts)
{
    static const word pcs[] = {CODE, NOWHERE};
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(pcs); n++) {
        rig_init(&r, rig_config());
        rig_put(&r, 0); /* illegal */
        raise_lines(&r, SOFTWARE);
        rig_set_csr(&r, CSR_ie, SOFTWARE);
        rig_ring(&r, 3);
        rig_pc(&r, pcs[n]);
        rig_run(&r, 1);
        rig_expect_trap(&r, CAUSE_INTERRUPT | INTERRUPT_software, 0, pcs[n]);
        rig_fini(&r);
    }
}
END_TEST

/* Counts in a0, for ever. */
static void put_loop(struct rig *r, hpa at)
{
    rig_put_at(r, at, I(addi, A0, A0, 1));
    rig_put_at(r, at + 4, JAL(ZERO, -4));
}

/* Whatever opens the door - status, ie, ip, tret - the interrupt is taken right behind it. */
START_TEST(an_interrupt_is_taken_right_behind_the_write_that_allows_it)
{
    static const struct {
        word status, ie, ip, insn, epc;
    } rows[] = {
        {0, SOFTWARE, SOFTWARE, 0x7c00e073, CODE + 4},              /* csrsi status, 1 */
        {FIELD_status_ie, 0, SOFTWARE, 0x7c659073, CODE + 4},       /* csrw ie, a1 */
        {FIELD_status_ie, SOFTWARE, 0, 0x7c746073, CODE + 4},       /* csrsi ip, 8 */
        {FIELD_status_pie, SOFTWARE, SOFTWARE, 0x30200073, DATA},   /* tret, ring 0 */
        {FIELD_status_pring, SOFTWARE, SOFTWARE, 0x30200073, DATA}, /* tret, ring 3 */
    };
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(rows); n++) {
        rig_init(&r, rig_config());
        rig_put(&r, rows[n].insn);
        put_loop(&r, CODE + 4);
        put_loop(&r, DATA);
        for (unsigned warm = 0; warm < 2; warm++) { /* once without, so that all is decoded */
            rig_restart(&r);
            rig_set_csr(&r, CSR_status, rows[n].status);
            rig_set_csr(&r, CSR_ie, warm ? rows[n].ie : 0);
            rig_set_csr(&r, CSR_ip, rows[n].ip);
            rig_set_csr(&r, CSR_epc, DATA);
            rig_x(&r, A1, warm ? ALL : 0);
            rig_run(&r, 200);
        }
        rig_expect_trap(&r, CAUSE_INTERRUPT | INTERRUPT_software, 0, rows[n].epc);
        ck_assert_uint_eq(rig_regs(&r)->x[A0], 0);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(closing_the_door_in_time_keeps_an_interrupt_out)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, CSRI(csrrci, ZERO, CSR_status, 1));
    rig_put(&r, CSRI(csrrsi, ZERO, CSR_ip, SOFTWARE));
    rig_put(&r, I(addi, A0, A0, 1));
    rig_set_csr(&r, CSR_status, FIELD_status_ie);
    rig_set_csr(&r, CSR_ie, SOFTWARE);
    rig_run(&r, 3);
    rig_expect_pc(&r, CODE + 12);
    rig_fini(&r);
}
END_TEST

/* A straight line of `addi` at one cycle each: at which instruction does the timer come in? */
static void timer_meets(unsigned ring, uint32_t divider, word timecmp, unsigned piece)
{
    struct machine_config config = rig_config();
    struct rig r;

    config.cost.divider = divider;
    rig_init(&r, config);
    for (unsigned n = 0; n < 200; n++)
        rig_put(&r, I(addi, A0, A0, 1));
    rig_set_csr(&r, CSR_timecmp, timecmp);
    rig_set_csr(&r, CSR_timecmph, 0);
    rig_set_csr(&r, CSR_ie, TIMER);
    rig_set_csr(&r, CSR_status, FIELD_status_ie);
    rig_ring(&r, ring);
    unsigned expected = timecmp * divider;
    for (unsigned steps = 0; steps < expected; steps += piece)
        rig_run(&r, steps + piece > expected ? expected - steps : piece);
    rig_expect_pc(&r, CODE + 4 * expected);
    rig_run(&r, 1);
    rig_expect_trap(&r, CAUSE_INTERRUPT | INTERRUPT_timer, 0, CODE + 4 * expected);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], expected);
    rig_fini(&r);
}

START_TEST(the_timer_comes_exactly_where_time_reaches_timecmp)
{
    static const unsigned pieces[] = {1, 7, 1000};

    for (unsigned n = 0; n < COUNT_OF(pieces); n++) {
        for (word timecmp = 0; timecmp < 40; timecmp += 3) {
            timer_meets(timecmp % 4, 1, timecmp, pieces[n]);
            timer_meets(timecmp % 4, 3, timecmp, pieces[n]);
        }
    }
}
END_TEST

START_TEST(a_deadline_that_moves_into_the_past_interrupts_at_once)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, CSRR(csrrw, ZERO, CSR_timecmph, ZERO));
    rig_put(&r, CSRR(csrrw, ZERO, CSR_timecmp, ZERO));
    rig_put(&r, I(addi, A0, A0, 1));
    rig_set_csr(&r, CSR_ie, TIMER);
    rig_set_csr(&r, CSR_status, FIELD_status_ie);
    rig_run(&r, 3);
    rig_expect_trap(&r, CAUSE_INTERRUPT | INTERRUPT_timer, 0, CODE + 8);
    rig_fini(&r);
}
END_TEST

/* While whole blocks run: the new deadline counts from the next instruction on. */
START_TEST(a_deadline_that_moves_nearer_is_kept_to_the_instruction)
{
    static const word numbers[] = {CSR_timecmp, CSR_timecmph};
    struct rig r;

    for (unsigned n = 0; n < COUNT_OF(numbers); n++) {
        rig_init(&r, rig_config());
        rig_put(&r, CSRR(csrrw, ZERO, numbers[n], A1));
        put_loop(&r, CODE + 4);
        for (unsigned warm = 0; warm < 2; warm++) { /* once far away, so that all is decoded */
            word soon = (word)machine_cycle(r.m) + 103;

            rig_restart(&r);
            rig_set_csr(&r, CSR_timecmp, n == 0 ? 0xffffffff : soon);
            rig_set_csr(&r, CSR_timecmph, n == 0 ? 0 : 1);
            rig_x(&r, A1, n == 0 ? warm ? soon : 0xffffffff : !warm);
            rig_set_csr(&r, CSR_ie, TIMER);
            rig_set_csr(&r, CSR_status, FIELD_status_ie);
            rig_run(&r, 1000);
        }
        /* csrw: 3 cycles; then 100 instructions of one */
        rig_expect_trap(&r, CAUSE_INTERRUPT | INTERRUPT_timer, 0, CODE + 4);
        ck_assert_uint_eq(rig_regs(&r)->x[A0], 50);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(a_deadline_that_moves_away_takes_the_pending_bit_along)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, CSRR(csrrs, A0, CSR_ip, ZERO));
    rig_put(&r, CSRR(csrrw, ZERO, CSR_timecmp, A2));
    rig_put(&r, CSRR(csrrs, A1, CSR_ip, ZERO));
    rig_set_csr(&r, CSR_timecmp, 0);
    rig_set_csr(&r, CSR_timecmph, 0);
    rig_x(&r, A2, 0xffffffff);
    rig_run(&r, 3);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], TIMER);
    ck_assert_uint_eq(rig_regs(&r)->x[A1], 0);
    rig_fini(&r);
}
END_TEST

START_TEST(an_endless_loop_in_any_ring_is_interrupted)
{
    struct rig r;

    for (unsigned ring = 1; ring < 4; ring++) {
        rig_init(&r, rig_config());
        rig_put(&r, JAL(ZERO, 0));
        rig_set_csr(&r, CSR_timecmp, 1000);
        rig_set_csr(&r, CSR_timecmph, 0);
        rig_set_csr(&r, CSR_ie, TIMER);
        rig_ring(&r, ring);
        rig_run(&r, 1001);
        rig_expect_trap(&r, CAUSE_INTERRUPT | INTERRUPT_timer, 0, CODE);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(an_external_interrupt_lasts_until_its_device_is_served)
{
    struct rig r;

    rig_init(&r, rig_config());
    raise_lines(&r, EXTERNAL);
    ck_assert_uint_eq(rig_csr(&r, CSR_ip), EXTERNAL);
    rig_do(&r, LOAD(lbu, A0, 0, A3)); /* RBR */
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 'x');
    ck_assert_uint_eq(rig_csr(&r, CSR_ip), 0);
    rig_fini(&r);
}
END_TEST

/* Transmit is always possible: enabling its interrupt raises the line in that very store. */
START_TEST(a_store_that_raises_a_line_is_interrupted_right_behind_it)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_x(&r, A1, INTC_ENABLE);
    rig_x(&r, A2, 1u << 1); /* LINE_uart, and the transmit interrupt */
    rig_x(&r, A3, UART);
    rig_do(&r, STORE(sw, A2, 0, A1));
    rig_put_at(&r, CODE, I(addi, A0, A0, 1));
    rig_put_at(&r, CODE + 4, STORE(sb, A2, 1, A3));
    rig_put_at(&r, CODE + 8, I(addi, A0, A0, 1));
    rig_put_at(&r, CODE + 12, JAL(ZERO, -4));
    rig_set_csr(&r, CSR_ie, EXTERNAL);
    rig_pc(&r, CODE);
    rig_ring(&r, 3);
    rig_run(&r, 1000);
    rig_expect_trap(&r, CAUSE_INTERRUPT | INTERRUPT_external, 0, CODE + 8);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 1);
    rig_fini(&r);
}
END_TEST

/* The disk's command takes a while; then it interrupts a loop. Returns how far the loop came. */
static word disk_interrupts(const char *disk, unsigned piece)
{
    struct machine_config config = rig_config();
    struct rig r;

    config.disk = disk;
    rig_init(&r, config);
    rig_x(&r, A1, INTC_ENABLE);
    rig_x(&r, A2, 1u << 2); /* LINE_ata */
    rig_do(&r, STORE(sw, A2, 0, A1));
    rig_x(&r, A1, 0x1f7);
    rig_x(&r, A2, 0xec); /* identify */
    rig_put_at(&r, CODE, R(pout, ZERO, A1, A2));
    rig_put_at(&r, CODE + 4, I(addi, A0, A0, 1));
    rig_put_at(&r, CODE + 8, JAL(ZERO, -4));
    rig_set_csr(&r, CSR_ie, EXTERNAL);
    rig_set_csr(&r, CSR_status, FIELD_status_ie);
    rig_pc(&r, CODE);
    rig_listen(&r, EVENT_BIT(EVENT_irq) | EVENT_BIT(EVENT_trap));
    for (unsigned steps = 0; steps < 4000; steps += piece)
        rig_run(&r, piece);
    const struct event *irq = rig_event(&r, EVENT_irq, 0), *trap = rig_event(&r, EVENT_trap, 0);
    ck_assert(irq && trap);
    ck_assert_uint_eq(rig_regs(&r)->cause, CAUSE_INTERRUPT | INTERRUPT_external);
    ck_assert_uint_eq(irq->cycle + config.cost.trap, trap->cycle);
    word reached = rig_regs(&r)->x[A0];
    rig_fini(&r);
    return reached;
}

START_TEST(the_disk_interrupts_at_the_same_instruction_however_it_is_run)
{
    char path[] = "/tmp/trapeze-disk-XXXXXX";
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, 65536), 0);
    close(fd);
    word reached = disk_interrupts(path, 1);
    ck_assert_uint_gt(reached, 500);
    ck_assert_uint_eq(disk_interrupts(path, 7), reached);
    ck_assert_uint_eq(disk_interrupts(path, 4000), reached);
    unlink(path);
}
END_TEST

Suite *suite_machine_interrupt(void);
Suite *suite_machine_interrupt(void)
{
    Suite *s = suite_create("machine_interrupt");
    TCase *c = tcase_create("interrupt");

    tcase_add_test(c, external_before_software_before_timer_where_enabled_and_ring_or_ie_allows);
    tcase_add_test(c, an_interrupt_goes_before_a_fault_of_the_instruction_it_interrupts);
    tcase_add_test(c, an_interrupt_is_taken_right_behind_the_write_that_allows_it);
    tcase_add_test(c, closing_the_door_in_time_keeps_an_interrupt_out);
    tcase_add_test(c, the_timer_comes_exactly_where_time_reaches_timecmp);
    tcase_add_test(c, a_deadline_that_moves_into_the_past_interrupts_at_once);
    tcase_add_test(c, a_deadline_that_moves_nearer_is_kept_to_the_instruction);
    tcase_add_test(c, a_deadline_that_moves_away_takes_the_pending_bit_along);
    tcase_add_test(c, an_endless_loop_in_any_ring_is_interrupted);
    tcase_add_test(c, an_external_interrupt_lasts_until_its_device_is_served);
    tcase_add_test(c, a_store_that_raises_a_line_is_interrupted_right_behind_it);
    tcase_add_test(c, the_disk_interrupts_at_the_same_instruction_however_it_is_run);
    suite_add_tcase(s, c);
    return s;
}
