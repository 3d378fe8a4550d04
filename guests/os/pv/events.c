/*
 * What arrives from the monitor's devices: a bit a port in the shared page. There is an event
 * where `raised`, which the monitor changes, and `taken`, which the kernel changes, differ.
 */
#include "guests/os/intc.h"

#include "guests/os/arch.h"
#include "guests/os/printk.h"
#include "guests/os/pv/events.h"

static void (*handlers[HYPERCALL_PORTS])(void);

_Noreturn void pv_iret_refused(int error);

void intc_enable(unsigned port, void (*handler)(void))
{
    handlers[port] = handler;
}

void event_raise(unsigned port)
{
    word bit = 1u << port;

    if (!((pv_shared.raised ^ pv_shared.taken) & bit))
        pv_shared.taken ^= bit;
}

/* Taken first, then looked at: what comes meanwhile is a new event. */
void intc_handle(void)
{
    word waiting;

    while ((waiting = pv_shared.raised ^ pv_shared.taken) != 0) {
        pv_shared.taken ^= waiting;
        for (unsigned port = 0; port < HYPERCALL_PORTS; port++) {
            if (!(waiting >> port & 1))
                continue;
            if (!handlers[port])
                panic("event at port %u, which nobody enabled", port);
            handlers[port]();
        }
    }
}

/* From entry.S, on the stack of nobody: the kernel cannot go on. */
void pv_iret_refused(int error)
{
    panic("the return from a trap was refused, error %d", -error);
}
