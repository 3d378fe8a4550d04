/*
 * Host-physical memory. The monitor runs untranslated, so on the simulated processor an
 * address is a pointer; unit tests back it with an array.
 */
#ifndef VMM_PHYS_H
#define VMM_PHYS_H

#include "vmm/types.h"

#ifdef __riscv
static inline void *phys_ptr(hpa address)
{
    return (void *)(uintptr_t)address;
}

static inline hpa phys_of(const void *pointer)
{
    return (hpa)(uintptr_t)pointer;
}
#else
void *phys_ptr(hpa address);
hpa phys_of(const void *pointer);
#endif

#endif
