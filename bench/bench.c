/*
 * make bench: how fast the machine is, beside others, and what watching it costs.
 *
 *   bench [-n ROUNDS] [--json] [--figures] [-- COMPILER ARGUMENTS...]
 *
 * --figures leaves the comparison out.
 *
 * Run from the top of the repository, after bench/run has built the workloads. Every figure is
 * measured now: the middle of ROUNDS rounds, with the distance between the quartiles. The exit
 * code is 0 when every result was right and all who count agree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/figures.h"
#include "bench/peers.h"

#define ROUNDS_DEFAULT 5

struct bench {
    int rounds;
    bool json;
    bool figures_only;
    const char *const *compiler; /* a command, NULL: not measured */
    struct peers peers;
    struct figures figures;
};

/* ---- text ------------------------------------------------------------------------------- */

static void print_times(const struct peers *p)
{
    printf("\nseconds of processor time, whole process: median and distance of the quartiles\n\n");
    printf("%-9s %14s", "workload", "instructions");
    for (unsigned peer = 0; peer < PEER_COUNT; peer++)
        printf(" %14s", peer_name((enum peer)peer));
    for (unsigned work = 0; work < PEER_WORKS; work++) {
        printf("\n%-9s %14llu", peer_works[work],
               (unsigned long long)p->instructions[PEER_TRAPEZE][work]);
        for (unsigned peer = 0; peer < PEER_COUNT; peer++) {
            const struct samples *s = &p->seconds[peer][work];
            if (s->count)
                printf("   %6.3f +-%2.0f%%", samples_median(s), samples_spread(s));
            else
                printf(" %14s", "-");
        }
    }
    printf("\n");
}

/* Speed, and against the reference; "-" for what was not measured. */
static void print_speed(double mips, double ratio)
{
    if (mips > 0)
        printf("  %7.0f", mips);
    else
        printf("  %7s", "");
    if (ratio > 0)
        printf(" %5.2fx", ratio);
    else
        printf(" %6s", "-");
}

static void print_speeds(const struct peers *p)
{
    printf("\nmillion instructions per second; times the speed of %s\n\n%-9s",
           peer_name(PEER_QEMU_ICOUNT), "workload");
    for (unsigned peer = 0; peer < PEER_COUNT; peer++)
        printf(" %15s", peer_name((enum peer)peer));
    for (unsigned work = 0; work < PEER_WORKS; work++) {
        printf("\n%-9s", peer_works[work]);
        for (unsigned peer = 0; peer < PEER_COUNT; peer++) {
            double seconds = samples_median(&p->seconds[peer][work]);
            double mips =
                seconds > 0 ? (double)p->instructions[PEER_TRAPEZE][work] / seconds / 1e6 : 0;
            print_speed(mips, peers_ratio(p, (enum peer)peer, work));
        }
    }
    printf("\n%-9s", "mean");
    for (unsigned peer = 0; peer < PEER_COUNT; peer++)
        print_speed(0, peers_mean(p, (enum peer)peer));
    printf("\n");
}

static void print_peers(const struct peers *p)
{
    print_times(p);
    print_speeds(p);
    if (p->present[PEER_QEMU_ICOUNT])
        printf("\nInstructions of main, counted by trapeze and by %s: equal in all workloads.\n",
               peer_name(PEER_QEMU_ICOUNT));
    for (unsigned peer = 0; peer < PEER_COUNT; peer++)
        if (!p->present[peer])
            printf("\nSkipped: %s, for there is no %s (Debian: apt install %s).\n",
                   peer_name((enum peer)peer), peer_program((enum peer)peer),
                   peer == PEER_QEMU_USER ? "qemu-user" : "qemu-system-misc");
}

static void print_figures(const struct figures *f)
{
    printf("\n");
    for (unsigned i = 0; i < f->count; i++) {
        const struct figure *g = &f->list[i];
        double value = samples_median(&g->values);
        printf("%-26s %12.*f %-4s", g->name, *g->unit ? 3 : 0, value, g->unit);
        if (g->values.count > 1)
            printf(" +-%2.0f%%", samples_spread(&g->values));
        else
            printf("      ");
        printf("  %s\n", g->meaning);
    }
}

