/*
 * Hypercalls (isa/hypercalls.def): what a guest that knows of its monitor asks it for.
 *
 * Every number is checked before it is used; nothing that a guest passes can hurt more than the
 * guest. Each call does a bounded amount of work: one that has more to do stays where it is
 * (REPEATS), so that interrupts and other VMs come in between, and is then executed again.
 */
#ifndef VMM_HYPERCALL_H
#define VMM_HYPERCALL_H

#include "vmm/arch.h"
#include "vmm/emulate.h"

#include "isa/hypercall.h"

enum hypercall_error {
#define HYPERCALL_ERROR(name, number, meaning) HYPERCALL_ERROR_##name = (number),
#include "isa/hypercalls.def"
};

/* Arguments are the vcpu's a0 to a5; the result goes into a0. */
typedef enum outcome hypercall_fn(struct vcpu *v);

/* The rows' routines: those for ANY in hypercall.c, those for PARA in para*.c. */
#define HYPERCALL(name, number, who, arguments, meaning) hypercall_fn hypercall_##name;
#include "isa/hypercalls.def"

/* Carries out the hypercall that the guest's kernel makes. */
enum outcome hypercall(struct vcpu *v);

static inline word hypercall_argument(const struct vcpu *v, unsigned number)
{
    return v->x[10 + number];
}

static inline enum outcome hypercall_answer(struct vcpu *v, word value)
{
    v->x[10] = value;
    return RETIRED;
}

static inline enum outcome hypercall_refuse(struct vcpu *v, enum hypercall_error error)
{
    arch_hint_refused(REFUSED_HYPERCALL, v->x[17]); /* a7 */
    return hypercall_answer(v, 0u - (word)error);
}

/* The usual end: error 0 means that all went well. */
static inline enum outcome hypercall_end(struct vcpu *v, word error)
{
    return hypercall_answer(v, 0u - error);
}

#endif
