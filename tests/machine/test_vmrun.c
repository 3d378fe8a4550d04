/*
 * vmrun and exits: what goes in, what runs, what comes out, and what is nobody else's business.
 */
#include "machine/snapshot.h"
#include "machine/snapshot_stream.h"
#include "tests/machine/guests.h"

#include <stdlib.h>
#include <string.h>

/* The words of the guest's state that are plain registers, each with a value of its own. */
static const struct {
    word offset, number, value;
} registers[] = {
    {VMCB_tvec, CSR_tvec, 0x80055550},
    {VMCB_tscratch, CSR_tscratch, 0x11111111},
    {VMCB_epc, CSR_epc, 0x22222220},
    {VMCB_cause, CSR_cause, 0x80000013},
    {VMCB_tval, CSR_tval, 0x33333333},
    {VMCB_ie, CSR_ie, 0x880},
    {VMCB_ptbr, CSR_ptbr, 0x00412345},
    {VMCB_tptbr, CSR_tptbr, 0x00854321},
    {VMCB_timecmp, CSR_timecmp, 0x44444444},
    {VMCB_timecmph, CSR_timecmph, 0x55555555},
    {VMCB_cntren, CSR_cntren, 5},
    {VMCB_eptbr, CSR_eptbr, 0x00c11111},
    {VMCB_status, CSR_status, 0x0000a0ce},
};

static void expect_in_root(const struct rig *r)
{
    struct machine_guest guest;

    ck_assert_msg(!machine_guest(r->m, &guest), "the guest runs on, at %08x", rig_regs(r)->pc);
}

START_TEST(a_guest_runs_until_it_exits_and_the_host_goes_on_behind_vmrun)
{
    struct rig r;
    struct machine_guest guest;

    guests_init(&r);
    rig_put_at(&r, GUEST, I(addi, A1, A0, 7));
    rig_put_at(&r, GUEST + 4, PLAIN(hcall));
    rig_x(&r, A0, 5);
    rig_run(&r, 1);
    rig_expect_pc(&r, GUEST);
    ck_assert(machine_guest(r.m, &guest));
    ck_assert_uint_eq(guest.vmid, 1);
    ck_assert_uint_eq(guest.vmcb, CONTROL);
    ck_assert_uint_eq(guest.host.pc, CODE + 4);
    rig_run(&r, 2);
    rig_expect_pc(&r, CODE + 4);
    ck_assert_uint_eq(rig_regs(&r)->x[A1], 12);
    guests_expect_exit(&r, INTERCEPT_hcall, 0, 0);
    ck_assert_uint_eq(guests_get(&r, VMCB_pc), GUEST + 4);
    ck_assert_uint_eq(guests_get(&r, VMCB_exit_next_pc), GUEST + 8);
    ck_assert_uint_eq(guests_get(&r, VMCB_exit_insn), PLAIN(hcall));
    rig_fini(&r);
}
END_TEST

START_TEST(each_word_of_the_guests_state_is_its_register)
{
    struct rig r;

    guests_init(&r);
    rig_put_at(&r, GUEST, PLAIN(hcall));
    for (unsigned i = 0; i < COUNT_OF(registers); i++)
        guests_set(&r, registers[i].offset, registers[i].value);
    rig_run(&r, 1);
    for (unsigned i = 0; i < COUNT_OF(registers); i++)
        ck_assert_msg(rig_csr(&r, registers[i].number) == registers[i].value, "%03x is %08x",
                      registers[i].number, rig_csr(&r, registers[i].number));
    for (unsigned i = 0; i < COUNT_OF(registers); i++)
        guests_set(&r, registers[i].offset, 0);
    rig_run(&r, 1);
    for (unsigned i = 0; i < COUNT_OF(registers); i++)
        ck_assert_msg(guests_get(&r, registers[i].offset) == registers[i].value,
                      "word %03x is %08x", registers[i].offset,
                      guests_get(&r, registers[i].offset));
    rig_fini(&r);
}
END_TEST

