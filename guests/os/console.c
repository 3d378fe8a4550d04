/*
 * The console: lines, and what waits in between. The device is native/uart.c or pv/console.c.
 *
 * Output waits in a queue. The device takes what it can at once; if more is left, it
 * interrupts when it can take the next piece.
 *
 * Input is put into a queue as it comes. Lines are edited and echoed when a program reads,
 * not when keys are pressed: what was typed ahead then appears behind the prompt it answers.
 * While the queue is full the device keeps what is typed, and does not interrupt for it.
 */
#include "guests/os/console.h"

#include "guests/abi.h"
#include "guests/os/arch.h"
#include "guests/os/console_device.h"
#include "guests/os/lock.h"
#include "guests/os/sched.h"
#include "guests/os/timer.h"

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

/* Interrupts are off in what follows, up to console_put. */

static void send(void)
{
    word at = output.head % QUEUE_SIZE;
    word count = output.tail - output.head;

    if (count > QUEUE_SIZE - at)
        count = QUEUE_SIZE - at;
    if (count)
        output.head += console_device_send(&output.data[at], count);
}

/* Sends now what can be sent now; the interrupt will do the rest. */
static void start_output(void)
{
    if (!console_device_wants(CONSOLE_SENT))
        send();
    console_device_want(CONSOLE_SENT, !queue_is_empty(&output));
}

static void receive(void)
{
    int c;

    while (queue_room(&input) && (c = console_device_receive()) >= 0)
        queue_put(&input, (char)c);
    console_device_want(CONSOLE_RECEIVED, queue_room(&input) > 0);
    sched_wake(&input);
}

static void console_interrupt(void)
{
    while (console_device_interrupts()) {
        receive();
        if (console_device_wants(CONSOLE_SENT)) {
            send();
            console_device_want(CONSOLE_SENT, !queue_is_empty(&output));
            sched_wake(&output);
        }
    }
}

void console_init(void)
{
    console_device_init(console_interrupt);
}

void console_flush(void)
{
    word irq = irq_save();

    while (!queue_is_empty(&output))
        send();
    console_device_want(CONSOLE_SENT, false);
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
    console_device_want(CONSOLE_RECEIVED, true);
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
