/* Filters: what their text means, what it matches, and what is said about nonsense. */
#include "isa/csr.h"
#include "isa/vmcb.h"
#include "tests/trace/memory.h"
#include "trace/filter.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define CSRR_STATUS 0x7c0022f3u
#define CSRW_TVEC   0x7c129073u
#define TRET        0x30200073u
#define LW          0x00012503u

static bool symbol(void *user, const char *name, word *first, word *last)
{
    (void)user;
    if (strcmp(name, "kmain") != 0)
        return false;
    *first = 0x80000100;
    *last = 0x800001ff;
    return true;
}

static const struct filter_names names = {symbol, NULL};

/* Event 1 inside VM 3 "os", event 2 inside VM 4 "db" of that. */
static const struct event plain = {.kind = EVENT_trap,
                                   .ring_from = 3,
                                   .pc = 0x80000104,
                                   .insn = CSRR_STATUS,
                                   .cause = CAUSE_privileged,
                                   .tval = CSRR_STATUS};
static const struct event in_vm = {.kind = EVENT_exit,
                                   .context = 1,
                                   .ring_from = 1,
                                   .pc = 0x90000000,
                                   .insn = LW,
                                   .cause = CAUSE_load_page,
                                   .tval = 0x1234};
static const struct event in_inner = {.kind = EVENT_csr,
                                      .context = 2,
                                      .ring_from = 2,
                                      .ring_to = 2,
                                      .insn = CSRW_TVEC,
                                      .tval = 0x7c1};
static const struct event timer = {
    .kind = EVENT_trap, .ring_from = 1, .cause = CAUSE_INTERRUPT | INTERRUPT_timer, .tval = 0x1234};
static const struct event port = {.kind = EVENT_port, .tval = 0x1f0, .insn = 0x0005a50b};
static const struct event hint = {.kind = EVENT_hint, .a = HINT_mark, .b = 1};

/* Exits of vmrun: an exception, as a monitor that traps and emulates would see it; a nested fault;
 * a register. */
static const struct event page_exit = {
    .kind = EVENT_exit, .cause = CAUSE_EXIT | (EXIT_CAUSE + CAUSE_load_page), .tval = 0x1234};
static const struct event nested_exit = {
    .kind = EVENT_exit, .cause = CAUSE_EXIT | EXIT_nested_fault, .tval = 0x1238};
static const struct event read_exit = {
    .kind = EVENT_exit, .cause = CAUSE_EXIT | EXIT_CSR_READ, .tval = 0x1230, .insn = CSRR_STATUS};

static const struct {
    const char *text;
    const char
        *matches; /* of the page exit, the nested one, the read one: x n r; v of those above */
} exits[] = {
    {"cause=load_page", "vx"},      {"cause=13", "vx"},         {"cause=0x4000002d", "vx"},
    {"cause=nested_fault", "n"},    {"cause=read_status", "r"}, {"cause=write_status", ""},
    {"exit addr=0x1230+16", "vxn"}, {"csr=status", "r"},        {"exit", "vxnr"},
};

