/*
 * Time travel, on the teaching OS with a disk and somebody who types, bare and under the monitor:
 * wherever one goes, the machine, and what is seen of it, is what it was there the first time.
 */
#include "base/hash.h"
#include "isa/csr.h"
#include "tests/world/programs.h"
#include "trace/counters.h"
#include "trace/recorder.h"
#include "world/home.h"
#include "world/host.h"
#include "world/timeline.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEPS_MAX 200000000u
#define PLACES    40
#define WALK      120

static struct world *world;
static struct error err;
static char disk[] = "/tmp/trapeze-timeline-XXXXXX";

static void setup(void)
{
    int fd = mkstemp(disk);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, 64 * 512), 0);
    close(fd);
    ck_assert_int_eq(world_new(&world, &err), 0);
}

static void teardown(void)
{
    world_free(world);
    unlink(disk);
    memcpy(strrchr(disk, '-') + 1, "XXXXXX", 6);
}

/* ---- sessions --------------------------------------------------------------------------- */

/* What runs, and what is typed whenever it waits. */
static const struct session {
    bool vmm;
    uint64_t spacing;
    const char *lines[6];
} sessions[] = {
    {false,
     20000,
     {"disk count\n", "primes 9000\n", "disk write 3 hello\n", "faults\n", "ls | wc\n"}},
    {false, 100000, {"ps\nprimes 2000\n", "disk write 3 x\n", "disk read 3\n"}},
    {true, 200000, {"hello\n", "disk write 2 ab\n", "faults\n"}},
};

static struct host *boot(const struct session *s)
{
    struct machine_config c = machine_config_default();
    struct host_module modules[] = {{"programs", "build/guest/programs.pack"},
                                    {"os.elf", "build/guest/os.elf"}};
    struct host_program p = {.image = "build/guest/os.elf", .modules = modules, .module_count = 1};
    struct host *h;

    c.disk = disk;
    c.tlb = 16;
    if (s->vmm) {
        p.image = "build/guest/vmm.elf";
        p.module_count = 2;
        p.cmdline = "vm=one technique=full ram=4M kernel=os.elf modules=programs disk=0";
    }
    ck_assert_msg(world_add(world, NULL, &c, &h, &err) == 0, "%s", err.text);
    ck_assert_msg(host_load(h, &p, &err) == 0, "%s", err.text);
    return h;
}

/* Everything about it that can be seen. */
static uint64_t look(struct host *h)
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

/* Goes to `icount`, typing the next line whenever it waits. */
static void go_to(struct host *h, const struct session *s, unsigned *line, uint64_t icount)
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

struct straight {
    uint64_t end, place[PLACES], look[PLACES];
};

static uint64_t seed;

static uint64_t random_below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* How long it takes, and what it looks like at random places on the way, without a timeline. */
static void run_straight(const struct session *s, struct straight *out)
{
    struct host *h = boot(s);
    unsigned line = 0;

    go_to(h, s, &line, STEPS_MAX);
    ck_assert_ptr_null(s->lines[line]);
    out->end = machine_icount(host_machine(h));
    ck_assert_uint_lt(out->end, STEPS_MAX);
    for (unsigned i = 0; i < PLACES; i++)
        out->place[i] = i < 3 ? i : random_below(out->end);
    qsort(out->place, PLACES, sizeof out->place[0], by_value);
    world_free(world);
    ck_assert_int_eq(world_new(&world, &err), 0);
    h = boot(s);
    line = 0;
    for (unsigned i = 0; i < PLACES; i++) {
        go_to(h, s, &line, out->place[i]);
        out->look[i] = look(h);
    }
    world_free(world);
    ck_assert_int_eq(world_new(&world, &err), 0);
}

static struct host *recorded(const struct session *s, struct straight *out)
{
    struct timeline_options options = {.spacing = s->spacing};
    unsigned line = 0;

    run_straight(s, out);
    struct host *h = boot(s);
    ck_assert_msg(timeline_start(h, &options, &err) == 0, "%s", err.text);
    go_to(h, s, &line, STEPS_MAX);
    ck_assert_uint_eq(machine_icount(host_machine(h)), out->end);
    return h;
}

