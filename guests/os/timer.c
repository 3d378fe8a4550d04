/*
 * Time: a counter that never goes back, and one alarm.
 */
#include "guests/os/timer.h"

#include "guests/lib/divide.h"
#include "guests/os/arch.h"

void timer_init(void)
{
    timer_set(TIMER_NEVER);
    clock_init();
}

uint64_t timer_now(void)
{
    return clock_now();
}

void timer_set(uint64_t deadline)
{
    clock_alarm(deadline);
}

word timer_to_ms(uint64_t ticks)
{
    return (word)u64_divide(ticks, TICKS_PER_MS, NULL);
}
