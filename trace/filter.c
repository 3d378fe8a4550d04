/*
 * Filters: a table of keys, each with the list or range of struct filter that it fills and the
 * way one value is read. See filter.h.
 */
#include "trace/filter.h"

#include "base/number.h"
#include "base/suggest.h"
#include "isa/csr.h"
#include "isa/insn.h"
#include "isa/vmcb.h"

#include <string.h>

#define WORD_SIZE 128 /* longer words are nothing that we know */

/* ---- values ---- */

static bool parse_word(const char *s, word *out)
{
    uint64_t value;

    if (!number_parse(s, &value) || value > 0xffffffff)
        return false;
    *out = (word)value;
    return true;
}

static bool value_small(const char *s, word limit, word *out)
{
    word value;

    if (!parse_word(s, &value) || value > limit)
        return false;
    *out = value;
    return true;
}

static bool value_ring(const char *s, word *out, struct suggest *near)
{
    (void)near;
    return value_small(s, 3, out);
}

static bool value_level(const char *s, word *out, struct suggest *near)
{
    (void)near;
    return value_small(s, CONTEXT_LEVELS, out);
}

static bool value_cause(const char *s, word *out, struct suggest *near)
{
    const struct cause_info *info = cause_find(s);

    for (unsigned i = 0; i < cause_count; i++)
        suggest_offer(near, cause_table[i].name);
    for (unsigned i = 0; i < vmcb_exit_count; i++)
        suggest_offer(near, vmcb_exit_table[i].name);
    if (info)
        *out = info->cause;
    bool good = info || parse_word(s, out);
    if (good)
        *out = vmcb_plain_cause(*out);
    return good;
}

static bool value_insn(const char *s, word *out, struct suggest *near)
{
    enum insn_id id = insn_find(s);

    for (unsigned i = 0; i < INSN_COUNT; i++)
        suggest_offer(near, insn_info((enum insn_id)i)->name);
    *out = id;
    return id != INSN_ILLEGAL || strcmp(s, insn_info(INSN_ILLEGAL)->name) == 0;
}

static bool value_csr(const char *s, word *out, struct suggest *near)
{
    const struct csr_info *info = csr_find(s);

    for (unsigned i = 0; i < csr_count; i++)
        suggest_offer(near, csr_table[i].name);
    if (info)
        *out = info->number;
    return info || value_small(s, 0xfff, out);
}

static bool value_hint(const char *s, word *out, struct suggest *near)
{
    static const struct {
        const char *name;
        word number;
    } hints[] = {
#define HINT(name, number, value) {#name, number},
#include "isa/hints.def"
#undef HINT
    };

    for (size_t i = 0; i < COUNT_OF(hints); i++) {
        suggest_offer(near, hints[i].name);
        if (strcmp(hints[i].name, s) == 0) {
            *out = hints[i].number;
            return true;
        }
    }
    return value_small(s, 0xfff, out);
}

/* ---- keys ---- */

typedef bool value_fn(const char *s, word *out, struct suggest *near);

static const struct list_key {
    struct filter_key key;
    size_t offset; /* of the list in struct filter */
    value_fn *value;
} list_keys[] = {
    {{"level", "0-6", "levels of virtualization: 0 the machine itself"},
     offsetof(struct filter, level),
     value_level},
    {{"from", "0-3", "real rings before"}, offsetof(struct filter, from), value_ring},
    {{"to", "0-3", "real rings after"}, offsetof(struct filter, to), value_ring},
    {{"cause", "NAME", "causes of traps and exits"}, offsetof(struct filter, cause), value_cause},
    {{"insn", "NAME", "instructions"}, offsetof(struct filter, insn), value_insn},
    {{"csr", "NAME", "control registers written or named"},
     offsetof(struct filter, csr),
     value_csr},
    {{"hint", "NAME", "hints of software"}, offsetof(struct filter, hint), value_hint},
};

static const struct range_key {
    struct filter_key key;
    size_t offset;
    bool symbols; /* a name is looked up */
} range_keys[] = {
    {{"addr", "A, A-B, A+N", "addresses or ports accessed, translated or at fault"},
     offsetof(struct filter, addr),
     false},
    {{"pc", "A, A-B, A+N, SYMBOL", "where the instruction is"}, offsetof(struct filter, pc), true},
};

