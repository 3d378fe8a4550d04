/*
 * Exits of a guest that vmrun runs: one routine for each code (isa/vmcb.def).
 *
 * The processor has decoded the instruction and has checked what the guest's own rights say
 * about it, so it goes straight to its interpreter routine. A row of the intercepts or exits
 * without a routine here does not compile.
 */
#include "vmm/arch.h"
#include "vmm/assist.h"
#include "vmm/dispatch.h"
#include "vmm/emulate.h"
#include "vmm/nested.h"
#include "vmm/technique.h"
#include "vmm/time.h"
#include "vmm/vm.h"

typedef void exit_fn(struct vcpu *v);

/* ---- instructions --------------------------------------------------------------------------- */

static void exit_insn(struct vcpu *v)
{
    emulate(v, v->exit_insn);
}

/* The guest's compare register was its own until now: the real timer may have to ring for it. */
static void exit_wfi(struct vcpu *v)
{
    vtimer_changed(v);
    emulate(v, v->exit_insn);
}

static void exit_interrupts(struct vcpu *v)
{
    dispatch_interrupts(v->vm->vmm);
}

#define exit_cpuid      exit_insn
#define exit_sfence_vma exit_insn
#define exit_port       exit_insn
#define exit_probe      exit_insn
#define exit_tret       exit_insn
#define exit_counters   exit_insn
#define exit_hcall      exit_insn
#define exit_vmrun      exit_insn

static exit_fn *const by_insn[32] = {
#define INTERCEPT(name, bit, meaning) [bit] = exit_##name,
#include "isa/vmcb.def"
};

/* ---- past the vector ------------------------------------------------------------------------ */

/* Where the access went that began the walk: the processor says where the walk's own failed. */
static gva faulting_address(const struct vcpu *v, enum access access)
{
    if (access == ACCESS_FETCH)
        return v->cb->pc;
    return emulate_address(v, v->exit_insn, access == ACCESS_STORE);
}

/* Nothing of the guest's lies where its access leads, or the walk to it. Natively a walk that finds the page
 * sets A and D before anything is asked there. */
static void reaches_nothing(struct vcpu *v, enum access access, gva address, gpa physical)
{
    const union vmcb *cb = v->cb;
    struct walk w;

    if (cb->exit_info2 & NESTED_WALK) {
        vcpu_trap(v, walk_cause(WALK_ACCESS_FAULT, access), address);
        return;
    }
    if (nested_paged(v) && !nested_marks(v, address, access))
        return;
    if (!nested_paged(v))
        walk_guest(&v->vm->map, cb->ptbr, address, access, cb->ring, &w);
    if (access == ACCESS_FETCH)
        vcpu_trap(v, CAUSE_fetch_access, address);
    else
        emulate_access(v, address, physical, access == ACCESS_STORE);
}

/*
 * The VM's map has no page there, or not with this right. RAM of the guest that lacks a right is
 * the monitor's doing: a write that somebody waits for, or the TLB's past. Else a device may be
 * there; a walk or a fetch finds none. The reference that failed may be the walk's, so what the
 * guest was about is seen from its instruction.
 */
static void exit_nested_fault(struct vcpu *v)
{
    const union vmcb *cb = v->cb;
    bool writes = (cb->exit_info2 & NESTED_ACCESS) == NESTED_WRITE;
    gpa physical = cb->exit_info1;
    enum access access;

    arch_hint_routine("nested fault");
    if (vcpu_nested(v) && nested_fault(v, &physical))
        return;
    if (!emulate_kind(v->exit_insn, &access)) { /* probe: it looks at tables by itself */
        emulate(v, v->exit_insn);
        return;
    }
    gva address = faulting_address(v, access);
    bool absent = !p2m_look(&v->vm->map, physical);
    word entry = p2m_entry(&v->vm->map, physical);
    if (entry && absent)
        return; /* the page has a frame now */
    if (entry && writes && !(entry & PTE_W))
        p2m_write_fault(v->vm, physical);
    else if (entry)
        v->vm->technique->refetch(v, address);
    else
        reaches_nothing(v, access, address, physical);
}

static void exit_shutdown(struct vcpu *v)
{
    vcpu_dead_end(v, v->cb->exit_info1);
}

/* What was refused is ours alone: the guest has no part in it. */
static void exit_invalid(struct vcpu *v)
{
    vm_end(v->vm, "the processor refuses its VMCB", NULL);
}

static const struct {
    word code;
    exit_fn *fn;
} past_vector[] = {
#define EXIT(name, code, meaning) {code, exit_##name},
#include "isa/vmcb.def"
};

/* ---- by code -------------------------------------------------------------------------------- */

static void answer(struct vcpu *v, word code)
{
    if (code < EXIT_CAUSE) {
        vmm_assert(by_insn[code]);
        by_insn[code](v);
        return;
    }
    if (code < EXIT_CSR_READ) {
        v->exit_cause = code - EXIT_CAUSE;
        v->exit_tval = v->cb->exit_info1;
        dispatch_exit(v);
        return;
    }
    for (unsigned i = 0; i < COUNT_OF(past_vector); i++) {
        if (past_vector[i].code == code) {
            past_vector[i].fn(v);
            return;
        }
    }
    exit_insn(v); /* a register that is kept by the monitor */
}

void assist_exit(struct vcpu *v)
{
    if (!vcpu_nested(v) || !nested_exits(v))
        answer(v, v->cb->exit_code);
}
