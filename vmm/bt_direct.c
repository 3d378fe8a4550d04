/*
 * Rings 1 to 3 under binary translation: they run directly, but never an instruction that a
 * classic machine would answer with the truth about the real processor instead of a trap.
 *
 * Instructions are words in their places, so a page can be searched for such holes, and what is
 * found is all there is. A page is closed (no X in the VM's map) until a fetch from it; then
 *
 *   no hole in it    it is opened, and watched: X and not W
 *   holes            a copy is executed in its place, execute-only, in which each hole is a word
 *                    that traps in every ring but 0; loads from the page are carried out here
 *
 * and a write closes it again. The monitor answers for the hole as the guest's own processor
 * would, from the virtual registers (emulate_classic).
 */
#include "vmm/alloc.h"
#include "vmm/arch.h"
#include "vmm/bt.h"
#include "vmm/bt_insn.h"
#include "vmm/emulate.h"
#include "vmm/isa.h"
#include "vmm/lib.h"
#include "vmm/paging.h"
#include "vmm/phys.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

/* ---- holes --------------------------------------------------------------------------------- */

#define OPCODE_SYSTEM 0x73u
#define OPCODE_CUSTOM 0x0bu

/* A control register that other rings may read, or an instruction of the class SENSITIVE. */
static bool is_hole(word bits)
{
    static const bool holes[16] = {
#define HOLE_NONE           false
#define HOLE_READ           true
#define HOLE_READ_UF        true
#define CONTROL(name, hole) [CSR_##name % 16] = HOLE_##hole,
#define COUNTER(name, hole)
#define CSR(name, number, kind, hole, wmask, meaning) kind(name, hole)
#include "isa/csrs.def"
#undef CONTROL
#undef COUNTER
    };
    word opcode = bits & 0x7f, number = bits >> 20;

    if (opcode == OPCODE_SYSTEM)
        return (bits & 0x3000) && number - CSR_status < 16 && holes[number % 16];
    if (opcode != OPCODE_CUSTOM)
        return false;
    bits &= 0xfff0707f;
    return bits == (word)MATCH_probe || bits == (word)MATCH_cpuid;
}

static unsigned count_holes(const word *page)
{
    unsigned holes = 0;

    for (unsigned i = 0; i < PAGE_SIZE / 4; i++)
        holes += is_hole(page[i]);
    return holes;
}

/* ---- copies -------------------------------------------------------------------------------- */

static struct bt_patch *find_patch(struct bt *bt, gpa page)
{
    for (struct bt_patch *p = bt->patches; p < bt->patches + PATCHES && bt->patch_count; p++)
        if (p->frame && p->page == page)
            return p;
    return NULL;
}

static void give_up(struct vm *vm, struct bt_patch *p)
{
    paging_forget(vm, p->page, p->frame);
    alloc_free(&vm->vmm->alloc, vm->id, p->frame);
    p->frame = 0;
    vm->bt->patch_count--;
}

/* An unused place; the copies take turns when there are too many. */
static struct bt_patch *place_for_patch(struct vm *vm)
{
    struct bt *bt = vm->bt;

    for (struct bt_patch *p = bt->patches; p < bt->patches + PATCHES; p++)
        if (!p->frame)
            return p;
    struct bt_patch *p = &bt->patches[bt->counts.patched % PATCHES];
    give_up(vm, p);
    return p;
}

static struct bt_patch *make_patch(struct vm *vm, gpa page, const word *source)
{
    struct bt_patch *p = place_for_patch(vm);
    hpa frame;

    if (!alloc_frame(&vm->vmm->alloc, vm->id, FRAME_BT, &frame))
        return NULL;
    word *copy = phys_ptr(frame);
    for (unsigned i = 0; i < PAGE_SIZE / 4; i++)
        copy[i] = is_hole(source[i]) ? (word)MATCH_wfi : source[i];
    *p = (struct bt_patch){page, frame};
    vm->bt->patch_count++;
    vm->bt->counts.patched++;
    return p;
}

/* ---- the guest fetches, loads, writes ------------------------------------------------------ */

static void run_copy(struct vcpu *v, gva address, word leaf, const struct bt_patch *p)
{
    word pl = ring_real((leaf & PTE_PL) >> PTE_PL_SHIFT);

    if (!p || !shadow_place(&v->vm->shadow, address, v->cb->ring,
                            p->frame | PTE_V | PTE_X | PTE_A | PTE_D | PTE_PL_OF(pl)))
        vm_end(v->vm, "there is no memory left for its page tables", NULL);
}

void bt_direct_fetch(struct vcpu *v, gva address)
{
    struct vm *vm = v->vm;
    struct walk w;
    enum walk_result result =
        walk_guest(&vm->map, v->cb->ptbr, address, ACCESS_FETCH, v->cb->ring, &w);
    word entry = result == WALK_OK ? p2m_entry(&vm->map, w.address) : 0;
    gpa page = w.address & PAGE_MASK;

    if (!entry || (entry & PTE_X)) { /* the guest's own fault, or a table that lacks the page */
        paging_map(v, address, ACCESS_FETCH);
        return;
    }
    const struct bt_patch *p = find_patch(vm->bt, page);
    const word *source = phys_ptr(entry & PTE_PPN);
    if (!p) {
        arch_hint_routine("search for holes");
        p2m_watch(&vm->map, page);
        if (!count_holes(source)) {
            p2m_open(&vm->map, page);
            vm->bt->counts.opened++;
            paging_map(v, address, ACCESS_FETCH);
            return;
        }
        p = make_patch(vm, page, source);
    }
    run_copy(v, address, w.leaf, p);
}

bool bt_direct_load(struct vcpu *v, gva address)
{
    struct vm *vm = v->vm;
    struct walk w;

    if (!vm->bt->patch_count)
        return false;
    if (!walk_find(&vm->map, v->cb->ptbr, address, &w) ||
        !find_patch(vm->bt, w.address & PAGE_MASK))
        return false;
    if (walk_guest(&vm->map, v->cb->ptbr, address, ACCESS_LOAD, v->cb->ring, &w) != WALK_OK)
        return false; /* the guest's own fault: as for every page */
    emulate_access(v, address, w.address, false);
    return true;
}

void bt_direct_refused(struct vcpu *v)
{
    struct vm *vm = v->vm;
    struct walk w;
    const word *source;

    if (!vm->bt->patch_count || !walk_find(&vm->map, v->cb->ptbr, v->cb->pc, &w) ||
        !find_patch(vm->bt, w.address & PAGE_MASK))
        return;
    source = p2m_word(&vm->map, w.address);
    if (source)
        v->exit_tval = *source;
}

void bt_direct_written(struct vm *vm, gpa page)
{
    struct bt_patch *p = find_patch(vm->bt, page);

    if (p)
        give_up(vm, p);
    if (p2m_entry(&vm->map, page) & PTE_X)
        p2m_close(&vm->map, page);
}
