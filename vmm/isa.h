/* Control registers and causes by name and number, from the tables in isa. */
#ifndef VMM_ISA_H
#define VMM_ISA_H

enum csr_number {
#define CSR(name, number, kind, hole, wmask, meaning) CSR_##name = number,
#include "isa/csrs.def"
};

/* Bits of a field in place, and how far they are shifted. */
enum csr_field_mask {
#define FIELD(csr, name, high, low, meaning)                                                       \
    FIELD_##csr##_##name = (int)(((2u << ((high) - (low))) - 1) << (low)),
#include "isa/csrs.def"
};
enum csr_field_shift {
#define FIELD(csr, name, high, low, meaning) SHIFT_##csr##_##name = (low),
#include "isa/csrs.def"
};

enum cause_code {
#define CAUSE(name, code, tval, text) CAUSE_##name = (code),
#include "isa/causes.def"
};
enum interrupt_code {
#define INTERRUPT(name, code, text) INTERRUPT_##name = (code),
#include "isa/causes.def"
};
#define CAUSE_INTERRUPT 0x80000000u

#endif
