/*
 * The teaching OS and a disk: its sectors, read and written; the files that it may hold,
 * good and bad; and how long it may take.
 */
#include "tests/guests/os.h"
#include "tests/isa/random.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the disk ---- */

static void make_disk(char *path, unsigned sectors)
{
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)sectors * 512), 0);
    close(fd);
}

START_TEST(the_disk_keeps_what_is_written)
{
    struct machine_config config = machine_config_default();
    char path[] = "/tmp/trapeze-os-XXXXXX";
    unsigned char sector[512];
    struct os_session s;

    make_disk(path, 64);
    config.disk = path;
    config.disk_writes = true;
    config.tlb = 1;
    os_start(&s, &config, "");
    ck_assert_msg(strstr(s.output, ", a disk of 64 sectors\n"), "%s", s.output);
    os_clear(&s);
    os_type_lines(&s,
                  (const char *const[]){"disk count", "disk count", "disk write 63 \"the last\"",
                                        "disk read 63", "disk read 64", "disk", NULL});
    ck_assert_str_eq(s.output,
                     "disk count\nthe counter on the disk is now 1\n"
                     "$ disk count\nthe counter on the disk is now 2\n"
                     "$ disk write 63 \"the last\"\n"
                     "$ disk read 63\n"
                     "000  74 68 65 20 6c 61 73 74 00 00 00 00 00 00 00 00  the last........\n"
                     "$ disk read 64\ndisk: invalid argument\ndisk: status 1\n"
                     "$ disk\n64 sectors of 512 bytes\n$ ");
    ck_assert(machine_disk_read(s.machine, 0, sector));
    ck_assert_mem_eq(sector, "CONT\2\0\0\0", 8);
    os_end(&s);
    os_start(&s, &config, "quiet init=disk,count"); /* another start, the same disk */
    ck_assert_str_eq(s.output, "the counter on the disk is now 3\n");
    ck_assert_int_eq(s.stop, STOP_HALTED);
    os_end(&s);
    unlink(path);
}
END_TEST

/* Every byte of a disk that is different everywhere; known by the sum that gzip would give. */
START_TEST(every_sector_of_the_disk_is_read)
{
    enum { SECTORS = 40 };
    struct machine_config config = machine_config_default();
    char path[] = "/tmp/trapeze-os-XXXXXX", expected[80];
    unsigned char sector[512];
    uint32_t seed = 9, crc = UINT32_MAX;
    struct os_session s;
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    for (unsigned i = 0; i < SECTORS; i++) {
        for (unsigned n = 0; n < sizeof sector; n++) {
            sector[n] = (unsigned char)random_next(&seed);
            for (unsigned bit = 0; bit < 8; bit++) /* the bits of the message, one at a time */
                crc = crc >> 1 ^ (((crc ^ sector[n] >> bit) & 1) ? 0xedb88320u : 0);
        }
        ck_assert_int_eq(write(fd, sector, sizeof sector), sizeof sector);
    }
    close(fd);
    config.disk = path;
    os_start_as(&s, &config, "quiet init=disk,sum", _i);
    snprintf(expected, sizeof expected, "%d sectors, CRC-32 %08x\n", SECTORS, ~crc);
    ck_assert_str_eq(s.output, expected);
    os_end(&s);
    unlink(path);
}
END_TEST

START_TEST(programs_at_the_disk_at_once_do_not_disturb_each_other)
{
    struct machine_config config = machine_config_default();
    char path[] = "/tmp/trapeze-os-XXXXXX";
    struct os_session s;

    make_disk(path, 8);
    config.disk = path;
    config.cost.sector = 200000; /* longer than a slice */
    os_start_as(&s, &config, "quiet", _i);
    os_type_lines(&s, (const char *const[]){
                          "disk write 1 one & disk write 2 two & disk write 3 three & sleep 500",
                          "disk read 1", "disk read 2", "disk read 3", NULL});
    ck_assert_msg(strstr(s.output, "  one....") && strstr(s.output, "  two....") &&
                      strstr(s.output, "  three..."),
                  "%s", s.output);
    os_end(&s);
    unlink(path);
}
END_TEST

