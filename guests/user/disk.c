/*
 * disk: looks at the disk, sector by sector.
 *   disk                 how large it is
 *   disk read N          what is in sector N
 *   disk write N TEXT    puts a text there; the rest of the sector becomes zeros
 *   disk count           a counter in sector 0: adds one to it
 *   disk sum             reads every sector, and prints the CRC-32 of all of them
 */
#include "guests/pack.h"
#include "guests/user/arguments.h"

#define COUNTER_MAGIC  0x544e4f43u /* the bytes CONT */
#define CRC_POLYNOMIAL 0xedb88320u

static int fail(int error)
{
    print_to(STDERR, "disk: %s\n", error_text(error));
    return 1;
}

static void print_row(const unsigned char *row, unsigned offset)
{
    char text[17];

    printf("%03x ", offset);
    for (unsigned i = 0; i < 16; i++) {
        printf(" %02x", row[i]);
        text[i] = row[i] >= ' ' && row[i] < 127 ? (char)row[i] : '.';
    }
    text[16] = 0;
    printf("  %s\n", text);
}

/* Rows that are all zeros are left out. */
static void print_sector(const unsigned char *sector)
{
    unsigned shown = 0;

    for (unsigned at = 0; at < SECTOR_SIZE; at += 16) {
        unsigned char all = 0;
        for (unsigned i = 0; i < 16; i++)
            all |= sector[at + i];
        if (all) {
            print_row(sector + at, at);
            shown++;
        }
    }
    if (!shown)
        printf("nothing but zeros\n");
}

static int command_size(char **argv)
{
    (void)argv;
    int sectors = disk_size();

    if (!sectors)
        printf("there is no disk\n");
    else
        printf("%d sectors of %d bytes\n", sectors, SECTOR_SIZE);
    return 0;
}

static int command_read(char **argv)
{
    unsigned char sector[SECTOR_SIZE];
    int error = disk_read(argument_number(3, argv, 2, 0), sector);

    if (error)
        return fail(error);
    print_sector(sector);
    return 0;
}

static int command_write(char **argv)
{
    char sector[SECTOR_SIZE] = {0};

    string_copy(sector, argv[3], sizeof sector);
    int error = disk_write(argument_number(3, argv, 2, 0), sector);
    return error ? fail(error) : 0;
}

static int command_count(char **argv)
{
    (void)argv;
    unsigned sector[SECTOR_SIZE / 4];
    int error = disk_read(0, sector);

    if (error)
        return fail(error);
    if (sector[0] == PACK_MAGIC) {
        print_to(STDERR, "disk: there are files on this disk, and sector 0 is theirs\n");
        return 1;
    }
    if (sector[0] != COUNTER_MAGIC) {
        memset(sector, 0, sizeof sector);
        sector[0] = COUNTER_MAGIC;
    }
    sector[1]++;
    error = disk_write(0, sector);
    if (error)
        return fail(error);
    printf("the counter on the disk is now %u\n", sector[1]);
    return 0;
}

/* CRC-32 as in gzip and Ethernet, bit by bit: `crc` is the remainder so far. */
static unsigned crc_add(unsigned crc, const unsigned char *data, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? CRC_POLYNOMIAL : 0);
    }
    return crc;
}

static int command_sum(char **argv)
{
    (void)argv;
    unsigned char sector[SECTOR_SIZE];
    unsigned sectors = (unsigned)disk_size(), crc = UINT32_MAX;

    if (!sectors)
        return fail(ERROR_no_disk);
    for (unsigned i = 0; i < sectors; i++) {
        int error = disk_read(i, sector);
        if (error)
            return fail(error);
        crc = crc_add(crc, sector, sizeof sector);
    }
    printf("%u sectors, CRC-32 %08x\n", sectors, ~crc);
    return 0;
}

static const struct {
    const char *name;
    int argc;
    int (*run)(char **argv);
} commands[] = {
    {"read", 3, command_read},
    {"write", 4, command_write},
    {"count", 2, command_count},
    {"sum", 2, command_sum},
};

int main(int argc, char **argv)
{
    if (argc == 1)
        return command_size(argv);
    for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0 && argc == commands[i].argc)
            return commands[i].run(argv);
    print_to(STDERR, "usage: disk | disk read N | disk write N TEXT | disk count | disk sum\n");
    return 2;
}
