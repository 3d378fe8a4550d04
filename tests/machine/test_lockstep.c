/*
 * The machine against the simple model (tests/reference): seeded random privileged programs,
 * every register and control register compared after every step, then the same in pieces of
 * random length, so that whole decoded blocks run; RAM at the end.
 *
 * Check writes a message for every assertion, so the loops here test by hand and abort.
 *   TRAPEZE_SEED=n    only this seed       TRAPEZE_SEEDS=n    that many
 */
#include "base/text.h"
#include "isa/vmcb.h"
#include "machine/snapshot.h"
#include "tests/reference/generate.h"
#include "tests/reference/model.h"
#include "tests/machine/harness.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS     12
#define STEPS      60 /* of a round; more of them in pieces */
#define TRAIL      24
#define EVENTS_MAX 4096 /* of a piece: sfence.vma can empty three arrays */
#define SEEDS      1500 /* a third of them under a sanitizer */

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOW true
#endif
#endif
#ifndef SLOW
#define SLOW false
#endif

struct events {
    struct event list[EVENTS_MAX];
    unsigned count;
};

struct pair {
    uint64_t seed;
    struct rng g;
    struct model model;
    struct machine *machine;
    unsigned handler_traps; /* traps in a row that the first instruction of the handler took */
    struct {
        word pc, insn, ring, cause;
    } trail[TRAIL]; /* what the model did last */
    unsigned trail_count;
    struct events mine, theirs; /* of the machine and of the model in this piece */
    struct trace_subscriber subscriber;
};

static void pair_init(struct pair *p, uint64_t seed)
{
    struct error err;

    memset(p, 0, sizeof *p);
    p->seed = seed;
    p->g = rng_init(seed);
    struct machine_config config = generate_config(&p->g);
    if (rig_hard())
        config.tlb = 1;
    ck_assert_msg(machine_new(&p->machine, &config, &err) == 0, "%s", err.text);
    model_init(&p->model, &config);
    generate_ram(&p->g, p->model.ram);
    ck_assert(machine_write(p->machine, RAM_BASE, p->model.ram, GENERATE_RAM));
}

static void pair_fini(struct pair *p)
{
    machine_free(p->machine);
    model_fini(&p->model);
}

/* The model knows nothing of the contexts that hints speak of, so of control that moves between
 * them only vmrun and its exits count. */
static bool by_hints(const struct event *e)
{
    if (e->kind == EVENT_exit)
        return !(e->cause & CAUSE_EXIT);
    return e->kind == EVENT_entry && insn_decode(e->insn).id != INSN_vmrun;
}

static void add_event(void *user, const struct event *e)
{
    struct events *list = user;

    if (by_hints(e))
        return;
    if (list->count < EVENTS_MAX)
        list->list[list->count++] = *e;
}

static void watch(struct pair *p)
{
    p->subscriber =
        (struct trace_subscriber){.mask = MODEL_EVENTS, .fn = add_event, .user = &p->mine};
    trace_attach(machine_trace(p->machine), &p->subscriber);
    p->model.emit = add_event;
    p->model.user = &p->theirs;
}

static void pair_set(struct pair *p)
{
    struct cpu_regs regs = p->model.r;

    generate_regs(&p->g, &regs, p->model.cycle / p->model.cost.divider);
    p->model.r = regs;
    p->model.entered = false;
    p->model.trapped = UINT64_MAX - 1;
    machine_set_regs(p->machine, &regs);
    for (unsigned n = 0; n < GENERATE_VMCBS; n++)
        if (p->model.steps == 0 || rng_percent(&p->g, 80))
            generate_vmcb(&p->g, p->model.ram, n, machine_config(p->machine), &regs,
                          p->model.cycle / p->model.cost.divider);
    ck_assert(machine_write(p->machine, RAM_BASE, p->model.ram, GENERATE_RAM));
    p->mine.count = p->theirs.count = 0;
    p->handler_traps = 0;
}

static void model_steps(struct pair *p, unsigned steps)
{
    for (unsigned i = 0; i < steps && p->model.end == MODEL_RUNS; i++) {
        unsigned slot = p->trail_count++ % TRAIL;
        word pc = p->model.r.pc;
        uint64_t retired = p->model.instret;
        bool in_handler = p->model.entered;

        p->trail[slot].ring = p->model.r.ring;
        model_step(&p->model);
        p->trail[slot].pc = pc;
        p->trail[slot].insn = p->model.insn;
        p->trail[slot].cause = p->model.entered ? p->model.r.cause : 0xffffffff;
        if (in_handler && p->model.entered && p->model.instret == retired)
            p->handler_traps++;
        else
            p->handler_traps = 0;
    }
}

