/*
 * The virtual devices against the simulated machine's: the same random accesses to both, every
 * answer and every line compared; and what only the virtual ones have: the real console and
 * disk behind them. Seeded, so always the same accesses.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/vmm/bench.h"
#include "tests/vmm/fake.h"
#include "vmm/console.h"
#include "vmm/disk.h"
#include "vmm/image.h"
#include "vmm/isa.h"
#include "vmm/phys.h"
#include "vmm/platform.h"

#include "isa/boot.h"

Suite *suite_vmm_vdev(void);

#define STEPS 20000

static struct vmm vmm;
static struct vm *vm;
static uint64_t seed;

static word random_word(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (word)(seed >> 32);
}

static void setup(void)
{
    vm = fake_vm(&vmm);
    seed = 4;
}

static bool line(unsigned number)
{
    return vm->intc.pending >> number & 1;
}

START_TEST(the_virtual_uart_answers_as_the_real_one)
{
    bench_open(NULL);
    for (unsigned n = 0; n < STEPS; n++) {
        word reg = random_word() % 8, value = random_word(), answer;
        switch (random_word() % 4) {
        case 0:
            if (bench_uart_has_room()) {
                bench_uart_input((uint8_t)value);
                vuart_receive(vm, (uint8_t)value);
            }
            break;
        case 1:
            bench_write(BENCH_UART, reg, value);
            if (value & 0x10000)
                ck_assert(vbus_write(vm, REGION_uart + reg, 1, value & 0xff));
            else
                vbus_port_out(vm, PORT_uart + reg, value);
            break;
        case 2:
            ck_assert(vbus_read(vm, REGION_uart + reg, 1, &answer));
            ck_assert_uint_eq(answer, bench_read(BENCH_UART, reg));
            break;
        default:
            ck_assert_uint_eq(vbus_port_in(vm, PORT_uart + reg), bench_read(BENCH_UART, reg));
            break;
        }
        ck_assert_msg(line(LINE_uart) == bench_line(BENCH_UART), "step %u", n);
    }
    bench_close();
}
END_TEST

START_TEST(the_virtual_interrupt_controller_answers_as_the_real_one)
{
    bench_open(NULL);
    for (unsigned n = 0; n < STEPS; n++) {
        word reg = random_word() % 3 * 4, value, answer;
        unsigned number = 1 + random_word() % 31;
        bool level = random_word() % 2;
        switch (random_word() % 4) {
        case 0:
            bench_set_line(number, level);
            vintc_set_line(vm, number, level);
            break;
        case 1:
            value = reg == 8 ? random_word() % 40 : random_word();
            bench_write(BENCH_INTC, reg, value);
            ck_assert(vbus_write(vm, REGION_intc + reg, 4, value));
            break;
        default:
            ck_assert(vbus_read(vm, REGION_intc + reg, 4, &answer));
            ck_assert_uint_eq(answer, bench_read(BENCH_INTC, reg));
            break;
        }
        ck_assert_msg(((vm->vcpu.cb->ip & FIELD_ip_ext) != 0) == bench_line(BENCH_INTC), "step %u",
                      n);
    }
    bench_close();
}
END_TEST

/* Every sector counts upwards, as what the fake machine's disk delivers does. */
static void make_image(char *path)
{
    int fd = mkstemp(path);
    uint16_t sector[256];

    ck_assert_int_ge(fd, 0);
    for (unsigned i = 0; i < 256; i++)
        sector[i] = (uint16_t)i;
    for (unsigned i = 0; i < FAKE_SECTORS; i++)
        ck_assert_int_eq(write(fd, sector, sizeof sector), sizeof sector);
    close(fd);
}

static void disk_write_both(word reg, word value)
{
    bench_write(BENCH_ATA, reg, value);
    vbus_port_out(vm, PORT_ata + reg, value);
}

