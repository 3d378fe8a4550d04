/*
 * Control registers and counters: who may read and write what, by every form of access, in
 * every ring and variant. The rules are isa.md section 3; the rows are csrs.def's.
 */
#include "tests/machine/harness.h"

#define OLD   0xa5a5a5a5u /* what a register holds before, as far as it can */
#define VALUE 0x3c965affu /* what is written */

/* The ways to touch a register: a0 is rd, a1 holds VALUE. */
static const struct {
    enum insn_id id;
    unsigned rd, rs1; /* rs1: register, or the immediate */
    bool writes;
} forms[] = {
    {INSN_csrrw, A0, A1, true},    {INSN_csrrw, ZERO, A1, true}, {INSN_csrrw, A0, ZERO, true},
    {INSN_csrrs, A0, ZERO, false}, {INSN_csrrs, A0, A1, true},   {INSN_csrrs, ZERO, A1, true},
    {INSN_csrrc, A0, ZERO, false}, {INSN_csrrc, A0, A1, true},   {INSN_csrrs, ZERO, ZERO, false},
    {INSN_csrrwi, A0, 31, true},   {INSN_csrrwi, ZERO, 0, true}, {INSN_csrrsi, A0, 0, false},
    {INSN_csrrsi, A0, 5, true},    {INSN_csrrci, A0, 0, false},  {INSN_csrrci, A0, 31, true},
    {INSN_csrrci, ZERO, 9, true},
};

static word access(unsigned form, word number)
{
    bool immediate = forms[form].id >= INSN_csrrwi;

    return rig_encode((struct insn){.id = forms[form].id,
                                    .rd = forms[form].rd,
                                    .csr = number,
                                    .rs1 = immediate ? 0 : forms[form].rs1,
                                    .imm = immediate ? forms[form].rs1 : 0});
}

static word combined(unsigned form, word old)
{
    bool immediate = forms[form].id >= INSN_csrrwi;
    word operand = immediate ? forms[form].rs1 : forms[form].rs1 ? VALUE : 0;

    switch (forms[form].id) {
    case INSN_csrrs:
    case INSN_csrrsi:
        return old | operand;
    case INSN_csrrc:
    case INSN_csrrci:
        return old & ~operand;
    default:
        return operand;
    }
}

/* The cause that the access must trap with, 0 for none. */
static word expected_cause(const struct csr_info *c, unsigned form, unsigned ring, bool classic,
                           word cntren)
{
    bool writes = forms[form].writes;

    if (c->kind == CSR_KIND_COUNTER) {
        if (writes)
            return CAUSE_illegal;
        return ring == 0 || (cntren >> (c->number & 3) & 1) ? 0 : CAUSE_privileged;
    }
    if (ring == 0)
        return 0;
    if (!classic || c->hole == CSR_HOLE_NONE)
        return CAUSE_privileged;
    return writes && c->hole != CSR_HOLE_READ_UF ? CAUSE_privileged : 0;
}

static void prepare(struct rig *r, const struct csr_info *c, word bits, unsigned ring, word cntren)
{
    rig_put_at(r, CODE, bits);
    rig_pc(r, CODE);
    rig_x(r, A0, 0x77777777);
    rig_x(r, A1, VALUE);
    rig_set_csr(r, CSR_tvec, VECTOR);
    rig_set_csr(r, CSR_ie, 0);
    rig_set_csr(r, CSR_ptbr, 0);
    rig_set_csr(r, CSR_status, 0);
    rig_set_csr(r, CSR_timecmp, 0xffffffff);
    rig_set_csr(r, CSR_timecmph, 0xffffffff);
    rig_set_csr(r, CSR_cntren, cntren);
    if (c->kind == CSR_KIND_CONTROL && c->number != CSR_tvec && c->number != CSR_ptbr &&
        c->number != CSR_ie && c->number != CSR_status)
        rig_set_csr(r, c->number, OLD);
    if (c->number == CSR_status)
        rig_set_csr(r, CSR_status, 0xa084); /* UF, IOPL, PRING */
    rig_ring(r, ring);
}

