/* The ATA disk and the disk image behind it. */
#include "base/hash.h"
#include "machine/ata.h"
#include "tests/machine/fake_board.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTORS 40u
#define COST    100u

#define DATA    0
#define ERROR   1
#define COUNT   2
#define LOW     3
#define MID     4
#define HIGH    5
#define DEVICE  6
#define COMMAND 7
#define STATUS  7

static struct fake_board fake;
static struct disk disk;
static struct ata ata;
static char path[] = "/tmp/trapeze-disk-XXXXXX";

/* Byte `i` of sector `lba` of the image. */
static uint8_t pattern(uint32_t lba, unsigned i)
{
    return (uint8_t)(lba * 31 + i * 7 + i / 256);
}

static void write_image(size_t size)
{
    int fd = open(path, O_WRONLY | O_TRUNC);

    ck_assert_int_ge(fd, 0);
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = pattern((uint32_t)(i / DISK_SECTOR), (unsigned)(i % DISK_SECTOR));
        ck_assert_int_eq(write(fd, &byte, 1), 1);
    }
    close(fd);
}

static void open_disk(bool writes)
{
    struct error err;

    ck_assert_int_eq(disk_open(&disk, path, writes, &err), 0);
}

static void setup_file(void)
{
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    close(fd);
    write_image(SECTORS * DISK_SECTOR);
}

static void setup(void)
{
    setup_file();
    open_disk(false);
    fake_board_init(&fake);
    ata_init(&ata, &fake.board, fake_board_line(&fake), &disk, COST);
    schedule_add(&fake.schedule, &ata.alarm);
}

static void teardown(void)
{
    disk_close(&disk);
    unlink(path);
    memcpy(strrchr(path, '-') + 1, "XXXXXX", 6);
}

static word get(word reg)
{
    return ata.device.ops->read(&ata.device, reg, 2);
}

static void put(word reg, word value)
{
    ata.device.ops->write(&ata.device, reg, 2, value);
}

static void steps(const struct step *rows, size_t count)
{
    run_steps(&fake, &ata.device, rows, count);
}

static void command(uint8_t code, uint32_t lba, uint8_t count)
{
    put(COUNT, count);
    put(LOW, lba & 0xff);
    put(MID, lba >> 8 & 0xff);
    put(HIGH, lba >> 16 & 0xff);
    put(DEVICE, 0xe0 | (lba >> 24 & 15));
    put(COMMAND, code);
}

/* 256 words through the data port. */
static void get_sector(uint8_t *out)
{
    for (unsigned i = 0; i < DISK_SECTOR; i += 2) {
        word w = get(DATA);

        ck_assert_uint_le(w, 0xffff);
        out[i] = (uint8_t)w;
        out[i + 1] = (uint8_t)(w >> 8);
    }
}

static void put_sector(const uint8_t *data)
{
    for (unsigned i = 0; i < DISK_SECTOR; i += 2)
        put(DATA, (word)(data[i] | data[i + 1] << 8) | 0xabcd0000);
}

static void expect_pattern(const uint8_t *data, uint32_t lba)
{
    for (unsigned i = 0; i < DISK_SECTOR; i++)
        ck_assert_uint_eq(data[i], pattern(lba, i));
}

START_TEST(registers_after_reset)
{
    static const struct step rows[] = {
        READ(DATA, 0, "no data"),
        READ(ERROR, 0, ""),
        READ(COUNT, 0, ""),
        READ(LOW, 0, ""),
        READ(MID, 0, ""),
        READ(HIGH, 0, ""),
        READ(DEVICE, 0, ""),
        READ(STATUS, 0x50, "ready"),
        LINE(0, ""),
    };

    steps(rows, COUNT_OF(rows));
}
END_TEST