/* One random access, more often than not one that makes sense. */
static void disk_step(void)
{
    static const uint8_t commands[] = {0x20, 0x30, 0x20, 0x30, 0xe7, 0x00, 0x91};
    word reg = random_word() % 8;

    switch (random_word() % 8) {
    case 0:
        disk_write_both(2, random_word() % 4);
        disk_write_both(3, random_word() % (FAKE_SECTORS + 3));
        disk_write_both(6, random_word() % 16 ? 0x40 : random_word());
        disk_write_both(4, random_word() % 64 ? 0 : random_word());
        disk_write_both(5, random_word() % 64 ? 0 : random_word());
        break;
    case 1:
        disk_write_both(7, commands[random_word() % COUNT_OF(commands)]);
        break;
    case 2: /* the machine's disk is ready */
        fake()->disk_data = 0;
        fake()->disk_status = 0x50;
        bench_disk_ready();
        disk_interrupt(&vmm);
        break;
    case 3:
        ck_assert_uint_eq(vbus_port_in(vm, PORT_ata + reg), bench_read(BENCH_ATA, reg));
        break;
    default:
        for (unsigned i = 0; i < 200; i++) {
            if (random_word() % 2)
                ck_assert_uint_eq(vbus_port_in(vm, PORT_ata), bench_read(BENCH_ATA, 0));
            else
                disk_write_both(0, bench_disk_position());
        }
    }
}

START_TEST(the_virtual_disk_answers_as_the_real_one)
{
    char path[] = "/tmp/trapeze-vdev-XXXXXX";
    unsigned transfers = 0;

    make_image(path);
    bench_open(path);
    unlink(path);
    for (unsigned n = 0; n < STEPS; n++) {
        disk_step();
        ck_assert_msg(line(LINE_ata) == bench_line(BENCH_ATA), "step %u", n);
        transfers += vmm.disk.user != NULL;
    }
    ck_assert_uint_gt(transfers, 100);
    bench_close();
}
END_TEST

START_TEST(without_a_disk_every_port_reads_0)
{
    vata_init(vm, 0);
    bench_open(NULL);
    for (word reg = 0; reg < 8; reg++) {
        disk_write_both(reg, 0x50 + reg);
        ck_assert_uint_eq(vbus_port_in(vm, PORT_ata + reg), 0);
        ck_assert_uint_eq(bench_read(BENCH_ATA, reg), 0);
    }
    ck_assert_ptr_null(vmm.disk.user);
    bench_close();
}
END_TEST

/* ---- the bus -------------------------------------------------------------------------------- */

static const struct {
    gpa address;
    unsigned width;
    bool answers;
} widths[] = {
    {REGION_finisher, 4, true},      {REGION_finisher, 1, false}, {REGION_finisher, 2, false},
    {REGION_finisher + 4, 4, false}, {REGION_intc, 4, true},      {REGION_intc + 8, 4, true},
    {REGION_intc + 12, 4, false},    {REGION_intc, 1, false},     {REGION_intc + 2, 2, false},
    {REGION_uart, 1, true},          {REGION_uart + 7, 1, true},  {REGION_uart + 8, 1, false},
    {REGION_uart, 4, false},         {REGION_uart, 2, false},     {REGION_virtio, 4, false},
    {REGION_finisher - 1, 1, false}, {REGION_uart - 1, 1, false}, {0, 4, false},
    {0xffffffff, 1, false},          {REGION_intc + 1, 4, false},
};

/* Bug 7: no access reaches a register that the device does not have. */
START_TEST(only_registers_that_exist_answer_in_the_width_they_have)
{
    word value;

    ck_assert(vbus_read(vm, widths[_i].address, widths[_i].width, &value) == widths[_i].answers);
    ck_assert(vbus_write(vm, widths[_i].address, widths[_i].width, 0) == widths[_i].answers);
    ck_assert(!vm->ended);
}
END_TEST

START_TEST(a_port_with_no_device_reads_all_ones_and_ignores_writes)
{
    static const word ports[] = {0, 0x1ef, 0x1f8, 0x3f7, 0x400, 0xffff};

    for (unsigned i = 0; i < COUNT_OF(ports); i++) {
        vbus_port_out(vm, ports[i], 0x12345678);
        ck_assert_uint_eq(vbus_port_in(vm, ports[i]), 0xffffffff);
    }
}
END_TEST

