/*
 * Virtqueues from the device's side: requests are carried out, and whatever a driver puts into its
 * rings, only its own queue suffers.
 */
#include <check.h>
#include <string.h>

#include "tests/vmm/fake.h"
#include "vmm/disk.h"
#include "vmm/hypercall.h"
#include "vmm/isa.h"
#include "vmm/para.h"
#include "vmm/phys.h"
#include "vmm/platform.h"
#include "vmm/technique.h"

#include "isa/paging.h"

Suite *suite_vmm_virtio(void);

#define SHARED (RAM_BASE + 0x30000)
#define DESC   (RAM_BASE + 0x40000)
#define AVAIL  (RAM_BASE + 0x41000)
#define USED   (RAM_BASE + 0x42000)
#define DATA   (RAM_BASE + 0x50000)
#define STATUS (RAM_BASE + 0x58000)
#define TABLE  (RAM_BASE + 0x60000)
#define NO_RAM (RAM_BASE + FAKE_VM_RAM)
#define SIZE   8u

static struct vmm vmm;
static struct vm *vm;

enum number {
#define HYPERCALL(name, number, who, arguments, meaning) CALL_##name = (number),
#include "isa/hypercalls.def"
};

static int call(word number, word a, word b, word c, word d, word e, word f)
{
    const word arguments[] = {a, b, c, d, e, f};

    vm->vcpu.x[17] = number;
    memcpy(&vm->vcpu.x[10], arguments, sizeof arguments);
    hypercall(&vm->vcpu);
    return (int)vm->vcpu.x[10];
}

/* A call with more to do is executed again. */
static void notify(word device, word queue)
{
    vm->vcpu.x[17] = CALL_notify;
    vm->vcpu.x[10] = device;
    vm->vcpu.x[11] = queue;
    while (hypercall(&vm->vcpu) == REPEATS)
        ;
    ck_assert_uint_eq(vm->vcpu.x[10], 0);
}

static void set_up(word device, word queue)
{
    ck_assert_int_eq(call(CALL_queue, device, queue, SIZE, DESC, AVAIL, USED), 0);
}

static void setup(void)
{
    struct line why = {.length = 0};

    vm = fake_vm(&vmm);
    vm->technique = &technique_para;
    ck_assert(vm->technique->create(vm, &why));
    ck_assert_int_eq(call(CALL_share, SHARED, 0, 0, 0, 0, 0), 0);
}

static void put(gpa to, const void *from, word size)
{
    ck_assert(p2m_write(&vm->map, to, from, size));
}

static void describe(word i, gpa address, word length, word flags, word next)
{
    struct virtq_desc d = {address, 0, length, (uint16_t)flags, (uint16_t)next};

    put(DESC + i * sizeof d, &d, sizeof d);
}

static uint16_t offered;

static void offer(uint16_t head)
{
    put(AVAIL + 4 + offered % SIZE * 2, &head, sizeof head);
    offered++;
    put(AVAIL + 2, &offered, sizeof offered);
}

static void setup_queue(void)
{
    setup();
    offered = 0;
}

static uint16_t given(void)
{
    return (uint16_t)(fake_read(vm, USED) >> 16);
}

static bool needs_reset(word device)
{
    return call(CALL_device, device, VIRTIO_WORD_STATUS, 0, 0, 0, 0) == VIRTIO_NEEDS_RESET;
}

static bool raised(word port)
{
    const struct hypercall_shared *s = vm->para->shared;

    return (s->raised ^ s->taken) >> port & 1;
}

/* ---- the console --------------------------------------------------------------------------- */

static void transmit(void)
{
    notify(EVENT_PORT_console, VIRTIO_CONSOLE_TRANSMIT);
}

START_TEST(what_is_in_a_chain_is_said)
{
    set_up(EVENT_PORT_console, VIRTIO_CONSOLE_TRANSMIT);
    put(DATA, "hello, ", 7);
    put(DATA + 0xffe, "world", 5); /* across a page */
    describe(3, DATA, 7, VIRTQ_NEXT, 5);
    describe(5, DATA + 0xffe, 5, 0, 0);
    offer(3);
    transmit();
    ck_assert_str_eq(fake()->out, "hello, world");
    ck_assert_uint_eq(given(), 1);
    ck_assert_uint_eq(fake_read(vm, USED + 4), 3);
    ck_assert(raised(EVENT_PORT_console));
}
END_TEST

