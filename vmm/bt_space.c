/*
 * The guest's address spaces under binary translation: the guest's own pages, and in between what
 * is the monitor's, which gets out of the guest's way.
 *
 *   cache       execute-only, so that a load or store there faults; when the guest's table has a
 *               page there, the cache moves
 *   vcpu page   at the top, read and written, so nothing faults; the guest's tables that could map
 *               a page of its own there are watched, and as soon as they do it is withdrawn
 */
#include "vmm/arch.h"
#include "vmm/bt.h"
#include "vmm/emulate.h"
#include "vmm/isa.h"
#include "vmm/paging.h"
#include "vmm/vm.h"

static bool is_free(const struct vcpu *v, gva slot)
{
    struct walk w;

    for (gva page = slot; page < slot + CACHE_SIZE; page += PAGE_SIZE)
        if ((v->cb->ptbr & PTBR_ON) && walk_find(&v->vm->map, v->cb->ptbr, page, &w))
            return false;
    return true;
}

/* The guest uses addresses of the slot itself: the cache moves down to where it does not. */
static void move(struct vcpu *v)
{
    struct bt *bt = v->vm->bt;
    gva old = bt->slot;

    do {
        bt->slot = bt->slot > BT_SLOT_LAST ? bt->slot - BT_SLOT_STRIDE : BT_SLOT_FIRST;
    } while (bt->slot != old && !is_free(v, bt->slot));
    if (bt->slot == old)
        vm_end(v->vm, "its address space has no room left for translations", NULL);
    bt->counts.moves++;
    bt_flush(bt);
    for (gva page = old; page < old + CACHE_SIZE; page += PAGE_SIZE)
        shadow_fence(&v->vm->shadow, &page, NULL);
}

/* The guest uses the top of the address space itself. */
static void withdraw(struct vcpu *v)
{
    struct bt *bt = v->vm->bt;
    gva page = BT_PAGE_AT;

    bt->withdrawn = true;
    bt_flush(bt);
    shadow_fence(&v->vm->shadow, &page, NULL);
}

/* ---- the top, watched --------------------------------------------------------------------- */

static void watch_table(struct vm *vm, gpa table)
{
    word entry = p2m_entry(&vm->map, table);

    if (entry && !(entry & P2M_WATCHED))
        p2m_watch(&vm->map, table);
}

/* The guest can map the top without a fence: the tables that could do it are watched. */
static void look_at_the_top(struct vcpu *v)
{
    struct vm *vm = v->vm;
    gpa root = v->cb->ptbr << PAGE_SHIFT;
    const word *top = p2m_word(&vm->map, root + PT_INDEX1(BT_PAGE_AT) * 4);

    vm->bt->look = false;
    if (vm->bt->withdrawn || !(v->cb->ptbr & PTBR_ON))
        return;
    if (walk_peek(&vm->map, v->cb->ptbr, BT_PAGE_AT)) {
        withdraw(v);
        return;
    }
    watch_table(vm, root);
    if (top && (*top & PTE_V))
        watch_table(vm, *top & PTE_PPN);
}

void bt_look(struct vcpu *v)
{
    if (v->vm->bt->look)
        look_at_the_top(v);
}

/* ---- rows of the technique ----------------------------------------------------------------- */

void bt_set_root(struct vcpu *v)
{
    paging_set_root(v);
    if (v->vm->bt->checked_ptbr != v->cb->ptbr)
        look_at_the_top(v);
}

void bt_unmap(struct vcpu *v, const gva *address, const word *asid)
{
    struct bt *bt = v->vm->bt;

    paging_unmap(v, address, asid);
    if (!address || bt_is_source(bt, *address))
        bt->unchecked = true;
}

/* The guest's own pages, after its own table; never the monitor's in their place. */
void bt_map(struct vcpu *v, gva address, enum access access)
{
    struct bt *bt = v->vm->bt;
    struct shadow_fault f = {.address = address, .access = access, .ring = v->cb->ring};

    if (access == ACCESS_FETCH) {
        if (v->cb->ring == 0)
            vm_end(v->vm, bt_left, NULL);
        else
            bt_direct_fetch(v, address);
        return;
    }
    if (access == ACCESS_LOAD && bt_direct_load(v, address))
        return;
    arch_hint_routine("shadow");
    enum shadow_answer answer = shadow_resolve(&v->vm->shadow, v->cb->ptbr, &f);
    if (answer == SHADOW_NO_WRITE) {
        /* The store may change its own unit or page: it is done here, and then fetched anew. */
        if (p2m_write_fault(v->vm, f.walk.address))
            emulate_access(v, address, f.walk.address, true);
        return;
    }
    paging_answer(v, &f, answer);
    if (answer == SHADOW_FILLED && address - bt->slot < CACHE_SIZE)
        move(v);
}

void bt_written(struct vm *vm, gpa page)
{
    struct bt *bt = vm->bt;

    if (bt_drop(bt, page))
        bt->counts.writes++;
    bt_direct_written(vm, page);
    bt->look = true; /* it may have been a table */
}

void bt_refetch(struct vcpu *v, gva address)
{
    struct walk w;

    paging_refetch(v, address);
    if (walk_find(&v->vm->map, v->cb->ptbr, address, &w))
        bt_drop(v->vm->bt, w.address & PAGE_MASK);
    v->vm->bt->unchecked = true;
}
