/* Places as people write them, and breakpoints on them, on events, and on memory. */
#include "world/breaks.h"

#include <check.h>
#include <string.h>

#include "isa/asm.h"
#include "world/verbs.h"

/* RAM is mapped a second time at 40000000; one word is written here and one there. */
static const char source[] = "_start: la   t0, table\n"
                             "        li   t1, 0x8000003f\n"
                             "        li   t2, 0x800\n"
                             "        add  t2, t2, t0\n"
                             "        sw   t1, 0(t2)\n"
                             "        sw   t1, -0x400(t2)\n"
                             "        srli t0, t0, 12\n"
                             "        li   t1, 0x80000000\n"
                             "        or   t0, t0, t1\n"
                             "paging: csrw ptbr, t0\n"
                             "        la   a0, data\n"
                             "        sw   a0, 0(a0)\n"
                             "        li   t1, 0x40000000\n"
                             "        sub  a1, a0, t1\n"
                             "alias:  sw   a1, 4(a1)\n"
                             "        lw   a2, 0(a1)\n"
                             "done:   j    done\n"
                             "        .data\n"
                             "status: .word 0\n" /* a symbol with a register's name */
                             "data:   .word 0, 0\n"
                             "        .bss\n"
                             "        .align 12\n"
                             "table:  .space 4096\n";

static struct world *world;
static struct host *host;
static struct verbs verbs;

static void begin(void)
{
    struct machine_config config = machine_config_default();
    struct asm_result result;
    struct error err;

    ck_assert_int_eq(world_new(&world, &err), 0);
    ck_assert_int_eq(world_add(world, NULL, &config, &host, &err), 0);
    ck_assert_msg(asm_source(&result, "dir/a-b.s", source, strlen(source), NULL, &err) == 0, "%s",
                  err.text);
    struct host_program program = {
        .image = "a-b.s", .bytes = result.elf, .byte_count = result.elf_size};
    ck_assert_msg(host_load(host, &program, &err) == 0, "%s", err.text);
    asm_result_free(&result);
    verbs_init(&verbs, world, NULL);
}

static void end(void)
{
    verbs_fini(&verbs);
    world_free(world);
}

static word address_of(const char *symbol)
{
    word value;

    ck_assert_msg(view_symbol_find(host, symbol, &value), "%s", symbol);
    return value;
}

/* ---- places ------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *symbol; /* its value, plus `offset`; NULL: only offset */
    word offset;
    enum space_kind kind;
} places[] = {
    {"0x80000010", NULL, 0x80000010, SPACE_GVA},
    {"64K", NULL, 65536, SPACE_GVA},
    {"data", "data", 0, SPACE_GVA},
    {"a-b.s:data", "data", 0, SPACE_GVA},
    {"data+4-1", "data", 3, SPACE_GVA},
    {"hpa:data+4", "data", 4, SPACE_HPA},
    {"gpa:0x80000000", NULL, 0x80000000, SPACE_GPA},
    {"gva:alias", "alias", 0, SPACE_GVA},
    {"a-b.s:10", "paging", 0, SPACE_GVA},
    {"dir/a-b.s:15", "alias", 0, SPACE_GVA},
    {"$pc", "_start", 0, SPACE_GVA},
    {"pc+8", "_start", 8, SPACE_GVA},
    {"status", "status", 0, SPACE_GVA}, /* the symbol */
    {"$status", NULL, 0, SPACE_GVA},
    {"0-4", NULL, 0xfffffffc, SPACE_GVA},
};

START_TEST(a_place_is_what_it_says)
{
    word wanted = places[_i].offset + (places[_i].symbol ? address_of(places[_i].symbol) : 0);
    struct error err;
    struct place p;

    ck_assert_msg(place_parse(&p, host, 0, places[_i].text, &err) == 0, "%s", err.text);
    ck_assert_msg(p.address == wanted, "%s: %08x, not %08x", places[_i].text, p.address, wanted);
    ck_assert_int_eq(p.space.kind, places[_i].kind);
    ck_assert_int_eq(p.space.context, 0);
}
END_TEST

static const struct {
    const char *text, *error;
} mistakes[] = {
    {"", "a place is wanted"},
    {"dato", "did you mean \"data\"?"},
    {"other.elf:data", "is no number, symbol, register or FILE:LINE"},
    {"data+", "a place is wanted"},
    {"a-b.s:999", "no line of a-b.s from 999 on has code"},
    {"c.s:1", "no program here comes from a file 'c.s'"},
    {"0x100000000", "32 bits"},
    {"$bogus", "is no number, symbol, register"},
    {"hpa:", "a place is wanted"},
};

