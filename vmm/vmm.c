/*
 * Trapeze's virtual machine monitor: a program for ring 0 of the machine, and nothing more.
 *
 *                      +--------------------------------------------------------+
 *   trap of a guest -->| dispatcher  cause, virtual CPU -> routine              |
 *                      |   interpreter routines   emulate*.c: instructions      |
 *                      |   shadow tables          shadow.c, walk.c, p2m.c       |
 *                      |   virtual devices        vdev/                         |
 *                      | allocator   frames, ports, lines, CPU time: one owner  |
 *                      +--------------------------------------------------------+
 *
 * It runs untranslated, with TPS set and tptbr 0: each trap leaves the guest's address space,
 * so the monitor is in none. Only arch_*.c and arch_entry.S touch the real processor; all else
 * also compiles for the host, where the unit tests run it.
 */
#include "vmm/vmm.h"

#include "vmm/arch.h"
#include "vmm/cmdline.h"
#include "vmm/dispatch.h"
#include "vmm/lib.h"
#include "vmm/phys.h"
#include "vmm/platform.h"
#include "vmm/technique.h"
#include "vmm/vm.h"

#include "isa/boot.h"
#include "isa/paging.h"

static word complain(struct vmm *vmm, const char *what)
{
    struct line l = {.length = 0};

    line_str(&l, what);
    console_say(vmm, &l);
    return VMM_STATUS_USAGE;
}

static void announce(struct vmm *vmm, const struct vm *vm)
{
    struct line l = {.length = 0};

    line_str(&l, vm->name);
    line_str(&l, " starts: technique ");
    line_str(&l, vm->technique->name);
    line_str(&l, ", ");
    line_dec(&l, vm->ram_size >> 10);
    line_str(&l, " KiB of RAM");
    console_say(vmm, &l);
}

/* A VM that cannot be made is an error of the command line: nothing is run then. */
static bool create_all(struct vmm *vmm, const struct vm_description *d, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct line why = {.length = 0};
        struct vm *vm = vm_create(vmm, &d[i], &why);
        if (!vm) {
            console_say(vmm, &why);
            return false;
        }
        announce(vmm, vm);
    }
    return true;
}

word vmm_main(struct vmm *vmm, const struct boot_page *boot)
{
    struct vm_description descriptions[VMS_MAX];
    struct line why = {.length = 0};
    struct cmdline_options options = {false};
    unsigned count;

    *vmm = (struct vmm){.boot = boot};
    console_init(vmm);
    if (boot->magic != BOOT_MAGIC)
        return complain(vmm, "no boot page: the monitor must be started by the loader");
    if (!alloc_init(&vmm->alloc, boot->ram_base, boot->ram_size, phys_of(boot) + PAGE_SIZE))
        return complain(vmm, "this machine has too little RAM for the monitor");
    if (!cmdline_parse(boot->cmdline, &options, descriptions, VMS_MAX, &count, &why)) {
        console_say(vmm, &why);
        return VMM_STATUS_USAGE;
    }
    vmm->stay = options.stay;
    alloc_share_asids(&vmm->alloc, count ? count : 1);
    sched_init(vmm);
    disk_init(vmm);
    if (!create_all(vmm, descriptions, count))
        return VMM_STATUS_USAGE;
    arch_intc_write(INTC_ENABLE, 1u << LINE_uart | 1u << LINE_ata | 1u << LINE_mailbox);
    mgmt_init(vmm);
    dispatch_run(vmm);
    return vmm->status;
}