static void check_access(struct rig *r, const struct csr_info *c, unsigned form, unsigned ring,
                         bool classic, word cntren)
{
    word bits = access(form, c->number), cause = expected_cause(c, form, ring, classic, cntren);
    word writable = ring ? c->wmask & FIELD_status_uf : c->wmask;

    prepare(r, c, bits, ring, cntren);
    word old = rig_csr(r, c->number);
    rig_run(r, 1);
    const struct cpu_regs *regs = rig_regs(r);
    ck_assert_msg(regs->pc == (cause ? VECTOR : CODE + 4),
                  "%08x of %s in ring %u, %s: pc %08x cause %u, expected cause %u", bits, c->name,
                  ring, classic ? "classic" : "strict", regs->pc, regs->cause, cause);
    if (cause) {
        rig_expect_trap(r, cause, bits, CODE);
        ck_assert_uint_eq(regs->x[A0], 0x77777777);
        return;
    }
    if (forms[form].rd && c->kind == CSR_KIND_CONTROL)
        ck_assert_msg(regs->x[A0] == old, "%s reads %08x, not %08x", c->name, regs->x[A0], old);
    word expected = forms[form].writes ? (old & ~writable) | (combined(form, old) & writable) : old;
    if (c->kind == CSR_KIND_CONTROL)
        ck_assert_msg(rig_csr(r, c->number) == expected, "%08x leaves %08x in %s, not %08x", bits,
                      rig_csr(r, c->number), c->name, expected);
}

static void check_all_forms(bool classic)
{
    struct machine_config config = rig_config();
    struct rig r;

    config.classic = classic;
    rig_init(&r, config);
    for (unsigned n = 0; n < csr_count; n++) {
        for (unsigned form = 0; form < COUNT_OF(forms); form++) {
            for (unsigned ring = 0; ring < 4; ring++) {
                for (word cntren = 0; cntren < 8; cntren += csr_table[n].kind ? 1 : 8)
                    check_access(&r, &csr_table[n], form, ring, classic, cntren);
            }
        }
    }
    rig_fini(&r);
}

START_TEST(a_strict_machine_shows_control_registers_to_ring_0_only)
{
    check_all_forms(false);
}
END_TEST

START_TEST(a_classic_machine_shows_status_tvec_and_ptbr_and_takes_uf_from_any_ring)
{
    check_all_forms(true);
}
END_TEST

