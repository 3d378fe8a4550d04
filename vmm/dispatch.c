/*
 * The dispatcher; see dispatch.h.
 *
 *   the guest's own fault     reflected: its handler finds what its processor would have left
 *   privileged                an interpreter routine
 *   page fault                the shadow tables, or a device
 *   interrupt                 the monitor's own: real devices and the timer
 *
 * A row of causes.def without a handler here does not compile.
 */
#include "vmm/dispatch.h"

#include "vmm/arch.h"
#include "vmm/console.h"
#include "vmm/disk.h"
#include "vmm/emulate.h"
#include "vmm/isa.h"
#include "vmm/para.h"
#include "vmm/mgmt.h"
#include "vmm/platform.h"
#include "vmm/sched.h"
#include "vmm/technique.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#define HCALL_BITS 0x0000000bu
#define SWEEP      256 /* frames of VMs that have gone, looked at between two entries */

typedef void exit_fn(struct vcpu *v);

/* ---- exceptions --------------------------------------------------------------------------- */

static void reflect(struct vcpu *v)
{
    vcpu_trap(v, v->exit_cause, v->exit_tval);
}

/* The guest's tables are ours and lead only to its own RAM: only our mistake leads here. */
static void refuse(struct vcpu *v)
{
    vm_end(v->vm, "the monitor's tables for it are wrong", NULL);
}

static void exit_ecall(struct vcpu *v)
{
    vcpu_trap(v, CAUSE_ecall_ring0 + v->cb->ring, 0);
}

static void exit_fetch_page(struct vcpu *v)
{
    v->vm->technique->map(v, v->exit_tval, ACCESS_FETCH);
}

static void exit_load_page(struct vcpu *v)
{
    v->vm->technique->map(v, v->exit_tval, ACCESS_LOAD);
}

static void exit_store_page(struct vcpu *v)
{
    v->vm->technique->map(v, v->exit_tval, ACCESS_STORE);
}

static void exit_privileged(struct vcpu *v)
{
    emulate(v, v->exit_tval);
}

static void exit_hcall(struct vcpu *v)
{
    emulate(v, HCALL_BITS);
}

#define exit_fetch_misaligned reflect
#define exit_fetch_access     refuse
#define exit_illegal          reflect
#define exit_breakpoint       reflect
#define exit_load_misaligned  reflect
#define exit_load_access      refuse
#define exit_store_misaligned reflect
#define exit_store_access     refuse
#define exit_ecall_ring0      refuse
#define exit_ecall_ring1      exit_ecall
#define exit_ecall_ring2      exit_ecall
#define exit_ecall_ring3      exit_ecall
#define exit_single_step      reflect

static exit_fn *const by_cause[32] = {
#define CAUSE(name, code, tval, text) [code] = exit_##name,
#include "isa/causes.def"
};

/* ---- interrupts --------------------------------------------------------------------------- */

static void interrupt_external(struct vmm *vmm)
{
    word line;

    struct vm *payer = sched_pay(vmm, NULL);
    arch_hint_routine("external");
    while ((line = arch_intc_read(INTC_CLAIM)) != 0) {
        if (line == LINE_uart)
            console_interrupt(vmm);
        else if (line == LINE_ata)
            disk_interrupt(vmm);
        else if (line == LINE_mailbox)
            mgmt_interrupt(vmm);
        arch_intc_write(INTC_CLAIM, line);
    }
    sched_pay(vmm, payer);
}

static void interrupt_timer(struct vmm *vmm)
{
    arch_hint_routine("timer");
    sched_tick(vmm);
    memory_tick(vmm);
}

/* Never enabled. */
static void interrupt_software(struct vmm *vmm)
{
    (void)vmm;
}

static void (*const by_interrupt[32])(struct vmm *) = {
#define INTERRUPT(name, code, text) [code] = interrupt_##name,
#include "isa/causes.def"
};

/* ---- the loop ----------------------------------------------------------------------------- */

void dispatch_exit(struct vcpu *v)
{
    word code = v->exit_cause & 31;

    if (v->exit_cause & CAUSE_INTERRUPT)
        by_interrupt[code](v->vm->vmm);
    else if (by_cause[code])
        by_cause[code](v);
    else
        refuse(v);
}

void dispatch_interrupts(struct vmm *vmm)
{
    word pending = arch_pending();

    for (unsigned code = 0; code < 32; code++)
        if ((pending >> code & 1) && by_interrupt[code])
            by_interrupt[code](vmm);
}

/* Nobody can run: sleep until a device or the timer wants something. */
static void idle(struct vmm *vmm)
{
    if (vmm->disk.images_wait || memory_idle(vmm))
        return;
    sched_program(vmm);
    sched_sleep(vmm);
    dispatch_interrupts(vmm);
}

/* One entry and its exit. What can happen before the guest's next instruction happens first. */
static void run(struct vm *vm)
{
    struct vcpu *v = &vm->vcpu;

    if (v->waiting)
        emulate_wake(v);
    if ((v->cb->ip & v->cb->ie) && !vm->technique->inject)
        vcpu_interrupt(v);
    if (v->root_stale && !vm->ended)
        vm->technique->set_root(v);
    if (vm->ended)
        return;
    if (vm->vmm->sched.timer_stale)
        sched_program(vm->vmm);
    vcpu_publish(v);
    if (vm->vmm->clock_reader && vm->vmm->clock_reader != vm)
        para_close_clock(vm->vmm);
    arch_hint_enter(vm->id);
    vm->technique->enter(v);
    v->instret += v->ran;
    vm->technique->handle_exit(v);
}

/* Mostly the one that ran last: that is decided here, since it is asked at every exit. */
static struct vm *next(struct vmm *vmm)
{
    struct vm *vm = vmm->sched.current;

    if (vm && !vmm->sched.expired && vm_runnable(vm))
        return vm;
    return sched_pick(vmm);
}

void dispatch_run(struct vmm *vmm)
{
    while (vmm->vm_count > 0 || vmm->stay) {
        if (vmm->mgmt.pending) {
            mgmt_serve(vmm);
            continue;
        }
        if (vmm->disk.images_wait)
            disk_serve_images(vmm);
        bool swept = alloc_sweep(&vmm->alloc, SWEEP);
        struct vm *vm = next(vmm);
        if (!vm && swept)
            continue;
        if (!vm) {
            idle(vmm);
            continue;
        }
        run(vm);
        if (vm->ended)
            vm_destroy(vm);
    }
}
