/*
 * The system calls as C functions; see guests/syscalls.def for what they do.
 */
#ifndef GUESTS_LIB_SYSCALLS_H
#define GUESTS_LIB_SYSCALLS_H

#include "guests/abi.h"

#define SYSCALL(number, name, result, parameters, meaning) result name parameters;
#include "guests/syscalls.def"
#undef SYSCALL

/* A sentence for an error, negated or not. */
const char *error_text(int error);

#endif
