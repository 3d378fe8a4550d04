/*
 * Events beyond what every interrupt controller has (intc.h).
 */
#ifndef OS_PV_EVENTS_H
#define OS_PV_EVENTS_H

/* An event for ourselves, as if the monitor had raised it. It comes at the next hypercall that the
 * kernel makes, at the latest on the way back to a program. Interrupts are off. */
void event_raise(unsigned port);

#endif