static const struct filter_key other_keys[] = {
    {"kinds", "NAME", "event kinds; also as words of their own"},
    {"vm", "NAME or VMID", "a virtual machine and what runs inside it; 0: the machine's own code"},
    {"context", "N", "the same, by number of the context"},
    {"once", "", "the first match is enough"},
    {"max", "STEPS", "give up after so many steps"},
};

const struct filter_key *filter_key(unsigned index)
{
    if (index < COUNT_OF(other_keys))
        return &other_keys[index];
    index -= COUNT_OF(other_keys);
    if (index < COUNT_OF(list_keys))
        return &list_keys[index].key;
    index -= COUNT_OF(list_keys);
    return index < COUNT_OF(range_keys) ? &range_keys[index].key : NULL;
}

/* ---- reading ---- */

/* The next piece of *s up to `separator`, in `out`; false at the end. Too long: cut, so unknown. */
static bool next_piece(const char **s, char separator, char out[WORD_SIZE])
{
    size_t length;

    if (!*s)
        return false;
    const char *end = strchr(*s, separator);
    length = end ? (size_t)(end - *s) : strlen(*s);
    size_t kept = length < WORD_SIZE ? length : WORD_SIZE - 1;
    memcpy(out, *s, kept);
    out[kept] = '\0';
    *s = end ? end + 1 : NULL;
    return true;
}

static int refuse(struct error *err, const char *key, const char *value, const char *what,
                  const struct suggest *near)
{
    char buffer[256];
    struct text t = text_init(buffer, sizeof buffer);

    if (near)
        suggest_add(near, &t);
    return error_set(err, ERROR_usage, "filter: %s=%s: %s%s", key, value, what, buffer);
}

static int set_list(struct filter *f, const struct list_key *k, const char *value,
                    struct error *err)
{
    struct filter_list *list = (struct filter_list *)((char *)f + k->offset);
    char piece[WORD_SIZE];

    list->count = 0;
    while (next_piece(&value, ',', piece)) {
        struct suggest near = suggest_for(piece);

        if (list->count == FILTER_LIST_MAX)
            return refuse(err, k->key.name, piece, "too many alternatives, 16 at most", NULL);
        if (!k->value(piece, &list->values[list->count], &near))
            return refuse(err, k->key.name, piece, "not one of these", &near);
        list->count++;
    }
    return 0;
}

/* A-B, A+N or A; false when it is none, or empty. */
static bool parse_range(const char *s, struct filter_range *out)
{
    char first[WORD_SIZE];
    const char *rest = s;
    const char *separator = strpbrk(s, "-+");
    word second;

    out->set = true;
    next_piece(&rest, separator ? *separator : '\0', first);
    if (!parse_word(first, &out->first))
        return false;
    out->last = out->first;
    if (!separator)
        return true;
    if (!parse_word(separator + 1, &second))
        return false;
    if (*separator == '+') {
        if (second == 0 || second - 1 > UINT32_MAX - out->first)
            return false;
        second = out->first + (second - 1);
    }
    out->last = second;
    return out->first <= out->last;
}

static int set_range(struct filter *f, const struct range_key *k, const char *value,
                     const struct filter_names *names, struct error *err)
{
    struct filter_range *range = (struct filter_range *)((char *)f + k->offset);

    if (parse_range(value, range))
        return 0;
    if (k->symbols && names && names->symbol &&
        names->symbol(names->user, value, &range->first, &range->last))
        return 0;
    *range = (struct filter_range){0};
    return refuse(err, k->key.name, value,
                  k->symbols ? "neither an address, a range like 0x80000000-0x80000fff or "
                               "0x80000000+0x1000, nor a known symbol"
                             : "neither an address nor a range like 0x80000000-0x80000fff or "
                               "0x80000000+0x1000",
                  NULL);
}

