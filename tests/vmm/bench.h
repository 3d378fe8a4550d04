/*
 * The simulated machine's own devices, each alone on a bench, to hold the virtual ones against.
 * (Their headers and the monitor's use some names for different things; hence a border.)
 */
#ifndef TESTS_VMM_BENCH_H
#define TESTS_VMM_BENCH_H

#include "base/types.h"

enum bench_device { BENCH_UART, BENCH_INTC, BENCH_ATA };

void bench_open(const char *image); /* NULL: no disk */
void bench_close(void);

word bench_read(enum bench_device d, word reg);
void bench_write(enum bench_device d, word reg, word value);

/* Level of the device's line; of the wire to the processor for the interrupt controller. */
bool bench_line(enum bench_device d);

bool bench_uart_has_room(void);
void bench_uart_input(uint8_t byte);
void bench_set_line(unsigned line, bool level);
/* The disk has been busy long enough. */
void bench_disk_ready(void);
/* Where in the sector the data port is, in 16-bit words. */
unsigned bench_disk_position(void);

#endif
