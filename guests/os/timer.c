/*
 * Time: a 64-bit counter and a 64-bit comparison, each in two 32-bit registers.
 */
#include "guests/os/timer.h"

#include "guests/lib/divide.h"
#include "guests/os/arch.h"

void timer_init(void)
{
    timer_set(TIMER_NEVER);
    csr_set(CSR_ie, ie_timer);
}

/* The high half may change between two reads: then the low half belongs to neither. */
uint64_t timer_now(void)
{
    word high, low;

    do {
        high = csr_read(CSR_timeh);
        low = csr_read(CSR_time);
    } while (csr_read(CSR_timeh) != high);
    return (uint64_t)high << 32 | low;
}

/* No mixture of old and new halves may lie in the past: the interrupt would come at once. */
void timer_set(uint64_t deadline)
{
    csr_write(CSR_timecmph, UINT32_MAX);
    csr_write(CSR_timecmp, (word)deadline);
    csr_write(CSR_timecmph, (word)(deadline >> 32));
}

word timer_to_ms(uint64_t ticks)
{
    return (word)u64_divide(ticks, TICKS_PER_MS, NULL);
}
