/* The rig of machine tests; see the header. */
#include "tests/machine/harness.h"

#include "machine/snapshot.h"

#include <stdlib.h>
#include <string.h>

bool rig_hard(void)
{
    const char *hard = getenv("TRAPEZE_HARD");

    return hard && *hard && strcmp(hard, "0") != 0;
}

struct machine_config rig_config(void)
{
    struct machine_config config = machine_config_default();

    config.ram_size = 1u << 20;
    if (rig_hard())
        config.tlb = 1;
    return config;
}

void rig_init(struct rig *r, struct machine_config config)
{
    struct error err;

    memset(r, 0, sizeof *r);
    ck_assert_msg(machine_new(&r->m, &config, &err) == 0, "machine_new: %s", err.text);
    rig_put_at(r, VECTOR, JAL(ZERO, 0));
    rig_restart(r);
}

void rig_restart(struct rig *r)
{
    struct cpu_regs regs = {
        .pc = CODE, .tvec = VECTOR, .timecmp = 0xffffffff, .timecmph = 0xffffffff};

    machine_set_regs(r->m, &regs);
    r->at = CODE;
}

void rig_fini(struct rig *r)
{
    machine_free(r->m);
    r->m = NULL;
}

void rig_put(struct rig *r, word bits)
{
    rig_put_at(r, r->at, bits);
    r->at += 4;
}

void rig_put_at(struct rig *r, hpa address, word bits)
{
    ck_assert_msg(machine_write(r->m, address, &bits, sizeof bits), "no RAM at %08x", address);
}

word rig_word(const struct rig *r, hpa address)
{
    word bits;

    ck_assert_msg(machine_read(r->m, address, &bits, sizeof bits), "no RAM at %08x", address);
    return bits;
}

const struct cpu_regs *rig_regs(const struct rig *r)
{
    return machine_regs(r->m);
}

void rig_x(struct rig *r, unsigned n, word value)
{
    struct cpu_regs regs = *machine_regs(r->m);

    regs.x[n] = value;
    machine_set_regs(r->m, &regs);
}

void rig_pc(struct rig *r, word pc)
{
    struct cpu_regs regs = *machine_regs(r->m);

    regs.pc = pc;
    machine_set_regs(r->m, &regs);
}

void rig_ring(struct rig *r, unsigned ring)
{
    struct cpu_regs regs = *machine_regs(r->m);

    regs.ring = ring;
    machine_set_regs(r->m, &regs);
}

word rig_csr(const struct rig *r, word number)
{
    word value = 0;

    ck_assert_msg(machine_csr_read(r->m, number, &value), "no register %03x", number);
    return value;
}

void rig_set_csr(struct rig *r, word number, word value)
{
    ck_assert_msg(machine_csr_write(r->m, number, value), "register %03x not written", number);
}

/* Forgets all that the machine keeps to be fast, and nothing else. */
static void restore_what_is(struct machine *m)
{
    struct snapshot *s;
    struct error err;

    ck_assert_msg(snapshot_take(&s, m, &err) == 0, "%s", err.text);
    ck_assert_msg(snapshot_restore(s, m, &err) == 0, "%s", err.text);
    snapshot_free(s);
}

void rig_run(struct rig *r, uint64_t steps)
{
    uint64_t before = machine_icount(r->m);
    enum machine_stop stop = machine_run(r->m, steps);

    ck_assert_msg(stop == STOP_BUDGET && machine_icount(r->m) == before + steps,
                  "stopped for reason %d after %llu steps of %llu (%s)", stop,
                  (unsigned long long)(machine_icount(r->m) - before), (unsigned long long)steps,
                  machine_shutdown_text(machine_shutdown(r->m)));
    if (rig_hard())
        restore_what_is(r->m);
}

static void collect(void *user, const struct event *e)
{
    struct rig *r = user;

    if (r->event_count < RIG_EVENTS)
        r->events[r->event_count] = *e;
    r->event_count++;
}

