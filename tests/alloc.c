/* Allocations that fail; see alloc.h. The state is global because malloc is. */
#include "tests/alloc.h"

#include <stddef.h>
#include <string.h>

static unsigned long left; /* 0: none will fail */
static bool failed;

void alloc_fail_at(unsigned long n)
{
    left = n;
    failed = false;
}

bool alloc_failed(void)
{
    return failed;
}

#ifdef __linux__

bool alloc_can_fail(void)
{
    return true;
}

static bool fails_now(void)
{
    if (left == 0 || --left > 0)
        return false;
    failed = true;
    return true;
}

/* WRAP(type, name, parameters, arguments): what the linker calls in place of `name`. */
#define WRAP(type, name, parameters, arguments)                                                    \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return fails_now() ? NULL : __real_##name arguments;                                       \
    }

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, realloc, (void *data, size_t size), (data, size))
WRAP(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size))
WRAP(char *, strdup, (const char *text), (text))

#else

bool alloc_can_fail(void)
{
    return false;
}

#endif