START_TEST(registers_keep_eight_bits)
{
    static const struct step rows[] = {
        WRITE(ERROR, 0xff, ""),   READ(ERROR, 0, "features are not errors"),
        WRITE(COUNT, 0x1fe, ""),  READ(COUNT, 0xfe, ""),
        WRITE(LOW, 0x101, ""),    READ(LOW, 1, ""),
        WRITE(MID, 0x102, ""),    READ(MID, 2, ""),
        WRITE(HIGH, 0x103, ""),   READ(HIGH, 3, ""),
        WRITE(DEVICE, 0x1e5, ""), READ(DEVICE, 0xe5, ""),
    };

    steps(rows, COUNT_OF(rows));
}
END_TEST

START_TEST(a_read_is_busy_then_offers_each_sector_with_an_interrupt)
{
    static const struct step start[] = {
        READ(STATUS, 0x80, "busy"),
        LINE(0, "busy"),
        WRITE(COUNT, 9, "busy"),
        WRITE(COMMAND, 0xec, "busy: ignored"),
        PASS(COST - 1, ""),
        READ(STATUS, 0x80, "one cycle left"),
        PASS(1, ""),
        LINE(1, "data"),
        READ(COUNT, 2, "writes while busy are ignored"),
        READ(STATUS, 0x58, "DRQ"),
        LINE(0, "status lowers it"),
    };
    static const struct step next[] = {READ(STATUS, 0x80, "busy again"), PASS(COST, ""),
                                       LINE(1, "data again")};
    static const struct step end[] = {LINE(0, ""), READ(STATUS, 0x50, "done"), PASS(10 * COST, ""),
                                      LINE(0, "no interrupt at the end"), READ(DATA, 0, "no more")};
    uint8_t data[DISK_SECTOR];

    command(0x20, 5, 2);
    steps(start, COUNT_OF(start));
    get_sector(data);
    expect_pattern(data, 5);
    steps(next, COUNT_OF(next));
    get(STATUS);
    get_sector(data);
    expect_pattern(data, 6);
    steps(end, COUNT_OF(end));
    ck_assert_uint_eq(fake.event_count, 1);
    ck_assert_uint_eq(fake.events[0].kind, EVENT_disk);
    ck_assert_uint_eq(fake.events[0].tval, 5);
    ck_assert_uint_eq(fake.events[0].a, 2);
    ck_assert_uint_eq(fake.events[0].b, 0x20);
}
END_TEST

START_TEST(a_write_takes_data_is_busy_and_interrupts_after_each_sector)
{
    static const struct step start[] = {READ(STATUS, 0x58, "DRQ at once"), LINE(0, "no interrupt"),
                                        READ(DATA, 0, "not this way")};
    static const struct step between[] = {READ(STATUS, 0x80, "busy"), PASS(COST, ""),
                                          LINE(1, "written, wants more"),
                                          READ(STATUS, 0x58, "DRQ")};
    static const struct step end[] = {READ(STATUS, 0x80, "busy"), PASS(COST, ""), LINE(1, "done"),
                                      READ(STATUS, 0x50, "done"), LINE(0, "")};
    uint8_t data[DISK_SECTOR], back[DISK_SECTOR];

    command(0x30, SECTORS - 2, 2);
    steps(start, COUNT_OF(start));
    memset(data, 0x11, sizeof data);
    data[511] = 0xee;
    put_sector(data);
    steps(between, COUNT_OF(between));
    memset(data, 0x22, sizeof data);
    put_sector(data);
    steps(end, COUNT_OF(end));
    ck_assert(disk_read(&disk, SECTORS - 2, back));
    ck_assert_uint_eq(back[0], 0x11);
    ck_assert_uint_eq(back[511], 0xee);
    ck_assert(disk_read(&disk, SECTORS - 1, back));
    ck_assert_mem_eq(back, data, sizeof back);
    ck_assert(disk_read(&disk, SECTORS - 3, back));
    expect_pattern(back, SECTORS - 3);
}
END_TEST

