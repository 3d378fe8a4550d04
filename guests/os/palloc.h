/*
 * Physical memory, a page at a time.
 */
#ifndef OS_PALLOC_H
#define OS_PALLOC_H

#include "guests/os/types.h"

struct free_page;

struct palloc {
    char *start, *end;      /* what it was given, whole pages */
    char *untouched;        /* from here to the end nothing was ever given out */
    struct free_page *free; /* pages that came back */
    word free_count;        /* of both */
};

/* [start, end) is handed over; partial pages at its ends are not used. */
void palloc_init(struct palloc *p, void *start, void *end);
/* A page full of zeros, NULL when there is none. */
void *palloc_page(struct palloc *p);
/* The same as it is, and not touched. */
void *palloc_take(struct palloc *p);
/* Takes back what palloc_page gave. False, and nothing done, for an address it never gave
 * (a page given back twice is not noticed). */
bool palloc_free(struct palloc *p, void *page);

#endif
