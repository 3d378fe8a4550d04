/* Measures one machine in this process; see figures.h. */
#include "bench/figures.h"

#include <stdio.h>
#include <string.h>

#include "bench/boot.h"
#include "bench/process.h"
#include "machine/machine.h"
#include "trace/counters.h"
#include "trace/recorder.h"
#include "world/world.h"

#define STEPS_MAX     4000000000u
#define WATCHED_STEPS 20000000u
#define RECORDED      16384u
#define BOOTS         16u
#define STORMS        4u

/* ---- the list --------------------------------------------------------------------------- */

static struct figure *figure(struct figures *f, const char *name, const char *unit,
                             const char *meaning)
{
    for (unsigned i = 0; i < f->count; i++)
        if (strcmp(f->list[i].name, name) == 0)
            return &f->list[i];
    struct figure *new = &f->list[f->count++];
    *new = (struct figure){.name = name, .unit = unit, .meaning = meaning};
    return new;
}

static void sample(struct figures *f, const char *name, const char *unit, const char *meaning,
                   double value)
{
    samples_add(&figure(f, name, unit, meaning)->values, value);
}

/* Something that must be the same every time. */
static int count(struct figures *f, const char *name, const char *unit, const char *meaning,
                 uint64_t value, struct error *err)
{
    struct samples *s = &figure(f, name, unit, meaning)->values;

    if (s->count == 0)
        samples_add(s, (double)value);
    else if (s->value[0] != (double)value)
        return error_set(err, ERROR_check, "%s: %llu, and %.0f the first time", name,
                         (unsigned long long)value, s->value[0]);
    return 0;
}

/* ---- one run ---------------------------------------------------------------------------- */

/* What is run, and who listens. */
struct run {
    const char *work;
    uint32_t tlb;      /* entries, 0: as usual */
    uint64_t steps;    /* budget; 0: to the end, which must be a good one */
    uint32_t counted;  /* kinds of events that somebody counts */
    uint32_t recorded; /* and that the recorder takes */
};

struct outcome {
    double seconds;
    uint64_t steps, events, digest;
};

static void count_event(void *user, const struct event *e)
{
    (void)e;
    ++*(uint64_t *)user;
}

static int advance(struct machine *m, const struct run *r, struct outcome *o, struct error *err)
{
    double start = clock_own();
    enum machine_stop stop = machine_run(m, r->steps ? r->steps : STEPS_MAX);

    o->seconds = clock_own() - start;
    o->steps = machine_icount(m);
    o->digest = machine_digest(m);
    if (r->steps == 0 && (stop != STOP_HALTED || machine_status(m) != 0))
        return error_set(err, ERROR_check, "%s: wrong end: stop %d, status %u, pc %08x", r->work,
                         stop, machine_status(m), machine_regs(m)->pc);
    return 0;
}

static int listened(struct machine *m, const struct run *r, struct outcome *o, struct error *err)
{
    struct trace_subscriber counter = {.mask = r->counted, .fn = count_event, .user = &o->events};
    struct recorder recorder;
    int code;

    if (recorder_init(&recorder, RECORDED, err))
        return err->code;
    if (r->recorded)
        recorder_attach(&recorder, machine_trace(m), r->recorded);
    if (r->counted)
        trace_attach(machine_trace(m), &counter);
    code = advance(m, r, o, err);
    if (r->counted)
        trace_detach(machine_trace(m), &counter);
    if (r->recorded)
        o->events = recorder_total(&recorder);
    recorder_fini(&recorder);
    return code;
}

static int run(const struct figures *f, const struct run *r, struct outcome *o, struct error *err)
{
    struct machine_config config = machine_config_default();
    struct image image;
    struct machine *m = NULL;
    char path[1024];

    *o = (struct outcome){0};
    snprintf(path, sizeof path, "%s/%s.trapeze.elf", f->directory, r->work);
    if (r->tlb)
        config.tlb = r->tlb;
    if (image_read(&image, path, err))
        return err->code;
    struct machine_program program = {.image = &image};
    if (!machine_new(&m, &config, err) && !machine_load(m, &program, err))
        listened(m, r, o, err);
    machine_free(m);
    image_free(&image);
    return err->code;
}

