/*
 * 64-bit division by shift and subtract, one quotient bit a round; a short way when both
 * fit into 32 bits, where the processor divides. The names with underscores are what the
 * compiler calls for `/` and `%`.
 */
#include "guests/lib/divide.h"

#include <stddef.h>

uint64_t __udivdi3(uint64_t n, uint64_t d);
uint64_t __umoddi3(uint64_t n, uint64_t d);
int64_t __divdi3(int64_t n, int64_t d);
int64_t __moddi3(int64_t n, int64_t d);

static uint64_t divide_long(uint64_t n, uint64_t d, uint64_t *remainder)
{
    uint64_t quotient = 0, rest = 0;

    for (int bit = 63; bit >= 0; bit--) {
        uint64_t carry = rest >> 63;
        rest = rest << 1 | (n >> bit & 1);
        if (carry || rest >= d) {
            rest -= d;
            quotient |= (uint64_t)1 << bit;
        }
    }
    *remainder = rest;
    return quotient;
}

uint64_t u64_divide(uint64_t n, uint64_t d, uint64_t *remainder)
{
    uint64_t quotient, rest;

    if (d == 0) {
        quotient = UINT64_MAX;
        rest = n;
    } else if ((n | d) >> 32 == 0) {
        quotient = (uint32_t)n / (uint32_t)d;
        rest = (uint32_t)n % (uint32_t)d;
    } else {
        quotient = divide_long(n, d, &rest);
    }
    if (remainder)
        *remainder = rest;
    return quotient;
}

uint64_t __udivdi3(uint64_t n, uint64_t d)
{
    return u64_divide(n, d, NULL);
}

uint64_t __umoddi3(uint64_t n, uint64_t d)
{
    uint64_t rest;

    u64_divide(n, d, &rest);
    return rest;
}

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

int64_t __divdi3(int64_t n, int64_t d)
{
    uint64_t q = u64_divide(magnitude(n), magnitude(d), NULL);

    return (int64_t)((n < 0) != (d < 0) ? 0 - q : q);
}

int64_t __moddi3(int64_t n, int64_t d)
{
    uint64_t rest;

    u64_divide(magnitude(n), magnitude(d), &rest);
    return (int64_t)(n < 0 ? 0 - rest : rest);
}
