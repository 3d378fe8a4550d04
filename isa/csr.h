/*
 * Control registers, causes, hints and VMCB words by number and name; see the .def files.
 */
#ifndef ISA_CSR_H
#define ISA_CSR_H

#include "base/types.h"

enum csr_number {
#define CSR(name, number, kind, hole, wmask, meaning) CSR_##name = number,
#include "isa/csrs.def"
};

/* The bits of fields: STATUS_ie and the like are made for guests; here, masks by name. */
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

enum hint_number {
#define HINT(name, number, value) HINT_##name = (number),
#include "isa/hints.def"
#undef HINT
};

enum csr_kind { CSR_KIND_CONTROL, CSR_KIND_COUNTER };
enum csr_hole { CSR_HOLE_NONE, CSR_HOLE_READ, CSR_HOLE_READ_UF };

struct csr_info {
    const char *name;
    word number;
    enum csr_kind kind;
    enum csr_hole hole;
    word wmask;
    const char *meaning;
};
struct csr_field {
    word csr;
    const char *name;
    uint8_t high, low;
    const char *meaning;
};
struct cause_info {
    const char *name;
    word cause; /* with bit 31 for interrupts, bit 30 (CAUSE_EXIT of vmcb.h) for exits of vmrun */
    const char *text;
};
struct hint_info {
    const char *name;
    word number;
    const char *value;
};

#define HYPERCALL_NUMBERS 64 /* all are below */
struct hypercall_info {
    const char *name;
    word number;
    bool for_all; /* else for guests of technique para */
    const char *arguments, *meaning;
};

extern const struct csr_info csr_table[];
extern const unsigned csr_count;
extern const struct csr_field csr_field_table[];
extern const unsigned csr_field_count;
extern const struct cause_info cause_table[];
extern const unsigned cause_count;

/* NULL when there is none. */
const struct csr_info *csr_info(word number);
const struct csr_info *csr_find(const char *name);
/* Causes of traps, then exits of vmrun; where both have a name, the trap is found. */
const struct cause_info *cause_info(word cause);
const struct cause_info *cause_find(const char *name);
const struct hint_info *hint_info(word number);
const struct hypercall_info *hypercall_info(word number);

#endif
