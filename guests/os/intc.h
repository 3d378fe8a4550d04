/*
 * The interrupt controller: which device wants attention.
 */
#ifndef OS_INTC_H
#define OS_INTC_H

/* Lets a line through; `handler` is called with interrupts off, and must make the device lower
 * it. */
void intc_enable(unsigned line, void (*handler)(void));

/* An external interrupt has arrived: calls the handlers of all lines that wait. */
void intc_handle(void);

#endif