START_TEST(whatever_the_guest_does_the_hosts_registers_are_hidden)
{
    struct rig r;
    word before[14];

    guests_init(&r);
    for (unsigned n = 0; n < 14; n++) {
        if (n == CSR_tvec - CSR_status)
            rig_put_at(&r, GUEST + 4 * n, I(addi, ZERO, ZERO, 0)); /* it would miss its handler */
        else
            rig_put_at(&r, GUEST + 4 * n, CSRR(csrrw, A1, CSR_status + n, A2));
    }
    rig_put_at(&r, GUEST + 4 * 14, PLAIN(hcall));
    rig_x(&r, A2, 0x00000600); /* TPS, PTF */
    rig_set_csr(&r, CSR_status, 0x0000b0c6);
    rig_set_csr(&r, CSR_tscratch, 0x12345678);
    rig_set_csr(&r, CSR_epc, CODE + 0x40);
    rig_set_csr(&r, CSR_ptbr, 0x00412345); /* paging off */
    rig_set_csr(&r, CSR_eptbr, 0x00412346);
    rig_set_csr(&r, CSR_cntren, 5);
    for (unsigned n = 0; n < 14; n++)
        before[n] = rig_csr(&r, CSR_status + n);
    rig_run(&r, 1);
    for (unsigned n = 0; n < 14; n++)
        ck_assert_msg(rig_csr(&r, CSR_status + n) == guests_get(&r, VMCB_status + 4 * n),
                      "register %u of the guest", n);
    rig_run(&r, 15);
    expect_in_root(&r);
    for (unsigned n = 0; n < 14; n++)
        ck_assert_msg(rig_csr(&r, CSR_status + n) == before[n], "register %u is %08x, was %08x", n,
                      rig_csr(&r, CSR_status + n), before[n]);
    rig_fini(&r);
}
END_TEST

START_TEST(the_register_that_vmrun_names_is_swapped_and_no_other)
{
    struct rig r;

    guests_init(&r);
    rig_put_at(&r, GUEST, I(addi, S0, S0, 1));
    rig_put_at(&r, GUEST + 4, PLAIN(hcall));
    guests_set(&r, VMCB_rs1, 0x1000);
    for (unsigned n = 1; n < 32; n++)
        if (n != S0)
            rig_x(&r, n, n);
    rig_run(&r, 3);
    ck_assert_uint_eq(guests_get(&r, VMCB_rs1), 0x1001);
    for (unsigned n = 1; n < 32; n++)
        ck_assert_uint_eq(rig_regs(&r)->x[n], n == S0 ? CONTROL : n);
    rig_fini(&r);
}
END_TEST

/* ---- who may, and with what ---------------------------------------------------------------- */