START_TEST(identify_tells_size_and_name)
{
    uint8_t data[DISK_SECTOR];

    put(DEVICE, 0xa0);
    put(COMMAND, 0xec);
    ck_assert_uint_eq(get(STATUS), 0x80);
    fake_board_pass(&fake, COST);
    ck_assert(fake.line);
    ck_assert_uint_eq(get(STATUS), 0x58);
    get_sector(data);
    ck_assert_uint_eq(get(STATUS), 0x50);
    ck_assert_uint_eq(data[98] | data[99] << 8, 0x200);
    ck_assert_uint_eq(data[120] | data[121] << 8 | data[122] << 16, SECTORS);
    ck_assert_mem_eq(data + 54, "rTpaze eidks    ", 16);
}
END_TEST

START_TEST(flush_is_busy_once_and_interrupts)
{
    static const struct step rows[] = {WRITE(COMMAND, 0xe7, ""), READ(STATUS, 0x80, "busy"),
                                       PASS(COST, ""),           LINE(1, "done"),
                                       READ(STATUS, 0x50, ""),   LINE(0, "")};

    steps(rows, COUNT_OF(rows));
}
END_TEST

static const struct {
    uint8_t code, device, count;
    uint32_t lba;
    uint8_t error; /* 0: accepted */
    const char *why;
} commands[] = {
    {0x20, 0xe0, 1, SECTORS - 1, 0, "last sector"},
    {0x20, 0xe0, 1, SECTORS, 0x10, "one past the end"},
    {0x30, 0xe0, 1, SECTORS, 0x10, "one past the end"},
    {0x20, 0xe0, 2, SECTORS - 1, 0x10, "reaches past the end"},
    {0x20, 0xe0, SECTORS, 0, 0, "all of it"},
    {0x20, 0xe0, 0, 0, 0x10, "0 is 256 sectors"},
    {0x20, 0xe1, 1, 0, 0x10, "bits 27:24"},
    {0x20, 0xef, 255, 0xffffff, 0x10, "largest number"},
    {0x20, 0xa0, 1, 0, 0x04, "cylinders and heads"},
    {0x30, 0xa0, 1, 0, 0x04, "cylinders and heads"},
    {0x00, 0xe0, 1, 0, 0x04, "no such command"},
    {0x21, 0xe0, 1, 0, 0x04, "no such command"},
    {0xff, 0xe0, 1, 0, 0x04, "no such command"},
    {0xc8, 0xe0, 1, 0, 0x04, "DMA"},
    {0xe7, 0xe0, 0, SECTORS, 0, "flush looks at no number"},
    {0xec, 0xa0, 0, SECTORS, 0, "identify looks at no number"},
};

START_TEST(commands_are_accepted_or_refused_at_once)
{
    uint8_t error = commands[_i].error;

    put(COUNT, commands[_i].count);
    put(LOW, commands[_i].lba);
    put(MID, commands[_i].lba >> 8);
    put(HIGH, commands[_i].lba >> 16);
    put(DEVICE, commands[_i].device);
    put(COMMAND, commands[_i].code);
    ck_assert_msg(get(ERROR) == error, "%s", commands[_i].why);
    ck_assert_msg(fake.line == (error != 0), "%s", commands[_i].why);
    ck_assert_uint_eq(get(STATUS) & 1, error != 0);
    ck_assert_uint_eq(fake.event_count, error == 0);
}
END_TEST

START_TEST(device_1_and_a_machine_without_a_disk_answer_nothing)
{
    put(DEVICE, 0xf0);
    put(COMMAND, 0xec);
    fake_board_pass(&fake, 10 * COST);
    ck_assert_uint_eq(get(STATUS), 0);
    ck_assert_uint_eq(get(DATA), 0);
    ck_assert(!fake.line);
    put(DEVICE, 0xe0);
    ck_assert_uint_eq(get(STATUS), 0x50);

    disk_close(&disk);
    ck_assert_int_eq(disk_open(&disk, NULL, false, NULL), 0);
    put(COUNT, 1);
    put(COMMAND, 0x20);
    fake_board_pass(&fake, 10 * COST);
    for (word reg = 0; reg < 8; reg++)
        ck_assert_uint_eq(get(reg), 0);
    ck_assert(!fake.line);
}
END_TEST

