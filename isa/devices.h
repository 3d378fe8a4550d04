/* The devices' registers by name (devices.def): UART_LSR is an offset, UART_LSR_READY its bit. */
#ifndef ISA_DEVICES_H
#define ISA_DEVICES_H

enum device_register {
#define DEVREG(device, name, offset, meaning) device##_##name = (offset),
#include "isa/devices.def"
};
enum device_bits {
#define DEVBITS(device, reg, name, value, meaning) device##_##reg##_##name = (value),
#include "isa/devices.def"
};

#endif
