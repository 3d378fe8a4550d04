/*
 * The translation cache: units by guest address, by host address and by source; ways out that
 * become jumps, and exits again.
 *
 *   bucket[hash of pc] -> unit -> unit          sources[] -> unit -> unit
 *   unit <- callers: the ways out of units that jump to it
 *
 * Units are made in the order of their addresses and given back all at once, so the unit that
 * holds an address is found by halving. What is dropped stays as it is, to be left in peace by
 * a guest that is inside; only nothing leads there any more.
 *
 * A unit is right as long as its source page's content is (the write watch) and as long as the
 * guest's page table leads its page there. The latter can change only by ptbr or a fence, like
 * what a TLB holds; after either, all sources are looked up again (bt_check).
 */
#include "vmm/arch.h"
#include "vmm/bt.h"
#include "vmm/bt_insn.h"
#include "vmm/isa.h"
#include "vmm/lib.h"
#include "vmm/phys.h"
#include "vmm/vm.h"

_Static_assert(sizeof(struct bt) <= PAGE_SIZE, "it fits in its frame");
_Static_assert(sizeof(struct bt_page) <= PAGE_SIZE, "it fits in its frame");
_Static_assert(UNITS * 2 < UNIT_NONE, "a way out has a number");

struct bt_unit *bt_unit(const struct bt *bt, word number)
{
    return &bt->units[number / UNITS_PER_PAGE][number % UNITS_PER_PAGE];
}

static word number_of(const struct bt *bt, const struct bt_unit *u)
{
    for (word i = 0; i < UNIT_PAGES; i++)
        if (u >= bt->units[i] && u < bt->units[i] + UNITS_PER_PAGE)
            return i * UNITS_PER_PAGE + (word)(u - bt->units[i]);
    vmm_assert(false);
    return 0;
}

/* ---- looking up ---------------------------------------------------------------------------- */

static uint16_t *bucket_of(struct bt *bt, word pc)
{
    return &bt->buckets[(pc >> 2 ^ pc >> 11) % BUCKETS];
}

struct bt_unit *bt_find(struct bt *bt, word pc)
{
    bt->counts.lookups++;
    for (uint16_t n = *bucket_of(bt, pc); n != UNIT_NONE;) {
        struct bt_unit *u = bt_unit(bt, n);
        if (u->pc == pc)
            return u;
        n = u->next_in_bucket;
    }
    bt->counts.misses++;
    return NULL;
}

struct bt_unit *bt_find_host(const struct bt *bt, gva host)
{
    word from = 0, to = bt->unit_count;

    while (from < to) {
        word middle = (from + to) / 2;
        struct bt_unit *u = bt_unit(bt, middle);
        if (host < u->at)
            to = middle;
        else if (host >= u->at + u->words * 4u)
            from = middle + 1;
        else
            return u;
    }
    return NULL;
}

/* ---- making -------------------------------------------------------------------------------- */

void bt_flush(struct bt *bt)
{
    bt->unit_count = 0;
    bt->words_used = 0;
    bt->source_count = 0;
    bt->drops++;
    bt->last = NULL;
    memset(bt->buckets, 0xff, sizeof bt->buckets);
    for (unsigned i = 0; i < BT_TAGS; i++)
        bt->page->tags[i] = BT_NO_TAG;
    bt->counts.flushes++;
}

static struct bt_source *find_source(struct bt *bt, gva page, gpa from)
{
    for (struct bt_source *s = bt->sources; s < bt->sources + bt->source_count; s++)
        if (s->page == page && s->from == from)
            return s;
    return NULL;
}

/* Where the next unit can begin: not so near to the end of a page that little would fit. */
static word next_place(const struct bt *bt)
{
    word in_page = bt->words_used % (PAGE_SIZE / 4);

    if (in_page + UNIT_SPACE > PAGE_SIZE / 4)
        return bt->words_used - in_page + PAGE_SIZE / 4;
    return bt->words_used;
}

struct bt_unit *bt_begin(struct vm *vm, word pc, gpa from)
{
    struct bt *bt = vm->bt;
    gva page = pc & PAGE_MASK;
    struct bt_source *s = find_source(bt, page, from);

