/*
 * Translation: from the architectural TLB, else from the page table in RAM.
 *
 *   ptbr 19:0 -> table -> entry [31:22] -> table -> entry [21:12] -> frame
 *                            `- with R, W or X set: a superpage of 4 MiB
 *
 * Rules and their causes are isa.md section 5. A walk that fails sets nothing; one that
 * succeeds sets A, and D for a store, in the leaf, and fills one entry of the array.
 *
 * With nested paging (section 8) every address in that drawing is the guest's, and is itself
 * looked up in the nested table, up to twice two references for the guest's two, and two more for
 * the page in the end: 8. The nested table's R, W and X count, its PL does not. In which order:
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

/* An entry that was used: what is to be set in it in the end is or-ed to what is there then. */
struct used {
    hpa at;
    word entry;
};

enum end { END_LEAF, END_NONE, END_OUTSIDE, END_NESTED };

struct walk {
    enum end end; /* a good leaf; no such; a table outside RAM; a table the guest does not have */
    struct used leaf;
    gpa leaf_address;      /* of the leaf's entry as the table's owner sees it */
    gpa address;           /* translated; with END_NESTED what is missing */
    struct used tables[2]; /* the nested leaves that map the guest's tables, root first */
    unsigned table_count;
};

/* Reads an entry in real memory; false when its table lies outside RAM. */
static bool read_entry(struct cpu *c, hpa at, gva address, unsigned level, bool charged,
                       struct used *out)
{
    word offset = at - RAM_BASE;

    out->at = at;
    if (offset >= c->machine->config.ram_size)
        return false;
    memcpy(&out->entry, c->machine->ram + offset, sizeof(word));
    if (charged) {
        cpu_charge(c, c->machine->config.cost.walk);
        machine_emit(c->machine, EVENT_walk, 0, address, out->entry, level);
    }
    return true;
}

/* What the leaf of a level maps; false when it is a misaligned superpage. */
static bool map_leaf(word entry, unsigned level, gva address, gpa *out)
{
    word size = level ? SUPERPAGE_SIZE : PAGE_SIZE;

    *out = (entry & PTE_PPN & ~(size - 1)) | (address & (size - 1));
    return (entry & PTE_PPN & (size - 1)) == 0;
}

/* A table whose entries are at real addresses: the machine's own, or a nested one. */
static struct walk walk_real(struct cpu *c, word root, gva address, unsigned nested, bool charged)
{
    struct walk w = {.end = END_NONE};
    hpa table = (root & PTBR_PPN) << PAGE_SHIFT;

    for (unsigned level = 2; level-- > 0; table = w.leaf.entry & PTE_PPN) {
        unsigned index = level ? PT_INDEX1(address) : PT_INDEX0(address);

        w.leaf_address = table + index * sizeof(word);
        if (!read_entry(c, w.leaf_address, address, level + nested, charged, &w.leaf)) {
            w.end = END_OUTSIDE;
            return w;
        }
        if (is_bad(w.leaf.entry))
            return w;
        if (is_pointer(w.leaf.entry))
            continue;
        if (map_leaf(w.leaf.entry, level, address, &w.address))
            w.end = END_LEAF;
        return w;
    }
    return w;
}

/* By the nested table: END_LEAF only if it allows what is needed. Rings are the guest's affair. */
static struct walk walk_nested(struct cpu *c, gpa address, word rights, bool charged)
{
    struct walk w = walk_real(c, c->guest.nptbr, address, WALK_NESTED, charged);

    if (w.end != END_LEAF || !(w.leaf.entry & rights))
        w.end = END_NESTED;
    return w;
}

/* The guest's own table, each of whose entries is found through the nested one. */
static struct walk walk_guest(struct cpu *c, word root, gva address, bool charged)
{
    struct walk w = {.end = END_NONE};
    gpa table = (root & PTBR_PPN) << PAGE_SHIFT;

