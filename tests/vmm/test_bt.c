/*
 * The translator and its cache, word by word: what each kind of instruction becomes, where units
 * end, and that nothing leads to a unit whose source has changed.
 */
#include <check.h>

#include "tests/vmm/fake.h"
#include "vmm/bt.h"
#include "vmm/bt_insn.h"
#include "vmm/isa.h"
#include "vmm/phys.h"
#include "vmm/platform.h"
#include "vmm/technique.h"

#include "isa/paging.h"

Suite *suite_vmm_bt(void);

#define CODE  (RAM_BASE + 0x20000)
#define ROOT  (RAM_BASE + 0x10000)
#define ROOT2 (RAM_BASE + 0x11000)
#define NOP   0x00000013u
#define ECALL 0x00000073u

static struct vmm vmm;
static struct vm *vm;
static struct bt *bt;

static void setup(void)
{
    struct line why = {.length = 0};

    vm = fake_vm(&vmm);
    vm->technique = &technique_bt;
    ck_assert(technique_bt.create(vm, &why));
    bt = vm->bt;
    shadow_select(&vm->shadow, 0, 0);
    for (gpa at = CODE; at < CODE + 2 * PAGE_SIZE; at += 4)
        fake_write(vm, at, NOP);
}

static struct bt_unit *translate(gva pc)
{
    vm->vcpu.cb->pc = pc;
    return bt_translate(&vm->vcpu);
}

static word word_of(const struct bt_unit *u, unsigned at)
{
    const word *code = phys_ptr(u->code);

    ck_assert_uint_lt(at, u->words);
    return code[at];
}

/* The word of the way out's ecall or jump. */
static word way_of(const struct bt_unit *u, unsigned which)
{
    return word_of(u, u->out[which].word);
}

static int reg(unsigned number)
{
    static const unsigned places[16] = {
#define CONTROL(name) [CSR_##name % 16] = offsetof(union vmcb, name) - offsetof(union vmcb, status),
#define COUNTER(name)
#define CSR(name, number, kind, hole, wmask, meaning) kind(name)
#include "isa/csrs.def"
    };
    return BT_OFFSET(regs) + (int)places[number % 16];
}

static word csr(word match, unsigned rd, unsigned number, unsigned rs1)
{
    return match | rd << 7 | number << 20 | rs1 << 15;
}

/* ---- instructions -------------------------------------------------------------------------- */

START_TEST(what_means_the_same_in_every_ring_is_copied)
{
    static const word identical[] = {
        0x00c58593, /* addi a1, a1, 12 */
        0x02c5c5b3, /* div a1, a1, a2 */
        0x0005a583, /* lw a1, 0(a1) */
        0x7ff02583, /* lw a1, 2047(zero) */
        0xfeb5ae23, /* sw a1, -4(a1) */
        0x0000100f, /* fence.i */
        0x00052013, /* a trace hint */
        0xfffff5b7, /* lui a1, fffff */
    };

    for (unsigned i = 0; i < COUNT_OF(identical); i++) {
        fake_write(vm, CODE + i * 4, identical[i]);
    }
    const struct bt_unit *u = translate(CODE);
    for (unsigned i = 0; i < COUNT_OF(identical); i++)
        ck_assert_uint_eq(word_of(u, u->offsets[i]), identical[i]);
    ck_assert_uint_eq(bt->counts.replaced + bt->counts.callouts, 0);
}
END_TEST

