/*
 * Looking: spaces, contexts, "guest sees | real", with a monitor in miniature (programs.h).
 * The packs' directory is held against the header that makes them.
 */
#include "tests/world/programs.h"

#include "guests/pack.h"
#include "isa/csr.h"
#include "isa/paging.h"
#include "world/pack.h"
#include "world/timeline.h"
#include "world/view.h"

#include <check.h>
#include <string.h>

static struct world *world;
static struct host *host;

static void setup(void)
{
    host = program_host(&world);
    program_vm(host);
}

static void teardown(void)
{
    world_free(world);
}

static word guest(uint16_t context, const char *name)
{
    word reg, value = 0xdead;

    ck_assert_msg(view_register(name, &reg), "%s", name);
    ck_assert_msg(view_guest(host, context, reg, &value), "%s", name);
    return value;
}

static word real(uint16_t context, const char *name)
{
    word reg, value = 0xdead;

    ck_assert_msg(view_register(name, &reg), "%s", name);
    ck_assert_msg(view_real(host, context, reg, &value), "%s", name);
    return value;
}

static bool has_real(uint16_t context)
{
    word value;

    return view_real(host, context, VIEW_PC, &value);
}

/* ---- contexts ---- */

START_TEST(there_is_a_machine_before_there_is_a_vm)
{
    char name[32];

    ck_assert_str_eq(view_context_name(host, 0, name, sizeof name), "machine");
    ck_assert(!view_is_monitor(host, 0));
    ck_assert_ptr_null(view_context(host, 1));
    ck_assert_uint_eq(view_current(host), 0);
}
END_TEST

START_TEST(a_vm_has_the_name_that_its_monitor_gave)
{
    char name[32];

    host_advance(host, VM_ENTRY_STEPS);
    ck_assert_uint_eq(view_current(host), 1);
    ck_assert_str_eq(view_context_name(host, 1, name, sizeof name), "guest");
    ck_assert_str_eq(view_context_name(host, 0, name, sizeof name), "vmm");
    ck_assert(view_is_monitor(host, 0));
    ck_assert_uint_eq(view_context(host, 1)->vmid, 9);
    ck_assert_uint_eq(view_context(host, 1)->level, 1);
}
END_TEST

/* ---- guest sees | real ---- */

START_TEST(a_running_guest_sees_its_page_and_the_machine_has_the_truth)
{
    host_advance(host, VM_ENTRY_STEPS + 1);
    ck_assert_uint_eq(guest(1, "ring"), 0);
    ck_assert_uint_eq(real(1, "ring"), 1);
    ck_assert_uint_eq(guest(1, "pc"), VM_CODE + 4);
    ck_assert_uint_eq(real(1, "pc"), VM_CODE + 4);
    ck_assert_uint_eq(guest(1, "a0"), 66);
    ck_assert_uint_eq(guest(1, "x10"), 66);
    ck_assert_uint_eq(guest(1, "tvec"), 0x80001234);
    ck_assert_uint_eq(real(1, "tvec"), RAM_BASE + 16 * 4);
    ck_assert_uint_eq(guest(1, "status") & 1, 1);
    ck_assert_uint_eq(guest(1, "status") & FIELD_status_cring, 0);
    ck_assert_uint_eq(real(1, "status") & FIELD_status_cring, 1 << SHIFT_status_cring);
    ck_assert(!has_real(0));
}
END_TEST

START_TEST(right_after_an_exit_the_guest_still_has_what_the_processor_held)
{
    host_advance(host, VM_ENTRY_STEPS + 2);
    ck_assert_uint_eq(view_current(host), 0);
    ck_assert(!has_real(1));
    ck_assert(has_real(0));
    ck_assert_uint_eq(guest(1, "a0"), 66);
    ck_assert_uint_eq(guest(1, "pc"), VM_CODE + 4);
    ck_assert_uint_eq(guest(1, "t0"), VM_PAGE);
    /* The monitor overwrites t6 before it speaks; the guest's is still the one of the exit. */
    host_advance(host, 2);
    ck_assert_uint_eq(real(0, "t6"), VM_GPRS + 0x110);
    ck_assert_uint_eq(guest(1, "t6"), 0);
}
END_TEST

