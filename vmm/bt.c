/*
 * The technique bt: kernel code by translation, programs directly; see bt.h.
 *
 *   virtual ring 0      real ring 1, in the cache only: no page of the guest is executable there
 *   virtual rings 1-3   real rings 2, 3, 3, directly
 *
 * The virtual CPU's pc is the guest's throughout, but for the entry itself, which begins in the
 * cache. Where a translation stopped, the unit says which guest instruction that is; an exit
 * is always at the beginning of one, since an interrupt in the middle of a sequence waits until
 * the processor has gone through it in single steps: an interrupt is delayed by one sequence at
 * most, whatever is chained to whatever.
 *
 * What the guest can tell, none of which an ordinary kernel looks for:
 *
 *   instret   counts what retires in the real processor, sequences of translations included, plus
 *             what the monitor carries out
 *   the top   a kernel that reads or writes the last page of the address space without having
 *             mapped it gets the vcpu page instead of a fault (by an address from x0 it does get
 *             the fault). One that maps it has its own page there: then there is no vcpu page any
 *             more, and what it would do is a callout (bt_space.c).
 *
 * Both are of ring 0 alone.
 */
#include "vmm/bt.h"

#include "vmm/alloc.h"
#include "vmm/arch.h"
#include "vmm/bt_insn.h"
#include "vmm/dispatch.h"
#include "vmm/emulate.h"
#include "vmm/isa.h"
#include "vmm/lib.h"
#include "vmm/paging.h"
#include "vmm/phys.h"
#include "vmm/technique.h"
#include "vmm/time.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

/* Instructions of the longest way through a sequence, an indirect jump and what is behind it.
 * A guest that has spoilt its own table could go round in circles. */
#define SEQUENCE_MOST 64

const char bt_left[] = "it has left its translation";

/* ---- where the guest is to go on ----------------------------------------------------------- */

static gva host_of(const struct bt_unit *u, word index)
{
    return u->at + u->offsets[index] * 4u;
}

/* Inside the unit that ran last: behind an instruction that was carried out for it. */
static gva go_on_inside(const struct bt *bt, word pc)
{
    const struct bt_unit *u = bt->last;
    word index = u ? (pc - u->pc) / 4 : UNIT_MOST;

    if (!u || ((pc ^ u->pc) & 1) || index >= u->count)
        return 0;
    return host_of(u, index);
}

/* What led here shall lead here by itself the next time. */
static void settle(struct bt *bt, struct bt_unit *u)
{
    bool valid = bt->arrival.drops == bt->drops && bt->arrival.pc == u->pc;

    if (valid && bt->arrival.kind == ARRIVAL_LINK)
        bt_link(bt, bt->arrival.way, u);
    else if (valid && bt->arrival.kind == ARRIVAL_TAG && u->offsets[0])
        bt_tag(bt, u);
    bt->arrival.kind = ARRIVAL_NONE;
}

/* The address in the cache for the guest's pc, 0 when fetching there traps. */
static gva locate(struct vcpu *v)
{
    struct bt *bt = v->vm->bt;
    word pc = v->cb->pc | vcpu_stepping(v);
    bool arrives = bt->arrival.kind != ARRIVAL_NONE && bt->arrival.pc == pc;

    if (bt->unchecked || bt->checked_ptbr != v->cb->ptbr)
        bt_check(v);
    gva host = arrives ? 0 : go_on_inside(bt, pc);
    if (host)
        return host;
    struct bt_unit *u = bt_find(bt, pc);
    if (!u)
        u = bt_translate(v);
    if (!u)
        return 0;
    settle(bt, u);
    return host_of(u, 0);
}

/* ---- the vcpu page ------------------------------------------------------------------------- */

enum {
    WORD_FIRST = offsetof(union vmcb, status) / 4,
    WORDS = offsetof(union vmcb, eptbr) / 4 - WORD_FIRST + 1,
};

static void give_page(const struct vcpu *v)
{
    struct bt_page *page = v->vm->bt->page;

    for (unsigned i = 0; i < WORDS; i++)
        page->regs[i] = v->cb->words[WORD_FIRST + i];
    page->pending = v->cb->ip & v->cb->ie;
}

