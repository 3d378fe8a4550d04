/*
 * Same description, images and input: same state and same events. Two runs, pieces of any
 * length, somebody listening or nobody; and, by a number kept here, every build mode and host.
 */
#include "tests/machine/harness.h"
#include "tests/reference/generate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS  40
#define ROUNDS 6
#define STEPS  200

/*
 * Hash of everything that the random programs of SEEDS do: registers, RAM, events. It is the
 * same in every MODE. It changes when the manual does (a cost, an event, a rule) or the
 * generator: then put the number that the failing test prints here, and say why in the commit.
 */
#define GOLDEN UINT64_C(0xabb23e36c41b1bc5)

struct listener {
    struct trace_subscriber subscriber;
    uint64_t hash;
    uint64_t count;
};

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t mix_number(uint64_t hash, uint64_t number)
{
    return mix(hash, &number, sizeof number);
}

/* Kinds by name, so that a new row of events.def changes nothing here. */
static void listen(void *user, const struct event *e)
{
    struct listener *l = user;
    const char *name = event_info(e->kind)->name;
    const uint64_t numbers[] = {e->icount,    e->cycle,   e->context, e->machine,
                                e->ring_from, e->ring_to, e->pc,      e->insn,
                                e->cause,     e->tval,    e->a,       e->b};

    l->count++;
    l->hash = mix(l->hash, name, strlen(name));
    l->hash = mix(l->hash, numbers, sizeof numbers);
}

static void attach(struct listener *l, struct machine *m, uint32_t mask)
{
    *l = (struct listener){.subscriber = {.mask = mask, .fn = listen, .user = l}};
    if (mask)
        trace_attach(machine_trace(m), &l->subscriber);
}

/* Runs `steps` in pieces of at most `piece`. False when the machine came to an end. */
static bool run_in_pieces(struct machine *m, uint64_t steps, uint64_t piece)
{
    uint64_t end = machine_icount(m) + steps;
    enum machine_stop stop = STOP_BUDGET;

    while (stop == STOP_BUDGET && machine_icount(m) < end) {
        uint64_t left = end - machine_icount(m);

        stop = machine_run(m, left < piece ? left : piece);
    }
    return stop == STOP_BUDGET;
}

static uint64_t hash_state(uint64_t hash, const struct machine *m)
{
    const struct cpu_regs *regs = machine_regs(m);

    hash = mix(hash, regs->x, sizeof regs->x);
    hash = mix_number(hash, regs->pc);
    for (unsigned n = 0; n < csr_count; n++) {
        word value = 0;

        if (machine_csr_read(m, csr_table[n].number, &value))
            hash = mix_number(hash, value);
    }
    return mix_number(hash, machine_ram_digest(m, RAM_BASE, machine_config(m)->ram_size));
}

struct outcome {
    uint64_t digest; /* all of the machine's state */
    uint64_t state;  /* what of it is architecture */
    uint64_t events;
};

/* New control blocks, each in its page. */
static void set_vmcbs(struct machine *m, struct rng *g, uint8_t *ram, const struct cpu_regs *regs)
{
    const struct machine_config *config = machine_config(m);
    uint64_t time = machine_cycle(m) / config->cost.divider;

    for (unsigned n = 0; n < GENERATE_VMCBS; n++) {
        uint32_t offset = (GENERATE_VMCB_PAGE + n) * PAGE_SIZE;

        generate_vmcb(g, ram, n, config, regs, time);
        ck_assert(machine_write(m, RAM_BASE + offset, ram + offset, PAGE_SIZE));
    }
}

/* A random privileged program, with guests: the same for a seed, however it is run. */
static struct outcome run_random(uint64_t seed, uint64_t piece, uint32_t mask)
{
    struct rng g = rng_init(seed);
    struct machine_config config = generate_config(&g);
    uint8_t *ram = malloc(GENERATE_RAM);
    struct listener l;
    struct machine *m;
    struct error err;
    bool goes_on = true;

    ck_assert_msg(machine_new(&m, &config, &err) == 0, "%s", err.text);
    attach(&l, m, mask);
    generate_ram(&g, ram);
    ck_assert(machine_write(m, RAM_BASE, ram, GENERATE_RAM));
    for (unsigned round = 0; goes_on && round < ROUNDS; round++) {
        struct cpu_regs regs = *machine_regs(m);

        generate_regs(&g, &regs, machine_cycle(m) / config.cost.divider);
        machine_set_regs(m, &regs);
        set_vmcbs(m, &g, ram, &regs);
        goes_on = run_in_pieces(m, STEPS, piece);
    }
    struct outcome o = {machine_digest(m), hash_state(0, m), mix_number(l.hash, l.count)};
    machine_free(m);
    free(ram);
    return o;
}

