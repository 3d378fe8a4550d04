/*
 * Translation: from the architectural TLB, else from the page table in RAM (walk.h).
 *
 * Rules and their causes are isa.md section 5. A walk that fails sets nothing; one that
 * succeeds sets A, and D for a store, in the leaf, and fills one entry of the array.
 *
 * With nested paging (section 8), in this order:
 *
 *   walk, each of whose reads may be an exit -> the guest's own page fault -> the page's own
 *   nested entry: an exit -> may A or D be written into the guest's table: an exit -> bits are set
 *
 * Bits are set in all leaves at once, or, if anything above ended it, in none.
 */
#include "machine/mmu.h"

#include <string.h>

#include "isa/vmcb.h"
#include "machine/internal.h"
#include "machine/trap.h"
#include "machine/walk.h"

enum fault { FAULT_PAGE, FAULT_ACCESS, FAULT_MISALIGNED };

static const uint8_t fault_cause[ACCESS_COUNT][3] = {
    [ACCESS_LOAD] = {CAUSE_load_page, CAUSE_load_access, CAUSE_load_misaligned},
    [ACCESS_STORE] = {CAUSE_store_page, CAUSE_store_access, CAUSE_store_misaligned},
    [ACCESS_FETCH] = {CAUSE_fetch_page, CAUSE_fetch_access, CAUSE_fetch_misaligned},
};
static const word needed[ACCESS_COUNT] = {
    [ACCESS_LOAD] = PTE_R, [ACCESS_STORE] = PTE_W, [ACCESS_FETCH] = PTE_X};

static bool fault(struct cpu *c, enum access kind, enum fault why, gva address)
{
    if (kind == ACCESS_FETCH)
        cpu_begin(c, c->machine->config.cost.base, 0);
    cpu_trap(c, fault_cause[kind][why], address);
    return false;
}

/* An exit: the nested table does not let the guest at this address. */
static bool nested_fault(struct cpu *c, enum access kind, gpa address, word how)
{
    if (kind == ACCESS_FETCH)
        cpu_begin(c, c->machine->config.cost.base, 0);
    c->not_retired++;
    guest_exit(c, EXIT_nested_fault, address, how);
    return false;
}

/* ---- looking without an access ------------------------------------------------------------ */

bool mmu_look_by(struct cpu *c, word ptbr, gva address, hpa *out)
{
    struct walk w = {.end = END_LEAF, .address = address};

    if (ptbr & PTBR_ON)
        walk_real(c, ptbr, address, 0, false, &w);
    *out = w.address;
    return w.end == END_LEAF;
}

bool mmu_look(struct cpu *c, gva address, hpa *out)
{
    struct walk w = {.end = END_LEAF, .address = address};

    if (c->regs.ptbr & PTBR_ON)
        walk_own(c, address, false, &w);
    if (w.end == END_LEAF && c->guest.nptbr)
        walk_nested(c, w.address, PTE_R | PTE_W | PTE_X, false, &w);
    *out = w.address;
    return w.end == END_LEAF;
}

bool mmu_probe(struct cpu *c, gva address, word *entry)
{
    struct walk w;

    walk_own(c, address, true, &w);
    *entry = w.end == END_LEAF ? w.leaf.entry : 0;
    return w.end != END_NESTED || nested_fault(c, ACCESS_LOAD, w.address, NESTED_IN_WALK);
}

/* ---- accesses --------------------------------------------------------------------------- */

/* What may not be: a guest's own fault, or an exit. */
static bool refuse_walk(struct cpu *c, enum access kind, const struct walk *w, gva address)
{
    if (w->end == END_NESTED)
        return nested_fault(c, kind, w->address, NESTED_IN_WALK);
    return fault(c, kind, w->end == END_OUTSIDE ? FAULT_ACCESS : FAULT_PAGE, address);
}

static unsigned level_of(word entry)
{
    return (entry & PTE_PL) >> PTE_PL_SHIFT;
}

/* Sets A, and D for a store, in all that was used. The guest's entry is written through its own
 * memory, so the nested table has to allow that: false when it does not, and nothing is set. */
static bool set_used(struct cpu *c, enum access kind, const struct walk *own,
                     const struct walk *nested)
{
    word bits = kind == ACCESS_STORE ? PTE_A | PTE_D : PTE_A;
    bool writes = own && (own->leaf.entry | bits) != own->leaf.entry;

    if (writes && nested) {
        const struct used *table = &own->tables[own->table_count - 1];
        if (!(table->entry & PTE_W))
            return nested_fault(c, kind, own->leaf_address, NESTED_IN_WALK | NESTED_WRITE);
    }
    if (own)
        walk_mark(c, &own->leaf, bits);
    for (unsigned i = 0; own && i < own->table_count; i++)
        walk_mark(c, &own->tables[i], writes && i + 1 == own->table_count ? PTE_A | PTE_D : PTE_A);
    if (nested)
        walk_mark(c, &nested->leaf, bits);
    return true;
}

/* The TLB does not have it. NULL: trapped, or an exit. */
static struct tlb_entry *miss(struct cpu *c, enum access kind, gva address)
{
    static const uint8_t nested_kinds[] = {
        [ACCESS_LOAD] = NESTED_READ, [ACCESS_STORE] = NESTED_WRITE, [ACCESS_FETCH] = NESTED_FETCH};
    bool paged = c->regs.ptbr & PTBR_ON, nested = c->guest.nptbr != 0;
    struct walk own, below;
    unsigned level = 3;
    hpa where = address;

