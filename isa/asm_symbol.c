/*
 * Names of the program; see asm_symbol.h. A hash table of chains for looking up, one list in
 * order of mention for writing out. The k-th definition of the numeric label n is the hidden
 * symbol "n#k", so 1f is simply the name of the definition that comes next.
 */
#include "isa/asm_symbol.h"
#include "isa/asm_section.h"
#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

#define BUCKETS  16384u
#define NEAR_MAX 10000u /* names looked at for a near one */

struct asm_symbols {
    struct asm_symbol *buckets[BUCKETS];
    struct asm_symbol *first, **last;
    unsigned numeric[ASM_NUMERIC_MAX]; /* definitions so far */
};

void asm_symbols_init(struct assembler *as)
{
    as->symbols = asm_alloc(as, sizeof *as->symbols);
    as->symbols->last = &as->symbols->first;
}

/* FNV-1a. */
static uint32_t hash_of(const char *name, size_t length)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)name[i]) * 16777619u;
    return h;
}

static struct asm_symbol *find(struct assembler *as, uint32_t hash, const char *name, size_t length)
{
    struct asm_symbol *s = as->symbols->buckets[hash % BUCKETS];

    while (s && (s->hash != hash || s->length != length || memcmp(s->name, name, length) != 0))
        s = s->next_in_bucket;
    return s;
}

struct asm_symbol *asm_symbol_lookup(struct assembler *as, const char *name, size_t length)
{
    return find(as, hash_of(name, length), name, length);
}

struct asm_symbol *asm_symbol(struct assembler *as, const char *name, size_t length)
{
    struct asm_symbols *t = as->symbols;
    uint32_t hash = hash_of(name, length);
    struct asm_symbol *s = find(as, hash, name, length);

    if (s)
        return s;
    s = asm_alloc(as, sizeof *s);
    s->name = asm_string(as, name, length);
    s->length = length;
    s->hash = hash;
    s->next_in_bucket = t->buckets[hash % BUCKETS];
    t->buckets[hash % BUCKETS] = s;
    *t->last = s;
    t->last = &s->next;
    return s;
}

struct asm_symbol *asm_symbol_first(const struct assembler *as)
{
    return as->symbols->first;
}

static void define(struct assembler *as, struct asm_symbol *s)
{
    s->kind = ASM_LABEL;
    s->section = asm_section_current(as);
    s->offset = s->section->size;
}

struct asm_symbol *asm_symbol_here(struct assembler *as)
{
    struct asm_symbol *s = asm_alloc(as, sizeof *s);

    s->name = ".";
    s->hidden = true;
    define(as, s);
    return s;
}

void asm_label(struct assembler *as, struct asm_symbol *s, const struct asm_where *where)
{
    if (s->kind != ASM_UNDEFINED) {
        asm_error(as, where, "\"%s\" is already defined", s->name);
        asm_note(as, &s->where, "first defined here");
        return;
    }
    s->where = *where;
    define(as, s);
}

static struct asm_symbol *numbered(struct assembler *as, unsigned number, unsigned count)
{
    char name[48];
    int length = snprintf(name, sizeof name, "%u#%u", number, count);
    struct asm_symbol *s = asm_symbol(as, name, (size_t)length);

    s->hidden = true;
    return s;
}

void asm_label_numeric(struct assembler *as, unsigned number, const struct asm_where *where)
{
    asm_label(as, numbered(as, number, ++as->symbols->numeric[number]), where);
}

struct asm_symbol *asm_symbol_numeric(struct assembler *as, unsigned number, bool forward)
{
    unsigned count = as->symbols->numeric[number];

    return count || forward ? numbered(as, number, count + forward) : NULL;
}

void asm_undefined(struct assembler *as, const struct asm_symbol *s, const struct asm_where *where)
{
    struct suggest near = suggest_for(s->name);
    unsigned looked_at = 0;

    if (s->hidden) {
        int digits = (int)strcspn(s->name, "#");

        asm_error(as, where, "no label %.*s: follows", digits, s->name);
        asm_note(as, NULL, "%.*sf means the next %.*s: after this line", digits, s->name, digits,
                 s->name);
        return;
    }
    asm_error(as, where, "\"%s\" is not defined", s->name);
    for (const struct asm_symbol *o = asm_symbol_first(as); o && looked_at++ < NEAR_MAX;
         o = o->next)
        if (o->kind != ASM_UNDEFINED && !o->hidden)
            suggest_offer(&near, o->name);
    asm_note_near(as, &near);
}
