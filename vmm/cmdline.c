/* The command line; see cmdline.h. A word's key is looked up in a table. */
#include "vmm/cmdline.h"

#include "vmm/technique.h"
#include "vmm/vm.h"

#define RAM_LEAST 0x100000u /* as the machine's */
#define RAM_MOST  0x40000000u

struct parser {
    const char *at;
    struct cmdline_options *options;
    struct vm_description *out;
    unsigned max, count;
    struct line *why;
};

static bool fail(struct parser *p, const char *what, struct slice which, const char *hint)
{
    line_str(p->why, what);
    line_slice(p->why, which);
    line_str(p->why, hint);
    return false;
}

static struct slice slice_of(const char *text)
{
    return (struct slice){text, string_length(text)};
}

/* ---- values ------------------------------------------------------------------------------- */

/* Decimal digits only; false when there are none, others, or too many. */
bool cmdline_number(struct slice s, word *out)
{
    *out = 0;
    for (unsigned i = 0; i < s.length; i++) {
        if (s.at[i] < '0' || s.at[i] > '9' || *out > 100000000)
            return false;
        *out = *out * 10 + (word)(s.at[i] - '0');
    }
    return s.length > 0;
}

static bool take_switch(struct parser *p, const char *key, bool *out, struct slice value)
{
    *out = slice_is(value, "on");
    return *out || slice_is(value, "off") || fail(p, key, value, ": there is: on, off");
}

static bool take_technique(struct parser *p, struct vm_description *d, struct slice value)
{
    struct line names = {.length = 0};

    d->technique = technique_find(value);
    if (d->technique)
        return true;
    line_str(&names, "; there is: ");
    technique_names(&names);
    return fail(p, "no technique is called ", value, names.text);
}

/* Bytes, or with K or M. */
static bool take_size(struct parser *p, const char *key, word *out, struct slice value)
{
    struct slice digits = value;
    unsigned shift = 0;
    char unit = value.length ? value.at[value.length - 1] : '\0';

    if (unit == 'K' || unit == 'M') {
        shift = unit == 'K' ? 10 : 20;
        digits.length--;
    }
    if (!cmdline_number(digits, out) || *out > RAM_MOST >> shift || *out << shift < RAM_LEAST ||
        (*out << shift & 4095))
        return fail(p, key, value, ": give whole pages from 1M to 1024M, as in ram=16M");
    *out <<= shift;
    return true;
}

static bool take_ram(struct parser *p, struct vm_description *d, struct slice value)
{
    return take_size(p, "ram=", &d->ram, value);
}

static bool take_min(struct parser *p, struct vm_description *d, struct slice value)
{
    if (!take_size(p, "min=", &d->min, value))
        return false;
    return d->min <= d->ram ||
           fail(p, "min=", value, ": more than its ram=, which stands before it");
}

static bool take_share(struct parser *p, struct vm_description *d, struct slice value)
{
    return take_switch(p, "share=", &d->share, value);
}

static bool take_kernel(struct parser *p, struct vm_description *d, struct slice value)
{
    (void)p;
    d->kernel = value;
    return true;
}

static bool take_modules(struct parser *p, struct vm_description *d, struct slice value)
{
    (void)p;
    d->modules = value;
    return true;
}

/* The whole disk, FIRST+COUNT, or what is no number: the name of a module. */
static bool take_disk(struct parser *p, struct vm_description *d, struct slice value)
{
    struct slice first = value, count = {value.at, 0};

    d->disk = (struct disk_choice){.given = true};
    for (unsigned i = 0; i < value.length; i++) {
        if (value.at[i] == '+') {
            first.length = i;
            count = (struct slice){value.at + i + 1, value.length - i - 1};
        }
    }
    if (!cmdline_number(first, &d->disk.first) && value.length > 0) {
        d->disk.image = value;
        return true;
    }
    if (count.length ? !cmdline_number(count, &d->disk.count) || d->disk.count == 0
                     : !slice_is(value, "0"))
        return fail(p, "disk=", value,
                    ": give 0 for the machine's disk, sectors of it as in 128+64, or a module");
    return true;
}

static bool take_virtio(struct parser *p, struct vm_description *d, struct slice value)
{
    return take_switch(p, "virtio=", &d->virtio, value);
}

static bool take_nested(struct parser *p, struct vm_description *d, struct slice value)
{
    return take_switch(p, "nested=", &d->nesting, value);
}

static bool take_weight(struct parser *p, struct vm_description *d, struct slice value)
{
    if (!cmdline_number(value, &d->weight) || d->weight < 1 || d->weight > SCHED_WEIGHT_MOST)
        return fail(p, "weight=", value, ": give a number from 1 to 65535; 256 is usual");
    return true;
}

static bool take_cap(struct parser *p, struct vm_description *d, struct slice value)
{
    if (!cmdline_number(value, &d->cap) || d->cap < 1 || d->cap > 100)
        return fail(p, "cap=", value, ": give percents of the processor, 1 to 100");
    return true;
}

