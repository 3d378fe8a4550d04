/*
 * Memory of a program's heap.
 */
#ifndef GUESTS_LIB_MALLOC_H
#define GUESTS_LIB_MALLOC_H

#include <stddef.h>

/* At least `size` bytes, aligned to 8, or NULL. */
void *malloc(size_t size);
/* What malloc gave; NULL is fine. Anything else ends the program. */
void free(void *memory);

#endif
