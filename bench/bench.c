/*
 * Runs workloads and says how fast: bench [-n TIMES] FILE.elf...
 *
 * The time is the process's own processor time of the best of TIMES runs, everything from the
 * first instruction to power-off; instructions are the machine's steps.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "machine/machine.h"

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int run(const struct image *image, double *seconds, uint64_t *steps, struct error *err)
{
    struct machine_config config = machine_config_default();
    struct machine_program program = {.image = image};
    struct machine *m;

    if (machine_new(&m, &config, err))
        return err->code;
    if (machine_load(m, &program, err))
        goto fail;
    double start = now();
    enum machine_stop stop = machine_run(m, 20000000000);
    *seconds = now() - start;
    *steps = machine_icount(m);
    if (stop != STOP_HALTED || machine_status(m) != 0)
        error_set(err, ERROR_check, "%s: wrong result: stop %d, status %u, pc %08x", image->path,
                  stop, machine_status(m), machine_regs(m)->pc);
fail:
    machine_free(m);
    return err->code;
}

static int measure(const char *path, int times, double *mips, struct error *err)
{
    struct image image;
    double best = 0, seconds = 0;
    uint64_t steps = 0;

    if (image_read(&image, path, err))
        return err->code;
    for (int i = 0; i < times && !err->code; i++) {
        run(&image, &seconds, &steps, err);
        if (i == 0 || seconds < best)
            best = seconds;
    }
    image_free(&image);
    if (err->code)
        return err->code;
    *mips = (double)steps / best / 1e6;
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    printf("%-12s %12llu instructions %8.3f s %8.1f MIPS\n", name, (unsigned long long)steps, best,
           *mips);
    return 0;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    int times = 3, first = 1;
    double product = 0;

    if (argc > 2 && strcmp(argv[1], "-n") == 0) {
        times = atoi(argv[2]);
        first = 3;
    }
    for (int i = first; i < argc; i++) {
        double mips = 0;
        if (measure(argv[i], times, &mips, &err)) {
            fprintf(stderr, "bench: %s\n", err.text);
            return error_exit_code(err.code);
        }
        product += log(mips);
    }
    if (argc > first)
        printf("%-12s %46.1f MIPS\n", "mean", exp(product / (argc - first)));
    return 0;
}
