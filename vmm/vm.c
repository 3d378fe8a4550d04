/*
 * A VM's life: made, ended, destroyed.
 *
 * Everything that it holds comes from the allocator under its owner number, so taking it all
 * back is one call, whatever state the VM was in.
 */
#include "vmm/vm.h"

#include "vmm/arch.h"
#include "vmm/cmdline.h"
#include "vmm/loader.h"
#include "vmm/para.h"
#include "vmm/phys.h"
#include "vmm/platform.h"
#include "vmm/technique.h"
#include "vmm/vmm.h"

#include "isa/paging.h"

_Static_assert(sizeof(struct vm) <= PAGE_SIZE, "a VM fits in its frame");

/* Shadow tables beyond what its RAM is worth: a hostile guest evicts its own, nobody else's. */
#define SHADOW_FRAMES_LEAST 64u
#define SHADOW_FRAMES_PER   16u /* one more for so many frames of RAM */

static const char too_little[] = "this machine has too little RAM left for it";

/* Nothing of it is left. */
static struct vm *fail(struct vmm *vmm, word id, struct line *why, const char *what)
{
    line_str(why, what);
    vmm->vms[id - 1] = NULL;
    alloc_release(&vmm->alloc, id);
    return NULL;
}

static word free_id(const struct vmm *vmm)
{
    for (word i = 0; i < VMS_MAX; i++)
        if (!vmm->vms[i])
            return i + 1;
    return 0;
}

static word map_frames(word ram)
{
    word span = (ram + SUPERPAGE_SIZE - 1) / SUPERPAGE_SIZE;

    return 1 + span; /* RAM begins on a superpage */
}

/* The most that this VM may ever hold, and what it is promised of that; false when the machine has
 * promised too much to others already. */
static bool set_limits(struct vmm *vmm, word id, const struct vm_description *d, struct line *why)
{
    word frames = d->ram >> PAGE_SHIFT, promised = (d->min ? d->min : d->ram) >> PAGE_SHIFT;
    word own = map_frames(d->ram) + 3 /* struct vm, VMCB, typed */ + d->technique->frames +
               disk_frames(vmm, &d->disk);
    word shadows = SHADOW_FRAMES_LEAST + frames / SHADOW_FRAMES_PER;

    vmm->alloc.limit[id] = frames + own + shadows;
    if (alloc_promise(&vmm->alloc, id, promised + own + shadows))
        return true;
    line_str(why, too_little);
    line_str(why, ": it needs ");
    line_dec(why, (promised + own + shadows) << PAGE_SHIFT >> 10);
    line_str(why, " KiB, and ");
    line_dec(why, alloc_spare(&vmm->alloc) << PAGE_SHIFT >> 10);
    line_str(why, " KiB are promised to nobody");
    return false;
}

static struct vm *make(struct vmm *vmm, word id, const struct vm_description *d)
{
    hpa frame, vmcb;

    if (!alloc_frame_zero(&vmm->alloc, id, FRAME_VM, &frame) ||
        !alloc_frame_zero(&vmm->alloc, id, FRAME_VMCB, &vmcb))
        return NULL;
    struct vm *vm = phys_ptr(frame);
    vm->vmm = vmm;
    vm->id = id;
    slice_copy(d->name, vm->name, VM_NAME_SIZE);
    vm->technique = d->technique;
    vm->ram_size = d->ram;
    vm->ram_promised = d->min ? d->min : d->ram;
    vm->shares = d->share;
    vm->nesting = d->nesting;
    vm->vmmio.present = d->virtio;
    vm->vcpu.vm = vm;
    vm->vcpu.cb = vm->vcpu.home = phys_ptr(vmcb);
    vm->vcpu.cb->magic = VMCB_MAGIC;
    vm->vcpu.cb->vmid = id;
    return vm;
}

static bool give_memory(struct vm *vm)
{
    struct alloc *a = &vm->vmm->alloc;

    vm->map.vm = vm;
    vm->map.size = vm->ram_size;
    vm->map.lazy = vm->ram_promised < vm->ram_size;
    if (!p2m_init(&vm->map, a, vm->id) ||
        (!vm->map.lazy && !p2m_populate(&vm->map, RAM_BASE, vm->ram_size)) ||
        !shadow_init(&vm->shadow, a, vm->id, &vm->map))
        return false;
    vm->vcpu.cb->nptbr = PTBR_ON | vm->map.root >> PAGE_SHIFT;
    return true;
}

static void publish(const struct vm *vm)
{
    arch_hint_create(phys_of(vm->vcpu.cb), phys_of(vm->vcpu.x), phys_of(vm->name));
}

