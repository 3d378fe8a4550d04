/*
 * The kernel's operations with a monitor that it knows of (arch.h): it runs in ring 1, on page
 * tables that it can read and not write.
 *
 * Addresses that the kernel calls physical are the monitor's idea: behind each of their pages is
 * some real frame. Page-table entries hold numbers of real frames; pt_entry and pt_page go from
 * one to the other.
 */
#ifndef OS_PV_OPS_H
#define OS_PV_OPS_H

#include "guests/os/arch.h"
#include "guests/os/pv/hypercall.h"
#include "guests/os/pv/tables.h"
#include "isa/paging.h"

#define KERNEL_RING       1
#define KERNEL_SUPERPAGES false /* the frames of 4 MiB do not lie side by side */

/* ---- interrupts: the shared page's `masked` ----------------------------------------------- */

static inline word irq_save(void)
{
    word old = pv_shared.masked;

    pv_shared.masked = 1;
    return !old;
}

static inline void irq_on(void)
{
    pv_shared.masked = 0;
    if (pv_shared.waiting)
        hypercall(HYPERCALL_deliver, 0, 0, 0, 0, 0, 0);
}

static inline void irq_restore(word saved)
{
    if (saved)
        irq_on();
}

static inline void irq_off(void)
{
    pv_shared.masked = 1;
}

static inline bool irq_is_on(void)
{
    return !pv_shared.masked;
}

static inline void cpu_wait(void)
{
    hypercall_do(HYPERCALL_block, 0, 0, 0);
}

/* ---- time --------------------------------------------------------------------------------- */

static inline void clock_init(void)
{
}

static inline uint64_t clock_now(void)
{
    word high, low, version;
    uint64_t offset;

    do {
        version = pv_shared.clock_version;
        offset = (uint64_t)pv_shared.clock_high << 32 | pv_shared.clock;
        high = csr_read(CSR_timeh);
        low = csr_read(CSR_time);
    } while (csr_read(CSR_timeh) != high || pv_shared.clock_version != version);
    return ((uint64_t)high << 32 | low) + offset;
}

/* In time: the next hypercall that leads out of the kernel, or waits, brings it. */
static inline void clock_alarm(uint64_t deadline)
{
    pv_queue((word)(deadline >> 32) << 2 | UPDATE_ALARM, (word)deadline);
}

/* ---- address spaces: tables.c ------------------------------------------------------------- */

static inline void *pt_page(word entry)
{
    return pv_page(entry);
}

static inline word pt_entry(const void *page)
{
    return pv_frame(page);
}

static inline word pt_read(const word *entry)
{
    return pv_entry_read(entry);
}

static inline void pt_write(word *entry, word value)
{
    pv_entry_write(entry, value);
}

static inline void pt_made(word *table, word level)
{
    pv_table_made(table, level);
}

static inline void pt_gone(word *table)
{
    pv_table_gone(table);
}

static inline void pt_gone_all(void)
{
    pv_update();
}

static inline void space_switch(const word *root, word asid)
{
    pv_root(root, asid);
}

static inline void tlb_flush_page(word address, word asid)
{
    pv_queue(asid << 2 | UPDATE_FLUSH_PAGE, address);
}

static inline void tlb_flush_space(word asid)
{
    pv_queue(asid << 2 | UPDATE_FLUSH_SPACE, 0);
}

/* ---- the start and the end ---------------------------------------------------------------- */

static inline word memory_init(word ram_base, word ram_size, word first_free)
{
    return pv_frames_init(ram_base, ram_size, first_free);
}

static inline void devices_map(void (*map)(word address, word rights))
{
    (void)map;
}

_Noreturn static inline void machine_off(word status)
{
    for (;;)
        hypercall(HYPERCALL_power_off, status, 0, 0, 0, 0, 0);
}

#endif
