/* Arrays that grow, by doubling; see array.h. */
#include "base/array.h"

#include <limits.h>
#include <stdlib.h>

bool array_grow(void **array, unsigned count, unsigned *room, size_t size)
{
    if (count < *room)
        return true;
    if (*room > UINT_MAX / 2)
        return false;
    unsigned bigger = *room ? *room * 2 : 16;
    void *moved = realloc(*array, bigger * size);

    if (!moved)
        return false;
    *array = moved;
    *room = bigger;
    return true;
}
