/* Runs the built program the way a user does and keeps what it printed. */
#ifndef TESTS_CLI_SPAWN_H
#define TESTS_CLI_SPAWN_H

#include <stddef.h>

struct spawned {
    int exit_code; /* 128 + signal when a signal ended it */
    char *out;     /* standard output, NUL-terminated */
    char *err;     /* standard error */
};

/* `command` is a shell line in which $TRAPEZE is the program; `input` is its standard input. */
struct spawned spawn(const char *command, const char *input);
void spawned_free(struct spawned *s);

#endif