static bool was_real(const char *name, word *value)
{
    word reg;

    ck_assert_msg(view_register(name, &reg), "%s", name);
    return view_was_real(host, 1, reg, value);
}

static const char *const controls[] = {"ring",  "status", "tvec",   "epc", "cause",
                                       "tval",  "ptbr",   "ie",     "ip",  "tscratch",
                                       "tptbr", "eptbr",  "timecmp"};

static void ck_was_real(const word *values)
{
    word value;

    for (size_t i = 0; i < COUNT_OF(controls); i++) {
        ck_assert_msg(was_real(controls[i], &value), "%s", controls[i]);
        ck_assert_msg(value == values[i], "%s: %08x, was %08x", controls[i], value, values[i]);
    }
    ck_assert(was_real("pc", &value));
    ck_assert_uint_eq(value, VM_CODE + 4);
    ck_assert(!was_real("cycle", &value));
}

START_TEST(what_was_real_is_kept_after_the_exit_and_comes_back_in_time)
{
    word before[COUNT_OF(controls)], value;
    struct error err;

    ck_assert_int_eq(timeline_start(host, NULL, &err), 0);
    host_advance(host, VM_ENTRY_STEPS + 1);
    for (size_t i = 0; i < COUNT_OF(controls); i++)
        before[i] = real(1, controls[i]);
    ck_assert(!was_real("ring", &value));
    host_advance(host, 1);
    ck_was_real(before);
    host_advance(host, 3);
    ck_was_real(before);
    ck_assert_int_eq(timeline_seek(host, VM_ENTRY_STEPS + 2, &err), 0);
    ck_was_real(before);
    ck_assert_int_eq(timeline_seek(host, 0, &err), 0);
    ck_assert(!was_real("pc", &value));
}
END_TEST

START_TEST(once_the_monitor_has_spoken_its_memory_counts)
{
    host_advance(host, VM_ENTRY_STEPS + 2 + 5);
    ck_assert_uint_eq(guest(1, "a0"), 77);
    ck_assert_uint_eq(guest(1, "t0"), VM_PAGE);
    ck_assert_uint_eq(guest(1, "s0"), 0x5050);
    ck_assert_uint_eq(guest(1, "zero"), 0);
    ck_assert_uint_eq(guest(1, "pc"), VM_CODE);
    ck_assert_uint_eq(guest(0, "a0"), 77);
}
END_TEST

/* The monitor's VMCB is not the page that it publishes: it copies, but later. */
START_TEST(right_after_an_exit_of_vmrun_its_registers_are_those_that_the_guest_had)
{
    struct host_module modules[] = {{"os.elf", "build/guest/os.elf"},
                                    {"programs", "build/guest/programs.pack"}};
    struct machine_config config = machine_config_default();
    struct host_program p = {.image = "build/guest/vmm.elf",
                             .modules = modules,
                             .module_count = COUNT_OF(modules),
                             .cmdline = "vm=g technique=assist ram=4M kernel=os.elf "
                                        "modules=programs cmdline={init=hello}"};
    struct goal goal = {.kind = GOAL_EVENT, .budget = 10000000};
    struct world *w;
    struct host *h;
    struct error err;
    word reg, seen, held;

    config.vt = true;
    ck_assert_int_eq(world_new(&w, &err), 0);
    ck_assert_int_eq(world_add(w, NULL, &config, &h, &err), 0);
    ck_assert_msg(host_load(h, &p, &err) == 0, "%s", err.text);
    ck_assert_int_eq(filter_parse(&goal.filter, "exit", NULL, &err), 0);
    host_set_goal(h, &goal);
    host_advance(h, goal.budget);
    ck_assert_uint_eq(view_current(h), 0);
    for (size_t i = 0; i < COUNT_OF(controls); i++) {
        bool paging = strstr(controls[i], "ptbr") != NULL; /* kept by the monitor, not held */
        ck_assert(view_register(controls[i], &reg) && view_guest(h, 1, reg, &seen));
        ck_assert(view_was_real(h, 1, reg, &held));
        ck_assert_msg(paging ? seen == 0 : seen == held, "%s: %08x, %08x", controls[i], seen, held);
        ck_assert_msg(strcmp(controls[i], "tvec") != 0 || seen != 0, "the kernel has set tvec");
    }
    world_free(w);
}
END_TEST

