/*
 * The page table as the hardware walker reads it.
 *
 *   ptbr 19:0 -> table -> entry [31:22] -> table -> entry [21:12] -> frame
 *                            `- with R, W or X set: a superpage of 4 MiB
 *
 * With nested paging (isa.md section 8) every address in that drawing is the guest's, and is
 * itself looked up in the nested table: up to twice two references for the guest's two, and two
 * more for the page in the end: 8. The nested table's R, W and X count, its PL does not.
 *
 * A walk sets nothing: A and D are set by walk_mark, when it is known that the access is allowed.
 */
#ifndef MACHINE_WALK_H
#define MACHINE_WALK_H

#include "machine/cpu.h"

/* Added to the level in a `walk` event: the entry is one of the nested table. */
#define WALK_NESTED 4

/* An entry that was used: what is to be set in it in the end is or-ed to what is there then. */
struct used {
    hpa at;
    word entry;
};

enum end { END_LEAF, END_NONE, END_OUTSIDE, END_NESTED };

struct walk {
    enum end end; /* a good leaf; no such; a table outside RAM; a table the guest does not have */
    struct used leaf;
    gpa leaf_address;      /* of the leaf's entry as the table's owner sees it */
    gpa address;           /* translated; with END_NESTED what is missing */
    struct used tables[2]; /* the nested leaves that map the guest's tables, root first */
    unsigned table_count;
};

/* By a table whose entries are at real addresses. `nested` is added to the level that `walk` events
 * tell. `charged`: its references cost time and are told. */
void walk_real(struct cpu *c, word root, gva address, unsigned nested, bool charged,
               struct walk *out);
/* By the nested table: END_LEAF only if it allows one of these rights, else END_NESTED. */
void walk_nested(struct cpu *c, gpa address, word rights, bool charged, struct walk *out);
/* By the table that ptbr names, be it the machine's or a guest's. */
void walk_own(struct cpu *c, gva address, bool charged, struct walk *out);

/* Sets these bits in an entry. */
void walk_mark(struct cpu *c, const struct used *u, word bits);

#endif
