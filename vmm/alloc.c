/*
 * The allocator; see alloc.h. One entry for each frame of RAM, as Xen keeps them: owner and
 * type are exclusive. Free frames are chained through the table, so both directions are O(1).
 *
 * RAM is zero at power-on, and so is the part of the table that describes it: a frame that was
 * never used has a valid entry (free, not used) that nobody wrote. So the start costs nothing
 * for each page of a large memory, and the first use of a frame needs no clearing.
 *
 * Promises: a VM can always have as many frames as it was promised. So of the free ones only
 * those beyond what is owed may go to somebody who has got his.
 *
 *   free_count   |### owed ###|--------- spare ---------|
 *
 * A page that is shared may be wanted back at any time: it counts towards what its owner has, but
 * its frame stays owed. (The last of those that share takes the frame itself, so owed is a little
 * more than can come to pass.)
 *
 * Invariant: held[] sums to the frames in use, free_count + that sum is count; owed is the sum of
 * promised - held where that is positive.
 */
#include "vmm/alloc.h"
#include "vmm/arch.h"
#include "vmm/lib.h"
#include "vmm/phys.h"

#include "isa/paging.h"

static hpa page_up(hpa address)
{
    return (address + PAGE_SIZE - 1) & PAGE_MASK;
}

static void push_free(struct alloc *a, uint32_t number)
{
    struct frame *f = &a->frames[number];

    f->owner = OWNER_VMM;
    f->type = FRAME_FREE;
    f->used = true;
    f->link = a->free_list;
    a->free_list = number;
    a->free_count++;
}

bool alloc_init(struct alloc *a, hpa base, word size, hpa used_end)
{
    memset(a, 0, sizeof *a);
    a->base = base;
    a->count = size >> PAGE_SHIFT;
    a->free_list = FRAME_NONE;
    alloc_share_asids(a, 1);
    hpa table = page_up(used_end);
    word table_size = page_up(a->count * (word)sizeof(struct frame));
    word used = table - base + table_size;
    if (table < base || used > size)
        return false;
    a->frames = phys_ptr(table);
    for (unsigned i = 0; i < OWNERS_MAX; i++)
        a->limit[i] = a->count;
    uint32_t used_frames = used >> PAGE_SHIFT;
    for (uint32_t i = 0; i < used_frames; i++)
        a->frames[i] = (struct frame){OWNER_VMM, FRAME_IMAGE, true, FRAME_NONE, 0, {0}};
    a->held[OWNER_VMM] = used_frames;
    a->untouched = used_frames;
    a->free_count = a->count - used_frames;
    return true;
}

static uint32_t take_free(struct alloc *a)
{
    uint32_t number = a->free_list;

    if (number == FRAME_NONE)
        return a->untouched++;
    a->free_list = a->frames[number].link;
    return number;
}

/* ---- who holds how many ------------------------------------------------------------------- */

static void hold(struct alloc *a, unsigned owner)
{
    if (a->held[owner]++ < a->promised[owner])
        a->owed--;
}

static void let_go(struct alloc *a, unsigned owner)
{
    if (--a->held[owner] < a->promised[owner])
        a->owed++;
}

uint32_t alloc_spare(const struct alloc *a)
{
    return a->free_count > a->owed ? a->free_count - a->owed : 0;
}

uint32_t alloc_room(const struct alloc *a, unsigned owner)
{
    uint32_t has = a->held[owner] + a->shared[owner], room = alloc_spare(a);

    if (has < a->promised[owner])
        room += a->promised[owner] - has;
    uint32_t most = has < a->limit[owner] ? a->limit[owner] - has : 0;
    if (most > a->free_count)
        most = a->free_count;
    return room < most ? room : most;
}

bool alloc_promise(struct alloc *a, unsigned owner, uint32_t frames)
{
    uint32_t held = a->held[owner];
    uint32_t before = held < a->promised[owner] ? a->promised[owner] - held : 0;
    uint32_t after = held < frames ? frames - held : 0;

    if (after > before && after - before > alloc_spare(a))
        return false;
    a->promised[owner] = frames;
    a->owed += after - before;
    return true;
}

void alloc_transfer(struct alloc *a, hpa frame, unsigned from, unsigned to, enum frame_type type)
{
    struct frame *f = alloc_entry(a, frame);

    vmm_assert(f->owner == from && f->type != FRAME_FREE);
    let_go(a, from);
    hold(a, to);
    f->owner = (uint16_t)to;
    f->type = (uint8_t)type;
}