START_TEST(an_image_that_shrinks_gives_a_read_error_and_not_old_data)
{
    ck_assert_int_eq(truncate(path, 3 * DISK_SECTOR), 0);
    command(0x20, 3, 1);
    fake_board_pass(&fake, COST);
    ck_assert(fake.line);
    ck_assert_uint_eq(get(STATUS), 0x51);
    ck_assert_uint_eq(get(ERROR), 0x40);
    command(0x20, 2, 1);
    ck_assert_uint_eq(get(ERROR), 0);
    fake_board_pass(&fake, COST);
    ck_assert_uint_eq(get(STATUS), 0x58);
}
END_TEST

START_TEST(reset_stops_a_command)
{
    command(0x20, 0, 1);
    ata.device.ops->reset(&ata.device);
    ck_assert_uint_eq(fake.schedule.next, SCHEDULE_NEVER);
    ck_assert_uint_eq(get(STATUS), 0x50);
    fake_board_pass(&fake, 10 * COST);
    ck_assert(!fake.line);
}
END_TEST

START_TEST(any_sequence_of_accesses_is_survived)
{
    uint32_t seed = 12345;

    for (unsigned i = 0; i < 200000; i++) {
        seed = seed * 1664525 + 1013904223;
        if (seed >> 30 == 0)
            get(seed >> 8 & 7);
        else if (seed >> 30 == 1)
            fake_board_pass(&fake, seed >> 8 & 127);
        else
            put(seed >> 8 & 7, (seed >> 29 & 1) ? 0x20 + (seed >> 12 & 0x10) : seed >> 11);
        fake.event_count = 0;
        ck_assert_uint_le(ata.regs.position, DISK_SECTOR);
    }
}
END_TEST

/* ---- the image ---- */

static void file_digest(uint64_t *hash)
{
    uint8_t data[SECTORS * DISK_SECTOR];
    int fd = open(path, O_RDONLY);

    ck_assert_int_eq(read(fd, data, sizeof data), sizeof data);
    close(fd);
    *hash = hash_bytes(HASH_START, data, sizeof data);
}

START_TEST(copy_on_write_never_touches_the_file)
{
    uint8_t data[DISK_SECTOR] = {1, 2, 3}, back[DISK_SECTOR];
    uint64_t before, after;

    file_digest(&before);
    open_disk(false);
    ck_assert(disk_digest(&disk, HASH_START) == before);
    ck_assert(disk_overlay_digest(&disk, 1) == 1);
    for (uint32_t lba = 3; lba < SECTORS; lba += 5)
        ck_assert(disk_write(&disk, lba, data));
    ck_assert(disk_flush(&disk));
    for (uint32_t lba = 0; lba < SECTORS; lba++) {
        ck_assert(disk_read(&disk, lba, back));
        if (lba % 5 == 3)
            ck_assert_mem_eq(back, data, sizeof data);
        else
            expect_pattern(back, lba);
    }
    ck_assert(disk_digest(&disk, HASH_START) != before);
    ck_assert(disk_overlay_digest(&disk, 1) != 1);
    file_digest(&after);
    ck_assert(before == after);
}
END_TEST

START_TEST(writes_go_to_the_file_when_asked_for)
{
    uint8_t data[DISK_SECTOR] = {9, 8, 7}, back[DISK_SECTOR];

    open_disk(true);
    ck_assert(disk_write(&disk, 7, data));
    ck_assert(disk_flush(&disk));
    disk_close(&disk);
    open_disk(false);
    ck_assert(disk_read(&disk, 7, back));
    ck_assert_mem_eq(back, data, sizeof data);
    ck_assert(disk_read(&disk, 8, back));
    expect_pattern(back, 8);
}
END_TEST

