/*
 * The processor and the board as the kernel uses them: every privileged operation that it has, and
 * nothing else is one. Two implementations have these names, and the build takes one:
 *
 *   what                       native/: ring 0 of the machine     pv/: a monitor that it knows of
 *   interrupts on and off      status.IE                          a word of a shared page
 *   waiting                    wfi                                a hypercall
 *   time, alarm                counter, timecmp                   counter and an offset; queued
 *   a page-table entry         holds the page's address, stored   holds the real frame's number,
 *                                                                 queued, and checked by the monitor
 *   another address space      ptbr                               a hypercall
 *   the TLB                    sfence.vma                         queued with the entries
 *   traps                      native/entry.S                     pv/entry.S
 *   devices                    native/: ports and registers       pv/: virtqueues and event ports
 *
 * (isa.md calls the processor Xrings.)
 */
#ifndef OS_ARCH_H
#define OS_ARCH_H

#include "guests/os/types.h"
#include "xrings.h"

/* ---- interrupts --------------------------------------------------------------------------- */

/* Interrupts off; returns what irq_restore needs. Pairs may be nested. */
static inline word irq_save(void);
static inline void irq_restore(word saved);
static inline void irq_on(void);
static inline void irq_off(void);
static inline bool irq_is_on(void);

/* Interrupts are off: waits until one comes, which is not taken yet. */
static inline void cpu_wait(void);

/* ---- time --------------------------------------------------------------------------------- */

/* The timer's interrupts are possible from now on. */
static inline void clock_init(void);
/* Ticks since the machine began. */
static inline uint64_t clock_now(void);
/* One timer interrupt when the time is `deadline` or later; it replaces the one before. */
static inline void clock_alarm(uint64_t deadline);

/* ---- address spaces ----------------------------------------------------------------------- */

/* Of an entry that leads to a page or table: which one. And the other way: without its rights. */
static inline void *pt_page(word entry);
static inline word pt_entry(const void *page);
/* An entry of a table is read and written by these only, once there is paging. What was written
 * is there for the processor when it next runs something else than the kernel. */
static inline word pt_read(const word *entry);
static inline void pt_write(word *entry, word value);

/* A page, completely filled in, becomes a page table (level 1: leaves, 2: a root); or was one, and
 * nothing leads to it any more. Its old contents can still be read then. */
static inline void pt_made(word *table, word level);
static inline void pt_gone(word *table);
/* Pages that were tables can be written again from here on. */
static inline void pt_gone_all(void);

/* The processor runs on this root from now on. */
static inline void space_switch(const word *root, word asid);

/* Forget what the TLB knows about one page of one address space, or about all of one. */
static inline void tlb_flush_page(word address, word asid);
static inline void tlb_flush_space(word asid);

/* ---- the start and the end ---------------------------------------------------------------- */

/* Called once, before paging, with the RAM that nobody uses yet; returns where it begins now. */
static inline word memory_init(word ram_base, word ram_size, word first_free);
/* Maps the registers of devices with `map`. */
static inline void devices_map(void (*map)(word address, word rights));

_Noreturn static inline void machine_off(word status);

/* Code was written: what is fetched from now on must see it. */
static inline void code_written(void)
{
    __asm__ volatile("fence.i" : : : "memory");
}

#ifdef OS_PV
#include "guests/os/pv/ops.h"
#else
#include "guests/os/native/ops.h"
#endif

#endif
