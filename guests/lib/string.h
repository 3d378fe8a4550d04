/*
 * Strings and memory, as in C's <string.h>; for the kernel and for programs.
 */
#ifndef GUESTS_LIB_STRING_H
#define GUESTS_LIB_STRING_H

#include <stdbool.h>
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
char *strchr(const char *s, int c);

/* Copies at most size - 1 bytes and always ends with NUL; false when something was cut. */
bool string_copy(char *to, const char *from, size_t size);
/* The whole of `s` as a number, decimal or 0x hexadecimal; false when it is none. */
bool string_number(const char *s, unsigned *value);

#endif
