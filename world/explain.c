/*
 * Explanations, in this order:
 *
 *   prog.s:12: error: load from nothing (cause 5)            where, what
 *     80000010  lw a0, 8(a1)      a1 = 0x00000000            the instruction and its operands
 *     address 0x00000008: nothing is there                   the rule, by cause
 *     near: ...
 *     no trap handler ...                                    why it was the end
 *
 * What is known by the tables of isa/ is taken from them; a function here says only what no
 * table can: how the rule applies to these operands.
 */
#include "world/explain.h"

#include <string.h>

#include "isa/csr.h"
#include "isa/disasm.h"
#include "isa/paging.h"
#include "trace/recorder.h"
#include "world/view.h"

struct story {
    const struct host *host;
    const struct event *event;
    struct insn insn;
    struct text *out;
};

static const struct {
    const char *name;
    word base, size; /* size 0: as much RAM as the machine has */
} regions[] = {
#define REGION(name, base, size, meaning) {#name, base, size},
#include "isa/platform.def"
};

/* ---- where and what ----------------------------------------------------------------------- */

static void tell_place(const struct story *s)
{
    const struct event *e = s->event;
    const struct cause_info *cause = cause_info(e->cause);
    const struct line_row *row = view_line(s->host, e->context, e->pc);
    char symbol[128];

    if (row)
        text_add(s->out, "%s:%u: ", row->file, row->line);
    else if (*view_symbol_text(s->host, e->context, e->pc, true, symbol, sizeof symbol))
        text_add(s->out, "%s: ", symbol);
    text_add(s->out, "error: %s (cause %u)\n", cause ? cause->text : "unknown cause",
             e->cause & ~CAUSE_INTERRUPT);
}

static const char *register_name(unsigned number)
{
    static const char *const names[] = {
#define REGISTER(number, name, role) #name,
#include "isa/registers.def"
#undef REGISTER
    };

    return names[number & 31];
}

/* Whether nothing has run since: what the handler has done to the registers is not what the
 * instruction saw. */
static bool is_fresh(const struct story *s)
{
    return machine_icount(host_machine(s->host)) <= s->event->icount + 1;
}

static void tell_operand(const struct story *s, char letter, unsigned number, bool *any)
{
    const struct cpu_regs *r = machine_regs(host_machine(s->host));

    if (!is_fresh(s) || !strchr(insn_info(s->insn.id)->syntax, letter) || number == 0)
        return;
    text_add(s->out, "%s%s = 0x%08x", *any ? ", " : "      ", register_name(number), r->x[number]);
    *any = true;
}

static void tell_instruction(const struct story *s)
{
    bool any = false;

    text_add(s->out, "  %08x  ", s->event->pc);
    if (!s->event->insn && s->event->cause != CAUSE_illegal) {
        text_add(s->out, "(no instruction could be fetched)\n");
        return;
    }
    disasm_insn(s->out, s->event->insn, s->event->pc, NULL);
    tell_operand(s, 's', s->insn.rs1, &any);
    if (s->insn.rs2 != s->insn.rs1)
        tell_operand(s, 't', s->insn.rs2, &any);
    text_add(s->out, "\n");
}

/* ---- memory ------------------------------------------------------------------------------- */

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

static void tell_misaligned(const struct story *s)
{
    unsigned width = 1u << (s->insn.bits >> 12 & 3); /* funct3 of loads and stores */

    text_add(s->out,
             "  address 0x%08x is no multiple of %u: an access of %u bytes must be aligned\n",
             s->event->tval, width, width);
}

static void tell_fetch_misaligned(const struct story *s)
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

/* Which of the rules the leaf breaks for this access by this ring. */
static void tell_broken_rule(const struct story *s, word entry)
{
    word needed = s->event->cause == CAUSE_fetch_page   ? PTE_X
                  : s->event->cause == CAUSE_store_page ? PTE_W
                                                        : PTE_R;

    if (!(entry & PTE_V))
        text_add(s->out, "  no page is mapped there\n");
    else if (!(entry & (PTE_R | PTE_W | PTE_X)))
        text_add(s->out,
                 "  the last table's entry points to another table: there are two levels\n");
    else if ((entry & PTE_W) && !(entry & PTE_R))
        text_add(s->out, "  W without R is reserved\n");
    else if (!(entry & needed))
        text_add(s->out, "  the page does not allow this access\n");
    else if (s->event->ring_from > (entry & PTE_PL) >> PTE_PL_SHIFT)
        text_add(s->out, "  ring %u may not use the page\n", s->event->ring_from);
    else
        text_add(s->out,
                 "  the table allows it now: a stale TLB entry; sfence.vma was forgotten\n");
}

