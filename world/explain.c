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
 * table can: how the rule applies to these operands. Memory is in explain_memory.c.
 */
#include "world/explain.h"

#include <string.h>

#include "isa/csr.h"
#include "isa/disasm.h"
#include "isa/vmcb.h"
#include "trace/recorder.h"
#include "world/explain_story.h"
#include "world/view.h"

/* ---- where and what ----------------------------------------------------------------------- */

/* Of a vmrun, which is no trap. */
static bool is_exit(const struct event *e)
{
    return (e->cause & (CAUSE_EXIT | CAUSE_INTERRUPT)) == CAUSE_EXIT;
}

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
    if (is_exit(e))
        text_add(s->out, "exit: %.*s (exit code %u)\n", cause ? (int)strcspn(cause->text, ":") : 0,
                 cause ? cause->text : "", e->cause & ~CAUSE_EXIT);
    else
        text_add(s->out, "%s: %s (cause %u)\n", e->kind == EVENT_shutdown ? "error" : "trap",
                 cause ? cause->text : "unknown cause", e->cause & ~CAUSE_INTERRUPT);
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

/* A general register, right after the step. */
static word operand(const struct story *s, unsigned number)
{
    word value = machine_regs(host_machine(s->host))->x[number];

    if (s->event->context != 0) /* vmrun swaps one of them */
        view_guest(s->host, s->event->context, number, &value);
    return value;
}

static void tell_operand(const struct story *s, char letter, unsigned number, bool *any)
{
    if (!story_is_fresh(s) || !strchr(insn_info(s->insn.id)->syntax, letter) || number == 0)
        return;
    text_add(s->out, "%s%s = 0x%08x", *any ? ", " : "      ", register_name(number),
             operand(s, number));
    *any = true;
}

