/*
 * Snapshot files: what is loaded goes on as what was saved; whatever is wrong with a file, it is
 * refused with a reason. And when a checksum is made right again over damage, what comes of it is
 * at worst a strange machine.
 */
#include "base/file.h"
#include "base/hash.h"
#include "tests/world/programs.h"
#include "trace/recorder.h"
#include "world/snapshot_file.h"
#include "world/timeline.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define STEPS_MAX  100000000u
#define STATE_MAX  (4u << 20)
#define FIELDS_END 4096 /* of the state of the small machine: before its RAM */

static struct world *world;
static struct error err;
static char disk[] = "/tmp/trapeze-disk-XXXXXX";
static char path[] = "/tmp/trapeze-snap-XXXXXX";

static void make_file(char *name, long size)
{
    int fd = mkstemp(name);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, size), 0);
    close(fd);
}

static void remove_file(char *name)
{
    unlink(name);
    memcpy(strrchr(name, '-') + 1, "XXXXXX", 6);
}

static void setup(void)
{
    make_file(disk, 64 * 512);
    make_file(path, 0);
    ck_assert_int_eq(world_new(&world, &err), 0);
}

static void teardown(void)
{
    world_free(world);
    remove_file(disk);
    remove_file(path);
}

/* ---- what is loaded goes on ------------------------------------------------------------- */

static struct machine_config os_config(void)
{
    struct machine_config c = machine_config_default();

    c.disk = disk;
    c.tlb = 16;
    c.cost.divider = 3;
    return c;
}

static struct host *boot(void)
{
    struct host_module pack = {"programs", "build/guest/programs.pack"};
    struct host_program p = {.image = "build/guest/os.elf", .modules = &pack, .module_count = 1};
    struct machine_config c = os_config();
    struct host *h;

    ck_assert_msg(world_add(world, NULL, &c, &h, &err) == 0, "%s", err.text);
    ck_assert_msg(host_load(h, &p, &err) == 0, "%s", err.text);
    while (host_advance(h, STEPS_MAX) != ADVANCE_INPUT)
        ;
    return h;
}

static void type(struct host *h, const char *text, uint64_t steps)
{
    host_input(h, text, strlen(text));
    host_advance(h, steps);
}

static uint64_t digest(struct host *h)
{
    return machine_digest(host_machine(h));
}

START_TEST(a_goal_that_is_pending_stays_with_the_rest_of_its_budget)
{
    struct goal goal = {.kind = GOAL_STEPS, .budget = 1000};
    struct host *h = boot();

    ck_assert_msg(snapshot_file_save(h, path, &err) == 0, "%s", err.text);
    host_input(h, "ls\n", 3);
    host_set_goal(h, &goal);
    ck_assert_int_eq(host_advance(h, 300), ADVANCE_SLICE);
    ck_assert_msg(snapshot_file_load(h, path, &err) == 0, "%s", err.text);
    ck_assert_int_eq(host_goal(h), GOAL_PENDING);
    ck_assert_uint_eq(host_goal_left(h), 700);
    host_input(h, "ls\n", 3);
    ck_assert_int_eq(host_advance(h, 1000), ADVANCE_GOAL);
    ck_assert_msg(snapshot_file_load(h, path, &err) == 0, "%s", err.text);
    ck_assert_int_eq(host_goal(h), GOAL_NONE);
}
END_TEST