static const struct {
    const char *text;
    const char *matches; /* of the events above: p v i t o h */
} meanings[] = {
    {"", "pvitoh"},
    {"  \t\n ", "pvitoh"},
    {"trap", "pt"},
    {"trap exit", "pvt"},
    {"trap,csr,port", "pito"},
    {"kinds=trap,hint", "pth"},
    {"cause=privileged", "p"},
    {"cause=24", "p"},
    {"cause=timer,load_page", "vt"},
    {"cause=0x80000007", "t"},
    {"exit cause=timer", ""},
    {"from=3", "p"},
    {"from=1,2", "vit"},
    {"to=0 from=0", "oh"},
    {"level=0", "ptoh"},
    {"level=1", "v"},
    {"level=1,2", "vi"},
    {"vm=os", "vi"},
    {"vm=3", "vi"},
    {"vm=db", "i"},
    {"vm=4", "i"},
    {"vm=os level=1", "v"},
    {"vm=nobody", ""},
    {"vm=0", "ptoh"},
    {"vm=machine", "ptoh"},
    {"context=1", "vi"},
    {"context=2", "i"},
    {"context=0", "ptoh"},
    {"insn=csrrs", "p"},
    {"insn=csrrs,csrrw", "pi"},
    {"insn=pin", "o"},
    {"csr=status", "p"},
    {"csr=tvec,status", "pi"},
    {"csr=0x7c1", "i"},
    {"hint=mark", "h"},
    {"hint=10,11", "h"},
    {"addr=0x1234", "v"},
    {"addr=0x1000-0x1fff", "v"},
    {"addr=0x1f0+8", "o"},
    {"addr=0-0xffffffff", "vo"},
    {"pc=0x80000104", "p"},
    {"pc=0x80000000+0x1000", "p"},
    {"pc=kmain", "p"},
    {"pc=0x80000108-0x90000000", "v"},
    {"trap cause=privileged from=3 level=0 csr=status pc=kmain", "p"},
    {"once trap", "pt"},
    {"max=2e8 trap", "pt"},
};

static struct memory *memory;
static struct contexts contexts;
static struct filter f;
static struct error err;

static void setup(void)
{
    memory = memory_new();
    contexts_init(&contexts, memory_read, memory);
    memory_start_vm(memory, &contexts, 3, "os");
    contexts_return(&contexts);
    memory_start_vm(memory, &contexts, 4, "db");
    err = (struct error){0};
}

static void teardown(void)
{
    free(memory);
}

START_TEST(each_text_matches_what_it_says)
{
    static const struct event *const events[] = {&plain, &in_vm, &in_inner, &timer, &port, &hint};
    char matched[8];
    unsigned n = 0;

    ck_assert_msg(filter_parse(&f, meanings[_i].text, &names, &err) == 0, "%s", err.text);
    for (unsigned i = 0; i < COUNT_OF(events); i++)
        if (filter_match(&f, &contexts, events[i]))
            matched[n++] = "pvitoh"[i];
    matched[n] = '\0';
    ck_assert_msg(strcmp(matched, meanings[_i].matches) == 0, "\"%s\" matches %s, not %s",
                  meanings[_i].text, matched, meanings[_i].matches);
}
END_TEST

START_TEST(an_exit_of_vmrun_is_found_by_its_name_or_by_the_exceptions)
{
    static const struct event *const events[] = {&in_vm, &page_exit, &nested_exit, &read_exit};
    char matched[8];
    unsigned n = 0;

    ck_assert_msg(filter_parse(&f, exits[_i].text, &names, &err) == 0, "%s", err.text);
    for (unsigned i = 0; i < COUNT_OF(events); i++)
        if (filter_match(&f, &contexts, events[i]))
            matched[n++] = "vxnr"[i];
    matched[n] = '\0';
    ck_assert_msg(strcmp(matched, exits[_i].matches) == 0, "\"%s\" matches %s, not %s",
                  exits[_i].text, matched, exits[_i].matches);
}
END_TEST

