/*
 * The rules of a VMCB: every bit of every word, then each rule that is more than a bit. A refused
 * vmrun says which word and which rule, in the VMCB and as an event, and has done nothing else.
 */
#include "tests/machine/guests.h"

#include <string.h>

#define RAM_END (RAM_BASE + 0x100000)

/* What each word may hold when the rest is as in guests_restart: a bit outside is refused. */
static const struct {
    word offset;
    word bits; /* that may be set */
    enum vmcb_rule rule;
} words[] = {
    {VMCB_vmid, 0x0000ffff, VMCB_RULE_vmid},
    {VMCB_icept_insn, 0x000003ff, VMCB_RULE_reserved},
    {VMCB_icept_cause, 0x0700bfff, VMCB_RULE_reserved},
    {VMCB_icept_csr_read, 0x00003fff, VMCB_RULE_reserved},
    {VMCB_icept_csr_write, 0x00003fff, VMCB_RULE_reserved},
    {VMCB_nested_paging, 0x00000000, VMCB_RULE_reserved}, /* this machine has none; bit 0 below */
    {VMCB_nptbr, 0xffcfffff, VMCB_RULE_reserved},
    {VMCB_time_offset, 0xffffffff, VMCB_RULE_none},
    {VMCB_time_offseth, 0xffffffff, VMCB_RULE_none},
    {VMCB_virtual_ip, 0x00000888, VMCB_RULE_reserved},
    {VMCB_inject, 0xc000001f, VMCB_RULE_reserved},
    {VMCB_inject_tval, 0xffffffff, VMCB_RULE_none},
    {VMCB_exit_code, 0xffffffff, VMCB_RULE_none},
    {VMCB_exit_info1, 0xffffffff, VMCB_RULE_none},
    {VMCB_exit_info2, 0xffffffff, VMCB_RULE_none},
    {VMCB_exit_insn, 0xffffffff, VMCB_RULE_none},
    {VMCB_exit_next_pc, 0xffffffff, VMCB_RULE_none},
    {VMCB_exit_event, 0xffffffff, VMCB_RULE_none},
    {VMCB_exit_event_tval, 0xffffffff, VMCB_RULE_none},
    {VMCB_exit_ring, 0xffffffff, VMCB_RULE_none},
    {VMCB_pc, 0xfffffffc, VMCB_RULE_alignment},
    {VMCB_status, 0x0000f7ff, VMCB_RULE_reserved},
    {VMCB_tvec, 0xfffffffc, VMCB_RULE_alignment},
    {VMCB_tscratch, 0xffffffff, VMCB_RULE_none},
    {VMCB_epc, 0xfffffffc, VMCB_RULE_alignment},
    {VMCB_cause, 0x8000001f, VMCB_RULE_reserved},
    {VMCB_tval, 0xffffffff, VMCB_RULE_none},
    {VMCB_ie, 0x00000888, VMCB_RULE_reserved},
    {VMCB_ip, 0x00000888, VMCB_RULE_reserved},
    {VMCB_ptbr, 0xffcfffff, VMCB_RULE_reserved},
    {VMCB_tptbr, 0xffcfffff, VMCB_RULE_reserved},
    {VMCB_timecmp, 0xffffffff, VMCB_RULE_none},
    {VMCB_timecmph, 0xffffffff, VMCB_RULE_none},
    {VMCB_cntren, 0x00000007, VMCB_RULE_reserved},
    {VMCB_eptbr, 0xffcfffff, VMCB_RULE_reserved},
    {VMCB_rs1, 0xffffffff, VMCB_RULE_none},
    {VMCB_instret, 0xffffffff, VMCB_RULE_none},
    {VMCB_instreth, 0xffffffff, VMCB_RULE_none},
};