/* ---- files on the disk ---- */

#define DISK_WITH_FILES "build/guest/disk.img"

/* The last ones are so slow that others run meanwhile. */
static const struct machine_config disk_machines[] = {
    {.tlb = 256},
    {.tlb = 256, .classic = true},
    {.tlb = 256, .ram_size = 1 << 20},
    {.tlb = 256, .cost.sector = 200000},
    {.tlb = 1, .cost.sector = 200000},
};
#define DISK_MACHINES (sizeof disk_machines / sizeof disk_machines[0])

static struct machine_config disk_machine(unsigned i)
{
    struct machine_config c = machine_config_default(), wanted = disk_machines[i];

    c.disk = DISK_WITH_FILES;
    c.tlb = wanted.tlb;
    c.classic = wanted.classic;
    if (wanted.ram_size)
        c.ram_size = wanted.ram_size;
    if (wanted.cost.sector)
        c.cost.sector = wanted.cost.sector;
    return c;
}

static const struct os_exchange disk_exchanges[] = {
    {"wc < sectors.txt", "3 lines, 37 words, 190 bytes\n"},
    {"cat sectors.txt waiting.txt motd | wc", "6 lines, 66 words, 341 bytes\n"},
    {"cat visitor | echo early", "early\n"},
    {"sectors.txt", "sectors.txt: not a 32-bit ELF file\nshell: sectors.txt: not a program\n"},
    {"exec waiting.txt", "waiting.txt: not a 32-bit ELF file\nshell: waiting.txt: not a program\n"},
    {"visitor Ada", "Hello, Ada.\n"},
    {"visitor Ada | visitor Grace", "Hello, Grace.\n"},
    {"disk count", "disk: there are files on this disk, and sector 0 is theirs\n"
                   "disk: status 1\n"},
    {"exec visitor again", "Hello, again.\n"},
};

START_TEST(files_and_programs_on_the_disk_are_like_any_others)
{
    struct machine_config config = disk_machine((unsigned)_i / OS_BUILDS);
    struct os_session s;

    os_start_as(&s, &config, "", _i % OS_BUILDS);
    ck_assert_msg(strstr(s.output, " files, a disk of "), "%s", s.output);
    ck_assert_msg(strstr(s.output, " sectors with 3 of them\n$ "), "%s", s.output);
    for (unsigned i = 0; i < sizeof disk_exchanges / sizeof disk_exchanges[0]; i++)
        os_exchange(&s, &disk_exchanges[i]);
    ck_assert_int_eq(s.stop, STOP_HALTED);
    ck_assert_uint_eq(machine_status(s.machine), 0);
    os_end(&s);
}
END_TEST

START_TEST(the_first_program_may_come_from_the_disk)
{
    struct machine_config config = disk_machine((unsigned)_i);
    struct os_session s;

    os_start(&s, &config, "quiet init=visitor,you");
    ck_assert_str_eq(s.output, "Hello, you.\n");
    ck_assert_int_eq(s.stop, STOP_HALTED);
    os_end(&s);
}
END_TEST

/* While the shell waits for the disk, half way in making a process, others make processes. */
START_TEST(processes_can_be_made_while_the_disk_works)
{
    static const char *const said[] = {"nothing wrong in 8\n", "50 programs, one process\n",
                                       "Hello, a.\n", "Hello, b.\n"};
    struct machine_config config = disk_machine(DISK_MACHINES - 1);
    struct os_session s;

    os_start_as(&s, &config, "quiet", _i);
    os_type_lines(&s, (const char *const[]){"tables 100 8 & relay 50 & visitor a & visitor b",
                                            "sleep 3000", NULL});
    for (unsigned i = 0; i < sizeof said / sizeof said[0]; i++)
        ck_assert_msg(strstr(s.output, said[i]) != NULL, "%s", s.output);
    os_end(&s);
}
END_TEST

