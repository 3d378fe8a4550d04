/*
 * The words of the monitor. Three kinds of address never mix: what a guest's instruction
 * computes (gva), what the guest believes to be physical (gpa), what is physical in the machine
 * (hpa). The same names as the simulator's, of which nothing is included here.
 */
#ifndef VMM_TYPES_H
#define VMM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t word;
typedef uint32_t gva;
typedef uint32_t gpa;
typedef uint32_t hpa;

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