START_TEST(a_random_walk_through_time_finds_everything_as_it_was)
{
    const struct session *s = &sessions[_i];
    struct straight straight;

    seed = 0x1234567 + (uint64_t)_i;
    struct host *h = recorded(s, &straight);
    uint64_t at_end = look(h);
    for (unsigned i = 0; i < WALK; i++) {
        unsigned k = (unsigned)random_below(PLACES + 1);
        uint64_t now = machine_icount(host_machine(h));

        if (k == PLACES) {
            ck_assert_msg(timeline_seek(h, straight.end, &err) == 0, "%s", err.text);
            ck_assert_uint_eq(look(h), at_end);
            continue;
        }
        if (straight.place[k] > now && random_below(2)) /* aloud */
            while ((now = machine_icount(host_machine(h))) < straight.place[k])
                host_advance(h, straight.place[k] - now);
        else
            ck_assert_msg(timeline_seek(h, straight.place[k], &err) == 0, "%s", err.text);
        ck_assert_msg(look(h) == straight.look[k], "at %lu", (unsigned long)straight.place[k]);
    }
    ck_assert_uint_eq(timeline_last(h), straight.end);
}
END_TEST

START_TEST(n_steps_forward_and_n_back_is_where_it_was)
{
    const struct session *s = &sessions[_i];
    struct straight straight;

    seed = 99 + (uint64_t)_i;
    struct host *h = recorded(s, &straight);
    for (unsigned i = 0; i < 60; i++) {
        uint64_t from = random_below(straight.end);
        uint64_t n = random_below(i % 3 ? 50 : straight.end - from + 1);

        if (n > straight.end - from)
            n = straight.end - from;
        ck_assert_int_eq(timeline_seek(h, from, &err), 0);
        uint64_t before = look(h);
        host_advance(h, n);
        ck_assert_uint_eq(machine_icount(host_machine(h)), from + n);
        ck_assert_msg(timeline_back(h, n, &err) == 0, "%s", err.text);
        ck_assert_uint_eq(look(h), before);
    }
}
END_TEST

START_TEST(recording_changes_nothing)
{
    const struct session *s = &sessions[_i];
    struct straight straight;

    seed = 7;
    struct host *h = recorded(s, &straight);
    struct host *plain = boot(s);
    unsigned line = 0;
    ck_assert_uint_gt(timeline_stats(h).snapshots, 3);
    go_to(plain, s, &line, STEPS_MAX);
    ck_assert_uint_eq(machine_digest(host_machine(plain)), machine_digest(host_machine(h)));
    ck_assert_str_eq(host_console(plain, NULL), host_console(h, NULL));
    struct recorder *a = host_recorder(h), *b = host_recorder(plain);
    ck_assert_uint_eq(recorder_total(a), recorder_total(b));
    for (uint64_t n = recorder_first(a); n < recorder_total(a); n++) {
        struct event e = *recorder_at(b, n);
        e.machine = recorder_at(a, n)->machine;
        ck_assert_mem_eq(recorder_at(a, n), &e, sizeof e);
    }
}
END_TEST

/* ---- backwards to an event -------------------------------------------------------------- */

static struct filter filter_of(const char *text)
{
    struct filter f;

    ck_assert_msg(filter_parse(&f, text, NULL, &err) == 0, "%s", err.text);
    return f;
}

static const struct {
    const char *filter;
    uint64_t from, way; /* the part of the session in which places are counted */
} waits[] = {
    {"trap cause=ecall_ring3", 0, 3000000},
    {"trap cause=timer", 0, 6000000},
    {"console", 0, 3000000},
    {"ret", 100000, 400000},
    {"disk", 0, 6000000},
    {"insn insn=csrrw", 200000, 150000},
    {"mem addr=0x10000000+0x10", 0, 400000},
};

#define STOPS 64