    if (bt->unit_count == UNITS || next_place(bt) >= CACHE_WORDS ||
        (!s && bt->source_count == SOURCES)) {
        bt_flush(bt);
        s = NULL;
    }
    if (!s) {
        s = &bt->sources[bt->source_count++];
        *s = (struct bt_source){page, from, UNIT_NONE};
    }
    if (!(p2m_entry(&vm->map, from) & P2M_WATCHED))
        p2m_watch(&vm->map, from);
    bt->words_used = next_place(bt);
    uint16_t number = (uint16_t)bt->unit_count++;
    struct bt_unit *u = bt_unit(bt, number);
    word place = bt->words_used;
    *u = (struct bt_unit){
        .pc = pc,
        .at = bt->slot + place * 4,
        .code = bt->cache[place / (PAGE_SIZE / 4)] + place % (PAGE_SIZE / 4) * 4,
        .next_in_bucket = *bucket_of(bt, pc),
        .next_of_source = s->units,
        .callers = UNIT_NONE,
    };
    s->units = number;
    *bucket_of(bt, pc) = number;
    return u;
}

void bt_commit(struct bt *bt, struct bt_unit *u)
{
    bt->words_used += u->words;
    bt->counts.units++;
    bt->counts.insns += u->count;
    bt->counts.words += u->words;
}

/* ---- leading there, and no more ------------------------------------------------------------ */

static word *way_word(const struct bt *bt, word way)
{
    const struct bt_unit *u = bt_unit(bt, way / 2);
    word *code = phys_ptr(u->code);

    return &code[u->out[way % 2].word];
}

void bt_link(struct bt *bt, word way, struct bt_unit *to)
{
    struct bt_unit *from = bt_unit(bt, way / 2);
    struct bt_way_out *out = &from->out[way % 2];

    if (*way_word(bt, way) != (word)MATCH_ecall)
        return;
    *way_word(bt, way) = insn_j(X0, to->at + to->offsets[0] * 4u - (from->at + out->word * 4u));
    out->caller = to->callers;
    to->callers = (uint16_t)way;
    bt->counts.chained++;
}

static unsigned tag_of(gva pc)
{
    return (pc ^ pc >> BT_HASH) >> 2 & (BT_TAGS - 1);
}

void bt_tag(struct bt *bt, struct bt_unit *to)
{
    bt->page->tags[tag_of(to->pc)] = to->pc;
    bt->page->dests[tag_of(to->pc)] = to->at;
}

static void unlink_callers(struct bt *bt, struct bt_unit *u)
{
    for (word way = u->callers; way != UNIT_NONE;) {
        struct bt_way_out *out = &bt_unit(bt, way / 2)->out[way % 2];
        *way_word(bt, way) = (word)MATCH_ecall;
        way = out->caller;
        bt->counts.unlinked++;
    }
    u->callers = UNIT_NONE;
}

static void take_from_bucket(struct bt *bt, const struct bt_unit *u)
{
    uint16_t number = (uint16_t)number_of(bt, u), *at = bucket_of(bt, u->pc);

    while (*at != number)
        at = &bt_unit(bt, *at)->next_in_bucket;
    *at = u->next_in_bucket;
}

static void drop_unit(struct bt *bt, struct bt_unit *u)
{
    u->dead = true;
    take_from_bucket(bt, u);
    unlink_callers(bt, u);
    if (bt->page->tags[tag_of(u->pc)] == u->pc)
        bt->page->tags[tag_of(u->pc)] = BT_NO_TAG;
    bt->counts.dropped++;
}

static void drop_source(struct bt *bt, struct bt_source *s)
{
    for (uint16_t n = s->units; n != UNIT_NONE; n = bt_unit(bt, n)->next_of_source)
        drop_unit(bt, bt_unit(bt, n));
    *s = bt->sources[--bt->source_count];
    bt->drops++;
    bt->last = NULL;
}

bool bt_drop(struct bt *bt, gpa from)
{
    word before = bt->source_count;

    for (word i = bt->source_count; i-- > 0;)
        if (bt->sources[i].from == from)
            drop_source(bt, &bt->sources[i]);
    return bt->source_count != before;
}

/* ---- the guest's page table has changed ---------------------------------------------------- */

/* A fetch from there needs no mark, or it would have to be set again. */
static bool still_there(const struct vcpu *v, const struct bt_source *s)
{
    struct walk w;

    return walk_find(&v->vm->map, v->cb->ptbr, s->page, &w) &&
           (w.leaf & (PTE_X | PTE_A)) == (PTE_X | PTE_A) && w.address == s->from;
}

void bt_check(struct vcpu *v)
{
    struct bt *bt = v->vm->bt;

    for (word i = bt->source_count; i-- > 0;)
        if (!still_there(v, &bt->sources[i]))
            drop_source(bt, &bt->sources[i]);
    bt->checked_ptbr = v->cb->ptbr;
    bt->unchecked = false;
}

bool bt_is_source(const struct bt *bt, gva address)
{
    for (const struct bt_source *s = bt->sources; s < bt->sources + bt->source_count; s++)
        if (s->page == (address & PAGE_MASK))
            return true;
    return false;
}