START_TEST(sectors_past_the_end_do_not_exist)
{
    uint8_t data[DISK_SECTOR] = {0};

    open_disk(false);
    ck_assert(!disk_read(&disk, SECTORS, data));
    ck_assert(!disk_write(&disk, SECTORS, data));
    ck_assert(!disk_write(&disk, UINT32_MAX, data));
}
END_TEST

static const struct {
    size_t size;
    const char *text;
} sizes[] = {
    {0, "the file is empty"},
    {1, "pad it by 511 bytes"},
    {511, "pad it by 1 bytes"},
    {513, "513 bytes are no whole number of 512-byte sectors"},
};

START_TEST(images_of_odd_sizes_are_refused_with_advice)
{
    struct error err;

    write_image(sizes[_i].size);
    ck_assert_int_eq(disk_open(&disk, path, false, &err), ERROR_input);
    ck_assert_msg(strstr(err.text, sizes[_i].text) != NULL, "%s", err.text);
    ck_assert_msg(strstr(err.text, path) != NULL, "%s", err.text);
}
END_TEST

START_TEST(what_is_no_readable_file_is_refused)
{
    struct error err;

    ck_assert_int_eq(disk_open(&disk, "/tmp/there/is/no/such/file", false, &err), ERROR_io);
    ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
    ck_assert_int_eq(disk_open(&disk, "/tmp", false, &err), ERROR_input);
    ck_assert_ptr_nonnull(strstr(err.text, "not a regular file"));
    disk_close(&disk);
    ck_assert_int_eq(disk_open(&disk, "/dev/null", false, &err), ERROR_input);
}
END_TEST

START_TEST(an_image_too_large_for_28_bits_is_refused)
{
    struct error err;

    ck_assert_int_eq(truncate(path, ((off_t)DISK_SECTORS_MAX + 1) * DISK_SECTOR), 0);
    ck_assert_int_eq(disk_open(&disk, path, false, &err), ERROR_input);
    ck_assert_ptr_nonnull(strstr(err.text, "128 GiB"));
}
END_TEST

Suite *suite_machine_ata(void);
Suite *suite_machine_ata(void)
{
    Suite *s = suite_create("machine_ata");
    TCase *c = tcase_create("ata");
    TCase *d = tcase_create("disk");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, registers_after_reset);
    tcase_add_test(c, registers_keep_eight_bits);
    tcase_add_test(c, a_read_is_busy_then_offers_each_sector_with_an_interrupt);
    tcase_add_test(c, a_write_takes_data_is_busy_and_interrupts_after_each_sector);
    tcase_add_test(c, identify_tells_size_and_name);
    tcase_add_test(c, flush_is_busy_once_and_interrupts);
    tcase_add_loop_test(c, commands_are_accepted_or_refused_at_once, 0, (int)COUNT_OF(commands));
    tcase_add_test(c, device_1_and_a_machine_without_a_disk_answer_nothing);
    tcase_add_test(c, an_image_that_shrinks_gives_a_read_error_and_not_old_data);
    tcase_add_test(c, reset_stops_a_command);
    tcase_add_test(c, any_sequence_of_accesses_is_survived);
    suite_add_tcase(s, c);
    tcase_add_checked_fixture(d, setup_file, teardown);
    tcase_add_test(d, copy_on_write_never_touches_the_file);
    tcase_add_test(d, writes_go_to_the_file_when_asked_for);
    tcase_add_test(d, sectors_past_the_end_do_not_exist);
    tcase_add_loop_test(d, images_of_odd_sizes_are_refused_with_advice, 0, (int)COUNT_OF(sizes));
    tcase_add_test(d, what_is_no_readable_file_is_refused);
    tcase_add_test(d, an_image_too_large_for_28_bits_is_refused);
    suite_add_tcase(s, d);
    return s;
}