START_TEST(a_driver_that_wants_no_events_gets_none)
{
    uint16_t flags = VIRTQ_NO_INTERRUPT;

    set_up(EVENT_PORT_console, VIRTIO_CONSOLE_TRANSMIT);
    put(AVAIL, &flags, sizeof flags);
    describe(0, DATA, 1, 0, 0);
    offer(0);
    transmit();
    ck_assert_uint_eq(given(), 1);
    ck_assert(!raised(EVENT_PORT_console));
}
END_TEST

/* More than once around both rings. */
START_TEST(the_rings_go_round)
{
    set_up(EVENT_PORT_console, VIRTIO_CONSOLE_TRANSMIT);
    for (unsigned i = 0; i < 5 * SIZE; i++) {
        char c = (char)('a' + i % 26);
        put(DATA, &c, 1);
        describe(i % SIZE, DATA, 1, 0, 0);
        offer((uint16_t)(i % SIZE));
        transmit();
        ck_assert_uint_eq(given(), i + 1);
        ck_assert_uint_eq(fake_read(vm, USED + 4 + i % SIZE * 8), i % SIZE);
    }
    ck_assert_uint_eq(fake()->out_length, 5 * SIZE);
    ck_assert(!needs_reset(EVENT_PORT_console));
}
END_TEST

/* A full queue is more than is done at once: the hypercall is executed again for the rest. */
START_TEST(a_full_queue_is_done_in_pieces)
{
    unsigned calls = 1;

    ck_assert_int_eq(
        call(CALL_queue, EVENT_PORT_console, VIRTIO_CONSOLE_TRANSMIT, 64, DESC, AVAIL, USED), 0);
    for (unsigned i = 0; i < 64; i++) {
        uint16_t head = (uint16_t)i;
        describe(i, DATA, 1, 0, 0);
        put(AVAIL + 4 + i * 2, &head, sizeof head);
    }
    offered = 64;
    put(AVAIL + 2, &offered, sizeof offered);
    vm->vcpu.x[17] = CALL_notify;
    vm->vcpu.x[10] = EVENT_PORT_console;
    vm->vcpu.x[11] = VIRTIO_CONSOLE_TRANSMIT;
    while (hypercall(&vm->vcpu) == REPEATS)
        calls++;
    ck_assert_uint_gt(calls, 4);
    ck_assert_uint_eq(given(), 64);
}
END_TEST

START_TEST(what_is_typed_goes_into_buffers)
{
    char text[8];

    describe(0, DATA, 4, VIRTQ_WRITE, 0);
    offer(0);
    for (const char *c = "abc"; *c; c++)
        vuart_receive(vm, (uint8_t)*c);
    ck_assert_msg(given() == 0, "there is no queue yet");
    set_up(EVENT_PORT_console, VIRTIO_CONSOLE_RECEIVE);
    notify(EVENT_PORT_console, VIRTIO_CONSOLE_RECEIVE);
    ck_assert_uint_eq(given(), 1);
    ck_assert_uint_eq(fake_read(vm, USED + 8), 3);
    ck_assert(p2m_read(&vm->map, DATA, text, 3));
    ck_assert(memcmp(text, "abc", 3) == 0);
    vuart_receive(vm, 'd');
    ck_assert_msg(given() == 1, "no buffer is left: it waits");
    describe(1, DATA + 16, 4, VIRTQ_WRITE, 0);
    offer(1);
    vuart_receive(vm, 'e');
    ck_assert_uint_eq(given(), 2);
    ck_assert_uint_eq(fake_read(vm, USED + 16), 2);
    ck_assert(p2m_read(&vm->map, DATA + 16, text, 2));
    ck_assert(memcmp(text, "de", 2) == 0);
}
END_TEST

/* ---- drivers that break the rules ---------------------------------------------------------- */

