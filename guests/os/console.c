/*
 * The console. A 16550 has eight byte registers; the ones used here:
 *   0 RBR  read: byte received             THR  write: byte to send
 *   1 IER  bit 0: interrupt on input, bit 1: interrupt when THR is empty
 *   2 IIR  read: why it interrupts         FCR  write: FIFOs on
 *   3 LCR  line format                     4 MCR  bit 3: interrupts leave the chip
 *   5 LSR  bit 0: a byte has been received, bit 5: THR and its FIFO are empty
 *
 * Output waits in a queue. When the transmitter is empty it takes 16 bytes at once; if more
 * are left, its interrupt asks for the next 16.
 *
 * Input is put into a queue as it comes. Lines are edited and echoed when a program reads,
 * not when keys are pressed: what was typed ahead then appears behind the prompt it answers.
 * While the queue is full the receive interrupt is off, and the bytes wait in the device.
 */
#include "guests/os/console.h"

#include "guests/abi.h"
#include "guests/os/arch.h"
#include "guests/os/intc.h"
#include "guests/os/lock.h"
#include "guests/os/sched.h"
#include "guests/os/timer.h"

#define TRANSMIT_FIFO 16

#define KEY_END       4 /* ctrl-d */
#define KEY_BACKSPACE 8
#define KEY_KILL      21 /* ctrl-u */
#define KEY_DELETE    127

#define QUEUE_SIZE    1024 /* a power of two */

struct queue {
    word head, tail; /* they only grow: bytes taken and bytes put */
    char data[QUEUE_SIZE];
};

struct line {
    word used, taken;
    bool complete, end; /* end: ctrl-d on an empty line */
    char data[256];
};

static struct queue input, output;
static struct line line;      /* of whoever reads, */
static struct lock line_lock; /* and there is one at a time */
static uint8_t enabled;       /* what UART_IER holds */

static bool queue_is_empty(const struct queue *q)
{
    return q->head == q->tail;
}

static word queue_room(const struct queue *q)
{
    return QUEUE_SIZE - (q->tail - q->head);
}

static void queue_put(struct queue *q, char c)
{
    q->data[q->tail++ % QUEUE_SIZE] = c;
}

static char queue_take(struct queue *q)
{
    return q->data[q->head++ % QUEUE_SIZE];
}

static uint8_t uart_read(word reg)
{
    return mmio_read8(REGION_uart + reg);
}

static void uart_write(word reg, uint8_t value)
{
    mmio_write8(REGION_uart + reg, value);
}

static void uart_enable(uint8_t bit, bool on)
{
    uint8_t wanted = (uint8_t)(on ? enabled | bit : enabled & ~bit);

    if (wanted != enabled)
        uart_write(UART_IER, enabled = wanted);
}

/* Interrupts are off in what follows, up to console_put. */

static void send(void)
{
    if (!(uart_read(UART_LSR) & UART_LSR_EMPTY))
        return;
    for (word i = 0; i < TRANSMIT_FIFO && !queue_is_empty(&output); i++)
        uart_write(UART_DATA, (uint8_t)queue_take(&output));
}

/* Sends now what can be sent now; the interrupt will do the rest. */
static void start_output(void)
{
    if (!(enabled & UART_IER_TRANSMIT))
        send();
    uart_enable(UART_IER_TRANSMIT, !queue_is_empty(&output));
}

static void receive(void)
{
    while (queue_room(&input) && (uart_read(UART_LSR) & UART_LSR_READY))
        queue_put(&input, (char)uart_read(UART_DATA));
    uart_enable(UART_IER_RECEIVE, queue_room(&input) > 0);
    sched_wake(&input);
}

static void console_interrupt(void)
{
    while (!(uart_read(UART_IIR) & UART_IIR_NONE)) { /* reading it ends a transmit interrupt */
        receive();
        if (enabled & UART_IER_TRANSMIT) {
            send();
            uart_enable(UART_IER_TRANSMIT, !queue_is_empty(&output));
            sched_wake(&output);
        }
    }
}

void console_init(void)
{
    uart_write(UART_IER, 0);
    uart_write(UART_LCR, UART_LCR_8N1);
    uart_write(UART_FCR, UART_FCR_FIFO);
    uart_write(UART_MCR, UART_MCR_IRQ);
    uart_write(UART_IER, enabled = UART_IER_RECEIVE);
    intc_enable(LINE_uart, console_interrupt);
}

void console_flush(void)
{
    word irq = irq_save();

    while (!queue_is_empty(&output))
        send();
    uart_enable(UART_IER_TRANSMIT, false);
    irq_restore(irq);
}

void console_put(const char *text, size_t size)
{
    word irq = irq_save();

    for (size_t i = 0; i < size; i++) {
        while (!queue_room(&output))
            send();
        queue_put(&output, text[i]);
    }
    start_output();
    irq_restore(irq);
}

static void wait_for_room(void)
{
    word irq = irq_save();

    while (!queue_room(&output))
        sched_sleep(&output, TIMER_NEVER);
    irq_restore(irq);
}

int console_write(struct space *s, word address, word size)
{
    char part[128];

    for (word done = 0; done < size;) {
        wait_for_room();
        word count = size - done;
        if (count > sizeof part)
            count = sizeof part;
        if (count > queue_room(&output))
            count = queue_room(&output);
        if (!space_read(s, part, address + done, count))
            return -ERROR_bad_address;
        console_put(part, count);
        done += count;
    }
    return (int)size;
}

static char next_key(void)
{
    word irq = irq_save();

    while (queue_is_empty(&input))
        sched_sleep(&input, TIMER_NEVER);
    char c = queue_take(&input);
    uart_enable(UART_IER_RECEIVE, true);
    irq_restore(irq);
    return c;
}

static void erase(word count)
{
    while (count-- && line.used) {
        line.used--;
        console_put("\b \b", 3);
    }
}

static void edit(char c)
{
    if (c == '\r')
        c = '\n';
    if (c == KEY_BACKSPACE || c == KEY_DELETE) {
        erase(1);
    } else if (c == KEY_KILL) {
        erase(line.used);
    } else if (c == KEY_END) {
        line.complete = line.used > 0;
        line.end = line.used == 0;
    } else if (c == '\n') {
        console_put("\n", 1);
        line.data[line.used++] = c;
        line.complete = true;
    } else if ((unsigned char)c >= ' ' && line.used + 1 < sizeof line.data) {
        console_put(&c, 1);
        line.data[line.used++] = c;
    }
}

/* What is left of the line goes to the reader; the next line begins when nothing is. */
static int take_line(struct space *s, word address, word size)
{
    word count = line.used - line.taken;

    if (count > size)
        count = size;
    if (!space_write(s, address, line.data + line.taken, count))
        return -ERROR_bad_address;
    line.taken += count;
    if (line.taken == line.used)
        line = (struct line){0};
    return (int)count;
}

int console_read(struct space *s, word address, word size)
{
    lock_take(&line_lock);
    while (!line.complete && !line.end)
        edit(next_key());
    int result = take_line(s, address, size);
    lock_give(&line_lock);
    return result;
}
