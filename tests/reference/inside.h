/* What the two halves of the model tell each other; nobody else includes this. */
#ifndef TESTS_REFERENCE_INSIDE_H
#define TESTS_REFERENCE_INSIDE_H

#include "isa/csr.h"
#include "isa/vmcb.h"
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
void model_emit_change(const struct model *m, enum event_kind kind, word ring, word cause,
                       word tval, word a, word b);

uint64_t model_time(const struct model *m); /* as the running mode sees it */

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

/* The leaf that maps an address under the current ptbr: its address, its value, the 4 KiB page.
 * With nested paging the address is the guest's, `real` where it is, and `below` are the real
 * addresses of the nested entries that led to the guest's tables. */
struct model_walk {
    word at, leaf, ppn, real;
    word below[2];
    unsigned below_count;
};
enum model_walk_result { WALK_FOUND, WALK_PAGE_FAULT, WALK_LEFT_RAM, WALK_NESTED };
enum model_walk_result model_walk(struct model *m, word va, struct model_walk *w);

/* Forgets entries of one VMID or of all, of one page or of all, of one ASID or of all. */
void model_forget(struct model *m, bool one_vmid, const word *va, const word *asid);
word model_vmid(const struct model *m);
word model_ram_word(const struct model *m, word address);
void model_set_ram_word(struct model *m, word address, word value);
bool model_in_ram(const struct model *m, word address);

/* ---- hardware assist (assist.c) ----------------------------------------------------------- */

/* A word of the VMCB that is in force, 0 in root mode. */
word model_control(const struct model *m, enum vmcb_offset offset);
static inline bool model_intercepts(const struct model *m, enum vmcb_offset vector, unsigned bit)
{
    return model_control(m, vector) >> bit & 1;
}
/* vmrun in root ring 0. Returns false when it trapped; *next is set when the guest runs. */
bool model_vmrun(struct model *m, unsigned rs1, word *next);
/* Back to the host. Always returns false. */
bool model_exit(struct model *m, word code, word info1, word info2);
/* The host's interrupts that end a guest. */
word model_physical(const struct model *m);
/* If there is one, takes it. */
bool model_interrupted_by_host(struct model *m);
/* Delivers what the monitor injects; false when there is nothing. */
bool model_inject(struct model *m);
/* A trap that the guest cannot take. Always returns false. */
bool model_guest_shutdown(struct model *m, word cause, word tval);

/* The single-step trap behind an instruction, or behind a vmrun that has ended. */
void model_step_trap(struct model *m);
/* A trap of the running mode, whatever is intercepted. Always returns false. */
bool model_trap(struct model *m, word cause, word tval, word epc);

#endif
