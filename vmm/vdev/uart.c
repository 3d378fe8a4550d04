/*
 * Virtual UART: the platform's 16550, register by register, in memory and as ports.
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
 * Sent bytes go to the monitor's console. Received ones come from it as long as there is room.
 */
#include "vmm/vdev/uart.h"

#include "vmm/console.h"
#include "vmm/platform.h"
#include "vmm/vm.h"

#define IER_BITS 0x0f /* that can be written */
#define MCR_BITS 0x1f

static void update_line(struct vm *vm)
{
    const struct vuart *u = &vm->uart;

    vintc_set_line(vm, LINE_uart,
                   ((u->ier & UART_IER_RECEIVE) && u->count > 0) ||
                       ((u->ier & UART_IER_TRANSMIT) && u->thre));
}

bool vuart_has_room(const struct vm *vm)
{
    return vm->uart.count < VUART_FIFO_SIZE;
}

bool vuart_can_raise(const struct vm *vm)
{
    return vm->uart.ier & UART_IER_RECEIVE;
}

void vuart_receive(struct vm *vm, uint8_t byte)
{
    struct vuart *u = &vm->uart;

    u->fifo[(u->head + u->count) % VUART_FIFO_SIZE] = byte;
    u->count++;
    update_line(vm);
    virtio_console_input(vm);
}

uint8_t vuart_take(struct vm *vm)
{
    struct vuart *u = &vm->uart;
    uint8_t byte = u->fifo[u->head];

    u->head = (u->head + 1) % VUART_FIFO_SIZE;
    u->count--;
    return byte;
}

static word read_byte(struct vm *vm)
{
    if (vm->uart.count == 0)
        return 0;
    word byte = vuart_take(vm);
    console_refill(vm);
    return byte;
}

static word identify_interrupt(struct vuart *u)
{
    word fifo = u->fcr & UART_FCR_FIFO ? UART_IIR_FIFO : 0;

    if ((u->ier & UART_IER_RECEIVE) && u->count > 0)
        return fifo | UART_IIR_RECEIVE;
    if ((u->ier & UART_IER_TRANSMIT) && u->thre) {
        u->thre = 0;
        return fifo | UART_IIR_TRANSMIT;
    }
    return fifo | UART_IIR_NONE;
}

static word read_register(struct vm *vm, word offset)
{
    struct vuart *u = &vm->uart;
    bool dlab = u->lcr & UART_LCR_DLAB;

    switch (offset) {
    case UART_DATA:
        return dlab ? u->dll : read_byte(vm);
    case UART_IER:
        return dlab ? u->dlm : u->ier;
    case UART_IIR:
        return identify_interrupt(u);
    case UART_LCR:
        return u->lcr;
    case UART_MCR:
        return u->mcr;
    case UART_LSR:
        return UART_LSR_IDLE | (u->count > 0 ? UART_LSR_READY : 0);
    case UART_MSR:
        return UART_MSR_LINES;
    default:
        return u->scr;
    }
}

static word read(struct vm *vm, word offset)
{
    word value = read_register(vm, offset);

    update_line(vm);
    return value;
}

static void enable_interrupts(struct vuart *u, uint8_t value)
{
    if (value & ~u->ier & UART_IER_TRANSMIT)
        u->thre = 1;
    u->ier = value & IER_BITS;
}

static void send(struct vm *vm, uint8_t byte)
{
    console_output(vm, byte);
    vm->uart.thre = 1;
}

static void write(struct vm *vm, word offset, word value)
{
    struct vuart *u = &vm->uart;
    bool dlab = u->lcr & UART_LCR_DLAB;
    uint8_t byte = (uint8_t)value;

    switch (offset) {
    case UART_DATA:
        if (dlab)
            u->dll = byte;
        else
            send(vm, byte);
        break;
    case UART_IER:
        if (dlab)
            u->dlm = byte;
        else
            enable_interrupts(u, byte);
        break;
    case UART_IIR:
        u->fcr = byte & UART_FCR_FIFO;
        break;
    case UART_LCR:
        u->lcr = byte;
        break;
    case UART_MCR:
        u->mcr = byte & MCR_BITS;
        break;
    case UART_SCR:
        u->scr = byte;
        break;
    }
    update_line(vm);
}

const struct vdev_ops vuart_ops = {"vuart", 1, 8, read, write};