static int set_kinds(struct filter *f, const char *value, struct error *err)
{
    char piece[WORD_SIZE];

    while (next_piece(&value, ',', piece)) {
        enum event_kind kind = event_find(piece);
        struct suggest near = suggest_for(piece);
        char buffer[256];
        struct text t = text_init(buffer, sizeof buffer);

        if (kind == EVENT_COUNT) {
            for (unsigned i = 0; i < EVENT_COUNT; i++)
                suggest_offer(&near, event_info((enum event_kind)i)->name);
            suggest_add(&near, &t);
            return error_set(err, ERROR_usage, "filter: %s: no such event%s", piece, buffer);
        }
        f->kinds |= EVENT_BIT(kind);
    }
    return 0;
}

static int set_other(struct filter *f, const char *key, const char *value, struct error *err)
{
    word number;

    if (strcmp(key, "kinds") == 0)
        return set_kinds(f, value, err);
    if (strcmp(key, "vm") == 0) {
        if (!*value || strlen(value) >= sizeof f->vm)
            return refuse(err, key, value, "a VM's name has 1 to 15 bytes", NULL);
        strcpy(f->vm, value);
        return 0;
    }
    if (strcmp(key, "context") == 0) {
        if (!value_small(value, CONTEXT_MAX - 1, &number))
            return refuse(err, key, value, "not the number of a context", NULL);
        f->in_context = true;
        f->context = (uint16_t)number;
        return 0;
    }
    if (strcmp(key, "max") == 0)
        return number_parse(value, &f->max) ? 0 : refuse(err, key, value, "not a number", NULL);
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return refuse(err, key, value, "true or false", NULL);
    f->once = *value == 't';
    return 0;
}

int filter_set(struct filter *f, const char *key, const char *value,
               const struct filter_names *names, struct error *err)
{
    struct suggest near = suggest_for(key);
    char buffer[256];
    struct text t = text_init(buffer, sizeof buffer);
    const struct filter_key *k;

    for (unsigned i = 0; i < COUNT_OF(list_keys); i++)
        if (strcmp(key, list_keys[i].key.name) == 0)
            return set_list(f, &list_keys[i], value, err);
    for (unsigned i = 0; i < COUNT_OF(range_keys); i++)
        if (strcmp(key, range_keys[i].key.name) == 0)
            return set_range(f, &range_keys[i], value, names, err);
    for (unsigned i = 0; i < COUNT_OF(other_keys); i++)
        if (strcmp(key, other_keys[i].name) == 0)
            return set_other(f, key, value, err);
    for (unsigned i = 0; (k = filter_key(i)) != NULL; i++)
        suggest_offer(&near, k->name);
    suggest_add(&near, &t);
    return error_set(err, ERROR_usage, "filter: %s=%s: there is no \"%s\" to ask for%s", key, value,
                     key, buffer);
}

static int parse_one(struct filter *f, char *w, const struct filter_names *names, struct error *err)
{
    char *equals = strchr(w, '=');

    if (!equals) {
        if (strcmp(w, "once") == 0)
            return filter_set(f, "once", "true", names, err);
        return set_kinds(f, w, err);
    }
    *equals = '\0';
    return filter_set(f, w, equals + 1, names, err);
}

int filter_parse(struct filter *f, const char *text, const struct filter_names *names,
                 struct error *err)
{
    static const char blanks[] = " \t\r\n";
    char w[4 * WORD_SIZE];

    *f = (struct filter){0};
    for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
        size_t length = strcspn(text, blanks);

        if (length >= sizeof w)
            return error_set(err, ERROR_usage, "filter: %.20s...: a word of %zu bytes is too long",
                             text, length);
        memcpy(w, text, length);
        w[length] = '\0';
        text += length;
        int code = parse_one(f, w, names, err);
        if (code)
            return code;
    }
    return 0;
}

/* ---- matching ---- */

static bool in_list(const struct filter_list *list, word value)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->values[i] == value)
            return true;
    return list->count == 0;
}

static bool in_range(const struct filter_range *range, word value)
{
    return value >= range->first && value <= range->last;
}

