/*
 * The table of interpreter routines, made from isa/instructions.def: each row whose class can
 * trap outside ring 0 has a routine of its name here, or this file does not compile.
 *
 * Order of checks, as on the machine: who may execute it (class), then what it does.
 */
#include "vmm/emulate.h"

#include "vmm/arch.h"
#include "vmm/hypercall.h"
#include "vmm/isa.h"
#include "vmm/nested.h"
#include "vmm/technique.h"
#include "vmm/time.h"
#include "vmm/vdev/bus.h"
#include "vmm/vm.h"
#include "vmm/walk.h"

#include "isa/paging.h"

#define SIGNATURE_LEAF 0x40000000u
#define MACHINE_NAME   0x5a505254u /* the bytes TRPZ */

#define FEATURE_STRICT 1u /* of leaf 1 */

enum { PROBE_BARE = 0x3f };

bool emulate_classic(void)
{
    return !(arch_features() & FEATURE_STRICT);
}

enum outcome emulate_trap(struct vcpu *v, word cause, word tval)
{
    vcpu_trap(v, cause, tval);
    return TRAPPED;
}

static enum outcome emulate_tret(struct vcpu *v, word bits)
{
    (void)bits;
    vcpu_tret(v);
    return JUMPED;
}

static enum outcome emulate_wfi(struct vcpu *v, word bits)
{
    (void)bits;
    vtimer_update(v);
    if (vcpu_pending(v))
        return RETIRED;
    if (!vbus_can_wake(v))
        vm_end(v->vm, "it waits for an interrupt that can never come", NULL);
    return WAITS;
}

static enum outcome emulate_sfence_vma(struct vcpu *v, word bits)
{
    gva address = v->x[insn_rs1(bits)];
    word asid = v->x[insn_rs2(bits)] & PTBR_ASID >> PTBR_ASID_SHIFT;

    v->vm->technique->unmap(v, insn_rs1(bits) ? &address : NULL, insn_rs2(bits) ? &asid : NULL);
    return RETIRED;
}

/* To a guest that has not asked for a monitor this is, in its ring 0, what it is on a bare machine. */
static enum outcome emulate_hcall(struct vcpu *v, word bits)
{
    if (v->cb->ring != 0)
        return emulate_trap(v, CAUSE_hcall, 0);
    return v->vm->knows_monitor ? hypercall(v) : emulate_trap(v, CAUSE_illegal, bits);
}

/* Without nesting its machine has no hardware assist (emulate_cpuid says so). */
static enum outcome emulate_vmrun(struct vcpu *v, word bits)
{
    if (!v->vm->nesting)
        return emulate_trap(v, CAUSE_illegal, bits);
    if (v->cb->ring != 0)
        return emulate_trap(v, CAUSE_privileged, bits);
    return nested_vmrun(v, bits);
}

static enum outcome emulate_pin(struct vcpu *v, word bits)
{
    vcpu_set_x(v, insn_rd(bits), vbus_port_in(v->vm, v->x[insn_rs1(bits)] & 0xffff));
    return RETIRED;
}

static enum outcome emulate_pout(struct vcpu *v, word bits)
{
    vbus_port_out(v->vm, v->x[insn_rs1(bits)] & 0xffff, v->x[insn_rs2(bits)]);
    return RETIRED;
}

static enum outcome emulate_probe(struct vcpu *v, word bits)
{
    word asker = v->cb->ring;
    if (asker == 0)
        asker = (v->cb->status & FIELD_status_pring) >> SHIFT_status_pring;
    word leaf = walk_peek(&v->vm->map, v->cb->ptbr, v->x[insn_rs1(bits)]);
    bool usable = leaf && asker <= (leaf & PTE_PL) >> PTE_PL_SHIFT;

    vcpu_set_x(v, insn_rd(bits), usable ? leaf & PROBE_BARE : 0);
    return RETIRED;
}

static enum outcome emulate_cpuid(struct vcpu *v, word bits)
{
    word answer = 0;

    switch (v->x[insn_rs1(bits)]) {
    case 0:
        answer = MACHINE_NAME;
        break;
    case 1:
        answer = (emulate_classic() ? 0 : FEATURE_STRICT) | nested_features(v->vm);
        break;
    case SIGNATURE_LEAF:
        answer = HYPERCALL_SIGNATURE;
        v->vm->knows_monitor = true;
        break;
    }
    vcpu_set_x(v, insn_rd(bits), answer);
    return RETIRED;
}

/* ---- the table ---------------------------------------------------------------------------- */

enum permission { BY_RING, BY_RING_IF_STRICT, BY_IOPL, BY_ROUTINE };

struct routine {
    const char *name;
    word match, mask;
    enum permission permission;
    emulate_fn *fn;
};

enum {
#define FORMAT(name, mask, syntax) MASK_##name = (int)(mask),
#include "isa/formats.def"
#undef FORMAT
};

#define ROW(name, format, match, permission)                                                       \
    {#name, match, (word)MASK_##format, permission, emulate_##name},
#define ROW_USER(name, format, match)
#define ROW_HINT(name, format, match)
#define ROW_PRIVILEGED(name, format, match) ROW(name, format, match, BY_RING)
#define ROW_SENSITIVE(name, format, match)  ROW(name, format, match, BY_RING_IF_STRICT)
#define ROW_PORT(name, format, match)       ROW(name, format, match, BY_IOPL)
#define ROW_CSR(name, format, match)        ROW(name, format, match, BY_ROUTINE)
#define ROW_HCALL(name, format, match)      ROW(name, format, match, BY_ROUTINE)
#define ROW_VT(name, format, match)         ROW(name, format, match, BY_ROUTINE)

static const struct routine routines[] = {
#define INSN(name, mnemonic, format, class, match, meaning) ROW_##class(name, format, match)
#include "isa/instructions.def"
#undef INSN
};

static const struct routine *find(word bits)
{
    for (const struct routine *r = routines; r < routines + COUNT_OF(routines); r++)
        if ((bits & r->mask) == r->match)
            return r;
    return NULL;
}

static bool allowed(const struct vcpu *v, enum permission permission)
{
    switch (permission) {
    case BY_RING:
        return v->cb->ring == 0;
    case BY_RING_IF_STRICT:
        return v->cb->ring == 0 || emulate_classic();
    case BY_IOPL:
        return v->cb->ring <= (v->cb->status & FIELD_status_iopl) >> SHIFT_status_iopl;
    case BY_ROUTINE:
        break;
    }
    return true;
}

void emulate(struct vcpu *v, word bits)
{
    const struct routine *r = find(bits);
    bool stepping = vcpu_stepping(v);

    if (!r) {
        vcpu_trap(v, CAUSE_illegal, bits);
        return;
    }
    arch_hint_routine(r->name);
    if (!allowed(v, r->permission)) {
        vcpu_trap(v, CAUSE_privileged, bits);
        return;
    }
    switch (r->fn(v, bits)) {
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
    case ENTERED:
        break;
    }
}

void emulate_wake(struct vcpu *v)
{
    v->waiting = false;
    if (!vcpu_nested(v) || vcpu_pending(v)) /* else it is for whom this guest belongs to */
        vcpu_retire(v, v->cb->pc + 4, vcpu_stepping(v));
}