/* ---- the figures ------------------------------------------------------------------------ */

static int measure_traps(struct figures *f, struct error *err)
{
    struct run plain = {.work = "traps"}, recorded = plain;
    struct outcome o, r;

    recorded.recorded = EVENT_BIT(EVENT_trap);
    if (run(f, &plain, &o, err) || run(f, &recorded, &r, err))
        return err->code;
    sample(f, "trap round trips", "M/s", "ecall to ring 0 and tret, six more instructions between",
           (double)r.events / o.seconds / 1e6);
    sample(f, "the same, recorded", "M/s", "the recorder takes every trap",
           (double)r.events / r.seconds / 1e6);
    return 0;
}

/* What a host listens to, as every user of world.h gets it or with parts of it off. */
enum keeping { KEEPS_NOTHING, KEEPS_COUNTERS, KEEPS_BOTH, KEEPINGS };

static double storm(struct host *h, enum keeping keeping)
{
    uint64_t left = STEPS_MAX;

    if (keeping == KEEPS_NOTHING)
        counters_detach(host_counters(h));
    if (keeping != KEEPS_BOTH)
        recorder_detach(host_recorder(h));
    double start = clock_own();
    while (left > 0 && host_advance(h, WATCHED_STEPS) == ADVANCE_SLICE)
        left -= WATCHED_STEPS;
    return clock_own() - start;
}

static int storm_in_world(const struct figures *f, enum keeping keeping, struct outcome *o,
                          struct error *err)
{
    struct machine_config config = machine_config_default();
    struct world *w = NULL;
    struct host *h;
    char path[1024];
    struct host_program program = {.image = path};

    snprintf(path, sizeof path, "%s/traps.trapeze.elf", f->directory);
    if (!world_new(&w, err) && !world_add(w, NULL, &config, &h, err) &&
        !host_load(h, &program, err)) {
        o->seconds += storm(h, keeping);
        o->steps = machine_icount(host_machine(h));
        o->events = counters_total(host_counters(h), EVENT_trap);
        o->digest = machine_digest(host_machine(h));
    }
    world_free(w);
    return err->code;
}

/* A program that does nothing but trap, in turns with and without those who listen. */
static int measure_storm(struct figures *f, struct error *err)
{
    struct outcome o[KEEPINGS] = {{0}};

    for (unsigned i = 0; i < STORMS; i++)
        for (unsigned k = 0; k < KEEPINGS; k++)
            if (storm_in_world(f, (enum keeping)k, &o[k], err))
                return err->code;
    for (unsigned k = 0; k < KEEPINGS; k++)
        if (o[k].digest != o[KEEPS_BOTH].digest || o[k].steps != o[KEEPS_BOTH].steps)
            return error_set(err, ERROR_check, "trap storm: whoever listens has changed it");
    double traps = (double)o[KEEPS_BOTH].events * STORMS;
    sample(f, "a trap, nobody listens", "ns", "of the host, and seven instructions, with world.h",
           o[KEEPS_NOTHING].seconds / traps * 1e9);
    sample(f, "a trap, as everybody runs", "ns", "four events: recorded and counted",
           o[KEEPS_BOTH].seconds / traps * 1e9);
    sample(f, "recorder, trap storm", "x", "time with all events recorded, against without",
           o[KEEPS_BOTH].seconds / o[KEEPS_COUNTERS].seconds);
    sample(f, "all, trap storm", "x", "time recorded and counted, against nobody listening",
           o[KEEPS_BOTH].seconds / o[KEEPS_NOTHING].seconds);
    return 0;
}

