/*
 * The escape oracle at events: under binary translation the guest is compared where its own
 * instructions have an effect that others see, at each trap that its monitor delivers to it.
 *
 *   routine   the monitor is about to answer an instruction of the guest, at the guest's pc
 *   enter     it has: if pc has moved on, what the instruction read goes to the answers
 *   reflect   a trap stands in the guest's registers: the reference runs to the same trap, its own
 *             where it is the program's, the one that came from outside where the guest took it
 *
 * Everything here is read from what the monitor publishes while it runs, not from the processor:
 * that has a translation's pc.
 */
#include "isa/csr.h"
#include "isa/disasm.h"
#include "world/host.h"
#include "world/oracle_parts.h"
#include "world/view.h"

#include <stdlib.h>

#define FAR 20000000u /* steps of the reference between two traps, at most */

/* ---- answers from outside ------------------------------------------------------------------- */

static bool is_load(const struct insn *i)
{
    return insn_info(i->id)->format == FORMAT_LOAD;
}

/* The instruction that the monitor's routine answers, if it may ask the outside world. */
static void note_routine(struct oracle *o)
{
    struct space gva_space = {SPACE_GVA, o->context};
    word pc, bits, rs1 = 0;

    o->asking = false;
    if (!oracle_kept(o, VIEW_PC, &pc) || !view_read(o->host, gva_space, pc, &bits, sizeof bits))
        return;
    struct insn i = insn_decode(bits);
    if (i.rs1)
        oracle_kept(o, i.rs1, &rs1);
    if (!i.rd || !(is_load(&i) || oracle_asks(&i, rs1)))
        return;
    o->asking = true;
    o->asked_pc = pc;
    o->asked_rd = i.rd;
}

static bool add_answer(struct oracle *o, struct oracle_answer a)
{
    if (o->answer_count == o->answer_room) {
        size_t room = o->answer_room ? 2 * o->answer_room : 256;
        struct oracle_answer *more = realloc(o->answers, room * sizeof *more);

        if (!more)
            return false;
        o->answers = more;
        o->answer_room = room;
    }
    o->answers[o->answer_count++] = a;
    return true;
}

/* It was answered, and did not trap, when the guest is behind it now. */
static void note_answer(struct oracle *o, gva now)
{
    struct oracle_answer a = {.pc = o->asked_pc};

    if (o->asking && now == o->asked_pc + 4 && oracle_kept(o, o->asked_rd, &a.value))
        add_answer(o, a);
    o->asking = false;
}

/* Loads of RAM that the monitor carried out stand among the answers too: the reference does not ask. Without an
 * answer the comparison will tell. */
static void use_answer(struct oracle *o, unsigned rd)
{
    while (o->first_answer < o->answer_count && o->answers[o->first_answer].pc != o->pc)
        o->first_answer++;
    if (o->first_answer == o->answer_count)
        return;
    struct cpu_regs r = *machine_regs(o->reference);
    r.x[rd] = o->answers[o->first_answer++].value;
    machine_set_regs(o->reference, &r);
    if (o->first_answer == o->answer_count)
        o->first_answer = o->answer_count = 0;
}

/* ---- the reference ---------------------------------------------------------------------------- */

/* One step. True: it trapped, or has ended. */
static bool step(struct oracle *o)
{
    struct machine *m = o->reference;
    word bits = 0;

    o->pc = machine_regs(m)->pc;
    machine_read_virtual(m, o->pc, &bits, sizeof bits);
    o->insn = bits;
    struct insn i = insn_decode(bits);
    bool asks = oracle_asks(&i, machine_regs(m)->x[i.rs1]);
    o->asked = o->trapped = false;
    machine_run(m, 1);
    o->report.steps++;
    if (o->trapped || machine_state(m) != MACHINE_READY)
        return true;
    if ((asks || (o->asked && is_load(&i))) && i.rd)
        use_answer(o, i.rd);
    return false;
}

/* To the place at which the guest took its interrupt. False: there is none. */
static bool run_to_interrupt(struct oracle *o, const struct oracle_state *guest)
{
    struct oracle_state reference;

    for (uint64_t n = 0; n < FAR; n++) {
        if (machine_regs(o->reference)->pc == oracle_value(o, guest, CSR_epc)) {
            oracle_reference(o, &reference);
            if (oracle_trapped_there(o, guest, &reference))
                return true;
        }
        if (step(o))
            return false;
    }
    return false;
}

static bool run_to_trap(struct oracle *o)
{
    for (uint64_t n = 0; n < FAR; n++)
        if (step(o))
            return true;
    return false;
}

static void compare(struct oracle *o, const struct event *e)
{
    struct oracle_state guest, reference;

    if (!oracle_guest(o, &guest))
        return;
    word cause = oracle_value(o, &guest, CSR_cause);
    note_answer(o, oracle_value(o, &guest, CSR_epc));
    if (!(cause & CAUSE_INTERRUPT))
        run_to_trap(o);
    else if (run_to_interrupt(o, &guest))
        machine_take(o->reference, cause);
    oracle_reference(o, &reference);
    unsigned at = oracle_difference(o, &guest, &reference);
    if (at < o->count)
        oracle_escape(o, e, at, &guest, &reference);
}

void oracle_finish_events(struct oracle *o)
{
    if (o->report.escaped)
        return;
    for (uint64_t n = 0; n < FAR && machine_state(o->reference) == MACHINE_READY; n++)
        step(o);
}

/* ---- the watch -------------------------------------------------------------------------------- */

void oracle_watch_events(struct oracle *o, const struct event *e)
{
    const struct context *k = view_context(o->host, o->context);
    word pc;

    if (e->context != k->parent)
        return;
    if (e->a == HINT_routine && !o->asking)
        note_routine(o);
    else if (e->a == HINT_reflect && e->b == k->vmid)
        compare(o, e);
    else if (e->a == HINT_enter && e->b == k->vmid && oracle_kept(o, VIEW_PC, &pc))
        note_answer(o, pc);
}
