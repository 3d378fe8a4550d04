/*
 * The techniques assist and npt; see assist.h.
 *
 * What exits is as little as equivalence and resource control allow:
 *
 *   wfi                    the processor is for others while this guest waits
 *   cpuid                  the guest's machine is not the real one
 *   port I/O               ports belong to virtual devices; there is no map, so every port exits
 *   physical interrupts    real devices and the slice's timer are the monitor's
 *   hcall, vmrun           must exit
 *   privileged (cause 24)  without nesting: outside ring 0 vmrun is that, but on a machine that
 *                          does not have it an illegal instruction
 *   and with shadow paging, where the processor walks other tables than the guest's:
 *   page faults            most are the shadow's own
 *   sfence.vma, probe      they mean the guest's tables
 *   ptbr, tptbr, eptbr     reads and writes, for the same reason
 *
 * Everything else the processor does by itself in the guest's own rings: traps and their return,
 * status, the timer (its compare register is the guest's own while it runs), counters (time by
 * its offset, instret is the guest's own), single steps.
 *
 * The guest's interrupt controller is the monitor's, so its wire is a virtual pending bit. A
 * trap that the monitor raises is injected. Both are delivered by the processor at entry.
 *
 * Shadow paging and TPS. A trap or tret of a guest with TPS moves page tables without an exit, so
 * the three registers hold real tables throughout, and from what they hold at an exit it is seen
 * which was moved where. A register whose table has no shadow at hand holds a table that maps
 * nothing: when it comes into force the first fetch exits, and the right one is made.
 */
#include "vmm/assist.h"

#include "vmm/alloc.h"
#include "vmm/arch.h"
#include "vmm/lib.h"
#include "vmm/nested.h"
#include "vmm/paging.h"
#include "vmm/phys.h"
#include "vmm/technique.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#include "isa/paging.h"

#define FEATURE_VT    2u /* of cpuid leaf 1 */
#define FEATURE_NPT   4u

#define BIT(name)     (1u << INTERCEPT_##name)
#define CAUSE_BIT(of) (1u << CAUSE_##of)
#define CSR_BIT(of)   (1u << (CSR_##of - CSR_status))

static const word table_registers = CSR_BIT(ptbr) | CSR_BIT(tptbr) | CSR_BIT(eptbr);

/* ---- what exits ---------------------------------------------------------------------------- */

static void set_intercepts(union vmcb *cb, bool shadows, bool nesting)
{
    cb->icept_insn = BIT(wfi) | BIT(cpuid) | BIT(port) | BIT(interrupts) | BIT(hcall) | BIT(vmrun);
    cb->icept_cause = nesting ? 0 : CAUSE_BIT(privileged);
    if (!shadows)
        return;
    cb->icept_insn |= BIT(sfence_vma) | BIT(probe);
    cb->icept_cause |= CAUSE_BIT(fetch_page) | CAUSE_BIT(load_page) | CAUSE_BIT(store_page);
    cb->icept_csr_read = table_registers;
    cb->icept_csr_write = table_registers;
}

/* ---- entry and exit, for both --------------------------------------------------------------- */

/* The part of the VMCB that is the guest's, and the part that tells of an exit. */
enum {
    GUEST_FIRST = offsetof(union vmcb, pc),
    GUEST_SIZE = offsetof(union vmcb, instreth) + sizeof(word) - GUEST_FIRST,
    EXIT_FIRST = offsetof(union vmcb, exit_code),
    EXIT_SIZE = offsetof(union vmcb, exit_ring) + sizeof(word) - EXIT_FIRST,
};

static void copy(union vmcb *to, const union vmcb *from, word first, word size)
{
    memcpy((uint8_t *)to + first, (const uint8_t *)from + first, size);
}

static uint64_t retired(const union vmcb *cb)
{
    return (uint64_t)cb->instreth << 32 | cb->instret;
}

/* The wire of the interrupt controller is a virtual pending bit; the timer is the processor's,
 * the software bit the guest's own. */
static void prepare(struct vcpu *v)
{
    union vmcb *cb = v->cb;

    if (vcpu_nested(v)) {
        cb->virtual_ip = nested_pending(v);
        return;
    }
    cb->virtual_ip = cb->ip & FIELD_ip_ext;
    vcpu_publish(v);
}

/* Runs the guest of v->cb by the VMCB hw, which is the same page or has its own guest part. */
static void run(struct vcpu *v, union vmcb *hw, bool *tlb_stale)
{
    uint64_t before = retired(hw);

    hw->virtual_ip = v->cb->virtual_ip;
    hw->inject = v->cb->inject;
    hw->inject_tval = v->cb->inject_tval;
    hw->tlb_control = *tlb_stale ? FLUSH_VMID : FLUSH_NOTHING;
    *tlb_stale = false;
    hw->rs1 = v->x[10];
    v->vmcb = phys_of(hw);
    arch_enter_assist(v);
    v->x[10] = hw->rs1;
    v->ran = (word)(retired(hw) - before);
    v->exit_insn = hw->exit_insn;
    /* What was injected has been delivered, but for what the exit came in the middle of. */
    v->cb->inject = hw->exit_event;
    v->cb->inject_tval = hw->exit_event_tval;
}

