/*
 * Grants: a guest lets another map one of its pages. The monitor writes the page-table entry,
 * remembers it, and alone takes it away; so it always knows how often a page is mapped elsewhere,
 * and none is taken back before the last entry has left table and TLB.
 *
 *   granter: grants[reference] {to whom, page, mapped}      mapper: mappings[] {entry, of whom}
 *
 * A VM that ends gives up what it has mapped; entries that others have of its pages are taken
 * out of their tables, which they see as a page fault. What was granted to it is granted to nobody:
 * its number will be another VM's.
 */
#include "vmm/para.h"

#include "vmm/arch.h"
#include "vmm/hypercall.h"
#include "vmm/phys.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#define RIGHTS (PTE_R | PTE_W | PTE_X | PTE_PL | PTE_A | PTE_D | PTE_SOFT)

static struct vm *vm_at(struct vmm *vmm, word id)
{
    struct vm *vm = id >= 1 && id <= VMS_MAX ? vmm->vms[id - 1] : NULL;

    return vm && vm->para && !vm->ended ? vm : NULL;
}

enum outcome hypercall_grant(struct vcpu *v)
{
    struct para *p = v->vm->para;
    gpa page = hypercall_argument(v, 0);
    word to = hypercall_argument(v, 1), writable = hypercall_argument(v, 2);

    if (!vm_at(v->vm->vmm, to) || to == v->vm->id)
        return hypercall_refuse(v, HYPERCALL_ERROR_no_vm);
    if (!para_frame(v->vm, page))
        return hypercall_refuse(v, HYPERCALL_ERROR_address);
    for (word i = 0; i < PARA_GRANTS; i++) {
        if (p->grants[i].vm)
            continue;
        p->grants[i] = (struct para_grant){to, page, writable != 0, 0};
        return hypercall_answer(v, i);
    }
    return hypercall_refuse(v, HYPERCALL_ERROR_full);
}

enum outcome hypercall_grant_end(struct vcpu *v)
{
    word reference = hypercall_argument(v, 0);
    struct para_grant *g = &v->vm->para->grants[reference % PARA_GRANTS];

    if (reference >= PARA_GRANTS || !g->vm)
        return hypercall_refuse(v, HYPERCALL_ERROR_invalid);
    if (g->mapped)
        return hypercall_refuse(v, HYPERCALL_ERROR_busy);
    g->vm = 0;
    return hypercall_answer(v, 0);
}

static struct para_mapping *mapping_at(struct para *p, hpa entry)
{
    for (unsigned i = 0; i < PARA_GRANTS; i++)
        if (p->mappings[i].entry == entry)
            return &p->mappings[i];
    return NULL;
}

/* The grant `reference` of another VM, if it is for this one. */
static struct para_grant *grant_for(const struct vm *vm, const struct vm *other, word reference)
{
    struct para_grant *g =
        other && reference < PARA_GRANTS ? &other->para->grants[reference] : NULL;

    return g && g->vm == vm->id ? g : NULL;
}

enum outcome hypercall_grant_map(struct vcpu *v)
{
    struct vm *vm = v->vm, *other = vm_at(vm->vmm, hypercall_argument(v, 1));
    word reference = hypercall_argument(v, 2), rights = hypercall_argument(v, 3);
    word error = para_update(vm);
    word *slot = para_leaf_slot(vm, hypercall_argument(v, 0));
    struct para_grant *g = grant_for(vm, other, reference);
    struct para_mapping *m = mapping_at(vm->para, 0);

    if (error)
        return hypercall_end(v, error);
    if (!other)
        return hypercall_refuse(v, HYPERCALL_ERROR_no_vm);
    if (!g || ((rights & PTE_W) && !g->writable))
        return hypercall_refuse(v, HYPERCALL_ERROR_refused);
    if ((rights & ~RIGHTS) || !(rights & PTE_R))
        return hypercall_refuse(v, HYPERCALL_ERROR_entry);
    if (!slot)
        return hypercall_refuse(v, HYPERCALL_ERROR_type);
    if (*slot & PTE_V)
        return hypercall_refuse(v, HYPERCALL_ERROR_busy);
    if (!m)
        return hypercall_refuse(v, HYPERCALL_ERROR_full);
    struct frame *f = para_frame(other, g->page);
    if ((rights & PTE_W) && !para_take(f, PARA_WRITABLE)) /* a page table by now? */
        return hypercall_refuse(v, HYPERCALL_ERROR_type);
    g->mapped++;
    *m = (struct para_mapping){phys_of(slot), other->id, reference};
    *slot = (p2m_entry(&other->map, g->page) & PTE_PPN) | rights | PTE_V;
    return hypercall_answer(v, 0);
}

/* Takes one mapping away: out of the table, out of the TLB, out of the counts. */
static void unmap(struct vm *mapper, struct para_mapping *m)
{
    struct vm *owner = mapper->vmm->vms[m->vm - 1];
    struct para_grant *g = &owner->para->grants[m->grant];
    struct frame *f = para_frame(owner, g->page);
    word *slot = phys_ptr(m->entry);

    if (*slot & PTE_W)
        para_drop(f);
    g->mapped--;
    *slot = 0;
    m->entry = 0;
    para_forget(mapper);
}

enum outcome hypercall_grant_unmap(struct vcpu *v)
{
    const word *slot = para_leaf_slot(v->vm, hypercall_argument(v, 0));
    struct para_mapping *m = slot ? mapping_at(v->vm->para, phys_of(slot)) : NULL;

    if (!m)
        return hypercall_refuse(v, HYPERCALL_ERROR_invalid);
    unmap(v->vm, m);
    return hypercall_answer(v, 0);
}

static void forget_partner(struct vm *vm, word gone)
{
    struct para *p = vm->para;

    for (unsigned i = 0; i < PARA_GRANTS; i++) {
        if (p->mappings[i].entry && p->mappings[i].vm == gone)
            unmap(vm, &p->mappings[i]);
        if (p->grants[i].vm == gone)
            p->grants[i].vm = 0;
    }
}

void para_end_grants(struct vm *vm)
{
    for (unsigned i = 0; i < PARA_GRANTS; i++)
        if (vm->para->mappings[i].entry)
            unmap(vm, &vm->para->mappings[i]);
    for (unsigned id = 0; id < vm->vmm->vm_slots; id++)
        if (vm->vmm->vms[id] && vm->vmm->vms[id]->para)
            forget_partner(vm->vmm->vms[id], vm->id);
}