static const struct bad {
    const char *name;
    struct {
        gpa address;
        word length, flags, next;
    } d[3];
    uint16_t head, skip; /* skip: idx goes on by so many more */
} bad[] = {
    {"a head that is no descriptor", {{DATA, 1, 0, 0}}, SIZE, 0},
    {"a head far away", {{DATA, 1, 0, 0}}, 0xffff, 0},
    {"a next that is no descriptor", {{DATA, 1, VIRTQ_NEXT, SIZE}}, 0, 0},
    {"a chain that leads to itself", {{DATA, 1, VIRTQ_NEXT, 0}}, 0, 0},
    {"a chain of two that goes round", {{DATA, 1, VIRTQ_NEXT, 1}, {DATA, 1, VIRTQ_NEXT, 0}}, 0, 0},
    {"more chains than the queue has places", {{DATA, 1, 0, 0}}, 0, SIZE},
    {"idx that went back", {{DATA, 1, 0, 0}}, 0, 0xfffe},
    {"a piece in nothing", {{0, 1, 0, 0}}, 0, 0},
    {"a piece that leaves RAM", {{NO_RAM - 4, 8, 0, 0}}, 0, 0},
    {"a piece around the end of addresses", {{0xfffffff0, 0x20, 0, 0}}, 0, 0},
    {"a piece as large as everything", {{RAM_BASE, 0xffffffff, 0, 0}}, 0, 0},
    {"pieces that are too long together", {{DATA, 4000, VIRTQ_NEXT, 1}, {DATA, 4000, 0, 0}}, 0, 0},
    {"descriptors in a descriptor", {{DATA, 16, VIRTQ_INDIRECT, 0}}, 0, 0},
    {"something to write where nothing is written", {{DATA, 4, VIRTQ_WRITE, 0}}, 0, 0},
    {"written before read", {{DATA, 4, VIRTQ_WRITE | VIRTQ_NEXT, 1}, {DATA, 4, 0, 0}}, 0, 0},
};

START_TEST(a_driver_that_breaks_a_rule_loses_its_queue)
{
    const struct bad *b = &bad[_i];

    set_up(EVENT_PORT_console, VIRTIO_CONSOLE_TRANSMIT);
    for (word i = 0; i < 3; i++)
        describe(i, b->d[i].address, b->d[i].length, b->d[i].flags, b->d[i].next);
    offer(b->head);
    offered = (uint16_t)(offered + b->skip);
    put(AVAIL + 2, &offered, sizeof offered);
    transmit();
    ck_assert_msg(needs_reset(EVENT_PORT_console), "%s", b->name);
    ck_assert_uint_eq(given(), 0);
    ck_assert_str_eq(fake()->out, "");
    ck_assert(!vm->ended);
    /* Set up again it works. */
    offered = 0;
    put(AVAIL + 2, &offered, sizeof offered);
    set_up(EVENT_PORT_console, VIRTIO_CONSOLE_TRANSMIT);
    put(DATA, "x", 1);
    describe(0, DATA, 1, 0, 0);
    offer(0);
    transmit();
    ck_assert_str_eq(fake()->out, "x");
    ck_assert(!needs_reset(EVENT_PORT_console));
}
END_TEST

/* The monitor writes for the guest, but no more than the guest could: its page tables are checked,
 * and stay so. */
START_TEST(a_device_does_not_write_page_tables)
{
    ck_assert_int_eq(call(CALL_table_make, TABLE, 1, 0, 0, 0, 0), 0);
    set_up(EVENT_PORT_console, VIRTIO_CONSOLE_RECEIVE);
    describe(0, TABLE + 16, 4, VIRTQ_WRITE, 0);
    offer(0);
    vuart_receive(vm, 0xff);
    ck_assert(needs_reset(EVENT_PORT_console));
    ck_assert_uint_eq(fake_read(vm, TABLE + 16), 0);
}
END_TEST

START_TEST(nor_does_its_used_ring)
{
    set_up(EVENT_PORT_console, VIRTIO_CONSOLE_TRANSMIT);
    ck_assert_int_eq(
        call(CALL_queue, EVENT_PORT_console, VIRTIO_CONSOLE_TRANSMIT, SIZE, DESC, AVAIL, TABLE), 0);
    ck_assert_int_eq(call(CALL_table_make, TABLE, 1, 0, 0, 0, 0), 0);
    describe(0, DATA, 1, 0, 0);
    offer(0);
    transmit();
    ck_assert(needs_reset(EVENT_PORT_console));
    ck_assert_uint_eq(fake_read(vm, TABLE), 0);
    ck_assert_uint_eq(fake_read(vm, TABLE + 4), 0);
}
END_TEST

/* ---- the disk ------------------------------------------------------------------------------ */

