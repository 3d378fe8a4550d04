/* The map from guest-physical to host-physical pages; see p2m.h. */
#include "vmm/p2m.h"

#include "vmm/alloc.h"
#include "vmm/arch.h"
#include "vmm/lib.h"
#include "vmm/platform.h"
#include "vmm/technique.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

/* Every right and every ring: what the guest may do with its own RAM is the guest's business. */
static const word ram_rights = PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL | PTE_A | PTE_D;

bool p2m_init(struct p2m *map, struct alloc *alloc, unsigned owner)
{
    map->alloc = alloc;
    map->owner = owner;
    map->rights = ram_rights;
    return alloc_frame_zero(alloc, owner, FRAME_P2M, &map->root);
}

static bool populate_page(struct p2m *map, gpa page)
{
    word *root = phys_ptr(map->root);
    word *top = &root[PT_INDEX1(page)];
    hpa frame;

    if (!*top) {
        if (!alloc_frame_zero(map->alloc, map->owner, FRAME_P2M, &frame))
            return false;
        *top = frame | PTE_V;
    }
    if (!alloc_frame_zero(map->alloc, map->owner, FRAME_RAM, &frame))
        return false;
    word *table = phys_ptr(*top & PTE_PPN);
    table[PT_INDEX0(page)] = frame | map->rights;
    map->pages++;
    return true;
}

bool p2m_populate(struct p2m *map, gpa first, word size)
{
    for (word done = 0; done < size; done += PAGE_SIZE)
        if (!populate_page(map, first + done))
            return false;
    return true;
}

/* A frame for a page of RAM that has none. When there is no memory left the VM ends. */
word p2m_absent(const struct p2m *map, gpa address)
{
    if (!map->lazy || address - RAM_BASE >= map->size)
        return 0;
    if (!populate_page(&map->vm->map, address & PAGE_MASK))
        vm_end(map->vm, "this machine has no memory left for it", NULL);
    memory_taken(map->vm->vmm);
    return p2m_look(map, address);
}

bool p2m_covers(const struct p2m *map, gpa first, word size)
{
    if (size == 0)
        return true;
    gpa last = first + (size - 1);
    if (last < first)
        return false;
    for (gpa page = first & PAGE_MASK;; page += PAGE_SIZE) {
        if (!p2m_entry(map, page))
            return false;
        if (page == (last & PAGE_MASK))
            return true;
    }
}

/* ---- writes that somebody waits for ------------------------------------------------------- */

/* Where the entry of a page that is RAM is stored. */
static word *entry_of(const struct p2m *map, gpa address)
{
    const word *root = phys_ptr(map->root);
    word top = root[PT_INDEX1(address)];
    vmm_assert(top);
    word *table = phys_ptr(top & PTE_PPN);
    vmm_assert(table[PT_INDEX0(address)]);
    return &table[PT_INDEX0(address)];
}

void p2m_forbid_writes(struct p2m *map, gpa page)
{
    *entry_of(map, page) &= ~PTE_W;
}

void p2m_allow_writes(struct p2m *map, gpa page)
{
    *entry_of(map, page) |= PTE_W;
}

void p2m_watch(struct p2m *map, gpa address)
{
    word *entry = entry_of(map, address);

    *entry = (*entry & ~PTE_W) | P2M_WATCHED;
    map->vm->technique->forget(map->vm, address & PAGE_MASK, *entry & PTE_PPN);
}

/* ---- frames that several VMs read --------------------------------------------------------- */

static void forget(const struct p2m *map, gpa page, hpa frame)
{
    map->vm->technique->forget(map->vm, page, frame);
}

static void begin_sharing(struct p2m *map, hpa frame)
{
    alloc_transfer(map->alloc, frame, map->owner, OWNER_VMM, FRAME_SHARED);
    map->alloc->shared_frames++;
}

void p2m_share(struct p2m *map, gpa page, hpa frame)
{
    word *entry = entry_of(map, page);
    hpa before = *entry & PTE_PPN;

    *entry = (*entry & ~(PTE_PPN | PTE_W)) | frame | P2M_SHARED;
    map->alloc->shared[map->owner]++;
    forget(map, page, before);
    if (before == frame)
        begin_sharing(map, frame);
    else
        alloc_free(map->alloc, map->owner, before);
    alloc_entry(map->alloc, frame)->note++;
}

