/*
 * What a guest costs the host, by technique: guests
 *
 *   compute   the teaching OS runs `queens 13`; host MIPS of the guest's instructions (those of the
 *             bare machine, over the processor time of the whole run), and in percent of the bare
 *             machine's
 *   boot      processor time from power-on to the shell's first prompt, under the monitor
 *   64 VMs    as many small VMs as the monitor holds, each with the kernel of the micro-benchmarks
 *
 * The bare machine and the techniques alternate; the best of ROUNDS each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "world/world.h"

#define ROUNDS   3
#define STEPS    4000000000u
#define VM_COUNT 64
#define COMPUTE  "init=queens,13 quiet"

static const struct technique {
    const char *name; /* NULL: the bare machine */
    const char *kernel;
    bool classic, vt, npt;
} techniques[] = {
    {NULL, "os.elf", false, false, false},    {"full", "os.elf", false, false, false},
    {"bt", "os.elf", true, false, false},     {"para", "os-pv.elf", false, false, false},
    {"assist", "os.elf", false, true, false}, {"npt", "os.elf", false, true, true},
};

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static _Noreturn void fail(const char *what, const char *why)
{
    fprintf(stderr, "guests: %s: %s\n", what, why);
    exit(1);
}

/* One run to its end, or to a text on the console; *instret and *status may be NULL. */
static double run(const struct technique *t, uint32_t ram, const char *cmdline, const char *text,
                  uint64_t *instret, word *status)
{
    char kernel[64];
    struct host_module modules[] = {{"k", kernel}, {"programs", "build/guest/programs.pack"}};
    struct host_program program = {.image = t->name ? "build/guest/vmm.elf" : kernel,
                                   .modules = t->name ? modules : modules + 1,
                                   .module_count = t->name ? 2 : 1,
                                   .cmdline = cmdline};
    struct machine_config config = machine_config_default();
    struct goal goal = {.kind = text ? GOAL_TEXT : GOAL_END, .budget = STEPS};
    struct world *world = NULL;
    struct host *host;
    struct error err;

    snprintf(kernel, sizeof kernel, "build/guest/%s", t->kernel);
    config.ram_size = ram;
    config.classic = t->classic;
    config.vt = t->vt;
    config.npt = t->npt;
    if (world_new(&world, &err) || world_add(world, NULL, &config, &host, &err) ||
        host_load(host, &program, &err))
        fail("cannot begin", err.text);
    if (text)
        snprintf(goal.text, sizeof goal.text, "%s", text);
    host_set_goal(host, &goal);
    double start = seconds();
    host_advance(host, STEPS);
    double took = seconds() - start;
    if (host_goal(host) != GOAL_REACHED)
        fail(t->name ? t->name : "bare", host_console(host, NULL));
    if (instret)
        *instret = machine_instret(host_machine(host));
    if (status)
        *status = machine_status(host_machine(host));
    world_free(world);
    return took;
}

static const char *vm_words(const struct technique *t, const char *inner, char *buffer, size_t size)
{
    if (!t->name)
        return inner;
    snprintf(buffer, size, "vm=os technique=%s ram=8M kernel=k modules=programs cmdline={%s}",
             t->name, inner);
    return buffer;
}

static double best(const struct technique *t, const char *inner, const char *text,
                   uint64_t *instret, double before)
{
    char words[256];
    word status = 0;
    double took = run(t, t->name ? 32u << 20 : 8u << 20, vm_words(t, inner, words, sizeof words),
                      text, instret, &status);

    if (status)
        fail(t->name ? t->name : "bare", "ended with another status than 0");
    return before == 0 || took < before ? took : before;
}

static void many(void)
{
    static const struct technique small = {"full", "micro.elf", false, false, false};
    static char cmdline[2048];
    size_t length = 0;
    word status;

    for (unsigned i = 0; i < VM_COUNT; i++)
        length += (size_t)snprintf(cmdline + length, sizeof cmdline - length,
                                   "vm=v%u ram=1M kernel=k ", i);
    double took = run(&small, 192u << 20, cmdline, NULL, NULL, &status);
    printf("\n%u VMs of 1 MiB by trap and emulate, each a run of micro.elf: %.0f ms, status %u\n",
           VM_COUNT, took * 1e3, status);
}

int main(void)
{
    double compute[sizeof techniques / sizeof techniques[0]] = {0};
    double boot[sizeof techniques / sizeof techniques[0]] = {0};
    uint64_t instret = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < sizeof techniques / sizeof techniques[0]; i++) {
            compute[i] = best(&techniques[i], COMPUTE, NULL, i ? NULL : &instret, compute[i]);
            boot[i] = best(&techniques[i], "", "$ ", NULL, boot[i]);
        }
    }
    printf("\nguests, in the host's time (best of %u)\n%-10s %10s %10s %10s\n", ROUNDS, "", "MIPS",
           "of bare", "boot, ms");
    for (unsigned i = 0; i < sizeof techniques / sizeof techniques[0]; i++)
        printf("%-10s %10.0f %9.1f%% %10.2f\n", techniques[i].name ? techniques[i].name : "bare",
               (double)instret / compute[i] * 1e-6, 100 * compute[0] / compute[i], boot[i] * 1e3);
    many();
    return 0;
}