/* What its technique cannot do is refused, and not done by halves. */
static const char *forbidden(const struct vm_description *d)
{
    if (!d->min && !d->share)
        return NULL;
    if (d->technique->fixed_memory)
        return "its technique needs all of its RAM to itself: no min= and share=";
    return d->nesting ? "a VM with nested=on needs all of its RAM to itself: no min= and share="
                      : NULL;
}

struct vm *vm_create(struct vmm *vmm, const struct vm_description *d, struct line *why)
{
    struct loaded start;
    word id = free_id(vmm);
    const char *not_so = forbidden(d);

    alloc_sweep(&vmm->alloc, vmm->alloc.count); /* its number may be one that has just left */

    line_slice(why, d->name);
    line_str(why, ": ");
    if (id == 0 || not_so) {
        line_str(why, id == 0 ? "there are too many VMs" : not_so);
        return NULL;
    }
    if (!set_limits(vmm, id, d, why))
        return fail(vmm, id, why, "");
    struct vm *vm = make(vmm, id, d);
    if (!vm)
        return fail(vmm, id, why, too_little);
    vmm->vms[id - 1] = vm;
    if (vmm->vm_slots < id)
        vmm->vm_slots = id;
    if (!give_memory(vm) || (vm->shares && !sharing_begin(vmm)))
        return fail(vmm, id, why, too_little);
    if (!disk_give(vm, &d->disk, why))
        return fail(vmm, id, why, "");
    if (d->nesting && !vm->technique->inject)
        return fail(vmm, id, why,
                    "nested=on needs hardware assist: technique=npt or technique=assist");
    if (vm->technique->create && !vm->technique->create(vm, why))
        return fail(vmm, id, why, "");
    if (!loader_load(&vm->map, vmm->boot, d, &start, why))
        return fail(vmm, id, why, "");
    vcpu_reset(&vm->vcpu, start.entry, start.boot_page);
    if (!vm->para && para_signed(&vm->map, start.entry))
        return fail(vmm, id, why, "its kernel is a paravirtual one: it needs technique=para");
    if (vm->technique->start && !vm->technique->start(vm, why))
        return fail(vmm, id, why, "");
    vmm->memory.looks |= vm->map.lazy || vm->shares;
    sched_admit(vm, d->weight, d->cap);
    vmm->vm_count++;
    publish(vm);
    return vm;
}

static void end(struct vm *vm, word status, const char *reason, const char *more)
{
    if (vm->ended)
        return;
    vm->ended = true;
    vm->status = status;
    vm->reason = reason;
    vm->reason_more = more;
}

void vm_end(struct vm *vm, const char *reason, const char *more)
{
    end(vm, VM_STATUS_FAULT, reason, more);
}

void vm_stop(struct vm *vm, const char *reason)
{
    end(vm, 0, reason, NULL);
}

void vm_power_off(struct vm *vm, word status)
{
    vm->powered_off = !vm->ended;
    end(vm, status, "it powered off", NULL);
}

static void say_end(const struct vm *vm)
{
    struct line l = {.length = 0};

    line_str(&l, vm->name);
    line_str(&l, " ended: ");
    line_str(&l, vm->reason);
    if (vm->powered_off) {
        line_str(&l, " with status ");
        line_dec(&l, vm->status);
    }
    if (vm->reason_more) {
        line_str(&l, " (");
        line_str(&l, vm->reason_more);
        line_str(&l, ")");
    }
    line_str(&l, " at pc ");
    line_hex(&l, vm->vcpu.cb->pc);
    console_say(vm->vmm, &l);
}

bool vm_lacks_room(const struct vm *vm)
{
    const struct alloc *a = vm->map.alloc;
    uint32_t has = a->held[vm->id] + a->shared[vm->id];

    /* At its own limit it can make room itself, among its shadow tables. */
    return alloc_room(a, vm->id) < P2M_ROOM && has + P2M_ROOM <= a->limit[vm->id];
}

void vm_destroy(struct vm *vm)
{
    struct vmm *vmm = vm->vmm;
    struct vuart typed = vm->typed ? (struct vuart){0} : vm->uart;
    word id = vm->id;

    say_end(vm);
    vcpu_publish(&vm->vcpu);
    arch_hint_destroy(id);
    if (vmm->status == 0)
        vmm->status = vm->status;
    sched_forget(vm);
    disk_forget(vm);
    console_forget(vm);
    if (vm->technique->destroy)
        vm->technique->destroy(vm);
    p2m_fini(&vm->map);
    shadow_fini(&vm->shadow);
    vmm->vms[id - 1] = NULL;
    vmm->vm_count--;
    alloc_leave(&vmm->alloc, id); /* the last use of *vm lies before this */
    console_pass_on(vmm, &typed);
}
