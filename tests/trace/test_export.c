/* Events as lines, exactly. */
#include "isa/csr.h"
#include "isa/vmcb.h"
#include "tests/trace/memory.h"
#include "trace/export.h"

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct memory *memory;
static struct contexts contexts;

static void setup(void)
{
    memory = memory_new();
    contexts_init(&contexts, memory_read, memory);
    memory_start_vm(memory, &contexts, 3, "os\"1");
}

static void teardown(void)
{
    free(memory);
}

static const char *symbol(const void *context, word address, word *offset)
{
    (void)context;
    *offset = 4;
    return address == 0x80000048 ? "loop" : NULL;
}

static const struct disasm symbols = {.symbol = symbol};

static const struct {
    struct event event;
    const char *text, *json;
} lines[] = {
    {{.kind = EVENT_trap,
      .icount = 48213,
      .cycle = 99000,
      .machine = 2,
      .context = 1,
      .ring_from = 1,
      .pc = 0x80001044,
      .insn = 0x7c00f073,
      .cause = CAUSE_privileged,
      .tval = 0x7c00f073,
      .a = 0x80000100},
     "#48213 L1 os\"1 1>0 80001044 trap privileged tval=0x7c00f073 tvec=0x80000100 | "
     "csrci status, 1",
     "{\"event\":\"trap\",\"icount\":48213,\"cycle\":99000,\"machine\":2,\"context\":1,"
     "\"name\":\"os\\\"1\",\"vm_level\":1,\"ring_from\":1,\"ring_to\":0,\"pc\":\"0x80001044\","
     "\"insn\":\"0x7c00f073\",\"text\":\"csrci status, 1\",\"cause\":\"privileged\","
     "\"tval\":\"0x7c00f073\",\"tvec\":\"0x80000100\"}"},
    {{.kind = EVENT_trap, .icount = 7, .pc = 0x44, .cause = CAUSE_INTERRUPT | INTERRUPT_timer},
     "#7 L0 machine ring 0 00000044 trap timer tval=0x00000000 tvec=0x00000000",
     "{\"event\":\"trap\",\"icount\":7,\"cycle\":0,\"machine\":0,\"context\":0,\"name\":"
     "\"machine\","
     "\"vm_level\":0,\"ring_from\":0,\"ring_to\":0,\"pc\":\"0x00000044\",\"cause\":\"timer\","
     "\"tval\":\"0x00000000\",\"tvec\":\"0x00000000\"}"},
    {{.kind = EVENT_exit,
      .pc = 0x44,
      .cause = CAUSE_EXIT | EXIT_nested_fault,
      .tval = 0x1000,
      .a = 3,
      .b = NESTED_WRITE},
     "#0 L0 machine ring 0 00000044 exit nested_fault tval=0x00001000 vmid=3 to=0x00000001",
     NULL},
    {{.kind = EVENT_refused,
      .pc = 0x48,
      .insn = 0x0004100b,
      .tval = VMCB_vmid,
      .a = VMCB_RULE_vmid,
      .b = 0x10000},
     "#0 L0 machine ring 0 00000048 refused field=vmid rule=vmid value=0x00010000 | vmrun s0",
     "{\"event\":\"refused\",\"icount\":0,\"cycle\":0,\"machine\":0,\"context\":0,"
     "\"name\":\"machine\",\"vm_level\":0,\"ring_from\":0,\"ring_to\":0,"
     "\"pc\":\"0x00000048\",\"insn\":\"0x0004100b\",\"text\":\"vmrun s0\","
     "\"field\":\"vmid\",\"rule\":\"vmid\",\"value\":\"0x00010000\"}"},
    {{.kind = EVENT_refused, .tval = 0x800, .a = VMCB_RULE_unnamed, .b = 5},
     "#0 L0 machine ring 0 00000000 refused field=0x00000800 rule=unnamed value=0x00000005",
     NULL},
    {{.kind = EVENT_trap, .cause = 99},
     "#0 L0 machine ring 0 00000000 trap cause=0x00000063 tval=0x00000000 tvec=0x00000000",
     NULL},
    {{.kind = EVENT_insn, .pc = 0x80000044, .insn = 0x0040006f, .ring_from = 3, .ring_to = 3},
     "#0 L0 machine ring 3 80000044 insn | j loop+0x4",
     NULL},
    {{.kind = EVENT_csr, .tval = 0x7c8, .a = 1, .b = 0x80080000},
     "#0 L0 machine ring 0 00000000 csr number=ptbr old=0x00000001 new=0x80080000",
     "{\"event\":\"csr\",\"icount\":0,\"cycle\":0,\"machine\":0,\"context\":0,\"name\":\"machine\","
     "\"vm_level\":0,\"ring_from\":0,\"ring_to\":0,\"pc\":\"0x00000000\",\"number\":\"ptbr\","
     "\"old\":\"0x00000001\",\"new\":\"0x80080000\"}"},
    {{.kind = EVENT_csr, .tval = 0x123},
     "#0 L0 machine ring 0 00000000 csr number=291 old=0x00000000 new=0x00000000",
     NULL},
    {{.kind = EVENT_hint, .a = 5, .b = 3},
     "#0 L0 machine ring 0 00000000 hint number=enter value=0x00000003",
     NULL},
    {{.kind = EVENT_boot, .a = 0x80000000, .b = 0x80010000},
     "#0 L0 machine ring 0 00000000 boot entry=0x80000000 boot page=0x80010000",
     "{\"event\":\"boot\",\"icount\":0,\"cycle\":0,\"machine\":0,\"context\":0,"
     "\"name\":\"machine\",\"vm_level\":0,\"ring_from\":0,\"ring_to\":0,\"pc\":\"0x00000000\","
     "\"entry\":\"0x80000000\",\"boot_page\":\"0x80010000\"}"},
    {{.kind = EVENT_console, .a = 'h'},
     "#0 L0 machine ring 0 00000000 console byte=104 'h' input=0",
     NULL},
    {{.kind = EVENT_console, .a = '\n', .b = 1},
     "#0 L0 machine ring 0 00000000 console byte=10 input=1",
     NULL},
    {{.kind = EVENT_entry, .context = 1, .ring_to = 1, .a = 3, .b = 214},
     "#0 L1 os\"1 0>1 00000000 entry vmid=3 cycles=214",
     NULL},
    {{.kind = EVENT_irq, .a = 2, .b = 1}, "#0 L0 machine ring 0 00000000 irq line=2 level=1", NULL},
    {{.kind = EVENT_disk, .tval = 12, .a = 1, .b = 0x20},
     "#0 L0 machine ring 0 00000000 disk lba=12 sectors=1 command=0x00000020",
     NULL},
    {{.kind = EVENT_shutdown, .cause = CAUSE_illegal, .a = 1},
     "#0 L0 machine ring 0 00000000 shutdown illegal tval=0x00000000 reason=no_vector",
     NULL},
    {{.kind = EVENT_shutdown, .a = 99},
     "#0 L0 machine ring 0 00000000 shutdown fetch_misaligned tval=0x00000000 reason=99",
     NULL},
    {{.kind = EVENT_ret, .context = 40, .a = 16},
     "#0 L0 context 40 ring 0 00000000 ret target=0x00000010",
     NULL},
};

