/*
 * 64-bit division: a 32-bit processor has none, and there is no compiler library here.
 */
#ifndef GUESTS_LIB_DIVIDE_H
#define GUESTS_LIB_DIVIDE_H

#include <stdint.h>

/* n / d, and n % d in *remainder when that is not NULL. d = 0 gives all ones and n, as the
 * processor's own divu does. */
uint64_t u64_divide(uint64_t n, uint64_t d, uint64_t *remainder);

#endif
