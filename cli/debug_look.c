/*
 * Looking at registers, memory, page tables and the TLB. Of a virtual machine both views: what
 * the guest sees, and what is real. Nothing here changes anything.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/suggest.h"
#include "cli/debug.h"
#include "isa/csr.h"
#include "isa/disasm.h"
#include "isa/paging.h"
#include "isa/registers.h"
#include "world/explain.h"

/* ---- registers ---------------------------------------------------------------------------- */

enum side { SIDE_BOTH, SIDE_GUEST, SIDE_REAL };

/* "guest" or "real" at the end of the words. */
static enum side read_side(const char *side)
{
    return strcmp(side, "guest") == 0  ? SIDE_GUEST
           : strcmp(side, "real") == 0 ? SIDE_REAL
                                       : SIDE_BOTH;
}

static const char *reg_name(word reg)
{
    const struct csr_info *csr = csr_info(reg);

    return reg < REGISTER_COUNT ? register_name(reg)
           : reg == VIEW_PC     ? "pc"
           : reg == VIEW_RING   ? "ring"
           : csr                ? csr->name
                                : "?";
}

/* What a value means: fields, a cause's name, a symbol. */
static void add_meaning(const struct debug *d, word reg, word value, struct text *t)
{
    const struct cause_info *cause = reg == CSR_cause ? cause_info(value) : NULL;
    const struct csr_info *csr = csr_info(reg);
    char symbol[96];

    if (cause) {
        text_add(t, "  %s", cause->name);
        return;
    }
    if (reg == VIEW_RING || (csr && csr->kind == CSR_KIND_COUNTER))
        return;
    for (unsigned i = 0; reg >= CSR_status && i < csr_field_count; i++) {
        const struct csr_field *f = &csr_field_table[i];
        if (f->csr == reg)
            text_add(t, "  %s=%x", f->name, value >> f->low & ((2u << (f->high - f->low)) - 1));
    }
    if (*view_symbol_text(d->verbs.host, debug_context(d), value, false, symbol, sizeof symbol))
        text_add(t, "  <%s>", symbol);
}

static void add_value(bool known, word reg, word value, struct text *t)
{
    if (!known)
        text_add(t, "unknown ");
    else if (reg == VIEW_RING)
        text_add(t, "%u", value);
    else
        text_add(t, "%08x", value);
}

/* One register in one line. False when nobody knows it. */
static bool say_register(struct debug *d, word reg, enum side side)
{
    const struct host *h = d->verbs.host;
    uint16_t context = debug_context(d);
    word guest, real;
    bool sees = side != SIDE_REAL && view_guest(h, context, reg, &guest);
    bool is = side != SIDE_GUEST && view_real(h, context, reg, &real);
    char line[512];
    struct text t = text_init(line, sizeof line);

    if (!sees && !is)
        return false;
    text_add(&t, "%-8s ", reg_name(reg));
    if (sees && is && context != 0 && reg >= REGISTER_COUNT && reg != VIEW_PC) {
        text_add(&t, "guest sees ");
        add_value(sees, reg, guest, &t);
        text_add(&t, " | ");
        add_value(is, reg, real, &t);
        text_add(&t, " real%s", guest != real ? "  !=" : "");
        add_meaning(d, reg, guest, &t);
    } else {
        add_value(true, reg, sees ? guest : real, &t);
        add_meaning(d, reg, sees ? guest : real, &t);
    }
    debug_say(d, "%s", line);
    return true;
}

/* The fields of a control register, each with its meaning. */
static void say_fields(struct debug *d, word reg, enum side side)
{
    word value;

    if (!(side == SIDE_REAL ? view_real : view_guest)(d->verbs.host, debug_context(d), reg, &value))
        return;
    for (unsigned i = 0; i < csr_field_count; i++) {
        const struct csr_field *f = &csr_field_table[i];
        if (f->csr == reg)
            debug_say(d, "  %2u:%-2u  %-9s %-5x %s", f->high, f->low, f->name,
                      value >> f->low & ((2u << (f->high - f->low)) - 1), f->meaning);
    }
}

/* Four in a line; the row is as the guest's own debugger would show it. */
static void say_general(struct debug *d)
{
    uint16_t context = debug_context(d);
    char line[256];

    for (word row = 0; row < 8; row++) {
        struct text t = text_init(line, sizeof line);
        for (word column = 0; column < 4; column++) {
            word reg = row + column * 8, value;
            bool known = view_guest(d->verbs.host, context, reg, &value);

            text_add(&t, "%s%-4s ", column ? "   " : "", register_name(reg));
            add_value(known, reg, value, &t);
        }
        debug_say(d, "%s", line);
    }
}