/* Whole values: what is allowed, and what is refused by which rule. */
static const struct {
    word offset, value;
    enum vmcb_rule rule;
    word more_offset, more; /* another word that has to be so; 0: none */
} values[] = {
    {VMCB_magic, 0, VMCB_RULE_magic, 0, 0},
    {VMCB_magic, VMCB_MAGIC ^ 0x80000000, VMCB_RULE_magic, 0, 0},
    {VMCB_vmid, 0, VMCB_RULE_vmid, 0, 0},
    {VMCB_vmid, 65535, VMCB_RULE_none, 0, 0},
    {VMCB_vmid, 65536, VMCB_RULE_vmid, 0, 0},
    {VMCB_icept_insn, 0, VMCB_RULE_forced, 0, 0},
    {VMCB_icept_insn, 0x3ff & ~(1u << INTERCEPT_hcall), VMCB_RULE_forced, 0, 0},
    {VMCB_icept_insn, 0x3ff & ~(1u << INTERCEPT_vmrun), VMCB_RULE_forced, 0, 0},
    {VMCB_icept_insn, 0x3ff, VMCB_RULE_none, 0, 0},
    {VMCB_io_map, IO_MAP, VMCB_RULE_none, 0, 0},
    {VMCB_io_map, IO_MAP + 1, VMCB_RULE_alignment, 0, 0},
    {VMCB_io_map, IO_MAP + 0x800, VMCB_RULE_alignment, 0, 0},
    {VMCB_io_map, RAM_BASE, VMCB_RULE_none, 0, 0},
    {VMCB_io_map, RAM_BASE - 0x1000, VMCB_RULE_outside, 0, 0},
    {VMCB_io_map, RAM_END - 0x2000, VMCB_RULE_none, 0, 0},
    {VMCB_io_map, RAM_END - 0x1000, VMCB_RULE_outside, 0, 0},
    {VMCB_io_map, RAM_END, VMCB_RULE_outside, 0, 0},
    {VMCB_io_map, 0xfffff000, VMCB_RULE_outside, 0, 0},
    {VMCB_io_map, 0x1000, VMCB_RULE_outside, 0, 0},
    {VMCB_nested_paging, 1, VMCB_RULE_variant, 0, 0},
    {VMCB_inject, 0x0000001f, VMCB_RULE_none, 0, 0}, /* not valid, so not looked at */
    {VMCB_inject, 0x4000000e, VMCB_RULE_none, 0, 0},
    {VMCB_inject, 0x8000000e, VMCB_RULE_event, 0, 0},
    {VMCB_inject, 0x80000010, VMCB_RULE_event, 0, 0},
    {VMCB_inject, 0x8000001b, VMCB_RULE_event, 0, 0},
    {VMCB_inject, 0xc0000000, VMCB_RULE_event, 0, 0},
    {VMCB_inject, 0xc0000018, VMCB_RULE_event, 0, 0},
    {VMCB_tlb_control, 1, VMCB_RULE_none, 0, 0},
    {VMCB_tlb_control, 2, VMCB_RULE_none, 0, 0},
    {VMCB_tlb_control, 3, VMCB_RULE_flush, 0, 0},
    {VMCB_tlb_control, 0x80000000, VMCB_RULE_flush, 0, 0},
    {VMCB_ring, 4, VMCB_RULE_ring, 0, 0},
    {VMCB_ring, 0x80000000, VMCB_RULE_ring, 0, 0},
    {VMCB_ring, 1, VMCB_RULE_pring, 0, 0},
    {VMCB_ring, 3, VMCB_RULE_pring, VMCB_status, 0x8},
    {VMCB_ring, 1, VMCB_RULE_none, VMCB_status, 0xc},
    {VMCB_ring, 3, VMCB_RULE_none, VMCB_status, 0xc},
    {VMCB_status, FIELD_status_cring, VMCB_RULE_none, 0, 0}, /* read-only: it means nothing */
};

/* Of nested paging, where it exists. */
static const struct {
    word nested, nptbr;
    enum vmcb_rule rule;
} roots[] = {
    {1, PTBR_ON | ROOT >> PAGE_SHIFT, VMCB_RULE_none},
    {1, PTBR_ON | 5u << PTBR_ASID_SHIFT | ROOT >> PAGE_SHIFT, VMCB_RULE_none},
    {1, ROOT >> PAGE_SHIFT, VMCB_RULE_root},
    {1, PTBR_ON | (RAM_END - 0x1000) >> PAGE_SHIFT, VMCB_RULE_none},
    {1, PTBR_ON | RAM_END >> PAGE_SHIFT, VMCB_RULE_outside},
    {1, PTBR_ON | (RAM_BASE - 0x1000) >> PAGE_SHIFT, VMCB_RULE_outside},
    {1, PTBR_ON | 0xfffff, VMCB_RULE_outside},
    {0, PTBR_ON | 0xfffff, VMCB_RULE_none}, /* off: not looked at */
    {1, PTBR_ON | 0x00200000 | ROOT >> PAGE_SHIFT, VMCB_RULE_reserved},
    {2, 0, VMCB_RULE_reserved},
};