START_TEST(what_the_monitor_must_do_is_a_callout_that_ends_its_unit)
{
    static const word callouts[] = {
        0x30200073, /* tret */
        0x10500073, /* wfi */
        0x12000073, /* sfence.vma */
        0x0005250b, /* pin a0, a0 */
        0x0005450b, /* probe a0, a0 */
        0x0005550b, /* cpuid a0, a0 */
        0x0000000b, /* hcall */
        0x0005100b, /* vmrun a0 */
        0x00000073, /* ecall */
        0x00100073, /* ebreak */
        0x00000000, /* nothing */
        0xffffffff, /* nothing */
        0x7c879073, /* csrw ptbr, a5 */
        0x7c679073, /* csrw ie, a5 */
        0x7c7027f3, /* csrr a5, ip */
        0xc00027f3, /* csrr a5, cycle */
        0x7cf027f3, /* no such register */
        0xffc02783, /* lw a5, -4(zero): the vcpu page's address */
        0x80f02023, /* sw a5, -2048(zero) */
        0xc0000283, /* lb t0, -1024(zero) */
    };

    for (unsigned i = 0; i < COUNT_OF(callouts); i++) {
        gva at = CODE + i * 64;
        fake_write(vm, at + 4, callouts[i]);
        const struct bt_unit *u = translate(at);
        ck_assert_msg(u->count == 2, "%08x: the unit goes on", callouts[i]);
        ck_assert_uint_eq(word_of(u, u->offsets[1]), ECALL);
        ck_assert_uint_eq(word_of(u, u->offsets[1] + 1u) >> 28, BT_INSN);
        ck_assert_uint_eq(word_of(u, u->offsets[1] + 2u), callouts[i]);
    }
}
END_TEST

START_TEST(registers_of_the_virtual_cpu_are_loads_and_stores_from_x0)
{
    fake_write(vm, CODE, csr(MATCH_csrrs, 10, CSR_epc, 0));
    fake_write(vm, CODE + 4, csr(MATCH_csrrw, 0, CSR_tscratch, 11));
    fake_write(vm, CODE + 8, csr(MATCH_csrrw, 12, CSR_tscratch, 13));
    fake_write(vm, CODE + 12, csr(MATCH_csrrc, 14, CSR_ptbr, 0));
    const struct bt_unit *u = translate(CODE);
    ck_assert_uint_eq(word_of(u, u->offsets[0]), insn_i(MATCH_lw, 10, X0, reg(CSR_epc)));
    ck_assert_uint_eq(word_of(u, u->offsets[1]), insn_s(MATCH_sw, 11, X0, reg(CSR_tscratch)));
    ck_assert_uint_eq(word_of(u, u->offsets[2]), insn_i(MATCH_lw, 12, X0, reg(CSR_tscratch)));
    ck_assert_uint_eq(word_of(u, u->offsets[2] + 1u), insn_s(MATCH_sw, 13, X0, reg(CSR_tscratch)));
    ck_assert_uint_eq(word_of(u, u->offsets[3]), insn_i(MATCH_lw, 14, X0, reg(CSR_ptbr)));
    ck_assert_int_ge(reg(CSR_status), -2048);
    ck_assert_int_le(reg(CSR_eptbr), -4);
}
END_TEST

START_TEST(addresses_stay_the_guests)
{
    fake_write(vm, CODE, 0x12345597);     /* auipc a1, 12345 */
    fake_write(vm, CODE + 4, 0x100000ef); /* jal ra, + 256 */
    const struct bt_unit *u = translate(CODE);
    word lui = word_of(u, u->offsets[0]), addi = word_of(u, u->offsets[0] + 1u);
    bool whole = (CODE + 0x12345000) % 4096 == 0;
    ck_assert_uint_eq((lui & 0xfffff000) + (whole ? 0 : imm_i(addi)), CODE + 0x12345000);
    lui = word_of(u, u->offsets[1]), addi = word_of(u, u->offsets[1] + 1u);
    ck_assert_uint_eq((lui & 0xfffff000) + imm_i(addi), CODE + 8);
    ck_assert_uint_eq(lui >> 7 & 31, 1);
    ck_assert_uint_eq(u->out[0].target, CODE + 4 + 256);
}
END_TEST

START_TEST(a_branch_has_two_ways_out)
{
    fake_write(vm, CODE, insn_b(MATCH_bltu, 10, 11, -64));
    const struct bt_unit *u = translate(CODE);
    unsigned at = u->offsets[0];

    ck_assert_uint_eq(u->count, 1);
    ck_assert_uint_eq(u->out[0].target, CODE + 4);
    ck_assert_uint_eq(u->out[1].target, CODE - 64);
    word b = word_of(u, at);
    ck_assert_uint_eq(b & 0x01fff07f & ~0xf80u, (insn_b(MATCH_bltu, 10, 11, 0) & 0x01fff07f));
    ck_assert_uint_eq(at + imm_b(b) / 4, u->out[1].word);
}
END_TEST

