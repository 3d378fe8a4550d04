/*
 * The console's device on the bare machine: a 16550 with eight byte registers (devices.def). When
 * its transmitter is empty it takes 16 bytes at once.
 */
#include "guests/os/console_device.h"

#include "guests/os/arch.h"
#include "guests/os/intc.h"

#define TRANSMIT_FIFO 16

_Static_assert((int)CONSOLE_RECEIVED == UART_IER_RECEIVE && (int)CONSOLE_SENT == UART_IER_TRANSMIT,
               "a reason is its bit in IER");

static uint8_t enabled; /* what IER holds */

static uint8_t uart_read(word reg)
{
    return mmio_read8(REGION_uart + reg);
}

static void uart_write(word reg, uint8_t value)
{
    mmio_write8(REGION_uart + reg, value);
}

void console_device_init(void (*handler)(void))
{
    uart_write(UART_IER, 0);
    uart_write(UART_LCR, UART_LCR_8N1);
    uart_write(UART_FCR, UART_FCR_FIFO);
    uart_write(UART_MCR, UART_MCR_IRQ);
    uart_write(UART_IER, enabled = UART_IER_RECEIVE);
    intc_enable(LINE_uart, handler);
}

/* Reading IIR ends an interrupt of the transmitter. */
bool console_device_interrupts(void)
{
    return !(uart_read(UART_IIR) & UART_IIR_NONE);
}

bool console_device_wants(enum console_reason reason)
{
    return enabled & reason;
}

void console_device_want(enum console_reason reason, bool on)
{
    uint8_t wanted = (uint8_t)(on ? enabled | reason : enabled & ~(word)reason);

    if (wanted != enabled)
        uart_write(UART_IER, enabled = wanted);
}

word console_device_send(const char *text, word size)
{
    word count = 0;

    if (!(uart_read(UART_LSR) & UART_LSR_EMPTY))
        return 0;
    for (; count < TRANSMIT_FIFO && count < size; count++)
        uart_write(UART_DATA, (uint8_t)text[count]);
    return count;
}

int console_device_receive(void)
{
    return uart_read(UART_LSR) & UART_LSR_READY ? uart_read(UART_DATA) : -1;
}