/* What sequences write comes back, as its register would have taken it: the guest can have
 * written anything. */
static void take_page(struct vcpu *v)
{
    const word *regs = v->vm->bt->page->regs;

#define TAKE(name)                                                                                 \
    v->cb->name = regs[offsetof(union vmcb, name) / 4 - WORD_FIRST] & (word)WRITABLE_##name
    TAKE(status);
    TAKE(tscratch);
    TAKE(epc);
    TAKE(tval);
#undef TAKE
}

/* ---- running a translation ----------------------------------------------------------------- */

static word offset_in_slot(const struct bt *bt, gva address)
{
    return address - bt->slot;
}

/* Maps what is the monitor's own where the guest has just missed it; false when it was not that. */
static bool map_own(struct vcpu *v)
{
    struct bt *bt = v->vm->bt;
    word cause = v->exit_cause, offset = offset_in_slot(bt, v->exit_tval), entry;

    if (cause == CAUSE_fetch_page && offset < CACHE_SIZE)
        entry = bt->cache[offset / PAGE_SIZE] | PTE_X;
    else if ((cause == CAUSE_load_page || cause == CAUSE_store_page) && !bt->withdrawn &&
             v->exit_tval >= BT_PAGE_AT)
        entry = phys_of(bt->page) | PTE_R | PTE_W;
    else
        return false;
    arch_hint_routine("map the translations");
    if (!shadow_place(&v->vm->shadow, v->exit_tval & PAGE_MASK, 0,
                      entry | PTE_V | PTE_A | PTE_D | PTE_PL_OF(1)))
        vm_end(v->vm, "there is no memory left for its page tables", NULL);
    return !v->vm->ended;
}

static void enter_once(struct vcpu *v, word *ran)
{
    do {
        arch_hint_enter(v->vm->id);
        arch_enter(v);
        *ran += v->ran;
    } while (map_own(v));
}

static word index_of(const struct bt_unit *u, gva host)
{
    word at = (host - u->at) / 4, i = u->count - 1u;

    while (i > 0 && u->offsets[i] > at)
        i--;
    return i;
}

static bool in_sequence(const struct vcpu *v)
{
    const struct bt_unit *u = bt_find_host(v->vm->bt, v->cb->pc);

    return u && host_of(u, index_of(u, v->cb->pc)) != v->cb->pc;
}

/* An interrupt came: on to where a guest instruction begins, or to an exit. */
static void finish_sequence(struct vcpu *v, word *ran)
{
    word cause = v->exit_cause, steps = 0;

    if (!in_sequence(v))
        return;
    arch_hold_interrupts(true);
    v->real_status |= FIELD_status_ptf;
    do {
        enter_once(v, ran);
        if (++steps == SEQUENCE_MOST)
            vm_end(v->vm, bt_left, NULL);
    } while (v->exit_cause == CAUSE_single_step && !v->vm->ended && in_sequence(v));
    v->vm->bt->counts.steps += steps;
    arch_hold_interrupts(false);
    if (v->exit_cause == CAUSE_single_step)
        v->exit_cause = cause; /* else the interrupt comes back at the next entry */
}

/* An ecall has its unit behind it; for anything else it is searched. */
static struct bt_unit *unit_that_ran(const struct bt *bt, word cause)
{
    word offset = offset_in_slot(bt, bt->exit_host);

    if (cause != CAUSE_ecall_ring1 || offset >= CACHE_SIZE)
        return bt_find_host(bt, bt->exit_host);
    const word *code = phys_ptr(bt->cache[offset / PAGE_SIZE] + offset % PAGE_SIZE);
    struct bt_unit *u = bt_unit(bt, (code[1] & 0xffff) % UNITS);
    bool inside = bt->exit_host - u->at < u->words * 4u;
    return inside && (code[1] & 0xffff) < bt->unit_count ? u : NULL;
}

