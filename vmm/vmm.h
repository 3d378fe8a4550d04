/*
 * The monitor as a whole: the resources, the devices, the VMs.
 */
#ifndef VMM_VMM_H
#define VMM_VMM_H

#include "vmm/alloc.h"
#include "vmm/console.h"
#include "vmm/disk.h"
#include "vmm/memory.h"
#include "vmm/mgmt.h"
#include "vmm/sched.h"
#include "vmm/sharing.h"

struct boot_page;
struct vm;

#define VMM_STATUS_USAGE 2 /* power-off status of a command line that makes no sense */

struct vmm {
    struct alloc alloc;
    struct console console;
    struct disk disk;
    struct sched sched;
    struct mgmt mgmt;
    struct memory memory;
    struct sharing sharing;
    const struct boot_page *boot;
    struct vm *vms[VMS_MAX]; /* [i] has owner number i + 1; NULL where there is none */
    unsigned vm_slots;       /* those from here on are NULL */
    unsigned vm_count;
    bool stay;               /* without VMs too: commands may come */
    struct vm *clock_reader; /* whose kernel the time counter is open to (para.c), NULL: nobody's */
    word status;             /* of the first VM that failed, 0 when none did */
};

/* Entered from arch_entry.S with the real boot page. Returns the status to power off with. */
word vmm_main(struct vmm *vmm, const struct boot_page *boot);

#endif
