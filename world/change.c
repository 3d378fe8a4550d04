/* Setting registers from outside; see change.h. */
#include "world/change.h"

#include "isa/csr.h"
#include "isa/registers.h"
#include "world/place.h"
#include "world/host.h"

#include <stdio.h>
#include <string.h>

#define WORD_SIZE 256

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
    struct machine_guest hidden;
    char owner[64];
    word old;
    hpa where;

    view_context_name(h, context, owner, sizeof owner);
    if (context == view_current(h) && machine_guest(h->machine, &hidden))
        return error_set(err, ERROR_usage,
                         "%s runs in non-root mode: the processor holds its control registers, and "
                         "stores them at the exit; set the real %s",
                         owner, view_register_name(reg));
    if (!view_guest(h, context, reg, &old) || !view_kept(h, context, reg, &where))
        return error_set(err, ERROR_usage, "nobody knows where %s of %s is kept",
                         view_register_name(reg), owner);
    if (csr)
        value = (old & ~csr->wmask) | (value & csr->wmask);
    for (unsigned i = 0; i < COUNT_OF(derived); i++)
        if (derived[i].reg == reg && ((old ^ value) & derived[i].bits))
            return error_set(err, ERROR_usage, "%s of %s cannot be set from outside: %s",
                             view_register_name(reg), owner, derived[i].why);
    *now = value;
    return host_write(h, where, &value, sizeof value)
               ? 0
               : error_set(err, ERROR_usage, "%s of %s is kept outside RAM",
                           view_register_name(reg), owner);
}

/* A VM that does not run. Between its exit and its entry its monitor is at work for it. */
static int check_stands(const struct host *h, uint16_t context, word reg, struct error *err)
{
    char owner[64];

    view_context_name(h, context, owner, sizeof owner);
    if (context == 0)
        return error_set(err, ERROR_usage,
                         "%s does not run: nobody knows where it has saved its %s", owner,
                         view_register_name(reg));
    if (reg == VIEW_PC)
        return error_set(err, ERROR_usage,
                         "%s does not run: its monitor may be carrying out the instruction at its "
                         "pc, and will go on behind it; set pc while the VM runs",
                         owner);
    if (context == h->leaver.context)
        return error_set(err, ERROR_usage,
                         "%s has just left, and its monitor is saving its registers: some steps "
                         "later, or while the VM runs, %s can be set",
                         owner, view_register_name(reg));
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

/* ---- as text ------------------------------------------------------------------------------ */

/* The next word behind blanks; false when there is none. */
static bool next_word(const char **text, char out[WORD_SIZE])
{
    const char *begin = *text + strspn(*text, " \t");
    size_t n = strcspn(begin, " \t");

    snprintf(out, WORD_SIZE, "%.*s", (int)n, begin);
    *text = begin + n;
    return n > 0;
}

static int read_value(const struct host *h, uint16_t context, const char *text, word *out,
                      struct error *err)
{
    char negative[WORD_SIZE + 1];
    struct place p;

    snprintf(negative, sizeof negative, "%s%s", *text == '-' ? "0" : "", text);
    int code = place_parse(&p, h, context, negative, err); /* a place begins with no sign */
    *out = code ? 0 : p.address;
    return code;
}

static int set_register(struct host *h, uint16_t context, enum change_side side, word reg,
                        word value, struct text *said, struct error *err)
{
    char owner[64];
    word now = 0;
    int code = change_register(h, context, side, reg, value, &now, err);

    if (code)
        return code;
    text_add(said, "%s = %08x", view_register_name(reg), now);
    if (reg > VIEW_RING && context != 0)
        text_add(said, side == CHANGE_REAL ? "  in the processor" : "  as %s sees it",
                 view_context_name(h, context, owner, sizeof owner));
    if (now != value)
        text_add(said, "  (bits that it does not have were dropped)");
    return 0;
}

/* Values one behind the other, from a place on. */
static int set_memory(struct host *h, struct place at, unsigned unit, const char *values,
                      struct text *said, struct error *err)
{
    char text[WORD_SIZE];
    word value, mask = unit < 4 ? (1u << 8 * unit) - 1 : ~0u;
    int code = 0;

    while (!code && next_word(&values, text)) {
        code = read_value(h, at.space.context, text, &value, err);
        if (!code && !view_write(h, at.space, at.address, &value, unit))
            return error_set(err, ERROR_usage, "%s %08x: no memory is mapped there",
                             space_name(at.space.kind), at.address);
        if (code)
            break;
        text_add(said, "%s%s %08x = %0*x", said->length ? "\n" : "", space_name(at.space.kind),
                 at.address, (int)(2 * unit), value & mask);
        if ((value & ~mask) && (value | mask) != ~0u)
            text_add(said, "  (the rest of %x does not fit)", value);
        at.address += unit;
    }
    return code;
}

/* "/b", "/h" or "/w" in front. */
static int read_unit(const char **text, unsigned *unit, struct error *err)
{
    static const char letters[] = "bhw";
    const char *letter = **text == '/' && (*text)[1] ? strchr(letters, (*text)[1]) : NULL;

    *unit = 4;
    if (**text != '/')
        return 0;
    if (!letter || ((*text)[2] && (*text)[2] != ' '))
        return error_set(err, ERROR_usage, "set%.4s: /b, /h or /w says the size in memory", *text);
    *unit = 1u << (letter - letters);
    *text += 2;
    return 0;
}

int change_text(struct host *h, uint16_t context, const char *text, struct text *said,
                struct error *err)
{
    char target[WORD_SIZE], value[WORD_SIZE];
    struct place at;
    unsigned unit;
    word reg, number;

    if (read_unit(&text, &unit, err))
        return err->code;
    next_word(&text, target);
    bool real = strcmp(target, "real") == 0 && next_word(&text, target);
    const char *values = text + strspn(text, " \t");
    values += *values == '=';
    text = values;
    if (!*target || !next_word(&text, value))
        return error_set(err, ERROR_usage,
                         "set what to what? set a0 5, set status 0x80, set gpa:0x80001000 1 2 3");
    if (!view_register(target + (*target == '$'), &reg)) {
        int code = place_parse(&at, h, context, target, err);
        return code ? code : set_memory(h, at, unit, values, said, err);
    }
    if (next_word(&text, target))
        return error_set(err, ERROR_usage, "a register has one value: what is '%s'?", target);
    int code = read_value(h, context, value, &number, err);
    return code
               ? code
               : set_register(h, context, real ? CHANGE_REAL : CHANGE_SEEN, reg, number, said, err);
}
