/*
 * The words everybody uses. Three kinds of address never mix (style.md 5): what an
 * instruction computes (gva), what a guest believes to be physical (gpa), what is physical
 * in this machine (hpa). On a machine without a monitor gpa and hpa are the same number.
 */
#ifndef BASE_TYPES_H
#define BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Guest memory is read in place; this is the one spot that says what that needs. */
#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "trapeze needs a little-endian host"
#endif

typedef uint32_t word;
typedef uint32_t gva;
typedef uint32_t gpa;
typedef uint32_t hpa;

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
