/*
 * The escape oracle; see oracle.h.
 *
 * By instructions: the machine announces each guest instruction before it runs. Between two announcements the
 * guest has done one of these, and the reference follows:
 *
 *   nothing           it trapped to the monitor, which mended something; it will try again
 *   one instruction   directly, or by the monitor's hand; or a trap of its own
 *   one of these, and then what is not announced: an interrupt, or a fetch that faults
 *
 * Which of them is seen by comparing: the reference stands before the instruction that was
 * announced last, so equal states after an exit mean that nothing was done.
 */
#include "world/oracle.h"

#include "base/text.h"
#include "isa/boot.h"
#include "isa/csr.h"
#include "isa/disasm.h"
#include "isa/insn.h"
#include "isa/paging.h"
#include "world/host.h"
#include "world/oracle_parts.h"
#include "world/view.h"

#include <stdlib.h>
#include <string.h>

#define GENERAL     32 /* the first registers: x1 to x31, and pc */
#define UNANNOUNCED 2  /* an interrupt, and its handler cannot be fetched */

/* ---- states -------------------------------------------------------------------------------- */

/* ip is wires, mostly: what comes from outside. */
static void choose_registers(struct oracle *o)
{
    for (word x = 1; x < 32; x++)
        o->registers[o->count++] = x;
    o->registers[o->count++] = VIEW_PC;
    o->registers[o->count++] = VIEW_RING;
    for (unsigned i = 0; i < csr_count; i++)
        if (csr_table[i].kind == CSR_KIND_CONTROL && csr_table[i].number != CSR_ip)
            o->registers[o->count++] = csr_table[i].number;
}

bool oracle_kept(const struct oracle *o, word reg, word *value)
{
    hpa where;

    return view_kept(o->host, o->context, reg, &where) &&
           machine_read(o->host->machine, where, value, sizeof *value);
}

bool oracle_guest(const struct oracle *o, struct oracle_state *s)
{
    s->unknown = 0;
    for (unsigned i = 0; i < o->count; i++) {
        word reg = o->registers[i];
        bool known = o->by_events && reg == VIEW_PC
                         ? oracle_kept(o, reg, &s->value[i])
                         : view_guest(o->host, o->context, reg, &s->value[i]);
        if (!known)
            s->unknown |= (uint64_t)1 << i;
    }
    return !(s->unknown & ((uint64_t)1 << GENERAL) - 1);
}

void oracle_reference(const struct oracle *o, struct oracle_state *s)
{
    const struct cpu_regs *r = machine_regs(o->reference);

    for (unsigned i = 0; i < o->count; i++) {
        word reg = o->registers[i];

        if (reg < 32)
            s->value[i] = r->x[reg];
        else if (reg == VIEW_PC)
            s->value[i] = r->pc;
        else if (reg == VIEW_RING)
            s->value[i] = r->ring;
        else
            machine_csr_read(o->reference, reg, &s->value[i]);
    }
}

word oracle_value(const struct oracle *o, const struct oracle_state *s, word reg)
{
    for (unsigned i = 0; i < o->count; i++)
        if (o->registers[i] == reg)
            return s->value[i];
    return 0; /* x0 */
}

/* The first register that differs, else o->count. */
unsigned oracle_difference(const struct oracle *o, const struct oracle_state *guest,
                           const struct oracle_state *reference)
{
    unsigned i = 0;

    while (i < o->count && (guest->value[i] == reference->value[i] || (guest->unknown >> i & 1)))
        i++;
    return i;
}

/* Is the guest in its handler because of something between instructions, where the reference
 * stands? */
bool oracle_trapped_there(const struct oracle *o, const struct oracle_state *guest,
                          const struct oracle_state *reference)
{
    word cause = oracle_value(o, guest, CSR_cause);

    for (word x = 1; x < 32; x++)
        if (oracle_value(o, guest, x) != oracle_value(o, reference, x))
            return false;
    return ((cause & CAUSE_INTERRUPT) || cause == CAUSE_fetch_access ||
            cause == CAUSE_fetch_page) &&
           oracle_value(o, guest, VIEW_PC) == oracle_value(o, guest, CSR_tvec) &&
           oracle_value(o, guest, CSR_epc) == oracle_value(o, reference, VIEW_PC);
}

/* ---- one step of the reference -------------------------------------------------------------- */

static bool reads_counter_or_wires(const struct insn *i)
{
    const struct csr_info *csr = csr_info(i->csr);

    return csr && (csr->kind == CSR_KIND_COUNTER || csr->number == CSR_ip);
}

bool oracle_asks(const struct insn *i, word rs1)
{
    switch (i->id) {
    case INSN_csrrw:
    case INSN_csrrs:
    case INSN_csrrc:
    case INSN_csrrwi:
    case INSN_csrrsi:
    case INSN_csrrci:
        return reads_counter_or_wires(i);
    case INSN_pin:
        return true;
    case INSN_cpuid: /* leaf 0 is the ISA's; the others say what this machine is */
        return rs1 != 0;
    default:
        return false;
    }
}

