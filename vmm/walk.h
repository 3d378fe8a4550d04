/*
 * The guest's page tables, read the way its processor would (isa.md 5).
 */
#ifndef VMM_WALK_H
#define VMM_WALK_H

#include "vmm/types.h"

struct p2m;

enum access { ACCESS_LOAD, ACCESS_STORE, ACCESS_FETCH };

enum walk_result { WALK_OK, WALK_PAGE_FAULT, WALK_ACCESS_FAULT };

struct walk {
    gpa address; /* where the access goes */
    word leaf;   /* the entry that maps it, with A and D as they are now */
};

/*
 * What a walker does: checks form and rights for `ring`, and on success sets A, and D on a
 * store, in the guest's own table. With paging off every address maps to itself, leaf is all
 * rights. Whether something is at `address` is not asked.
 */
enum walk_result walk_guest(struct p2m *map, word ptbr, gva address, enum access access, word ring,
                            struct walk *out);

/* The same without rights and without setting anything; false when nothing maps it. */
bool walk_find(const struct p2m *map, word ptbr, gva address, struct walk *out);
/* Its leaf alone, 0 when nothing maps it. */
word walk_peek(const struct p2m *map, word ptbr, gva address);

/* The cause with which a failed walk is reported to the guest. */
word walk_cause(enum walk_result result, enum access access);

#endif