void debug_registers(struct debug *d, const char *arguments)
{
    if (!debug_host(d))
        return;
    if (*arguments) {
        debug_print(d, arguments);
        return;
    }
    say_general(d);
    say_register(d, VIEW_PC, SIDE_BOTH);
    say_register(d, VIEW_RING, SIDE_BOTH);
}

void debug_csrs(struct debug *d, const char *arguments)
{
    unsigned known = 0;

    if (!debug_host(d))
        return;
    if (*arguments && read_side(arguments) == SIDE_BOTH) {
        debug_fail(d, "csrs takes 'guest' or 'real', not '%s'; 'print %s' shows one", arguments,
                   arguments);
        return;
    }
    for (unsigned i = 0; i < csr_count; i++)
        known += say_register(d, csr_table[i].number, read_side(arguments));
    if (!known)
        debug_fail(d, "nobody knows them: it does not run, and has no monitor that keeps them");
}

static void print_place(struct debug *d, const char *text)
{
    struct place p;
    char symbol[96], line[160];
    struct text t = text_init(line, sizeof line);

    if (*text == '*' || *text == '&') {
        debug_fail(d, "'%s' is C: 'x/w %s' shows what lies there, 'print %s' is where", text,
                   text + 1, text + 1);
        return;
    }
    if (!debug_place(d, text, &p))
        return;
    text_add(&t, "0x%08x = %u", p.address, p.address);
    if (p.address >= 0x80000000)
        text_add(&t, " = %d", (int32_t)p.address);
    if (*view_symbol_text(d->verbs.host, debug_context(d), p.address, false, symbol, sizeof symbol))
        text_add(&t, "  <%s>", symbol);
    debug_say(d, "%s", line);
}

void debug_print(struct debug *d, const char *arguments)
{
    char name[256], side[32], more[32];
    const char *rest = arguments;
    word reg;

    if (!debug_host(d))
        return;
    if (!debug_word(&rest, name, sizeof name)) {
        debug_registers(d, "");
        return;
    }
    debug_word(&rest, side, sizeof side);
    if ((*side && read_side(side) == SIDE_BOTH) || debug_word(&rest, more, sizeof more)) {
        debug_fail(d, "print takes one name or sum (sp+8, without blanks), and 'guest' or 'real'");
        return;
    }
    if (!view_register(name + (*name == '$'), &reg)) {
        print_place(d, name);
        return;
    }
    if (!say_register(d, reg, read_side(side)))
        debug_fail(d, "nobody knows %s%s%s: it does not run now", name, *side ? " " : "", side);
    else if (reg >= CSR_status)
        say_fields(d, reg, read_side(side));
}

/* ---- memory ------------------------------------------------------------------------------- */

/* Of "/8w": count, then letters for size (b h w) and form (x d u c s i). */
static bool read_form(struct debug *d, const char *form, unsigned *count)
{
    char *end;
    unsigned long n = strtoul(form, &end, 10);

    *count = n && n < 10000 ? (unsigned)n : 1;
    for (; *end; end++) {
        if (strchr("bhw", *end))
            d->unit_x = *end == 'b' ? 1 : *end == 'h' ? 2 : 4;
        else if (strchr("xducsi", *end))
            d->format_x = *end;
        else
            break;
    }
    if (!*end && n < 10000)
        return true;
    debug_fail(d, "x/%s: a count, then b h w for the size, then x d u c s i for the form: x/8w sp",
               form);
    return false;
}

static void add_unit(const struct debug *d, word value, struct text *t)
{
    unsigned shift = 32 - 8 * d->unit_x;
    int32_t signed_value = (int32_t)(value << shift) >> shift;

    if (d->format_x == 'd')
        text_add(t, " %11d", signed_value);
    else if (d->format_x == 'u')
        text_add(t, " %10u", value);
    else if (d->format_x == 'c')
        text_add(t, isprint((int)(value & 0xff)) ? " '%c'" : " %02x", value & 0xff);
    else
        text_add(t, " %0*x", (int)(2 * d->unit_x), value);
}

static void not_there(struct debug *d, struct space space, word address)
{
    debug_fail(d, "%s %08x: no memory is mapped there%s", space_name(space.kind), address,
               space.kind == SPACE_GVA ? "; 'walk' shows why" : "");
}

static bool say_string(struct debug *d)
{
    char buffer[256], shown[1024];
    struct text t = text_init(shown, sizeof shown);
    size_t n = 0;

    if (!view_read(d->verbs.host, d->next_x.space, d->next_x.address, buffer, 1)) {
        not_there(d, d->next_x.space, d->next_x.address);
        return false;
    }
    while (n < sizeof buffer - 1 &&
           view_read(d->verbs.host, d->next_x.space, d->next_x.address + (word)n, &buffer[n], 1) &&
           buffer[n])
        n++;
    buffer[n] = '\0';
    text_add_json(&t, buffer);
    debug_say(d, "%08x: \"%s\"", d->next_x.address, shown);
    d->next_x.address += (word)n + 1;
    return true;
}

