/*
 * Page tables that the monitor checks. The kernel cannot write them: a change waits in the shared
 * page, and is made when something else is asked for, at the latest by the iret that leads back
 * to a program. So a page fault costs no hypercall of its own, and many changes cost one.
 *
 * What waits counts as written: pv_entry_read looks there first.
 *
 * A page that becomes a table must be writable nowhere, so the kernel's own entry for it loses W
 * before. Until the first root is set nothing is checked, tables are plain pages, and entries are
 * stored directly; then all that there are become tables at once (go_live).
 */
#include "guests/os/pv/tables.h"

#include "guests/os/arch.h"
#include "guests/os/printk.h"

#define FRAMES_AT_ONCE 1024 /* hypercalls.def, frames */

static struct {
    word base;    /* RAM's first page */
    word *frames; /* by page of RAM: number of its frame */
    word *pages;  /* by frame, from `first` on: address of its page */
    word first;
    const word *kernel_root; /* NULL until there is paging */
} pv;

word hypercall_do(word number, word a, word b, word c)
{
    int answer = hypercall(number, a, b, c, 0, 0, 0);

    if (answer < 0)
        panic("hypercall %u was refused, error %d", number, -answer);
    return (word)answer;
}

/* ---- frames ------------------------------------------------------------------------------- */

word pv_frames_init(word ram_base, word ram_size, word first_free)
{
    word count = ram_size / PAGE_SIZE, last = 0;

    pv.base = ram_base;
    pv.frames = (word *)((first_free + PAGE_SIZE - 1) & PAGE_MASK);
    pv.pages = pv.frames + count;
    for (word i = 0; i < count; i += FRAMES_AT_ONCE)
        hypercall_do(HYPERCALL_frames, ram_base + i * PAGE_SIZE,
                     count - i < FRAMES_AT_ONCE ? count - i : FRAMES_AT_ONCE, (word)&pv.frames[i]);
    pv.first = pv.frames[0];
    for (word i = 0; i < count; i++) {
        if (pv.frames[i] < pv.first)
            pv.first = pv.frames[i];
        if (pv.frames[i] > last)
            last = pv.frames[i];
    }
    if ((last - pv.first) * sizeof(word) > ram_size / 8)
        panic("the frames of this VM lie too far apart");
    for (word i = 0; i < count; i++)
        pv.pages[pv.frames[i] - pv.first] = ram_base + i * PAGE_SIZE;
    return (word)(pv.pages + (last - pv.first + 1));
}

word pv_frame(const void *page)
{
    return pv.frames[((word)page - pv.base) / PAGE_SIZE] << PAGE_SHIFT;
}

void *pv_page(word entry)
{
    return (void *)pv.pages[(entry >> PAGE_SHIFT) - pv.first];
}

/* ---- what waits --------------------------------------------------------------------------- */

void pv_update(void)
{
    if (pv_shared.update_count)
        hypercall_do(HYPERCALL_update, 0, 0, 0);
}

/* An interrupt's own iret empties the queue: none may come in between. */
void pv_queue(word address, word value)
{
    word irq = irq_save();

    if (pv_shared.update_count == HYPERCALL_UPDATES)
        pv_update();
    word i = pv_shared.update_count;
    pv_shared.updates[i].address = address;
    pv_shared.updates[i].value = value;
    pv_shared.update_count = i + 1;
    irq_restore(irq);
}

word pv_entry_read(const word *entry)
{
    for (word i = pv_shared.update_count; i--;)
        if (pv_shared.updates[i].address == (word)entry)
            return pv_shared.updates[i].value;
    return *(const volatile word *)entry; /* the processor sets bits in it */
}

void pv_entry_write(word *entry, word value)
{
    if (pv.kernel_root)
        pv_queue((word)entry, value);
    else
        *entry = value;
}

/* ---- tables ------------------------------------------------------------------------------- */

/* The kernel's own entry for a page of RAM. */
static word *own_entry(const word *root, const void *page)
{
    word *table = pv_page(root[PT_INDEX1(page)]);

    return &table[PT_INDEX0(page)];
}

static void set_writable(const word *root, const void *page, bool writable)
{
    word *entry = own_entry(root, page);
    word value = pv_entry_read(entry);

    pv_entry_write(entry, writable ? value | PTE_W : value & ~PTE_W);
}

void pv_table_made(word *table, word level)
{
    if (!pv.kernel_root)
        return;
    set_writable(pv.kernel_root, table, false);
    hypercall_do(HYPERCALL_table_make, (word)table, level, 0);
}

void pv_table_gone(word *table)
{
    hypercall_do(HYPERCALL_table_free, (word)table, 0, 0);
    set_writable(pv.kernel_root, table, true);
}

/* From plain pages to tables: all of the kernel's, then the root. */
static void go_live(const word *root)
{
    set_writable(root, root, false);
    for (word i = 0; i < PT_ENTRIES; i++)
        if (root[i] & PTE_V)
            set_writable(root, pv_page(root[i]), false);
    for (word i = 0; i < PT_ENTRIES; i++)
        if (root[i] & PTE_V)
            hypercall_do(HYPERCALL_table_make, (word)pv_page(root[i]), 1, 0);
    hypercall_do(HYPERCALL_table_make, (word)root, 2, 0);
    pv.kernel_root = root;
}

void pv_root(const word *root, word asid)
{
    if (!pv.kernel_root)
        go_live(root);
    hypercall_do(HYPERCALL_root, (word)root, asid, 0);
}