/* jalr t0, 16(a0), which is found to lead to CODE + PAGE_SIZE. */
START_TEST(a_jump_by_register_is_tied_to_where_it_led_first)
{
    word bits = insn_i(MATCH_jalr, 5, 10, 16);
    fake_write(vm, CODE, bits);
    struct bt_unit *u = translate(CODE), *to = translate(CODE + PAGE_SIZE);
    unsigned at = u->offsets[0];

    ck_assert_uint_eq(word_of(u, at + imm_j(word_of(u, at)) / 4), ECALL);
    ck_assert_uint_eq(way_of(u, 0), ECALL);
    ck_assert(bt_predict(u, bits, CODE + PAGE_SIZE));
    ck_assert(!bt_predict(u, bits, CODE));
    ck_assert_uint_eq(word_of(u, at) & 0x707f, (word)MATCH_sw);
    word value = (word_of(u, at + 1) & 0xfffff000) + imm_i(word_of(u, at + 2));
    ck_assert_uint_eq(value + 16, CODE + PAGE_SIZE);
    word test = word_of(u, at + 3);
    ck_assert_uint_eq(test & 0x707f, (word)MATCH_bne);
    ck_assert_uint_gt(imm_b(test) / 4, u->out[0].word - (at + 3u));
    bt_link(bt, 0, to);
    ck_assert_uint_eq(way_of(u, 0) & 0xfff, (word)MATCH_jal);
    bt_drop(bt, CODE + PAGE_SIZE);
    ck_assert_uint_eq(way_of(u, 0), ECALL);
    ck_assert_uint_eq(u->out[0].target, CODE + PAGE_SIZE);
}
END_TEST

START_TEST(a_unit_ends_after_twelve_instructions_and_at_the_end_of_a_page)
{
    const struct bt_unit *u = translate(CODE);
    ck_assert_uint_eq(u->count, UNIT_MOST);
    ck_assert_uint_eq(u->out[0].target, CODE + UNIT_MOST * 4);
    u = translate(CODE + PAGE_SIZE - 8);
    ck_assert_uint_eq(u->count, 2);
    ck_assert_uint_eq(u->out[0].target, CODE + PAGE_SIZE);
}
END_TEST

START_TEST(a_fetch_that_traps_is_the_guests_own)
{
    ck_assert_ptr_null(translate(REGION_uart));
    ck_assert_uint_eq(vm->vcpu.cb->cause, CAUSE_fetch_access);
    ck_assert_uint_eq(vm->vcpu.cb->epc, REGION_uart);
    fake_write(vm, ROOT + PT_INDEX1(CODE) * 4, RAM_BASE | PTE_V | PTE_R | PTE_W);
    vm->vcpu.cb->ptbr = PTBR_ON | ROOT >> PAGE_SHIFT;
    ck_assert_ptr_null(translate(CODE));
    ck_assert_uint_eq(vm->vcpu.cb->cause, CAUSE_fetch_page);
    ck_assert_uint_eq(vm->vcpu.cb->tval, CODE);
}
END_TEST

/* ---- the cache ----------------------------------------------------------------------------- */

static word way(const struct bt_unit *u, unsigned which)
{
    for (word n = 0; n < bt->unit_count; n++)
        if (bt_unit(bt, n) == u)
            return n * 2 + which;
    ck_abort();
}

/* A jump at the way out, that leads to where the unit's translation begins. */
static bool leads_to(const struct bt_unit *from, unsigned which, const struct bt_unit *to)
{
    word jump = way_of(from, which);
    gva at = from->at + from->out[which].word * 4u;

    return (jump & 0xfff) == (word)MATCH_jal && at + imm_j(jump) == to->at + to->offsets[0] * 4u;
}

START_TEST(a_way_out_becomes_a_jump_and_an_exit_again_when_its_target_goes)
{
    struct bt_unit *a = translate(CODE), *b = translate(CODE + PAGE_SIZE);
    struct bt_unit *c = translate(CODE + 0x400);

    ck_assert_uint_eq(way_of(a, 0), ECALL);
    bt_link(bt, way(a, 0), b);
    bt_link(bt, way(c, 0), b);
    ck_assert(leads_to(a, 0, b));
    ck_assert(leads_to(c, 0, b));
    ck_assert(bt_drop(bt, CODE + PAGE_SIZE));
    ck_assert_uint_eq(way_of(a, 0), ECALL);
    ck_assert_uint_eq(way_of(c, 0), ECALL);
    ck_assert_ptr_null(bt_find(bt, CODE + PAGE_SIZE));
    ck_assert_ptr_eq(bt_find(bt, CODE), a);
    ck_assert(!bt_drop(bt, CODE + PAGE_SIZE));
}
END_TEST

