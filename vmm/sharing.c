/* Content-based page sharing; see sharing.h. */
#include "vmm/sharing.h"

#include "vmm/arch.h"
#include "vmm/lib.h"
#include "vmm/phys.h"
#include "vmm/platform.h"
#include "vmm/sched.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#include "isa/paging.h"

#define SHARING_FRAME  0x80000000u
#define VM_SHIFT       20
#define FNV_START      0x811c9dc5u
#define FNV_PRIME      0x01000193u
#define SHARING_PERIOD 20000000u /* cycles from one round to the next */
#define PAGE_WORDS     (PAGE_SIZE / sizeof(word))

/* ---- contents ----------------------------------------------------------------------------- */

static word hash_of(const word *page)
{
    word hash = FNV_START;

    for (unsigned i = 0; i < PAGE_WORDS; i++)
        hash = (hash ^ page[i]) * FNV_PRIME;
    return hash;
}

static bool equal(const word *a, const word *b)
{
    for (unsigned i = 0; i < PAGE_WORDS; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

/* ---- the table ---------------------------------------------------------------------------- */

static struct sharing_entry *slot_of(struct sharing *s, word hash)
{
    word index = (hash ^ hash >> 16) % SHARING_ENTRIES;

    return &s->table[index / SHARING_PER][index % SHARING_PER];
}

/* The page's frame, 0 when it is in no state to be shared. */
static hpa private_frame(const struct vm *vm, gpa page)
{
    word entry = p2m_look(&vm->map, page);

    return entry & PTE_W ? entry & PTE_PPN : 0;
}

/* The VM and page of a hint, if there is still such a page. */
static struct vm *hinted(struct vmm *vmm, word place, gpa *page)
{
    word id = place >> VM_SHIFT;
    struct vm *vm = id >= 1 && id <= VMS_MAX ? vmm->vms[id - 1] : NULL;

    *page = RAM_BASE + ((place & ((1u << VM_SHIFT) - 1)) << PAGE_SHIFT);
    if (!vm || !vm->shares || vm->ended || *page - RAM_BASE >= vm->ram_size ||
        !private_frame(vm, *page))
        return NULL;
    return vm;
}

/* The frame that the entry means, if it still is what it was when the hash was taken. */
static bool shared_frame(struct vmm *vmm, const struct sharing_entry *e, word hash, hpa *out)
{
    word number = e->place & ~SHARING_FRAME;

    if (!(e->place & SHARING_FRAME) || e->hash != hash)
        return false;
    *out = alloc_address(&vmm->alloc, number);
    return vmm->alloc.frames[number].type == FRAME_SHARED;
}

/* ---- one page ----------------------------------------------------------------------------- */

/* The page that is hinted at has the same bytes: its frame becomes the shared one. */
static bool make_shared(struct vmm *vmm, struct sharing_entry *e, word hash, const word *bytes,
                        hpa *out)
{
    gpa page;
    struct vm *vm = hinted(vmm, e->place, &page);

    if (!vm || e->hash != hash)
        return false;
    *out = private_frame(vm, page);
    if (phys_ptr(*out) == bytes || !equal(phys_ptr(*out), bytes))
        return false;
    p2m_share(&vm->map, page, *out);
    e->place = alloc_number(&vmm->alloc, *out) | SHARING_FRAME;
    return true;
}

static void look(struct vmm *vmm, struct vm *vm, gpa page)
{
    hpa own = private_frame(vm, page), shared;

    if (!own)
        return;
    const word *bytes = phys_ptr(own);
    word hash = hash_of(bytes);
    struct sharing_entry *e = slot_of(&vmm->sharing, hash);
    vmm->sharing.looked++;
    bool found = shared_frame(vmm, e, hash, &shared) ? equal(phys_ptr(shared), bytes)
                                                     : make_shared(vmm, e, hash, bytes, &shared);
    if (found) {
        p2m_share(&vm->map, page, shared);
        vmm->sharing.merged++;
    } else if (!shared_frame(vmm, e, e->hash, &shared)) {
        *e = (struct sharing_entry){hash, vm->id << VM_SHIFT | (page - RAM_BASE) >> PAGE_SHIFT};
    }
}

/* ---- all of them -------------------------------------------------------------------------- */

/* Moves on to the next page of a VM that shares; NULL when there is none. */
static struct vm *next(struct vmm *vmm, gpa *page)
{
    struct sharing *s = &vmm->sharing;

    for (unsigned tries = 0; tries <= vmm->vm_slots; tries++) {
        struct vm *vm = s->vm < vmm->vm_slots ? vmm->vms[s->vm] : NULL;
        if (vm && vm->shares && !vm->ended && s->page < vm->ram_size >> PAGE_SHIFT) {
            *page = RAM_BASE + (s->page++ << PAGE_SHIFT);
            return vm;
        }
        s->page = 0;
        s->vm = vmm->vm_slots ? (s->vm + 1) % vmm->vm_slots : 0;
    }
    return NULL;
}

static word pages_of_all(const struct vmm *vmm)
{
    word pages = 0;

    for (unsigned i = 0; i < vmm->vm_slots; i++)
        if (vmm->vms[i] && vmm->vms[i]->shares)
            pages += vmm->vms[i]->ram_size >> PAGE_SHIFT;
    return pages;
}

static void begin_round(struct vmm *vmm)
{
    vmm->sharing.left = pages_of_all(vmm);
    vmm->sharing.again = arch_cycle() + SHARING_PERIOD;
}

bool sharing_begin(struct vmm *vmm)
{
    for (unsigned i = 0; i < SHARING_FRAMES; i++) {
        hpa frame;
        if (vmm->sharing.table[i])
            continue;
        if (!alloc_frame_zero(&vmm->alloc, OWNER_VMM, FRAME_IMAGE, &frame))
            return false;
        vmm->sharing.table[i] = phys_ptr(frame);
    }
    begin_round(vmm);
    return true;
}

static void scan(struct vmm *vmm, unsigned pages)
{
    struct vm *vm;
    gpa page;

    arch_hint_routine("share");
    for (; pages > 0 && vmm->sharing.left > 0; pages--, vmm->sharing.left--) {
        vm = next(vmm, &page);
        if (!vm) {
            vmm->sharing.left = 0;
            return;
        }
        look(vmm, vm, page);
    }
}

bool sharing_scan(struct vmm *vmm, unsigned pages)
{
    struct sharing *s = &vmm->sharing;

    if (!s->table[SHARING_FRAMES - 1])
        return false;
    if (s->left == 0 && arch_cycle() >= s->again)
        begin_round(vmm);
    if (s->left == 0)
        return false;
    struct vm *payer = sched_pay(vmm, NULL);
    scan(vmm, pages);
    sched_pay(vmm, payer);
    return true;
}