START_TEST(vmrun_exists_with_vt_only_and_belongs_to_ring_0)
{
    struct machine_config config = guests_config();
    struct rig r;

    config.vt = false;
    guests_init_with(&r, config);
    rig_run(&r, 1);
    rig_expect_trap(&r, CAUSE_illegal, I(vmrun, 0, S0, 0), CODE);
    rig_fini(&r);
    for (unsigned ring = 1; ring < 4; ring++) {
        guests_init(&r);
        rig_ring(&r, ring);
        rig_run(&r, 1);
        rig_expect_trap(&r, CAUSE_privileged, I(vmrun, 0, S0, 0), CODE);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(an_address_that_is_no_page_of_ram_is_an_access_that_traps)
{
    static const struct {
        word address, cause;
    } bad[] = {
        {CONTROL + 4, CAUSE_store_misaligned},
        {CONTROL + 0x800, CAUSE_store_misaligned},
        {0, CAUSE_store_access},
        {RAM_BASE - 0x1000, CAUSE_store_access},
        {RAM_BASE + 0x100000, CAUSE_store_access},
        {0x10000000, CAUSE_store_access},
    };
    struct rig r;

    guests_init(&r);
    for (unsigned i = 0; i < COUNT_OF(bad); i++) {
        rig_pc(&r, CODE);
        rig_x(&r, S0, bad[i].address);
        rig_run(&r, 1);
        rig_expect_trap(&r, bad[i].cause, bad[i].address, CODE);
    }
    rig_fini(&r);
}
END_TEST

START_TEST(the_vmcb_is_found_without_the_hosts_page_table)
{
    struct rig r;

    guests_init(&r);
    rig_map(&r, ROOT, TABLE, CODE, CODE | PTE_V | PTE_X); /* nothing else is mapped */
    rig_set_csr(&r, CSR_ptbr, rig_ptbr(ROOT, 0));
    rig_put_at(&r, GUEST, PLAIN(hcall));
    rig_run(&r, 2);
    guests_expect_exit(&r, INTERCEPT_hcall, 0, 0);
    ck_assert_uint_eq(rig_csr(&r, CSR_ptbr), rig_ptbr(ROOT, 0));
    rig_fini(&r);
}
END_TEST

START_TEST(cpuid_tells_of_hardware_assist)
{
    struct rig r;

    for (unsigned npt = 0; npt < 2; npt++) {
        struct machine_config config = guests_config();

        config.npt = npt;
        guests_init_with(&r, config);
        rig_x(&r, A1, 1);
        rig_do(&r, R(cpuid, A0, A1, 0));
        ck_assert_uint_eq(rig_regs(&r)->x[A0], npt ? 7 : 3);
        rig_fini(&r);
    }
}
END_TEST

START_TEST(nested_paging_needs_hardware_assist)
{
    struct machine_config config = rig_config();
    struct machine *m;
    struct error err;

    config.npt = true;
    ck_assert_int_ne(machine_new(&m, &config, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "vt is off"));
}
END_TEST

/* What stands there while the guest runs is neither looked at nor kept. */
START_TEST(the_vmcb_is_read_once_and_written_once)
{
    struct rig r;

    guests_init(&r);
    rig_put_at(&r, GUEST, PLAIN(wfi));
    rig_put_at(&r, GUEST + 4, PLAIN(hcall));
    guests_set(&r, VMCB_virtual_ip, FIELD_ip_soft);
    guests_set(&r, VMCB_ie, FIELD_ie_soft);
    rig_run(&r, 1);
    for (word offset = 0; offset < 0x180; offset += 4)
        guests_set(&r, offset, 0xffffffff);
    rig_run(&r, 2);
    guests_expect_exit(&r, INTERCEPT_hcall, 0, 0);
    ck_assert_uint_eq(guests_get(&r, VMCB_pc), GUEST + 4);
    ck_assert_uint_eq(guests_get(&r, VMCB_tvec), GUEST_VECTOR);
    ck_assert_uint_eq(guests_get(&r, VMCB_icept_insn), 0xffffffff); /* the monitor's to write */
    ck_assert_uint_eq(guests_get(&r, VMCB_magic), 0xffffffff);
    rig_fini(&r);
}
END_TEST

/* ---- single step ----------------------------------------------------------------------------- */

START_TEST(a_single_stepped_vmrun_completes_when_its_guest_exits)
{
    struct rig r;

    guests_init(&r);
    for (unsigned n = 0; n < 4; n++)
        rig_put_at(&r, GUEST + 4 * n, I(addi, A1, A1, 1));
    rig_put_at(&r, GUEST + 16, PLAIN(hcall));
    rig_set_csr(&r, CSR_status, FIELD_status_tf);
    rig_run(&r, 5); /* the guest is not stepped */
    rig_expect_pc(&r, GUEST + 16);
    ck_assert_uint_eq(rig_csr(&r, CSR_status) & FIELD_status_tf, 0);
    rig_run(&r, 1);
    rig_expect_trap(&r, CAUSE_single_step, 0, CODE + 4);
    ck_assert_uint_eq(guests_get(&r, VMCB_exit_code), INTERCEPT_hcall);
    ck_assert_uint_eq(rig_csr(&r, CSR_status) & FIELD_status_ptf, FIELD_status_ptf);
    rig_fini(&r);
}
END_TEST

START_TEST(a_single_stepped_vmrun_that_is_refused_traps_behind_it)
{
    struct rig r;

    guests_init(&r);
    guests_set(&r, VMCB_vmid, 0);
    rig_set_csr(&r, CSR_status, FIELD_status_tf);
    rig_run(&r, 1);
    rig_expect_trap(&r, CAUSE_single_step, 0, CODE + 4);
    rig_fini(&r);
}
END_TEST

START_TEST(a_guest_that_steps_itself_traps_in_itself)
{
    struct rig r;
    struct machine_guest guest;

    guests_init(&r);
    rig_put_at(&r, GUEST, I(addi, A1, A1, 1));
    guests_set(&r, VMCB_status, FIELD_status_tf);
    rig_run(&r, 2);
    ck_assert(machine_guest(r.m, &guest));
    rig_expect_pc(&r, GUEST_VECTOR);
    ck_assert_uint_eq(rig_csr(&r, CSR_cause), CAUSE_single_step);
    ck_assert_uint_eq(rig_csr(&r, CSR_epc), GUEST + 4);
    rig_fini(&r);
}
END_TEST

START_TEST(a_monitor_can_step_its_guest)
{
    struct rig r;

    guests_init(&r);
    for (unsigned n = 0; n < 3; n++)
        rig_put_at(&r, GUEST + 4 * n, I(addi, A1, A1, 1));
    guests_set(&r, VMCB_icept_cause, 1u << CAUSE_single_step);
    guests_set(&r, VMCB_status, FIELD_status_tf);
    for (word n = 1; n <= 3; n++) {
        rig_pc(&r, CODE);
        rig_run(&r, 2);
        guests_expect_exit(&r, EXIT_CAUSE + CAUSE_single_step, 0, 0);
        ck_assert_uint_eq(rig_regs(&r)->x[A1], n);
        ck_assert_uint_eq(guests_get(&r, VMCB_pc), GUEST + 4 * n);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_next_pc), GUEST + 4 * n);
        ck_assert_uint_eq(guests_get(&r, VMCB_exit_insn), 0);
        ck_assert_uint_eq(guests_get(&r, VMCB_instret), n);
        ck_assert_uint_eq(guests_get(&r, VMCB_status), FIELD_status_tf);
    }
    rig_fini(&r);
}
END_TEST