START_TEST(a_wrong_place_is_refused_with_a_reason)
{
    struct error err;
    struct place p;

    ck_assert_int_eq(place_parse(&p, host, 0, mistakes[_i].text, &err), ERROR_usage);
    ck_assert_msg(strstr(err.text, mistakes[_i].error) != NULL, "%s: %s", mistakes[_i].text,
                  err.text);
}
END_TEST

START_TEST(a_symbol_is_met_where_its_program_is_and_a_number_in_its_context)
{
    struct place symbol, number;
    struct error err;

    ck_assert_int_eq(place_parse(&symbol, host, 0, "paging", &err), 0);
    ck_assert_int_eq(place_parse(&number, host, 0, "0x80000004", &err), 0);
    ck_assert(place_is(&symbol, host, 0, address_of("paging")));
    ck_assert(!place_is(&symbol, host, 0, address_of("alias")));
    ck_assert(place_is(&number, host, 0, 0x80000004));
    number.space.context = 1;
    ck_assert(!place_is(&number, host, 0, 0x80000004));
    strcpy(symbol.image, "another");
    ck_assert(!place_is(&symbol, host, 0, address_of("paging")));
}
END_TEST

/* ---- breakpoints -------------------------------------------------------------------------- */

static unsigned add(const char *text, bool memory)
{
    struct break_point p;
    struct error err;
    int code =
        memory ? break_parse_memory(&p, host, 0, text, &err) : break_parse(&p, host, 0, text, &err);

    ck_assert_msg(code == 0, "%s: %s", text, err.text);
    return verbs_add_break(&verbs, &p);
}

static void go(void)
{
    verbs_begin(&verbs, VERB_GO, 0);
    for (int i = 0; i < 100 && verbs_running(&verbs); i++)
        verbs_slice(&verbs, 7);
    if (verbs_running(&verbs))
        verbs_stop(&verbs, "nothing");
}

static word pc(void)
{
    return machine_regs(host_machine(host))->pc;
}

/* Each alone: where it stops first; "" is nowhere. */
static const struct {
    const char *text;
    bool memory;
    const char *symbol;
    word offset;
    const char *reason;
} stops[] = {
    {"paging", false, "paging", 0, "breakpoint paging"},
    {"a-b.s:15", false, "alias", 0, "breakpoint alias"},
    {"paging from=3", false, "", 0, "nothing"},
    {"csr=ptbr", false, "paging", 0, "breakpoint paging"},
    {"csr csr=ptbr", false, "paging", 4, "breakpoint: csr"},
    {"insn=lw", false, "alias", 4, "breakpoint alias+4"},
    {"addr=0x40000000-0x7fffffff", false, "alias", 4, "breakpoint: mem"},
    {"ring", false, "", 0, "nothing"},
    {"table,4096", true, "_start", 0x20, "write of 4 bytes"},
    {"data", true, "paging", 16, "write of 4 bytes"},
    {"data read", true, "", 0, "nothing"}, /* it is read by the other address */
    {"hpa:data read", true, "alias", 8, "read of 4 bytes"},
    {"hpa:data+4", true, "alias", 4, "write of 4 bytes"},
    {"gpa:data+5,1 access", true, "alias", 4, "write of 4 bytes"},
    {"hpa:data+8,64 access", true, "", 0, "nothing"},
};

START_TEST(a_breakpoint_stops_there_and_nowhere_else)
{
    unsigned number = add(stops[_i].text, stops[_i].memory);

    go();
    ck_assert_msg(strncmp(verbs.reason, stops[_i].reason, strlen(stops[_i].reason)) == 0, "%s: %s",
                  stops[_i].text, verbs.reason);
    if (*stops[_i].symbol) {
        word wanted = address_of(stops[_i].symbol) + stops[_i].offset;
        ck_assert_msg(pc() == wanted, "%s: at %08x, not %08x", stops[_i].text, pc(), wanted);
        ck_assert_uint_eq(verbs.met, number);
        ck_assert_uint_eq(verbs.breaks->list[0].hits, 1);
        ck_assert(verbs.has_event);
    } else {
        ck_assert_uint_eq(verbs.met, 0);
    }
}
END_TEST

