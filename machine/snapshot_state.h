/*
 * What a snapshot holds, for machine/ alone: all state of a machine in a row.
 *
 *   cpu       registers, counters, what the next boundary must know, the architectural TLB
 *   contexts  whose code runs
 *   devices   their regs, waiting input, alarms
 *   RAM       pages, shared (pages.h)
 *   disk      written blocks, shared (disk.h)
 */
#ifndef MACHINE_SNAPSHOT_STATE_H
#define MACHINE_SNAPSHOT_STATE_H

#include "machine/internal.h"

struct saved_cpu {
    struct cpu_regs regs;
    word x[32];
    struct guest guest;
    uint64_t icount, cycle, timer, not_retired, entered, announced;
    bool external;
};

struct saved_devices {
    struct intc_regs intc;
    struct uart_regs uart;
    struct ata_regs ata;
    struct mailbox_regs mailbox;
    uint64_t alarms[SCHEDULE_MAX]; /* in order of adding */
    unsigned alarm_count;
    uint8_t *input; /* waits outside the UART */
    size_t input_size;
};

struct snapshot {
    struct machine_config config;
    enum machine_state state;
    enum machine_shutdown shutdown;
    word status;
    bool input_ended;
    struct saved_cpu cpu;
    struct saved_devices devices;
    struct tlb_entry *tlb; /* ACCESS_COUNT arrays of config.tlb entries */
    struct context *contexts;
    uint16_t context_count, context_current, context_base;
    struct page **pages;
    uint32_t page_count;
    struct disk_overlay disk;
};

#endif
