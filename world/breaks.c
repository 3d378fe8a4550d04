/*
 * Breakpoints; see breaks.h.
 */
#include "world/breaks.h"

#include "base/number.h"
#include "isa/csr.h"
#include "isa/paging.h"

#include <stdio.h>
#include <string.h>

#define WORD_SIZE 256

/* ---- the list ----------------------------------------------------------------------------- */

unsigned breaks_add(struct breaks *b, const struct break_point *point)
{
    if (b->count == BREAKS_MAX)
        return 0;
    b->list[b->count] = *point;
    b->list[b->count].number = point->unlisted ? BREAKS_UNLISTED : ++b->last_number;
    return b->list[b->count++].number;
}

struct break_point *breaks_find(struct breaks *b, unsigned number)
{
    for (unsigned i = 0; i < b->count; i++)
        if (b->list[i].number == number)
            return &b->list[i];
    return NULL;
}

static void remove_at(struct breaks *b, unsigned i)
{
    memmove(&b->list[i], &b->list[i + 1], (--b->count - i) * sizeof b->list[0]);
}

bool breaks_remove(struct breaks *b, unsigned number)
{
    for (unsigned i = 0; i < b->count; i++) {
        if (b->list[i].number == number) {
            remove_at(b, i);
            return true;
        }
    }
    return false;
}

void breaks_remove_once(struct breaks *b)
{
    for (unsigned i = b->count; i-- > 0;)
        if (b->list[i].once)
            remove_at(b, i);
}

static bool same_place(const struct place *a, const struct place *b)
{
    return a->address == b->address && strcmp(a->image, b->image) == 0 &&
           (*a->image || a->space.context == b->space.context);
}

static bool same(const struct break_point *a, const struct break_point *b)
{
    if (a->kind != b->kind)
        return false;
    return a->kind == BREAK_PLACE ? same_place(&a->place, &b->place)
                                  : strcmp(a->text, b->text) == 0;
}

enum breaks_change breaks_toggle(struct breaks *b, const struct break_point *point)
{
    for (unsigned i = 0; i < b->count; i++) {
        if (same(&b->list[i], point)) {
            remove_at(b, i);
            return BREAKS_CLEARED;
        }
    }
    return breaks_add(b, point) ? BREAKS_SET : BREAKS_FULL;
}

/* ---- matching ----------------------------------------------------------------------------- */

bool breaks_at(const struct breaks *b, const struct host *h, uint16_t context, word address)
{
    for (unsigned i = 0; i < b->count; i++)
        if (b->list[i].kind == BREAK_PLACE && !b->list[i].off &&
            place_is(&b->list[i].place, h, context, address))
            return true;
    return false;
}

static bool overlap(word a, word a_size, word b, word b_size)
{
    return a - b < b_size || b - a < a_size;
}

/* The access in physical memory against each page of the watched bytes. */
static bool meets_physical(const struct break_point *p, const struct host *h, gva address,
                           word bytes)
{
    hpa access, watched;

    if (!machine_translate(host_machine(h), address, &access))
        return false;
    for (word done = 0; done < p->size;) {
        word at = p->place.address + done;
        word n = PAGE_SIZE - (at & ~PAGE_MASK);

        if (n > p->size - done)
            n = p->size - done;
        if (view_translate(h, p->place.space, at, &watched) && overlap(access, bytes, watched, n))
            return true;
        done += n;
    }
    return false;
}

/* Events of kind `mem`: b is bytes, + 256 for a store, + 512 for a device. */
static bool meets_memory(const struct break_point *p, const struct host *h, const struct event *e)
{
    word bytes = e->b & 0xff;
    bool store = (e->b & 256) != 0;

    if (e->kind != EVENT_mem || !(store ? p->writes : p->reads))
        return false;
    if (p->place.space.kind == SPACE_GVA)
        return e->context == p->place.space.context &&
               overlap(e->tval, bytes, p->place.address, p->size);
    return meets_physical(p, h, e->tval, bytes);
}

bool break_meets(const struct break_point *p, const struct host *h, const struct event *e)
{
    const struct contexts *contexts = machine_contexts(host_machine(h));

    if (p->off || (p->host && p->host != h))
        return false;
    if (p->kind == BREAK_MEMORY && !meets_memory(p, h, e))
        return false;
    if (p->kind == BREAK_PLACE &&
        (e->kind != EVENT_insn || !place_is(&p->place, h, e->context, e->pc)))
        return false;
    return filter_match(&p->filter, contexts, e);
}

struct break_point *breaks_match(struct breaks *b, const struct host *h, const struct event *e)
{
    for (unsigned i = 0; i < b->count; i++)
        if (break_meets(&b->list[i], h, e))
            return &b->list[i];
    return NULL;
}

uint32_t breaks_mask(const struct breaks *b)
{
    uint32_t mask = 0;

    for (unsigned i = 0; i < b->count; i++) {
        const struct break_point *p = &b->list[i];
        mask |= p->off                    ? 0
                : p->kind == BREAK_PLACE  ? EVENT_BIT(EVENT_insn)
                : p->kind == BREAK_MEMORY ? EVENT_BIT(EVENT_mem)
                                          : filter_kinds(&p->filter);
    }
    return mask;
}

void break_hit(struct break_point *p, const struct event *e)
{
    p->hits += p->hit_at != e->icount + 1;
    p->hit_at = e->icount + 1;
}

void break_say(const struct break_point *p, const struct host *h, const struct event *e,
               struct text *out)
{
    const char *kind = event_info((enum event_kind)e->kind)->name;
    const struct cause_info *cause = cause_info(e->cause);
    char name[64];

