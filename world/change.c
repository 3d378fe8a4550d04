/* Setting registers from outside; see change.h. */
#include "world/change.h"

#include "isa/csr.h"
#include "isa/registers.h"
#include "world/host.h"

#include <string.h>

/* Bits of a VM's registers from which its monitor has made something of its own. */
static const struct {
    word reg, bits;
    const char *why;
} derived[] = {
    {CSR_ptbr, ~0u, "its monitor has built page tables for the one that it loaded itself"},
    {CSR_timecmp, ~0u, "its monitor has set its own timer by it"},
    {CSR_timecmph, ~0u, "its monitor has set its own timer by it"},
    {CSR_ie, FIELD_ie_timer, "its monitor has set its own timer by the timer bit"},
};

static const char *name_of(word reg)
{
    const struct csr_info *csr = csr_info(reg);

    return reg < REGISTER_COUNT ? register_name(reg)
           : reg == VIEW_PC     ? "pc"
           : reg == VIEW_RING   ? "ring"
           : csr                ? csr->name
                                : "?";
}

/* What can be set nowhere. */
static int check(word reg, word value, struct error *err)
{
    const struct csr_info *csr = csr_info(reg);

    if (reg == VIEW_RING)
        return error_set(err, ERROR_usage,
                         "the ring cannot be set: it changes by a trap or by tret only (set pring "
                         "of status, and epc, and run a tret)");
    if (reg == VIEW_PC && (value & 3))
        return error_set(err, ERROR_usage,
                         "pc cannot be 0x%08x: that is no multiple of 4, so no instruction begins "
                         "there",
                         value);
    if (reg == 0 && value != 0)
        return error_set(err, ERROR_usage, "zero is always 0");
    if (reg > VIEW_RING && !csr)
        return error_set(err, ERROR_usage, "there is no register 0x%x", reg);
    if (csr && csr->kind == CSR_KIND_COUNTER)
        return error_set(err, ERROR_usage, "%s cannot be set: it is a counter", csr->name);
    return 0;
}

static int set_real(struct host *h, word reg, word value, word *now, struct error *err)
{
    const struct csr_info *csr = csr_info(reg);
    word old = 0;
    bool done = reg <= VIEW_PC ? host_write_reg(h, reg == VIEW_PC ? HOST_REG_PC : reg, value)
                               : host_write_csr(h, reg, value);

    if (csr && view_real(h, view_current(h), reg, &old))
        value = (old & ~csr->wmask) | (value & csr->wmask);
    *now = value;
    return done ? 0 : error_set(err, ERROR_memory, "out of memory");
}

/* Where the monitor of a VM keeps it. */
static int set_kept(struct host *h, uint16_t context, word reg, word value, word *now,
                    struct error *err)
{
    const struct csr_info *csr = csr_info(reg);
    char owner[64];
    word old;
    hpa where;

    view_context_name(h, context, owner, sizeof owner);
    if (!view_guest(h, context, reg, &old) || !view_kept(h, context, reg, &where))
        return error_set(err, ERROR_usage, "nobody knows where %s of %s is kept", name_of(reg),
                         owner);
    if (csr)
        value = (old & ~csr->wmask) | (value & csr->wmask);
    for (unsigned i = 0; i < COUNT_OF(derived); i++)
        if (derived[i].reg == reg && ((old ^ value) & derived[i].bits))
            return error_set(err, ERROR_usage, "%s of %s cannot be set from outside: %s",
                             name_of(reg), owner, derived[i].why);
    *now = value;
    return host_write(h, where, &value, sizeof value)
               ? 0
               : error_set(err, ERROR_usage, "%s of %s is kept outside RAM", name_of(reg), owner);
}

/* A VM that does not run. Between its exit and its entry its monitor is at work for it. */
static int check_stands(const struct host *h, uint16_t context, word reg, struct error *err)
{
    char owner[64];

    view_context_name(h, context, owner, sizeof owner);
    if (context == 0)
        return error_set(err, ERROR_usage,
                         "%s does not run: nobody knows where it has saved its %s", owner,
                         name_of(reg));
    if (reg == VIEW_PC)
        return error_set(err, ERROR_usage,
                         "%s does not run: its monitor may be carrying out the instruction at its "
                         "pc, and will go on behind it; set pc while the VM runs",
                         owner);
    if (context == h->leaver.context)
        return error_set(err, ERROR_usage,
                         "%s has just left, and its monitor is saving its registers: some steps "
                         "later, or while the VM runs, %s can be set",
                         owner, name_of(reg));
    return 0;
}

int change_register(struct host *h, uint16_t context, enum change_side side, word reg, word value,
                    word *now, struct error *err)
{
    bool plain = reg < REGISTER_COUNT || reg == VIEW_PC;
    bool runs = context == view_current(h);
    char owner[64];
    word dropped;
    int code = check(reg, value, err);

    now = now ? now : &dropped;
    if (code)
        return code;
    if (side == CHANGE_REAL && !runs)
        return error_set(err, ERROR_usage, "%s does not run: the processor holds another's",
                         view_context_name(h, context, owner, sizeof owner));
    if (side == CHANGE_REAL || (plain && runs) || (!plain && context == 0))
        return set_real(h, reg, value, now, err);
    if (plain)
        code = check_stands(h, context, reg, err);
    return code ? code : set_kept(h, context, reg, value, now, err);
}