START_TEST(the_table_for_indirect_jumps_forgets_a_unit_that_goes)
{
    struct bt_unit *u = translate(CODE);
    unsigned known = 0;

    bt_tag(bt, u);
    for (unsigned i = 0; i < BT_TAGS; i++)
        known += bt->page->tags[i] == CODE && bt->page->dests[i] == u->at;
    ck_assert_uint_eq(known, 1);
    bt_drop(bt, CODE);
    for (unsigned i = 0; i < BT_TAGS; i++)
        ck_assert_uint_eq(bt->page->tags[i], BT_NO_TAG);
}
END_TEST

/* papers.md 17: by a device, which writes through p2m_write. */
START_TEST(a_write_to_a_source_from_anywhere_drops_its_units)
{
    translate(CODE);
    translate(CODE + PAGE_SIZE);
    fake_write(vm, CODE + 0x800, 1);
    ck_assert_ptr_null(bt_find(bt, CODE));
    ck_assert_ptr_nonnull(bt_find(bt, CODE + PAGE_SIZE));
    ck_assert_uint_eq(bt->counts.writes, 1);
    translate(CODE);
    fake_write(vm, CODE + 0x800, 2);
    ck_assert_uint_eq(bt->counts.writes, 2);
}
END_TEST

START_TEST(both_addresses_of_a_source_are_dropped)
{
    vm->vcpu.cb->ptbr = PTBR_ON | ROOT >> PAGE_SHIFT;
    for (unsigned i = 0; i < 2; i++)
        fake_write(vm, ROOT + (PT_INDEX1(0x40000000) + i) * 4,
                   RAM_BASE | PTE_V | PTE_R | PTE_X | PTE_A);
    gva one = 0x40000000 + (CODE - RAM_BASE), two = one + SUPERPAGE_SIZE;
    translate(one);
    translate(two);
    fake_write(vm, CODE, NOP);
    ck_assert_ptr_null(bt_find(bt, one));
    ck_assert_ptr_null(bt_find(bt, two));
}
END_TEST

START_TEST(another_page_table_keeps_the_units_whose_pages_it_leads_to)
{
    static const struct {
        word leaf;
        bool stays;
    } rows[] = {
        {RAM_BASE | PTE_V | PTE_R | PTE_X | PTE_A, true},
        {RAM_BASE | PTE_V | PTE_X | PTE_A, true},
        {RAM_BASE | PTE_V | PTE_R | PTE_X, false}, /* a fetch has to set A again */
        {RAM_BASE | PTE_V | PTE_R | PTE_A, false},
        {(RAM_BASE + SUPERPAGE_SIZE) | PTE_V | PTE_R | PTE_X | PTE_A, false},
        {0, false},
    };

    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        vm->vcpu.cb->ptbr = 0;
        bt_check(&vm->vcpu);
        if (!bt_find(bt, CODE))
            translate(CODE);
        fake_write(vm, ROOT2 + PT_INDEX1(CODE) * 4, rows[i].leaf);
        vm->vcpu.cb->ptbr = PTBR_ON | ROOT2 >> PAGE_SHIFT;
        bt_check(&vm->vcpu);
        ck_assert_msg((bt_find(bt, CODE) != NULL) == rows[i].stays, "leaf %08x", rows[i].leaf);
    }
}
END_TEST

START_TEST(every_address_of_the_cache_belongs_to_the_unit_that_is_there)
{
    struct bt_unit *units[50];

    for (unsigned i = 0; i < COUNT_OF(units); i++)
        units[i] = translate(CODE + i * 32);
    for (unsigned i = 0; i < COUNT_OF(units); i++)
        for (gva host = units[i]->at; host < units[i]->at + units[i]->words * 4u; host += 4)
            ck_assert_ptr_eq(bt_find_host(bt, host), units[i]);
    ck_assert_ptr_null(bt_find_host(bt, bt->slot - 4));
    ck_assert_ptr_null(bt_find_host(bt, units[49]->at + units[49]->words * 4u));
}
END_TEST