static bool cause_has_address(word cause)
{
    switch (vmcb_plain_cause(cause)) {
    case CAUSE_EXIT | INTERCEPT_port:
    case CAUSE_EXIT | EXIT_nested_fault:
        return true;
#define TVAL_ADDR true
#define TVAL_INSN false
#define TVAL_PC   true
#define TVAL_ZERO false
#define CAUSE(name, code, tval, text)                                                              \
    case code:                                                                                     \
        return TVAL_##tval;
#include "isa/causes.def"
    default:
        return false;
    }
}

/* Is `tval` of this kind always an address or port? events.def says so. */
static bool is_access(const struct event_info *info)
{
    return strcmp(info->tval, "gva") == 0 || strcmp(info->tval, "hpa") == 0 ||
           strcmp(info->tval, "port") == 0;
}

static bool has_address(const struct event *e)
{
    const struct event_info *info = event_info((enum event_kind)e->kind);

    return *info->cause ? cause_has_address(e->cause) : is_access(info);
}

static bool match_csr(const struct filter_list *list, const struct event *e)
{
    if (e->kind == EVENT_csr)
        return in_list(list, e->tval);
    struct insn i = insn_decode(e->insn);
    return insn_info(i.id)->class == CLASS_CSR && in_list(list, i.csr);
}

static bool is_vm(const struct filter *f, const struct contexts *contexts, uint16_t id)
{
    char name[FILTER_NAME_SIZE];
    word vmid;

    if (f->in_context && id == f->context)
        return true;
    if (!f->vm[0])
        return false;
    if (parse_word(f->vm, &vmid))
        return contexts->table[id].vmid == vmid;
    contexts_name(contexts, id, name, sizeof name);
    return strcmp(name, f->vm) == 0;
}

/* Is it in the VM asked for, at any depth? The machine's own code is the whole chain's end, so
 * it is asked for by itself. */
static bool match_vm(const struct filter *f, const struct contexts *contexts, const struct event *e)
{
    uint16_t id = e->context;

    if (!contexts || id >= contexts->count)
        return false;
    while (id != 0) {
        if (is_vm(f, contexts, id))
            return true;
        id = contexts->table[id].parent;
    }
    return e->context == 0 && is_vm(f, contexts, 0);
}

static bool match_level(const struct filter *f, const struct contexts *contexts,
                        const struct event *e)
{
    bool known = contexts && e->context < contexts->count;

    return in_list(&f->level, known ? contexts->table[e->context].level : 0);
}

bool filter_match(const struct filter *f, const struct contexts *contexts, const struct event *e)
{
    const struct event_info *info = event_info((enum event_kind)e->kind);

    if (!f)
        return true;
    if ((f->kinds && !(f->kinds & EVENT_BIT(e->kind))) || !in_list(&f->from, e->ring_from) ||
        !in_list(&f->to, e->ring_to))
        return false;
    if (f->cause.count && (!*info->cause || !in_list(&f->cause, vmcb_plain_cause(e->cause))))
        return false;
    if (f->pc.set && !in_range(&f->pc, e->pc))
        return false;
    if (f->addr.set && !(has_address(e) && in_range(&f->addr, e->tval)))
        return false;
    if (f->hint.count && !(e->kind == EVENT_hint && in_list(&f->hint, e->a)))
        return false;
    if (f->insn.count && !in_list(&f->insn, insn_decode(e->insn).id))
        return false;
    if (f->csr.count && !match_csr(&f->csr, e))
        return false;
    if (f->level.count && !match_level(f, contexts, e))
        return false;
    if ((f->in_context || f->vm[0]) && !match_vm(f, contexts, e))
        return false;
    return !f->when || f->when(f->user, e);
}

static bool can_match(const struct filter *f, enum event_kind kind)
{
    const struct event_info *info = event_info(kind);

    return !(f->cause.count && !*info->cause) && !(f->hint.count && kind != EVENT_hint) &&
           !(f->addr.set && !*info->cause && !is_access(info));
}

uint32_t filter_kinds(const struct filter *f)
{
    uint32_t kinds = f && f->kinds ? f->kinds : EVENT_ALL;

    for (unsigned i = 0; f && i < EVENT_COUNT; i++)
        if (!can_match(f, (enum event_kind)i))
            kinds &= ~EVENT_BIT(i);
    return kinds;
}
