/*
 * A virtual machine: a virtual CPU, a map of its memory, virtual devices, and the technique
 * that runs it. It lives in one frame that it owns, with everything else that it was given.
 */
#ifndef VMM_VM_H
#define VMM_VM_H

#include "vmm/alloc.h"
#include "vmm/balloon.h"
#include "vmm/disk.h"
#include "vmm/p2m.h"
#include "vmm/sched.h"
#include "vmm/shadow.h"
#include "vmm/vcpu.h"
#include "vmm/vdev/ata.h"
#include "vmm/vdev/finisher.h"
#include "vmm/vdev/intc.h"
#include "vmm/vdev/mailbox.h"
#include "vmm/vdev/uart.h"
#include "vmm/vdev/virtio_block.h"
#include "vmm/vdev/virtio_console.h"
#include "vmm/vdev/virtio_mmio.h"

struct assist;
struct bt;
struct line;
struct para;
struct technique;
struct vm_description;
struct vmm;

#define VM_NAME_SIZE    16 /* hints.def: at most 15 bytes */
#define VM_STATUS_FAULT 1  /* of a VM that did not power off by itself */

struct vm {
    struct vmm *vmm;
    word id; /* its owner number, and the vmid of the record */
    char name[VM_NAME_SIZE];
    const struct technique *technique;
    word ram_size;
    word ram_promised; /* of it: what it can have whatever others want */
    bool shares;       /* pages with others (sharing.h) */
    bool nesting;      /* it may use hardware assist itself */

    bool knows_monitor; /* its kernel has asked cpuid for us: hypercalls are open to it */

    enum vm_state { VM_STARTED, VM_CREATED, VM_PAUSED } state;
    bool ended;
    bool powered_off; /* by itself; else something went wrong */
    word status;
    const char *reason;      /* why it ended, a clause */
    const char *reason_more; /* and in particular, or NULL */

    struct share share;
    struct vcpu vcpu;
    struct p2m map;
    struct balloon balloon;
    struct shadow shadow;
    struct bt *bt;         /* of the technique of this name, NULL for the others */
    struct assist *assist; /* of the technique of this name, NULL for the others */
    struct para *para;     /* the same */
    struct vuart uart;
    struct vintc intc;
    struct vata ata;
    struct vdisk vdisk; /* what is behind it */
    struct vmailbox mailbox;
    struct typed *typed; /* waits to be received (console.h); NULL: nothing ever did */
    struct vconsole vconsole;
    struct vblock vblock;
    struct vmmio vmmio;
};

/* Makes a VM ready to run, or says why not and leaves nothing behind (NULL). */
struct vm *vm_create(struct vmm *vmm, const struct vm_description *d, struct line *why);

/*
 * The VM has come to its end: it will not run again, and its monitor frees it when the exit at
 * hand is done. Only the first reason counts. `more` may be NULL.
 */
void vm_end(struct vm *vm, const char *reason, const char *more);
void vm_power_off(struct vm *vm, word status);
/* Its owner wants it to end: no failure. */
void vm_stop(struct vm *vm, const char *reason);

/* Says on the console why it ended, and takes back all that it held. */
void vm_destroy(struct vm *vm);

/* What it may touch next could need more memory than there is for it. */
bool vm_lacks_room(const struct vm *vm);

/* Lives and runs, and does not wait for an interrupt. */
static inline bool vm_awake(const struct vm *vm)
{
    return !vm->ended && vm->state == VM_STARTED && (!vm->vcpu.waiting || vcpu_woken(&vm->vcpu));
}

/* Could run, but for memory. */
static inline bool vm_starved(const struct vm *vm)
{
    return vm->map.lazy && vm_awake(vm) && vm_lacks_room(vm);
}

static inline bool vm_runnable(const struct vm *vm)
{
    return vm_awake(vm) && !(vm->map.lazy && vm_lacks_room(vm));
}

#endif
