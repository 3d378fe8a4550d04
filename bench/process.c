/* Runs a program and measures it; see process.h. */
#include "bench/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT_START 127

bool process_exists(const char *name)
{
    const char *path = getenv("PATH");
    char file[1024];

    if (strchr(name, '/'))
        return access(name, X_OK) == 0;
    for (; path && *path; path += strcspn(path, ":"), path += *path == ':') {
        snprintf(file, sizeof file, "%.*s/%s", (int)strcspn(path, ":"), path, name);
        if (access(file, X_OK) == 0)
            return true;
    }
    return false;
}

static double children_seconds(void)
{
    struct rusage r;

    getrusage(RUSAGE_CHILDREN, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1e-6;
}

static void become(const char *const *argv, int output)
{
    int nothing = open("/dev/null", O_RDWR);

    dup2(nothing, 0);
    dup2(output, 1);
    alarm(PROCESS_SECONDS);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(CANNOT_START);
}

static void read_all(struct process *p, int from)
{
    char rest[4096];
    size_t used = 0;
    ssize_t n;

    while ((n = read(from, rest, sizeof rest)) > 0) {
        size_t room = sizeof p->output - 1 - used, take = (size_t)n < room ? (size_t)n : room;
        memcpy(p->output + used, rest, take);
        used += take;
    }
    p->output[used] = '\0';
}

int process_run(struct process *p, const char *const *argv, struct error *err)
{
    double before = children_seconds();
    int ends[2], status = 0;

    if (pipe(ends) != 0)
        return error_set(err, ERROR_io, "%s: no pipe", argv[0]);
    pid_t child = fork();
    if (child == 0)
        become(argv, ends[1]);
    close(ends[1]);
    if (child > 0)
        read_all(p, ends[0]);
    close(ends[0]);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return error_set(err, ERROR_io, "%s: no process", argv[0]);
    p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    p->seconds = children_seconds() - before;
    if (p->status == CANNOT_START)
        return error_set(err, ERROR_io, "%s: cannot be started", argv[0]);
    return 0;
}