/* The instruction that was announced, on the reference; what it asks of the outside world is answered as
 * the guest was answered. */
static void follow(struct oracle *o, const struct oracle_state *guest)
{
    struct insn i = insn_decode(o->insn);
    bool asks = oracle_asks(&i, machine_regs(o->reference)->x[i.rs1]);
    uint64_t retired = machine_instret(o->reference);

    o->asked = false;
    machine_run(o->reference, 1);
    o->report.steps++;
    if (machine_instret(o->reference) == retired || !(asks || o->asked) || i.rd == 0)
        return;
    struct cpu_regs r = *machine_regs(o->reference);
    r.x[i.rd] = oracle_value(o, guest, i.rd);
    machine_set_regs(o->reference, &r);
}

/* An interrupt comes from outside. A fetch must fault here by itself. */
static void take_trap(struct oracle *o, const struct oracle_state *guest)
{
    word cause = oracle_value(o, guest, CSR_cause);

    if (cause & CAUSE_INTERRUPT)
        machine_take(o->reference, cause);
    else
        machine_run(o->reference, 1);
    o->report.steps++;
}

/* ---- the watch ----------------------------------------------------------------------------- */

void oracle_escape(struct oracle *o, const struct event *e, unsigned index,
                   const struct oracle_state *guest, const struct oracle_state *reference)
{
    struct oracle_report *r = &o->report;
    struct event told = *e;

    r->escaped = true;
    r->icount = e->icount;
    r->pc = o->pc;
    r->insn = o->insn;
    r->reg = o->registers[index];
    r->guest = guest->value[index];
    r->reference = reference->value[index];
    trace_set_mask(machine_trace(o->host->machine), &o->watcher, 0);
    told.kind = EVENT_escape;
    told.pc = r->pc;
    told.insn = r->insn;
    told.cause = 0;
    told.tval = r->reg;
    told.a = r->guest;
    told.b = r->reference;
    trace_publish(machine_trace(o->host->machine), &told);
    host_stop(o->host);
}

/* The reference does what the guest has done since the last announcement. Returns the first
 * difference that is left, as oracle_difference does. */
static unsigned catch_up(struct oracle *o, const struct oracle_state *guest,
                         struct oracle_state *reference)
{
    oracle_reference(o, reference);
    unsigned at = oracle_difference(o, guest, reference);
    if (!o->begun || (o->exited && at == o->count))
        return at;
    if (!o->exited || !oracle_trapped_there(o, guest, reference)) {
        follow(o, guest);
        oracle_reference(o, reference);
        at = oracle_difference(o, guest, reference);
    }
    for (unsigned i = 0;
         i < UNANNOUNCED && at < o->count && oracle_trapped_there(o, guest, reference); i++) {
        take_trap(o, guest);
        oracle_reference(o, reference);
        at = oracle_difference(o, guest, reference);
    }
    return at;
}

/* A guest instruction is about to run: the reference must be where the guest is. */
static void compare(struct oracle *o, const struct event *e)
{
    struct oracle_state guest, reference;

    if (!oracle_guest(o, &guest))
        return;
    unsigned at = catch_up(o, &guest, &reference);
    if (at < o->count) {
        oracle_escape(o, e, at, &guest, &reference);
        return;
    }
    o->begun = true;
    o->exited = false;
    o->pc = e->pc;
    o->insn = e->insn;
}

static void watch(void *user, const struct event *e)
{
    struct oracle *o = user;

    if (o->host->silent)
        return;
    if (o->by_events)
        oracle_watch_events(o, e);
    else if (e->context != o->context)
        return;
    else if (e->kind == EVENT_exit)
        o->exited = true;
    else
        compare(o, e);
}

static void ask(void *user, const struct event *e)
{
    struct oracle *o = user;

    if (e->kind == EVENT_trap)
        o->trapped = true;
    else
        o->asked = true;
}

/* ---- making the reference -------------------------------------------------------------------- */

static int ram_size(const struct oracle *o, word *size, struct error *err)
{
    struct space gpa = {SPACE_GPA, o->context};
    struct boot_page boot;
    word page;

    if (view_guest(o->host, o->context, 11, &page) &&
        view_read(o->host, gpa, page, &boot, sizeof boot) && boot.magic == BOOT_MAGIC &&
        boot.ram_base == RAM_BASE) {
        *size = boot.ram_size;
        return 0;
    }
    return error_set(
        err, ERROR_input,
        "the oracle must watch from the guest's first instruction on: its a1 leads to "
        "no boot page (begin at its first entry, or by events at its first hint enter)");
}