    if (p->kind == BREAK_MEMORY)
        text_add(out, "%s of %u bytes at %08x, value %08x", (e->b & 256) ? "write" : "read",
                 e->b & 0xff, e->tval, e->a);
    else if (e->kind == EVENT_trap || e->kind == EVENT_exit)
        text_add(out, "breakpoint: %s %s", kind, cause ? cause->name : "unknown cause");
    else if (e->kind != EVENT_insn)
        text_add(out, "breakpoint: %s", kind);
    else if (*view_symbol_text(h, e->context, e->pc, false, name, sizeof name))
        text_add(out, "breakpoint %s", name);
    else
        text_add(out, "breakpoint %08x", e->pc);
}

/* ---- reading ------------------------------------------------------------------------------ */

/* The next word of *text, and *text behind it; false when there is none, or it is too long. */
static bool next_word(const char **text, char out[WORD_SIZE])
{
    const char *begin = *text + strspn(*text, " \t");
    size_t n = strcspn(begin, " \t");

    if (n == 0 || n >= WORD_SIZE)
        return false;
    memcpy(out, begin, n);
    out[n] = '\0';
    *text = begin + n;
    return true;
}

static bool ring_changes(void *user, const struct event *e)
{
    (void)user;
    return e->ring_from != e->ring_to;
}

static const char ring_word[] = "ring";

static bool is_filter_word(const char *w)
{
    char first[WORD_SIZE];

    snprintf(first, sizeof first, "%.*s", (int)strcspn(w, ","), w);
    return strchr(w, '=') || event_find(first) != EVENT_COUNT || strcmp(w, ring_word) == 0;
}

/* What a filter that names no kind of event is about. */
static uint32_t kinds_of(const struct filter *f)
{
    if (f->cause.count)
        return EVENT_BIT(EVENT_trap);
    if (f->hint.count)
        return EVENT_BIT(EVENT_hint);
    if (f->addr.set)
        return EVENT_BIT(EVENT_mem) | EVENT_BIT(EVENT_port);
    return EVENT_BIT(EVENT_insn);
}

static int parse_filter(struct break_point *out, const struct host *h, const char *text,
                        struct error *err)
{
    struct filter_names names = view_filter_names(h);
    const char *rest = text;
    char first[WORD_SIZE];
    bool ring = next_word(&rest, first) && strcmp(first, ring_word) == 0;
    int code = filter_parse(&out->filter, ring ? rest : text, &names, err);

    if (code)
        return code;
    if (ring) {
        out->filter.when = ring_changes;
        out->filter.kinds = EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_ret) | EVENT_BIT(EVENT_exit) |
                            EVENT_BIT(EVENT_entry);
    }
    out->once = out->filter.once;
    return 0;
}

int break_parse(struct break_point *out, const struct host *h, uint16_t context, const char *text,
                struct error *err)
{
    const char *rest = text;
    char first[WORD_SIZE];
    int code = 0;

    *out = (struct break_point){.kind = BREAK_EVENT};
    snprintf(out->text, sizeof out->text, "%s", text);
    if (!next_word(&rest, first))
        return error_set(err, ERROR_usage,
                         "a place (main, trap.c:31, 0x80000000) or words of a filter (trap "
                         "cause=privileged, csr=status, exit, ring) are wanted");
    if (is_filter_word(first)) {
        code = parse_filter(out, h, text, err);
        if (!code && !out->filter.kinds)
            out->filter.kinds = kinds_of(&out->filter);
        return code;
    }
    out->kind = BREAK_PLACE;
    code = place_parse(&out->place, h, context, first, err);
    if (!code && out->place.space.kind != SPACE_GVA)
        return error_set(err, ERROR_usage, "%s: code runs at virtual addresses (gva)", first);
    if (!code && (out->place.address & 3))
        return error_set(
            err, ERROR_usage,
            "0x%08x is no multiple of 4: no instruction begins there (a source line is "
            "written FILE:LINE)",
            out->place.address);
    return code ? code : parse_filter(out, h, rest, err);
}

/* ",N" behind the place; without, the size of the symbol, or a word. */
static int read_size(struct break_point *out, const struct host *h, char *place, struct error *err)
{
    char *comma = strchr(place, ',');
    uint64_t size = 4;
    word first, last;

    if (comma && (!number_parse(comma + 1, &size) || size == 0 || size > UINT32_MAX))
        return error_set(err, ERROR_usage, "%s: how many bytes? as in 0x80001000,16", place);
    if (comma)
        *comma = '\0';
    else if (view_symbol_range(h, place, &first, &last) && last != first)
        size = (uint64_t)last - first + 1;
    out->size = (word)size;
    return 0;
}

int break_parse_memory(struct break_point *out, const struct host *h, uint16_t context,
                       const char *text, struct error *err)
{
    static const struct {
        const char *name;
        bool reads, writes;
    } accesses[] = {{"write", false, true}, {"read", true, false}, {"access", true, true}};
    char place[WORD_SIZE], access[WORD_SIZE] = "write", more[WORD_SIZE];
    const char *rest = text;

    *out = (struct break_point){.kind = BREAK_MEMORY};
    snprintf(out->text, sizeof out->text, "%s", text);
    if (!next_word(&rest, place))
        return error_set(err, ERROR_usage, "watch what? counter, gpa:0x80001000,16 ...");
    next_word(&rest, access);
    for (size_t i = 0; i < COUNT_OF(accesses); i++) {
        if (strcmp(access, accesses[i].name) == 0) {
            out->reads = accesses[i].reads;
            out->writes = accesses[i].writes;
        }
    }
    if ((!out->reads && !out->writes) || next_word(&rest, more))
        return error_set(err, ERROR_usage, "%s: read, write or access may stand behind the place",
                         access);
    int code = read_size(out, h, place, err);
    return code ? code : place_parse(&out->place, h, context, place, err);
}
