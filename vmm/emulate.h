/*
 * Interpreter routines: one small function for each instruction that a guest cannot execute
 * itself, found by table. Each acts on the virtual CPU exactly as isa.md says the instruction
 * acts on the real one, including which trap comes first.
 */
#ifndef VMM_EMULATE_H
#define VMM_EMULATE_H

#include "vmm/vcpu.h"
#include "vmm/walk.h"

/* What became of the instruction. */
enum outcome {
    RETIRED, /* done; the next one follows */
    JUMPED,  /* done; the routine has set pc */
    TRAPPED, /* it trapped: the guest's handler comes next, or the VM has ended */
    WAITS,   /* wfi: it has not completed */
    REPEATS, /* a hypercall with more to do: it is executed again */
    ENTERED, /* vmrun: it completes when the guest that now runs exits */
};

typedef enum outcome emulate_fn(struct vcpu *v, word bits);

/* Answers "privileged operation attempted" for the instruction `bits` at the guest's pc. An
 * instruction that is not one of the table gives the guest an illegal-instruction trap. */
void emulate(struct vcpu *v, word bits);

/* A guest's load or store on `address`, a device or RAM, that could not be left to it. Where the processor has
 * not said which instruction it is (exit_insn), fetches it, once. Checks that it is what faulted:
 * it may have changed meanwhile. */
void emulate_access(struct vcpu *v, gva fault, gpa address, bool store);

/* Is the guest's machine the classic variant, as the real one is? Then some instructions do not
 * trap outside ring 0, and what reaches emulate all the same must do what they do. */
bool emulate_classic(void);

/* How an instruction accesses memory; one that could not be fetched is 0. False: not at all. */
bool emulate_kind(word bits, enum access *kind);

/* The address that a load or store of the guest goes to. */
gva emulate_address(const struct vcpu *v, word bits, bool store);

/* Completes a wfi that waited. */
void emulate_wake(struct vcpu *v);

/* Raises the guest's trap and says so: `return emulate_trap(...)`. */
enum outcome emulate_trap(struct vcpu *v, word cause, word tval);

/* The register instructions (emulate_csr.c), rows of instructions.def. */
emulate_fn emulate_csrrw, emulate_csrrs, emulate_csrrc, emulate_csrrwi, emulate_csrrsi,
    emulate_csrrci;

/* Fields of an instruction. */
static inline unsigned insn_rd(word bits)
{
    return bits >> 7 & 31;
}

static inline unsigned insn_rs1(word bits)
{
    return bits >> 15 & 31;
}

static inline unsigned insn_rs2(word bits)
{
    return bits >> 20 & 31;
}

/* Writes a register of the guest; x0 stays 0. */
static inline void vcpu_set_x(struct vcpu *v, unsigned number, word value)
{
    v->x[number] = value;
    v->x[0] = 0;
}

#endif