/* Pages that the monitor has not given it yet are zero in both. */
static void copy_ram(const struct oracle *o, word size)
{
    struct space gpa = {SPACE_GPA, o->context};
    uint8_t page[PAGE_SIZE];

    for (word done = 0; done < size; done += PAGE_SIZE)
        if (view_read(o->host, gpa, RAM_BASE + done, page, sizeof page))
            machine_write(o->reference, RAM_BASE + done, page, sizeof page);
}

static int copy_registers(const struct oracle *o, struct error *err)
{
    struct cpu_regs r = {0};
    struct oracle_state s;

    if (!oracle_guest(o, &s))
        return error_set(
            err, ERROR_input,
            "the oracle needs the registers of the VM, which its monitor does not publish");
    for (word x = 1; x < 32; x++)
        r.x[x] = oracle_value(o, &s, x);
    r.pc = oracle_value(o, &s, VIEW_PC);
    r.ring = oracle_value(o, &s, VIEW_RING);
    machine_set_regs(o->reference, &r);
    for (unsigned i = 0; i < o->count; i++)
        if (o->registers[i] > VIEW_RING && !(s.unknown >> i & 1))
            machine_csr_write(o->reference, o->registers[i], s.value[i]);
    return 0;
}

static int make_reference(struct oracle *o, struct error *err)
{
    struct machine_config config = machine_config_default();
    word size = 0;
    int code = ram_size(o, &size, err);

    if (code)
        return code;
    config.classic = machine_config(o->host->machine)->classic;
    config.ram_size = size;
    code = machine_new(&o->reference, &config, err);
    if (code)
        return code;
    machine_follow(o->reference);
    copy_ram(o, size);
    return copy_registers(o, err);
}

int oracle_start(struct host *h, uint16_t context, enum oracle_by by, struct error *err)
{
    if (context == 0)
        return error_set(err, ERROR_input, "the oracle watches a VM, not the machine itself");
    struct oracle *o = calloc(1, sizeof *o);
    if (!o)
        return error_set(err, ERROR_memory, "out of memory");
    o->host = h;
    o->context = context;
    o->by_events = by == ORACLE_BY_EVENTS;
    choose_registers(o);
    int code = make_reference(o, err);
    if (code) {
        machine_free(o->reference);
        free(o);
        return code;
    }
    oracle_stop(h);
    h->oracle = o;
    o->outside = (struct trace_subscriber){
        .mask = EVENT_BIT(EVENT_mmio) | EVENT_BIT(EVENT_trap), .fn = ask, .user = o};
    trace_attach(machine_trace(o->reference), &o->outside);
    o->watcher = (struct trace_subscriber){.mask = o->by_events ? EVENT_BIT(EVENT_hint)
                                                                : EVENT_BIT(EVENT_insn) |
                                                                      EVENT_BIT(EVENT_exit),
                                           .fn = watch,
                                           .user = o};
    trace_attach(machine_trace(h->machine), &o->watcher);
    return 0;
}

void oracle_stop(struct host *h)
{
    struct oracle *o = h->oracle;

    if (!o)
        return;
    trace_detach(machine_trace(h->machine), &o->watcher);
    machine_free(o->reference);
    free(o->answers);
    free(o);
    h->oracle = NULL;
}

const struct oracle_report *oracle_report(const struct host *h)
{
    return h->oracle ? &h->oracle->report : NULL;
}

bool oracle_memory(const struct host *h, gpa *where)
{
    struct oracle *o = h->oracle;
    struct oracle_state state, reference;
    struct space gpa = {SPACE_GPA, o->context};
    word size = machine_config(o->reference)->ram_size;
    word guest[PT_ENTRIES], bare[PT_ENTRIES];

    /* Its last instruction may have ended it: nothing is announced behind that. */
    if (o->by_events)
        oracle_finish_events(o);
    else if (oracle_guest(o, &state))
        catch_up(o, &state, &reference);
    for (word done = 0; done < size; done += PAGE_SIZE) {
        if (!view_read(h, gpa, RAM_BASE + done, guest, sizeof guest))
            memset(guest, 0, sizeof guest);
        machine_read(o->reference, RAM_BASE + done, bare, sizeof bare);
        for (unsigned i = 0; i < PT_ENTRIES; i++) {
            if (guest[i] == bare[i])
                continue;
            *where = RAM_BASE + done + i * 4;
            return false;
        }
    }
    return true;
}

const char *oracle_text(const struct host *h, char *buffer, size_t size)
{
    const struct oracle_report *r = oracle_report(h);
    struct text t = text_init(buffer, size);

    if (!r || !r->escaped)
        return buffer;
    text_add(&t, "%s is %08x in the guest and %08x on bare hardware, after ",
             view_register_name(r->reg), r->guest, r->reference);
    disasm_insn(&t, r->insn, r->pc, NULL);
    return buffer;
}
