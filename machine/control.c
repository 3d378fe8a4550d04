/*
 * Control registers: plain words in cpu_regs, of which a write changes the bits that csrs.def
 * names. Three are more than that:
 *
 *   status   CRING is the ring itself
 *   ip       bit 3 is a register; timer is time >= timecmp, external is a wire
 *   ptbr     changes what every access means from the next instruction on
 */
#include "machine/control.h"

#include "machine/internal.h"

#define REGISTERS_PLAIN                                                                            \
    PLAIN(tvec)                                                                                    \
    PLAIN(tscratch)                                                                                \
    PLAIN(epc)                                                                                     \
    PLAIN(cause)                                                                                   \
    PLAIN(tval)                                                                                    \
    PLAIN(ie)                                                                                      \
    PLAIN(ptbr)                                                                                    \
    PLAIN(tptbr)                                                                                   \
    PLAIN(timecmp)                                                                                 \
    PLAIN(timecmph)                                                                                \
    PLAIN(cntren)                                                                                  \
    PLAIN(eptbr)

static uint64_t host_time(const struct cpu *c)
{
    return cpu_cycle(c) / c->machine->config.cost.divider;
}

uint64_t cpu_time(const struct cpu *c)
{
    return host_time(c) + c->guest.time_offset;
}

static uint64_t timecmp(const struct cpu *c)
{
    return (uint64_t)c->regs.timecmph << 32 | c->regs.timecmp;
}

/* The first cycle of the host's time `at`. What no machine lives to see is never. */
static uint64_t cycle_of(const struct cpu *c, uint64_t at)
{
    uint64_t cycle, far = (uint64_t)1 << 62;

    if (__builtin_mul_overflow(at, (uint64_t)c->machine->config.cost.divider, &cycle))
        return NEVER;
    return cycle > far ? NEVER : cycle;
}

/* A guest's time begins at 0 when the host's is `zero`. If that is still to come, it is near its
 * end now, and the timer that is pending may cease to be. */
void control_timer_changed(struct cpu *c)
{
    uint64_t zero = 0 - c->guest.time_offset, at;

    c->guest.wraps = host_time(c) < zero;
    c->timer = __builtin_add_overflow(timecmp(c), zero, &at) ? NEVER : cycle_of(c, at);
}

bool cpu_timer_wrapped(const struct cpu *c)
{
    return cpu_time(c) >= timecmp(c);
}

uint64_t cpu_timer_deadline(const struct cpu *c)
{
    uint64_t zero = 0 - c->guest.time_offset, now = cpu_cycle(c);

    if (!c->guest.wraps || host_time(c) >= zero)
        return c->timer > now ? c->timer : NEVER;
    if (cpu_timer_wrapped(c))
        return cycle_of(c, zero);
    return cycle_of(c, timecmp(c) + zero); /* modulo 2^64: before the wrap */
}

word control_get(const struct cpu *c, word number)
{
    switch (number) {
    case CSR_status:
        return c->regs.status | c->regs.ring << SHIFT_status_cring;
    case CSR_ip:
        return cpu_pending(c);
    case CSR_cycle:
        return (word)cpu_cycle(c);
    case CSR_cycleh:
        return (word)(cpu_cycle(c) >> 32);
    case CSR_time:
        return (word)cpu_time(c);
    case CSR_timeh:
        return (word)(cpu_time(c) >> 32);
    case CSR_instret:
        return (word)(cpu_instret(c) + c->guest.instret_offset);
    case CSR_instreth:
        return (word)((cpu_instret(c) + c->guest.instret_offset) >> 32);
#define PLAIN(name)                                                                                \
    case CSR_##name:                                                                               \
        return c->regs.name;
        REGISTERS_PLAIN
#undef PLAIN
    default:
        return 0;
    }
}

static word *place(struct cpu_regs *r, word number)
{
    switch (number) {
    case CSR_status:
        return &r->status;
    case CSR_ip:
        return &r->ip;
#define PLAIN(name)                                                                                \
    case CSR_##name:                                                                               \
        return &r->name;
        REGISTERS_PLAIN
#undef PLAIN
    default:
        return NULL;
    }
}

static word wmask_of(word number)
{
    switch (number) {
#define CSR(name, number, kind, hole, wmask, meaning)                                              \
    case number:                                                                                   \
        return wmask;
#include "isa/csrs.def"
    default:
        return 0;
    }
}

/* The countdown may have to end earlier. */
static bool matters_at_once(word number)
{
    return number == CSR_ie || number == CSR_ip || number == CSR_timecmp || number == CSR_timecmph;
}

void control_set(struct cpu *c, word number, word value)
{
    word *p = place(&c->regs, number);

    if (!p)
        return;
    *p = value & wmask_of(number);
    if (number == CSR_ptbr)
        tlb_update_context(c);
    if (number == CSR_timecmp || number == CSR_timecmph)
        control_timer_changed(c);
    if (number == CSR_status)
        cpu_look_up(c);
    if (matters_at_once(number))
        c->attention = true;
}

void control_set_all(struct cpu *c, const struct cpu_regs *regs)
{
    struct cpu_regs from = *regs;

    for (unsigned i = 1; i < 32; i++)
        c->x[i] = from.x[i];
    c->regs.pc = from.pc & ~(word)3;
    c->regs.ring = from.ring & 3;
    for (unsigned i = 0; i < csr_count; i++) {
        const word *p = place(&from, csr_table[i].number);
        if (p)
            control_set(c, csr_table[i].number, *p);
    }
    tlb_update_context(c);
    c->attention = true;
}