/* The walk, entry by entry. False when it left RAM, which has then been said. */
static bool tell_walk_steps(const struct story *s, struct walk_step *last)
{
    struct walk_step steps[2];
    unsigned n = view_walk(s->host, s->event->context, s->event->tval, steps);

    text_add(s->out, "  address 0x%08x, ring %u; the walk:\n", s->event->tval, s->event->ring_from);
    for (unsigned i = 0; i < n; i++) {
        *last = steps[i];
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

static void tell_walk(const struct story *s)
{
    struct walk_step last;

    if (tell_walk_steps(s, &last))
        tell_broken_rule(s, last.entry);
}

/* Physical addresses: with paging on the walk says which one it was, or where it went astray. */
static void tell_access(const struct story *s)
{
    hpa physical = s->event->tval;

    if (machine_regs(host_machine(s->host))->ptbr & PTBR_ON) {
        struct walk_step last;
        if (!tell_walk_steps(s, &last))
            return;
        if (!machine_translate(host_machine(s->host), s->event->tval, &physical))
            physical = (last.entry & PTE_PPN) | (s->event->tval & ~PAGE_MASK);
    }
    text_add(s->out, "  there is nothing at physical address 0x%08x\n", physical);
    tell_neighbours(s, physical);
    if (s->event->tval < PAGE_SIZE)
        text_add(s->out, "  an address this small is often a pointer that was never set\n");
}

static void tell_fetch_access(const struct story *s)
{
    tell_access(s);
    if (is_fresh(s))
        text_add(s->out, "  ra = 0x%08x: where the last call was to return to\n",
                 machine_regs(host_machine(s->host))->x[1]);
}

/* ---- privilege ---------------------------------------------------------------------------- */

static void tell_illegal(const struct story *s)
{
    if (s->insn.csr) {
        const struct csr_info *csr = csr_info(s->insn.csr);
        if (csr)
            text_add(s->out, "  %s is a counter: nobody writes it\n", csr->name);
        else
            text_add(s->out, "  there is no control register %03x (trapeze help csr lists them)\n",
                     s->insn.csr);
        return;
    }
    if (s->insn.id != INSN_ILLEGAL) {
        text_add(s->out, "  this machine, or this ring, does not have %s\n",
                 insn_info(s->insn.id)->name);
        return;
    }
    text_add(s->out, "  the word 0x%08x is no instruction\n", s->event->tval);
    if (s->event->tval == 0)
        text_add(s->out,
                 "  a word of zeros: did the program run on behind its last instruction?\n");
}

static void tell_privileged(const struct story *s)
{
    const struct csr_info *csr = s->insn.csr ? csr_info(s->insn.csr) : NULL;
    unsigned ring = s->event->ring_from;

    if (csr && csr->kind == CSR_KIND_COUNTER)
        text_add(s->out, "  ring %u may read %s only where cntren allows it\n", ring, csr->name);
    else if (csr)
        text_add(s->out, "  %s (%s) belongs to ring 0; this was ring %u\n", csr->name, csr->meaning,
                 ring);
    else if (insn_info(s->insn.id)->class == CLASS_PORT)
        text_add(s->out, "  ports are for rings up to IOPL, which is %u; this was ring %u\n",
                 (machine_regs(host_machine(s->host))->status & FIELD_status_iopl) >>
                     SHIFT_status_iopl,
                 ring);
    else
        text_add(s->out, "  %s belongs to ring 0; this was ring %u\n", insn_info(s->insn.id)->name,
                 ring);
}

static void tell_call(const struct story *s)
{
    const struct cpu_regs *r = machine_regs(host_machine(s->host));

    if (s->event->kind == EVENT_shutdown)
        text_add(s->out, "  ecall and hcall ask a handler for something: set tvec first\n");
    else if (is_fresh(s))
        text_add(s->out, "  it asks the handler at 0x%08x for number %u (a7)\n", r->tvec, r->x[17]);
}

/* ---- by cause ----------------------------------------------------------------------------- */

static const struct {
    word cause;
    void (*tell)(const struct story *s);
} rules[] = {
    {CAUSE_fetch_misaligned, tell_fetch_misaligned},
    {CAUSE_fetch_access, tell_fetch_access},
    {CAUSE_illegal, tell_illegal},
    {CAUSE_load_misaligned, tell_misaligned},
    {CAUSE_store_misaligned, tell_misaligned},
    {CAUSE_load_access, tell_access},
    {CAUSE_store_access, tell_access},
    {CAUSE_fetch_page, tell_walk},
    {CAUSE_load_page, tell_walk},
    {CAUSE_store_page, tell_walk},
    {CAUSE_privileged, tell_privileged},
    {CAUSE_ecall_ring0, tell_call},
    {CAUSE_ecall_ring1, tell_call},
    {CAUSE_ecall_ring2, tell_call},
    {CAUSE_ecall_ring3, tell_call},
    {CAUSE_hcall, tell_call},
};

void explain_event(const struct host *h, const struct event *e, struct text *out)
{
    struct story s = {.host = h, .event = e, .insn = insn_decode(e->insn), .out = out};

    if (e->kind == EVENT_shutdown && e->a == SHUTDOWN_wait_forever) {
        const struct line_row *row = view_line(h, e->context, e->pc);
        if (row)
            text_add(out, "%s:%u: ", row->file, row->line);
        text_add(out, "%s", machine_shutdown_text(SHUTDOWN_wait_forever));
        return;
    }
    tell_place(&s);
    tell_instruction(&s);
    for (unsigned i = 0; i < COUNT_OF(rules); i++)
        if (rules[i].cause == e->cause)
            rules[i].tell(&s);
    if (e->kind == EVENT_shutdown)
        text_add(out, "  so the machine stopped: %s",
                 machine_shutdown_text((enum machine_shutdown)e->a));
    else if (out->length && out->data[out->length - 1] == '\n')
        out->data[--out->length] = '\0';
}

void explain_shutdown(struct host *h, struct text *out)
{
    const struct recorder *r = host_recorder(h);
    uint64_t last = recorder_total(r);

    if (machine_state(host_machine(h)) != MACHINE_SHUTDOWN || last == recorder_first(r))
        return;
    const struct event *e = recorder_at(r, last - 1);
    if (e && e->kind == EVENT_shutdown)
        explain_event(h, e, out);
}

#define LOOP_TRAPS 16u /* the same trap so often in a row is a loop */

/* A loop of system calls is none: there the handler returns behind the instruction. */
void explain_trap_loop(struct host *h, struct text *out)
{
    const struct recorder *r = host_recorder(h);
    const struct event *last = NULL,
                       *back = NULL; /* the last trap; the return from the one looked for */
    unsigned same = 0;

    for (uint64_t i = recorder_total(r); i-- > recorder_first(r) && same < LOOP_TRAPS;) {
        const struct event *e = recorder_at(r, i);
        if (e->kind == EVENT_ret)
            back = e;
        if (e->kind != EVENT_trap)
            continue;
        if (back ? back->a != e->pc : last != NULL)
            return;
        if (last && (e->pc != last->pc || e->cause != last->cause || e->tval != last->tval))
            return;
        last = last ? last : e;
        back = NULL;
        same++;
    }
    if (same < LOOP_TRAPS || (last->cause & CAUSE_INTERRUPT))
        return;
    text_add(out, "a loop of traps: the handler returns, and the same instruction traps again\n");
    explain_event(h, last, out);
}

void explain_stop(struct host *h, const struct event *e, struct text *out)
{
    size_t before = out->length;

    explain_shutdown(h, out);
    if (out->length == before)
        explain_trap_loop(h, out);
    if (out->length == before && e && (e->kind == EVENT_trap || e->kind == EVENT_exit))
        explain_event(h, e, out);
}