START_TEST(run_back_stops_where_running_forward_stops)
{
    struct filter f = filter_of(waits[_i].filter);
    uint64_t stops[STOPS], looks[STOPS], count = 0;
    struct straight straight;
    struct event e;
    bool found;

    struct host *h = recorded(&sessions[0], &straight);
    uint64_t end = waits[_i].from + waits[_i].way;

    if (end >= straight.end)
        end = straight.end - 1;
    ck_assert_int_eq(timeline_seek(h, waits[_i].from, &err), 0);
    for (;;) {
        struct goal goal = {.kind = GOAL_EVENT, .budget = waits[_i].way, .filter = f};
        host_set_goal(h, &goal);
        while (host_goal(h) == GOAL_PENDING)
            host_advance(h, 100000);
        if (host_goal(h) != GOAL_REACHED || machine_icount(host_machine(h)) > end)
            break;
        stops[count % STOPS] = machine_icount(host_machine(h));
        looks[count++ % STOPS] = look(h);
    }
    host_set_goal(h, NULL);
    ck_assert_uint_gt(count, 1);
    ck_assert_int_eq(timeline_seek(h, end + 1, &err), 0);
    for (uint64_t n = count; n-- > 0 && count - n <= STOPS;) {
        ck_assert_int_eq(timeline_back_to(h, &f, &found, &e, &err), 0);
        ck_assert(found);
        ck_assert(filter_match(&f, machine_contexts(host_machine(h)), &e));
        ck_assert_uint_eq(machine_icount(host_machine(h)), stops[n % STOPS]);
        ck_assert_uint_eq(look(h), looks[n % STOPS]);
    }
}
END_TEST

START_TEST(when_there_is_none_it_stays_where_it_is)
{
    struct filter f = filter_of("shutdown"), near = filter_of("trap cause=ecall_ring3");
    struct straight straight;
    struct event e;
    bool found = true;

    struct host *h = recorded(&sessions[0], &straight);
    uint64_t before = look(h);
    ck_assert_int_eq(timeline_back_to(h, &f, &found, &e, &err), 0);
    ck_assert(!found);
    ck_assert_uint_eq(look(h), before);
    near.max = 2;
    ck_assert_int_eq(timeline_seek(h, 20, &err), 0);
    ck_assert_int_eq(timeline_back_to(h, &near, &found, &e, &err), 0);
    ck_assert(!found);
    ck_assert_uint_eq(machine_icount(host_machine(h)), 20);
    ck_assert_int_eq(timeline_seek(h, 0, &err), 0);
    ck_assert_int_eq(timeline_back_to(h, &near, &found, &e, &err), 0);
    ck_assert(!found);
}
END_TEST

/* ---- edits and futures ------------------------------------------------------------------ */

static word reg(struct host *h, unsigned x)
{
    return machine_regs(host_machine(h))->x[x];
}

/* The printing program, recorded from its first instruction. */
static struct host *printing(void)
{
    struct machine_config c = machine_config_default();
    struct timeline_options options = {.spacing = 4};
    struct host *h;

    c.ram_size = 1 << 20;
    ck_assert_int_eq(world_add(world, NULL, &c, &h, &err), 0);
    program_print(h);
    ck_assert_int_eq(timeline_start(h, &options, &err), 0);
    return h;
}

START_TEST(edits_are_made_again_at_their_place)
{
    struct host *h = printing();
    word mark = 0x12345678, back = 0;

    host_advance(h, 10);
    host_write_reg(h, 10, 3); /* the loop is shorter */
    host_advance(h, 1);
    host_write(h, RAM_BASE + 0x1000, &mark, sizeof mark);
    host_write_csr(h, CSR_tscratch, 9);
    while (host_advance(h, 100) != ADVANCE_HALTED)
        ;
    uint64_t end = machine_icount(host_machine(h)), at_end = look(h);
    ck_assert_uint_lt(end, PRINT_STEPS);
    ck_assert_int_eq(timeline_seek(h, 9, &err), 0);
    machine_read(host_machine(h), RAM_BASE + 0x1000, &back, sizeof back);
    ck_assert_uint_eq(back, 0);
    ck_assert_int_eq(timeline_seek(h, 10, &err), 0);
    ck_assert_uint_eq(reg(h, 10), 3);
    ck_assert_int_eq(timeline_seek(h, end, &err), 0);
    ck_assert_uint_eq(look(h), at_end);
    ck_assert_int_eq(timeline_seek(h, 0, &err), 0);
    ck_assert_str_eq(host_console(h, NULL), "");
    while (host_advance(h, 100) != ADVANCE_HALTED)
        ;
    ck_assert_uint_eq(look(h), at_end);
    ck_assert_uint_eq(timeline_stats(h).entries, 3);
}
END_TEST