START_TEST(the_finisher_ends_its_vm_with_the_code)
{
    static const struct {
        word value, status;
        bool ends;
    } rows[] = {{0x5555, 0, true},     {0x00073333, 7, true}, {0xffff3333, 0xffff, true},
                {0, 0, false},         {0x15555, 0, false},   {0x3333, 0, true},
                {0x00075555, 0, false}};

    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        setup();
        ck_assert(vbus_write(vm, REGION_finisher, 4, rows[i].value));
        ck_assert_msg(vm->ended == rows[i].ends, "row %u", i);
        ck_assert_uint_eq(vm->status, rows[i].status);
    }
}
END_TEST

/* ---- the real console behind the virtual one ------------------------------------------------ */

static void type(const char *text)
{
    strcpy(fake()->in, text);
    fake()->in_at = 0;
    fake()->in_length = (unsigned)strlen(text);
    console_interrupt(&vmm);
}

START_TEST(what_the_virtual_uart_cannot_hold_waits_in_the_real_one)
{
    static const char text[] = "twenty-six letters in here";

    console_init(&vmm);
    type(text);
    ck_assert_uint_eq(vm->uart.count, VUART_FIFO_SIZE);
    ck_assert_uint_eq(fake()->in_at, VUART_FIFO_SIZE);
    ck_assert_uint_eq(fake()->uart_ier, 0); /* or the monitor would be interrupted for ever */
    for (unsigned i = 0; text[i]; i++)
        ck_assert_uint_eq(vbus_port_in(vm, PORT_uart), (uint8_t)text[i]);
    ck_assert_uint_eq(vbus_port_in(vm, PORT_uart), 0);
    ck_assert_uint_eq(fake()->uart_ier, 1);
}
END_TEST

START_TEST(input_for_nobody_is_taken_and_dropped)
{
    vm->ended = true;
    type("lost");
    ck_assert_uint_eq(fake()->in_at, 4);
    ck_assert_uint_eq(vm->uart.count, 0);
}
END_TEST

START_TEST(the_monitors_messages_stand_on_lines_of_their_own)
{
    struct line l = {.length = 0};

    line_str(&l, "hello");
    console_say(&vmm, &l);
    console_output(vm, 'x');
    console_say(&vmm, &l);
    console_output(vm, 'y');
    console_output(vm, '\n');
    console_say(&vmm, &l);
    ck_assert_str_eq(fake()->out, "vmm: hello\nx\nvmm: hello\ny\nvmm: hello\n");
}
END_TEST

START_TEST(of_several_vms_each_line_says_whose_it_is)
{
    struct vm other = *vm;

    strcpy(other.name, "other");
    vmm.vm_slots = 2;
    console_output(vm, 'a');
    console_output(&other, 'b');
    console_output(&other, 'c');
    console_output(&other, '\n');
    console_output(vm, 'd');
    ck_assert_str_eq(fake()->out, "test: a\nother: bc\ntest: d");
}
END_TEST

/* ---- the real disk behind the virtual one --------------------------------------------------- */

START_TEST(a_write_goes_to_the_real_disk_sector_by_sector)
{
    vbus_port_out(vm, PORT_ata + 2, 2);
    vbus_port_out(vm, PORT_ata + 3, 0x21);
    vbus_port_out(vm, PORT_ata + 6, 0x40);
    vbus_port_out(vm, PORT_ata + 7, ATA_COMMAND_WRITE);
    for (unsigned sector = 0; sector < 2; sector++) {
        for (unsigned i = 0; i < 256; i++)
            vbus_port_out(vm, PORT_ata, i);
        ck_assert_ptr_eq(vmm.disk.user, vm);
        ck_assert_uint_eq(fake()->words_out, 256 * (sector + 1));
        ck_assert_uint_eq(fake()->ports[3], 0x21 + sector);
        ck_assert_uint_eq(fake()->ports[7], ATA_COMMAND_WRITE);
        ck_assert_uint_eq(vbus_port_in(vm, PORT_ata + 7), 0x80);
        fake()->disk_status = 0x50;
        disk_interrupt(&vmm);
        ck_assert(line(LINE_ata));
        vbus_port_in(vm, PORT_ata + 7);
    }
    ck_assert_ptr_null(vmm.disk.user);
}
END_TEST