    cpu_slow(c, SLOW_WALK);
    if (paged) {
        walk_own(c, address, true, &own);
        level = level_of(own.leaf.entry);
        if (own.end == END_LEAF && (!(own.leaf.entry & needed[kind]) || c->regs.ring > level))
            own.end = END_NONE;
        if (own.end != END_LEAF) {
            refuse_walk(c, kind, &own, address);
            return NULL;
        }
        where = own.address;
    }
    if (nested) {
        walk_nested(c, where, needed[kind], true, &below);
        if (below.end != END_LEAF) {
            nested_fault(c, kind, where, nested_kinds[kind]);
            return NULL;
        }
        where = below.address;
    }
    if (!set_used(c, kind, paged ? &own : NULL, nested ? &below : NULL))
        return NULL;
    return tlb_fill(c, kind, address, where, level);
}

static bool translate(struct cpu *c, enum access kind, gva address, hpa *out)
{
    cpu_slow(c, SLOW_ACCESS);
    if (!(c->regs.ptbr & PTBR_ON) && !c->guest.nptbr) {
        *out = address;
        return true;
    }
    struct tlb_entry *e = tlb_slot(c, kind, address);
    if (!tlb_matches(c, e, address)) {
        e = miss(c, kind, address);
        if (!e)
            return false;
    } else if (c->regs.ring > e->level) {
        return fault(c, kind, FAULT_PAGE, address);
    }
    *out = e->frame | (address & ~PAGE_MASK);
    return true;
}

/* A translation that may be used again without looking at anything else. */
static void remember(struct cpu *c, enum access kind, gva address, uintptr_t addend)
{
    struct fast_entry *e = fast_entry(&c->fast, kind, address);

    if (c->watch)
        return;
    e->tag = c->fast.context | (address & PAGE_MASK);
    e->addend = addend;
}

static bool in_ram(const struct cpu *c, hpa address)
{
    return address - RAM_BASE < c->machine->config.ram_size;
}

static void report(struct cpu *c, gva address, hpa where, unsigned width, word value, word store)
{
    bool ram = in_ram(c, where);

    if (!ram)
        machine_emit(c->machine, EVENT_mmio, 0, where, value, width + store);
    machine_emit(c->machine, EVENT_mem, 0, address, value, width + store + (ram ? 0 : 512));
}

/* Addend for loads and stores: wraps where the virtual page lies above the host's, by design. */
static uintptr_t data_addend(const struct cpu *c, gva address, word offset)
{
    return (uintptr_t)c->machine->ram + (offset & PAGE_MASK) - (address & PAGE_MASK);
}

/* A size that the compiler knows needs no call. */
static void copy_value(void *to, const void *from, unsigned width)
{
    if (width == sizeof(word))
        memcpy(to, from, sizeof(word));
    else if (width == sizeof(uint16_t))
        memcpy(to, from, sizeof(uint16_t));
    else
        memcpy(to, from, 1);
}

bool mmu_load(struct cpu *c, gva address, unsigned width)
{
    hpa where;

    if (address & (width - 1))
        return fault(c, ACCESS_LOAD, FAULT_MISALIGNED, address);
    if (!translate(c, ACCESS_LOAD, address, &where))
        return false;
    c->value = 0;
    if (in_ram(c, where)) {
        word offset = where - RAM_BASE;
        copy_value(&c->value, c->machine->ram + offset, width);
        remember(c, ACCESS_LOAD, address, data_addend(c, address, offset));
    } else {
        if (!bus_read(&c->machine->bus, where, width, &c->value))
            return fault(c, ACCESS_LOAD, FAULT_ACCESS, address);
        cpu_charge(c, c->machine->config.cost.mmio);
    }
    report(c, address, where, width, c->value, 0);
    return true;
}

bool mmu_store(struct cpu *c, gva address, unsigned width, word value)
{
    hpa where;

    if (width < sizeof(word))
        value &= (1u << width * 8) - 1;
    if (address & (width - 1))
        return fault(c, ACCESS_STORE, FAULT_MISALIGNED, address);
    if (!translate(c, ACCESS_STORE, address, &where))
        return false;
    if (in_ram(c, where)) {
        word offset = where - RAM_BASE;
        const struct code_page *page = c->code.pages[offset >> PAGE_SHIFT];
        copy_value(c->machine->ram + offset, &value, width);
        ram_written(c->machine, offset, width);
        if (!page || !page->any)
            remember(c, ACCESS_STORE, address, data_addend(c, address, offset));
    } else {
        if (!bus_write(&c->machine->bus, where, width, value))
            return fault(c, ACCESS_STORE, FAULT_ACCESS, address);
        cpu_charge(c, c->machine->config.cost.mmio);
    }
    report(c, address, where, width, value, 256);
    return true;
}

struct code_page *mmu_fetch(struct cpu *c)
{
    gva pc = c->regs.pc;
    struct fast_entry *e = fast_entry(&c->fast, ACCESS_FETCH, pc);
    hpa where;

    c->page = pc & PAGE_MASK;
    if (fast_hit(&c->fast, e, pc, sizeof(word)))
        return (struct code_page *)e->addend;
    if (!translate(c, ACCESS_FETCH, pc, &where))
        return NULL;
    if (!in_ram(c, where)) {
        fault(c, ACCESS_FETCH, FAULT_ACCESS, pc);
        return NULL;
    }
    struct code_page *page = code_page(c, (where - RAM_BASE) >> PAGE_SHIFT);
    remember(c, ACCESS_FETCH, pc, (uintptr_t)page);
    return page;
}