START_TEST(a_register_number_that_does_not_exist_is_illegal_in_every_ring)
{
    struct rig r;

    rig_init(&r, rig_config());
    for (word number = 0; number < 0x1000; number++) {
        word bits = CSRR(csrrs, A0, number, ZERO);

        if (csr_info(number))
            continue;
        rig_put_at(&r, CODE, bits);
        rig_pc(&r, CODE);
        rig_ring(&r, number & 3);
        rig_run(&r, 1);
        rig_expect_trap(&r, CAUSE_illegal, bits, CODE);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(status_shows_the_current_ring_and_no_write_changes_it)
{
    struct machine_config config = rig_config();
    struct rig r;

    config.classic = true;
    for (unsigned ring = 0; ring < 4; ring++) {
        rig_init(&r, config);
        rig_put(&r, CSRR(csrrw, A0, CSR_status, A1));
        rig_put(&r, CSRR(csrrs, A2, CSR_status, ZERO));
        rig_x(&r, A1, ~(ring << SHIFT_status_cring) & ~(word)FIELD_status_tf);
        rig_ring(&r, ring);
        rig_run(&r, 2);
        ck_assert_uint_eq(rig_regs(&r)->x[A0], ring << SHIFT_status_cring);
        ck_assert_uint_eq(rig_regs(&r)->x[A2],
                          (ring ? 0xf000 : 0xf6cf) | ring << SHIFT_status_cring);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(only_the_software_bit_of_ip_can_be_written)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, CSRR(csrrw, ZERO, CSR_ip, A1));
    rig_put(&r, CSRR(csrrs, A0, CSR_ip, ZERO));
    rig_put(&r, CSRR(csrrw, ZERO, CSR_timecmp, ZERO));
    rig_put(&r, CSRR(csrrw, ZERO, CSR_timecmph, ZERO));
    rig_put(&r, CSRR(csrrc, A2, CSR_ip, A1));
    rig_put(&r, CSRR(csrrs, A3, CSR_ip, ZERO));
    rig_x(&r, A1, 0xffffffff);
    rig_run(&r, 6);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 1u << INTERRUPT_software);
    ck_assert_uint_eq(rig_regs(&r)->x[A2], 1u << INTERRUPT_software | 1u << INTERRUPT_timer);
    ck_assert_uint_eq(rig_regs(&r)->x[A3], 1u << INTERRUPT_timer);
    rig_fini(&r);
}
END_TEST

START_TEST(instret_counts_what_retired_and_steps_count_the_rest_too)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, I(addi, A0, A0, 1));
    rig_put(&r, CSRR(csrrs, A1, CSR_instret, ZERO));
    rig_put(&r, CSRR(csrrs, A2, CSR_instreth, ZERO));
    rig_put(&r, PLAIN(ebreak));
    rig_put_at(&r, VECTOR, CSRR(csrrs, A3, CSR_instret, ZERO));
    rig_run(&r, 5);
    ck_assert_uint_eq(rig_regs(&r)->x[A1], 1);
    ck_assert_uint_eq(rig_regs(&r)->x[A2], 0);
    ck_assert_uint_eq(rig_regs(&r)->x[A3], 3);
    ck_assert_uint_eq(machine_instret(r.m), 4);
    ck_assert_uint_eq(machine_icount(r.m), 5);
    rig_fini(&r);
}
END_TEST

START_TEST(time_is_cycles_by_the_divider_and_has_a_high_half)
{
    struct machine_config config = rig_config();
    struct rig r;

    config.cost.divider = 10;
    rig_init(&r, config);
    rig_put(&r, PLAIN(wfi));
    rig_put(&r, CSRR(csrrs, A0, CSR_time, ZERO));
    rig_put(&r, CSRR(csrrs, A1, CSR_timeh, ZERO));
    rig_put(&r, CSRR(csrrs, A2, CSR_cycleh, ZERO));
    rig_set_csr(&r, CSR_ie, FIELD_ie_timer);
    rig_set_csr(&r, CSR_timecmp, 0x100);
    rig_set_csr(&r, CSR_timecmph, 7);
    rig_run(&r, 4);
    ck_assert_uint_eq(rig_regs(&r)->x[A0], 0x100);
    ck_assert_uint_eq(rig_regs(&r)->x[A1], 7);
    ck_assert_uint_eq(rig_regs(&r)->x[A2], 70);
    ck_assert_uint_eq(rig_csr(&r, CSR_time), (word)(machine_cycle(r.m) / 10));
    rig_fini(&r);
}
END_TEST

START_TEST(a_write_is_published_with_the_old_and_the_new_value)
{
    struct rig r;

    rig_init(&r, rig_config());
    rig_put(&r, CSRR(csrrs, ZERO, CSR_tscratch, ZERO));
    rig_put(&r, CSRR(csrrw, ZERO, CSR_tscratch, A1));
    rig_set_csr(&r, CSR_tscratch, 5);
    rig_x(&r, A1, 6);
    rig_listen(&r, EVENT_BIT(EVENT_csr));
    rig_run(&r, 2);
    ck_assert_uint_eq(r.event_count, 1);
    ck_assert_uint_eq(r.events[0].tval, CSR_tscratch);
    ck_assert_uint_eq(r.events[0].a, 5);
    ck_assert_uint_eq(r.events[0].b, 6);
    ck_assert_uint_eq(r.events[0].pc, CODE + 4);
    rig_fini(&r);
}
END_TEST