/* The page is to be written: it gets a frame of its own, which is the shared one for the last. */
static bool unshare(struct p2m *map, gpa page, word *entry)
{
    struct alloc *a = map->alloc;
    hpa shared = *entry & PTE_PPN, own = shared;
    struct frame *f = alloc_entry(a, shared);

    a->shared[map->owner]--;
    if (f->note == 1) {
        f->note = 0;
        a->shared_frames--;
        alloc_transfer(a, shared, OWNER_VMM, map->owner, FRAME_RAM);
    } else {
        if (!alloc_frame(a, map->owner, FRAME_RAM, &own)) {
            a->shared[map->owner]++;
            return false;
        }
        memcpy(phys_ptr(own), phys_ptr(shared), PAGE_SIZE);
        map->vm->vmm->sharing.copied++;
        f->note--;
    }
    *entry = (*entry & ~(PTE_PPN | P2M_SHARED)) | own;
    if (own != shared)
        forget(map, page, shared);
    return true;
}

/* Of what the page shares, without a copy. */
static void give_up_part(struct p2m *map, hpa frame)
{
    struct frame *f = alloc_entry(map->alloc, frame);

    map->alloc->shared[map->owner]--;
    if (--f->note > 0)
        return;
    map->alloc->shared_frames--;
    alloc_free(map->alloc, OWNER_VMM, frame);
}

bool p2m_drop(struct p2m *map, gpa page)
{
    word *entry = entry_of(map, page), before = *entry;
    bool shared = before & P2M_SHARED;

    if ((before & P2M_WATCHED) || (!shared && !(before & PTE_W)))
        return false;
    *entry = 0;
    map->pages--;
    map->lazy = true;
    forget(map, page, before & PTE_PPN);
    if (shared)
        give_up_part(map, before & PTE_PPN);
    else
        alloc_free(map->alloc, map->owner, before & PTE_PPN);
    return true;
}

void p2m_fini(struct p2m *map)
{
    for (word done = 0; done < map->size && map->alloc->shared[map->owner]; done += PAGE_SIZE) {
        word entry = p2m_look(map, RAM_BASE + done);
        if (entry & P2M_SHARED)
            give_up_part(map, entry & PTE_PPN);
    }
}

bool p2m_write_fault(struct vm *vm, gpa address)
{
    word *entry = entry_of(&vm->map, address);
    bool watched = *entry & P2M_WATCHED;

    if (!(*entry & (P2M_SHARED | P2M_WATCHED)))
        return false;
    if ((*entry & P2M_SHARED) && !unshare(&vm->map, address & PAGE_MASK, entry)) {
        vm_end(vm, "this machine has no memory left for its copy of a shared page", NULL);
        return false;
    }
    *entry = (*entry & ~P2M_WATCHED) | PTE_W;
    if (watched && vm->technique->written)
        vm->technique->written(vm, address & PAGE_MASK);
    return true;
}

word *p2m_word_write(struct p2m *map, gpa address)
{
    word entry = p2m_entry(map, address);

    if (entry && !(entry & PTE_W) && !p2m_write_fault(map->vm, address))
        return NULL;
    return p2m_word(map, address);
}

/* ---- execution ---------------------------------------------------------------------------- */

void p2m_close_all(struct p2m *map)
{
    const word *root = phys_ptr(map->root);

    map->rights &= ~PTE_X;
    for (unsigned i = 0; i < PT_ENTRIES; i++) {
        word *table = root[i] ? phys_ptr(root[i] & PTE_PPN) : NULL;
        for (unsigned k = 0; table && k < PT_ENTRIES; k++)
            table[k] &= ~PTE_X;
    }
}

void p2m_open(struct p2m *map, gpa address)
{
    *entry_of(map, address) |= PTE_X;
}

void p2m_close(struct p2m *map, gpa address)
{
    word *entry = entry_of(map, address);

    *entry &= ~PTE_X;
    map->vm->technique->forget(map->vm, address & PAGE_MASK, *entry & PTE_PPN);
}

/* ---- copies ------------------------------------------------------------------------------- */

/* Bytes from `address` to the end of its page, at most `size`. */
static word piece(gpa address, word size)
{
    word room = PAGE_SIZE - (address & ~PAGE_MASK);

    return room < size ? room : size;
}

bool p2m_write(struct p2m *map, gpa to, const void *from, word size)
{
    const uint8_t *bytes = from;

    if (!p2m_covers(map, to, size))
        return false;
    while (size) {
        word n = piece(to, size), *host = p2m_word_write(map, to);
        if (!host)
            return false;
        memcpy(host, bytes, n);
        to += n;
        bytes += n;
        size -= n;
    }
    return true;
}

bool p2m_read(struct p2m *map, gpa from, void *to, word size)
{
    uint8_t *bytes = to;

    if (!p2m_covers(map, from, size))
        return false;
    while (size) {
        word n = piece(from, size);
        memcpy(bytes, p2m_word(map, from), n);
        from += n;
        bytes += n;
        size -= n;
    }
    return true;
}
