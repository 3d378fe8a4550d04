/*
 * The escape oracle; see oracle.h.
 *
 * The machine announces each guest instruction before it runs. Between two announcements the
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
#include "world/view.h"

#include <stdlib.h>
#include <string.h>

#define REGISTERS_MAX 64
#define GENERAL       32 /* the first ones: x1 to x31, and pc */
#define UNANNOUNCED   2  /* an interrupt, and its handler cannot be fetched */

/* Values of the registers that are compared, in the order of oracle.registers. */
struct state {
    word value[REGISTERS_MAX];
    uint64_t unknown; /* bit: of this register nobody knows now what it is for the guest */
};

struct oracle {
    struct host *host;
    uint16_t context;
    struct machine *reference;
    struct trace_subscriber watcher; /* of the host's machine */
    struct trace_subscriber outside; /* of the reference: it asks a device */
    word registers[REGISTERS_MAX];   /* view.h */
    unsigned count;
    struct oracle_report report;

    bool asked;  /* the reference's instruction read a device register */
    bool begun;  /* the instruction before which the reference stands was announced */
    bool exited; /* and since then the guest has left for its monitor */
    gva pc;      /* of that instruction */
    word insn;
};

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

static bool guest_state(const struct oracle *o, struct state *s)
{
    s->unknown = 0;
    for (unsigned i = 0; i < o->count; i++)
        if (!view_guest(o->host, o->context, o->registers[i], &s->value[i]))
            s->unknown |= (uint64_t)1 << i;
    return !(s->unknown & ((uint64_t)1 << GENERAL) - 1);
}

static void reference_state(const struct oracle *o, struct state *s)
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

static word value_of(const struct oracle *o, const struct state *s, word reg)
{
    for (unsigned i = 0; i < o->count; i++)
        if (o->registers[i] == reg)
            return s->value[i];
    return 0; /* x0 */
}

/* The first register that differs, else o->count. */
static unsigned difference(const struct oracle *o, const struct state *guest,
                           const struct state *reference)
{
    unsigned i = 0;

    while (i < o->count && (guest->value[i] == reference->value[i] || (guest->unknown >> i & 1)))
        i++;
    return i;
}

/* Is the guest in its handler because of something between instructions, where the reference
 * stands? */
static bool is_trapped_there(const struct oracle *o, const struct state *guest,
                             const struct state *reference)
{
    word cause = value_of(o, guest, CSR_cause);

    for (word x = 1; x < 32; x++)
        if (value_of(o, guest, x) != value_of(o, reference, x))
            return false;
    return ((cause & CAUSE_INTERRUPT) || cause == CAUSE_fetch_access ||
            cause == CAUSE_fetch_page) &&
           value_of(o, guest, VIEW_PC) == value_of(o, guest, CSR_tvec) &&
           value_of(o, guest, CSR_epc) == value_of(o, reference, VIEW_PC);
}

/* ---- one step of the reference -------------------------------------------------------------- */

static bool reads_counter_or_wires(const struct insn *i)
{
    const struct csr_info *csr = csr_info(i->csr);

    return csr && (csr->kind == CSR_KIND_COUNTER || csr->number == CSR_ip);
}

/* Does the result of the instruction come from outside the guest's own program? */
static bool asks_outside(const struct oracle *o, const struct insn *i)
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
        return machine_regs(o->reference)->x[i->rs1] != 0;
    default:
        return o->asked;
    }
}

/* The instruction that was announced, on the reference; what it asks of the outside world is answered as
 * the guest was answered. */
static void follow(struct oracle *o, const struct state *guest)
{
    struct insn i = insn_decode(o->insn);
    bool asks = asks_outside(o, &i);
    uint64_t retired = machine_instret(o->reference);

    o->asked = false;
    machine_run(o->reference, 1);
    o->report.steps++;
    if (machine_instret(o->reference) == retired || !(asks || o->asked) || i.rd == 0)
        return;
    struct cpu_regs r = *machine_regs(o->reference);
    r.x[i.rd] = value_of(o, guest, i.rd);
    machine_set_regs(o->reference, &r);
}