/* A loop over every register and form, broken into by a timer whose handler moves it on. */
static void put_accesses(struct rig *r, word pause)
{
    word start = r->at;

    for (unsigned i = 0; i < csr_count; i++) {
        word number = csr_table[i].number;
        unsigned form = i % COUNT_OF(forms);
        if (number >= CSR_tvec && number <= CSR_eptbr && number != CSR_ptbr && number != CSR_ie &&
            number != CSR_timecmp && number != CSR_timecmph)
            rig_put(r, number == CSR_tvec ? CSRR(csrrs, A0, number, ZERO) : access(form, number));
        rig_put(r, R(add, A2, A2, A0));
        rig_put(r, R(xor, A1, A1, A2));
    }
    rig_put(r, JAL(ZERO, (int32_t)(start - r->at)));
    r->at = VECTOR;
    rig_put(r, CSRR(csrrw, T0, CSR_tscratch, T0));
    rig_put(r, CSRR(csrrs, T0, CSR_time, ZERO));
    rig_put(r, I(addi, T0, T0, (int)pause));
    rig_put(r, CSRR(csrrw, ZERO, CSR_timecmp, T0));
    rig_put(r, CSRR(csrrw, T0, CSR_tscratch, T0));
    rig_put(r, PLAIN(tret));
    rig_set_csr(r, CSR_timecmp, pause);
    rig_set_csr(r, CSR_timecmph, 0);
    rig_set_csr(r, CSR_ie, FIELD_ie_timer);
    rig_set_csr(r, CSR_status, FIELD_status_ie);
    rig_x(r, A1, VALUE);
}

START_TEST(accesses_are_the_same_in_one_run_step_by_step_and_watched)
{
    for (word pause = 50; pause < 90; pause++) {
        struct rig whole, stepped, watched;

        rig_init(&whole, rig_config());
        rig_init(&stepped, rig_config());
        rig_init(&watched, rig_config());
        put_accesses(&whole, pause);
        put_accesses(&stepped, pause);
        put_accesses(&watched, pause);
        rig_listen(&watched, EVENT_BIT(EVENT_csr) | EVENT_BIT(EVENT_trap));
        for (unsigned piece = 0; piece < 12; piece++) {
            unsigned steps = 40 + piece * 7;
            rig_run(&whole, steps);
            rig_run(&watched, steps);
            for (unsigned i = 0; i < steps; i++)
                rig_run(&stepped, 1);
            ck_assert_uint_eq(machine_digest(whole.m), machine_digest(stepped.m));
            ck_assert_uint_eq(machine_digest(whole.m), machine_digest(watched.m));
        }
        ck_assert_ptr_nonnull(rig_event(&watched, EVENT_trap, 3));
        ck_assert_ptr_nonnull(rig_event(&watched, EVENT_csr, 3));
        rig_fini(&whole);
        rig_fini(&stepped);
        rig_fini(&watched);
    }
}
END_TEST

Suite *suite_machine_csr(void);
Suite *suite_machine_csr(void)
{
    Suite *s = suite_create("machine_csr");
    TCase *c = tcase_create("csr");

    tcase_add_test(c, a_strict_machine_shows_control_registers_to_ring_0_only);
    tcase_add_test(c, a_classic_machine_shows_status_tvec_and_ptbr_and_takes_uf_from_any_ring);
    tcase_add_test(c, a_register_number_that_does_not_exist_is_illegal_in_every_ring);
    tcase_add_test(c, status_shows_the_current_ring_and_no_write_changes_it);
    tcase_add_test(c, only_the_software_bit_of_ip_can_be_written);
    tcase_add_test(c, instret_counts_what_retired_and_steps_count_the_rest_too);
    tcase_add_test(c, time_is_cycles_by_the_divider_and_has_a_high_half);
    tcase_add_test(c, a_write_is_published_with_the_old_and_the_new_value);
    tcase_add_test(c, accesses_are_the_same_in_one_run_step_by_step_and_watched);
    suite_add_tcase(s, c);
    return s;
}