static const struct {
    const char *text, *error;
} nonsense[] = {
    {"tarp", "filter: tarp: no such event; did you mean \"trap\"?"},
    {"trap,ext", "filter: ext: no such event; did you mean \"exit\"?"},
    {"trap,", "filter: : no such event"},
    {"cuase=illegal", "there is no \"cuase\" to ask for; did you mean \"cause\"?"},
    {"trap cause=privleged",
     "filter: cause=privleged: not one of these; did you mean \"privileged\"?"},
    {"cause=", "filter: cause=: not one of these"},
    {"cause=illegal,,timer", "filter: cause=: not one of these"},
    {"csr=statsu", "did you mean \"status\"?"},
    {"csr=0x1000", "filter: csr=0x1000: not one of these"},
    {"insn=crrw", "did you mean \"csrrw\"?"},
    {"hint=entr", "did you mean \"enter\"?"},
    {"from=4", "filter: from=4: not one of these"},
    {"from=-1", "filter: from=-1"},
    {"level=7", "filter: level=7"},
    {"level=99999999999999999999", "filter: level=9999"},
    {"addr=zz", "neither an address nor a range"},
    {"addr=5-4", "neither an address nor a range"},
    {"addr=5+0", "neither an address nor a range"},
    {"addr=0xffffffff+2", "neither an address nor a range"},
    {"addr=0x100000000", "neither an address nor a range"},
    {"addr=kmain", "neither an address nor a range"},
    {"pc=nowhere", "nor a known symbol"},
    {"pc=", "nor a known symbol"},
    {"max=lots", "filter: max=lots: not a number"},
    {"once=maybe", "true or false"},
    {"vm=", "1 to 15 bytes"},
    {"vm=a-name-that-is-too-long", "1 to 15 bytes"},
    {"context=4096", "not the number of a context"},
    {"level=0,1,2,3,0,1,2,3,0,1,2,3,0,1,2,3,0", "too many alternatives, 16 at most"},
    {"=", "there is no \"\""},
    {"==", "there is no \"\""},
    {"trap=1", "there is no \"trap\""},
};

START_TEST(nonsense_is_named_and_near_names_are_offered)
{
    ck_assert_int_eq(filter_parse(&f, nonsense[_i].text, &names, &err), ERROR_usage);
    ck_assert_msg(strstr(err.text, nonsense[_i].error) != NULL, "%s", err.text);
}
END_TEST

START_TEST(once_and_max_are_for_who_asks)
{
    ck_assert_int_eq(filter_parse(&f, "once max=2e8", NULL, &err), 0);
    ck_assert(f.once);
    ck_assert_uint_eq(f.max, 200000000);
    ck_assert_int_eq(filter_set(&f, "once", "false", NULL, &err), 0);
    ck_assert(!f.once);
}
END_TEST

START_TEST(conditions_can_be_set_one_by_one)
{
    f = (struct filter){0};
    ck_assert_int_eq(filter_set(&f, "kinds", "trap", &names, &err), 0);
    ck_assert_int_eq(filter_set(&f, "from", "3", &names, &err), 0);
    ck_assert_int_eq(filter_set(&f, "pc", "kmain", &names, &err), 0);
    ck_assert(filter_match(&f, &contexts, &plain));
    ck_assert(!filter_match(&f, &contexts, &timer));
    ck_assert_uint_eq(filter_kinds(&f), EVENT_BIT(EVENT_trap));
    ck_assert_uint_eq(filter_kinds(NULL), EVENT_ALL);
    ck_assert(filter_match(NULL, NULL, &plain));
    ck_assert_int_eq(filter_set(&f, "from", "1", &names, &err), 0);
    ck_assert_msg(filter_match(&f, &contexts, &timer) == false, "pc still holds");
}
END_TEST

START_TEST(its_kinds_are_those_that_it_can_match)
{
    static const struct {
        const char *text;
        uint32_t kinds;
    } rows[] = {
        {"", EVENT_ALL},
        {"from=3", EVENT_ALL},
        {"trap csr", EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_csr)},
        {"cause=timer", EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_exit) | EVENT_BIT(EVENT_shutdown)},
        {"trap csr cause=timer", EVENT_BIT(EVENT_trap)},
        {"hint=enter", EVENT_BIT(EVENT_hint)},
        {"trap hint=enter", 0},
        {"port addr=1 cause=1", 0},
        {"addr=1 port insn csr", EVENT_BIT(EVENT_port)},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        ck_assert_int_eq(filter_parse(&f, rows[i].text, NULL, &err), 0);
        ck_assert_msg(filter_kinds(&f) == rows[i].kinds, "%s", rows[i].text);
    }
}
END_TEST

static bool odd_value(void *user, const struct event *e)
{
    ++*(unsigned *)user;
    return e->b & 1;
}