static void request(word type, word sector, word sectors, bool writable)
{
    struct virtio_block_head head = {type, 0, sector, 0};

    put(DATA, &head, sizeof head);
    describe(0, DATA, sizeof head, VIRTQ_NEXT, sectors ? 1 : 2);
    describe(1, DATA + 0x1000, sectors * SECTOR_SIZE, VIRTQ_NEXT | (writable ? VIRTQ_WRITE : 0), 2);
    describe(2, STATUS, 1, VIRTQ_WRITE, 0);
    put(STATUS, "\xee", 1);
    offer(0);
    notify(EVENT_PORT_block, 0);
}

static uint8_t status(void)
{
    return (uint8_t)fake_read(vm, STATUS);
}

static void disk_ready(void)
{
    fake()->disk_status = ATA_STATUS_DRDY;
    disk_interrupt(&vmm);
}

START_TEST(sectors_are_read)
{
    set_up(EVENT_PORT_block, 0);
    request(VIRTIO_BLOCK_IN, 7, 2, true);
    ck_assert_uint_eq(fake()->ports[ATA_LBA_LOW], 7);
    ck_assert_msg(given() == 0, "the disk is busy");
    fake()->disk_data = 0x4100;
    disk_ready();
    ck_assert_uint_eq(fake()->ports[ATA_LBA_LOW], 8);
    ck_assert_uint_eq(given(), 0);
    disk_ready();
    ck_assert_uint_eq(given(), 1);
    ck_assert_uint_eq(status(), VIRTIO_BLOCK_OK);
    ck_assert_uint_eq(fake_read(vm, USED + 8), 2 * SECTOR_SIZE + 1);
    ck_assert_uint_eq(fake_read(vm, DATA + 0x1000), 0x41014100);
    ck_assert_uint_eq(fake_read(vm, DATA + 0x1000 + SECTOR_SIZE), 0x42014200);
    ck_assert(raised(EVENT_PORT_block));
}
END_TEST

START_TEST(sectors_are_written_and_flushed)
{
    set_up(EVENT_PORT_block, 0);
    request(VIRTIO_BLOCK_OUT, 3, 1, false);
    ck_assert_uint_eq(fake()->ports[7], ATA_COMMAND_WRITE);
    ck_assert_uint_eq(fake()->words_out, SECTOR_SIZE / 2);
    disk_ready();
    ck_assert_uint_eq(status(), VIRTIO_BLOCK_OK);
    request(VIRTIO_BLOCK_FLUSH, 0, 0, false);
    ck_assert_uint_eq(fake()->ports[7], ATA_COMMAND_FLUSH);
    disk_ready();
    ck_assert_uint_eq(given(), 2);
    ck_assert_uint_eq(status(), VIRTIO_BLOCK_OK);
}
END_TEST

START_TEST(an_error_of_the_disk_is_the_requests)
{
    set_up(EVENT_PORT_block, 0);
    request(VIRTIO_BLOCK_IN, 7, 2, true);
    fake()->disk_status = ATA_STATUS_ERR;
    fake()->disk_error = 0x40;
    disk_interrupt(&vmm);
    ck_assert_uint_eq(status(), VIRTIO_BLOCK_ERROR);
    ck_assert_uint_eq(given(), 1);
    ck_assert(!needs_reset(EVENT_PORT_block));
}
END_TEST

static const struct {
    word type, sector, sectors;
    bool writable;
    uint8_t status;
} refused[] = {
    {VIRTIO_BLOCK_IN, FAKE_SECTORS, 1, true, VIRTIO_BLOCK_ERROR},
    {VIRTIO_BLOCK_IN, FAKE_SECTORS - 1, 2, true, VIRTIO_BLOCK_ERROR},
    {VIRTIO_BLOCK_IN, 0xffffffff, 1, true, VIRTIO_BLOCK_ERROR},
    {VIRTIO_BLOCK_OUT, FAKE_SECTORS, 1, false, VIRTIO_BLOCK_ERROR},
    {8, 0, 1, true, VIRTIO_BLOCK_UNSUPPORTED},
    {0xffffffff, 0, 1, true, VIRTIO_BLOCK_UNSUPPORTED},
};

START_TEST(what_the_disk_does_not_have_is_refused)
{
    set_up(EVENT_PORT_block, 0);
    request(refused[_i].type, refused[_i].sector, refused[_i].sectors, refused[_i].writable);
    ck_assert_uint_eq(status(), refused[_i].status);
    ck_assert_uint_eq(given(), 1);
    ck_assert_ptr_null(vmm.disk.user);
}
END_TEST