START_TEST(a_counter_of_a_guest_is_not_made_up)
{
    word value;

    host_advance(host, VM_ENTRY_STEPS + 1);
    ck_assert(!view_guest(host, 1, CSR_cycle, &value));
    ck_assert(view_real(host, 1, CSR_cycle, &value));
    ck_assert(!view_guest(host, 5, VIEW_PC, &value));
}
END_TEST

START_TEST(registers_are_known_by_every_name)
{
    static const struct {
        const char *name;
        word reg;
    } names[] = {
        {"zero", 0}, {"x0", 0},       {"x31", 31},         {"t6", 31},        {"s0", 8},
        {"fp", 8},   {"pc", VIEW_PC}, {"ring", VIEW_RING}, {"status", 0x7c0}, {"cycleh", 0xc80},
    };
    static const char *const none[] = {"x32", "x", "x1x", "", "PC", "a8", "mstatus", "x-1"};
    word reg;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        ck_assert_msg(view_register(names[i].name, &reg), "%s", names[i].name);
        ck_assert_uint_eq(reg, names[i].reg);
    }
    for (size_t i = 0; i < COUNT_OF(none); i++)
        ck_assert_msg(!view_register(none[i], &reg), "%s", none[i]);
}
END_TEST

/* ---- spaces ---- */

static bool translate(enum space_kind kind, uint16_t context, word address, hpa *out)
{
    return view_translate(host, (struct space){.kind = kind, .context = context}, address, out);
}

START_TEST(guest_physical_goes_through_the_monitors_map)
{
    const struct space guest = {.kind = SPACE_GPA, .context = 1};
    word value;
    hpa where;

    host_advance(host, VM_ENTRY_STEPS);
    ck_assert(translate(SPACE_GPA, 1, 0x80400004, &where));
    ck_assert_uint_eq(where, 0x80006004);
    ck_assert(view_read(host, guest, 0x80400000, &value, 4));
    ck_assert_uint_eq(value, 0x600df00d);
    ck_assert(!translate(SPACE_GPA, 1, 0x80401000, &where));
    ck_assert(!translate(SPACE_GPA, 1, 0x10000000, &where));
    ck_assert(translate(SPACE_GPA, 0, 0x80400004, &where)); /* the root's is the machine's */
    ck_assert_uint_eq(where, 0x80400004);
    ck_assert(!translate(SPACE_GPA, 7, 0x80000000, &where));
}
END_TEST

/* The guest's own table, at gpa 80008000: 0 is 80400000 read-only, 4 MiB at C0000000. */
static void guest_table(void)
{
    const word pointer = 0x80009000 | PTE_V, page = 0x80400000 | PTE_V | PTE_R;
    const word super = 0x80000000 | PTE_V | PTE_R | PTE_W, ptbr = PTBR_ON | 0x80008;
    struct machine *m = host_machine(host);

    machine_write(m, 0x80008000, &pointer, 4);
    machine_write(m, 0x80009000, &page, 4);
    machine_write(m, 0x80008000 + 4 * PT_INDEX1(0xc0000000), &super, 4);
    machine_write(m, VM_PAGE + 0x128, &ptbr, 4);
}