START_TEST(an_error_of_the_real_disk_is_the_guests)
{
    vbus_port_out(vm, PORT_ata + 2, 1);
    vbus_port_out(vm, PORT_ata + 6, 0x40);
    vbus_port_out(vm, PORT_ata + 7, ATA_COMMAND_READ);
    fake()->disk_status = 0x51;
    fake()->disk_error = 0x40;
    disk_interrupt(&vmm);
    ck_assert_uint_eq(vbus_port_in(vm, PORT_ata + 7), 0x51);
    ck_assert_uint_eq(vbus_port_in(vm, PORT_ata + 1), 0x40);
}
END_TEST

START_TEST(an_interrupt_that_comes_too_early_or_for_nobody_is_nothing)
{
    fake()->disk_status = 0x50;
    disk_interrupt(&vmm);
    vbus_port_out(vm, PORT_ata + 7, ATA_COMMAND_FLUSH);
    fake()->disk_status = 0x80;
    disk_interrupt(&vmm);
    ck_assert_ptr_eq(vmm.disk.user, vm);
    ck_assert_uint_eq(vbus_port_in(vm, PORT_ata + 7), 0x80);
}
END_TEST

START_TEST(a_vm_that_goes_leaves_no_request_behind)
{
    vbus_port_out(vm, PORT_ata + 7, ATA_COMMAND_FLUSH);
    fake()->disk_status = 0x50;
    disk_forget(vm);
    ck_assert_ptr_null(vmm.disk.user);
}
END_TEST

/* A second VM, whose disk is sectors 40 to 49; the first one's are 10 to 29. */
static void make_parts(struct vm *other)
{
    *other = *vm;
    other->id = 2;
    vmm.vms[1] = other;
    vmm.vm_slots = 2;
    vm->vdisk = (struct vdisk){.first = 10, .is_part = true};
    vata_init(vm, 20);
    other->vdisk = (struct vdisk){.first = 40, .is_part = true};
    vata_init(other, 10);
}

static void ask(struct vm *of, word lba, uint8_t command)
{
    vbus_port_out(of, PORT_ata + 2, 1);
    vbus_port_out(of, PORT_ata + 3, lba);
    vbus_port_out(of, PORT_ata + 6, 0x40);
    vbus_port_out(of, PORT_ata + 7, command);
}

START_TEST(parts_of_the_disk_are_disks_and_their_owners_take_turns)
{
    static struct vm other;

    make_parts(&other);
    ask(vm, 3, ATA_COMMAND_READ);
    ck_assert_uint_eq(fake()->ports[3], 13);
    ask(&other, 9, ATA_COMMAND_READ); /* has to wait */
    ck_assert_uint_eq(fake()->ports[3], 13);
    ck_assert_uint_eq(vbus_port_in(&other, PORT_ata + 7), 0x80);
    fake()->disk_status = 0x50;
    disk_interrupt(&vmm);
    ck_assert_uint_eq(vbus_port_in(vm, PORT_ata + 7), 0x58);
    ck_assert_uint_eq(fake()->ports[3], 49);
    ck_assert_ptr_eq(vmm.disk.user, &other);
    disk_interrupt(&vmm);
    ck_assert_uint_eq(vbus_port_in(&other, PORT_ata + 7), 0x58);
    ck_assert_ptr_null(vmm.disk.user);
}
END_TEST

START_TEST(a_part_of_the_disk_ends_where_it_ends)
{
    static struct vm other;

    make_parts(&other);
    ask(&other, 10, ATA_COMMAND_READ);
    ck_assert_uint_eq(vbus_port_in(&other, PORT_ata + 7), 0x51);
    ck_assert_uint_eq(vbus_port_in(&other, PORT_ata + 1), 0x10);
    ck_assert_ptr_null(vmm.disk.user);
    ask(&other, 0, ATA_COMMAND_IDENTIFY);
    fake()->disk_status = 0x50;
    disk_interrupt(&vmm);
    for (unsigned i = 0; i < 60; i++)
        vbus_port_in(&other, PORT_ata);
    ck_assert_uint_eq(vbus_port_in(&other, PORT_ata), 10);
    ck_assert_uint_eq(vbus_port_in(&other, PORT_ata), 0);
}
END_TEST

START_TEST(a_vm_that_goes_leaves_the_disk_to_the_next)
{
    static struct vm other;

    make_parts(&other);
    ask(vm, 3, ATA_COMMAND_READ);
    ask(&other, 1, ATA_COMMAND_READ);
    fake()->disk_status = 0x50;
    disk_forget(vm);
    ck_assert_ptr_eq(vmm.disk.user, &other);
    ck_assert_uint_eq(fake()->ports[3], 41);
}
END_TEST

