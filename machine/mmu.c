/*
 * Translation: from the architectural TLB, else from the page table in RAM.
 *
 *   ptbr 19:0 -> table -> entry [31:22] -> table -> entry [21:12] -> frame
 *                            `- with R, W or X set: a superpage of 4 MiB
 *
 * Rules and their causes are isa.md section 5. A walk that fails sets nothing; one that
 * succeeds sets A, and D for a store, in the leaf, and fills one entry of the array.
 */
#include "machine/mmu.h"

#include <string.h>

#include "machine/internal.h"
#include "machine/trap.h"

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

/* ---- the page table --------------------------------------------------------------------- */

static bool is_pointer(word entry)
{
    return (entry & (PTE_R | PTE_W | PTE_X)) == 0;
}

/* Entries that no access may use: absent, reserved forms. */
static bool is_bad(word entry)
{
    return !(entry & PTE_V) || (entry & PTE_ZERO) || (entry & (PTE_R | PTE_W)) == PTE_W;
}

struct walk {
    hpa entry_address; /* of the leaf */
    word entry;        /* the leaf, 0 when there is none that is good */
    hpa address;       /* translated */
    bool outside;      /* an entry lies outside RAM */
};

/* Reads one entry; false when the walk ends here without a leaf. */
static bool read_entry(struct cpu *c, struct walk *w, hpa table, unsigned index, gva address,
                       unsigned level, bool charged)
{
    w->entry_address = table + index * sizeof(word);
    word offset = w->entry_address - RAM_BASE;

    w->outside = offset >= c->machine->config.ram_size;
    if (w->outside)
        return false;
    memcpy(&w->entry, c->machine->ram + offset, sizeof(word));
    if (charged) {
        cpu_charge(c, c->machine->config.cost.walk);
        machine_emit(c->machine, EVENT_walk, 0, address, w->entry, level);
    }
    return !is_bad(w->entry);
}

static struct walk walk(struct cpu *c, word ptbr, gva address, bool charged)
{
    struct walk w = {0};
    hpa table = (ptbr & PTBR_PPN) << PAGE_SHIFT;

    if (!read_entry(c, &w, table, PT_INDEX1(address), address, 1, charged))
        goto none;
    if (!is_pointer(w.entry)) {
        if (w.entry & PTE_PPN & (SUPERPAGE_SIZE - 1))
            goto none;
        w.address = (w.entry & ~(SUPERPAGE_SIZE - 1)) | (address & (SUPERPAGE_SIZE - 1));
        return w;
    }
    if (!read_entry(c, &w, w.entry & PTE_PPN, PT_INDEX0(address), address, 0, charged) ||
        is_pointer(w.entry))
        goto none;
    w.address = (w.entry & PTE_PPN) | (address & ~PAGE_MASK);
    return w;
none:
    w.entry = 0;
    return w;
}

struct leaf mmu_find(struct cpu *c, word ptbr, gva address, bool charged)
{
    struct walk w = walk(c, ptbr, address, charged);

    return (struct leaf){.entry = w.entry, .address = w.address};
}

static void set_bits(struct cpu *c, const struct walk *w, word bits)
{
    word offset = w->entry_address - RAM_BASE;
    word entry = w->entry | bits;

    if (entry == w->entry)
        return;
    memcpy(c->machine->ram + offset, &entry, sizeof(entry));
    ram_written(c->machine, offset, sizeof(entry));
}

/* ---- the TLB ---------------------------------------------------------------------------- */

static void fast_kill(struct cpu *c, enum access kind, gva page)
{
    struct fast_entry *e = fast_entry(&c->fast, kind, page);

    if ((e->tag & PAGE_MASK) == page)
        e->tag = FAST_EMPTY;
}

static word asid_of(word ptbr)
{
    return (ptbr & PTBR_ASID) >> PTBR_ASID_SHIFT;
}

static struct tlb_entry *tlb_slot(struct cpu *c, enum access kind, gva address)
{
    return &c->tlb.entry[kind][address >> PAGE_SHIFT & c->tlb.mask];
}

static struct tlb_entry *tlb_fill(struct cpu *c, enum access kind, gva address,
                                  const struct walk *w)
{
    struct tlb_entry *e = tlb_slot(c, kind, address);

    if (e->valid)
        fast_kill(c, kind, e->page);
    *e = (struct tlb_entry){
        .page = address & PAGE_MASK,
        .frame = w->address & PAGE_MASK,
        .asid = (uint16_t)asid_of(c->regs.ptbr),
        .vmid = (uint16_t)c->guest.vmid,
        .level = (uint8_t)((w->entry & PTE_PL) >> PTE_PL_SHIFT),
        .valid = true,
    };
    machine_emit(c->machine, EVENT_tlb, 0, address, e->frame, kind);
    return e;
}