START_TEST(something_else_begins_another_future)
{
    struct host *h = printing();
    uint64_t icount;

    host_advance(h, 9);
    ck_assert_int_eq(timeline_mark(h, "early", &err), 0);
    host_advance(h, 4);
    ck_assert_int_eq(timeline_mark(h, "late", &err), 0);
    host_write_reg(h, 10, 4);
    host_advance(h, 100);
    ck_assert_int_eq(timeline_seek(h, 11, &err), 0);
    ck_assert_uint_gt(timeline_last(h), 15);
    host_write_reg(h, 11, 2);
    ck_assert_uint_eq(timeline_last(h), 11);
    ck_assert(timeline_find_mark(h, "early", &icount));
    ck_assert_uint_eq(icount, 9);
    ck_assert(!timeline_find_mark(h, "late", &icount));
    ck_assert_uint_eq(timeline_stats(h).entries, 1);
    ck_assert_int_eq(timeline_seek(h, 12, &err), ERROR_usage);
    ck_assert_ptr_nonnull(strstr(err.text, "the furthest is 11"));
    host_advance(h, 100);
    uint64_t at_end = look(h), end = machine_icount(host_machine(h));
    ck_assert_int_eq(timeline_seek(h, 10, &err), 0);
    ck_assert_uint_eq(reg(h, 11), 5);
    ck_assert_int_eq(timeline_seek(h, end, &err), 0);
    ck_assert_uint_eq(look(h), at_end);
}
END_TEST

/* Adds to a1 whenever a1 is compared for the third time, from inside the event. */
static void meddle(void *user, const struct event *e)
{
    struct host *h = user;

    if (e->icount == 13)
        host_write_reg(h, 11, 7);
}

START_TEST(a_handler_that_does_the_same_again_is_no_other_future)
{
    struct host *h = printing();
    struct trace_subscriber s = {.mask = EVENT_BIT(EVENT_insn), .fn = meddle, .user = h};

    trace_attach(machine_trace(host_machine(h)), &s);
    host_advance(h, 100);
    uint64_t end = machine_icount(host_machine(h)), at_end = look(h);
    ck_assert_uint_eq(timeline_stats(h).entries, 1);
    for (uint64_t n = 0; n < end; n++) {
        ck_assert_int_eq(timeline_seek(h, n, &err), 0);
        host_advance(h, 100);
        ck_assert_uint_eq(timeline_stats(h).entries, 1);
        ck_assert_uint_eq(timeline_last(h), end);
        ck_assert_uint_eq(look(h), at_end);
    }
    trace_detach(machine_trace(host_machine(h)), &s);
    ck_assert_int_eq(timeline_seek(h, 2, &err), 0);
    ck_assert_int_eq(timeline_seek(h, end, &err), 0);
    ck_assert_uint_eq(look(h), at_end);
}
END_TEST

static void count(void *user, const struct event *e)
{
    (void)e;
    ++*(unsigned *)user;
}

START_TEST(a_seek_is_silent_and_a_goal_waits_for_its_time)
{
    struct host *h = printing();
    unsigned heard = 0;
    struct trace_subscriber s = {.mask = EVENT_ALL, .fn = count, .user = &heard};
    struct goal goal = {.kind = GOAL_TEXT, .budget = 1000, .text = "i"};

    host_advance(h, 6);
    host_set_goal(h, &goal); /* "i" is out already */
    trace_attach(machine_trace(host_machine(h)), &s);
    ck_assert_int_eq(timeline_seek(h, 1, &err), 0);
    ck_assert_int_eq(timeline_seek(h, 5, &err), 0);
    ck_assert_int_eq(timeline_seek(h, 2, &err), 0);
    ck_assert_uint_eq(heard, 0);
    trace_detach(machine_trace(host_machine(h)), &s);
    host_advance(h, 6);
    ck_assert_int_eq(host_goal(h), GOAL_PENDING);
    ck_assert_int_eq(timeline_seek(h, 2, &err), 0);
    host_write_reg(h, 20, 1); /* now it is another future, in which "i" is yet to come */
    host_advance(h, 6);
    ck_assert_int_eq(host_goal(h), GOAL_REACHED);
}
END_TEST