/* A handler whose first fetch is an exit would be entered for ever, and never by the processor's
 * own doing: so what it would do in the end is done here. */
static void dead_end(struct vcpu *v, word cause, word tval)
{
    if (vcpu_nested(v))
        nested_shutdown(v, cause, tval);
    else
        vcpu_dead_end(v, cause);
}

static void inject(struct vcpu *v, word cause, word tval)
{
    if (vcpu_nested(v) && nested_traps(v, cause, tval))
        return;
    if (vcpu_is_dead_end(v, cause, tval)) {
        dead_end(v, cause, tval);
        return;
    }
    v->trapped_at = v->instret;
    v->cb->inject = event_of(cause);
    v->cb->inject_tval = tval;
}

/* ---- nested paging -------------------------------------------------------------------------- */

/* The guest's table is the processor's too. */
static void set_root_npt(struct vcpu *v)
{
    v->real_ptbr = v->cb->ptbr;
    v->root_stale = false;
}

static void enter_nested_npt(struct vcpu *v)
{
    union vmcb *merged = v->vm->assist->nested->merged;

    copy(merged, v->cb, GUEST_FIRST, GUEST_SIZE);
    run(v, merged, nested_stale(v));
    copy(v->cb, merged, GUEST_FIRST, GUEST_SIZE);
    copy(v->cb, merged, EXIT_FIRST, EXIT_SIZE);
}

static void enter_npt(struct vcpu *v)
{
    if (vcpu_nested(v) && nested_interrupted(v))
        set_root_npt(v);
    if (v->vm->ended)
        return;
    prepare(v);
    if (vcpu_nested(v))
        enter_nested_npt(v);
    else
        run(v, v->cb, &v->vm->assist->tlb_stale);
}

/* Under nested paging a page fault is the guest's own and its sfence.vma reaches the processor:
 * neither exits. What remains is that the VM's map has changed. */
static void map_npt(struct vcpu *v, gva address, enum access access)
{
    vcpu_trap(v, walk_cause(WALK_PAGE_FAULT, access), address);
}

/* The processor may hold translations that are no longer so, of the VM or a guest of its own. */
static void flush_npt(struct vm *vm)
{
    vm->assist->tlb_stale = true;
    if (vm->assist->nested)
        nested_flush(vm);
}

static void unmap_npt(struct vcpu *v, const gva *address, const word *asid)
{
    (void)address, (void)asid;
    flush_npt(v->vm);
}

static void forget_npt(struct vm *vm, gpa page, hpa frame)
{
    flush_npt(vm);
    if (vm->assist->nested)
        nested_forget(vm, page, frame);
}

static void refetch_npt(struct vcpu *v, gva address)
{
    (void)address;
    flush_npt(v->vm);
}

/* ---- shadow paging -------------------------------------------------------------------------- */

static word nothing(const struct assist *a, unsigned which)
{
    return PTBR_ON | a->nothing_asids[which] << PTBR_ASID_SHIFT | a->nothing >> PAGE_SHIFT;
}

/* What each register holds while the guest runs. Two that hold the same real table mean the same
 * guest's table, so the way back is unique. */
static void set_roots(struct vcpu *v)
{
    struct assist *a = v->vm->assist;
    const union vmcb *cb = v->cb;
    word paged = cb->ptbr & PTBR_ON;
    struct root_pair *r = a->roots;

    r[ROOT_PTBR] = (struct root_pair){cb->ptbr, v->real_ptbr};
    r[ROOT_TPTBR] = (struct root_pair){cb->tptbr, nothing(a, 0)};
    r[ROOT_EPTBR] = (struct root_pair){cb->eptbr, nothing(a, 1)};
    if (cb->tptbr == cb->ptbr)
        r[ROOT_TPTBR].real = v->real_ptbr;
    else if (paged && !(cb->tptbr & PTBR_ON))
        r[ROOT_TPTBR].real = shadow_bare(&v->vm->shadow);
    if (cb->eptbr == cb->ptbr)
        r[ROOT_EPTBR].real = v->real_ptbr;
    else if (cb->eptbr == cb->tptbr)
        r[ROOT_EPTBR].real = r[ROOT_TPTBR].real;
}

static word guest_root(const struct assist *a, word real)
{
    const struct root_pair *r = a->roots;

    while (r->real != real) {
        r++;
        vmm_assert(r < a->roots + ROOTS);
    }
    return r->guest;
}