static int measure_memory(struct figures *f, struct error *err)
{
    struct run plain = {.work = "stride", .tlb = 64}, counted = plain;
    struct outcome o, filled;

    counted.counted = EVENT_BIT(EVENT_tlb);
    if (run(f, &plain, &o, err) || run(f, &counted, &filled, err))
        return err->code;
    sample(f, "TLB misses", "M/s", "every load from a new page, 64 entries",
           (double)filled.events / o.seconds / 1e6);
    return 0;
}

static int measure_rewriting(struct figures *f, struct error *err)
{
    struct run plain = {.work = "rewrite"};
    struct outcome o;

    if (run(f, &plain, &o, err))
        return err->code;
    sample(f, "code rewritten and called", "k/s", "two words written, fence.i, call",
           200e3 / o.seconds / 1e3);
    return 0;
}

/* The plain run must come to the same state: whether it counts exactly is seen here too. */
static int measure_watching(struct figures *f, struct error *err)
{
    struct run plain = {.work = "mix", .steps = WATCHED_STEPS}, watched = plain;
    struct outcome o, w;

    watched.counted = EVENT_BIT(EVENT_insn);
    if (run(f, &plain, &o, err) || run(f, &watched, &w, err))
        return err->code;
    if (w.events != w.steps || w.steps != o.steps || w.digest != o.digest)
        return error_set(err, ERROR_check,
                         "watched one by one: %llu instructions of %llu, and another state",
                         (unsigned long long)w.events, (unsigned long long)o.steps);
    sample(f, "per-instruction events", "MIPS", "somebody listens to every instruction",
           (double)w.steps / w.seconds / 1e6);
    return 0;
}

/* The names of a boot's figures. */
struct boot_names {
    const char *time, *recorded, *steps, *cycles, *exits;
};

/* One boot is short, so several make a sample, those with and without the recorder in turns. */
static int measure_boot(struct figures *f, bool monitor, const struct boot_names *names,
                        struct error *err)
{
    struct boot_how how = {.guests = f->guests, .monitor = monitor}, recorded = how, counted = how;
    struct boot b, r, c;
    double without = 0, with = 0;

    recorded.recorded = EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_exit);
    counted.counted = EVENT_BIT(EVENT_exit);
    if (boot_run(&c, &counted, err))
        return err->code;
    for (unsigned i = 0; i < BOOTS; i++) {
        if (boot_run(&b, &how, err) || boot_run(&r, &recorded, err))
            return err->code;
        if (b.digest != r.digest || b.digest != c.digest)
            return error_set(err, ERROR_check, "whoever listens has changed what happens");
        without += b.seconds;
        with += r.seconds;
    }
    sample(f, names->time, "ms", "of the host, to the shell's first prompt", without / BOOTS * 1e3);
    sample(f, names->recorded, "x", "time with all traps and exits recorded, against without",
           with / without);
    count(f, names->steps, "", "instructions and interrupts", b.steps, err);
    count(f, names->cycles, "", "simulated", b.cycles, err);
    if (monitor)
        count(f, names->exits, "", "from the VM to its monitor", c.counted, err);
    return err->code;
}

int figures_round(struct figures *f, struct error *err)
{
    static const struct boot_names native = {"boot of the OS", "recorder, native boot",
                                             "steps, native boot", "cycles, native boot", NULL};
    static const struct boot_names virtual = {"boot under the VMM", "recorder, VMM boot",
                                              "steps, VMM boot", "cycles, VMM boot",
                                              "exits, VMM boot"};

    if (measure_traps(f, err) || measure_storm(f, err) || measure_memory(f, err) ||
        measure_rewriting(f, err) || measure_watching(f, err) ||
        measure_boot(f, false, &native, err) || measure_boot(f, true, &virtual, err))
        return err->code;
    return 0;
}

int figures_compile(struct figures *f, const char *const *command, struct error *err)
{
    struct process p;

    if (process_run(&p, command, err))
        return err->code;
    if (p.status != 0)
        return error_set(err, ERROR_check, "%s: the interpreter does not compile", command[0]);
    sample(f, "compiling the interpreter", "s", "machine/exec.c, as the release build does",
           p.seconds);
    return 0;
}