    for (unsigned level = 2; level-- > 0; table = w.leaf.entry & PTE_PPN) {
        unsigned index = level ? PT_INDEX1(address) : PT_INDEX0(address);

        w.leaf_address = table + index * sizeof(word);
        struct walk n = walk_nested(c, w.leaf_address, PTE_R, charged);
        w.tables[w.table_count++] = n.leaf;
        if (n.end != END_LEAF) {
            w.end = END_NESTED;
            w.address = w.leaf_address;
            return w;
        }
        if (!read_entry(c, n.address, address, level, charged, &w.leaf)) {
            w.end = END_OUTSIDE;
            return w;
        }
        if (is_bad(w.leaf.entry))
            return w;
        if (is_pointer(w.leaf.entry))
            continue;
        if (map_leaf(w.leaf.entry, level, address, &w.address))
            w.end = END_LEAF;
        return w;
    }
    return w;
}

static struct walk walk(struct cpu *c, gva address, bool charged)
{
    return c->guest.nptbr ? walk_guest(c, c->regs.ptbr, address, charged)
                          : walk_real(c, c->regs.ptbr, address, 0, charged);
}

static void set_bits(struct cpu *c, const struct used *u, word bits)
{
    word offset = u->at - RAM_BASE, entry;

    memcpy(&entry, c->machine->ram + offset, sizeof(entry));
    if ((entry | bits) == entry)
        return;
    entry |= bits;
    memcpy(c->machine->ram + offset, &entry, sizeof(entry));
    ram_written(c->machine, offset, sizeof(entry));
}

/* ---- looking without an access ------------------------------------------------------------ */

bool mmu_look_by(struct cpu *c, word ptbr, gva address, hpa *out)
{
    struct walk w = {.end = END_LEAF, .address = address};

    if (ptbr & PTBR_ON)
        w = walk_real(c, ptbr, address, 0, false);
    *out = w.address;
    return w.end == END_LEAF;
}

bool mmu_look(struct cpu *c, gva address, hpa *out)
{
    struct walk w = {.end = END_LEAF, .address = address};

    if (c->regs.ptbr & PTBR_ON)
        w = walk(c, address, false);
    if (w.end == END_LEAF && c->guest.nptbr)
        w = walk_nested(c, w.address, PTE_R | PTE_W | PTE_X, false);
    *out = w.address;
    return w.end == END_LEAF;
}

bool mmu_probe(struct cpu *c, gva address, word *entry)
{
    struct walk w = walk(c, address, true);

    *entry = w.end == END_LEAF ? w.leaf.entry : 0;
    return w.end != END_NESTED || nested_fault(c, ACCESS_LOAD, w.address, NESTED_IN_WALK);
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

static word tag_asid(const struct cpu *c)
{
    return c->regs.ptbr & PTBR_ON ? asid_of(c->regs.ptbr) : ASID_BARE;
}

static struct tlb_entry *tlb_fill(struct cpu *c, enum access kind, gva address, hpa frame,
                                  unsigned level)
{
    struct tlb_entry *e = tlb_slot(c, kind, address);

    if (e->valid)
        fast_kill(c, kind, e->page);
    *e = (struct tlb_entry){
        .page = address & PAGE_MASK,
        .frame = frame & PAGE_MASK,
        .asid = (uint16_t)tag_asid(c),
        .vmid = (uint16_t)c->guest.vmid,
        .level = (uint8_t)level,
        .valid = true,
    };
    machine_emit(c->machine, EVENT_tlb, 0, address, e->frame, kind);
    return e;
}

static bool tlb_matches(const struct cpu *c, const struct tlb_entry *e, gva address)
{
    return e->valid && e->page == (address & PAGE_MASK) && e->asid == tag_asid(c) &&
           e->vmid == c->guest.vmid;
}

void tlb_update_context(struct cpu *c)
{
    word on = c->regs.ptbr & PTBR_ON;
    uint64_t context = c->guest.accesses;

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
        set_bits(c, &own->leaf, bits);
    for (unsigned i = 0; own && i < own->table_count; i++)
        set_bits(c, &own->tables[i], writes && i + 1 == own->table_count ? PTE_A | PTE_D : PTE_A);
    if (nested)
        set_bits(c, &nested->leaf, bits);
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
        own = walk(c, address, true);
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
        below = walk_nested(c, where, needed[kind], true);
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
