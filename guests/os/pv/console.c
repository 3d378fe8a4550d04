/*
 * The console's device with a monitor: a virtio console. Output is one chain at a time, copied
 * here so that the queue of console.c can move on; input arrives in small buffers, one for each
 * key in the worst case.
 */
#include "guests/os/console_device.h"

#include "guests/lib/string.h"
#include "guests/os/arch.h"
#include "guests/os/intc.h"
#include "guests/os/printk.h"
#include "guests/os/pv/events.h"
#include "guests/os/pv/virtqueue.h"

#define KEYS_SIZE 16

static struct virtqueue receive __attribute__((aligned(4096)));
static struct virtqueue transmit __attribute__((aligned(4096)));
static char keys[VIRTQUEUE_SIZE][KEYS_SIZE]; /* one for each descriptor of receive */
static char text_out[256];
static word reasons;
static word key_buffer, key_at, key_count; /* the buffer that is being read */

static void offer_keys(word i)
{
    bool all_used = virtqueue_waiting(&receive) == 0;

    virtqueue_describe(&receive, i, keys[i], KEYS_SIZE, VIRTQ_WRITE, 0);
    virtqueue_offer(&receive, i);
    if (all_used) /* then it may have something that it could not put anywhere */
        virtqueue_notify(&receive);
}

void console_device_init(void (*handler)(void))
{
    reasons = CONSOLE_RECEIVED;
    intc_enable(EVENT_PORT_console, handler);
    transmit.avail.flags = VIRTQ_NO_INTERRUPT;
    if (!virtqueue_init(&transmit, EVENT_PORT_console, VIRTIO_CONSOLE_TRANSMIT) ||
        !virtqueue_init(&receive, EVENT_PORT_console, VIRTIO_CONSOLE_RECEIVE))
        machine_off(PANIC_STATUS); /* there is no way to say it */
    for (word i = 0; i < VIRTQUEUE_SIZE; i++)
        offer_keys(i);
}

static bool has_key(void)
{
    while (key_at == key_count) {
        word head, written;
        if (key_count)
            offer_keys(key_buffer);
        key_at = key_count = 0;
        if (!virtqueue_take(&receive, &head, &written))
            return false;
        key_buffer = head % VIRTQUEUE_SIZE;
        key_count = written < KEYS_SIZE ? written : KEYS_SIZE;
    }
    return true;
}

bool console_device_interrupts(void)
{
    return ((reasons & CONSOLE_RECEIVED) && has_key()) ||
           ((reasons & CONSOLE_SENT) && virtqueue_waiting(&transmit) == 0);
}

bool console_device_wants(enum console_reason reason)
{
    return reasons & reason;
}

/* The device tells once: of what is there already when it becomes wanted, we tell ourselves. */
void console_device_want(enum console_reason reason, bool on)
{
    bool was = reasons & reason;

    reasons = on ? reasons | reason : reasons & ~(word)reason;
    if (on && !was && console_device_interrupts())
        event_raise(EVENT_PORT_console);
}

word console_device_send(const char *text, word size)
{
    word head, written;

    while (virtqueue_take(&transmit, &head, &written))
        ;
    if (virtqueue_waiting(&transmit))
        return 0;
    if (size > sizeof text_out)
        size = sizeof text_out;
    memcpy(text_out, text, size);
    virtqueue_describe(&transmit, 0, text_out, size, 0, 0);
    virtqueue_offer(&transmit, 0);
    virtqueue_notify(&transmit);
    return size;
}

int console_device_receive(void)
{
    return has_key() ? (unsigned char)keys[key_buffer][key_at++] : -1;
}