/* ---- JSON ------------------------------------------------------------------------------- */

/* Names are plain words of this program: nothing in them needs an escape. */
static void print_json(const struct bench *b)
{
    const struct peers *p = &b->peers;

    printf("{\"rounds\":%d,\"comparison\":[", b->rounds);
    for (unsigned peer = 0; peer < PEER_COUNT; peer++) {
        printf("%s{\"engine\":\"%s\",\"present\":%s,\"mean_ratio\":%.4f,\"workloads\":[",
               peer ? "," : "", peer_name((enum peer)peer), p->present[peer] ? "true" : "false",
               peers_mean(p, (enum peer)peer));
        for (unsigned work = 0; work < PEER_WORKS; work++) {
            const struct samples *s = &p->seconds[peer][work];
            printf("%s{\"workload\":\"%s\",\"instructions\":%llu,\"seconds\":%.6f,"
                   "\"spread_percent\":%.2f,\"ratio\":%.4f}",
                   work ? "," : "", peer_works[work],
                   (unsigned long long)p->instructions[peer][work], samples_median(s),
                   samples_spread(s), peers_ratio(p, (enum peer)peer, work));
        }
        printf("]}");
    }
    printf("],\"figures\":[");
    for (unsigned i = 0; i < b->figures.count; i++) {
        const struct figure *g = &b->figures.list[i];
        printf("%s{\"name\":\"%s\",\"unit\":\"%s\",\"value\":%.6f,\"spread_percent\":%.2f}",
               i ? "," : "", g->name, g->unit, samples_median(&g->values),
               samples_spread(&g->values));
    }
    printf("]}\n");
}

/* ---- all -------------------------------------------------------------------------------- */

static int measure(struct bench *b, struct error *err)
{
    peers_find(&b->peers);
    for (int round = 0; round < b->rounds; round++) {
        fprintf(stderr, "\rround %d of %d ", round + 1, b->rounds);
        if ((!b->figures_only && peers_round(&b->peers, err)) || figures_round(&b->figures, err))
            return err->code;
    }
    fprintf(stderr, "\r%*s\r", 30, "");
    return b->compiler ? figures_compile(&b->figures, b->compiler, err) : 0;
}

static bool parse(struct bench *b, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            b->json = true;
        } else if (strcmp(argv[i], "--figures") == 0) {
            b->figures_only = true;
        } else if (strcmp(argv[i], "-n") == 0 && i + 1 < argc) {
            b->rounds = atoi(argv[++i]);
        } else if (strcmp(argv[i], "--") == 0 && i + 1 < argc) {
            b->compiler = (const char *const *)&argv[i + 1];
            break;
        } else {
            return false;
        }
    }
    return b->rounds > 0 && b->rounds <= (int)SAMPLES_MAX;
}

int main(int argc, char **argv)
{
    struct bench b = {
        .rounds = ROUNDS_DEFAULT,
        .peers = {.directory = "build/bench", .trapeze = "build/release/trapeze"},
        .figures = {.directory = "build/bench", .guests = "build/guest"},
    };
    struct error err = {0};

    if (!parse(&b, argc, argv)) {
        fprintf(
            stderr,
            "usage: bench [-n ROUNDS, 1 to %u] [--json] [--figures] [-- COMPILER ARGUMENTS...]\n",
            SAMPLES_MAX);
        return 2;
    }
    if (measure(&b, &err)) {
        fprintf(stderr, "\nbench: %s\n", err.text);
        return error_exit_code(err.code);
    }
    if (b.json) {
        print_json(&b);
        return 0;
    }
    printf("%d rounds\n", b.rounds);
    if (!b.figures_only)
        print_peers(&b.peers);
    print_figures(&b.figures);
    return 0;
}