static bool take_cmdline(struct parser *p, struct vm_description *d, struct slice value)
{
    (void)p;
    d->cmdline = value;
    return true;
}

static const struct key {
    const char *name;
    bool (*take)(struct parser *p, struct vm_description *d, struct slice value);
} keys[] = {
    {"technique", take_technique}, {"ram", take_ram},       {"min", take_min},
    {"share", take_share},         {"kernel", take_kernel}, {"modules", take_modules},
    {"disk", take_disk},           {"virtio", take_virtio}, {"nested", take_nested},
    {"weight", take_weight},       {"cap", take_cap},       {"cmdline", take_cmdline},
};

/* ---- words -------------------------------------------------------------------------------- */

static bool begin_vm(struct parser *p, struct slice name)
{
    if (name.length == 0 || name.length >= VM_NAME_SIZE)
        return fail(p, "vm=", name, ": a name has 1 to 15 characters");
    if (p->count == p->max)
        return fail(p, "too many VMs, at vm=", name, "");
    for (unsigned i = 0; i < p->count; i++) {
        struct slice other = p->out[i].name;
        char text[VM_NAME_SIZE];
        slice_copy(other, text, sizeof text);
        if (slice_is(name, text))
            return fail(p, "two VMs are called ", name, "");
    }
    p->out[p->count++] = (struct vm_description){
        .name = name,
        .technique = &technique_full,
        .ram = 16u << 20,
        .kernel = slice_of("os.elf"),
        .modules = slice_of(""),
        .weight = SCHED_WEIGHT,
        .cmdline = slice_of(""),
    };
    return true;
}

static bool take_word(struct parser *p, struct slice key, struct slice value)
{
    if (slice_is(key, "vm"))
        return begin_vm(p, value);
    if (slice_is(key, "stay") && p->options && p->count == 0)
        return take_switch(p, "stay=", &p->options->stay, value);
    for (unsigned i = 0; i < COUNT_OF(keys); i++) {
        if (!slice_is(key, keys[i].name))
            continue;
        if (p->count == 0)
            return fail(p, "", key, "= stands before the first vm=NAME");
        return keys[i].take(p, &p->out[p->count - 1], value);
    }
    struct line known = {.length = 0};
    line_str(&known, "; there is: vm");
    for (unsigned i = 0; i < COUNT_OF(keys); i++) {
        line_str(&known, " ");
        line_str(&known, keys[i].name);
    }
    return fail(p, "unknown word ", key, known.text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* The value at `at`, without what encloses it; moves on behind it. False when it is not closed. */
static bool parse_value(struct parser *p, struct slice *value)
{
    char open = *p->at, close = open == '{' ? '}' : '"';
    unsigned depth = 1;

    if (open != '"' && open != '{') {
        value->at = p->at;
        while (*p->at && !is_blank(*p->at))
            p->at++;
        value->length = (unsigned)(p->at - value->at);
        return true;
    }
    value->at = ++p->at;
    for (; *p->at; p->at++) {
        if (*p->at == close)
            depth--;
        else if (*p->at == open)
            depth++;
        if (depth == 0)
            break;
    }
    value->length = (unsigned)(p->at - value->at);
    return *p->at++ == close;
}

static bool parse_word(struct parser *p)
{
    struct slice key = {p->at, 0}, value;

    while (*p->at && *p->at != '=' && !is_blank(*p->at))
        p->at++;
    key.length = (unsigned)(p->at - key.at);
    if (*p->at != '=')
        return fail(p, "a word without '=': ", key, "");
    p->at++;
    if (!parse_value(p, &value))
        return fail(p, "a quote or brace is not closed after ", key, "=");
    return take_word(p, key, value);
}

bool cmdline_parse(const char *text, struct cmdline_options *options, struct vm_description *out,
                   unsigned max, unsigned *count, struct line *why)
{
    struct parser p = {text, options, out, max, 0, why};

    *count = 0;
    for (;;) {
        while (is_blank(*p.at))
            p.at++;
        if (!*p.at)
            break;
        if (!parse_word(&p))
            return false;
    }
    *count = p.count;
    if (p.count == 0 && !(options && options->stay))
        return fail(&p, "no VM to run; the command line needs vm=NAME kernel=MODULE", slice_of(""),
                    "");
    return true;
}

bool cmdline_value(const char *key, struct slice value, struct vm_description *out,
                   struct line *why)
{
    struct parser p = {.out = out, .max = 1, .count = 1, .why = why};

    return take_word(&p, slice_of(key), value);
}

bool cmdline_next(struct slice *list, struct slice *first)
{
    unsigned n = 0;

    if (list->length == 0)
        return false;
    while (n < list->length && list->at[n] != ',')
        n++;
    *first = (struct slice){list->at, n};
    unsigned skip = n < list->length ? n + 1 : n;
    list->at += skip;
    list->length -= skip;
    return true;
}
