/*
 * The balloon's hypercalls. A guest that gives a page and uses it all the same has a page of zeros
 * there again, out of what it may have: that is its own loss.
 */
#include "vmm/balloon.h"

#include "vmm/alloc.h"
#include "vmm/hypercall.h"
#include "vmm/platform.h"
#include "vmm/technique.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#include "isa/paging.h"

word balloon_most(const struct vm *vm)
{
    return (vm->ram_size - vm->ram_promised) >> PAGE_SHIFT;
}

void balloon_ask(struct vm *vm)
{
    if (vm->balloon.driver && vm->balloon.pages != vm->balloon.target)
        vintc_set_line(vm, LINE_balloon, true);
}

enum outcome hypercall_balloon_target(struct vcpu *v)
{
    if (v->vm->technique->fixed_memory)
        return hypercall_refuse(v, HYPERCALL_ERROR_technique);
    v->vm->balloon.driver = true;
    v->vm->vmm->memory.looks = true;
    vintc_set_line(v->vm, LINE_balloon, false);
    return hypercall_answer(v, v->vm->balloon.target);
}

/* The argument, when it is the address of a page of RAM; 0 when not. */
static gpa page_argument(const struct vcpu *v)
{
    gpa page = hypercall_argument(v, 0);

    return page & ~PAGE_MASK || page - RAM_BASE >= v->vm->ram_size ? 0 : page;
}

enum outcome hypercall_balloon_give(struct vcpu *v)
{
    struct vm *vm = v->vm;
    gpa page = page_argument(v);

    if (!page)
        return hypercall_refuse(v, HYPERCALL_ERROR_address);
    if (vm->technique->fixed_memory)
        return hypercall_refuse(v, HYPERCALL_ERROR_technique);
    if (vm->balloon.pages >= vm->balloon.target)
        return hypercall_refuse(v, HYPERCALL_ERROR_refused);
    if (p2m_look(&vm->map, page) && !p2m_drop(&vm->map, page))
        return hypercall_refuse(v, HYPERCALL_ERROR_busy);
    vm->balloon.pages++;
    return hypercall_answer(v, 0);
}

enum outcome hypercall_balloon_take(struct vcpu *v)
{
    struct vm *vm = v->vm;

    if (!page_argument(v))
        return hypercall_refuse(v, HYPERCALL_ERROR_address);
    if (vm->balloon.pages == 0)
        return hypercall_refuse(v, HYPERCALL_ERROR_state);
    vm->balloon.pages--; /* its frame comes when it is used */
    return hypercall_answer(v, 0);
}
