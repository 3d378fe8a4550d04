/*
 * The Popek-Goldberg table of this machine, found by running it.
 *
 * For every row of instructions.def (and, for register accesses, every row of csrs.def) the
 * instruction is executed alone, from states that are the same but for the ring, and from
 * states that are the same but for the location: the same virtual memory, elsewhere in RAM.
 * What it did is compared (Popek and Goldberg 1974, section 3):
 *
 *   privileged            whenever it completes in ring 0, it traps with cause 24 in ring 3, all else
 *                         equal
 *   control-sensitive     completes somewhere and changes the ring, a control register, the TLB,
 *                         a device, or gives the processor away
 *   behaviour-sensitive   completes in two states that differ only in ring or only in location,
 *                         and the results differ
 *   innocuous             neither kind of sensitive
 *
 * The states are those in which a monitor would leave its guest: IOPL 0, cntren 0. UF, the
 * user flags of status, count as a result and not as a control register.
 *
 * Nothing here knows an instruction by name: a new row is classified as it stands.
 */
#ifndef WORLD_CLASSIFY_H
#define WORLD_CLASSIFY_H

#include "base/error.h"
#include "isa/csr.h"
#include "isa/insn.h"

#define CLASSIFY_PRIVILEGED 1u
#define CLASSIFY_CONTROL    2u
#define CLASSIFY_BEHAVIOUR  4u
#define CLASSIFY_SENSITIVE  (CLASSIFY_CONTROL | CLASSIFY_BEHAVIOUR)
#define CLASSIFY_USER       8u /* sensitive already in states of rings 1 to 3 (theorem 3) */

#define CLASSIFY_PROOF_SIZE 200

struct classified {
    enum insn_id insn;
    const struct csr_info *csr; /* which register, NULL for other instructions */
    unsigned kinds;             /* CLASSIFY_ bits; none: innocuous */
    /* The pair of states that proves each kind, in words; "" where it does not hold. */
    char privileged[CLASSIFY_PROOF_SIZE];
    char control[CLASSIFY_PROOF_SIZE];
    char behaviour[CLASSIFY_PROOF_SIZE];
};

struct classify_verdict {
    unsigned rows, sensitive;
    unsigned not_privileged;      /* sensitive and not privileged: theorem 1 wants none */
    unsigned user_not_privileged; /* user-sensitive and not privileged: theorem 3 wants none */
};

/* Calls `each` for every row in order of the tables; the row lives until it returns. */
int classify_run(bool classic, void (*each)(void *user, const struct classified *row), void *user,
                 struct classify_verdict *verdict, struct error *err);

/* "csrrs status", "tret". */
void classify_name(const struct classified *row, char *buffer, size_t size);

#endif