/* The three registers mean something else in the page that vmrun is given. */
static void enter_shadow(struct vcpu *v)
{
    struct assist *a = v->vm->assist;

    if (vcpu_nested(v) && nested_interrupted(v))
        paging_set_root(v);
    if (v->vm->ended)
        return;
    union vmcb *cb = v->cb, *hw = vcpu_nested(v) ? a->nested->merged : a->hw;
    prepare(v);
    set_roots(v);
    copy(hw, cb, GUEST_FIRST, GUEST_SIZE);
    hw->ptbr = a->roots[ROOT_PTBR].real;
    hw->tptbr = a->roots[ROOT_TPTBR].real;
    hw->eptbr = a->roots[ROOT_EPTBR].real;
    run(v, hw, &a->tlb_stale);
    hw->ptbr = guest_root(a, hw->ptbr);
    hw->tptbr = guest_root(a, hw->tptbr);
    hw->eptbr = guest_root(a, hw->eptbr);
    copy(cb, hw, GUEST_FIRST, GUEST_SIZE);
    copy(cb, hw, EXIT_FIRST, EXIT_SIZE);
    v->root_stale = cb->ptbr != a->roots[ROOT_PTBR].guest;
}

static bool is_page_fault(word code)
{
    return code == EXIT_CAUSE + CAUSE_fetch_page || code == EXIT_CAUSE + CAUSE_load_page ||
           code == EXIT_CAUSE + CAUSE_store_page;
}

/* A fault while another table than the shadow's is in force says nothing about the guest's. */
static void exit_shadow(struct vcpu *v)
{
    if (v->root_stale) {
        paging_set_root(v);
        if (is_page_fault(v->cb->exit_code))
            return;
    }
    assist_exit(v);
}

/* ---- creation ------------------------------------------------------------------------------- */

static bool refuse(struct line *why, const char *what)
{
    line_str(why, what);
    return false;
}

static bool take_page(struct vm *vm, void *pointer_to_pointer)
{
    hpa frame;
    void **out = pointer_to_pointer;

    if (!alloc_frame_zero(&vm->vmm->alloc, vm->id, FRAME_ASSIST, &frame))
        return false;
    *out = phys_ptr(frame);
    return true;
}

static bool create(struct vm *vm, struct line *why)
{
    void *page;

    if (!(arch_features() & FEATURE_VT))
        return refuse(why, "hardware assist needs a processor with vmrun, and this one has none");
    if (!take_page(vm, &page))
        return refuse(why, "this machine has too little RAM left for it");
    vm->assist = page;
    vm->assist->tlb_stale = true; /* its vmid may have been another's */
    return !vm->nesting || nested_create(vm, why);
}

static bool create_npt(struct vm *vm, struct line *why)
{
    vm->vcpu.cb->nested_paging = 1;
    if (!create(vm, why))
        return false;
    if (!(arch_features() & FEATURE_NPT))
        return refuse(why, "nested paging is not in this machine's processor; technique=assist "
                           "does without");
    set_intercepts(vm->vcpu.cb, false, vm->nesting);
    return true;
}

static bool create_shadow(struct vm *vm, struct line *why)
{
    struct alloc *alloc = &vm->vmm->alloc;
    void *page;

    if (!create(vm, why))
        return false;
    struct assist *a = vm->assist;
    for (unsigned i = 0; i < COUNT_OF(a->nothing_asids); i++)
        if ((a->nothing_asids[i] = alloc_asid(alloc, vm->id)) == ASID_NONE)
            return refuse(why, "there are no address space numbers left for it");
    if (!take_page(vm, &page) || !alloc_frame_zero(alloc, vm->id, FRAME_ASSIST, &a->nothing))
        return refuse(why, "this machine has too little RAM left for it");
    a->hw = page;
    set_intercepts(vm->vcpu.cb, true, vm->nesting);
    set_intercepts(a->hw, true, vm->nesting);
    a->hw->magic = VMCB_MAGIC;
    a->hw->vmid = vm->id;
    shadow_assisted(&vm->shadow, &a->tlb_stale);
    return true;
}

const struct technique technique_assist = {
    .name = "assist",
    .frames = 6, /* struct assist, the VMCB of vmrun, the table that maps nothing, 3 of nesting */
    .create = create_shadow,
    .set_root = paging_set_root,
    .enter = enter_shadow,
    .handle_exit = exit_shadow,
    .inject = inject,
    .map = paging_map,
    .unmap = paging_unmap,
    .forget = paging_forget,
    .refetch = paging_refetch,
};

const struct technique technique_npt = {
    .name = "npt",
    .frames = 4, /* struct assist, 3 of nesting */
    .create = create_npt,
    .set_root = set_root_npt,
    .enter = enter_npt,
    .handle_exit = assist_exit,
    .inject = inject,
    .map = map_npt,
    .unmap = unmap_npt,
    .forget = forget_npt,
    .refetch = refetch_npt,
};
