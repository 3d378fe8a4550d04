/*
 * The interrupt controller. Word registers:
 *   0 PENDING  lines that are high
 *   4 ENABLE   lines that may interrupt
 *   8 CLAIM    read: the lowest line that wants service, 0 for none; it is then in service
 *              write: service of this line is complete
 */
#include "guests/os/intc.h"

#include "guests/os/arch.h"
#include "guests/os/printk.h"

#define LINES 32

static void (*handlers[LINES])(void);

void intc_enable(unsigned line, void (*handler)(void))
{
    handlers[line] = handler;
    mmio_write32(REGION_intc + INTC_ENABLE, mmio_read32(REGION_intc + INTC_ENABLE) | 1u << line);
    csr_set(CSR_ie, ie_ext);
}

void intc_handle(void)
{
    word line;

    while ((line = mmio_read32(REGION_intc + INTC_CLAIM)) != 0) {
        if (line >= LINES || !handlers[line])
            panic("interrupt from line %u, which nobody enabled", line);
        handlers[line]();
        mmio_write32(REGION_intc + INTC_CLAIM, line);
    }
}
