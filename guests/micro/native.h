/* The operations of ops.h on a processor of one's own. */
#ifndef MICRO_NATIVE_H
#define MICRO_NATIVE_H

#include "guests/os/types.h"
#include "isa/boot.h"
#include "isa/paging.h"
#include "xrings.h"

#define FINISHER_PASS   0x5555u
#define OPS_KERNEL_RING 0
#define OPS_DEVICES     true
#define OPS_TABLE_RIGHT (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)

void native_user(word pc, word times); /* native.S */

static inline void ops_init(const struct boot_page *boot)
{
    (void)boot;
}

static inline word ops_frame(word address)
{
    return address;
}

static inline void ops_table(word *table, word level)
{
    (void)table, (void)level;
}

static inline void ops_paging(word *root)
{
    csr_write(CSR_ptbr, PTBR_ON | (word)(uintptr_t)root >> PAGE_SHIFT);
}

static inline void ops_pte_write(word *entry, word value)
{
    *(volatile word *)entry = value;
}

static inline void ops_pte_forget(word *entry, word value, word page)
{
    *(volatile word *)entry = value;
    __asm__ volatile("sfence.vma %0, zero" : : "r"(page) : "memory");
}

static inline void ops_register_write(word value)
{
    csr_write(CSR_tscratch, value);
}

static inline word ops_port_in(word port)
{
    return pin(port);
}

static inline void ops_user(word pc, word times)
{
    native_user(pc, times);
}

static inline void ops_power_off(void)
{
    *(volatile word *)REGION_finisher = FINISHER_PASS;
}

#endif