START_TEST(guest_virtual_goes_through_both_tables)
{
    const struct space guest_virtual = {.kind = SPACE_GVA, .context = 1};
    struct walk_step steps[2];
    word value;
    hpa where;

    host_advance(host, VM_ENTRY_STEPS);
    guest_table();
    ck_assert(view_read(host, guest_virtual, 0, &value, 4));
    ck_assert_uint_eq(value, 0x600df00d);
    ck_assert(translate(SPACE_GVA, 1, 0xc0002008, &where));
    ck_assert_uint_eq(where, 0x80002008);
    ck_assert(!translate(SPACE_GVA, 1, 0x1000, &where));
    ck_assert(!translate(SPACE_GVA, 1, 0x40000000, &where));
    ck_assert_uint_eq(view_walk(host, 1, 0, steps), 2);
    ck_assert_uint_eq(steps[0].address, 0x80008000);
    ck_assert_uint_eq(steps[0].entry, 0x80009000 | PTE_V);
    ck_assert_uint_eq(steps[1].address, 0x80009000);
    ck_assert_uint_eq(view_walk(host, 1, 0xc0000000, steps), 1);
    ck_assert_uint_eq(view_walk(host, 0, 0, steps), 0);
}
END_TEST

START_TEST(a_read_that_leaves_a_mapping_gives_nothing_at_all)
{
    const struct space guest = {.kind = SPACE_GPA, .context = 1}, real = {.kind = SPACE_HPA};
    uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};

    host_advance(host, VM_ENTRY_STEPS);
    ck_assert(!view_read(host, guest, 0x80400ffc, bytes, 8));
    ck_assert_uint_eq(bytes[0], 1);
    ck_assert(!view_write(host, guest, 0x80400ffc, bytes, 8));
    ck_assert(!view_read(host, real, 0xfffffffc, bytes, 8));
    ck_assert(view_read(host, real, 0x800ffff8, bytes, 8));
    ck_assert(!view_read(host, real, 0x800ffff9, bytes, 8));
}
END_TEST

START_TEST(a_write_lands_where_the_map_says)
{
    const struct space guest = {.kind = SPACE_GPA, .context = 1};
    word value = 0xabcd1234, seen;

    host_advance(host, VM_ENTRY_STEPS);
    ck_assert(view_write(host, guest, 0x80400100, &value, 4));
    ck_assert(machine_read(host_machine(host), 0x80006100, &seen, 4));
    ck_assert_uint_eq(seen, value);
}
END_TEST

START_TEST(looking_changes_nothing)
{
    const struct space guest_virtual = {.kind = SPACE_GVA, .context = 1};
    struct walk_step steps[2];
    uint64_t digest;
    word value;

    host_advance(host, VM_ENTRY_STEPS);
    guest_table();
    digest = machine_digest(host_machine(host));
    view_read(host, guest_virtual, 0, &value, 4);
    view_walk(host, 1, 0, steps);
    for (word r = 0; r <= VIEW_RING; r++)
        view_guest(host, 1, r, &value);
    ck_assert(machine_digest(host_machine(host)) == digest);
}
END_TEST

/* ---- a VM inside the VM ---- */

/* The guest is a monitor too: it says that it has made VM 3, whose page is at its gpa 80400000
 * (hpa 80006000). VM 3's memory at 40000000 is the guest's at 80000000. */
static void nest(void)
{
    static const word code[] = {
        0x804002b7, /* lui t0, 0x80400 */
        0x0012a013, /* trace t0, vm_create */
        0x0000006f, /* j . */
    };
    const word super = 0x80000000 | PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL;
    const word page[] = {0x42434d56, 3}, nptbr = PTBR_ON | 0x80010, tvec = 0x40000100;
    struct machine *m = host_machine(host);

    machine_write(m, VM_CODE, code, sizeof code);
    machine_write(m, 0x80006000, page, sizeof page);
    machine_write(m, 0x80006020, &nptbr, 4);
    machine_write(m, 0x8000610c, &tvec, 4);
    machine_write(m, 0x80010000 + 4 * PT_INDEX1(0x40000000), &super, 4);
    host_advance(host, VM_ENTRY_STEPS + 2);
}

