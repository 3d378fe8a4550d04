/*
 * Numbers as people write them: 4096, 0x1000, 1_000_000, 2e8, 64M (K, M, G: powers of 1024).
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* The whole text must be one number that fits 64 bits. False, and *out unchanged, otherwise. */
bool number_parse(const char *text, uint64_t *out);

#endif
