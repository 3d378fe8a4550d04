/* The virtual console: a 16550; see uart.c for its registers. */
#ifndef VMM_VDEV_UART_H
#define VMM_VDEV_UART_H

#include "vmm/vdev/bus.h"

#define VUART_FIFO_SIZE 16

struct vuart {
    uint8_t ier, fcr, lcr, mcr, scr, dll, dlm;
    uint8_t thre; /* a transmitter interrupt waits to be seen in IIR */
    uint8_t fifo[VUART_FIFO_SIZE];
    uint8_t head, count; /* oldest byte, number of bytes */
};

extern const struct vdev_ops vuart_ops;

/* Room for another byte of input? What does not fit waits in the real device. */
bool vuart_has_room(const struct vm *vm);
void vuart_receive(struct vm *vm, uint8_t byte);

/* Takes the oldest byte that was received; there must be one. */
uint8_t vuart_take(struct vm *vm);

/* Can its line become high by itself? */
bool vuart_can_raise(const struct vm *vm);

#endif
