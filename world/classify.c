/*
 * The classifier of classify.h.
 *
 * A trial is one instruction from one state:
 *
 *   ring         0 to 3
 *   location     where in RAM the page tables and pages lie; virtual addresses are the same
 *   operands     a row of `operands`: values of rs1 and rs2, the immediate, PRING
 *
 * and its outcome: did it complete, the registers behind it, and whether the TLB, a device or
 * the waiting time was touched. Every trial begins from one snapshot of a new machine, so that
 * none can see another's TLB.
 */
#include "world/classify.h"

#include <stdio.h>
#include <string.h>

#include "isa/disasm.h"
#include "isa/paging.h"
#include "machine/machine.h"
#include "machine/snapshot.h"

#define RINGS     4
#define LOCATIONS 2

/* The virtual pages: code, a page for each PL that data operands point to, all RWX. */
#define CODE      0x00400000u
#define DATA      0x00401000u /* PL 3 */
#define INNER     0x00402000u /* PL 0, 1, 2: three pages */
#define PAGES     5u

#define DATA_WORD 0x01234567u
#define ALARM     1000u /* cycle of the timer that ends a wait */

struct operands {
    word rs1, rs2;
    int32_t imm;
    word pring;
    bool no_register; /* rs1 is x0 */
};

static const struct operands operand_table[] = {
    {DATA, 5, 0, 3, false},
    {DATA + 4, DATA, 4, 0, false},
    {INNER, 1, 0, 3, false},
    {INNER + PAGE_SIZE, 0xffffffff, 8, 3, false},
    {INNER + 2 * PAGE_SIZE, 0x80000000, 0, 3, false},
    {0xffffffff, 0, 31, 3, false},
    {0, 0, 0, 3, true},
    {1, 2, 1, 1, false},
    {0x40000000, 0x3f8, 16, 3, false},
    {0x3f8, 'x', 16, 3, false},
};
#define SAMPLES COUNT_OF(operand_table)

struct outcome {
    bool completed;
    word cause; /* of the trap, when it did not */
    struct cpu_regs before, after;
    word data[2]; /* of the page at DATA */
    bool tlb, device, waited;
};

struct trial {
    const struct classified *row;
    const struct operands *operands;
    word bits;
    unsigned ring, location;
    struct outcome outcome;
};

static void on_event(void *user, const struct event *e)
{
    struct outcome *o = user;

    switch (e->kind) {
    case EVENT_trap:
        o->completed = false;
        o->cause = e->cause;
        break;
    case EVENT_tlb:
        o->tlb |= (e->b & 4) != 0;
        break;
    case EVENT_wait:
        o->waited = true;
        break;
    default:
        o->device = true;
    }
}

/* The word of a trial; false when the row's format has no room for these operands. */
static bool make_word(const struct classified *row, const struct operands *o, word *bits)
{
    struct insn i = {.id = row->insn,
                     .rd = 10,
                     .rs1 = o->no_register ? 0 : 11,
                     .rs2 = 12,
                     .csr = row->csr ? (uint16_t)row->csr->number : 0,
                     .imm = o->imm};
    word without_imm;

    if (insn_encode(&i, bits))
        return true;
    i.imm = 0;
    if (!insn_encode(&i, &without_imm))
        return false;
    *bits = without_imm;
    return true;
}

static bool put(struct machine *m, hpa address, word value)
{
    return machine_write(m, address, &value, sizeof value);
}

/* Tables and pages from `base` on; the root page number into *root. */
static bool make_memory(struct machine *m, hpa base, word bits, word *root)
{
    hpa table = base + PAGE_SIZE, pages = base + 2 * PAGE_SIZE;
    bool ok = put(m, base + 4 * PT_INDEX1(CODE), (table & PAGE_MASK) | PTE_V);

    for (unsigned i = 0; i < PAGES; i++) {
        unsigned ring = i < 2 ? 3 : i - 2;
        word entry = ((pages + i * PAGE_SIZE) & PAGE_MASK) | PTE_V | PTE_R | PTE_W | PTE_X | PTE_A |
                     PTE_D | PTE_PL_OF(ring);
        ok = ok && put(m, table + 4 * (PT_INDEX0(CODE) + i), entry);
        ok = ok && put(m, pages + i * PAGE_SIZE, DATA_WORD);
    }
    *root = base >> PAGE_SHIFT;
    return ok && put(m, pages, bits);
}

