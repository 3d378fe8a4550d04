/*
 * Into a nested guest and out of it; see nested.h.
 *
 * L1's VMCB is read once, at its vmrun, and nothing of it is believed later: checks, merging and
 * the run itself use the copy. What the processor gets is built word by word from what is known
 * to be sound, so a word that this monitor does not know can do nothing.
 *
 *   intercepts      L0's or L1's
 *   ports           every one exits; L1's permission map is asked when it does
 *   time            offsets add up
 *   pending bits    L1's; L1's own wire too where it does not intercept interrupts
 *   injection       L1's, until the processor has delivered it
 *   vmid            one of L0's for each of L1's
 *   nested tables   L1's through the VM's map (tables), or the map where L1 uses none
 *
 * While L2 runs, vcpu->cb is the copy, so whatever L0 does for the guest that runs it does to L2.
 * An event that has not reached L2 when it exits is in the copy's `inject`; L1 finds it as the
 * event that was being delivered, and injects it again.
 *
 * Where L1 could see a difference: A and D in its nested tables are set when an entry is composed, so
 * also for an access that then ends in another way (a superset of what the processor sets, as a
 * monitor that logs writes may stand); and a guest that shuts down because its handler cannot be
 * fetched has taken that fault once before.
 */
#include "vmm/nested.h"

#include "vmm/alloc.h"
#include "vmm/arch.h"
#include "vmm/assist.h"
#include "vmm/lib.h"
#include "vmm/nested_check.h"
#include "vmm/phys.h"
#include "vmm/technique.h"
#include "vmm/time.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#include "isa/paging.h"

static struct nested *nested_of(const struct vcpu *v)
{
    return v->vm->assist->nested;
}

/* ---- creation ------------------------------------------------------------------------------- */

static void *take_page(struct vm *vm)
{
    hpa frame;

    if (!alloc_frame_zero(&vm->vmm->alloc, vm->id, FRAME_ASSIST, &frame))
        return NULL;
    return phys_ptr(frame);
}

/* Behind those that are VMs' own numbers. */
static word real_vmid(const struct vm *vm, unsigned slot)
{
    return VMS_MAX + 1 + (vm->id - 1) * NESTED_VMIDS + slot;
}

bool nested_create(struct vm *vm, struct line *why)
{
    struct nested *n = take_page(vm);

    vm->assist->nested = n;
    if (!n || !(n->copy = take_page(vm)) || !(n->merged = take_page(vm)) ||
        !shadow_init(&n->tables, &vm->vmm->alloc, vm->id, &vm->map)) {
        line_str(why, "this machine has too little RAM left for its nesting");
        return false;
    }
    shadow_assisted(&n->tables, &n->tables_stale);
    for (unsigned i = 0; i < NESTED_VMIDS; i++)
        n->vmids[i].real = real_vmid(vm, i);
    return true;
}

word nested_features(const struct vm *vm)
{
    if (!vm->nesting)
        return 0;
    return FEATURE_VT | (vm->vcpu.home->nested_paging ? FEATURE_NPT : 0);
}

/* ---- in: translations ----------------------------------------------------------------------- */

static void all_stale(struct nested *n)
{
    for (unsigned i = 0; i < NESTED_VMIDS; i++)
        n->vmids[i].tlb_stale = true;
}

static struct nested_vmid *find_vmid(struct nested *n, word guest)
{
    struct nested_vmid *oldest = n->vmids;

    for (struct nested_vmid *s = n->vmids; s < n->vmids + NESTED_VMIDS; s++) {
        if (s->guest == guest)
            return s;
        if (s->used < oldest->used)
            oldest = s;
    }
    oldest->guest = guest;
    oldest->tlb_stale = true;
    return oldest;
}

/* L1 says that translations have changed: with its tables, or of its guest's. It says so for all
 * or for one vmid; nested tables have none, so they are all made again. */
static void flush(struct vcpu *v, word how)
{
    struct nested *n = nested_of(v);

    if (how == FLUSH_NOTHING)
        return;
    if (how == FLUSH_ALL) {
        all_stale(n);
        v->vm->assist->tlb_stale = true;
    }
    n->vmid->tlb_stale = true;
    if (n->copy->nested_paging)
        shadow_fence(&n->tables, NULL, NULL);
    if (!v->home->nested_paging)
        v->vm->technique->unmap(v, NULL, NULL);
}