static void describe_trail(struct text *t, const struct pair *p)
{
    unsigned count = p->trail_count < TRAIL ? p->trail_count : TRAIL;

    text_add(t, "the model's last steps:\n");
    for (unsigned i = p->trail_count - count; i < p->trail_count; i++) {
        word insn = p->trail[i % TRAIL].insn;

        text_add(t, "  ring %u  %08x  %08x %s", p->trail[i % TRAIL].ring, p->trail[i % TRAIL].pc,
                 insn, insn_info(insn_decode(insn).id)->name);
        if (p->trail[i % TRAIL].cause != 0xffffffff)
            text_add(t, "  trap %08x", p->trail[i % TRAIL].cause);
        text_add(t, "\n");
    }
}

/* Fails the test if the two differ; `step` counts from the beginning of the round. */
static void compare(struct pair *p, unsigned round, unsigned step)
{
    char buffer[4096];
    struct text t = text_init(buffer, sizeof buffer);
    const struct cpu_regs *a = machine_regs(p->machine), *b = &p->model.r;
    struct machine_guest guest;
    bool equal = a->pc == b->pc && a->ring == b->ring &&
                 machine_guest(p->machine, &guest) == p->model.guest.on;

    for (unsigned n = 0; n < 32; n++) {
        if (a->x[n] != b->x[n])
            text_add(&t, "x%u: machine %08x model %08x\n", n, a->x[n], b->x[n]);
        equal &= a->x[n] == b->x[n];
    }
    for (unsigned n = 0; n < csr_count; n++) {
        word mine = 0, number = csr_table[n].number, theirs = model_csr(&p->model, number);

        if (!machine_csr_read(p->machine, number, &mine) || mine != theirs) {
            text_add(&t, "%s: machine %08x model %08x\n", csr_table[n].name, mine, theirs);
            equal = false;
        }
    }
    if (equal)
        return;
    text_add(&t, "pc: machine %08x model %08x; ring: %u, %u; in a guest: %d, %d\n", a->pc, b->pc,
             a->ring, b->ring, machine_guest(p->machine, &guest), p->model.guest.on);
    text_add(&t, "%s, TLB of %u\n", p->model.classic ? "classic" : "strict", p->model.tlb_size);
    describe_trail(&t, p);
    ck_abort_msg("seed %llu round %u step %u\n%s", (unsigned long long)p->seed, round, step,
                 buffer);
}

/* Which VM it is, an exit or entry knows from the contexts too. */
static bool same_event(const struct event *a, const struct event *b)
{
    bool vm = a->kind == EVENT_exit || a->kind == EVENT_entry;

    return a->icount == b->icount && a->cycle == b->cycle && a->kind == b->kind &&
           a->ring_from == b->ring_from && a->ring_to == b->ring_to && a->pc == b->pc &&
           a->insn == b->insn && a->cause == b->cause && a->tval == b->tval &&
           (vm || a->a == b->a) && (a->kind == EVENT_entry || a->b == b->b);
}

static void describe_event(struct text *t, const char *whose, const struct events *list, unsigned n)
{
    const struct event *e = &list->list[n];

    if (n >= list->count) {
        text_add(t, "%s: nothing more\n", whose);
        return;
    }
    text_add(t,
             "%s: %s at step %llu cycle %llu pc %08x insn %08x ring %u to %u cause %08x tval %08x "
             "a %08x b %08x\n",
             whose, event_info(e->kind)->name, (unsigned long long)e->icount,
             (unsigned long long)e->cycle, e->pc, e->insn, e->ring_from, e->ring_to, e->cause,
             e->tval, e->a, e->b);
}

static void compare_events(struct pair *p, unsigned round)
{
    char buffer[4096];
    struct text t = text_init(buffer, sizeof buffer);

    for (unsigned n = 0; n < p->mine.count || n < p->theirs.count; n++) {
        if (n < p->mine.count && n < p->theirs.count &&
            same_event(&p->mine.list[n], &p->theirs.list[n]))
            continue;
        describe_event(&t, "machine", &p->mine, n);
        describe_event(&t, "model", &p->theirs, n);
        describe_trail(&t, p);
        ck_abort_msg("seed %llu round %u: event %u of a piece differs\n%s",
                     (unsigned long long)p->seed, round, n, buffer);
    }
    p->mine.count = p->theirs.count = 0;
}