/* Runs the vmrun: entered, or refused by `rule` for the word at `offset`. */
static void expect(struct rig *r, enum vmcb_rule rule, word offset, word value, const char *what)
{
    struct machine_guest guest;
    word pc = guests_get(r, VMCB_pc), status = guests_get(r, VMCB_status);

    rig_listen(r, EVENT_BIT(EVENT_refused) | EVENT_BIT(EVENT_entry) | EVENT_BIT(EVENT_exit));
    rig_run(r, 1);
    if (rule == VMCB_RULE_none) {
        ck_assert_msg(machine_guest(r->m, &guest), "%s %03x = %08x: refused by rule %u, word %03x",
                      what, offset, value, guests_get(r, VMCB_exit_info2),
                      guests_get(r, VMCB_exit_info1));
        ck_assert_ptr_null(rig_event(r, EVENT_refused, 0));
        return;
    }
    const struct event *e = rig_event(r, EVENT_refused, 0);

    ck_assert_msg(!machine_guest(r->m, &guest), "%s %03x = %08x: entered", what, offset, value);
    rig_expect_pc(r, CODE + 4);
    ck_assert_msg(e && r->event_count == 1, "%s %03x = %08x: %u events", what, offset, value,
                  r->event_count);
    ck_assert_msg(e->a == rule && e->tval == offset && e->b == value,
                  "%s %03x = %08x: rule %u of word %03x = %08x", what, offset, value, e->a, e->tval,
                  e->b);
    guests_expect_exit(r, 0xffffffff, offset, rule);
    for (word at = VMCB_exit_insn; at <= VMCB_exit_ring; at += 4)
        ck_assert_uint_eq(guests_get(r, at), 0);
    ck_assert_uint_eq(guests_get(r, VMCB_pc), pc);
    ck_assert_uint_eq(guests_get(r, VMCB_status), status);
}

/* Out of the guest, whatever it is in, into the same host again. */
static void start_over(struct rig *r)
{
    struct machine_guest guest;

    if (machine_guest(r->m, &guest)) {
        rig_fini(r);
        guests_init(r);
    }
    guests_restart(r);
}

START_TEST(each_bit_of_each_word_is_allowed_or_refused_by_its_rule)
{
    struct rig r;

    guests_init(&r);
    for (unsigned i = 0; i < COUNT_OF(words); i++) {
        for (unsigned bit = 0; bit < 32; bit++) {
            word value = guests_get(&r, words[i].offset);
            bool allowed = words[i].bits >> bit & 1;

            if ((value >> bit & 1) || (allowed && words[i].offset == VMCB_inject))
                continue; /* whole values below */
            if (words[i].offset == VMCB_nested_paging && bit == 0)
                continue;
            value |= 1u << bit;
            guests_set(&r, words[i].offset, value);
            expect(&r, allowed ? VMCB_RULE_none : words[i].rule, words[i].offset, value, "bit of");
            start_over(&r);
        }
    }
    rig_fini(&r);
}
END_TEST

