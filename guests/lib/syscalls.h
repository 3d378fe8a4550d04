/*
 * The system calls as C functions; see guests/syscalls.def for what they do.
 */
#ifndef GUESTS_LIB_SYSCALLS_H
#define GUESTS_LIB_SYSCALLS_H

#include "guests/abi.h"
#include "guests/lib/errors.h"

#define SYSCALL(number, name, result, parameters, meaning) result name parameters;
#include "guests/syscalls.def"
#undef SYSCALL

#endif
