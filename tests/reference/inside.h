/* What the two halves of the model tell each other; nobody else includes this. */
#ifndef TESTS_REFERENCE_INSIDE_H
#define TESTS_REFERENCE_INSIDE_H

#include "isa/csr.h"
#include "tests/reference/model.h"

/* The parts of the word that is being executed. */
struct model_parts {
    word bits, a, b; /* a, b: values of rs1, rs2 */
    unsigned rd, rs1, rs2, funct3, funct7;
    int32_t imm; /* of format I */
};

/* Does what the word says: *result goes to rd, *next is the pc behind it. */
bool model_execute(struct model *m, struct model_parts *p, word *result, word *next);

void model_emit(const struct model *m, enum event_kind kind, word tval, word a, word b);

/* NULL for a number that is no control register; the counters are none. */
word *model_register(struct model *m, word number, word *writable);
bool model_is_counter(word number);
word model_pending(const struct model *m);

/* A trap of the current instruction. Always returns false. */
bool model_fault(struct model *m, word cause, word tval);
/* Returns the pc that it goes back to. */
word model_tret(struct model *m);

/* Where the bytes are; NULL after a trap, or when the model can follow no further. */
uint8_t *model_reach(struct model *m, word va, unsigned width, enum model_access kind);

/* The leaf that maps an address under the current ptbr: its address, its value, the 4 KiB page. */
struct model_walk {
    word at, leaf, ppn;
};
enum model_walk_result { WALK_FOUND, WALK_PAGE_FAULT, WALK_LEFT_RAM };
enum model_walk_result model_walk(struct model *m, word va, struct model_walk *w);

void model_sfence(struct model *m, unsigned rs1, unsigned rs2);

#endif