/* ---- counters and costs ---------------------------------------------------------------------- */

START_TEST(instret_is_the_guests_own)
{
    struct rig r;

    guests_init(&r);
    rig_put_at(&r, GUEST, CSRR(csrrs, A1, CSR_instret, ZERO));
    rig_put_at(&r, GUEST + 4, CSRR(csrrs, A2, CSR_instreth, ZERO));
    rig_put_at(&r, GUEST + 8, PLAIN(hcall));
    guests_set(&r, VMCB_instret, 0xffffffff);
    guests_set(&r, VMCB_instreth, 6);
    uint64_t before = machine_instret(r.m);
    rig_run(&r, 4);
    ck_assert_uint_eq(rig_regs(&r)->x[A1], 0xffffffff);
    ck_assert_uint_eq(rig_regs(&r)->x[A2], 7);
    ck_assert_uint_eq(guests_get(&r, VMCB_instret), 1);
    ck_assert_uint_eq(guests_get(&r, VMCB_instreth), 7);
    ck_assert_msg(machine_instret(r.m) - before == 3, "vmrun and two; hcall did not retire");
    rig_fini(&r);
}
END_TEST

START_TEST(entry_and_exit_cost_what_the_table_says)
{
    struct rig r;
    uint64_t cycle;

    guests_init(&r);
    const struct cost *cost = &machine_config(r.m)->cost;
    rig_put_at(&r, GUEST, PLAIN(hcall));
    cycle = machine_cycle(r.m);
    rig_run(&r, 1);
    ck_assert_uint_eq(machine_cycle(r.m) - cycle, cost->base + cost->vmrun);
    cycle = machine_cycle(r.m);
    rig_run(&r, 1);
    ck_assert_uint_eq(machine_cycle(r.m) - cycle, cost->base + cost->exit);
    rig_pc(&r, CODE);
    guests_set(&r, VMCB_tlb_control, 2);
    cycle = machine_cycle(r.m);
    rig_run(&r, 1);
    ck_assert_uint_eq(machine_cycle(r.m) - cycle, cost->base + cost->vmrun + cost->fence);
    rig_fini(&r);
}
END_TEST