START_TEST(each_value_is_allowed_or_refused_by_its_rule)
{
    struct rig r;

    guests_init(&r);
    for (unsigned i = 0; i < COUNT_OF(values); i++) {
        guests_set(&r, values[i].offset, values[i].value);
        if (values[i].more_offset)
            guests_set(&r, values[i].more_offset, values[i].more);
        if (values[i].rule == VMCB_RULE_pring) /* it is told of status */
            expect(&r, VMCB_RULE_pring, VMCB_status, guests_get(&r, VMCB_status), "ring and");
        else
            expect(&r, values[i].rule, values[i].offset, values[i].value, "value of");
        start_over(&r);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(every_word_is_in_one_of_the_tables)
{
    static const word offsets[] = {
#define VMCB(area, name, offset, meaning) offset,
#include "isa/vmcb.def"
    };

    for (unsigned i = 0; i < COUNT_OF(offsets); i++) {
        bool found = false;

        for (unsigned k = 0; k < COUNT_OF(words); k++)
            found |= words[k].offset == offsets[i];
        for (unsigned k = 0; k < COUNT_OF(values); k++)
            found |= values[k].offset == offsets[i];
        ck_assert_msg(found, "nobody asks about %03x", offsets[i]);
    }
}
END_TEST

START_TEST(a_word_without_a_name_must_be_zero)
{
    struct rig r;

    guests_init(&r);
    for (word offset = 0; offset < PAGE_SIZE; offset += 4) {
        if (vmcb_word_info(offset))
            continue;
        guests_set(&r, offset, 1u << offset / 4 % 32);
        expect(&r, VMCB_RULE_unnamed, offset, 1u << offset / 4 % 32, "word");
        rig_put_at(&r, CONTROL + offset, 0);
        rig_pc(&r, CODE);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(a_nested_root_must_be_there_and_in_ram)
{
    struct rig r;
    struct machine_config config = guests_config();

    config.npt = true;
    for (unsigned i = 0; i < COUNT_OF(roots); i++) {
        guests_init_with(&r, config);
        guests_set(&r, VMCB_nested_paging, roots[i].nested);
        guests_set(&r, VMCB_nptbr, roots[i].nptbr);
        expect(&r, roots[i].rule, roots[i].nested > 1 ? VMCB_nested_paging : VMCB_nptbr,
               roots[i].nested > 1 ? roots[i].nested : roots[i].nptbr, "root");
        rig_fini(&r);
    }
}
END_TEST

/* As the manual lists them: what the first broken rule is when several are. */
START_TEST(of_several_broken_rules_the_first_is_told)
{
    struct rig r;

    guests_init(&r);
    guests_set(&r, 0x800, 1);
    guests_set(&r, VMCB_ring, 2);
    guests_set(&r, VMCB_tlb_control, 9);
    guests_set(&r, VMCB_pc, GUEST + 2);
    guests_set(&r, VMCB_icept_cause, 1u << 14);
    guests_set(&r, VMCB_magic, 5);
    expect(&r, VMCB_RULE_magic, VMCB_magic, 5, "first");
    guests_set(&r, VMCB_magic, VMCB_MAGIC);
    rig_pc(&r, CODE);
    expect(&r, VMCB_RULE_reserved, VMCB_icept_cause, 1u << 14, "second");
    guests_set(&r, VMCB_icept_cause, 0);
    rig_pc(&r, CODE);
    expect(&r, VMCB_RULE_alignment, VMCB_pc, GUEST + 2, "third");
    guests_set(&r, VMCB_pc, GUEST);
    rig_pc(&r, CODE);
    expect(&r, VMCB_RULE_flush, VMCB_tlb_control, 9, "fourth");
    guests_set(&r, VMCB_tlb_control, 0);
    rig_pc(&r, CODE);
    expect(&r, VMCB_RULE_pring, VMCB_status, 0, "fifth");
    guests_set(&r, VMCB_ring, 0);
    rig_pc(&r, CODE);
    expect(&r, VMCB_RULE_unnamed, 0x800, 1, "last");
    rig_fini(&r);
}
END_TEST

START_TEST(a_refused_vmrun_costs_an_instruction_and_vmrun)
{
    struct rig r;
    const struct cost *cost;

    guests_init(&r);
    cost = &machine_config(r.m)->cost;
    guests_set(&r, VMCB_vmid, 0);
    uint64_t cycle = machine_cycle(r.m), retired = machine_instret(r.m);
    rig_run(&r, 1);
    ck_assert_uint_eq(machine_cycle(r.m) - cycle, cost->base + cost->vmrun);
    ck_assert_uint_eq(machine_instret(r.m) - retired, 1);
    rig_fini(&r);
}
END_TEST

START_TEST(every_rule_and_word_has_a_name_and_a_text)
{
    ck_assert_ptr_null(vmcb_rule_info(VMCB_RULE_none));
    ck_assert_ptr_null(vmcb_rule_info(VMCB_RULE_COUNT));
    for (word rule = 1; rule < VMCB_RULE_COUNT; rule++)
        ck_assert_msg(strlen(vmcb_rule_info(rule)->text) > 10, "rule %u", rule);
    ck_assert_str_eq(vmcb_word_info(VMCB_vmid)->name, "vmid");
    ck_assert_ptr_null(vmcb_word_info(0x060));
}
END_TEST

Suite *suite_machine_vmcb(void);
Suite *suite_machine_vmcb(void)
{
    Suite *s = suite_create("machine_vmcb");
    TCase *c = tcase_create("rules");

    tcase_add_test(c, each_bit_of_each_word_is_allowed_or_refused_by_its_rule);
    tcase_add_test(c, each_value_is_allowed_or_refused_by_its_rule);
    tcase_add_test(c, every_word_is_in_one_of_the_tables);
    tcase_add_test(c, a_word_without_a_name_must_be_zero);
    tcase_add_test(c, a_nested_root_must_be_there_and_in_ram);
    tcase_add_test(c, of_several_broken_rules_the_first_is_told);
    tcase_add_test(c, a_refused_vmrun_costs_an_instruction_and_vmrun);
    tcase_add_test(c, every_rule_and_word_has_a_name_and_a_text);
    suite_add_tcase(s, c);
    return s;
}