/* The machine stopped early: the model must say why. */
static void compare_end(const struct pair *p, enum machine_stop stop, unsigned round)
{
    enum machine_shutdown why = machine_shutdown(p->machine);
    enum model_end end = p->model.end;
    char buffer[4096];
    struct text t = text_init(buffer, sizeof buffer);
    bool agreed;

    if (stop == STOP_INPUT || why == SHUTDOWN_wait_forever)
        agreed = end == MODEL_WAITS;
    else if (why == SHUTDOWN_no_vector)
        agreed = end == MODEL_NO_VECTOR;
    else if (why == SHUTDOWN_bad_vector)
        agreed = end == MODEL_BAD_VECTOR;
    else if (why == SHUTDOWN_trap_loop)
        agreed = p->handler_traps >= 1; /* the same state again: it would never end */
    else
        agreed = stop == STOP_BUDGET && end == MODEL_RUNS;
    if (agreed)
        return;
    describe_trail(&t, p);
    ck_abort_msg("seed %llu round %u: stop %d, shutdown %d, but the model ends with %d\n%s",
                 (unsigned long long)p->seed, round, stop, why, end, buffer);
}

static void compare_ram(struct pair *p)
{
    uint8_t *mine = malloc(p->model.ram_size);

    ck_assert(machine_read(p->machine, RAM_BASE, mine, p->model.ram_size));
    for (uint32_t i = 0; memcmp(mine, p->model.ram, p->model.ram_size) != 0; i++) {
        if (mine[i] == p->model.ram[i])
            continue;
        ck_abort_msg("seed %llu: RAM at %08x: machine %02x model %02x", (unsigned long long)p->seed,
                     RAM_BASE + i, mine[i], p->model.ram[i]);
    }
    free(mine);
}

static enum machine_stop run_machine(struct pair *p, unsigned steps)
{
    struct machine *m = p->machine;
    struct snapshot *s;
    struct error err;

    if (rig_hard()) { /* there, back, and there again */
        ck_assert_msg(snapshot_take(&s, m, &err) == 0, "%s", err.text);
        machine_run(m, steps);
        p->mine.count = 0;
        ck_assert_msg(snapshot_restore(s, m, &err) == 0, "%s", err.text);
        snapshot_free(s);
    }
    return machine_run(m, steps);
}

/* Runs both for `steps`; false when one came to an end and the seed is over. */
static bool advance(struct pair *p, unsigned round, unsigned step, unsigned steps)
{
    model_steps(p, steps);
    if (p->model.end == MODEL_OUTSIDE)
        return false;

    enum machine_stop stop = run_machine(p, steps);

    compare_end(p, stop, round);
    if (stop != STOP_BUDGET)
        return false;
    compare(p, round, step + steps);
    compare_events(p, round);
    return true;
}

enum way { BY_STEPS, BY_PIECES, WATCHED };

static void run_seed(uint64_t seed, enum way way)
{
    struct pair *p = malloc(sizeof *p);
    bool goes_on = true;

    pair_init(p, seed);
    if (way == WATCHED)
        watch(p);
    for (unsigned round = 0; goes_on && round < ROUNDS; round++) {
        pair_set(p);
        for (unsigned step = 0; goes_on && step < (way == BY_STEPS ? STEPS : 4 * STEPS);) {
            unsigned longest = rng_percent(&p->g, 50) ? 20 : 300;
            unsigned steps = way == BY_STEPS ? 1 : 1 + rng_below(&p->g, longest);

            goes_on = advance(p, round, step, steps);
            step += steps;
        }
    }
    if (p->model.end != MODEL_OUTSIDE)
        compare_ram(p);
    pair_fini(p);
    free(p);
}

static void run_seeds(enum way way)
{
    const char *only = getenv("TRAPEZE_SEED"), *count = getenv("TRAPEZE_SEEDS");
    uint64_t seeds = count ? strtoull(count, NULL, 0) : SLOW ? SEEDS / 3 : SEEDS;

    if (only) {
        run_seed(strtoull(only, NULL, 0), way);
        return;
    }
    for (uint64_t seed = 1; seed <= seeds; seed++)
        run_seed(seed, way);
}

START_TEST(the_machine_and_the_model_agree_after_every_step)
{
    run_seeds(BY_STEPS);
}
END_TEST

START_TEST(the_machine_and_the_model_agree_after_pieces_of_any_length)
{
    run_seeds(BY_PIECES);
}
END_TEST

/* Every event too: instructions, accesses, walks, TLB, traps, holes, with their cycles. */
START_TEST(the_machine_and_the_model_agree_on_every_event)
{
    run_seeds(WATCHED);
}
END_TEST

Suite *suite_machine_lockstep(void);
Suite *suite_machine_lockstep(void)
{
    Suite *s = suite_create("machine_lockstep");
    TCase *c = tcase_create("lockstep");

    tcase_set_timeout(c, 120);
    tcase_add_test(c, the_machine_and_the_model_agree_after_every_step);
    tcase_add_test(c, the_machine_and_the_model_agree_after_pieces_of_any_length);
    tcase_add_test(c, the_machine_and_the_model_agree_on_every_event);
    suite_add_tcase(s, c);
    return s;
}