void rig_listen(struct rig *r, uint32_t mask)
{
    if (r->subscriber.fn)
        trace_detach(machine_trace(r->m), &r->subscriber);
    r->subscriber = (struct trace_subscriber){.mask = mask, .fn = collect, .user = r};
    r->event_count = 0;
    trace_attach(machine_trace(r->m), &r->subscriber);
}

const struct event *rig_event(const struct rig *r, enum event_kind kind, unsigned nth)
{
    unsigned count = r->event_count < RIG_EVENTS ? r->event_count : RIG_EVENTS;

    for (unsigned i = 0; i < count; i++) {
        if (r->events[i].kind == kind && nth-- == 0)
            return &r->events[i];
    }
    return NULL;
}

void rig_expect_trap(const struct rig *r, word cause, word tval, word epc)
{
    const struct cpu_regs *regs = rig_regs(r);

    ck_assert_msg(regs->pc == VECTOR, "pc %08x is not the handler; cause is %08x", regs->pc,
                  regs->cause);
    ck_assert_msg(regs->cause == cause, "cause %08x, not %08x", regs->cause, cause);
    ck_assert_msg(regs->tval == tval, "tval %08x, not %08x", regs->tval, tval);
    ck_assert_msg(regs->epc == epc, "epc %08x, not %08x", regs->epc, epc);
    ck_assert_uint_eq(regs->ring, 0);
    ck_assert_uint_eq(regs->status & (FIELD_status_ie | FIELD_status_tf), 0);
}

void rig_expect_pc(const struct rig *r, word pc)
{
    const struct cpu_regs *regs = rig_regs(r);

    ck_assert_msg(regs->pc == pc, "pc %08x, not %08x; cause %08x tval %08x", regs->pc, pc,
                  regs->cause, regs->tval);
}

void rig_clear_page(struct rig *r, hpa page)
{
    static const uint8_t zero[PAGE_SIZE];

    ck_assert(machine_write(r->m, page, zero, sizeof zero));
}

void rig_map_ram(struct rig *r, hpa root)
{
    rig_put_at(r, root + 4 * PT_INDEX1(RAM_BASE),
               RAM_BASE | PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL);
}

void rig_map(struct rig *r, hpa root, hpa table, gva va, word entry)
{
    rig_put_at(r, root + 4 * PT_INDEX1(va), table | PTE_V);
    rig_put_at(r, table + 4 * PT_INDEX0(va), entry);
}

word rig_ptbr(hpa root, unsigned asid)
{
    return PTBR_ON | asid << PTBR_ASID_SHIFT | root >> PAGE_SHIFT;
}

/* Runs `bits` at CODE and says whether pc went where it goes without a trap. */
static bool passes(struct rig *r, word bits, gva address, word value)
{
    struct cpu_regs regs = *machine_regs(r->m);

    rig_put_at(r, CODE, bits);
    regs.pc = CODE;
    regs.x[T0] = address;
    regs.x[T1] = value;
    machine_set_regs(r->m, &regs);
    rig_run(r, 1);
    return rig_regs(r)->pc == CODE + 4;
}

bool rig_load(struct rig *r, gva address, word *value)
{
    bool passed = passes(r, LOAD(lw, T1, 0, T0), address, 0);

    *value = rig_regs(r)->x[T1];
    return passed;
}

bool rig_store(struct rig *r, gva address, word value)
{
    return passes(r, STORE(sw, T1, 0, T0), address, value);
}

bool rig_fetch(struct rig *r, gva address)
{
    passes(r, I(jalr, ZERO, T0, 0), address, 0);
    rig_expect_pc(r, address);
    uint64_t retired = machine_instret(r->m);
    rig_run(r, 1);
    return machine_instret(r->m) == retired + 1;
}

void rig_do(struct rig *r, word bits)
{
    struct cpu_regs regs = *machine_regs(r->m);

    rig_put_at(r, CODE, bits);
    regs.pc = CODE;
    regs.ring = 0;
    machine_set_regs(r->m, &regs);
    rig_run(r, 1);
    rig_expect_pc(r, CODE + 4);
}

word rig_encode(struct insn i)
{
    word bits = 0;

    ck_assert_msg(insn_encode(&i, &bits), "%s: a field does not fit", insn_info(i.id)->name);
    return bits;
}