START_TEST(a_machine_built_from_a_file_goes_on_as_the_one_that_was_saved)
{
    static const uint64_t moments[] = {0, 1, 777, 60000, 123456, STEPS_MAX};
    struct machine_config c;
    struct host *copy;
    uint32_t sectors;

    struct host *h = boot();
    type(h, "disk write 3 hello\nfaults\nprimes 3000\ndisk read 3\n", moments[_i]);
    ck_assert_msg(snapshot_file_save(h, path, &err) == 0, "%s", err.text);
    ck_assert_msg(snapshot_file_description(path, &c, &sectors, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(sectors, 64);
    c.disk = disk;
    ck_assert_int_eq(world_add(world, NULL, &c, &copy, &err), 0);
    ck_assert_int_eq(timeline_start(copy, NULL, &err), 0);
    ck_assert_msg(snapshot_file_load(copy, path, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(digest(copy), digest(h));
    ck_assert_uint_eq(timeline_first(copy), machine_icount(host_machine(h)));
    ck_assert_uint_eq(recorder_total(host_recorder(copy)), 0);
    uint64_t printed = host_console_total(h);
    type(h, "disk read 3\nhello\n", STEPS_MAX);
    type(copy, "disk read 3\nhello\n", STEPS_MAX);
    ck_assert_uint_eq(digest(copy), digest(h));
    ck_assert_str_eq(host_console(copy, NULL), host_console(h, NULL) + printed);
    ck_assert_uint_eq(machine_disk_digest(host_machine(copy)),
                      machine_disk_digest(host_machine(h)));
}
END_TEST

static const struct {
    const char *says;
    uint32_t ram, tlb, mul;
    bool classic, no_disk;
} others[] = {
    {.says = "size of RAM", .ram = 8u << 20}, {.says = "size of TLB", .tlb = 32},
    {.says = "variant", .classic = true},     {.says = "costs", .mul = 9},
    {.says = "disk", .no_disk = true},
};

START_TEST(another_machine_refuses_it_and_is_not_changed)
{
    struct host *h = boot(), *other;
    struct machine_config c = os_config();

    c.ram_size = others[_i].ram ? others[_i].ram : c.ram_size;
    c.tlb = others[_i].tlb ? others[_i].tlb : c.tlb;
    c.cost.mul = others[_i].mul ? others[_i].mul : c.cost.mul;
    c.classic = others[_i].classic;
    c.disk = others[_i].no_disk ? NULL : disk;
    ck_assert_int_eq(snapshot_file_save(h, path, &err), 0);
    ck_assert_int_eq(world_add(world, NULL, &c, &other, &err), 0);
    uint64_t before = digest(other);
    ck_assert_int_eq(snapshot_file_load(other, path, &err), ERROR_usage);
    ck_assert_ptr_nonnull(strstr(err.text, others[_i].says));
    ck_assert_uint_eq(digest(other), before);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_an_error_with_its_name)
{
    struct machine_config c = machine_config_default();
    struct host *h;

    ck_assert_int_eq(world_add(world, NULL, &c, &h, &err), 0);
    ck_assert_int_eq(snapshot_file_save(h, "/tmp/no/such/directory/x", &err), ERROR_io);
    ck_assert_ptr_nonnull(strstr(err.text, "/tmp/no/such/directory/x"));
    ck_assert_int_eq(snapshot_file_load(h, "/tmp/no/such/directory/x", &err), ERROR_io);
}
END_TEST

/* ---- damage ----------------------------------------------------------------------------- */

static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed % n);
}

static void write_file(const uint8_t *data, size_t size)
{
    FILE *f = fopen(path, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    ck_assert_int_eq(fclose(f), 0);
}

/* A small machine with a VM in it, saved in the middle. */
static struct host *small(uint8_t **file, size_t *size)
{
    struct machine_config c = machine_config_default();
    struct host *h;

    c.ram_size = 1 << 20;
    c.tlb = 4;
    ck_assert_int_eq(world_add(world, NULL, &c, &h, &err), 0);
    program_vm(h);
    host_advance(h, VM_ENTRY_STEPS + 1);
    host_input(h, "a line that waits outside of the FIFO", 37);
    ck_assert_msg(snapshot_file_save(h, path, &err) == 0, "%s", err.text);
    ck_assert_int_eq(file_read(path, "snapshot", 1 << 20, file, size, &err), 0);
    return h;
}

static void expect_refused(struct host *h)
{
    uint64_t icount = machine_icount(host_machine(h));

    err.text[0] = '\0';
    ck_assert_int_ne(snapshot_file_load(h, path, &err), 0);
    ck_assert_msg(strncmp(err.text, path, strlen(path)) == 0, "%s", err.text);
    ck_assert_uint_eq(machine_icount(host_machine(h)), icount);
}

START_TEST(a_truncated_file_is_refused)
{
    size_t size;
    uint8_t *file;

    struct host *h = small(&file, &size);
    uint64_t before = digest(h);
    for (size_t n = 0; n < size; n += n < 64 ? 1 : 1 + size / 97) {
        write_file(file, n);
        expect_refused(h);
    }
    ck_assert_uint_eq(digest(h), before);
    write_file(file, size);
    ck_assert_int_eq(snapshot_file_load(h, path, &err), 0);
    free(file);
}
END_TEST

START_TEST(a_changed_byte_anywhere_is_refused)
{
    size_t size;
    uint8_t *file;

    struct host *h = small(&file, &size);
    uint64_t before = digest(h);
    seed = 5;
    for (size_t n = 0; n < size; n += n < 200 ? 1 : 1 + size / 211) {
        uint8_t good = file[n];
        file[n] ^= (uint8_t)(1 + random_below(255));
        write_file(file, size);
        expect_refused(h);
        file[n] = good;
    }
    ck_assert_uint_eq(digest(h), before);
    free(file);
}
END_TEST

static void put(uint8_t *p, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

/* Makes the checksum right for what the file has now. */
static void seal(uint8_t *file, size_t size)
{
    uint64_t hash =
        hash_bytes(HASH_START, file + SNAPSHOT_FILE_HEADER, size - SNAPSHOT_FILE_HEADER);

    put(file + 32, hash_bytes(hash, file, 32));
}

static const struct {
    const char *what;
    unsigned offset;
    uint8_t add;
    const char *says;
} headers[] = {
    {"foreign", 0, 1, "no snapshot"},
    {"future", 8, 1, "version 2"},
    {"future", 11, 1, "version 167"},
    {"state longer", 16, 1, "more follows"},
    {"state shorter", 16, 255, "early"},
    {"state huge", 23, 127, "more follows"},
    {"frame longer", 24, 1, "behind its header"},
    {"frame huge", 31, 127, "behind its header"},
};

START_TEST(a_wrong_header_is_refused_even_when_sealed)
{
    size_t size;
    uint8_t *file;

    struct host *h = small(&file, &size);
    file[headers[_i].offset] += headers[_i].add;
    seal(file, size);
    write_file(file, size);
    expect_refused(h);
    ck_assert_msg(strstr(err.text, headers[_i].says) != NULL, "%s: %s", headers[_i].what, err.text);
    free(file);
}
END_TEST

START_TEST(a_damaged_frame_is_refused_even_when_sealed)
{
    size_t size;
    uint8_t *file;
    unsigned refused = 0;

    struct host *h = small(&file, &size);
    uint8_t *damaged = malloc(size);
    ck_assert_ptr_nonnull(damaged);
    seed = 11;
    for (unsigned i = 0; i < 400; i++) {
        memcpy(damaged, file, size);
        damaged[SNAPSHOT_FILE_HEADER + random_below((uint32_t)size - SNAPSHOT_FILE_HEADER)] ^=
            (uint8_t)(1 + random_below(255));
        seal(damaged, size);
        write_file(damaged, size);
        refused += snapshot_file_load(h, path, &err) != 0;
        host_advance(h, 200);
    }
    ck_assert_uint_gt(refused, 100);
    free(damaged);
    free(file);
}
END_TEST

/* ---- damage below the compression ------------------------------------------------------- */

/* Writes a file, good in itself, with this state. */
static void write_state(const uint8_t *state, size_t size)
{
    size_t room = ZSTD_compressBound(size);
    uint8_t *file = calloc(1, SNAPSHOT_FILE_HEADER + room);

    ck_assert_ptr_nonnull(file);
    size_t packed = ZSTD_compress(file + SNAPSHOT_FILE_HEADER, room, state, size, 1);
    ck_assert(!ZSTD_isError(packed));
    memcpy(file, "TRAPEZE\n\2", 9);
    put(file + 16, size);
    put(file + 24, packed);
    seal(file, SNAPSHOT_FILE_HEADER + packed);
    write_file(file, SNAPSHOT_FILE_HEADER + packed);
    free(file);
}

static uint8_t *read_state(const uint8_t *file, size_t file_size, size_t *size)
{
    uint8_t *state = malloc(STATE_MAX);

    ck_assert_ptr_nonnull(state);
    ZSTD_DCtx *zstd = ZSTD_createDCtx();
    ZSTD_inBuffer in = {file + SNAPSHOT_FILE_HEADER, file_size - SNAPSHOT_FILE_HEADER, 0};
    ZSTD_outBuffer out = {state, STATE_MAX, 0};
    ck_assert_uint_eq(ZSTD_decompressStream(zstd, &out, &in), 0);
    ZSTD_freeDCtx(zstd);
    *size = out.pos;
    return state;
}

/* Loads it; if that succeeds the machine is run, printed and looked at. */
static bool survives(struct host *h)
{
    if (snapshot_file_load(h, path, &err)) {
        ck_assert_msg(strncmp(err.text, path, strlen(path)) == 0, "%s", err.text);
        return false;
    }
    host_input(h, "x", 1);
    host_advance(h, 300);
    digest(h);
    return true;
}

static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};

START_TEST(no_value_of_any_field_is_a_danger)
{
    size_t size, file_size;
    uint8_t *file, *state;
    unsigned refused = 0, loaded = 0;

    struct host *h = small(&file, &file_size);
    state = read_state(file, file_size, &size);
    ck_assert_uint_gt(size, FIELDS_END);
    write_state(state, size);
    ck_assert(survives(h));
    for (size_t n = 0; n < FIELDS_END; n++) {
        uint8_t good = state[n];
        if (state[n] == values[_i])
            continue;
        state[n] = values[_i];
        write_state(state, size);
        if (survives(h))
            loaded++;
        else
            refused++;
        state[n] = good;
    }
    ck_assert_uint_gt(refused, 20);
    ck_assert_uint_gt(loaded, 20);
    free(state);
    free(file);
}
END_TEST

START_TEST(random_damage_below_the_compression_is_refused_or_harmless)
{
    size_t size, file_size;
    uint8_t *file;
    unsigned refused = 0;

    seed = 77 + (uint64_t)_i;
    struct host *h = small(&file, &file_size);
    uint8_t *good = read_state(file, file_size, &size), *state = malloc(STATE_MAX);
    ck_assert_ptr_nonnull(state);
    for (unsigned i = 0; i < 500; i++) {
        size_t now = size;
        memcpy(state, good, size);
        switch (random_below(4)) {
        case 0: /* cut */
            now = random_below((uint32_t)size);
            break;
        case 1: /* a piece twice */
            memmove(state + 64 + size / 2, state + size / 2, size - size / 2);
            now = size + 64;
            break;
        default:
            for (unsigned k = 1 + random_below(6); k > 0; k--)
                state[random_below(random_below(2) ? 1024 : (uint32_t)size)] =
                    (uint8_t)random_below(256);
        }
        write_state(state, now);
        refused += !survives(h);
    }
    ck_assert_uint_gt(refused, 200);
    free(state);
    free(good);
    free(file);
}
END_TEST

Suite *suite_world_snapshot_file(void);

Suite *suite_world_snapshot_file(void)
{
    Suite *s = suite_create("world_snapshot_file");
    TCase *t = tcase_create("snapshot_file");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_machine_built_from_a_file_goes_on_as_the_one_that_was_saved, 0, 6);
    tcase_add_loop_test(t, another_machine_refuses_it_and_is_not_changed, 0, COUNT_OF(others));
    tcase_add_test(t, a_goal_that_is_pending_stays_with_the_rest_of_its_budget);
    tcase_add_test(t, a_file_that_cannot_be_written_is_an_error_with_its_name);
    tcase_add_test(t, a_truncated_file_is_refused);
    tcase_add_test(t, a_changed_byte_anywhere_is_refused);
    tcase_add_loop_test(t, a_wrong_header_is_refused_even_when_sealed, 0, COUNT_OF(headers));
    tcase_add_test(t, a_damaged_frame_is_refused_even_when_sealed);
    tcase_add_loop_test(t, no_value_of_any_field_is_a_danger, 0, COUNT_OF(values));
    tcase_add_loop_test(t, random_damage_below_the_compression_is_refused_or_harmless, 0, 3);
    suite_add_tcase(s, t);
    return s;
}
