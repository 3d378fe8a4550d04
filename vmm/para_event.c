/*
 * Ports: where events arrive. An event says only that something has happened; what, the guest
 * finds in memory (a virtqueue, a page that both have mapped).
 *
 *   CLOSED --event_open--> OPEN --event_bind by the VM it is for--> BOUND --event_close--> CLOSED
 *
 * Both ends of a bound pair are BOUND to each other, always.
 */
#include "vmm/para.h"

#include "vmm/hypercall.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

/* A paravirtual VM by number, NULL when there is none. */
static struct vm *para_vm(struct vmm *vmm, word id)
{
    struct vm *vm = id >= 1 && id <= VMS_MAX ? vmm->vms[id - 1] : NULL;

    return vm && vm->para && !vm->ended ? vm : NULL;
}

static struct para_port *port_at(struct vm *vm, word port)
{
    return port < HYPERCALL_PORTS ? &vm->para->ports[port] : NULL;
}

/* HYPERCALL_PORTS when all are in use. */
static word free_port(const struct para *p)
{
    word port = EVENT_PORT_first;

    while (port < HYPERCALL_PORTS && p->ports[port].state != PORT_CLOSED)
        port++;
    return port;
}

enum outcome hypercall_event_open(struct vcpu *v)
{
    struct para *p = v->vm->para;
    word port = free_port(p), vm = hypercall_argument(v, 0);

    if (!para_vm(v->vm->vmm, vm))
        return hypercall_refuse(v, HYPERCALL_ERROR_no_vm);
    if (port == HYPERCALL_PORTS)
        return hypercall_refuse(v, HYPERCALL_ERROR_full);
    p->ports[port] = (struct para_port){PORT_OPEN, vm, 0};
    return hypercall_answer(v, port);
}

enum outcome hypercall_event_bind(struct vcpu *v)
{
    struct vm *other = para_vm(v->vm->vmm, hypercall_argument(v, 0));
    word there = hypercall_argument(v, 1);
    struct para *p = v->vm->para;
    struct para_port *far = other ? port_at(other, there) : NULL;

    if (!other)
        return hypercall_refuse(v, HYPERCALL_ERROR_no_vm);
    if (!far || far->state != PORT_OPEN || far->vm != v->vm->id)
        return hypercall_refuse(v, HYPERCALL_ERROR_refused);
    word here = free_port(p);
    if (here == HYPERCALL_PORTS)
        return hypercall_refuse(v, HYPERCALL_ERROR_full);
    p->ports[here] = (struct para_port){PORT_BOUND, other->id, there};
    *far = (struct para_port){PORT_BOUND, v->vm->id, here};
    return hypercall_answer(v, here);
}

enum outcome hypercall_event_send(struct vcpu *v)
{
    const struct para_port *near = port_at(v->vm, hypercall_argument(v, 0));

    if (!near || near->state != PORT_BOUND)
        return hypercall_refuse(v, HYPERCALL_ERROR_invalid);
    para_raise(v->vm->vmm->vms[near->vm - 1], near->port);
    return hypercall_answer(v, 0);
}

static void close_port(struct vm *vm, struct para_port *near)
{
    if (near->state == PORT_BOUND) {
        struct vm *other = vm->vmm->vms[near->vm - 1];
        other->para->ports[near->port].state = PORT_CLOSED;
        para_raise(other, near->port); /* so that it finds out */
    }
    near->state = PORT_CLOSED;
}

enum outcome hypercall_event_close(struct vcpu *v)
{
    struct para_port *near = port_at(v->vm, hypercall_argument(v, 0));

    if (!near || near->state == PORT_CLOSED)
        return hypercall_refuse(v, HYPERCALL_ERROR_invalid);
    close_port(v->vm, near);
    return hypercall_answer(v, 0);
}

/* Ports that are open for it are so no longer: its number will be another VM's. */
void para_close_ports(struct vm *vm)
{
    for (unsigned i = 0; i < HYPERCALL_PORTS; i++)
        close_port(vm, &vm->para->ports[i]);
    for (unsigned id = 0; id < vm->vmm->vm_slots; id++) {
        const struct vm *other = vm->vmm->vms[id];
        for (unsigned i = 0; other && other->para && i < HYPERCALL_PORTS; i++)
            if (other->para->ports[i].state == PORT_OPEN && other->para->ports[i].vm == vm->id)
                other->para->ports[i].state = PORT_CLOSED;
    }
}
