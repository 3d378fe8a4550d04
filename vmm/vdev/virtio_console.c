/*
 * Virtio console: two queues.
 *
 *   0 receive    buffers that the driver offers; what was typed is put into them as it comes
 *   1 transmit   what the driver says; written to the monitor's console at once
 *
 * Typed bytes arrive in the VM's UART, as for any guest (so nobody's typing is lost while no
 * buffer is there); from it they are moved here when the receive queue is set up.
 */
#include "vmm/vdev/virtio_console.h"

#include "vmm/console.h"
#include "vmm/vm.h"

#include "isa/hypercall.h"

#define MESSAGE_MAX 4096u /* bytes of one chain */
#define AT_ONCE     8     /* chains of one notification */

static word config(struct vm *vm, word n)
{
    (void)vm, (void)n;
    return 0;
}

static struct virtqueue *queue(struct vm *vm, word number)
{
    return &vm->vconsole.queues[number];
}

/* False when the driver broke a rule. */
static bool say(struct vm *vm, const struct chain *c)
{
    uint8_t part[64];

    if (c->writable || c->read_size > MESSAGE_MAX)
        return false;
    for (word done = 0; done < c->read_size;) {
        word n = c->read_size - done < sizeof part ? c->read_size - done : sizeof part;
        if (!chain_read(vm, c, done, part, n))
            return false;
        for (word i = 0; i < n; i++)
            console_output(vm, part[i]);
        done += n;
    }
    return true;
}

static bool transmit(struct vm *vm)
{
    struct virtqueue *q = queue(vm, VIRTIO_CONSOLE_TRANSMIT);
    struct chain c;

    for (unsigned i = 0; i < AT_ONCE; i++) {
        if (!virtqueue_take(vm, q, &c))
            return false;
        if (!say(vm, &c)) {
            virtqueue_break(q);
            return false;
        }
        virtqueue_give(vm, q, EVENT_PORT_console, &c, 0);
    }
    return true;
}

void virtio_console_input(struct vm *vm)
{
    struct virtqueue *q = queue(vm, VIRTIO_CONSOLE_RECEIVE);
    struct chain c;

    while (q->size && vm->uart.count > 0 && virtqueue_take(vm, q, &c)) {
        word n = 0;
        while (n < c.write_size && vm->uart.count > 0) {
            uint8_t byte = vuart_take(vm);
            if (!chain_write(vm, &c, n, &byte, 1)) {
                virtqueue_break(q);
                return;
            }
            n++;
        }
        virtqueue_give(vm, q, EVENT_PORT_console, &c, n);
    }
}

static bool notify(struct vm *vm, word number)
{
    if (number == VIRTIO_CONSOLE_TRANSMIT)
        return transmit(vm);
    virtio_console_input(vm);
    console_refill(vm);
    return false;
}

const struct virtio_ops virtio_console_ops = {
    .name = "virtio-console",
    .id = VIRTIO_ID_CONSOLE,
    .queues = 2,
    .config = config,
    .queue = queue,
    .notify = notify,
};
