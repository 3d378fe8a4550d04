/* The arrays of the TLB, and the fast ones in front of them; see tlb.h. */
#include "machine/tlb.h"

#include "isa/vmcb.h"
#include "machine/internal.h"

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

struct tlb_entry *tlb_slot(struct cpu *c, enum access kind, gva address)
{
    return &c->tlb.entry[kind][address >> PAGE_SHIFT & c->tlb.mask];
}

static word tag_asid(const struct cpu *c)
{
    return c->regs.ptbr & PTBR_ON ? asid_of(c->regs.ptbr) : ASID_BARE;
}

struct tlb_entry *tlb_fill(struct cpu *c, enum access kind, gva address, hpa frame, unsigned level)
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

bool tlb_matches(const struct cpu *c, const struct tlb_entry *e, gva address)
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
