/* The board: every device answers where isa/platform.def says, and interrupts by its line. */
#include "machine/board.h"
#include "machine/machine.h"
#include "tests/machine/fake_board.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INTC 0x0c000000u
#define UART 0x10000000u

static struct fake_board fake;
static struct bus bus;
static struct devices devices;
static struct machine_config config;

static int init(const char *disk, struct error *err)
{
    struct wiring wiring = {&bus, &fake.schedule, &fake.board};

    fake_board_init(&fake);
    config = (struct machine_config){.cost = {.sector = 10}, .disk = disk};
    return devices_init(&devices, &wiring, &config, err);
}

static void setup(void)
{
    ck_assert_int_eq(init(NULL, NULL), 0);
}

static void teardown(void)
{
    devices_fini(&devices);
}

static word get(hpa address, unsigned width)
{
    word value;

    ck_assert(bus_read(&bus, address, width, &value));
    return value;
}

static void put(hpa address, unsigned width, word value)
{
    ck_assert(bus_write(&bus, address, width, value));
}

START_TEST(devices_answer_where_the_platform_says)
{
    word value;

    put(0x00100000, 4, 0x5555);
    ck_assert(fake.halted);
    put(INTC + 4, 4, 0xff);
    ck_assert_uint_eq(get(INTC + 4, 4), 0xfe);
    put(UART + 7, 1, 0x5a);
    ck_assert_uint_eq(bus_port_in(&bus, 0x3ff), 0x5a);
    ck_assert_uint_eq(bus_port_in(&bus, 0x1f7), 0);
    ck_assert_uint_eq(bus_port_in(&bus, 0x1f8), 0xffffffff);
    ck_assert(!bus_read(&bus, 0x10001000, 4, &value));
    ck_assert(!bus_read(&bus, UART, 4, &value));
    ck_assert(!bus_read(&bus, INTC, 1, &value));
}
END_TEST

START_TEST(console_input_interrupts_through_the_controller)
{
    ck_assert(!devices_input_can_interrupt(&devices));
    put(UART + 1, 1, 1);
    ck_assert(!devices_input_can_interrupt(&devices));
    put(INTC + 4, 4, 1 << 1);
    ck_assert(devices_input_can_interrupt(&devices));
    ck_assert(!fake.external);
    uart_input(&devices.uart, "x", 1);
    ck_assert(fake.external);
    ck_assert_uint_eq(get(INTC + 8, 4), 1);
    ck_assert_msg(!devices_input_can_interrupt(&devices), "in service: a byte changes nothing");
    ck_assert_uint_eq(get(UART, 1), 'x');
    put(INTC + 8, 4, 1);
    ck_assert(!fake.external);
}
END_TEST

START_TEST(the_digest_sees_registers_waiting_input_alarms_and_written_sectors)
{
    static const uint8_t sector[DISK_SECTOR] = {1};
    uint8_t many[20] = {0};
    uint64_t seen[6];
    char path[] = "/tmp/trapeze-board-XXXXXX";
    int fd = mkstemp(path);

    ck_assert_int_eq(ftruncate(fd, 8 * DISK_SECTOR), 0);
    close(fd);
    ck_assert_int_eq(init(path, NULL), 0);
    seen[0] = devices_digest(&devices, 1);
    ck_assert(devices_digest(&devices, 1) == seen[0]);
    put(UART + 7, 1, 1);
    seen[1] = devices_digest(&devices, 1);
    uart_input(&devices.uart, many, 17);
    seen[2] = devices_digest(&devices, 1);
    uart_input(&devices.uart, many, 1);
    seen[3] = devices_digest(&devices, 1);
    ck_assert(disk_write(&devices.disk, 1, sector));
    seen[4] = devices_digest(&devices, 1);
    put(INTC + 4, 4, 4);
    seen[5] = devices_digest(&devices, 1);
    for (unsigned i = 0; i < 6; i++)
        for (unsigned j = 0; j < i; j++)
            ck_assert(seen[i] != seen[j]);
    unlink(path);
}
END_TEST

START_TEST(reset_quiets_everything)
{
    uint64_t fresh = devices_digest(&devices, 1);

    put(INTC + 4, 4, 0xff);
    put(UART + 1, 1, 3);
    uart_input(&devices.uart, "abc", 3);
    ck_assert(fake.external);
    devices_reset(&devices);
    ck_assert(!fake.external);
    ck_assert(devices_digest(&devices, 1) == fresh);
}
END_TEST

START_TEST(a_disk_that_cannot_be_opened_is_an_error_with_its_path)
{
    struct error err;

    ck_assert_int_eq(init("/tmp/no/such/disk.img", &err), ERROR_io);
    ck_assert_ptr_nonnull(strstr(err.text, "/tmp/no/such/disk.img"));
}
END_TEST

Suite *suite_machine_board(void);
Suite *suite_machine_board(void)
{
    Suite *s = suite_create("machine_board");
    TCase *c = tcase_create("board");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, devices_answer_where_the_platform_says);
    tcase_add_test(c, console_input_interrupts_through_the_controller);
    tcase_add_test(c, the_digest_sees_registers_waiting_input_alarms_and_written_sectors);
    tcase_add_test(c, reset_quiets_everything);
    tcase_add_test(c, a_disk_that_cannot_be_opened_is_an_error_with_its_path);
    suite_add_tcase(s, c);
    return s;
}