START_TEST(one_that_is_meant_once_goes_whatever_ends_the_run)
{
    struct break_point p;
    struct error err;

    ck_assert_int_eq(break_parse(&p, host, 0, "alias once", &err), 0);
    ck_assert(p.once);
    verbs_add_break(&verbs, &p);
    add("paging", false);
    go();
    ck_assert_uint_eq(pc(), address_of("paging"));
    ck_assert_uint_eq(verbs.breaks->count, 1);
    go();
    ck_assert_str_eq(verbs.reason, "nothing");
}
END_TEST

START_TEST(steps_stop_at_breakpoints_on_their_way_but_not_where_they_begin)
{
    add("paging", false);
    verbs_begin(&verbs, VERB_STEP, 1000);
    while (verbs_running(&verbs))
        verbs_slice(&verbs, 100);
    ck_assert_uint_eq(pc(), address_of("paging"));
    uint64_t before = machine_icount(host_machine(host));
    verbs_begin(&verbs, VERB_STEP, 2);
    while (verbs_running(&verbs))
        verbs_slice(&verbs, 100);
    ck_assert_uint_eq(machine_icount(host_machine(host)), before + 2);
}
END_TEST

START_TEST(a_number_is_not_used_again)
{
    ck_assert_uint_eq(add("paging", false), 1);
    ck_assert_uint_eq(add("alias", false), 2);
    ck_assert(verbs_remove_break(&verbs, 2));
    ck_assert(!verbs_remove_break(&verbs, 2));
    ck_assert_uint_eq(add("alias", false), 3);
    for (unsigned i = 2; i < BREAKS_MAX; i++)
        ck_assert_uint_ne(add("ring", false), 0);
    ck_assert_uint_eq(add("ring", false), 0);
}
END_TEST

START_TEST(the_same_words_set_and_clear)
{
    static const char *const words[] = {"paging", "trap cause=illegal"};

    for (unsigned i = 0; i < 2; i++) {
        struct break_point p;
        struct error err;

        ck_assert_int_eq(break_parse(&p, host, 0, words[i], &err), 0);
        ck_assert_int_eq(verbs_toggle_break(&verbs, &p), BREAKS_SET);
        ck_assert_uint_eq(verbs.breaks->count, 1);
        ck_assert_int_eq(verbs_toggle_break(&verbs, &p), BREAKS_CLEARED);
        ck_assert_uint_eq(verbs.breaks->count, 0);
    }
}
END_TEST

/* ---- what the machine tells for it -------------------------------------------------------- */

START_TEST(the_tlb_is_seen_entry_by_entry)
{
    struct machine_tlb_entry e;
    const struct machine *m = host_machine(host);
    word data = address_of("data"), alias = data - 0x40000000;
    unsigned index = alias >> 12 & (machine_config(m)->tlb - 1);

    ck_assert(!machine_tlb_entry(m, 1, index, &e));
    add("insn=lw", false);
    go();
    ck_assert(machine_tlb_entry(m, 1, index, &e));
    ck_assert_uint_eq(e.page, alias & 0xfffff000);
    ck_assert_uint_eq(e.frame, data & 0xfffff000);
    ck_assert_uint_eq(e.level, 3);
    ck_assert_uint_eq(e.asid, 0);
    ck_assert(!machine_tlb_entry(m, 0, index, &e)); /* nothing was loaded from there */
    ck_assert(!machine_tlb_entry(m, 3, 0, &e));
    ck_assert(!machine_tlb_entry(m, 0, machine_config(m)->tlb, &e));
}
END_TEST

Suite *suite_world_breaks(void);
Suite *suite_world_breaks(void)
{
    Suite *s = suite_create("world_breaks");
    TCase *c = tcase_create("breaks");

    tcase_add_checked_fixture(c, begin, end);
    tcase_add_loop_test(c, a_place_is_what_it_says, 0, COUNT_OF(places));
    tcase_add_loop_test(c, a_wrong_place_is_refused_with_a_reason, 0, COUNT_OF(mistakes));
    tcase_add_test(c, a_symbol_is_met_where_its_program_is_and_a_number_in_its_context);
    tcase_add_loop_test(c, a_breakpoint_stops_there_and_nowhere_else, 0, COUNT_OF(stops));
    tcase_add_test(c, one_that_is_meant_once_goes_whatever_ends_the_run);
    tcase_add_test(c, steps_stop_at_breakpoints_on_their_way_but_not_where_they_begin);
    tcase_add_test(c, a_number_is_not_used_again);
    tcase_add_test(c, the_same_words_set_and_clear);
    tcase_add_test(c, the_tlb_is_seen_entry_by_entry);
    suite_add_tcase(s, c);
    return s;
}
