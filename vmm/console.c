/*
 * The real UART. The monitor takes a byte of input only when the reader's virtual device has
 * room; else it leaves the rest where it is, with the receive interrupt off: nothing is lost,
 * and whoever types ahead is held back by the real device, as on a bare machine.
 */
#include "vmm/console.h"

#include "vmm/arch.h"
#include "vmm/phys.h"
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

/* The record is told whose output follows. */
static void speak(struct console *c, word vmid)
{
    if (c->speaker != vmid)
        arch_hint_console(vmid);
    c->speaker = vmid;
}

/* Begins a line of `writer`, on a line of its own. */
static void begin_line(struct console *c, const struct vm *writer, const char *name)
{
    speak(c, 0);
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
    speak(c, vm->id);
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
    if (vmm->console.focus && !vmm->console.focus->ended)
        return vmm->console.focus;
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

/* What was typed for this VM alone comes before what is typed for whoever reads. */
static void feed(struct vm *vm)
{
    struct typed *t = vm->typed;

    while (t && t->count && vuart_has_room(vm)) {
        vuart_receive(vm, t->bytes[t->head]);
        t->head = (t->head + 1) % TYPED_SIZE;
        t->count--;
    }
}

bool console_type(struct vm *vm, struct slice text)
{
    hpa frame;

    if (!vm->typed) {
        if (!alloc_frame_zero(&vm->vmm->alloc, vm->id, FRAME_VM, &frame))
            return false;
        vm->typed = phys_ptr(frame);
    }
    if (text.length > TYPED_SIZE - vm->typed->count)
        return false;
    for (unsigned i = 0; i < text.length; i++)
        vm->typed->bytes[(vm->typed->head + vm->typed->count++) % TYPED_SIZE] = (uint8_t)text.at[i];
    feed(vm);
    return true;
}

void console_focus(struct vm *vm)
{
    vm->vmm->console.focus = vm;
    console_interrupt(vm->vmm);
}

void console_forget(struct vm *vm)
{
    struct console *c = &vm->vmm->console;

    if (c->focus == vm)
        c->focus = NULL;
    if (c->writer == vm)
        c->writer = NULL;
}

void console_refill(struct vm *vm)
{
    feed(vm);
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
