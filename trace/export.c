/*
 * Events as lines; see export.h. What an event's words hold is read from the columns of
 * events.def; here is only how each column is written.
 */
#include "trace/export.h"

#include "isa/csr.h"
#include "isa/vmcb.h"

#include <string.h>

enum style { STYLE_HEX, STYLE_DECIMAL, STYLE_NAME };

/* A word of an event, ready to be written. */
struct field {
    const char *column;
    word value;
    enum style style;
    const char *name; /* of STYLE_NAME */
};

/* Every column that is a count or small number; all others are addresses or words. */
static enum style style_of(const char *column)
{
    static const char *const decimal[] = {
        "access", "array",  "byte",   "cycles",  "input",  "lba",  "level",
        "line",   "number", "reason", "sectors", "status", "vmid",
    };

    for (size_t i = 0; i < COUNT_OF(decimal); i++)
        if (strcmp(column, decimal[i]) == 0)
            return STYLE_DECIMAL;
    return STYLE_HEX;
}

/* trace/shutdowns.def; 0 is none. */
static const char *shutdown_name(word reason)
{
    static const char *const names[] = {
        NULL,
#define SHUTDOWN(name, text) #name,
#include "trace/shutdowns.def"
#undef SHUTDOWN
    };

    return reason < COUNT_OF(names) ? names[reason] : NULL;
}

/* The name that a number stands for, NULL when it has none. */
static const char *name_of(const struct event *e, const char *column, word value)
{
    if (strcmp(column, "cause") == 0) {
        const struct cause_info *cause = cause_info(value);
        return cause ? cause->name : NULL;
    }
    if (strcmp(column, "reason") == 0)
        return shutdown_name(value);
    if (strcmp(column, "rule") == 0) {
        const struct vmcb_rule_info *rule = vmcb_rule_info(value);
        return rule ? rule->name : NULL;
    }
    if (strcmp(column, "field") == 0) {
        const struct vmcb_word_info *field = vmcb_word_info(value);
        return field ? field->name : NULL;
    }
    if (strcmp(column, "number") != 0)
        return NULL;
    if (e->kind == EVENT_csr) {
        const struct csr_info *csr = csr_info(value);
        return csr ? csr->name : NULL;
    }
    const struct hint_info *hint = hint_info(value);
    return hint ? hint->name : NULL;
}

/* The event's own words, in order; returns how many. */
static unsigned fields_of(const struct event *e, struct field out[4])
{
    const struct event_info *info = event_info((enum event_kind)e->kind);
    const char *const columns[] = {info->cause, info->tval, info->a, info->b};
    const word values[] = {e->cause, e->tval, e->a, e->b};
    unsigned n = 0;

    for (unsigned i = 0; i < 4; i++) {
        if (!*columns[i])
            continue;
        struct field *f = &out[n++];
        *f = (struct field){.column = columns[i], .value = values[i]};
        f->name = name_of(e, f->column, f->value);
        f->style = f->name ? STYLE_NAME : style_of(f->column);
    }
    return n;
}

static unsigned level_of(const struct event *e, const struct contexts *contexts)
{
    return contexts && e->context < contexts->count ? contexts->table[e->context].level : 0;
}

static void add_context(struct text *out, const struct event *e, const struct contexts *contexts)
{
    char name[32];

    if (contexts) {
        contexts_name(contexts, e->context, name, sizeof name);
        text_add(out, "L%u %s", level_of(e, contexts), name);
    } else {
        text_add(out, "context %u", e->context);
    }
}

static void add_field(struct text *out, const struct field *f)
{
    if (f->style == STYLE_NAME && strcmp(f->column, "cause") == 0)
        text_add(out, " %s", f->name);
    else if (f->style == STYLE_NAME)
        text_add(out, " %s=%s", f->column, f->name);
    else if (f->style == STYLE_DECIMAL)
        text_add(out, " %s=%u", f->column, f->value);
    else
        text_add(out, " %s=0x%08x", f->column, f->value);
    if (strcmp(f->column, "byte") == 0 && f->value >= 0x20 && f->value < 0x7f)
        text_add(out, " '%c'", (char)f->value);
}

void export_text(struct text *out, const struct event *e, const struct export_names *names)
{
    static const struct export_names none = {0};
    struct field fields[4];
    unsigned n = fields_of(e, fields);

    names = names ? names : &none;
    text_add(out, "#%llu ", (unsigned long long)e->icount);
    add_context(out, e, names->contexts);
    if (e->ring_from == e->ring_to)
        text_add(out, " ring %u", e->ring_from);
    else
        text_add(out, " %u>%u", e->ring_from, e->ring_to);
    text_add(out, " %08x %s", e->pc, event_info((enum event_kind)e->kind)->name);
    for (unsigned i = 0; i < n; i++)
        add_field(out, &fields[i]);
    if (e->insn) {
        text_add(out, " | ");
        disasm_insn(out, e->insn, e->pc, names->disasm);
    }
}

static void add_key(struct text *out, const char *key)
{
    text_add(out, ",\"");
    for (; *key; key++)
        text_add_char(out, *key == ' ' ? '_' : *key);
    text_add(out, "\":");
}

static void add_string(struct text *out, const char *key, const char *value)
{
    add_key(out, key);
    text_add_char(out, '"');
    text_add_json(out, value);
    text_add_char(out, '"');
}

static void add_hex(struct text *out, const char *key, word value)
{
    add_key(out, key);
    text_add(out, "\"0x%08x\"", value);
}

static void add_number(struct text *out, const char *key, uint64_t value)
{
    add_key(out, key);
    text_add(out, "%llu", (unsigned long long)value);
}

static void add_json_field(struct text *out, const struct field *f)
{
    if (f->style == STYLE_NAME)
        add_string(out, f->column, f->name);
    else if (f->style == STYLE_DECIMAL)
        add_number(out, f->column, f->value);
    else
        add_hex(out, f->column, f->value);
}

static void add_json_insn(struct text *out, const struct event *e, const struct disasm *how)
{
    char buffer[256];
    struct text t = text_init(buffer, sizeof buffer);

    disasm_insn(&t, e->insn, e->pc, how);
    add_hex(out, "insn", e->insn);
    add_string(out, "text", buffer);
}

static void add_json_context(struct text *out, const struct event *e, const struct contexts *c)
{
    char name[32];

    add_number(out, "context", e->context);
    if (!c)
        return;
    contexts_name(c, e->context, name, sizeof name);
    add_string(out, "name", name);
    add_number(out, "vm_level", level_of(e, c));
}

void export_json(struct text *out, const struct event *e, const struct export_names *names)
{
    static const struct export_names none = {0};
    struct field fields[4];
    unsigned n = fields_of(e, fields);

    names = names ? names : &none;
    text_add(out, "{\"event\":\"%s\"", event_info((enum event_kind)e->kind)->name);
    add_number(out, "icount", e->icount);
    add_number(out, "cycle", e->cycle);
    add_number(out, "machine", e->machine);
    add_json_context(out, e, names->contexts);
    add_number(out, "ring_from", e->ring_from);
    add_number(out, "ring_to", e->ring_to);
    add_hex(out, "pc", e->pc);
    if (e->insn)
        add_json_insn(out, e, names->disasm);
    for (unsigned i = 0; i < n; i++)
        add_json_field(out, &fields[i]);
    text_add(out, "}");
}
