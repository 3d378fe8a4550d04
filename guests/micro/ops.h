/*
 * The few operations that a kernel cannot do by itself, and that a paravirtual kernel asks its
 * monitor for: all that differs between the two builds of the micro-benchmarks. Inline, so that
 * nothing else is measured.
 *
 *   ops_init(boot)                 before everything else
 *   ops_frame(address)             what stands in a table for a physical page
 *   ops_table(table, level)        a page is complete as a table, 1 of leaves, 2 the root; that last
 *   ops_paging(root)               from here on the root is the address space
 *   ops_pte_write(entry, value)    writes an entry of a table in use
 *   ops_pte_forget(entry, value, page)   the same, and the processor forgets the page it mapped
 *   ops_register_write(value)      a write to a control register of no consequence
 *   ops_port_in(port)              a byte from a port
 *   ops_user(pc, times)            runs code in ring 3 until its system call 1; its a0 is `times`
 *   ops_power_off()
 *
 *   OPS_KERNEL_RING                the ring that the kernel really runs in
 *   OPS_DEVICES                    it maps devices
 *   OPS_TABLE_RIGHT                what it may do with its own tables
 */
#ifndef MICRO_OPS_H
#define MICRO_OPS_H

#include "guests/os/types.h"

#ifdef OS_PV
#include "guests/micro/pv.h"
#else
#include "guests/micro/native.h"
#endif

#endif
