/* The operations of ops.h on top of a monitor (isa/hypercalls.def): tables are only read here. */
#ifndef MICRO_PV_H
#define MICRO_PV_H

#include "guests/os/pv/hypercall.h"
#include "guests/os/types.h"
#include "isa/boot.h"
#include "isa/paging.h"

#define OPS_KERNEL_RING 1
#define OPS_DEVICES     false
#define OPS_TABLE_RIGHT (PTE_V | PTE_R | PTE_A)
#define PV_PAGES        256 /* of RAM, from its first: more than this kernel has */

void pv_user(word pc, word times); /* pv_entry.S */
extern word pv_frames[PV_PAGES], pv_ram;

/* A refusal would be a mistake of this kernel: it goes off with the error's number. */
static inline word pv_ask(word number, word a, word b, word c)
{
    int answer = hypercall(number, a, b, c, 0, 0, 0);

    if (answer < 0)
        hypercall(HYPERCALL_power_off, (word)-answer, 0, 0, 0, 0, 0);
    return (word)answer;
}

static inline void ops_init(const struct boot_page *boot)
{
    pv_ram = boot->ram_base;
    pv_ask(HYPERCALL_frames, pv_ram, PV_PAGES, (word)pv_frames);
}

static inline word ops_frame(word address)
{
    return pv_frames[(address - pv_ram) / PAGE_SIZE] << PAGE_SHIFT;
}

static inline void ops_table(word *table, word level)
{
    pv_ask(HYPERCALL_table_make, (word)table, level, 0);
}

static inline void ops_paging(word *root)
{
    pv_ask(HYPERCALL_root, (word)root, 0, 0);
}

static inline void pv_queue(word address, word value)
{
    word i = pv_shared.update_count;

    pv_shared.updates[i].address = address;
    pv_shared.updates[i].value = value;
    pv_shared.update_count = i + 1;
}

static inline void ops_pte_write(word *entry, word value)
{
    pv_queue((word)entry, value);
    pv_ask(HYPERCALL_update, 0, 0, 0);
}

static inline void ops_pte_forget(word *entry, word value, word page)
{
    pv_queue((word)entry, value);
    pv_queue(UPDATE_FLUSH_PAGE, page);
    pv_ask(HYPERCALL_update, 0, 0, 0);
}

/* What native kernels keep in such a register is a word of the shared page. */
static inline void ops_register_write(word value)
{
    pv_shared.kernel_sp = value;
}

/* The console has no port here: the nearest thing is a hypercall that does nothing. */
static inline word ops_port_in(word port)
{
    (void)port;
    return pv_ask(HYPERCALL_version, 0, 0, 0);
}

static inline void ops_user(word pc, word times)
{
    pv_user(pc, times);
}

static inline void ops_power_off(void)
{
    pv_ask(HYPERCALL_power_off, 0, 0, 0);
}

#endif
