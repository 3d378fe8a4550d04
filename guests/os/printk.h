/*
 * Messages of the kernel, and its end.
 */
#ifndef OS_PRINTK_H
#define OS_PRINTK_H

#include "guests/os/types.h"

/* May be called anywhere, interrupt handlers included. */
void printk(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The kernel cannot go on: says why, and turns the machine off with PANIC_STATUS. */
#define PANIC_STATUS 101
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Everything that was printed gets out, then the machine goes off. */
_Noreturn void power_off(word status);

#endif