bool *nested_stale(struct vcpu *v)
{
    struct nested *n = nested_of(v);

    if (!v->home->nested_paging) /* shadow tables have numbers of their own, under the VM's vmid */
        return &v->vm->assist->tlb_stale;
    if (n->tables_stale)
        all_stale(n);
    n->tables_stale = false;
    return &n->vmid->tlb_stale;
}

/* ---- in: the VMCB --------------------------------------------------------------------------- */

static uint64_t time_offset(const union vmcb *cb)
{
    return (uint64_t)cb->time_offseth << 32 | cb->time_offset;
}

/* The copy's own words that mean something else from now on. */
static void adopt(struct vcpu *v, union vmcb *copy)
{
    uint64_t offset = time_offset(copy) + time_offset(v->home);

    copy->time_offset = (word)offset;
    copy->time_offseth = (word)(offset >> 32);
    copy->status = (copy->status & ~(word)FIELD_status_cring) | copy->ring << SHIFT_status_cring;
    if (!(copy->inject & VMCB_EVENT_VALID))
        copy->inject = copy->inject_tval = 0;
    copy->ip &= FIELD_ip_soft; /* its own; the others are wires */
    nested_of(v)->virtual_ip = copy->virtual_ip;
}

static bool merge(struct vcpu *v, const union vmcb *copy, union vmcb *m)
{
    const union vmcb *home = v->home;

    m->magic = VMCB_MAGIC;
    m->vmid = home->nested_paging ? nested_of(v)->vmid->real : home->vmid;
    m->icept_insn = home->icept_insn | copy->icept_insn;
    m->icept_cause = home->icept_cause | copy->icept_cause;
    m->icept_csr_read = home->icept_csr_read | copy->icept_csr_read;
    m->icept_csr_write = home->icept_csr_write | copy->icept_csr_write;
    m->time_offset = copy->time_offset;
    m->time_offseth = copy->time_offseth;
    m->nested_paging = home->nested_paging;
    if (!home->nested_paging)
        return true;
    m->nptbr =
        copy->nested_paging ? shadow_select(&nested_of(v)->tables, copy->nptbr, 0) : home->nptbr;
    return m->nptbr != 0;
}

/* Which guest runs has changed: tables, timer and the record go with it. */
static void switch_to(struct vcpu *v, union vmcb *cb)
{
    v->cb = cb;
    v->root_stale = true;
    vtimer_changed(v);
}

enum outcome nested_vmrun(struct vcpu *v, word bits)
{
    struct nested *n = nested_of(v);
    gpa at = v->x[insn_rs1(bits)];
    struct refusal why;

    if (at & ~PAGE_MASK)
        return emulate_trap(v, CAUSE_store_misaligned, at);
    if (!p2m_read(&v->vm->map, at, n->copy, VMCB_NAMED_SIZE))
        return emulate_trap(v, CAUSE_store_access, at);
    n->vmcb = at;
    n->rs1 = insn_rs1(bits);
    if (!nested_check(&v->vm->map, at, n->copy, nested_features(v->vm), &why)) {
        arch_hint_refused(REFUSED_VMCB, at);
        nested_refuse(&v->vm->map, at, &why);
        arch_hint_reflect(v->vm->id);
        return RETIRED;
    }
    n->stepping = vcpu_stepping(v);
    n->vmid = find_vmid(n, n->copy->vmid);
    n->vmid->used = ++n->clock;
    flush(v, n->copy->tlb_control);
    adopt(v, n->copy);
    if (!merge(v, n->copy, n->merged)) {
        vm_end(v->vm, "there is no memory left for its guest's page tables", NULL);
        return TRAPPED;
    }
    vcpu_set_x(v, n->rs1, n->copy->rs1);
    switch_to(v, n->copy);
    return ENTERED;
}

/* ---- out ------------------------------------------------------------------------------------ */

enum {
    EXIT_FIRST = offsetof(union vmcb, exit_code),
    EXIT_SIZE = offsetof(union vmcb, exit_ring) + sizeof(word) - EXIT_FIRST,
    GUEST_FIRST = offsetof(union vmcb, pc),
    GUEST_SIZE = offsetof(union vmcb, instreth) + sizeof(word) - GUEST_FIRST,
};

static bool give(struct vcpu *v, word first, word size)
{
    const struct nested *n = nested_of(v);

    return p2m_write(&v->vm->map, n->vmcb + first, &n->copy->words[first / 4], size);
}

