/*
 * Words of the kernel's language. RAM is mapped where it is (vm.c), so for the kernel a
 * physical address and a pointer to it are the same number.
 */
#ifndef OS_TYPES_H
#define OS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t word;

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
