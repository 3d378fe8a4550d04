/*
 * The checks of vmrun as tables: words of which some bits must be zero, then rules that are more
 * than a mask, then the words that have no name. The first that is broken is told.
 */
#include "machine/vmcb.h"

#include <string.h>

#include "isa/paging.h"

#define IO_MAP_SIZE 0x2000u

/* Bits that must be 0, and the rule that says so. */
struct mask {
    uint16_t offset;
    uint8_t rule;
    word zero;
};

/* The bits that a register does not have, CRING and the wires of ip being there to be read. */
#define NO_SUCH_BITS(name, wmask)                                                                  \
    {                                                                                              \
        VMCB_##name, VMCB_RULE_reserved, (word) ~(word)(wmask)                                     \
    }
enum {
    STATUS_BITS = 0xf7cf | FIELD_status_cring,
    INTERRUPT_BITS = 1 << INTERRUPT_external | 1 << INTERRUPT_software | 1 << INTERRUPT_timer,
    INTERCEPT_BITS = 0
#define INTERCEPT(name, bit, meaning) | 1 << (bit)
#include "isa/vmcb.def"
    ,
    CAUSE_BITS = 0
#define CAUSE(name, code, tval, text) | 1 << (code)
#include "isa/causes.def"
    ,
    CSR_BITS = (1 << (CSR_eptbr - CSR_status + 1)) - 1,
};
#define PTBR_BITS (PTBR_ON | PTBR_ASID | PTBR_PPN)

static const struct mask control_masks[] = {
    {VMCB_vmid, VMCB_RULE_vmid, 0xffff0000},
    NO_SUCH_BITS(icept_insn, INTERCEPT_BITS),
    NO_SUCH_BITS(icept_cause, CAUSE_BITS),
    NO_SUCH_BITS(icept_csr_read, CSR_BITS),
    NO_SUCH_BITS(icept_csr_write, CSR_BITS),
    {VMCB_io_map, VMCB_RULE_alignment, ~PAGE_MASK},
    NO_SUCH_BITS(nested_paging, 1),
    NO_SUCH_BITS(nptbr, PTBR_BITS),
    NO_SUCH_BITS(virtual_ip, INTERRUPT_BITS),
    NO_SUCH_BITS(inject, VMCB_EVENT_VALID | VMCB_EVENT_INTERRUPT | VMCB_EVENT_CODE),
};

static const struct mask guest_masks[] = {
    {VMCB_pc, VMCB_RULE_alignment, 3},
    {VMCB_ring, VMCB_RULE_ring, ~(word)3},
    NO_SUCH_BITS(status, STATUS_BITS),
    {VMCB_tvec, VMCB_RULE_alignment, 3},
    {VMCB_epc, VMCB_RULE_alignment, 3},
    NO_SUCH_BITS(cause, CAUSE_INTERRUPT | FIELD_cause_code),
    NO_SUCH_BITS(ie, INTERRUPT_BITS),
    NO_SUCH_BITS(ip, INTERRUPT_BITS),
    NO_SUCH_BITS(ptbr, PTBR_BITS),
    NO_SUCH_BITS(tptbr, PTBR_BITS),
    NO_SUCH_BITS(cntren, FIELD_cntren_cycle | FIELD_cntren_time | FIELD_cntren_instret),
    NO_SUCH_BITS(eptbr, PTBR_BITS),
};

static enum vmcb_rule check_masks(const struct vmcb *v, const struct mask *masks, size_t count,
                                  word *offset)
{
    for (size_t i = 0; i < count; i++) {
        if (vmcb_get(v, (enum vmcb_offset)masks[i].offset) & masks[i].zero) {
            *offset = masks[i].offset;
            return (enum vmcb_rule)masks[i].rule;
        }
    }
    return VMCB_RULE_none;
}

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

static bool map_outside(const struct vmcb *v, const struct machine_config *config)
{
    word map = vmcb_get(v, VMCB_io_map);

    return map && !in_ram(config, map, IO_MAP_SIZE);
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

static bool root_outside(const struct vmcb *v, const struct machine_config *config)
{
    hpa root = (vmcb_get(v, VMCB_nptbr) & PTBR_PPN) << PAGE_SHIFT;

    return vmcb_get(v, VMCB_nested_paging) && !in_ram(config, root, PAGE_SIZE);
}

static bool breaks_event(const struct vmcb *v, const struct machine_config *config)
{
    word event = vmcb_get(v, VMCB_inject);
    word among = event & VMCB_EVENT_INTERRUPT ? (word)INTERRUPT_BITS : (word)CAUSE_BITS;

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

static const struct rule {
    uint16_t offset;
    uint8_t rule;
    bool (*broken)(const struct vmcb *v, const struct machine_config *config);
} first_rules[] = {{VMCB_magic, VMCB_RULE_magic, breaks_magic}},
  rules[] = {
      {VMCB_vmid, VMCB_RULE_vmid, breaks_vmid},
      {VMCB_icept_insn, VMCB_RULE_forced, breaks_forced},
      {VMCB_io_map, VMCB_RULE_outside, map_outside},
      {VMCB_nested_paging, VMCB_RULE_variant, breaks_variant},
      {VMCB_nptbr, VMCB_RULE_root, breaks_root},
      {VMCB_nptbr, VMCB_RULE_outside, root_outside},
      {VMCB_inject, VMCB_RULE_event, breaks_event},
      {VMCB_tlb_control, VMCB_RULE_flush, breaks_flush},
      {VMCB_status, VMCB_RULE_pring, breaks_pring},
};

static enum vmcb_rule check_rules(const struct vmcb *v, const struct rule *row, size_t count,
                                  const struct machine_config *config, word *offset)
{
    for (size_t i = 0; i < count; i++) {
        if (row[i].broken(v, config)) {
            *offset = row[i].offset;
            return (enum vmcb_rule)row[i].rule;
        }
    }
    return VMCB_RULE_none;
}

/* ---- words without a name ----------------------------------------------------------------- */

static const uint8_t named[VMCB_WORDS] = {
#define VMCB(area, name, offset, meaning) [(offset) / sizeof(word)] = 1,
#include "isa/vmcb.def"
};

static enum vmcb_rule check_unnamed(const struct vmcb *v, const uint8_t *page, word *offset)
{
    const uint8_t *rest = page + sizeof v->words;
    size_t size = PAGE_SIZE - sizeof v->words, at = 0;

    for (unsigned i = 0; i < VMCB_WORDS; i++) {
        if (v->words[i] && !named[i]) {
            *offset = i * (word)sizeof(word);
            return VMCB_RULE_unnamed;
        }
    }
    if (rest[0] == 0 && memcmp(rest, rest + 1, size - 1) == 0)
        return VMCB_RULE_none;
    while (rest[at] == 0)
        at++;
    *offset = (word)(sizeof v->words + at) & ~(word)3;
    return VMCB_RULE_unnamed;
}

enum vmcb_rule vmcb_check(const struct vmcb *v, const uint8_t *page,
                          const struct machine_config *config, word *offset)
{
    enum vmcb_rule rule = check_rules(v, first_rules, COUNT_OF(first_rules), config, offset);

    if (!rule)
        rule = check_masks(v, control_masks, COUNT_OF(control_masks), offset);
    if (!rule)
        rule = check_masks(v, guest_masks, COUNT_OF(guest_masks), offset);
    if (!rule)
        rule = check_rules(v, rules, COUNT_OF(rules), config, offset);
    return rule ? rule : check_unnamed(v, page, offset);
}
