/* Where the platform's devices are (isa/platform.def) and which registers they have
 * (isa/devices.def), for the real ones and the virtual ones. */
#ifndef VMM_PLATFORM_H
#define VMM_PLATFORM_H

enum platform_number {
#define REGION(name, base, size, meaning)  REGION_##name = (int)(base), REGION_SIZE_##name = (size),
#define PORTS(name, first, count, meaning) PORT_##name = (first), PORT_COUNT_##name = (count),
#define LINE(name, number, meaning)        LINE_##name = (number),
#include "isa/platform.def"
};

enum device_register {
#define DEVREG(device, name, offset, meaning) device##_##name = (offset),
#include "isa/devices.def"
};
enum device_bits {
#define DEVBITS(device, reg, name, value, meaning) device##_##reg##_##name = (value),
#include "isa/devices.def"
};

#define RAM_BASE ((word)REGION_ram)

#endif
