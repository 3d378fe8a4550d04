/*
 * The checks of vmrun: the list of isa/vmcb_checks.def, then the words that have no name. The
 * first that is broken is told. A row without its function does not compile.
 */
#include "machine/vmcb.h"

#include <string.h>

#include "isa/paging.h"

/* ---- rules that are more than a mask ------------------------------------------------------ */

static bool in_ram(const struct machine_config *config, hpa address, word size)
{
    uint64_t offset = (uint64_t)address - RAM_BASE;

    return address >= RAM_BASE && offset + size <= config->ram_size;
}

static bool breaks_magic(const struct vmcb *v, const struct machine_config *config)
{
    (void)config;
    return vmcb_get(v, VMCB_magic) != VMCB_MAGIC;
}

static bool breaks_vmid(const struct vmcb *v, const struct machine_config *config)
{
    (void)config;
    return vmcb_get(v, VMCB_vmid) == 0;
}

static bool breaks_forced(const struct vmcb *v, const struct machine_config *config)
{
    word forced = 1u << INTERCEPT_hcall | 1u << INTERCEPT_vmrun;

    (void)config;
    return (vmcb_get(v, VMCB_icept_insn) & forced) != forced;
}

static bool breaks_io_map(const struct vmcb *v, const struct machine_config *config)
{
    word map = vmcb_get(v, VMCB_io_map);

    return map && !in_ram(config, map, VMCB_IO_MAP_SIZE);
}

static bool breaks_variant(const struct vmcb *v, const struct machine_config *config)
{
    return vmcb_get(v, VMCB_nested_paging) && !config->npt;
}

static bool breaks_root(const struct vmcb *v, const struct machine_config *config)
{
    (void)config;
    return vmcb_get(v, VMCB_nested_paging) && !(vmcb_get(v, VMCB_nptbr) & PTBR_ON);
}

static bool breaks_tables(const struct vmcb *v, const struct machine_config *config)
{
    hpa root = (vmcb_get(v, VMCB_nptbr) & PTBR_PPN) << PAGE_SHIFT;

    return vmcb_get(v, VMCB_nested_paging) && !in_ram(config, root, PAGE_SIZE);
}

static bool breaks_event(const struct vmcb *v, const struct machine_config *config)
{
    word event = vmcb_get(v, VMCB_inject);
    word among = event & VMCB_EVENT_INTERRUPT ? (word)VMCB_INTERRUPT_BITS : (word)VMCB_CAUSE_BITS;

    (void)config;
    return (event & VMCB_EVENT_VALID) && !(among >> (event & VMCB_EVENT_CODE) & 1);
}

static bool breaks_flush(const struct vmcb *v, const struct machine_config *config)
{
    (void)config;
    return vmcb_get(v, VMCB_tlb_control) > 2;
}

static bool breaks_pring(const struct vmcb *v, const struct machine_config *config)
{
    (void)config;
    return vmcb_get(v, VMCB_ring) != 0 &&
           (vmcb_get(v, VMCB_status) & FIELD_status_pring) != FIELD_status_pring;
}

/* ---- the list ----------------------------------------------------------------------------- */

static const struct check {
    uint16_t offset;
    uint8_t rule;
    word zero; /* these bits must be 0, where there is no function */
    bool (*broken)(const struct vmcb *v, const struct machine_config *config);
} checks[] = {
#define VMCB_ZERO(name, rule, bits) {VMCB_##name, VMCB_RULE_##rule, (word)(bits), NULL},
#define VMCB_MUST(name, rule, what) {VMCB_##name, VMCB_RULE_##rule, 0, breaks_##what},
#include "isa/vmcb_checks.def"
};

static bool is_broken(const struct check *k, const struct vmcb *v,
                      const struct machine_config *config)
{
    if (k->broken)
        return k->broken(v, config);
    return (vmcb_get(v, (enum vmcb_offset)k->offset) & k->zero) != 0;
}

/* ---- words without a name ----------------------------------------------------------------- */

/* All ones where a word has a name. */
static const word named[VMCB_WORDS] = {
#define VMCB(area, name, offset, meaning) [(offset) / sizeof(word)] = ~(word)0,
#include "isa/vmcb.def"
};

/* The place of the first byte that is not zero, `size` when all are. It is asked at each vmrun, for
 * most of a page. */
static size_t first_set(const uint8_t *bytes, size_t size)
{
    uint64_t any = 0, part;
    size_t at = 0;

    for (size_t i = 0; i < size; i += sizeof part) {
        memcpy(&part, bytes + i, sizeof part);
        any |= part;
    }
    if (!any)
        return size;
    while (bytes[at] == 0)
        at++;
    return at;
}

static enum vmcb_rule check_unnamed(const struct vmcb *v, const uint8_t *page, word *offset)
{
    size_t size = PAGE_SIZE - sizeof v->words, at;
    word any = 0, i = 0;

    for (unsigned k = 0; k < VMCB_WORDS; k++)
        any |= v->words[k] & ~named[k];
    if (any) {
        while (!(v->words[i] & ~named[i]))
            i++;
        *offset = i * (word)sizeof(word);
        return VMCB_RULE_unnamed;
    }
    at = first_set(page + sizeof v->words, size);
    *offset = (word)(sizeof v->words + at) & ~(word)3;
    return at < size ? VMCB_RULE_unnamed : VMCB_RULE_none;
}

enum vmcb_rule vmcb_check(const struct vmcb *v, const uint8_t *page,
                          const struct machine_config *config, word *offset)
{
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        if (is_broken(&checks[i], v, config)) {
            *offset = checks[i].offset;
            return (enum vmcb_rule)checks[i].rule;
        }
    }
    return check_unnamed(v, page, offset);
}
