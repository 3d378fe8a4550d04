/*
 * Time. The `time` counter runs at a nominal 10 MHz; the kernel's unit outside this file is
 * the tick of that counter, programs get milliseconds.
 */
#ifndef OS_TIMER_H
#define OS_TIMER_H

#include "guests/os/types.h"

#define TICKS_PER_MS 10000u
#define TIMER_NEVER  UINT64_MAX

/* Interrupts from now on, when timer_set says. */
void timer_init(void);

uint64_t timer_now(void);

/* One timer interrupt when the time is `deadline` or later; it replaces the one before. */
void timer_set(uint64_t deadline);

word timer_to_ms(uint64_t ticks);

#endif
