/*
 * Explanations of what did not trap: a hole of the classic machine, and the escape that the
 * oracle finds behind it.
 *
 *   ops.h:18: a hole: this instruction is sensitive, and does not trap
 *     8000481c  csrrci a0, status, 1
 *     in ring 1 it reads what is real, 0x0000041e, and of a write only UF remains (x86: ...)
 *     os has 0x00000000 in its own status
 *     so no monitor hears of it; on a strict machine it is trap cause 24
 */
#include "isa/csr.h"
#include "isa/insn.h"
#include "trace/recorder.h"
#include "world/explain_story.h"
#include "world/host.h"
#include "world/view.h"

static void tell_csr(const struct story *s, const struct csr_info *csr)
{
    word own;
    char name[32];

    if (csr->hole == CSR_HOLE_READ_UF)
        text_add(s->out,
                 "  in ring %u it reads what is real, 0x%08x, and of a write only UF remains (x86: "
                 "SMSW, PUSHF, POPF)\n",
                 s->event->ring_from, s->event->a);
    else
        text_add(s->out, "  in ring %u it reads what is real, 0x%08x (x86: SIDT, SGDT, STR)\n",
                 s->event->ring_from, s->event->a);
    if (s->event->context == 0 || !story_is_fresh(s) ||
        !view_guest(s->host, s->event->context, csr->number, &own))
        return;
    view_context_name(s->host, s->event->context, name, sizeof name);
    text_add(s->out, "  %s has 0x%08x in its own %s\n", name, own, csr->name);
}

static void tell_rule(const struct story *s)
{
    const struct csr_info *csr = s->insn.csr ? csr_info(s->insn.csr) : NULL;

    if (csr)
        tell_csr(s, csr);
    else if (s->insn.id == INSN_probe)
        text_add(s->out, "  it answers for the real ring, %u (x86: VERR, VERW, LAR)\n",
                 s->event->ring_from);
    else
        text_add(s->out, "  it answers with what is real, 0x%08x (x86: CPUID)\n", s->event->a);
    text_add(s->out, "  so no monitor hears of it; on a strict machine it is trap cause 24\n");
}

static void tell_headline(const struct story *s, const char *what)
{
    const struct line_row *row = view_line(s->host, s->event->context, s->event->pc);

    if (row)
        text_add(s->out, "%s:%u: ", row->file, row->line);
    text_add(s->out, "%s\n", what);
    explain_instruction(s);
}

void explain_hole(const struct story *s)
{
    tell_headline(s, "a hole: this instruction is sensitive, and does not trap");
    tell_rule(s);
}

/* The hole by which the guest has escaped: at the same instruction, right before. */
static const struct event *hole_of(const struct story *s)
{
    const struct recorder *r = &s->host->recorder;

    for (uint64_t i = recorder_total(r); i-- > recorder_first(r);) {
        const struct event *e = recorder_at(r, i);
        if (e->icount + 1 < s->event->icount)
            return NULL;
        if (e->kind == EVENT_hole && e->pc == s->event->pc)
            return e;
    }
    return NULL;
}

void explain_escape(const struct story *s)
{
    tell_headline(s, "escape: the guest is not as it would be on bare hardware");
    text_add(s->out, "  %s is 0x%08x in the guest and 0x%08x on bare hardware\n",
             view_register_name(s->event->tval), s->event->a, s->event->b);
    struct story hole = *s;
    hole.event = hole_of(s);
    if (hole.event)
        tell_rule(&hole);
}