static struct cpu_regs make_regs(const struct trial *t, word root)
{
    struct cpu_regs r = {.pc = CODE, .ring = t->ring};

    for (unsigned i = 1; i < 32; i++)
        r.x[i] = 0x1000 + i;
    r.x[11] = t->operands->rs1;
    r.x[12] = t->operands->rs2;
    r.status = t->operands->pring << SHIFT_status_pring | FIELD_status_pie;
    r.tvec = CODE + 0x100;
    r.tscratch = 0x55aa;
    r.epc = CODE + 8;
    r.cause = CAUSE_ecall_ring3;
    r.tval = 0xff;
    r.tptbr = r.eptbr = PTBR_ON | 0x3f;
    r.ie = FIELD_ie_timer;
    r.ptbr = PTBR_ON | root;
    r.timecmp = ALARM;
    return r;
}

/* The machine of all trials. */
struct lab {
    struct machine *machine;
    struct snapshot *fresh;
};

static int lab_init(struct lab *lab, bool classic, struct error *err)
{
    struct machine_config config = machine_config_default();

    *lab = (struct lab){0};
    config.ram_size = 1u << 20;
    config.classic = classic;
    int code = machine_new(&lab->machine, &config, err);
    return code ? code : snapshot_take(&lab->fresh, lab->machine, err);
}

static void lab_fini(struct lab *lab)
{
    snapshot_free(lab->fresh);
    machine_free(lab->machine);
}

static int run_trial(const struct lab *lab, struct trial *t, struct error *err)
{
    struct trace_subscriber s = {
        .mask = EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_tlb) | EVENT_BIT(EVENT_wait) |
                EVENT_BIT(EVENT_port) | EVENT_BIT(EVENT_mmio),
        .fn = on_event,
        .user = &t->outcome,
    };
    struct machine *m = lab->machine;
    word root;

    t->outcome = (struct outcome){.completed = true};
    if (snapshot_restore(lab->fresh, m, err))
        return err->code;
    hpa base = RAM_BASE + (t->location ? 0x80000 : 0x10000);
    bool ok = make_memory(m, base, t->bits, &root);
    struct cpu_regs regs = make_regs(t, root);
    machine_set_regs(m, &regs);
    t->outcome.before = *machine_regs(m);
    trace_attach(machine_trace(m), &s);
    machine_run(m, 1);
    trace_detach(machine_trace(m), &s);
    t->outcome.after = *machine_regs(m);
    ok = ok && machine_read(m, base + 3 * PAGE_SIZE, t->outcome.data, sizeof t->outcome.data);
    if (machine_state(m) != MACHINE_READY)
        t->outcome.completed = false;
    return ok ? 0 : error_set(err, ERROR_internal, "classify: its own memory does not fit");
}

/* ---- what changed, what differs ----------------------------------------------------------- */

struct control_register {
    const char *name;
    word csr; /* 0: the ring */
    size_t offset;
};

static const struct control_register control_registers[] = {
    {"ring", 0, offsetof(struct cpu_regs, ring)},
#define CONTROL_REGISTER(name)                                                                     \
    {                                                                                              \
#name, CSR_##name, offsetof(struct cpu_regs, name)                                         \
    }
    CONTROL_REGISTER(status),
    CONTROL_REGISTER(tvec),
    CONTROL_REGISTER(tscratch),
    CONTROL_REGISTER(epc),
    CONTROL_REGISTER(cause),
    CONTROL_REGISTER(tval),
    CONTROL_REGISTER(ie),
    CONTROL_REGISTER(ip),
    CONTROL_REGISTER(ptbr),
    CONTROL_REGISTER(tptbr),
    CONTROL_REGISTER(timecmp),
    CONTROL_REGISTER(timecmph),
    CONTROL_REGISTER(cntren),
    CONTROL_REGISTER(eptbr),
};

