/*
 * UART: a 16550 as far as a polled and an interrupt-driven driver need one. Byte registers, in
 * memory and as ports alike.
 *
 *   offset   read                                write
 *   0        RBR: oldest byte received, 0 none   THR: send a byte          DLAB: divisor, low
 *   1        IER: 0 receive, 1 transmit          the same                  DLAB: divisor, high
 *   2        IIR: 1 nothing, 4 receive,          FCR: 0 FIFO enable
 *            2 transmit; 7:6 FIFO enabled
 *   3        LCR: 7 DLAB                         the same
 *   4        MCR                                 the same
 *   5        LSR: 0 byte waits, 5 6 idle         ignored
 *   6        MSR: CTS, DSR, DCD are high         ignored
 *   7        SCR: scratch                        the same
 *
 * Sending is instant, so THR is always empty. The transmit interrupt is an edge, as on the
 * chip: raised by a byte sent and by enabling it, lowered by the IIR read that reports it.
 * The line is a level: high while an enabled interrupt is pending.
 *
 * Simpler than the chip: baud rate and frame have no effect, no errors, no loopback; the
 * receive interrupt comes with the first byte whatever trigger level is set; FCR's clear bits
 * clear nothing, since a driver that starts would lose what was typed before.
 */
#include "machine/uart.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "isa/devices.h"

#define IER_BITS 0x0f /* that can be written */
#define MCR_BITS 0x1f

static void update_irq(const struct uart *u)
{
    irq_set(&u->irq, ((u->regs.ier & UART_IER_RECEIVE) && u->regs.count > 0) ||
                         ((u->regs.ier & UART_IER_TRANSMIT) && u->regs.thre));
}

/* Moves what fits from the queue outside into the FIFO. */
static void refill(struct uart *u)
{
    struct uart_queue *q = &u->queue;

    while (u->regs.count < UART_FIFO_SIZE && q->first < q->end) {
        u->regs.fifo[(u->regs.head + u->regs.count) % UART_FIFO_SIZE] = q->data[q->first++];
        u->regs.count++;
    }
    if (q->first == q->end)
        q->first = q->end = 0;
}

static uint8_t receive(struct uart *u)
{
    if (u->regs.count == 0)
        return 0;
    uint8_t byte = u->regs.fifo[u->regs.head];
    u->regs.head = (u->regs.head + 1) % UART_FIFO_SIZE;
    u->regs.count--;
    refill(u);
    return byte;
}

static void send(struct uart *u, uint8_t byte)
{
    u->device.board->emit(u->device.board->owner, EVENT_console, 0, byte, 0);
    u->regs.thre = 1;
}

static uint8_t identify_interrupt(struct uart *u)
{
    uint8_t fifo = u->regs.fcr & UART_FCR_FIFO ? UART_IIR_FIFO : 0;

    if ((u->regs.ier & UART_IER_RECEIVE) && u->regs.count > 0)
        return fifo | UART_IIR_RECEIVE;
    if ((u->regs.ier & UART_IER_TRANSMIT) && u->regs.thre) {
        u->regs.thre = 0;
        return fifo | UART_IIR_TRANSMIT;
    }
    return fifo | UART_IIR_NONE;
}

static void enable_interrupts(struct uart *u, uint8_t value)
{
    if (value & ~u->regs.ier & UART_IER_TRANSMIT)
        u->regs.thre = 1;
    u->regs.ier = value & IER_BITS;
}

static word read_register(struct device *d, word offset, unsigned width)
{
    struct uart *u = (struct uart *)d;
    bool dlab = u->regs.lcr & UART_LCR_DLAB;
    word value = 0;

    (void)width;
    switch (offset) {
    case UART_DATA:
        value = dlab ? u->regs.dll : receive(u);
        break;
    case UART_IER:
        value = dlab ? u->regs.dlm : u->regs.ier;
        break;
    case UART_IIR:
        value = identify_interrupt(u);
        break;
    case UART_LCR:
        value = u->regs.lcr;
        break;
    case UART_MCR:
        value = u->regs.mcr;
        break;
    case UART_LSR:
        value = UART_LSR_IDLE | (u->regs.count > 0 ? UART_LSR_READY : 0);
        break;
    case UART_MSR:
        value = UART_MSR_LINES;
        break;
    case UART_SCR:
        value = u->regs.scr;
        break;
    }
    update_irq(u);
    return value;
}

static void write_register(struct device *d, word offset, unsigned width, word value)
{
    struct uart *u = (struct uart *)d;
    bool dlab = u->regs.lcr & UART_LCR_DLAB;
    uint8_t byte = (uint8_t)value;

    (void)width;
    switch (offset) {
    case UART_DATA:
        if (dlab)
            u->regs.dll = byte;
        else
            send(u, byte);
        break;
    case UART_IER:
        if (dlab)
            u->regs.dlm = byte;
        else
            enable_interrupts(u, byte);
        break;
    case UART_FCR:
        u->regs.fcr = byte & UART_FCR_FIFO;
        break;
    case UART_LCR:
        u->regs.lcr = byte;
        break;
    case UART_MCR:
        u->regs.mcr = byte & MCR_BITS;
        break;
    case UART_SCR:
        u->regs.scr = byte;
        break;
    }
    update_irq(u);
}

static void reset(struct device *d)
{
    struct uart *u = (struct uart *)d;

    u->regs = (struct uart_regs){0};
    u->queue.first = u->queue.end = 0;
    update_irq(u);
}

static const struct device_ops ops = {
    .name = "uart",
    .widths = 1,
    .size = 8,
    .read = read_register,
    .write = write_register,
    .reset = reset,
};

void uart_init(struct uart *u, const struct board *board, struct irq irq)
{
    *u = (struct uart){.device = {&ops, board, &u->regs, sizeof u->regs}, .irq = irq};
}

void uart_fini(struct uart *u)
{
    free(u->queue.data);
    u->queue = (struct uart_queue){0};
}

/* Appends to the queue outside. Off the step path: the caller is the machine's user. */
static void enqueue(struct uart_queue *q, const void *data, size_t size)
{
    if (size == 0)
        return;
    if (size > q->capacity - q->end) {
        size_t capacity = (q->end + size) * 2;
        uint8_t *bigger = realloc(q->data, capacity);

        assert(bigger);
        q->data = bigger;
        q->capacity = capacity;
    }
    memcpy(q->data + q->end, data, size);
    q->end += size;
}

void uart_input(struct uart *u, const void *data, size_t size)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < size; i++)
        u->device.board->emit(u->device.board->owner, EVENT_console, 0, bytes[i], 1);
    enqueue(&u->queue, data, size);
    refill(u);
    update_irq(u);
}

bool uart_input_raises(const struct uart *u)
{
    return (u->regs.ier & UART_IER_RECEIVE) != 0;
}

void uart_restore(struct uart *u, const struct uart_regs *regs, const void *waiting, size_t size)
{
    u->regs = *regs;
    u->queue.first = u->queue.end = 0;
    enqueue(&u->queue, waiting, size);
}
