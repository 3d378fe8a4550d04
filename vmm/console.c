/*
 * The real UART. The monitor takes a byte of input only when the reader's virtual device has
 * room; else it leaves the rest where it is, with the receive interrupt off: nothing is lost,
 * and whoever types ahead is held back by the real device, as on a bare machine.
 */
#include "vmm/console.h"

#include "vmm/arch.h"
#include "vmm/platform.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

void console_init(struct vmm *vmm)
{
    vmm->console = (struct console){.mid_line = false};
    arch_uart_write(UART_IER, UART_IER_RECEIVE);
}

static void put(struct console *c, char byte)
{
    arch_uart_write(UART_DATA, (uint8_t)byte);
    c->mid_line = byte != '\n';
}

static void put_text(struct console *c, const char *text)
{
    for (; *text; text++)
        put(c, *text);
}

/* Begins a line of `writer`, on a line of its own. */
static void begin_line(struct console *c, const struct vm *writer, const char *name)
{
    if (c->mid_line)
        put(c, '\n');
    c->writer = writer;
    put_text(c, name);
    put_text(c, ": ");
}

void console_output(struct vm *vm, uint8_t byte)
{
    struct console *c = &vm->vmm->console;

    if (vm->vmm->vm_slots > 1 && (!c->mid_line || c->writer != vm))
        begin_line(c, vm, vm->name);
    put(c, (char)byte);
}

void console_say(struct vmm *vmm, const struct line *l)
{
    begin_line(&vmm->console, NULL, "vmm");
    put_text(&vmm->console, l->text);
    put(&vmm->console, '\n');
}

static void set_stopped(struct console *c, bool stopped)
{
    if (c->stopped != stopped)
        arch_uart_write(UART_IER, stopped ? 0 : UART_IER_RECEIVE);
    c->stopped = stopped;
}

/* NULL when nobody is there to read. */
static struct vm *reader(struct vmm *vmm)
{
    for (unsigned i = 0; i < vmm->vm_slots; i++)
        if (vmm->vms[i] && !vmm->vms[i]->ended)
            return vmm->vms[i];
    return NULL;
}

void console_interrupt(struct vmm *vmm)
{
    struct vm *vm = reader(vmm), *payer = sched_pay(vmm, vm);
    bool waits;

    while ((waits = arch_uart_read(UART_LSR) & UART_LSR_READY) && (!vm || vuart_has_room(vm))) {
        uint8_t byte = arch_uart_read(UART_DATA);
        if (vm)
            vuart_receive(vm, byte);
    }
    set_stopped(&vmm->console, waits);
    sched_pay(vmm, payer);
}

void console_refill(struct vm *vm)
{
    if (vm->vmm->console.stopped && vm == reader(vm->vmm))
        console_interrupt(vm->vmm);
}

void console_pass_on(struct vmm *vmm, struct vuart *typed)
{
    struct vm *to = reader(vmm);

    for (; to && typed->count && vuart_has_room(to); typed->count--) {
        vuart_receive(to, typed->fifo[typed->head]);
        typed->head = (typed->head + 1) % VUART_FIFO_SIZE;
    }
    console_interrupt(vmm);
}