/* ---- what is refused, and bounds -------------------------------------------------------- */

START_TEST(what_cannot_be_is_refused_with_the_reason)
{
    struct host *h = printing();
    struct machine_config c = machine_config_default();
    struct host *writes;
    char name[TIMELINE_MARK_SIZE + 1];

    host_advance(h, 5);
    ck_assert_int_eq(timeline_back(h, 6, &err), ERROR_usage);
    ck_assert_ptr_nonnull(strstr(err.text, "only 5 steps"));
    ck_assert_int_eq(timeline_seek(h, 6, &err), ERROR_usage);
    ck_assert_ptr_nonnull(strstr(err.text, "has not been yet"));
    ck_assert_int_eq(timeline_start(h, NULL, &err), 0);
    ck_assert_int_eq(timeline_seek(h, 4, &err), ERROR_usage);
    ck_assert_ptr_nonnull(strstr(err.text, "begins at 5"));
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert_int_eq(timeline_mark(h, name, &err), ERROR_usage);
    ck_assert_int_eq(timeline_mark(h, "", &err), ERROR_usage);
    timeline_stop(h);
    ck_assert_int_eq(timeline_back(h, 1, &err), ERROR_usage);
    ck_assert_ptr_nonnull(strstr(err.text, "not recorded"));
    c.disk = disk;
    c.disk_writes = true;
    ck_assert_int_eq(world_add(world, "w", &c, &writes, &err), 0);
    ck_assert_int_eq(timeline_start(writes, NULL, &err), ERROR_usage);
    ck_assert(!timeline_on(writes));
}
END_TEST

START_TEST(loading_a_program_begins_a_new_history)
{
    struct host *h = boot(&sessions[0]);
    struct host_program p = {.image = "build/guest/os.elf"};

    ck_assert_int_eq(timeline_start(h, NULL, &err), 0);
    host_advance(h, 5000);
    ck_assert_int_eq(timeline_mark(h, "here", &err), 0);
    ck_assert_int_eq(host_load(h, &p, &err), 0);
    ck_assert_uint_eq(timeline_last(h), 0);
    ck_assert_ptr_null(timeline_mark_name(h, 0, &(uint64_t){0}));
    host_advance(h, 100);
    ck_assert_int_eq(timeline_back(h, 100, &err), 0);
}
END_TEST

START_TEST(a_recording_may_begin_while_the_machine_waits)
{
    struct host *h = boot(&sessions[0]);

    while (host_advance(h, STEPS_MAX) != ADVANCE_INPUT)
        ;
    uint64_t first = machine_icount(host_machine(h)), waiting = look(h);
    ck_assert_int_eq(timeline_start(h, NULL, &err), 0);
    host_advance(h, 1000); /* it still waits */
    ck_assert_uint_eq(look(h), waiting);
    host_input(h, "hello\n", 6);
    uint64_t typed = look(h);
    host_advance(h, 20000);
    uint64_t later = look(h);
    ck_assert_int_eq(timeline_back(h, 20000, &err), 0);
    ck_assert_uint_eq(machine_icount(host_machine(h)), first);
    ck_assert_uint_eq(look(h), typed);
    host_advance(h, 20000);
    ck_assert_uint_eq(look(h), later);
}
END_TEST

