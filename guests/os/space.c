/*
 * The address space of a process.
 *
 * When must the TLB be told? An entry that becomes valid needs no flush, because the TLB
 * holds valid entries only. An entry that goes away, or loses a right, does: otherwise the
 * process could go on using a page that belongs to somebody else by now.
 *
 * The kernel reaches user memory by walking the tables itself and using the page where RAM
 * is mapped for it. It so never faults on a user's pointer, and it works for spaces that
 * are not active.
 */
#include "guests/os/space.h"

#include "guests/abi.h"
#include "guests/lib/string.h"
#include "guests/os/arch.h"
#include "guests/os/layout.h"
#include "guests/os/printk.h"
#include "guests/os/vm.h"
#include "isa/paging.h"

bool space_init(struct space *s, word asid)
{
    *s = (struct space){.root = vm_root_new(), .asid = asid};
    return s->root != NULL;
}

static void free_table(word *table)
{
    for (word i = 0; i < PT_ENTRIES; i++)
        if (table[i] & PTE_V)
            page_free(pt_page(table[i]));
    page_free(table);
}

/* The tables of a space's own, each given to `fn`. */
static void each_table(const struct space *s, void (*fn)(word *table))
{
    for (word i = PT_INDEX1(USER_BASE); i < PT_INDEX1(USER_END); i++)
        if (s->root[i] & PTE_V)
            fn(pt_page(s->root[i]));
}

/* First they stop being tables, from the top down; then all goes back, page by page. */
void space_free(struct space *s)
{
    pt_gone(s->root);
    each_table(s, pt_gone);
    pt_gone_all();
    each_table(s, free_table);
    page_free(s->root);
    tlb_flush_space(s->asid);
    *s = (struct space){0};
}

void *space_map(struct space *s, word address, word rights)
{
    word *entry = vm_entry(s->root, address, true);

    if (!entry || (pt_read(entry) & PTE_V))
        return NULL;
    void *page = page_new();
    if (!page)
        return NULL;
    pt_write(entry, pt_entry(page) | rights | PTE_PL_OF(3) | PTE_V);
    s->pages++;
    return page;
}

void space_unmap(struct space *s, word address)
{
    word *entry = vm_entry(s->root, address, false);

    if (!entry || !(pt_read(entry) & PTE_V))
        return;
    void *page = pt_page(pt_read(entry));
    pt_write(entry, 0);
    tlb_flush_page(address, s->asid);
    page_free(page);
    s->pages--;
}

static bool is_lazy(const struct space *s, word address)
{
    return (address >= s->heap_start && address < s->heap_end) ||
           (address >= STACK_BASE && address < USER_END);
}

enum space_demand space_demand(struct space *s, word address)
{
    if (!is_lazy(s, address))
        return SPACE_NOT_THERE;
    word *entry = vm_entry(s->root, address, true);
    if (entry && (pt_read(entry) & PTE_V))
        return SPACE_NOT_THERE; /* there is a page, but not with the right that was needed */
    if (!space_map(s, address & PAGE_MASK, PTE_R | PTE_W))
        return SPACE_NO_MEMORY;
    s->faults++;
    return SPACE_MAPPED;
}

/* Where the kernel finds the byte that the user calls `address`; NULL if the user may not. */
static char *locate(struct space *s, word address, word right)
{
    if (address < USER_BASE || address >= USER_END)
        return NULL;
    word *entry = vm_entry(s->root, address, false);
    if (!entry || !(pt_read(entry) & PTE_V)) {
        if (space_demand(s, address) != SPACE_MAPPED)
            return NULL;
        entry = vm_entry(s->root, address, false);
    }
    word leaf = pt_read(entry);
    return leaf & right ? (char *)pt_page(leaf) + (address & ~PAGE_MASK) : NULL;
}

static word rest_of_page(word address, word size)
{
    word rest = PAGE_SIZE - (address & ~PAGE_MASK);

    return size < rest ? size : rest;
}

bool space_read(struct space *s, void *to, word address, word size)
{
    for (char *t = to; size;) {
        word part = rest_of_page(address, size);
        const char *from = locate(s, address, PTE_R);
        if (!from)
            return false;
        memcpy(t, from, part);
        t += part;
        address += part;
        size -= part;
    }
    return true;
}

bool space_write(struct space *s, word address, const void *from, word size)
{
    for (const char *f = from; size;) {
        word part = rest_of_page(address, size);
        char *to = locate(s, address, PTE_W);
        if (!to)
            return false;
        memcpy(to, f, part);
        f += part;
        address += part;
        size -= part;
    }
    return true;
}

int space_read_string(struct space *s, char *to, word address, word size)
{
    for (word i = 0; i < size; i++) {
        if (!space_read(s, &to[i], address + i, 1))
            return -ERROR_bad_address;
        if (!to[i])
            return (int)i;
    }
    return -ERROR_too_long;
}