START_TEST(the_callers_own_condition_is_asked_last)
{
    unsigned asked = 0;

    f = (struct filter){.kinds = EVENT_BIT(EVENT_hint), .when = odd_value, .user = &asked};
    ck_assert(!filter_match(&f, &contexts, &plain));
    ck_assert_uint_eq(asked, 0);
    ck_assert(filter_match(&f, &contexts, &hint));
    struct event even = hint;
    even.b = 2;
    ck_assert(!filter_match(&f, &contexts, &even));
    ck_assert_uint_eq(asked, 2);
}
END_TEST

START_TEST(without_contexts_nothing_is_in_a_vm)
{
    ck_assert_int_eq(filter_parse(&f, "vm=os", NULL, &err), 0);
    ck_assert(!filter_match(&f, NULL, &in_vm));
    ck_assert_int_eq(filter_parse(&f, "level=0", NULL, &err), 0);
    ck_assert(filter_match(&f, NULL, &plain));
}
END_TEST

START_TEST(every_key_has_help_and_is_understood)
{
    const struct filter_key *k;

    for (unsigned i = 0; (k = filter_key(i)) != NULL; i++) {
        f = (struct filter){0};
        ck_assert_uint_gt(strlen(k->help), 0);
        filter_set(&f, k->name, "?!", NULL, &err);
        ck_assert_msg(!strstr(err.text, "to ask for"), "%s: %s", k->name, err.text);
    }
}
END_TEST

START_TEST(any_text_is_survived)
{
    static const char letters[] = "trap exit=,-+ 0x18cause vm level\tpc addr\xff\x80kinds\n";
    char text[2000];
    uint32_t seed = (uint32_t)_i * 7919 + 1;

    for (unsigned round = 0; round < 2000; round++) {
        size_t length = 0;

        seed = seed * 1664525 + 1013904223;
        for (size_t n = seed >> 16 & (round % 50 ? 63 : 1023); length < n; length++) {
            seed = seed * 1664525 + 1013904223;
            text[length] = letters[(seed >> 16) % (sizeof letters - 1)];
        }
        text[length] = '\0';
        int code = filter_parse(&f, text, &names, &err);
        ck_assert(code == 0 || (code == ERROR_usage && err.text[0]));
        filter_match(&f, &contexts, &in_inner);
    }
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ck_assert_int_eq(filter_parse(&f, text, &names, &err), ERROR_usage);
    text[3] = '=';
    ck_assert_int_eq(filter_parse(&f, text, &names, &err), ERROR_usage);
    memcpy(text, "vm=", 3);
    ck_assert_int_eq(filter_set(&f, "pc", text, &names, &err), ERROR_usage);
    ck_assert_int_eq(filter_set(&f, text, text, &names, &err), ERROR_usage);
}
END_TEST

Suite *suite_trace_filter(void);
Suite *suite_trace_filter(void)
{
    Suite *s = suite_create("trace_filter");
    TCase *t = tcase_create("filter");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, each_text_matches_what_it_says, 0, (int)COUNT_OF(meanings));
    tcase_add_loop_test(t, an_exit_of_vmrun_is_found_by_its_name_or_by_the_exceptions, 0,
                        (int)COUNT_OF(exits));
    tcase_add_loop_test(t, nonsense_is_named_and_near_names_are_offered, 0,
                        (int)COUNT_OF(nonsense));
    tcase_add_test(t, once_and_max_are_for_who_asks);
    tcase_add_test(t, conditions_can_be_set_one_by_one);
    tcase_add_test(t, its_kinds_are_those_that_it_can_match);
    tcase_add_test(t, the_callers_own_condition_is_asked_last);
    tcase_add_test(t, without_contexts_nothing_is_in_a_vm);
    tcase_add_test(t, every_key_has_help_and_is_understood);
    tcase_add_loop_test(t, any_text_is_survived, 0, 4);
    suite_add_tcase(s, t);
    return s;
}
