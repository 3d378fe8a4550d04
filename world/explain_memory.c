/*
 * Why an access to memory trapped: what is near an address where nothing is, and the walk entry by
 * entry. Of a VM two walks: what its own table says, and what the table says that counts.
 */
#include "world/explain_story.h"

#include "isa/csr.h"
#include "isa/paging.h"
#include "isa/vmcb.h"
#include "world/view.h"

static const struct {
    const char *name;
    word base, size; /* size 0: as much RAM as the machine has */
} regions[] = {
#define REGION(name, base, size, meaning) {#name, base, size},
#include "isa/platform.def"
};

static word region_end(const struct story *s, unsigned i)
{
    const struct machine_config *config = machine_config(host_machine(s->host));

    return regions[i].base + (regions[i].size ? regions[i].size : config->ram_size) - 1;
}

/* The regions below and above an address where nothing is, or the one that it lies in. */
static void tell_neighbours(const struct story *s, word address)
{
    int below = -1, above = -1;

    for (unsigned i = 0; i < COUNT_OF(regions); i++) {
        if (address >= regions[i].base && address <= region_end(s, i)) {
            text_add(s->out,
                     "  it lies in %s (0x%08x to 0x%08x), which has no register there, or none of "
                     "this width\n",
                     regions[i].name, regions[i].base, region_end(s, i));
            return;
        }
        if (regions[i].base < address)
            below = (int)i;
        else if (above < 0)
            above = (int)i;
    }
    text_add(s->out, "  near it: ");
    if (below >= 0)
        text_add(s->out, "%s 0x%08x to 0x%08x below", regions[below].name, regions[below].base,
                 region_end(s, (unsigned)below));
    if (above >= 0)
        text_add(s->out, "%s%s 0x%08x to 0x%08x above", below >= 0 ? ", " : "", regions[above].name,
                 regions[above].base, region_end(s, (unsigned)above));
    text_add(s->out, "\n");
}

void explain_misaligned(const struct story *s)
{
    unsigned width = 1u << (s->insn.bits >> 12 & 3); /* funct3 of loads and stores */

    text_add(s->out,
             "  address 0x%08x is no multiple of %u: an access of %u bytes must be aligned\n",
             s->event->tval, width, width);
}

void explain_fetch_misaligned(const struct story *s)
{
    text_add(s->out, "  the jump's target 0x%08x is no multiple of 4, the size of an instruction\n",
             s->event->tval);
}

void explain_entry(word entry, struct text *out)
{
    static const struct {
        word bit;
        char letter;
    } bits[] = {{PTE_R, 'r'}, {PTE_W, 'w'}, {PTE_X, 'x'}, {PTE_A, 'a'}, {PTE_D, 'd'}};

    if (!(entry & PTE_V)) {
        text_add(out, "not valid");
        return;
    }
    if (!(entry & (PTE_R | PTE_W | PTE_X))) {
        text_add(out, "table at 0x%08x", entry & PTE_PPN);
        return;
    }
    text_add(out, "page 0x%08x, ", entry & PTE_PPN);
    for (unsigned i = 0; i < COUNT_OF(bits); i++)
        text_add_char(out, entry & bits[i].bit ? bits[i].letter : '-');
    text_add(out, ", rings 0 to %u", (entry & PTE_PL) >> PTE_PL_SHIFT);
    if (entry & PTE_ZERO)
        text_add(out, ", bits 11:10 are not 0");
}

static word needed_right(const struct event *e)
{
    static const word of_nested[] = {
        [NESTED_READ] = PTE_R, [NESTED_WRITE] = PTE_W, [NESTED_FETCH] = PTE_X};
    word cause = vmcb_plain_cause(e->cause), how = e->b & ~(word)NESTED_IN_WALK;

    if (cause == (CAUSE_EXIT | EXIT_nested_fault))
        return how < COUNT_OF(of_nested) ? of_nested[how] : PTE_R;
    return cause == CAUSE_fetch_page ? PTE_X : cause == CAUSE_store_page ? PTE_W : PTE_R;
}

/* Which of the rules the entry breaks for this access by this ring; false: none of them. */
static bool tell_broken_rule(const struct story *s, word entry, word ring)
{
    word needed = needed_right(s->event);

    if (!(entry & PTE_V))
        text_add(s->out, "  no page is mapped there\n");
    else if (!(entry & (PTE_R | PTE_W | PTE_X)))
        text_add(s->out,
                 "  the last table's entry points to another table: there are two levels\n");
    else if ((entry & PTE_W) && !(entry & PTE_R))
        text_add(s->out, "  W without R is reserved\n");
    else if (!(entry & needed))
        text_add(s->out, "  the page does not allow this access\n");
    else if (ring > (entry & PTE_PL) >> PTE_PL_SHIFT)
        text_add(s->out, "  ring %u may not use the page\n", ring);
    else
        return false;
    return true;
}

/* A walk, entry by entry. False when it left RAM, which has then been said. */
static bool tell_steps(const struct story *s, const struct walk_step *steps, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        text_add(s->out, "    level %u: entry at 0x%08x", 1 - i, steps[i].address);
        if (!steps[i].readable) {
            text_add(s->out, ", which is outside RAM\n");
            return false;
        }
        text_add(s->out, " = 0x%08x: ", steps[i].entry);
        explain_entry(steps[i].entry, s->out);
        text_add(s->out, "\n");
    }
    return n > 0;
}

