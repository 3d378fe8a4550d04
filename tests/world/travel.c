/* Sessions with a history; see travel.h. */
#include "tests/world/travel.h"

#include "base/hash.h"
#include "tests/world/programs.h"
#include "trace/counters.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void travel_init(struct travel *t)
{
    *t = (struct travel){.disk = "/tmp/trapeze-travel-XXXXXX"};
    int fd = mkstemp(t->disk);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, 64 * 512), 0);
    close(fd);
    ck_assert_int_eq(world_new(&t->world, &t->err), 0);
}

void travel_fini(struct travel *t)
{
    world_free(t->world);
    unlink(t->disk);
}

const struct travel_session travel_sessions[TRAVEL_SESSIONS] = {
    {false,
     20000,
     {"disk count\n", "primes 9000\n", "disk write 3 hello\n", "sleep 2\nsleep 3\n", "ls | wc\n"}},
    {false, 100000, {"ps\nprimes 2000\n", "disk write 3 x\n", "disk read 3\n"}},
    {true, 200000, {"hello\n", "disk write 2 ab\n", "faults\n"}},
};

struct host *travel_boot(struct travel *t, const struct travel_session *s)
{
    struct machine_config c = machine_config_default();
    struct host_module modules[] = {{"programs", "build/guest/programs.pack"},
                                    {"os.elf", "build/guest/os.elf"}};
    struct host_program p = {.image = "build/guest/os.elf", .modules = modules, .module_count = 1};
    struct host *h;

    c.disk = t->disk;
    c.tlb = 16;
    if (s->vmm) {
        p.image = "build/guest/vmm.elf";
        p.module_count = 2;
        p.cmdline = "vm=one technique=full ram=4M kernel=os.elf modules=programs disk=0";
    }
    ck_assert_msg(world_add(t->world, NULL, &c, &h, &t->err) == 0, "%s", t->err.text);
    ck_assert_msg(host_load(h, &p, &t->err) == 0, "%s", t->err.text);
    return h;
}

uint64_t travel_look(struct host *h)
{
    struct counter rows[64];
    struct counter_query all = {.kinds = EVENT_ALL, .by_context = true, .by_detail = true};
    size_t length;
    const char *text = host_console(h, &length);
    uint64_t hash = machine_digest(host_machine(h));
    struct recorder *r = host_recorder(h);

    memset(rows, 0, sizeof rows);
    counters_list(host_counters(h), &all, rows, COUNT_OF(rows));
    hash = hash_bytes(hash, text, length);
    hash = hash_bytes(hash, rows, sizeof rows);
    uint64_t total = recorder_total(r);
    hash = hash_bytes(hash, &total, sizeof total);
    for (uint64_t n = total < 100 ? 0 : total - 100; n < total; n++)
        if (recorder_at(r, n))
            hash = hash_bytes(hash, recorder_at(r, n), sizeof(struct event));
    return hash;
}

void travel_go(struct host *h, const struct travel_session *s, unsigned *line, uint64_t icount)
{
    uint64_t now;

    while ((now = machine_icount(host_machine(h))) < icount) {
        enum advance a = host_advance(h, icount - now);
        if (a != ADVANCE_INPUT)
            continue;
        if (!s->lines[*line])
            return;
        host_input(h, s->lines[*line], strlen(s->lines[*line]));
        ++*line;
    }
}

uint64_t travel_random(struct travel *t, uint64_t n)
{
    t->seed ^= t->seed << 13;
    t->seed ^= t->seed >> 7;
    t->seed ^= t->seed << 17;
    return t->seed % n;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* How long it takes, and what it looks like at random places on the way, without a timeline. */
static void run_straight(struct travel *t, const struct travel_session *s,
                         struct travel_straight *out)
{
    struct host *h = travel_boot(t, s);
    unsigned line = 0;

    travel_go(h, s, &line, TRAVEL_STEPS);
    ck_assert_ptr_null(s->lines[line]);
    out->end = machine_icount(host_machine(h));
    ck_assert_uint_lt(out->end, TRAVEL_STEPS);
    for (unsigned i = 0; i < TRAVEL_PLACES; i++)
        out->place[i] = i < 3 ? i : travel_random(t, out->end);
    qsort(out->place, TRAVEL_PLACES, sizeof out->place[0], by_value);
    world_free(t->world);
    ck_assert_int_eq(world_new(&t->world, &t->err), 0);
    h = travel_boot(t, s);
    line = 0;
    for (unsigned i = 0; i < TRAVEL_PLACES; i++) {
        travel_go(h, s, &line, out->place[i]);
        out->look[i] = travel_look(h);
    }
    world_free(t->world);
    ck_assert_int_eq(world_new(&t->world, &t->err), 0);
}

struct host *travel_recorded(struct travel *t, const struct travel_session *s,
                             struct travel_straight *out)
{
    struct timeline_options options = {.spacing = s->spacing};
    unsigned line = 0;

    run_straight(t, s, out);
    struct host *h = travel_boot(t, s);
    ck_assert_msg(timeline_start(h, &options, &t->err) == 0, "%s", t->err.text);
    travel_go(h, s, &line, TRAVEL_STEPS);
    ck_assert_uint_eq(machine_icount(host_machine(h)), out->end);
    return h;
}

word travel_reg(struct host *h, unsigned x)
{
    return machine_regs(host_machine(h))->x[x];
}

struct host *travel_printing(struct travel *t)
{
    struct machine_config c = machine_config_default();
    struct timeline_options options = {.spacing = 4};
    struct host *h;

    c.ram_size = 1 << 20;
    ck_assert_int_eq(world_add(t->world, NULL, &c, &h, &t->err), 0);
    program_print(h);
    ck_assert_int_eq(timeline_start(h, &options, &t->err), 0);
    return h;
}
