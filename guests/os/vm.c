/*
 * Memory as the kernel has it. Two-level page tables (isa/paging.h).
 *
 * The kernel lies in every address space, at the same place, for its own ring only (0; 1
 * with a monitor, pv/): each root table begins as a copy of the kernel's. So a trap needs no
 * change of tables, and what the kernel's part maps never changes after vm_init: there is never
 * anything to flush.
 *
 * RAM is mapped at its physical addresses, by 4 MiB superpages, except for the piece that
 * holds the kernel itself: its code may not be written and its data not be executed, and
 * such rights need 4 KiB pages. With a monitor all of it needs them.
 */
#include "guests/os/vm.h"

#include "guests/lib/string.h"
#include "guests/os/arch.h"
#include "guests/os/palloc.h"
#include "guests/os/printk.h"
#include "isa/paging.h"

/* os.ld */
extern char kernel_text_end[], kernel_rodata_end[], kernel_end[];

static struct palloc pages;
static word *kernel_root;

void *page_new(void)
{
    word irq = irq_save();
    void *page = palloc_page(&pages);

    irq_restore(irq);
    return page;
}

void *page_take(void)
{
    word irq = irq_save();
    void *page = palloc_take(&pages);

    irq_restore(irq);
    return page;
}

void page_free(void *page)
{
    word irq = irq_save();

    if (!palloc_free(&pages, page))
        panic("page %p was given back, but never given", page);
    irq_restore(irq);
}

word page_free_count(void)
{
    return pages.free_count;
}

word *vm_entry(word *root, word address, bool make)
{
    word *pointer = &root[PT_INDEX1(address)];
    word leads_to = pt_read(pointer);
    word *table;

    if (leads_to & PTE_V) {
        table = pt_page(leads_to);
    } else {
        table = make ? page_new() : NULL;
        if (!table)
            return NULL;
        pt_made(table, 1);
        pt_write(pointer, pt_entry(table) | PTE_V);
    }
    return &table[PT_INDEX0(address)];
}

static void map_kernel_page(word address, word rights)
{
    word *entry = vm_entry(kernel_root, address, true);

    if (!entry)
        panic("no memory for the kernel's page tables");
    pt_write(entry, pt_entry((void *)address) | rights | PTE_PL_OF(KERNEL_RING) | PTE_V);
}

static word kernel_rights(word address)
{
    if (address < (word)kernel_text_end)
        return PTE_R | PTE_X;
    if (address < (word)kernel_rodata_end)
        return PTE_R;
    return PTE_R | PTE_W;
}

static void map_ram(word base, word size)
{
    for (word at = 0; at < size;) {
        word address = base + at;
        bool whole =
            KERNEL_SUPERPAGES && size - at >= SUPERPAGE_SIZE && address % SUPERPAGE_SIZE == 0;
        if (whole && address >= (word)kernel_end) {
            kernel_root[PT_INDEX1(address)] = address | PTE_R | PTE_W | PTE_V;
            at += SUPERPAGE_SIZE;
        } else {
            map_kernel_page(address, kernel_rights(address));
            at += PAGE_SIZE;
        }
    }
}

void vm_init(word ram_base, word ram_size, word first_free)
{
    first_free = memory_init(ram_base, ram_size, first_free);
    /* The very last page stays unused: the end of 2 GiB of RAM would not fit into a word. */
    palloc_init(&pages, (void *)first_free, (void *)(ram_base + (ram_size - PAGE_SIZE)));
    kernel_root = page_new();
    if (!kernel_root)
        panic("no memory left behind the kernel and its modules");
    devices_map(map_kernel_page);
    map_ram(ram_base, ram_size);
    vm_activate_kernel();
}

word *vm_root_new(void)
{
    word *root = page_new();

    if (!root)
        return NULL;
    memcpy(root, kernel_root, PAGE_SIZE);
    pt_made(root, 2);
    return root;
}

void vm_activate_kernel(void)
{
    vm_activate(kernel_root, 0);
}

void vm_activate(const word *root, word asid)
{
    space_switch(root, asid);
}
