/* The checks of a nested vmrun; see nested_check.h. A row without its function does not compile. */
#include "vmm/nested_check.h"

#include "vmm/assist.h"

#include "isa/paging.h"

enum rule {
    RULE_none,
#define VMCB_RULE(name, text) RULE_##name,
#include "isa/vmcb_rules.def"
};

/* Whose memory and machine it is. */
struct checked {
    const struct p2m *map;
    word features;
};

/* ---- more than a mask ----------------------------------------------------------------------- */

static bool breaks_magic(const union vmcb *cb, const struct checked *c)
{
    (void)c;
    return cb->magic != VMCB_MAGIC;
}

static bool breaks_vmid(const union vmcb *cb, const struct checked *c)
{
    (void)c;
    return cb->vmid == 0;
}

static bool breaks_forced(const union vmcb *cb, const struct checked *c)
{
    word forced = 1u << INTERCEPT_hcall | 1u << INTERCEPT_vmrun;

    (void)c;
    return (cb->icept_insn & forced) != forced;
}

/* Its pages, which have no gap between them, may lie anywhere in the machine. */
static bool breaks_io_map(const union vmcb *cb, const struct checked *c)
{
    gpa last = cb->io_map + VMCB_IO_MAP_SIZE - PAGE_SIZE;

    return cb->io_map && (!p2m_entry(c->map, cb->io_map) || !p2m_entry(c->map, last));
}

static bool breaks_variant(const union vmcb *cb, const struct checked *c)
{
    return cb->nested_paging && !(c->features & FEATURE_NPT);
}

static bool breaks_root(const union vmcb *cb, const struct checked *c)
{
    (void)c;
    return cb->nested_paging && !(cb->nptbr & PTBR_ON);
}

static bool breaks_tables(const union vmcb *cb, const struct checked *c)
{
    return cb->nested_paging && !p2m_entry(c->map, cb->nptbr << PAGE_SHIFT);
}

static bool breaks_event(const union vmcb *cb, const struct checked *c)
{
    word event = cb->inject;
    word among = event & VMCB_EVENT_INTERRUPT ? VMCB_INTERRUPT_BITS : VMCB_CAUSE_BITS;

    (void)c;
    return (event & VMCB_EVENT_VALID) && !(among >> (event & VMCB_EVENT_CODE) & 1);
}

static bool breaks_flush(const union vmcb *cb, const struct checked *c)
{
    (void)c;
    return cb->tlb_control > 2;
}

static bool breaks_pring(const union vmcb *cb, const struct checked *c)
{
    (void)c;
    return cb->ring != 0 && (cb->status & FIELD_status_pring) != FIELD_status_pring;
}

/* ---- the list ------------------------------------------------------------------------------- */

static const struct check {
    uint16_t offset;
    uint8_t rule;
    word zero;
    bool (*broken)(const union vmcb *cb, const struct checked *c);
} checks[] = {
#define VMCB_ZERO(name, rule, bits) {offsetof(union vmcb, name), RULE_##rule, (word)(bits), NULL},
#define VMCB_MUST(name, rule, what) {offsetof(union vmcb, name), RULE_##rule, 0, breaks_##what},
#include "isa/vmcb_checks.def"
};

/* All bits of the words that have a name. */
static const word named[VMCB_NAMED_SIZE / sizeof(word)] = {
#define VMCB(area, name, offset, meaning) [(offset) / sizeof(word)] = ~0u,
#include "isa/vmcb.def"
};

static bool no_stray_head(const union vmcb *cb, word *offset)
{
    word stray = 0;
    unsigned i;

    for (i = 0; i < COUNT_OF(named); i++)
        stray |= cb->words[i] & ~named[i];
    if (!stray)
        return true;
    for (i = 0; !(cb->words[i] & ~named[i]);)
        i++;
    *offset = i * (word)sizeof(word);
    return false;
}

/* Mostly all are zero, and then a few at a time go quickly. */
static bool no_stray_tail(const word *page, word *offset)
{
    enum { FIRST = COUNT_OF(named), LAST = PAGE_SIZE / sizeof(word) };
    unsigned i = FIRST;

    for (; (LAST - i) % 8; i++)
        if (page[i])
            goto found;
    for (; i < LAST; i += 8)
        if (page[i] | page[i + 1] | page[i + 2] | page[i + 3] | page[i + 4] | page[i + 5] |
            page[i + 6] | page[i + 7])
            goto found;
    return true;
found:
    while (!page[i])
        i++;
    *offset = i * (word)sizeof(word);
    return false;
}

bool nested_check(struct p2m *map, gpa at, const union vmcb *copy, word features,
                  struct refusal *why)
{
    const struct checked c = {map, features};

    for (const struct check *k = checks; k < checks + COUNT_OF(checks); k++) {
        word value = copy->words[k->offset / sizeof(word)];
        if (k->broken ? k->broken(copy, &c) : (value & k->zero) != 0) {
            *why = (struct refusal){k->offset, k->rule};
            return false;
        }
    }
    why->rule = RULE_unnamed;
    return no_stray_head(copy, &why->offset) && no_stray_tail(p2m_word(map, at), &why->offset);
}

void nested_refuse(struct p2m *map, gpa at, const struct refusal *why)
{
    enum { FIRST = offsetof(union vmcb, exit_code), LAST = offsetof(union vmcb, exit_ring) };
    word e[(LAST - FIRST) / sizeof(word) + 1] = {(word)EXIT_invalid, why->offset, why->rule};

    p2m_write(map, at + FIRST, e, sizeof e);
}
