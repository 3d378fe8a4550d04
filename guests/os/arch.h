/*
 * The processor, seen from C: what isa.md calls Xrings. Everything here is for ring 0.
 */
#ifndef OS_ARCH_H
#define OS_ARCH_H

#include "guests/os/types.h"
#include "xrings.h"

/* Interrupts off; returns what irq_restore needs. Pairs may be nested. */
static inline word irq_save(void)
{
    word old;

    __asm__ volatile("csrrci %0, " XSTR(CSR_status) ", " XSTR(status_ie) : "=r"(old) : : "memory");
    return old & status_ie;
}

static inline void irq_restore(word saved)
{
    csr_set(CSR_status, saved);
}

static inline void irq_on(void)
{
    csr_set(CSR_status, status_ie);
}

static inline void irq_off(void)
{
    csr_clear(CSR_status, status_ie);
}

static inline bool irq_is_on(void)
{
    return (csr_read(CSR_status) & status_ie) != 0;
}

/* Forget what the TLB knows about one page of one address space. */
static inline void tlb_flush_page(word address, word asid)
{
    __asm__ volatile("sfence.vma %0, %1" : : "r"(address), "r"(asid) : "memory");
}

/* ... about all of one address space. */
static inline void tlb_flush_space(word asid)
{
    __asm__ volatile("sfence.vma zero, %0" : : "r"(asid) : "memory");
}

/* Code was written: what is fetched from now on must see it. */
static inline void code_written(void)
{
    __asm__ volatile("fence.i" : : : "memory");
}

/* Device registers. */
static inline uint8_t mmio_read8(word address)
{
    return *(volatile uint8_t *)address;
}

static inline void mmio_write8(word address, uint8_t value)
{
    *(volatile uint8_t *)address = value;
}

static inline word mmio_read32(word address)
{
    return *(volatile uint32_t *)address;
}

static inline void mmio_write32(word address, word value)
{
    *(volatile uint32_t *)address = value;
}

#endif