START_TEST(a_line_is_exactly_this)
{
    char buffer[EXPORT_LINE_SIZE];
    struct export_names names = {&contexts, &symbols};
    struct text t = text_init(buffer, sizeof buffer);

    export_text(&t, &lines[_i].event, &names);
    ck_assert_str_eq(buffer, lines[_i].text);
    if (!lines[_i].json)
        return;
    t = text_init(buffer, sizeof buffer);
    export_json(&t, &lines[_i].event, &names);
    ck_assert_str_eq(buffer, lines[_i].json);
}
END_TEST

START_TEST(without_names_there_are_numbers)
{
    char buffer[EXPORT_LINE_SIZE];
    struct event e = {.kind = EVENT_ret, .context = 4, .insn = 0x30200073};
    struct text t = text_init(buffer, sizeof buffer);

    export_text(&t, &e, NULL);
    ck_assert_str_eq(buffer, "#0 context 4 ring 0 00000000 ret target=0x00000000 | tret");
    t = text_init(buffer, sizeof buffer);
    export_json(&t, &e, NULL);
    ck_assert_str_eq(buffer,
                     "{\"event\":\"ret\",\"icount\":0,\"cycle\":0,\"machine\":0,"
                     "\"context\":4,\"ring_from\":0,\"ring_to\":0,\"pc\":\"0x00000000\","
                     "\"insn\":\"0x30200073\",\"text\":\"tret\",\"target\":\"0x00000000\"}");
}
END_TEST

/* Every kind with every word set: one line each, valid JSON whose keys do not repeat. */
START_TEST(every_kind_is_one_line_and_valid_json)
{
    char buffer[EXPORT_LINE_SIZE];
    struct export_names names = {&contexts, NULL};
    struct event e = {.kind = (uint16_t)_i,
                      .icount = UINT64_MAX,
                      .cycle = UINT64_MAX,
                      .context = 1,
                      .pc = 0xfffffffc,
                      .insn = 0xffffffff,
                      .cause = 0xffffffff,
                      .tval = 0xffffffff,
                      .a = 0xffffffff,
                      .b = 0xffffffff};
    struct text t = text_init(buffer, sizeof buffer);

    export_text(&t, &e, &names);
    ck_assert(!t.overflow);
    ck_assert_ptr_null(strchr(buffer, '\n'));
    t = text_init(buffer, sizeof buffer);
    export_json(&t, &e, &names);
    ck_assert(!t.overflow);
    ck_assert_ptr_null(strchr(buffer, '\n'));
    json_error_t error;
    e.icount = e.cycle = INT64_MAX; /* the largest that jansson reads */
    t = text_init(buffer, sizeof buffer);
    export_json(&t, &e, &names);
    json_t *json = json_loads(buffer, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(json != NULL, "%s: %s", error.text, buffer);
    ck_assert_str_eq(json_string_value(json_object_get(json, "event")),
                     event_info((enum event_kind)_i)->name);
    json_decref(json);
}
END_TEST

START_TEST(a_small_buffer_is_never_overrun)
{
    char buffer[400];

    for (size_t size = 1; size < 300; size++) {
        struct text t = text_init(buffer, size);

        memset(buffer, 'x', sizeof buffer);
        t = text_init(buffer, size);
        export_json(&t, &lines[0].event, NULL);
        ck_assert_uint_lt(strlen(buffer), size);
        ck_assert_int_eq(buffer[size], 'x');
    }
}
END_TEST

Suite *suite_trace_export(void);
Suite *suite_trace_export(void)
{
    Suite *s = suite_create("trace_export");
    TCase *t = tcase_create("export");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_line_is_exactly_this, 0, (int)COUNT_OF(lines));
    tcase_add_test(t, without_names_there_are_numbers);
    tcase_add_loop_test(t, every_kind_is_one_line_and_valid_json, 0, EVENT_COUNT);
    tcase_add_test(t, a_small_buffer_is_never_overrun);
    suite_add_tcase(s, t);
    return s;
}