/* Four sectors and a half in a module; what is written is seen by its writer alone. */
START_TEST(an_image_is_read_by_all_and_written_by_copies)
{
    static struct boot_page boot = {.magic = BOOT_MAGIC, .module_count = 1};
    static const struct slice name = {"image", 5};
    static struct vm other;
    hpa frame;
    struct line why = {.length = 0};

    ck_assert(alloc_frame_zero(&vmm.alloc, OWNER_VMM, FRAME_IMAGE, &frame));
    boot.modules[0] = (struct boot_module){"image", frame, 4 * SECTOR_SIZE + 256};
    memset(phys_ptr(frame + SECTOR_SIZE), 'm', SECTOR_SIZE);
    vmm.boot = &boot;
    ck_assert_uint_eq(image_frames(&vmm, name), 2);
    other = *vm;
    other.id = 2;
    vmm.vms[1] = &other;
    vmm.vm_slots = 2;
    ck_assert(image_give(vm, name, &why) && image_give(&other, name, &why));
    ck_assert_uint_eq(vm->ata.sectors, 4);
    ask(vm, 1, ATA_COMMAND_WRITE);
    for (unsigned i = 0; i < 256; i++)
        vbus_port_out(vm, PORT_ata, 0x7777);
    ck_assert_uint_eq(vbus_port_in(vm, PORT_ata + 7), 0x80);
    ck_assert(vmm.disk.images_wait);
    disk_serve_images(&vmm);
    ck_assert_uint_eq(vbus_port_in(vm, PORT_ata + 7), 0x50);
    ask(vm, 1, ATA_COMMAND_READ);
    ask(&other, 1, ATA_COMMAND_READ);
    disk_serve_images(&vmm);
    ck_assert_uint_eq(vbus_port_in(vm, PORT_ata), 0x7777);
    ck_assert_uint_eq(vbus_port_in(&other, PORT_ata), 0x6d6d);
    ck_assert_uint_eq(*(const uint8_t *)phys_ptr(frame + SECTOR_SIZE), 'm');
    ck_assert_uint_eq(fake()->words_out, 0);
}
END_TEST

Suite *suite_vmm_vdev(void)
{
    Suite *s = suite_create("vmm_vdev");
    TCase *t = tcase_create("vdev");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, the_virtual_uart_answers_as_the_real_one);
    tcase_add_test(t, the_virtual_interrupt_controller_answers_as_the_real_one);
    tcase_add_test(t, the_virtual_disk_answers_as_the_real_one);
    tcase_add_test(t, without_a_disk_every_port_reads_0);
    tcase_add_loop_test(t, only_registers_that_exist_answer_in_the_width_they_have, 0,
                        COUNT_OF(widths));
    tcase_add_test(t, a_port_with_no_device_reads_all_ones_and_ignores_writes);
    tcase_add_test(t, the_finisher_ends_its_vm_with_the_code);
    tcase_add_test(t, what_the_virtual_uart_cannot_hold_waits_in_the_real_one);
    tcase_add_test(t, input_for_nobody_is_taken_and_dropped);
    tcase_add_test(t, the_monitors_messages_stand_on_lines_of_their_own);
    tcase_add_test(t, of_several_vms_each_line_says_whose_it_is);
    tcase_add_test(t, a_write_goes_to_the_real_disk_sector_by_sector);
    tcase_add_test(t, an_error_of_the_real_disk_is_the_guests);
    tcase_add_test(t, parts_of_the_disk_are_disks_and_their_owners_take_turns);
    tcase_add_test(t, a_part_of_the_disk_ends_where_it_ends);
    tcase_add_test(t, a_vm_that_goes_leaves_the_disk_to_the_next);
    tcase_add_test(t, an_image_is_read_by_all_and_written_by_copies);
    tcase_add_test(t, an_interrupt_that_comes_too_early_or_for_nobody_is_nothing);
    tcase_add_test(t, a_vm_that_goes_leaves_no_request_behind);
    suite_add_tcase(s, t);
    return s;
}