static bool tlb_matches(const struct cpu *c, const struct tlb_entry *e, gva address)
{
    return e->valid && e->page == (address & PAGE_MASK) && e->asid == asid_of(c->regs.ptbr) &&
           e->vmid == c->guest.vmid;
}

void tlb_update_context(struct cpu *c)
{
    word on = c->regs.ptbr & PTBR_ON;
    uint64_t context = c->guest.vmid << 12 | (c->guest.nptbr ? 1u << 28 : 0);

    if (on)
        context |= asid_of(c->regs.ptbr) << 3 | c->regs.ring << 1 | 1;
    c->fast.context = context << 32 | (c->watch ? FAST_WATCH : 0);
}

void tlb_reset(struct cpu *c)
{
    for (unsigned kind = 0; kind < ACCESS_COUNT; kind++) {
        for (unsigned i = 0; i < FAST_ENTRIES; i++)
            c->fast.entry[kind][i].tag = FAST_EMPTY;
        for (unsigned i = 0; i < TLB_MAX; i++)
            c->tlb.entry[kind][i] = (struct tlb_entry){0};
    }
    tlb_update_context(c);
}

static void remove_entry(struct cpu *c, enum access kind, struct tlb_entry *e)
{
    e->valid = false;
    fast_kill(c, kind, e->page);
    machine_emit(c->machine, EVENT_tlb, 0, e->page, e->frame, kind + 4);
}

static void fence_entry(struct cpu *c, enum access kind, struct tlb_entry *e, bool one_asid,
                        word asid)
{
    if (!e->valid || e->vmid != c->guest.vmid || (one_asid && e->asid != asid))
        return;
    remove_entry(c, kind, e);
}

void tlb_flush_all(struct cpu *c)
{
    for (unsigned kind = 0; kind < ACCESS_COUNT; kind++)
        for (unsigned i = 0; i <= c->tlb.mask; i++)
            if (c->tlb.entry[kind][i].valid)
                remove_entry(c, kind, &c->tlb.entry[kind][i]);
}

void tlb_fence(struct cpu *c, bool one_page, gva page, bool one_asid, word asid)
{
    for (unsigned kind = 0; kind < ACCESS_COUNT; kind++) {
        if (one_page) {
            struct tlb_entry *e = tlb_slot(c, kind, page);
            if (e->page == (page & PAGE_MASK))
                fence_entry(c, kind, e, one_asid, asid);
            continue;
        }
        for (unsigned i = 0; i <= c->tlb.mask; i++)
            fence_entry(c, kind, &c->tlb.entry[kind][i], one_asid, asid);
    }
}

void fast_forget_stores(struct cpu *c, word ram_page)
{
    uintptr_t host = (uintptr_t)c->machine->ram + ((uintptr_t)ram_page << PAGE_SHIFT);

    for (unsigned i = 0; i < FAST_ENTRIES; i++) {
        struct fast_entry *e = &c->fast.entry[ACCESS_STORE][i];
        if (e->tag != FAST_EMPTY && e->addend + (word)(e->tag & PAGE_MASK) == host)
            e->tag = FAST_EMPTY;
    }
}

void fast_forget_all_stores(struct cpu *c)
{
    for (unsigned i = 0; i < FAST_ENTRIES; i++)
        c->fast.entry[ACCESS_STORE][i].tag = FAST_EMPTY;
}

void fast_forget_fetches(struct cpu *c)
{
    for (unsigned i = 0; i < FAST_ENTRIES; i++)
        c->fast.entry[ACCESS_FETCH][i].tag = FAST_EMPTY;
}

/* ---- accesses --------------------------------------------------------------------------- */

static bool translate(struct cpu *c, enum access kind, gva address, hpa *out)
{
    if (!(c->regs.ptbr & PTBR_ON)) {
        *out = address;
        return true;
    }
    struct tlb_entry *e = tlb_slot(c, kind, address);
    if (!tlb_matches(c, e, address)) {
        struct walk w = walk(c, c->regs.ptbr, address, true);
        if (w.outside)
            return fault(c, kind, FAULT_ACCESS, address);
        if (!(w.entry & needed[kind]) || c->regs.ring > (w.entry & PTE_PL) >> PTE_PL_SHIFT)
            return fault(c, kind, FAULT_PAGE, address);
        set_bits(c, &w, kind == ACCESS_STORE ? PTE_A | PTE_D : PTE_A);
        e = tlb_fill(c, kind, address, &w);
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
        memcpy(&c->value, c->machine->ram + offset, width);
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
        memcpy(c->machine->ram + offset, &value, width);
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