/* An interrupt comes from outside. A fetch must fault here by itself. */
static void take_trap(struct oracle *o, const struct state *guest)
{
    word cause = value_of(o, guest, CSR_cause);

    if (cause & CAUSE_INTERRUPT)
        machine_take(o->reference, cause);
    else
        machine_run(o->reference, 1);
    o->report.steps++;
}

/* ---- the watch ----------------------------------------------------------------------------- */

static void escape(struct oracle *o, const struct event *e, unsigned index,
                   const struct state *guest, const struct state *reference)
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
 * difference that is left, as difference() does. */
static unsigned catch_up(struct oracle *o, const struct state *guest, struct state *reference)
{
    reference_state(o, reference);
    unsigned at = difference(o, guest, reference);
    if (!o->begun || (o->exited && at == o->count))
        return at;
    if (!o->exited || !is_trapped_there(o, guest, reference)) {
        follow(o, guest);
        reference_state(o, reference);
        at = difference(o, guest, reference);
    }
    for (unsigned i = 0; i < UNANNOUNCED && at < o->count && is_trapped_there(o, guest, reference);
         i++) {
        take_trap(o, guest);
        reference_state(o, reference);
        at = difference(o, guest, reference);
    }
    return at;
}

/* A guest instruction is about to run: the reference must be where the guest is. */
static void compare(struct oracle *o, const struct event *e)
{
    struct state guest, reference;

    if (!guest_state(o, &guest))
        return;
    unsigned at = catch_up(o, &guest, &reference);
    if (at < o->count) {
        escape(o, e, at, &guest, &reference);
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

    if (e->context != o->context || o->host->silent)
        return;
    if (e->kind == EVENT_exit)
        o->exited = true;
    else
        compare(o, e);
}

static void ask(void *user, const struct event *e)
{
    struct oracle *o = user;

    (void)e;
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
    return error_set(err, ERROR_input,
                     "the oracle must watch from the guest's first instruction on: its a1 leads to "
                     "no boot page (stop at the VM's first entry, and start it there)");
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
    struct state s;

    if (!guest_state(o, &s))
        return error_set(
            err, ERROR_input,
            "the oracle needs the registers of the VM, which its monitor does not publish");
    for (word x = 1; x < 32; x++)
        r.x[x] = value_of(o, &s, x);
    r.pc = value_of(o, &s, VIEW_PC);
    r.ring = value_of(o, &s, VIEW_RING);
    machine_set_regs(o->reference, &r);
    for (unsigned i = 0; i < o->count; i++)
        if (o->registers[i] > VIEW_RING && !(s.unknown >> i & 1))
            machine_csr_write(o->reference, o->registers[i], s.value[i]);
    return 0;
}

static int make_reference(struct oracle *o, struct error *err)
{
    struct machine_config config = machine_config_default();
    word size;
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

int oracle_start(struct host *h, uint16_t context, struct error *err)
{
    if (context == 0)
        return error_set(err, ERROR_input, "the oracle watches a VM, not the machine itself");
    struct oracle *o = calloc(1, sizeof *o);
    if (!o)
        return error_set(err, ERROR_memory, "out of memory");
    o->host = h;
    o->context = context;
    choose_registers(o);
    int code = make_reference(o, err);
    if (code) {
        machine_free(o->reference);
        free(o);
        return code;
    }
    oracle_stop(h);
    h->oracle = o;
    o->outside = (struct trace_subscriber){.mask = EVENT_BIT(EVENT_mmio), .fn = ask, .user = o};
    trace_attach(machine_trace(o->reference), &o->outside);
    o->watcher = (struct trace_subscriber){
        .mask = EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_exit), .fn = watch, .user = o};
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
    struct state state, reference;
    struct space gpa = {SPACE_GPA, o->context};
    word size = machine_config(o->reference)->ram_size;
    word guest[PT_ENTRIES], bare[PT_ENTRIES];

    /* Its last instruction may have ended it: nothing is announced behind that. */
    if (guest_state(o, &state))
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