/* ---- what is told ---------------------------------------------------------------------------- */

START_TEST(entries_and_exits_are_events_of_the_vm)
{
    struct rig r;
    const struct event *e;
    char name[16];

    guests_init(&r);
    guests_set(&r, VMCB_vmid, 9);
    guests_set(&r, VMCB_icept_cause, 1u << CAUSE_load_access);
    rig_put_at(&r, GUEST, LOAD(lw, A0, 0, ZERO));
    rig_listen(&r, EVENT_BIT(EVENT_entry) | EVENT_BIT(EVENT_exit) | EVENT_BIT(EVENT_trap));
    rig_run(&r, 2);
    ck_assert_uint_eq(r.event_count, 2);
    e = rig_event(&r, EVENT_entry, 0);
    ck_assert_uint_eq(e->pc, CODE);
    ck_assert_uint_eq(e->a, 9);
    ck_assert_uint_eq(e->context, 1);
    e = rig_event(&r, EVENT_exit, 0);
    ck_assert_uint_eq(e->cause, CAUSE_EXIT | (EXIT_CAUSE + CAUSE_load_access));
    ck_assert_str_eq(cause_info(e->cause)->name, "load_access");
    ck_assert_uint_eq(vmcb_plain_cause(e->cause), CAUSE_load_access);
    ck_assert_uint_eq(e->pc, GUEST);
    ck_assert_uint_eq(e->a, 9);
    ck_assert_uint_eq(e->context, 1);
    contexts_name(machine_contexts(r.m), 1, name, sizeof name);
    ck_assert_str_eq(name, "vm9");
    ck_assert_uint_eq(machine_contexts(r.m)->current, 0);
    rig_fini(&r);
}
END_TEST

/* ---- snapshots ------------------------------------------------------------------------------- */

struct bytes {
    uint8_t *data;
    size_t size, at;
};

static bool put_bytes(void *user, const void *data, size_t size)
{
    struct bytes *b = user;

    b->data = realloc(b->data, b->size + size);
    memcpy(b->data + b->size, data, size);
    b->size += size;
    return true;
}

static bool get_bytes(void *user, void *data, size_t size)
{
    struct bytes *b = user;

    if (size > b->size - b->at)
        return false;
    memcpy(data, b->data + b->at, size);
    b->at += size;
    return true;
}

static void through_bytes(const struct snapshot *s, struct machine *m)
{
    struct bytes b = {0};
    struct snapshot *read;
    struct error err;

    ck_assert(snapshot_write(s, put_bytes, &b));
    ck_assert_msg(snapshot_read(&read, m, get_bytes, &b, &err) == 0, "%s", err.text);
    ck_assert_int_eq(snapshot_restore(read, m, &err), 0);
    snapshot_free(read);
    free(b.data);
}

/* In a guest, with an event injected and not delivered, and another time than the host's. */
START_TEST(a_snapshot_holds_the_guest_and_the_hidden_host)
{
    struct rig r, other;
    struct snapshot *s;
    struct error err;

    guests_init(&r);
    rig_put_at(&r, GUEST_VECTOR, CSRR(csrrs, A1, CSR_time, ZERO));
    rig_put_at(&r, GUEST_VECTOR + 4, PLAIN(hcall));
    guests_set(&r, VMCB_time_offset, 1000);
    guests_set(&r, VMCB_inject, 0xc0000003);
    rig_set_csr(&r, CSR_tscratch, 0x77);
    rig_run(&r, 1);
    ck_assert_msg(snapshot_take(&s, r.m, &err) == 0, "%s", err.text);
    uint64_t digest = machine_digest(r.m);
    guests_init(&other);
    ck_assert(machine_digest(other.m) != digest);
    through_bytes(s, other.m);
    ck_assert(machine_digest(other.m) == digest);
    rig_run(&other, 3);
    rig_run(&r, 3);
    guests_expect_exit(&r, INTERCEPT_hcall, 0, 0);
    ck_assert(machine_digest(other.m) == machine_digest(r.m));
    ck_assert_uint_eq(rig_csr(&other, CSR_tscratch), 0x77);
    ck_assert(snapshot_restore(s, r.m, &err) == 0 && machine_digest(r.m) == digest);
    snapshot_free(s);
    rig_fini(&other);
    rig_fini(&r);
}
END_TEST