bool alloc_frame(struct alloc *a, unsigned owner, enum frame_type type, hpa *out)
{
    vmm_assert(owner < OWNERS_MAX && type != FRAME_FREE);
    if (alloc_room(a, owner) == 0)
        return false;
    uint32_t number = take_free(a);
    bool used = a->frames[number].used;
    *out = alloc_address(a, number);
    a->free_count--;
    hold(a, owner);
    a->frames[number] = (struct frame){(uint16_t)owner, (uint8_t)type, used, FRAME_NONE, 0, {0}};
    return true;
}

bool alloc_frame_zero(struct alloc *a, unsigned owner, enum frame_type type, hpa *out)
{
    if (!alloc_frame(a, owner, type, out))
        return false;
    if (alloc_entry(a, *out)->used)
        memset(phys_ptr(*out), 0, PAGE_SIZE);
    return true;
}

struct frame *alloc_entry(struct alloc *a, hpa frame)
{
    return &a->frames[alloc_number(a, frame)];
}

hpa alloc_address(const struct alloc *a, uint32_t number)
{
    return a->base + (number << PAGE_SHIFT);
}

uint32_t alloc_number(const struct alloc *a, hpa frame)
{
    uint32_t number = (frame - a->base) >> PAGE_SHIFT;

    vmm_assert(number < a->count);
    return number;
}

void alloc_free(struct alloc *a, unsigned owner, hpa frame)
{
    uint32_t number = alloc_number(a, frame);
    const struct frame *f = &a->frames[number];

    vmm_assert(f->type != FRAME_FREE);
    vmm_assert(f->owner == owner);
    push_free(a, number);
    let_go(a, owner);
}

static void release_sectors(struct alloc *a, unsigned owner)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < a->sector_ranges; i++)
        if (a->sectors[i].owner != owner)
            a->sectors[kept++] = a->sectors[i];
    a->sector_ranges = kept;
}

static void take_back(struct alloc *a, uint32_t number)
{
    unsigned owner = a->frames[number].owner;

    push_free(a, number);
    let_go(a, owner);
}

static void release_all_but_frames(struct alloc *a, unsigned owner)
{
    vmm_assert(owner != OWNER_VMM && owner < OWNERS_MAX);
    alloc_promise(a, owner, 0);
    a->shared[owner] = 0;
    for (unsigned i = 0; i < ASIDS; i++)
        if (a->asid_owner[i] == owner)
            a->asid_owner[i] = OWNER_VMM;
    a->asids[owner] = 0;
    release_sectors(a, owner);
    a->cycles[owner] = 0;
}

void alloc_release(struct alloc *a, unsigned owner)
{
    for (uint32_t i = 0; i < a->count && a->held[owner]; i++)
        if (a->frames[i].owner == owner)
            take_back(a, i);
    vmm_assert(a->held[owner] == 0);
    release_all_but_frames(a, owner);
}

void alloc_leave(struct alloc *a, unsigned owner)
{
    release_all_but_frames(a, owner);
    if (a->held[owner] == 0)
        return;
    a->left[owner] = true;
    a->leaving++;
}

bool alloc_sweep(struct alloc *a, uint32_t frames)
{
    if (!a->leaving)
        return false;
    for (; frames && a->leaving; frames--) {
        a->swept = a->swept < a->untouched ? a->swept : 0;
        uint32_t number = a->swept++;
        unsigned owner = a->frames[number].owner;
        if (!a->left[owner])
            continue;
        take_back(a, number);
        if (a->held[owner] == 0) {
            a->left[owner] = false;
            a->leaving--;
        }
    }
    return true;
}

void alloc_share_asids(struct alloc *a, unsigned owners)
{
    unsigned share = (ASIDS - 1) / owners;

    a->asid_limit = (uint16_t)(share < ASIDS_USED ? share : ASIDS_USED);
}

word alloc_asid(struct alloc *a, unsigned owner)
{
    vmm_assert(owner != OWNER_VMM && owner < OWNERS_MAX);
    if (a->asids[owner] == a->asid_limit)
        return ASID_NONE;
    for (word i = 1; i < ASIDS; i++) {
        if (a->asid_owner[i] == OWNER_VMM) {
            a->asid_owner[i] = (uint16_t)owner;
            a->asids[owner]++;
            return i;
        }
    }
    return ASID_NONE;
}

void alloc_asid_free(struct alloc *a, unsigned owner, word asid)
{
    vmm_assert(asid != ASID_NONE && asid < ASIDS && a->asid_owner[asid] == owner);
    a->asid_owner[asid] = OWNER_VMM;
    a->asids[owner]--;
}

bool alloc_sectors(struct alloc *a, unsigned owner, word first, word count)
{
    for (unsigned i = 0; i < a->sector_ranges; i++) {
        const struct sector_range *r = &a->sectors[i];
        if (r->owner == owner || (first < r->first + r->count && r->first < first + count))
            return false;
    }
    a->sectors[a->sector_ranges++] = (struct sector_range){first, count, (uint16_t)owner};
    return true;
}
