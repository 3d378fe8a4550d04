/*
 * Arrays that grow: room for one more element.
 */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/* Makes *array, of `count` elements of `size` bytes in *room places, hold count + 1. False without
 * memory: nothing has changed then. An empty array begins as NULL with no room. */
bool array_grow(void **array, unsigned count, unsigned *room, size_t size);

#endif
