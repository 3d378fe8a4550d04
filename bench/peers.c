/* Runs workloads on engines; see peers.h. */
#include "bench/peers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/process.h"

#define ARGUMENTS_MAX 16

const char *const peer_works[PEER_WORKS] = {"mix", "records", "sort", "queens"};

/* "@" stands for the built workload, whose name ends with `kind`. */
static const struct engine {
    const char *name;
    const char *program; /* NULL: our own, or the workload itself */
    const char *kind;
    const char *arguments[ARGUMENTS_MAX];
} engines[PEER_COUNT] = {
    [PEER_TRAPEZE] = {"trapeze", NULL, "trapeze.elf", {"run", "@"}},
    [PEER_QEMU_ICOUNT] = {"qemu-icount",
                          "qemu-system-riscv32",
                          "virt.elf",
                          {"-M", "virt", "-bios", "none", "-display", "none", "-monitor", "none",
                           "-serial", "stdio", "-icount", "shift=0,sleep=off", "-kernel", "@"}},
    [PEER_QEMU] = {"qemu-system",
                   "qemu-system-riscv32",
                   "virt.elf",
                   {"-M", "virt", "-bios", "none", "-display", "none", "-monitor", "none",
                    "-serial", "stdio", "-kernel", "@"}},
    [PEER_QEMU_USER] = {"qemu-user", "qemu-riscv32", "linux.elf", {"@"}},
    [PEER_NATIVE] = {"native", NULL, "native", {NULL}},
};

const char *peer_name(enum peer peer)
{
    return engines[peer].name;
}

const char *peer_program(enum peer peer)
{
    return engines[peer].program;
}

void peers_find(struct peers *p)
{
    for (unsigned i = 0; i < PEER_COUNT; i++)
        p->present[i] = !engines[i].program || process_exists(engines[i].program);
}

/* Only the two that count alike print what is compared. */
static uint64_t count_in(enum peer peer, const char *output)
{
    const char *text = strstr(output, "instructions ");

    if (!text || (peer != PEER_TRAPEZE && peer != PEER_QEMU_ICOUNT))
        return 0;
    return strtoull(text + strlen("instructions "), NULL, 16);
}

static int run_one(struct peers *p, enum peer peer, unsigned work, struct error *err)
{
    const struct engine *e = &engines[peer];
    const char *argv[ARGUMENTS_MAX + 2];
    char file[1024];
    struct process result;
    unsigned n = 0;

    snprintf(file, sizeof file, "%s/%s.%s", p->directory, peer_works[work], e->kind);
    argv[n++] = e->program ? e->program : peer == PEER_TRAPEZE ? p->trapeze : file;
    for (unsigned i = 0; i < ARGUMENTS_MAX && e->arguments[i]; i++)
        argv[n++] = strcmp(e->arguments[i], "@") == 0 ? file : e->arguments[i];
    argv[n] = NULL;
    if (process_run(&result, argv, err))
        return err->code;
    if (result.status != 0)
        return error_set(err, ERROR_check, "%s on %s: ended with %d: %s", peer_works[work], e->name,
                         result.status, result.output);
    samples_add(&p->seconds[peer][work], result.seconds);
    uint64_t count = count_in(peer, result.output), *known = &p->instructions[peer][work];
    if (*known != 0 && *known != count)
        return error_set(err, ERROR_check, "%s on %s: %llu instructions, %llu the last time",
                         peer_works[work], e->name, (unsigned long long)count,
                         (unsigned long long)*known);
    *known = count;
    return 0;
}

static int compare_counts(const struct peers *p, unsigned work, struct error *err)
{
    uint64_t ours = p->instructions[PEER_TRAPEZE][work];
    uint64_t theirs = p->instructions[PEER_QEMU_ICOUNT][work];

    if (ours == 0)
        return error_set(err, ERROR_check, "%s: trapeze says no count", peer_works[work]);
    if (p->present[PEER_QEMU_ICOUNT] && ours != theirs)
        return error_set(err, ERROR_check, "%s: trapeze counts %llu instructions, qemu %llu",
                         peer_works[work], (unsigned long long)ours, (unsigned long long)theirs);
    return 0;
}

int peers_round(struct peers *p, struct error *err)
{
    for (unsigned work = 0; work < PEER_WORKS; work++) {
        for (unsigned peer = 0; peer < PEER_COUNT; peer++)
            if (p->present[peer] && run_one(p, (enum peer)peer, work, err))
                return err->code;
        if (compare_counts(p, work, err))
            return err->code;
    }
    return 0;
}

double peers_ratio(const struct peers *p, enum peer peer, unsigned work)
{
    double own = samples_median(&p->seconds[peer][work]);
    double reference = samples_median(&p->seconds[PEER_QEMU_ICOUNT][work]);

    return own > 0 ? reference / own : 0;
}

double peers_mean(const struct peers *p, enum peer peer)
{
    double sum = 0;

    for (unsigned work = 0; work < PEER_WORKS; work++) {
        double ratio = peers_ratio(p, peer, work);
        if (ratio <= 0)
            return 0;
        sum += log(ratio);
    }
    return exp(sum / PEER_WORKS);
}
