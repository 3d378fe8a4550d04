/*
 * The table of hypercalls, and the few that are for every guest; see hypercall.h.
 */
#include "vmm/hypercall.h"

#include "vmm/arch.h"
#include "vmm/console.h"
#include "vmm/p2m.h"
#include "vmm/technique.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#define REG_A7 17

enum who { ANY, PARA };

static const struct row {
    word number;
    enum who who;
    hypercall_fn *fn;
    const char *name; /* as the record calls the routine */
} rows[] = {
#define HYPERCALL(name, number, who, arguments, meaning)                                           \
    {number, who, hypercall_##name, "hcall " #name},
#include "isa/hypercalls.def"
};

enum outcome hypercall(struct vcpu *v)
{
    for (const struct row *r = rows; r < rows + COUNT_OF(rows); r++) {
        if (r->number != v->x[REG_A7])
            continue;
        arch_hint_routine(r->name);
        if (r->who == PARA && !v->vm->para)
            return hypercall_refuse(v, HYPERCALL_ERROR_technique);
        return r->fn(v);
    }
    return hypercall_refuse(v, HYPERCALL_ERROR_unknown);
}

enum outcome hypercall_version(struct vcpu *v)
{
    return hypercall_answer(v, HYPERCALL_VERSION);
}

enum outcome hypercall_power_off(struct vcpu *v)
{
    vm_power_off(v->vm, hypercall_argument(v, 0) & 0xffff);
    return RETIRED;
}

enum outcome hypercall_yield(struct vcpu *v)
{
    v->vm->vmm->sched.expired = true;
    return hypercall_answer(v, 0);
}

enum outcome hypercall_write(struct vcpu *v)
{
    word from = hypercall_argument(v, 0), size = hypercall_argument(v, 1);
    uint8_t part[64];

    if (size > PAGE_SIZE)
        return hypercall_refuse(v, HYPERCALL_ERROR_invalid);
    for (word done = 0; done < size;) {
        word n = size - done < sizeof part ? size - done : sizeof part;
        if (!p2m_read(&v->vm->map, from + done, part, n))
            return hypercall_refuse(v, HYPERCALL_ERROR_address);
        for (word i = 0; i < n; i++)
            console_output(v->vm, part[i]);
        done += n;
    }
    return hypercall_answer(v, 0);
}
