/*
 * The program under a shell, its three streams in temporary files: no pipe can fill up and
 * nothing has to be waited for but the child.
 */
#include "tests/cli/spawn.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *read_all(FILE *f)
{
    size_t size = 0, room = 4096;
    char *data = malloc(room);

    rewind(f);
    for (;;) {
        ck_assert_ptr_nonnull(data);
        size += fread(data + size, 1, room - size - 1, f);
        if (size < room - 1)
            break;
        room *= 2;
        data = realloc(data, room);
    }
    data[size] = '\0';
    fclose(f);
    return data;
}

struct spawned spawn(const char *command, const char *input)
{
    FILE *in = tmpfile(), *out = tmpfile(), *err = tmpfile();
    struct spawned result = {0};
    int status = 0;

    ck_assert(in && out && err);
    if (input)
        fputs(input, in);
    fflush(in);
    rewind(in);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(fileno(in), STDIN_FILENO);
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(err), STDERR_FILENO);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    fclose(in);
    result.out = read_all(out);
    result.err = read_all(err);
    return result;
}

void spawned_free(struct spawned *s)
{
    free(s->out);
    free(s->err);
}