/* The page table that the processor walked. A trap may have loaded the monitor's. */
static word real_ptbr(const struct story *s)
{
    const struct cpu_regs *r = machine_regs(host_machine(s->host));
    word ptbr;

    if (s->event->kind == EVENT_shutdown)
        return r->ptbr;
    if (view_was_real(s->host, s->event->context, CSR_ptbr, &ptbr) ||
        (s->event->context != 0 && view_real(s->host, s->event->context, CSR_ptbr, &ptbr)))
        return ptbr;
    return r->status & FIELD_status_tps ? r->eptbr : r->ptbr;
}

static void tell_real_walk(const struct story *s)
{
    struct walk_step steps[2];
    unsigned n = view_walk_real(s->host, real_ptbr(s), s->event->tval, steps);

    if (!tell_steps(s, steps, n) || tell_broken_rule(s, steps[n - 1].entry, s->event->ring_from))
        return;
    if (s->event->context == 0)
        text_add(s->out,
                 "  the table allows it now: a stale TLB entry; sfence.vma was forgotten\n");
    else
        text_add(s->out, "  that table allows it now\n");
}

/* Where a walk led to; the address itself without one. */
static word walked(const struct story *s, const struct walk_step *steps, unsigned n)
{
    word inside = n == 1 ? SUPERPAGE_SIZE - 1 : PAGE_SIZE - 1;

    return n == 0 ? s->event->tval
                  : (steps[n - 1].entry & PTE_PPN & ~inside) | (s->event->tval & inside);
}

/* A device that a VM believes to have there: its monitor leaves such pages out on purpose. */
static void tell_device(const struct story *s, gpa address, const char *vm)
{
    for (unsigned i = 0; i < COUNT_OF(regions); i++)
        if (regions[i].size && address - regions[i].base < regions[i].size)
            text_add(s->out, "  to %s that is %s: its monitor plays the device\n", vm,
                     regions[i].name);
}

/* With nested paging the guest's table is what is real. */
static bool is_own_table(const struct story *s)
{
    word own;

    return view_guest(s->host, s->event->context, CSR_ptbr, &own) && own == real_ptbr(s);
}

/* A VM's own table, then the one that counts: its monitor's. */
static void tell_guest_walk(const struct story *s)
{
    struct walk_step steps[2];
    unsigned n = view_walk(s->host, s->event->context, s->event->tval, steps);
    char name[32];
    word ring = s->event->ring_from;

    view_context_name(s->host, s->event->context, name, sizeof name);
    view_guest(s->host, s->event->context, VIEW_RING, &ring);
    if (n == 0) {
        text_add(s->out, "  address 0x%08x: %s has paging off, so it takes it for physical\n",
                 s->event->tval, name);
    } else {
        text_add(s->out, "  address 0x%08x; the walk as %s in its ring %u sees it:\n",
                 s->event->tval, name, ring);
        if (!tell_steps(s, steps, n) || tell_broken_rule(s, steps[n - 1].entry, ring))
            return;
        if (is_own_table(s)) {
            text_add(s->out,
                     "  the table allows it now, and the processor walks it itself: a stale TLB "
                     "entry; sfence.vma was forgotten\n");
            return;
        }
        text_add(s->out, "  its own table allows it\n");
    }
    tell_device(s, walked(s, steps, n), name);
    text_add(s->out, "  the table that counts is its monitor's; its walk for real ring %u:\n",
             s->event->ring_from);
    tell_real_walk(s);
}

void explain_walk(const struct story *s)
{
    if (s->event->context != 0) {
        tell_guest_walk(s);
        return;
    }
    text_add(s->out, "  address 0x%08x, ring %u; the walk:\n", s->event->tval, s->event->ring_from);
    tell_real_walk(s);
}

/* Physical addresses: with paging on the walk says which one it was, or where it went astray. */
void explain_access(const struct story *s)
{
    struct walk_step steps[2];
    unsigned n = view_walk_real(s->host, real_ptbr(s), s->event->tval, steps);
    hpa physical = walked(s, steps, n);

    if (n > 0) {
        text_add(s->out, "  address 0x%08x, ring %u; the walk:\n", s->event->tval,
                 s->event->ring_from);
        if (!tell_steps(s, steps, n))
            return;
    }
    text_add(s->out, "  there is nothing at physical address 0x%08x\n", physical);
    tell_neighbours(s, physical);
    if (s->event->tval < PAGE_SIZE)
        text_add(s->out, "  an address this small is often a pointer that was never set\n");
}

void explain_fetch_access(const struct story *s)
{
    explain_access(s);
    if (story_is_fresh(s))
        text_add(s->out, "  ra = 0x%08x: where the last call was to return to\n",
                 machine_regs(host_machine(s->host))->x[1]);
}

/* What the guest takes for physical, and the table that its monitor gave to vmrun. */
void explain_nested_fault(const struct story *s)
{
    const struct context *c = view_context(s->host, s->event->context);
    struct walk_step steps[2];
    char name[32];
    word root = 0;

    view_context_name(s->host, s->event->context, name, sizeof name);
    text_add(s->out, "  guest-physical address 0x%08x%s\n", s->event->tval,
             s->event->b & NESTED_IN_WALK ? ", of an entry of its own page table" : "");
    tell_device(s, s->event->tval, name);
    if (!c || !view_read(s->host, (struct space){SPACE_GPA, c->parent}, c->vmcb + VMCB_nptbr, &root,
                         sizeof root))
        return;
    text_add(s->out, "  the walk of the nested table that its monitor made:\n");
    unsigned n = view_walk_real(s->host, root, s->event->tval, steps);
    if (tell_steps(s, steps, n) && !tell_broken_rule(s, steps[n - 1].entry, 0))
        text_add(s->out, "  that table allows it now\n");
}
