/*
 * Allocations that fail when a test wants it: calls of malloc and its relatives from our own
 * code are counted, and the nth from now on gives NULL. (By the linker's --wrap, where there is
 * one; elsewhere nothing ever fails, and alloc_can_fail says so.)
 */
#ifndef TESTS_ALLOC_H
#define TESTS_ALLOC_H

#include <stdbool.h>

bool alloc_can_fail(void);

/* The nth allocation from now on fails, once; 0: none. */
void alloc_fail_at(unsigned long n);

/* Whether it came to that since alloc_fail_at. */
bool alloc_failed(void);

#endif
