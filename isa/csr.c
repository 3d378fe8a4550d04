/* The tables of csrs.def, causes.def, hints.def and hypercalls.def as data; see csr.h. */
#include "isa/csr.h"

#include <string.h>

#include "isa/vmcb.h"

const struct csr_info csr_table[] = {
#define CSR(name, number, kind, hole, wmask, meaning)                                              \
    {#name, number, CSR_KIND_##kind, CSR_HOLE_##hole, wmask, meaning},
#include "isa/csrs.def"
};
const unsigned csr_count = COUNT_OF(csr_table);

const struct csr_field csr_field_table[] = {
#define FIELD(csr, name, high, low, meaning) {CSR_##csr, #name, high, low, meaning},
#include "isa/csrs.def"
};
const unsigned csr_field_count = COUNT_OF(csr_field_table);

const struct cause_info cause_table[] = {
#define CAUSE(name, code, tval, text) {#name, code, text},
#define INTERRUPT(name, code, text)   {#name, CAUSE_INTERRUPT | (code), text},
#include "isa/causes.def"
};
const unsigned cause_count = COUNT_OF(cause_table);

static const struct hint_info hints[] = {
#define HINT(name, number, value) {#name, number, value},
#include "isa/hints.def"
#undef HINT
};

enum { FOR_PARA, FOR_ANY };
static const struct hypercall_info hypercalls[] = {
#define HYPERCALL(name, number, who, arguments, meaning)                                           \
    {#name, number, FOR_##who, arguments, meaning},
#include "isa/hypercalls.def"
};

const struct csr_info *csr_info(word number)
{
    for (unsigned i = 0; i < csr_count; i++)
        if (csr_table[i].number == number)
            return &csr_table[i];
    return NULL;
}

const struct csr_info *csr_find(const char *name)
{
    for (unsigned i = 0; i < csr_count; i++)
        if (strcmp(csr_table[i].name, name) == 0)
            return &csr_table[i];
    return NULL;
}

static const struct cause_info *by_cause(const struct cause_info *rows, unsigned count, word cause)
{
    for (unsigned i = 0; i < count; i++)
        if (rows[i].cause == cause)
            return &rows[i];
    return NULL;
}

const struct cause_info *cause_info(word cause)
{
    const struct cause_info *found = by_cause(cause_table, cause_count, cause);

    return found ? found : by_cause(vmcb_exit_table, vmcb_exit_count, cause);
}

static const struct cause_info *by_name(const struct cause_info *rows, unsigned count,
                                        const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

const struct cause_info *cause_find(const char *name)
{
    const struct cause_info *found = by_name(cause_table, cause_count, name);

    return found ? found : by_name(vmcb_exit_table, vmcb_exit_count, name);
}

const struct hint_info *hint_info(word number)
{
    for (unsigned i = 0; i < COUNT_OF(hints); i++)
        if (hints[i].number == number)
            return &hints[i];
    return NULL;
}

const struct hypercall_info *hypercall_info(word number)
{
    for (unsigned i = 0; i < COUNT_OF(hypercalls); i++)
        if (hypercalls[i].number == number)
            return &hypercalls[i];
    return NULL;
}
