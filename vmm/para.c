/*
 * Paravirtualization: the guest's kernel knows that it is one. It runs in ring 1 on page tables
 * of its own (para_tables.c), its programs in ring 3 as always, and what it may not do it asks
 * for (hypercall.h).
 *
 *   a program traps      -> here -> the kernel at its callback, the trap described in the shared
 *                           page: one entry, where trap and emulate takes one for each register
 *   the kernel returns   -> iret, which also carries its page-table updates
 *   interrupts on, off   a store to the shared page
 *   the time             the counter itself: opened to ring 1 when the kernel first reads it,
 *                        until something else than that kernel runs
 *
 * So a page fault costs two exits: the fault, and the iret that brings the new entry.
 *
 * The virtual CPU keeps its words (vcpu->cb) as under every technique: status, epc and the rest
 * are what the guest was told, and its virtual ring is 0 or 3.
 */
#include "vmm/para.h"

#include "vmm/arch.h"
#include "vmm/dispatch.h"
#include "vmm/hypercall.h"
#include "vmm/isa.h"
#include "vmm/lib.h"
#include "vmm/phys.h"
#include "vmm/shadow.h"
#include "vmm/technique.h"
#include "vmm/time.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#define REG_SP       2
#define REG_A7       17
#define COUNTER_TIME 2u          /* bit of cntren */
#define CPUID_MATCH  0x0000500bu /* cpuid */
#define CPUID_MASK   0xfff0707fu
#define TIME_MATCH   0xc0102073u /* csrr of time or timeh */
#define TIME_MASK    0xf7fff07fu

/* What iret takes from the status that the guest asks for. */
#define STATUS_ASKED                                                                               \
    ((word)(FIELD_status_pie | FIELD_status_pring | FIELD_status_ptf | FIELD_status_uf))

/* ---- life --------------------------------------------------------------------------------- */

bool para_signed(struct p2m *map, gva entry)
{
    word signature;

    return p2m_read(map, entry + 4, &signature, sizeof signature) &&
           signature == HYPERCALL_SIGNATURE;
}

static bool create(struct vm *vm, struct line *why)
{
    hpa frame;

    _Static_assert(sizeof(struct para) <= PAGE_SIZE, "it fits in its frame");
    if (!alloc_frame_zero(&vm->vmm->alloc, vm->id, FRAME_PARA, &frame)) {
        line_str(why, "this machine has too little RAM left for it");
        return false;
    }
    vm->para = phys_ptr(frame);
    vm->knows_monitor = true;
    return true;
}

static bool start(struct vm *vm, struct line *why)
{
    if (para_signed(&vm->map, vm->vcpu.cb->pc))
        return true;
    line_str(why, "its kernel is not a paravirtual one (no signature behind its first "
                  "instruction); use os-pv.elf, or another technique");
    return false;
}

static void destroy(struct vm *vm)
{
    para_close_ports(vm);
    para_end_grants(vm);
    para_forget(vm);
    if (vm->vmm->clock_reader == vm)
        para_close_clock(vm->vmm);
}

/* ---- interrupts and traps ----------------------------------------------------------------- */

/* What the guest has changed in the shared page without telling, as its processor would have it. */
static void take_notice(struct vcpu *v)
{
    const struct hypercall_shared *s = v->vm->para->shared;

    if (!s)
        return;
    v->cb->status &= ~(word)FIELD_status_ie;
    if (!s->masked)
        v->cb->status |= FIELD_status_ie;
    vcpu_wire(v, FIELD_ip_ext, s->raised != s->taken);
}

/* The kernel's handler comes next: it reads what happened in the shared page. */
static void trapped(struct vcpu *v)
{
    struct hypercall_shared *s = v->vm->para->shared;
    const union vmcb *cb = v->cb;

    if (!s)
        return;
    s->epc = cb->epc;
    s->status = cb->status;
    s->cause = cb->cause;
    s->tval = cb->tval;
    s->sp = v->x[REG_SP];
    s->masked = 1;
    if (cb->status & FIELD_status_pring)
        v->x[REG_SP] = s->kernel_sp;
}

void para_alarm(struct vcpu *v, word low, word high)
{
    v->cb->timecmp = low;
    v->cb->timecmph = high;
    vtimer_changed(v);
}

void para_raise(struct vm *vm, word port)
{
    struct hypercall_shared *s = vm->para ? vm->para->shared : NULL;

    if (!s)
        return;
    if (!((s->raised ^ s->taken) >> port & 1))
        s->raised ^= 1u << port;
    vcpu_wire(&vm->vcpu, FIELD_ip_ext, true);
}

/* ---- the technique ------------------------------------------------------------------------ */

/* Once there is paging, hypercall root has said where. */
static void set_root(struct vcpu *v)
{
    v->real_ptbr = v->vm->para->paging ? para_root(v->vm) : shadow_bare(&v->vm->shadow);
    v->root_stale = false;
}

static void open_clock(struct vm *vm)
{
    arch_open_counters(COUNTER_TIME);
    vm->vmm->clock_reader = vm;
}

void para_close_clock(struct vmm *vmm)
{
    arch_open_counters(0);
    vmm->clock_reader = NULL;
}