static word register_of(const struct cpu_regs *r, const struct control_register *c)
{
    word value;

    memcpy(&value, (const char *)r + c->offset, sizeof value);
    return value;
}

static void describe(const struct trial *t, char *out, size_t size)
{
    struct text line = text_init(out, size);

    disasm_insn(&line, t->bits, CODE, NULL);
    text_add(&line, " with a1 = 0x%x", t->operands->rs1);
}

/* What of a completed trial is control: text into `out`, "" when nothing. */
static void control_change(const struct trial *t, char *out, size_t size)
{
    const struct outcome *o = &t->outcome;
    char what[96];

    out[0] = '\0';
    describe(t, what, sizeof what);
    for (unsigned i = 0; i < COUNT_OF(control_registers); i++) {
        const struct control_register *c = &control_registers[i];
        word before = register_of(&o->before, c), after = register_of(&o->after, c);
        word counts = c->csr == CSR_status ? ~(word)FIELD_status_uf : ~(word)0;
        if ((before & counts) == (after & counts))
            continue;
        snprintf(out, size, "%s: ring %u: %s 0x%x -> 0x%x", what, t->ring, c->name, before, after);
        return;
    }
    const char *touched = o->tlb      ? "removes TLB entries"
                          : o->device ? "reaches a device"
                          : o->waited ? "gives the processor away"
                                      : NULL;
    if (touched)
        snprintf(out, size, "%s: ring %u: %s", what, t->ring, touched);
}

/* The first difference of two completed trials beyond what was given to differ. */
static void result_difference(const struct trial *a, const struct trial *b, char *out, size_t size)
{
    const struct cpu_regs *p = &a->outcome.after, *q = &b->outcome.after;
    char what[96], pair[48];

    out[0] = '\0';
    describe(a, what, sizeof what);
    if (a->ring != b->ring)
        snprintf(pair, sizeof pair, "rings %u | %u", a->ring, b->ring);
    else
        snprintf(pair, sizeof pair, "ring %u, two locations", a->ring);
    for (unsigned i = 0; i < 32; i++)
        if (p->x[i] != q->x[i]) {
            snprintf(out, size, "%s: %s: x%u = 0x%x | 0x%x", what, pair, i, p->x[i], q->x[i]);
            return;
        }
    if (p->pc != q->pc) {
        snprintf(out, size, "%s: %s: pc = 0x%x | 0x%x", what, pair, p->pc, q->pc);
        return;
    }
    if (memcmp(a->outcome.data, b->outcome.data, sizeof a->outcome.data) != 0) {
        snprintf(out, size, "%s: %s: memory 0x%x | 0x%x", what, pair, a->outcome.data[0],
                 b->outcome.data[0]);
        return;
    }
    for (unsigned i = 0; i < COUNT_OF(control_registers); i++) {
        const struct control_register *c = &control_registers[i];
        /* What differs already before is no result: compare what was done to it. */
        word before = register_of(&a->outcome.before, c) ^ register_of(&b->outcome.before, c);
        word after = register_of(p, c) ^ register_of(q, c);
        if (before == after)
            continue;
        snprintf(out, size, "%s: %s: %s = 0x%x | 0x%x", what, pair, c->name, register_of(p, c),
                 register_of(q, c));
        return;
    }
}

/* ---- the verdict on one row --------------------------------------------------------------- */

static void keep(struct classified *row, unsigned kind, char *proof, const char *text, bool user)
{
    if (!*text)
        return;
    row->kinds |= kind | (user ? CLASSIFY_USER : 0);
    /* A proof from an outer ring says more than one from ring 0, where everything is allowed. */
    if (!*proof || (user && strstr(proof, "ring 0:")))
        snprintf(proof, CLASSIFY_PROOF_SIZE, "%s", text);
}