START_TEST(a_vm_inside_a_vm_is_seen_through_both_monitors)
{
    const struct space physical = {.kind = SPACE_GPA, .context = 2};
    char name[32];
    word value;
    hpa where;

    nest();
    ck_assert_ptr_nonnull(view_context(host, 2));
    ck_assert_uint_eq(view_context(host, 2)->level, 2);
    ck_assert_uint_eq(view_context(host, 2)->parent, 1);
    ck_assert(view_is_monitor(host, 1));
    ck_assert_str_eq(view_context_name(host, 2, name, sizeof name), "vm3");
    ck_assert_uint_eq(guest(2, "tvec"), 0x40000100);
    ck_assert(!has_real(2));
    ck_assert(!view_guest(host, 2, 10, &value)); /* it has not said where its registers are */
    ck_assert(translate(SPACE_GPA, 2, 0x40002000, &where));
    ck_assert_uint_eq(where, 0x80002000);
    ck_assert(view_read(host, physical, 0x40002000, &value, 4));
    ck_assert_uint_eq(value, 0x804002b7);
    ck_assert(!translate(SPACE_GPA, 2, 0x80000000, &where));
}
END_TEST

/* ---- packs ---- */

START_TEST(a_packs_directory_is_read_as_it_is_written)
{
    struct {
        struct pack_header header;
        struct pack_entry entries[2];
    } pack = {
        .header = {.magic = PACK_MAGIC, .version = PACK_VERSION, .count = 2},
        .entries = {{.name = "hello"}, {.name = "a-name-of-15-by"}},
    };
    const uint8_t *data = (const uint8_t *)&pack;

    ck_assert_str_eq(pack_name(data, sizeof pack, 0), "hello");
    ck_assert_str_eq(pack_name(data, sizeof pack, 1), "a-name-of-15-by");
    ck_assert_ptr_null(pack_name(data, sizeof pack, 2));
    ck_assert_ptr_null(pack_name(data, sizeof pack - 1, 1));
    ck_assert_ptr_null(pack_name(data, 3, 0));
    memset(pack.entries[0].name, 'x', sizeof pack.entries[0].name);
    ck_assert_ptr_null(pack_name(data, sizeof pack, 0));
    pack.header.magic++;
    ck_assert_ptr_null(pack_name(data, sizeof pack, 1));
}
END_TEST

Suite *suite_world_view(void);
Suite *suite_world_view(void)
{
    Suite *s = suite_create("world_view");
    TCase *c = tcase_create("view");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, there_is_a_machine_before_there_is_a_vm);
    tcase_add_test(c, a_vm_has_the_name_that_its_monitor_gave);
    tcase_add_test(c, a_running_guest_sees_its_page_and_the_machine_has_the_truth);
    tcase_add_test(c, right_after_an_exit_the_guest_still_has_what_the_processor_held);
    tcase_add_test(c, what_was_real_is_kept_after_the_exit_and_comes_back_in_time);
    tcase_add_test(c, once_the_monitor_has_spoken_its_memory_counts);
    tcase_add_test(c, right_after_an_exit_of_vmrun_its_registers_are_those_that_the_guest_had);
    tcase_add_test(c, a_counter_of_a_guest_is_not_made_up);
    tcase_add_test(c, registers_are_known_by_every_name);
    tcase_add_test(c, guest_physical_goes_through_the_monitors_map);
    tcase_add_test(c, guest_virtual_goes_through_both_tables);
    tcase_add_test(c, a_read_that_leaves_a_mapping_gives_nothing_at_all);
    tcase_add_test(c, a_write_lands_where_the_map_says);
    tcase_add_test(c, looking_changes_nothing);
    tcase_add_test(c, a_vm_inside_a_vm_is_seen_through_both_monitors);
    tcase_add_test(c, a_packs_directory_is_read_as_it_is_written);
    suite_add_tcase(s, c);
    return s;
}