static void enter_translated(struct vcpu *v, gva host)
{
    struct bt *bt = v->vm->bt;
    word ran = 0;

    give_page(v);
    v->real_status = FIELD_status_tps | ring_real(0) << SHIFT_status_pring;
    v->cb->pc = host;
    bt->translated = true;
    enter_once(v, &ran);
    if ((v->exit_cause & CAUSE_INTERRUPT) && !v->vm->ended)
        finish_sequence(v, &ran);
    v->ran = ran;
    take_page(v);
    bt->exit_host = v->cb->pc;
    bt->last = unit_that_ran(bt, v->exit_cause);
    if (bt->last)
        v->cb->pc = (bt->last->pc & ~3u) + index_of(bt->last, v->cb->pc) * 4;
    else
        vm_end(v->vm, bt_left, NULL);
}

static void enter_direct(struct vcpu *v)
{
    word step = vcpu_stepping(v) ? FIELD_status_ptf : 0;

    v->vm->bt->translated = false;
    v->real_status = FIELD_status_tps | step | ring_real(v->cb->ring) << SHIFT_status_pring;
    arch_hint_enter(v->vm->id);
    arch_enter(v);
}

static void enter(struct vcpu *v)
{
    gva host = 0;

    v->ran = 0;
    bt_look(v);
    while (v->cb->ring == 0 && !v->vm->ended && !(host = locate(v)))
        if (v->root_stale) /* the trap led elsewhere */
            v->vm->technique->set_root(v);
    if (v->vm->ended)
        return;
    if (host)
        enter_translated(v, host);
    else
        enter_direct(v);
}

/* ---- exits of a translation ---------------------------------------------------------------- */

static void step_taken(struct vcpu *v, gva next)
{
    bool stepping = vcpu_stepping(v);

    v->cb->pc = next;
    if (stepping)
        vcpu_trap(v, CAUSE_single_step, 0);
}

static void arrive(struct bt *bt, int kind, gva pc, word way)
{
    bt->arrival.kind = kind;
    bt->arrival.pc = pc;
    bt->arrival.way = way;
    bt->arrival.drops = bt->drops;
}

static void exit_jump(struct vcpu *v, word way)
{
    struct bt *bt = v->vm->bt;
    gva target = bt_unit(bt, way / 2)->out[way % 2].target;

    arch_hint_routine("chain");
    if (!vcpu_stepping(v))
        arrive(bt, ARRIVAL_LINK, target, way);
    step_taken(v, target);
}

static void exit_indirect(struct vcpu *v, word bits, word way)
{
    struct bt *bt = v->vm->bt;

    arch_hint_routine("indirect jump");
    bt->counts.indirect++;
    if (way & 1) { /* behind a look into the table */
        v->x[SCRATCH_A] = bt->page->spills[0];
        v->x[SCRATCH_B] = bt->page->spills[1];
        v->x[SCRATCH_C] = bt->page->spills[2];
    }
    gva target = (v->x[insn_rs1(bits)] + imm_i(bits)) & ~1u;
    if (target & 2) {
        vcpu_trap(v, CAUSE_fetch_misaligned, target);
        return;
    }
    vcpu_set_x(v, insn_rd(bits), v->cb->pc + 4);
    if (!vcpu_stepping(v) && bt_predict(bt->last, bits, target))
        arrive(bt, ARRIVAL_LINK, target, way & ~1u);
    else if (!vcpu_stepping(v))
        arrive(bt, ARRIVAL_TAG, target, 0);
    step_taken(v, target);
}

/* A load or store whose address, from x0, is the vcpu page's. */
static void access_top(struct vcpu *v, word bits, bool store)
{
    gva address = emulate_address(v, bits, store);
    enum access access = store ? ACCESS_STORE : ACCESS_LOAD;
    struct walk w;

    if (address & ((1u << (bits >> 12 & 3)) - 1)) {
        vcpu_trap(v, store ? CAUSE_store_misaligned : CAUSE_load_misaligned, address);
        return;
    }
    enum walk_result result = walk_guest(&v->vm->map, v->cb->ptbr, address, access, 0, &w);
    if (result != WALK_OK) {
        vcpu_trap(v, walk_cause(result, access), address);
        return;
    }
    v->exit_insn = bits;
    emulate_access(v, address, w.address, store);
}