/* One operand for which ring 3 is let through is enough: then it is not privileged. */
static void judge_privileged(struct classified *row, bool *let_through, const struct trial *inner,
                             const struct trial *outer)
{
    char what[96];

    if (!inner->outcome.completed)
        return;
    if (outer->outcome.completed || outer->outcome.cause != CAUSE_privileged) {
        *let_through = true;
        row->kinds &= ~CLASSIFY_PRIVILEGED;
        row->privileged[0] = '\0';
    }
    if (*let_through || *row->privileged)
        return;
    describe(inner, what, sizeof what);
    row->kinds |= CLASSIFY_PRIVILEGED;
    snprintf(row->privileged, sizeof row->privileged,
             "%s: ring 0 completes | ring 3 traps, cause %u", what, outer->outcome.cause);
}

static void judge(struct classified *row, bool *let_through, struct trial trials[LOCATIONS][RINGS])
{
    char text[CLASSIFY_PROOF_SIZE];

    judge_privileged(row, let_through, &trials[0][0], &trials[0][3]);
    for (unsigned a = 0; a < RINGS; a++) {
        const struct trial *t = &trials[0][a], *moved = &trials[1][a];
        if (!t->outcome.completed)
            continue;
        control_change(t, text, sizeof text);
        keep(row, CLASSIFY_CONTROL, row->control, text, a > 0);
        if (moved->outcome.completed) {
            result_difference(t, moved, text, sizeof text);
            keep(row, CLASSIFY_BEHAVIOUR, row->behaviour, text, a > 0);
        }
        for (unsigned b = a + 1; b < RINGS; b++) {
            if (!trials[0][b].outcome.completed)
                continue;
            result_difference(t, &trials[0][b], text, sizeof text);
            keep(row, CLASSIFY_BEHAVIOUR, row->behaviour, text, b > 0);
        }
    }
}

static int classify_row(const struct lab *lab, struct classified *row, struct error *err)
{
    struct trial trials[LOCATIONS][RINGS];
    bool let_through = false;

    for (unsigned s = 0; s < SAMPLES; s++) {
        word bits;
        if (!make_word(row, &operand_table[s], &bits))
            continue;
        for (unsigned location = 0; location < LOCATIONS; location++)
            for (unsigned ring = 0; ring < RINGS; ring++) {
                trials[location][ring] = (struct trial){.row = row,
                                                        .operands = &operand_table[s],
                                                        .bits = bits,
                                                        .ring = ring,
                                                        .location = location};
                if (run_trial(lab, &trials[location][ring], err))
                    return err->code;
            }
        judge(row, &let_through, trials);
    }
    return 0;
}

static void count(struct classify_verdict *v, const struct classified *row)
{
    bool privileged = row->kinds & CLASSIFY_PRIVILEGED;

    v->rows++;
    v->sensitive += (row->kinds & CLASSIFY_SENSITIVE) != 0;
    v->not_privileged += (row->kinds & CLASSIFY_SENSITIVE) && !privileged;
    v->user_not_privileged += (row->kinds & CLASSIFY_USER) && !privileged;
}

static int classify_rows(const struct lab *lab, enum insn_id id,
                         void (*each)(void *user, const struct classified *row), void *user,
                         struct classify_verdict *verdict, struct error *err)
{
    bool by_register = strchr(insn_info(id)->syntax, 'c') != NULL;

    for (unsigned r = 0; r < (by_register ? csr_count : 1); r++) {
        struct classified row = {.insn = id, .csr = by_register ? &csr_table[r] : NULL};
        if (classify_row(lab, &row, err))
            return err->code;
        count(verdict, &row);
        each(user, &row);
    }
    return 0;
}

int classify_run(bool classic, void (*each)(void *user, const struct classified *row), void *user,
                 struct classify_verdict *verdict, struct error *err)
{
    struct lab lab;
    int code = lab_init(&lab, classic, err);

    *verdict = (struct classify_verdict){0};
    for (unsigned id = 1; id < INSN_COUNT && code == 0; id++)
        code = classify_rows(&lab, (enum insn_id)id, each, user, verdict, err);
    lab_fini(&lab);
    return code;
}

void classify_name(const struct classified *row, char *buffer, size_t size)
{
    snprintf(buffer, size, "%s%s%s", insn_info(row->insn)->name, row->csr ? " " : "",
             row->csr ? row->csr->name : "");
}