/* Units in rows of 16 bytes. */
static void say_units(struct debug *d, unsigned count)
{
    unsigned per_row = d->format_x == 'c' ? 16 : 16 / d->unit_x;
    char line[256];

    while (count > 0) {
        struct text t = text_init(line, sizeof line);
        word row = d->next_x.address;
        unsigned n = 0;

        for (; n < per_row && n < count; n++) {
            word value = 0;
            if (!view_read(d->verbs.host, d->next_x.space, d->next_x.address, &value, d->unit_x))
                break;
            add_unit(d, value, &t);
            d->next_x.address += d->unit_x;
        }
        if (n)
            debug_say(d, "%08x:%s", row, line);
        if (n < per_row && n < count) {
            not_there(d, d->next_x.space, d->next_x.address);
            return;
        }
        count -= n;
    }
}

void debug_examine(struct debug *d, const char *arguments)
{
    char form[32] = "", place[256];
    const char *rest = arguments;
    unsigned count = 1;

    if (!debug_host(d))
        return;
    if (*rest == '/')
        debug_word(&rest, form, sizeof form);
    if (*form && !read_form(d, form + 1, &count))
        return;
    if (debug_word(&rest, place, sizeof place) && !debug_place(d, place, &d->next_x))
        return;
    if (d->format_x == 'i') {
        while (count-- > 0) {
            debug_show_code(d, d->next_x.space, d->next_x.address);
            d->next_x.address += 4;
        }
    } else if (d->format_x == 's') {
        while (count > 0 && say_string(d))
            count--;
    } else {
        if (d->format_x == 'c')
            d->unit_x = 1;
        say_units(d, count);
    }
}

/* ---- page tables -------------------------------------------------------------------------- */

static void say_steps(struct debug *d, gva address)
{
    struct walk_step steps[2];
    unsigned n = view_walk(d->verbs.host, debug_context(d), address, steps);

    if (n == 0)
        debug_say(d, "  paging is off: the address is physical");
    for (unsigned i = 0; i < n; i++) {
        char text[160];
        struct text t = text_init(text, sizeof text);

        if (steps[i].readable)
            explain_entry(steps[i].entry, &t);
        else
            text_add(&t, "outside memory");
        debug_say(d, "  level %u: entry at %08x = %08x: %s", 1 - i, steps[i].address,
                  steps[i].entry, text);
    }
}

/* The tables that the processor walks when they are not the guest's own: the shadow. */
static void say_real_walk(struct debug *d, gva address, hpa wanted)
{
    const struct machine *m = host_machine(d->verbs.host);
    hpa real;

    if (!(machine_regs(m)->ptbr & PTBR_ON))
        return;
    if (!machine_translate(m, address, &real))
        debug_say(d, "  the processor's own table (the monitor's shadow) has no page there yet");
    else
        debug_say(d, "  the processor's own table (the monitor's shadow) gives hpa %08x%s", real,
                  real == wanted ? "" : "  !=");
}

void debug_walk(struct debug *d, const char *arguments)
{
    struct place p;
    uint16_t context;
    hpa where = 0;

    if (!debug_place(d, *arguments ? arguments : "$pc", &p))
        return;
    context = debug_context(d);
    debug_say(d, "gva %08x", p.address);
    say_steps(d, p.address);
    p.space = (struct space){SPACE_GVA, context};
    if (view_translate(d->verbs.host, p.space, p.address, &where))
        debug_say(d, "  hpa %08x", where);
    else
        debug_say(d, "  no physical address");
    if (context != 0 && context == view_current(d->verbs.host))
        say_real_walk(d, p.address, where);
}

static const char *const tlb_arrays[] = {"load", "store", "fetch"};

void debug_tlb(struct debug *d, const char *arguments)
{
    const struct machine *m;
    unsigned shown = 0;
    bool known = !*arguments;

    if (!debug_host(d))
        return;
    m = host_machine(d->verbs.host);
    for (unsigned array = 0; array < COUNT_OF(tlb_arrays); array++) {
        if (*arguments && strcmp(arguments, tlb_arrays[array]) != 0)
            continue;
        known = true;
        for (unsigned i = 0; i < machine_config(m)->tlb; i++) {
            struct machine_tlb_entry e;
            if (!machine_tlb_entry(m, array, i, &e))
                continue;
            debug_say(d, "%-5s %4u  page %08x  frame %08x  asid %u  vmid %u  rings 0 to %u",
                      tlb_arrays[array], i, e.page, e.frame, e.asid, e.vmid, e.level);
            shown++;
        }
    }
    if (!known)
        debug_fail(d, "tlb: load, store or fetch, not '%s'", arguments);
    else if (!shown)
        debug_say(d, "empty");
}