static void write_disk(char *path, const void *data, size_t size)
{
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    close(fd);
}

START_TEST(a_disk_cannot_replace_what_was_booted)
{
    unsigned char disk[1024] = "PACK\1\0\0\0\1\0\0\0motd\0\0\0\0\0\0\0\0\0\0\0\0"
                               "\0\2\0\0\3\0\0\0";
    struct machine_config config = machine_config_default();
    char path[] = "/tmp/trapeze-os-XXXXXX";
    struct os_session s;

    memcpy(disk + 512, "no\n", 3);
    write_disk(path, disk, sizeof disk);
    config.disk = path;
    os_start(&s, &config, "");
    ck_assert_msg(strstr(s.output, ", a disk of 2 sectors with 1 of them\n"), "%s", s.output);
    os_clear(&s);
    os_type_lines(&s, (const char *const[]){"cat motd", NULL});
    ck_assert_str_eq(s.output, "cat motd\nRing 0 decides, ring 3 asks.\n$ ");
    os_end(&s);
    unlink(path);
}
END_TEST

static const struct {
    unsigned char start[36];
    const char *wrong; /* NULL: simply no files */
} bad_disks[] = {
    {"KCAP\1\0\0\0\1\0\0\0", NULL},
    {"PACK\2\0\0\0\1\0\0\0", "this kernel does not know its version"},
    {"PACK\1\0\0\0\40\0\0\0", "its directory is cut off"},
    {"PACK\1\0\0\0\377\377\377\377", "its directory is cut off"},
    {"PACK\1\0\0\0\1\0\0\0", "a file has a bad name"},
    {"PACK\1\0\0\0\1\0\0\0motd\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\1\1\0\0",
     "a file ends behind the end of the pack"},
};
#define BAD_DISKS (sizeof bad_disks / sizeof bad_disks[0])

START_TEST(a_disk_whose_files_are_no_good_is_used_without_them)
{
    struct machine_config config = machine_config_default();
    char path[] = "/tmp/trapeze-os-XXXXXX", expected[200] = "";
    unsigned char disk[512] = {0};
    struct os_session s;

    memcpy(disk, bad_disks[_i].start, sizeof bad_disks[_i].start);
    write_disk(path, disk, sizeof disk);
    config.disk = path;
    os_start(&s, &config, "quiet init=disk");
    if (bad_disks[_i].wrong)
        snprintf(expected, sizeof expected, "the files of the disk cannot be used: %s\n",
                 bad_disks[_i].wrong);
    strcat(expected, "1 sectors of 512 bytes\n");
    ck_assert_str_eq(s.output, expected);
    ck_assert_int_eq(s.stop, STOP_HALTED);
    os_end(&s);
    unlink(path);
}
END_TEST

Suite *suite_guests_disk(void);
Suite *suite_guests_disk(void)
{
    Suite *s = suite_create("guests_disk");
    TCase *c = tcase_create("disk");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, the_disk_keeps_what_is_written);
    tcase_add_loop_test(c, every_sector_of_the_disk_is_read, 0, OS_BUILDS);
    tcase_add_loop_test(c, files_and_programs_on_the_disk_are_like_any_others, 0,
                        DISK_MACHINES * OS_BUILDS);
    tcase_add_loop_test(c, the_first_program_may_come_from_the_disk, 0, DISK_MACHINES);
    tcase_add_loop_test(c, processes_can_be_made_while_the_disk_works, 0, OS_BUILDS);
    tcase_add_test(c, a_disk_cannot_replace_what_was_booted);
    tcase_add_loop_test(c, a_disk_whose_files_are_no_good_is_used_without_them, 0, BAD_DISKS);
    tcase_add_loop_test(c, programs_at_the_disk_at_once_do_not_disturb_each_other, 0, OS_BUILDS);
    suite_add_tcase(s, c);
    return s;
}
