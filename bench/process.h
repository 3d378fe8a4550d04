/*
 * Another program, run to its end: what it printed, how it ended, the processor time it took.
 */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include "base/error.h"
#include "base/types.h"

#define PROCESS_SECONDS 300 /* then it is killed */

struct process {
    int status;       /* its exit code; 128 + n: killed by signal n */
    double seconds;   /* user and system time of the whole process */
    char output[256]; /* the beginning of its standard output */
};

/* Whether a program of that name can be run. */
bool process_exists(const char *name);
/* argv ends with NULL. Fails when it cannot be started. */
int process_run(struct process *p, const char *const *argv, struct error *err);

#endif