START_TEST(too_much_from_outside_begins_a_new_history)
{
    struct host *h = printing();
    static uint8_t data[1 << 19];

    host_advance(h, 3);
    for (unsigned i = 0; i < 200; i++) {
        host_write(h, RAM_BASE + sizeof data, data, sizeof data);
        if (i % 50 == 0)
            host_advance(h, 1);
    }
    host_advance(h, 2);
    ck_assert(timeline_on(h));
    ck_assert_uint_gt(timeline_first(h), 3);
    ck_assert_uint_le(timeline_stats(h).entries, 130);
    ck_assert_int_eq(timeline_seek(h, 3, &err), ERROR_usage);
    ck_assert_int_eq(timeline_seek(h, timeline_first(h), &err), 0);
}
END_TEST

/* for (;;) for (p = RAM + 4096; p != RAM + 1 MiB; p += 4096) *p = ++n */
static const word dirty_code[] = {
    0x800012b7, /* lui t0, 0x80001 */
    0x80100337, /* lui t1, 0x80100 */
    0x000013b7, /* lui t2, 1 */
    0x00150513, /* addi a0, a0, 1 */
    0x00a2a023, /* sw a0, 0(t0) */
    0x007282b3, /* add t0, t0, t2 */
    0xfe629ae3, /* bne t0, t1, -12 */
    0xfe5ff06f, /* j -28 */
};

START_TEST(memory_stays_within_its_bound_and_so_does_the_way_back)
{
    struct machine_config c = machine_config_default();
    struct timeline_options options = {.spacing = 1000, .memory = 6 << 20};
    struct cpu_regs regs = {.pc = RAM_BASE};
    struct host *h;

    c.ram_size = 1 << 20;
    ck_assert_int_eq(world_add(world, NULL, &c, &h, &err), 0);
    machine_write(host_machine(h), RAM_BASE, dirty_code, sizeof dirty_code);
    machine_set_regs(host_machine(h), &regs);
    ck_assert_int_eq(timeline_start(h, &options, &err), 0);
    for (unsigned i = 0; i < 300; i++) {
        host_advance(h, 5000);
        ck_assert_uint_le(timeline_stats(h).bytes, options.memory);
    }
    ck_assert_uint_gt(timeline_stats(h).snapshots, 2);
    for (unsigned i = 0; i < 50; i++) {
        word before = reg(h, 10), round;
        ck_assert_int_eq(timeline_back(h, 4000, &err), 0);
        round = before - reg(h, 10); /* 4 steps each, and one more every 255 */
        ck_assert(round >= 995 && round <= 1000);
        ck_assert_uint_le(timeline_stats(h).bytes, options.memory);
    }
    ck_assert_int_eq(timeline_seek(h, 0, &err), 0);
    ck_assert_uint_eq(reg(h, 10), 0);
}
END_TEST

Suite *suite_world_timeline(void);

Suite *suite_world_timeline(void)
{
    Suite *s = suite_create("world_timeline");
    TCase *t = tcase_create("timeline");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_random_walk_through_time_finds_everything_as_it_was, 0,
                        COUNT_OF(sessions));
    tcase_add_loop_test(t, n_steps_forward_and_n_back_is_where_it_was, 0, COUNT_OF(sessions));
    tcase_add_loop_test(t, recording_changes_nothing, 0, COUNT_OF(sessions));
    tcase_add_loop_test(t, run_back_stops_where_running_forward_stops, 0, COUNT_OF(waits));
    tcase_add_test(t, when_there_is_none_it_stays_where_it_is);
    tcase_add_test(t, edits_are_made_again_at_their_place);
    tcase_add_test(t, something_else_begins_another_future);
    tcase_add_test(t, a_handler_that_does_the_same_again_is_no_other_future);
    tcase_add_test(t, a_seek_is_silent_and_a_goal_waits_for_its_time);
    tcase_add_test(t, what_cannot_be_is_refused_with_the_reason);
    tcase_add_test(t, loading_a_program_begins_a_new_history);
    tcase_add_test(t, a_recording_may_begin_while_the_machine_waits);
    tcase_add_test(t, too_much_from_outside_begins_a_new_history);
    tcase_add_test(t, memory_stays_within_its_bound_and_so_does_the_way_back);
    suite_add_tcase(s, t);
    return s;
}