START_TEST(pieces_and_listeners_change_nothing)
{
    static const struct {
        uint64_t piece;
        uint32_t mask;
    } ways[] = {
        {1, EVENT_ALL},
        {STEPS, EVENT_ALL},
        {7, EVENT_ALL},
        {STEPS, 0},
        {1, 0},
        {13, EVENT_BIT(EVENT_trap)},
        {STEPS, EVENT_BIT(EVENT_insn)},
    };

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct outcome first = run_random(seed, STEPS, EVENT_ALL);

        for (unsigned n = 0; n < COUNT_OF(ways); n++) {
            struct outcome o = run_random(seed, ways[n].piece, ways[n].mask);

            ck_assert_msg(o.digest == first.digest, "seed %llu, way %u: another state",
                          (unsigned long long)seed, n);
            ck_assert_msg(ways[n].mask != EVENT_ALL || o.events == first.events,
                          "seed %llu, way %u: other events", (unsigned long long)seed, n);
        }
    }
}
END_TEST

START_TEST(every_build_mode_and_host_does_the_same)
{
    uint64_t hash = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct outcome o = run_random(seed, STEPS, EVENT_ALL);

        hash = mix_number(mix_number(hash, o.state), o.events);
    }
    ck_assert_msg(hash == GOLDEN, "the hash is now 0x%016llx", (unsigned long long)hash);
}
END_TEST

/* ---- the teaching OS --------------------------------------------------------------------- */

static void load_os(struct machine *m)
{
    struct machine_module module = {.name = "programs"};
    struct image image;
    struct error err = {0};
    FILE *f = fopen("build/guest/programs.pack", "rb");

    ck_assert_msg(f != NULL, "build/guest/programs.pack is missing: make guests");
    fseek(f, 0, SEEK_END);
    module.size = (size_t)ftell(f);
    rewind(f);
    void *data = malloc(module.size);
    ck_assert_uint_eq(fread(data, 1, module.size, f), module.size);
    fclose(f);
    module.data = data;
    ck_assert_msg(image_read(&image, "build/guest/os.elf", &err) == 0, "%s", err.text);
    struct machine_program program = {&image, &module, 1, ""};
    ck_assert_msg(machine_load(m, &program, &err) == 0, "%s", err.text);
    image_free(&image);
    free(data);
}

/* Boots, types two commands when the OS waits for them, and ends the input. */
static struct outcome run_os(uint64_t piece, uint32_t mask)
{
    static const char *const lines[] = {"hello\n", "ps\n"};
    struct machine_config config = machine_config_default();
    struct listener l;
    struct machine *m;
    struct error err;
    unsigned typed = 0;

    ck_assert_msg(machine_new(&m, &config, &err) == 0, "%s", err.text);
    load_os(m);
    attach(&l, m, mask);
    while (machine_icount(m) < 20000000) {
        enum machine_stop stop = machine_run(m, piece);

        if (stop == STOP_INPUT && typed < COUNT_OF(lines)) {
            machine_input(m, lines[typed], strlen(lines[typed]));
            typed++;
        } else if (stop != STOP_BUDGET) {
            break;
        }
    }
    ck_assert_uint_eq(typed, COUNT_OF(lines));
    struct outcome o = {machine_digest(m), hash_state(0, m), mix_number(l.hash, l.count)};
    machine_free(m);
    return o;
}

START_TEST(the_teaching_os_runs_the_same_twice_in_pieces_and_recorded)
{
    const uint32_t traps = EVENT_ALL & ~(EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_mem));
    struct outcome first = run_os(1000000, traps), again = run_os(1000000, traps);

    ck_assert(first.digest == again.digest);
    ck_assert(first.events == again.events);
    struct outcome pieces = run_os(997, traps), unheard = run_os(50021, 0);
    ck_assert(first.digest == pieces.digest);
    ck_assert(first.events == pieces.events);
    ck_assert(first.digest == unheard.digest);
    struct outcome stepped = run_os(1000000, EVENT_BIT(EVENT_insn));
    ck_assert(first.digest == stepped.digest);
}
END_TEST

Suite *suite_machine_determinism(void);
Suite *suite_machine_determinism(void)
{
    Suite *s = suite_create("machine_determinism");
    TCase *c = tcase_create("determinism");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, pieces_and_listeners_change_nothing);
    tcase_add_test(c, every_build_mode_and_host_does_the_same);
    tcase_add_test(c, the_teaching_os_runs_the_same_twice_in_pieces_and_recorded);
    suite_add_tcase(s, c);
    return s;
}