void explain_instruction(const struct story *s)
{
    bool any = false;

    text_add(s->out, "  %08x  ", s->event->pc);
    if (s->event->cause & CAUSE_INTERRUPT) {
        text_add(s->out, "is next: an interrupt comes between two instructions\n");
        return;
    }
    if (!s->event->insn && vmcb_plain_cause(s->event->cause) != CAUSE_illegal) {
        text_add(s->out, "(no instruction could be fetched)\n");
        return;
    }
    disasm_insn(s->out, s->event->insn, s->event->pc, NULL);
    tell_operand(s, 's', s->insn.rs1, &any);
    if (s->insn.rs2 != s->insn.rs1)
        tell_operand(s, 't', s->insn.rs2, &any);
    text_add(s->out, "\n");
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

/* A VM's kernel is in its own ring 0, and has done nothing wrong. */
static void tell_belief(const struct story *s)
{
    char name[32];
    word ring;

    if (s->event->context == 0 || !story_is_fresh(s) ||
        !view_guest(s->host, s->event->context, VIEW_RING, &ring))
        return;
    view_context_name(s->host, s->event->context, name, sizeof name);
    if (ring == 0)
        text_add(s->out, "  %s believes to be in ring 0: its monitor answers for the hardware\n",
                 name);
    else
        text_add(s->out, "  %s believes to be in ring %u: its own kernel gets the trap\n", name,
                 ring);
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
    tell_belief(s);
}

/* Code that only the monitor's table maps: the guest never put it there. */
static bool is_translation(const struct story *s)
{
    struct space own = {SPACE_GVA, s->event->context};
    word bits;

    return s->event->context != 0 && !view_read(s->host, own, s->event->pc, &bits, sizeof bits) &&
           view_fetch(s->host, s->event->context, s->event->pc, &bits);
}

static void tell_call(const struct story *s)
{
    word tvec = machine_regs(host_machine(s->host))->tvec;

    if (s->event->kind == EVENT_shutdown)
        text_add(s->out, "  ecall and hcall ask a handler for something: set tvec first\n");
    else if (is_translation(s))
        text_add(s->out, "  this is no code of the guest's: a translation that its monitor has "
                         "made calls the monitor\n");
    else if (story_is_fresh(s))
        text_add(s->out, "  it asks the handler at 0x%08x for number %u (a7)\n", tvec,
                 operand(s, 17));
}

/* What the number means to the monitor that comes with trapeze. */
static void tell_hypercall(const struct story *s)
{
    if (s->event->kind == EVENT_shutdown || !story_is_fresh(s)) {
        tell_call(s);
        return;
    }
    word asked = operand(s, 17);
    const struct hypercall_info *call = hypercall_info(asked);
    text_add(s->out, "  it asks its monitor for number %u (a7)\n", asked);
    if (call)
        text_add(s->out, "  trapeze help hypercall: %s %s: %s\n", call->name, call->arguments,
                 call->meaning);
}

/* In non-root mode a trap that cannot be taken ends the guest, not the machine. */
static void tell_guest_shutdown(const struct story *s)
{
    const struct cause_info *cause = cause_info(s->event->tval);

    text_add(s->out, "  its trap could not be taken: %s (cause %u), tval 0x%08x\n",
             cause ? cause->text : "unknown cause", s->event->tval, s->event->b);
    text_add(s->out, "  the guest's tvec is 0, cannot be fetched, or its handler traps at once\n");
}

/* ---- by cause ----------------------------------------------------------------------------- */

static const struct {
    word cause;
    void (*tell)(const struct story *s);
} rules[] = {
    {CAUSE_fetch_misaligned, explain_fetch_misaligned},
    {CAUSE_fetch_access, explain_fetch_access},
    {CAUSE_illegal, tell_illegal},
    {CAUSE_load_misaligned, explain_misaligned},
    {CAUSE_store_misaligned, explain_misaligned},
    {CAUSE_load_access, explain_access},
    {CAUSE_store_access, explain_access},
    {CAUSE_fetch_page, explain_walk},
    {CAUSE_load_page, explain_walk},
    {CAUSE_store_page, explain_walk},
    {CAUSE_privileged, tell_privileged},
    {CAUSE_ecall_ring0, tell_call},
    {CAUSE_ecall_ring1, tell_call},
    {CAUSE_ecall_ring2, tell_call},
    {CAUSE_ecall_ring3, tell_call},
    {CAUSE_hcall, tell_hypercall},
    {CAUSE_EXIT | EXIT_nested_fault, explain_nested_fault},
    {CAUSE_EXIT | EXIT_shutdown, tell_guest_shutdown},
};

/* Field, value, rule: what vmrun would not take. */
static void tell_refused(const struct story *s)
{
    const struct event *e = s->event;
    const struct vmcb_word_info *field = vmcb_word_info(e->tval);
    const struct vmcb_rule_info *rule = vmcb_rule_info(e->a);
    const struct line_row *row = view_line(s->host, e->context, e->pc);

    if (row)
        text_add(s->out, "%s:%u: ", row->file, row->line);
    text_add(s->out, "vmrun refuses this VMCB, and nothing was run\n");
    explain_instruction(s);
    text_add(s->out, "  field %s at 0x%03x (%s) = 0x%08x\n", field ? field->name : "without a name",
             e->tval, field ? field->meaning : "none", e->b);
    text_add(s->out, "  rule %s: %s\n", rule ? rule->name : "?", rule ? rule->text : "?");
}

static void drop_newline(struct text *out)
{
    if (out->length && out->data[out->length - 1] == '\n')
        out->data[--out->length] = '\0';
}

/* Of what is no trap. */
static const struct {
    enum event_kind kind;
    void (*tell)(const struct story *s);
} others[] = {
    {EVENT_refused, tell_refused},
    {EVENT_hole, explain_hole},
    {EVENT_escape, explain_escape},
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
    for (unsigned i = 0; i < COUNT_OF(others); i++) {
        if (others[i].kind == e->kind) {
            others[i].tell(&s);
            drop_newline(out);
            return;
        }
    }
    tell_place(&s);
    explain_instruction(&s);
    for (unsigned i = 0; i < COUNT_OF(rules); i++)
        if (rules[i].cause == vmcb_plain_cause(e->cause))
            rules[i].tell(&s);
    if (e->kind == EVENT_shutdown)
        text_add(out, "  so the machine stopped: %s",
                 machine_shutdown_text((enum machine_shutdown)e->a));
    else
        drop_newline(out);
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

/* What the step before has ended in, if it can be explained; NULL: it cannot. */
static const struct event *last_told(struct host *h)
{
    static const uint32_t told = EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_exit) |
                                 EVENT_BIT(EVENT_refused) | EVENT_BIT(EVENT_hole) |
                                 EVENT_BIT(EVENT_escape);
    const struct recorder *r = host_recorder(h);
    uint64_t now = machine_icount(host_machine(h));

    for (uint64_t i = recorder_total(r); i-- > recorder_first(r);) {
        const struct event *e = recorder_at(r, i);
        if (e->icount + 1 < now)
            return NULL;
        if (told & EVENT_BIT(e->kind))
            return e;
    }
    return NULL;
}

void explain_stop(struct host *h, struct text *out)
{
    const struct event *e = last_told(h);

    if (!explain_end(h, out) && e)
        explain_event(h, e, out);
}

bool explain_end(struct host *h, struct text *out)
{
    size_t before = out->length;

    explain_shutdown(h, out);
    if (out->length == before)
        explain_trap_loop(h, out);
    return out->length > before;
}
