/*
 * Arguments of the user programs.
 */
#ifndef USER_ARGUMENTS_H
#define USER_ARGUMENTS_H

#include "guests/lib/stdio.h"
#include "guests/lib/string.h"
#include "guests/lib/syscalls.h"

/* Argument `i` as a number, `otherwise` when there is none; ends the program when it is no
 * number. */
static inline unsigned argument_number(int argc, char **argv, int i, unsigned otherwise)
{
    unsigned value = otherwise;

    if (i < argc && !string_number(argv[i], &value)) {
        print_to(STDERR, "%s: '%s' is not a number\n", argv[0], argv[i]);
        exit(2);
    }
    return value;
}

#endif
