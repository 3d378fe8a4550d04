/*
 * The kernel's operations on the bare machine (arch.h): for ring 0.
 */
#ifndef OS_NATIVE_OPS_H
#define OS_NATIVE_OPS_H

#include "guests/os/arch.h"
#include "isa/paging.h"

#define KERNEL_RING       0 /* real ring of the kernel, for its page-table entries */
#define KERNEL_SUPERPAGES true

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

static inline void cpu_wait(void)
{
    wfi();
}

static inline void clock_init(void)
{
    csr_set(CSR_ie, ie_timer);
}

/* The high half may change between two reads: then the low half belongs to neither. */
static inline uint64_t clock_now(void)
{
    word high, low;

    do {
        high = csr_read(CSR_timeh);
        low = csr_read(CSR_time);
    } while (csr_read(CSR_timeh) != high);
    return (uint64_t)high << 32 | low;
}

/* No mixture of old and new halves may lie in the past: the interrupt would come at once. */
static inline void clock_alarm(uint64_t deadline)
{
    csr_write(CSR_timecmph, UINT32_MAX);
    csr_write(CSR_timecmp, (word)deadline);
    csr_write(CSR_timecmph, (word)(deadline >> 32));
}

static inline void *pt_page(word entry)
{
    return (void *)(entry & PTE_PPN);
}

static inline word pt_entry(const void *page)
{
    return (word)page;
}

static inline word pt_read(const word *entry)
{
    return *entry;
}

static inline void pt_write(word *entry, word value)
{
    *entry = value;
}

static inline void pt_made(word *table, word level)
{
    (void)table, (void)level;
}

static inline void pt_gone(word *table)
{
    (void)table;
}

static inline void pt_gone_all(void)
{
}

/* No flush: TLB entries carry the ASID that they belong to. */
static inline void space_switch(const word *root, word asid)
{
    csr_write(CSR_ptbr, PTBR_ON | asid << PTBR_ASID_SHIFT | (word)root >> PAGE_SHIFT);
}

static inline void tlb_flush_page(word address, word asid)
{
    __asm__ volatile("sfence.vma %0, %1" : : "r"(address), "r"(asid) : "memory");
}

static inline void tlb_flush_space(word asid)
{
    __asm__ volatile("sfence.vma zero, %0" : : "r"(asid) : "memory");
}

static inline word memory_init(word ram_base, word ram_size, word first_free)
{
    (void)ram_base, (void)ram_size;
    return first_free;
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

static inline void devices_map(void (*map)(word address, word rights))
{
    map(REGION_finisher, PTE_R | PTE_W);
    map(REGION_intc, PTE_R | PTE_W);
    map(REGION_uart, PTE_R | PTE_W);
}

_Noreturn static inline void machine_off(word status)
{
    mmio_write32(REGION_finisher, status ? status << 16 | FINISHER_END_FAIL : FINISHER_END_PASS);
    for (;;)
        wfi();
}

#endif