/* Where the state of the processor lies in the bytes: behind the description. */
#define STATE_BYTES 800u

START_TEST(a_damaged_snapshot_of_a_guest_is_refused_or_is_a_strange_guest)
{
    static const uint8_t damage[] = {0x01, 0x10, 0x80, 0xff};
    struct rig r;
    struct snapshot *s;
    struct error err;
    struct bytes b = {0};
    unsigned refused = 0, taken = 0;

    guests_init(&r);
    guests_set(&r, VMCB_icept_insn, 0x3ff);
    guests_set(&r, VMCB_io_map, IO_MAP);
    guests_set(&r, VMCB_virtual_ip, 0x888);
    guests_set(&r, VMCB_ie, 0x888);
    guests_set(&r, VMCB_inject, 0x80000002);
    rig_put_at(&r, GUEST_VECTOR, R(pin, A0, A1, 0));
    rig_run(&r, 1);
    ck_assert_int_eq(snapshot_take(&s, r.m, &err), 0);
    ck_assert(snapshot_write(s, put_bytes, &b));
    for (unsigned n = 0; n < STATE_BYTES * COUNT_OF(damage); n++) {
        uint8_t *byte = &b.data[n / COUNT_OF(damage)], was = *byte;
        struct snapshot *read;

        *byte ^= damage[n % COUNT_OF(damage)];
        b.at = 0;
        if (snapshot_read(&read, r.m, get_bytes, &b, &err) == 0) {
            ck_assert_int_eq(snapshot_restore(read, r.m, &err), 0);
            snapshot_free(read);
            machine_run(r.m, 20);
            taken++;
        } else {
            refused++;
        }
        *byte = was;
    }
    ck_assert_uint_ge(refused, 100);
    ck_assert_uint_ge(taken, 100);
    snapshot_free(s);
    free(b.data);
    rig_fini(&r);
}
END_TEST

Suite *suite_machine_vmrun(void);
Suite *suite_machine_vmrun(void)
{
    Suite *s = suite_create("machine_vmrun");
    TCase *c = tcase_create("vmrun");

    tcase_add_test(c, a_guest_runs_until_it_exits_and_the_host_goes_on_behind_vmrun);
    tcase_add_test(c, each_word_of_the_guests_state_is_its_register);
    tcase_add_test(c, whatever_the_guest_does_the_hosts_registers_are_hidden);
    tcase_add_test(c, the_register_that_vmrun_names_is_swapped_and_no_other);
    tcase_add_test(c, vmrun_exists_with_vt_only_and_belongs_to_ring_0);
    tcase_add_test(c, an_address_that_is_no_page_of_ram_is_an_access_that_traps);
    tcase_add_test(c, the_vmcb_is_found_without_the_hosts_page_table);
    tcase_add_test(c, cpuid_tells_of_hardware_assist);
    tcase_add_test(c, nested_paging_needs_hardware_assist);
    tcase_add_test(c, the_vmcb_is_read_once_and_written_once);
    tcase_add_test(c, a_single_stepped_vmrun_completes_when_its_guest_exits);
    tcase_add_test(c, a_single_stepped_vmrun_that_is_refused_traps_behind_it);
    tcase_add_test(c, a_guest_that_steps_itself_traps_in_itself);
    tcase_add_test(c, a_monitor_can_step_its_guest);
    tcase_add_test(c, instret_is_the_guests_own);
    tcase_add_test(c, entry_and_exit_cost_what_the_table_says);
    tcase_add_test(c, entries_and_exits_are_events_of_the_vm);
    tcase_add_test(c, a_snapshot_holds_the_guest_and_the_hidden_host);
    tcase_add_test(c, a_damaged_snapshot_of_a_guest_is_refused_or_is_a_strange_guest);
    suite_add_tcase(s, c);
    return s;
}
