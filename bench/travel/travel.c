/*
 * Measures time travel: travel [-n STEPS] [FILE.elf...]
 *
 * Each program runs for STEPS steps (10^9, or to its end) on a machine with 64 MiB, with the
 * recording of its history off and on, alternating; then it goes back by one step from places all
 * over the way between two snapshots, and back by more. Besides the files: the teaching OS, which computes primes, and the worst
 * case, a program that writes to all of RAM all the time.
 *
 *   slowdown   on / off, the best of ROUNDS each
 *   back 1     milliseconds for a step back: the middle one, and the slowest of BACKS
 *   back 1%    for a hundredth of the way
 *   held       MiB that the snapshots take, by their own account
 *   grown      MiB that the process has grown by while recording (the machine's own RAM, which it
 *              touches then, included), as the system sees it
 *
 * All times are the process's own processor time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "world/timeline.h"
#include "world/world.h"

#define OS     "build/guest/os.elf"
#define RAM    (64u << 20)
#define SLICE  10000000u
#define TYPED  "primes 20000\n"
#define ROUNDS 2
#define BACKS  25
#define APART  400009u /* steps from one step back to the next */
#define MIB    (1024.0 * 1024.0)

struct result {
    double off, on;         /* seconds */
    double median, slowest; /* milliseconds */
    double hundredth;       /* milliseconds */
    double held, grown;     /* MiB */
    uint64_t steps;
    unsigned snapshots;
};

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double resident(void)
{
    long size = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (f) {
        if (fscanf(f, "%ld %ld", &size, &pages) != 2)
            pages = 0;
        fclose(f);
    }
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / MIB;
}

/* for (;;) for (p = RAM + 4096; p != end; p += 4096) *p = ++n */
static const word dirty[] = {
    0x800012b7, /* lui t0, 0x80001 */
    0x84000337, /* lui t1, 0x84000 */
    0x000013b7, /* lui t2, 1 */
    0x00150513, /* addi a0, a0, 1 */
    0x00a2a023, /* sw a0, 0(t0) */
    0x007282b3, /* add t0, t0, t2 */
    0xfe629ae3, /* bne t0, t1, -12 */
    0xfe5ff06f, /* j -28 */
};

static int begin(struct world **w, struct host **h, const char *path, struct error *err)
{
    struct machine_config config = machine_config_default();
    struct host_module pack = {"programs", "build/guest/programs.pack"};
    struct host_program program = {.image = path};
    struct cpu_regs regs = {.pc = RAM_BASE};

    config.ram_size = RAM;
    *w = NULL;
    if (world_new(w, err) || world_add(*w, NULL, &config, h, err))
        return err->code;
    program.modules = &pack;
    program.module_count = path && strcmp(path, OS) == 0;
    if (path)
        return host_load(*h, &program, err);
    host_write(*h, RAM_BASE, dirty, sizeof dirty);
    machine_set_regs(host_machine(*h), &regs);
    return 0;
}

static double run(struct host *h, uint64_t steps)
{
    double start = seconds();
    uint64_t now;

    while ((now = machine_icount(host_machine(h))) < steps) {
        enum advance a = host_advance(h, steps - now < SLICE ? steps - now : SLICE);
        if (a == ADVANCE_INPUT)
            host_input(h, TYPED, strlen(TYPED));
        else if (a != ADVANCE_SLICE)
            break;
    }
    return seconds() - start;
}

static int back(struct host *h, uint64_t steps, double *ms, struct error *err)
{
    double start = seconds();
    int code = timeline_back(h, steps, err);

    *ms = (seconds() - start) * 1e3;
    return code;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* A step back, and on; a snapshot that the way back has left there is one like any other. */
static int go_back(struct host *h, struct result *r, struct error *err)
{
    double ms[BACKS];
    int code = 0;

    for (unsigned i = 0; i < BACKS && code == 0; i++) {
        code = back(h, 1, &ms[i], err);
        run(h, machine_icount(host_machine(h)) + APART);
    }
    if (code)
        return code;
    qsort(ms, BACKS, sizeof ms[0], by_size);
    r->median = ms[BACKS / 2];
    r->slowest = ms[BACKS - 1];
    return back(h, r->steps / 100, &r->hundredth, err);
}

static int with_recording(const char *path, uint64_t steps, struct result *r, bool travel,
                          struct error *err)
{
    struct world *w;
    struct host *h;
    int code = begin(&w, &h, path, err);

    if (code == 0)
        code = timeline_start(h, NULL, err);
    if (code == 0) {
        double before = resident(), time = run(h, steps);

        r->on = r->on == 0 || time < r->on ? time : r->on;
        r->steps = machine_icount(host_machine(h));
        if (r->grown == 0)
            r->grown = resident() - before;
        r->held = (double)timeline_stats(h).bytes / MIB;
        r->snapshots = timeline_stats(h).snapshots;
        if (travel)
            code = go_back(h, r, err);
    }
    world_free(w);
    return code;
}

static int without(const char *path, uint64_t steps, struct result *r, struct error *err)
{
    struct world *w;
    struct host *h;
    int code = begin(&w, &h, path, err);

    if (code == 0) {
        double time = run(h, steps);
        r->off = r->off == 0 || time < r->off ? time : r->off;
    }
    world_free(w);
    return code;
}

static int measure(const char *path, uint64_t steps, struct error *err)
{
    struct result r = {0};
    int code = 0;

    for (unsigned i = 0; i < ROUNDS && code == 0; i++) {
        code = without(path, steps, &r, err);
        if (code == 0)
            code = with_recording(path, steps, &r, i + 1 == ROUNDS, err);
    }
    if (code)
        return code;
    const char *name = !path ? "all RAM" : strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    printf("%-12s %11llu %8.1f %7.1f %% %8.1f %8.1f %8.1f %6u %7.1f %7.1f\n", name,
           (unsigned long long)r.steps, (double)r.steps / r.on / 1e6, (r.on / r.off - 1) * 100,
           r.median, r.slowest, r.hundredth, r.snapshots, r.held, r.grown);
    fflush(stdout);
    return 0;
}

/* In a process of its own, so that what it has grown by is nobody else's. */
static int measure_apart(const char *path, uint64_t steps)
{
    struct error err;
    int status;
    pid_t child = fork();

    if (child < 0)
        return 1;
    if (child == 0) {
        int code = measure(path, steps, &err);
        if (code)
            fprintf(stderr, "travel: %s\n", err.text);
        _exit(error_exit_code((enum error_code)code));
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    uint64_t steps = 1000000000;
    int first = 1, code;

    if (argc > 2 && strcmp(argv[1], "-n") == 0) {
        steps = strtoull(argv[2], NULL, 0);
        first = 3;
    }
    printf("%-12s %11s %8s %9s %8s %8s %8s %6s %7s %7s\n", "recording", "steps", "MIPS", "slowdown",
           "back 1", "slowest", "back 1%", "snaps", "held", "grown");
    fflush(stdout);
    code = measure_apart(OS, steps);
    for (int i = first; i < argc && code == 0; i++)
        code = measure_apart(argv[i], steps);
    return code ? code : measure_apart(NULL, steps);
}
