/*
 * The console's 16550; see uart.c for its registers.
 *
 * Input comes from outside by uart_input. What the receive FIFO cannot hold waits in a queue
 * outside, as in a terminal with flow control: nothing is ever lost.
 */
#ifndef MACHINE_UART_H
#define MACHINE_UART_H

#include "machine/bus.h"

#define UART_FIFO_SIZE 16

struct uart_regs {
    uint8_t ier, fcr, lcr, mcr, scr, dll, dlm;
    uint8_t thre; /* a transmitter interrupt waits to be seen in IIR */
    uint8_t fifo[UART_FIFO_SIZE];
    uint8_t head, count; /* oldest byte, number of bytes */
};

/* Bytes that wait outside, oldest first. */
struct uart_queue {
    uint8_t *data;
    size_t first, end, capacity;
};

struct uart {
    struct device device;
    struct irq irq;
    struct uart_regs regs;
    struct uart_queue queue;
};

void uart_init(struct uart *u, const struct board *board, struct irq irq);
void uart_fini(struct uart *u);

/* Publishes a `console` event for each byte. */
void uart_input(struct uart *u, const void *data, size_t size);

/* Would a byte of input raise the line? */
bool uart_input_raises(const struct uart *u);

/* Replaces all state, the queue too, by that of a saved one: regs and `size` waiting bytes. */
void uart_restore(struct uart *u, const struct uart_regs *regs, const void *waiting, size_t size);

#endif