static void exit_insn(struct vcpu *v, word bits)
{
    v->vm->bt->counts.carried_out++;
    if (bits == (word)MATCH_ecall)
        vcpu_trap(v, CAUSE_ecall_ring0, 0);
    else if (bits == (word)MATCH_ebreak)
        vcpu_trap(v, CAUSE_breakpoint, v->cb->pc);
    else if ((bits & 0x7f) == MATCH_lb)
        access_top(v, bits, false);
    else if ((bits & 0x7f) == MATCH_sb)
        access_top(v, bits, true);
    else
        emulate(v, bits);
}

/* An ecall of a translation; what is behind it says what for. */
static void exit_callout(struct vcpu *v)
{
    struct bt *bt = v->vm->bt;
    const struct bt_unit *u = bt->last;
    const word *code = phys_ptr(u->code + (bt->exit_host - u->at));
    word what = code[1], way = (what & 0xffff) * 2 + (what >> 24 & 1);

    v->exit_insn = 0;
    switch ((enum bt_exit)(what >> 28)) {
    case BT_JUMP:
        exit_jump(v, way);
        break;
    case BT_MISALIGNED:
        vcpu_trap(v, CAUSE_fetch_misaligned, u->out[way % 2].target);
        break;
    case BT_INDIRECT:
        exit_indirect(v, code[2], way);
        break;
    case BT_INSN:
        exit_insn(v, code[2]);
        break;
    case BT_RESUME:
        v->cb->pc += 4;
        break;
    }
}

static void handle_exit(struct vcpu *v)
{
    struct bt *bt = v->vm->bt;

    if (v->vm->ended)
        return;
    v->exit_insn = 0;
    if (!bt->translated && v->exit_cause == CAUSE_privileged)
        bt_direct_refused(v);
    if (bt->translated && v->exit_cause == CAUSE_ecall_ring1) {
        exit_callout(v);
        return;
    }
    if (bt->translated) /* loads and stores are copies of the guest's */
        v->exit_insn = *(const word *)phys_ptr(bt->last->code + (bt->exit_host - bt->last->at));
    dispatch_exit(v);
}

/* ---- creation ------------------------------------------------------------------------------ */

static void *take_frame(struct vm *vm)
{
    hpa frame;

    return alloc_frame_zero(&vm->vmm->alloc, vm->id, FRAME_BT, &frame) ? phys_ptr(frame) : NULL;
}

static bool take_all(struct vm *vm)
{
    struct bt *bt = vm->bt = take_frame(vm);

    if (!bt || !(bt->page = take_frame(vm)))
        return false;
    for (unsigned i = 0; i < UNIT_PAGES; i++)
        if (!(bt->units[i] = take_frame(vm)))
            return false;
    for (unsigned i = 0; i < CACHE_PAGES; i++)
        if (!alloc_frame_zero(&vm->vmm->alloc, vm->id, FRAME_BT, &bt->cache[i]))
            return false;
    return true;
}

static bool create(struct vm *vm, struct line *why)
{
    if (!take_all(vm)) {
        line_str(why, "this machine has too little RAM left for it");
        return false;
    }
    vm->bt->slot = BT_SLOT_FIRST;
    bt_translate_init(vm->bt);
    bt_flush(vm->bt);
    vm->bt->counts.flushes = 0;
    arch_hint_translations(phys_of(&vm->bt->counts));
    p2m_close_all(&vm->map);
    shadow_own_bare(&vm->shadow);
    return true;
}

const struct technique technique_bt = {
    .name = "bt",
    .frames = 2 + UNIT_PAGES + CACHE_PAGES + PATCHES,
    .create = create,
    .set_root = bt_set_root,
    .enter = enter,
    .handle_exit = handle_exit,
    .map = bt_map,
    .unmap = bt_unmap,
    .forget = paging_forget,
    .written = bt_written,
    .refetch = bt_refetch,
};