static void enter(struct vcpu *v)
{
    struct hypercall_shared *s = v->vm->para->shared;
    word step = v->cb->status & FIELD_status_tf ? FIELD_status_ptf : 0;

    if (s)
        s->waiting = (v->cb->ip & v->cb->ie) != 0;
    if (v->cb->ring != 0 && v->vm->vmm->clock_reader)
        para_close_clock(v->vm->vmm);
    v->real_status = FIELD_status_tps | step | ring_real(v->cb->ring) << SHIFT_status_pring;
    arch_enter(v);
}

/* Everything a kernel needs has a hypercall; but it may read the time by itself, and what it finds
 * out by cpuid is answered. */
static void privileged(struct vcpu *v)
{
    if ((v->exit_tval & TIME_MASK) == TIME_MATCH)
        open_clock(v->vm); /* and it tries again */
    else if ((v->exit_tval & CPUID_MASK) == CPUID_MATCH)
        emulate(v, v->exit_tval);
    else
        vcpu_trap(v, CAUSE_privileged, v->exit_tval);
}

static void called(struct vcpu *v)
{
    bool stepping = vcpu_stepping(v);

    switch (hypercall(v)) {
    case RETIRED:
        vcpu_retire(v, v->cb->pc + 4, stepping);
        break;
    case JUMPED:
        vcpu_retire(v, v->cb->pc, stepping);
        break;
    case WAITS:
        v->waiting = true;
        break;
    case TRAPPED:
    case REPEATS:
    case ENTERED: /* no hypercall enters a guest */
        break;
    }
}

static void handle_exit(struct vcpu *v)
{
    bool kernel = v->cb->ring == 0;

    take_notice(v);
    if (kernel && v->exit_cause == CAUSE_hcall)
        called(v);
    else if (kernel && v->exit_cause == CAUSE_privileged)
        privileged(v);
    else
        dispatch_exit(v);
}

/* Its tables are the processor's: what they lack is the guest's own fault. Before it has any, every
 * page of its RAM is there, and nothing else. */
static void map(struct vcpu *v, gva address, enum access access)
{
    enum walk_result result = v->vm->para->paging ? WALK_PAGE_FAULT : WALK_ACCESS_FAULT;

    vcpu_trap(v, walk_cause(result, access), address);
}

const struct technique technique_para = {
    .name = "para",
    .fixed_memory = true,
    .frames = 1,
    .create = create,
    .start = start,
    .destroy = destroy,
    .set_root = set_root,
    .enter = enter,
    .handle_exit = handle_exit,
    .trapped = trapped,
    .map = map,
};

/* ---- hypercalls --------------------------------------------------------------------------- */

enum outcome hypercall_share(struct vcpu *v)
{
    struct vm *vm = v->vm;
    gpa page = hypercall_argument(v, 0);
    struct frame *f = para_frame(vm, page);

    if (vm->para->shared)
        return hypercall_refuse(v, HYPERCALL_ERROR_state);
    if (!f)
        return hypercall_refuse(v, HYPERCALL_ERROR_address);
    if (!para_take(f, PARA_WRITABLE))
        return hypercall_refuse(v, HYPERCALL_ERROR_type);
    struct hypercall_shared *s = phys_ptr(p2m_entry(&vm->map, page) & PTE_PPN);
    memset(s, 0, PAGE_SIZE);
    s->masked = 1;
    s->clock = v->cb->time_offset;
    s->clock_high = v->cb->time_offseth;
    vm->para->shared = s;
    v->cb->ie = FIELD_ie_timer | FIELD_ie_ext;
    para_alarm(v, ~0u, ~0u);
    return hypercall_answer(v, 0);
}

enum outcome hypercall_callback(struct vcpu *v)
{
    gva entry = hypercall_argument(v, 0);

    if (entry == 0 || entry % 4 != 0)
        return hypercall_refuse(v, HYPERCALL_ERROR_invalid);
    v->cb->tvec = entry;
    return hypercall_answer(v, 0);
}

enum outcome hypercall_iret(struct vcpu *v)
{
    struct hypercall_shared *s = v->vm->para->shared;

    if (!s)
        return hypercall_refuse(v, HYPERCALL_ERROR_state);
    word error = para_update(v->vm);
    word status = s->status & STATUS_ASKED, epc = s->epc; /* read once */
    word ring = (status & FIELD_status_pring) >> SHIFT_status_pring;
    if (error)
        return hypercall_end(v, error);
    if ((ring != 0 && ring != 3) || epc % 4 != 0)
        return hypercall_refuse(v, HYPERCALL_ERROR_invalid);
    v->cb->epc = epc;
    v->cb->status = (v->cb->status & ~STATUS_ASKED) | status;
    vcpu_tret(v);
    s->masked = !(v->cb->status & FIELD_status_ie);
    v->x[REG_A7] = s->a7;
    return JUMPED;
}

/* An interrupt is taken between instructions: the loop does it before the guest's next one. */
enum outcome hypercall_deliver(struct vcpu *v)
{
    return hypercall_answer(v, 0);
}

enum outcome hypercall_block(struct vcpu *v)
{
    word error = para_update(v->vm);

    if (!v->vm->para->shared)
        return hypercall_refuse(v, HYPERCALL_ERROR_state);
    if (error)
        return hypercall_end(v, error);
    vtimer_update(v);
    hypercall_answer(v, 0);
    return v->cb->ip & v->cb->ie ? RETIRED : WAITS;
}

enum outcome hypercall_timer(struct vcpu *v)
{
    para_alarm(v, hypercall_argument(v, 0), hypercall_argument(v, 1));
    return hypercall_answer(v, 0);
}