/* The chain was copied when it was taken: what the driver changes afterwards changes nothing. */
START_TEST(a_request_under_way_is_what_it_was)
{
    set_up(EVENT_PORT_block, 0);
    request(VIRTIO_BLOCK_IN, 7, 1, true);
    describe(1, TABLE, SECTOR_SIZE, VIRTQ_NEXT | VIRTQ_WRITE, 2);
    describe(2, TABLE + 0x800, 1, VIRTQ_WRITE, 0);
    fake()->disk_data = 0x4100;
    disk_ready();
    ck_assert_uint_eq(fake_read(vm, DATA + 0x1000), 0x41014100);
    ck_assert_uint_eq(fake_read(vm, TABLE), 0);
    ck_assert_uint_eq(status(), VIRTIO_BLOCK_OK);
}
END_TEST

/* Its end finds another queue, or none. */
START_TEST(a_queue_may_go_while_the_disk_works)
{
    set_up(EVENT_PORT_block, 0);
    request(VIRTIO_BLOCK_IN, 7, 1, true);
    if (_i)
        set_up(EVENT_PORT_block, 0);
    else
        ck_assert_int_eq(call(CALL_queue, EVENT_PORT_block, 0, 0, 0, 0, 0), 0);
    offered = 0;
    put(AVAIL + 2, &offered, sizeof offered);
    fake()->disk_data = 0x4100;
    disk_ready();
    ck_assert_ptr_null(vmm.disk.user);
    ck_assert_uint_eq(given(), 0);
    ck_assert_msg(fake_read(vm, DATA + 0x1000) == 0, "its memory is the driver's again");
}
END_TEST

START_TEST(a_request_without_a_status_byte_is_none)
{
    set_up(EVENT_PORT_block, 0);
    describe(0, DATA, 16, 0, 0);
    offer(0);
    notify(EVENT_PORT_block, 0);
    ck_assert(needs_reset(EVENT_PORT_block));
}
END_TEST

START_TEST(devices_say_what_they_are)
{
    ck_assert_int_eq(call(CALL_device, EVENT_PORT_block, VIRTIO_WORD_ID, 0, 0, 0, 0), 2);
    ck_assert_int_eq(call(CALL_device, EVENT_PORT_console, VIRTIO_WORD_QUEUES, 0, 0, 0, 0), 2);
    ck_assert_int_eq(call(CALL_device, EVENT_PORT_block, VIRTIO_WORD_FIRST, 0, 0, 0, 0),
                     FAKE_SECTORS);
    ck_assert_int_eq(call(CALL_device, EVENT_PORT_net, VIRTIO_WORD_ID, 0, 0, 0, 0), 0);
    ck_assert_int_eq(call(CALL_device, ~0u, ~0u, 0, 0, 0, 0), 0);
    ck_assert_int_eq(call(CALL_device, EVENT_PORT_console, ~0u, 0, 0, 0, 0), 0);
}
END_TEST

Suite *suite_vmm_virtio(void)
{
    Suite *s = suite_create("vmm_virtio");
    TCase *t = tcase_create("virtio");

    tcase_add_checked_fixture(t, setup_queue, NULL);
    tcase_add_test(t, what_is_in_a_chain_is_said);
    tcase_add_test(t, a_driver_that_wants_no_events_gets_none);
    tcase_add_test(t, the_rings_go_round);
    tcase_add_test(t, a_full_queue_is_done_in_pieces);
    tcase_add_test(t, what_is_typed_goes_into_buffers);
    tcase_add_loop_test(t, a_driver_that_breaks_a_rule_loses_its_queue, 0, COUNT_OF(bad));
    tcase_add_test(t, a_device_does_not_write_page_tables);
    tcase_add_test(t, nor_does_its_used_ring);
    tcase_add_test(t, sectors_are_read);
    tcase_add_test(t, sectors_are_written_and_flushed);
    tcase_add_test(t, an_error_of_the_disk_is_the_requests);
    tcase_add_loop_test(t, what_the_disk_does_not_have_is_refused, 0, COUNT_OF(refused));
    tcase_add_test(t, a_request_under_way_is_what_it_was);
    tcase_add_loop_test(t, a_queue_may_go_while_the_disk_works, 0, 2);
    tcase_add_test(t, a_request_without_a_status_byte_is_none);
    tcase_add_test(t, devices_say_what_they_are);
    suite_add_tcase(s, t);
    return s;
}