/* Its VMCB was RAM when it began. */
void nested_leave(struct vcpu *v, word code, word info1, word info2)
{
    struct nested *n = nested_of(v);
    union vmcb *copy = n->copy;

    copy->exit_code = code;
    copy->exit_info1 = info1;
    copy->exit_info2 = info2;
    copy->exit_ring = copy->ring;
    copy->exit_event = copy->inject;
    copy->exit_event_tval = copy->inject_tval;
    copy->rs1 = v->x[n->rs1];
    if (!give(v, EXIT_FIRST, EXIT_SIZE) || !give(v, GUEST_FIRST, GUEST_SIZE)) {
        vm_end(v->vm, "its guest's VMCB is gone", NULL);
        return;
    }
    vcpu_set_x(v, n->rs1, n->vmcb);
    arch_hint_reflect(v->vm->id);
    switch_to(v, v->home);
    vcpu_retire(v, v->cb->pc + 4, n->stepping);
}

/* ---- nested tables -------------------------------------------------------------------------- */

bool nested_paged(const struct vcpu *v)
{
    return vcpu_nested(v) && v->cb->nested_paging;
}

bool nested_fault(struct vcpu *v, gpa *address)
{
    static const uint8_t kinds[] = {[NESTED_READ] = ACCESS_LOAD,
                                    [NESTED_WRITE] = ACCESS_STORE,
                                    [NESTED_FETCH] = ACCESS_FETCH,
                                    [NESTED_ACCESS] = ACCESS_LOAD};
    const union vmcb *cb = v->cb;
    struct shadow_fault f = {.address = cb->exit_info1,
                             .access = (enum access)kinds[cb->exit_info2 & NESTED_ACCESS]};

    *address = cb->exit_info1;
    if (!cb->nested_paging)
        return false; /* L1 has no part in it: its guest's memory is its own */
    arch_hint_routine("nested tables");
    switch (shadow_resolve(&nested_of(v)->tables, cb->nptbr, &f)) {
    case SHADOW_FILLED:
        return true;
    case SHADOW_NO_WRITE:
        return p2m_write_fault(v->vm, f.walk.address), true;
    case SHADOW_GUEST_FAULT:
        nested_leave(v, EXIT_nested_fault, cb->exit_info1, cb->exit_info2);
        return true;
    case SHADOW_DEVICE:
        *address = f.walk.address;
        return false;
    case SHADOW_NO_MEMORY:
        vm_end(v->vm, "there is no memory left for its guest's page tables", NULL);
        return true;
    }
    return true;
}

/* An entry of L2's own table, to read or to write; NULL when L1 does not allow that. */
static word *entry_of(struct vcpu *v, gpa at, enum access access)
{
    struct p2m *map = &v->vm->map;
    struct walk w;

    if (walk_guest(map, v->cb->nptbr, at, access, 0, &w) != WALK_OK)
        return NULL;
    return access == ACCESS_STORE ? p2m_word_write(map, w.address) : p2m_word(map, w.address);
}

bool nested_marks(struct vcpu *v, gva address, enum access access)
{
    word marks = access == ACCESS_STORE ? PTE_A | PTE_D : PTE_A;
    gpa at = (v->cb->ptbr << PAGE_SHIFT) + PT_INDEX1(address) * 4;

    if (!(v->cb->ptbr & PTBR_ON))
        return true;
    word *entry = entry_of(v, at, ACCESS_LOAD);
    if (entry && !(*entry & (PTE_R | PTE_W | PTE_X))) {
        at = (*entry & PTE_PPN) + PT_INDEX0(address) * 4;
        entry = entry_of(v, at, ACCESS_LOAD);
    }
    if (!entry || (*entry | marks) == *entry)
        return true; /* NULL: the processor has walked what is there no longer */
    entry = entry_of(v, at, ACCESS_STORE);
    if (!entry) {
        nested_leave(v, EXIT_nested_fault, at, NESTED_WALK | NESTED_WRITE);
        return false;
    }
    *entry |= marks;
    return true;
}

void nested_flush(struct vm *vm)
{
    all_stale(vm->assist->nested);
}

void nested_forget(struct vm *vm, gpa page, hpa frame)
{
    shadow_forget(&vm->assist->nested->tables, page, frame);
}