START_TEST(a_full_cache_is_cleared_and_fills_again)
{
    struct bt_unit *u = NULL;
    word made = 0;

    while (bt->counts.flushes == 0 && made < 10000) {
        u = translate(CODE + made % 2000 * 4);
        ck_assert_uint_le(u->at + u->words * 4u, bt->slot + CACHE_WORDS * 4);
        ck_assert_uint_eq(u->at >> PAGE_SHIFT, (u->at + u->words * 4u - 1) >> PAGE_SHIFT);
        made++;
    }
    ck_assert_uint_gt(made, 500);
    ck_assert_uint_eq(bt->unit_count, 1);
    ck_assert_ptr_eq(bt_find(bt, u->pc), u);
    ck_assert_ptr_null(bt_find(bt, CODE + (made - 2) % 2000 * 4));
}
END_TEST

START_TEST(no_page_can_be_executed_before_it_was_searched)
{
    ck_assert_uint_eq(p2m_entry(&vm->map, CODE) & PTE_X, 0);
    vcpu_set_ring(&vm->vcpu, 3);
    shadow_select(&vm->shadow, 0, 3);
    vm->vcpu.cb->pc = CODE;
    bt_direct_fetch(&vm->vcpu, CODE);
    word entry = shadow_entry(&vm->shadow, CODE, 3);
    ck_assert_uint_eq(entry & (PTE_X | PTE_W), PTE_X);
    ck_assert_uint_eq(bt->counts.opened, 1);
    fake_write(vm, CODE + 8, csr(MATCH_csrrs, 10, CSR_tvec, 0)); /* a hole comes in */
    ck_assert_uint_eq(p2m_entry(&vm->map, CODE) & (PTE_X | PTE_W), PTE_W);
    ck_assert_uint_eq(shadow_entry(&vm->shadow, CODE, 3), 0);
    bt_direct_fetch(&vm->vcpu, CODE);
    entry = shadow_entry(&vm->shadow, CODE, 3);
    ck_assert_uint_eq(entry & (PTE_R | PTE_W | PTE_X), PTE_X);
    const word *copy = phys_ptr(entry & PTE_PPN);
    ck_assert_uint_eq(copy[1], NOP);
    ck_assert_uint_eq(copy[2], (word)MATCH_wfi);
    ck_assert_uint_eq(bt->counts.patched, 1);
}
END_TEST

Suite *suite_vmm_bt(void)
{
    Suite *s = suite_create("vmm_bt");
    TCase *t = tcase_create("bt");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, what_means_the_same_in_every_ring_is_copied);
    tcase_add_test(t, what_the_monitor_must_do_is_a_callout_that_ends_its_unit);
    tcase_add_test(t, registers_of_the_virtual_cpu_are_loads_and_stores_from_x0);
    tcase_add_test(t, addresses_stay_the_guests);
    tcase_add_test(t, a_branch_has_two_ways_out);
    tcase_add_test(t, a_jump_by_register_is_tied_to_where_it_led_first);
    tcase_add_test(t, a_unit_ends_after_twelve_instructions_and_at_the_end_of_a_page);
    tcase_add_test(t, a_fetch_that_traps_is_the_guests_own);
    tcase_add_test(t, a_way_out_becomes_a_jump_and_an_exit_again_when_its_target_goes);
    tcase_add_test(t, the_table_for_indirect_jumps_forgets_a_unit_that_goes);
    tcase_add_test(t, a_write_to_a_source_from_anywhere_drops_its_units);
    tcase_add_test(t, both_addresses_of_a_source_are_dropped);
    tcase_add_test(t, another_page_table_keeps_the_units_whose_pages_it_leads_to);
    tcase_add_test(t, every_address_of_the_cache_belongs_to_the_unit_that_is_there);
    tcase_add_test(t, a_full_cache_is_cleared_and_fills_again);
    tcase_add_test(t, no_page_can_be_executed_before_it_was_searched);
    suite_add_tcase(s, t);
    return s;
}
