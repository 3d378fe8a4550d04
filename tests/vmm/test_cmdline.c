/* The monitor's command line: what is understood, and what is said about the rest. */
#include <check.h>
#include <string.h>

#include "vmm/cmdline.h"
#include "vmm/sched.h"
#include "vmm/technique.h"

Suite *suite_vmm_cmdline(void);

#define MAX 3

static struct vm_description vms[MAX];
static unsigned count;
static struct cmdline_options options;
static struct line why;

static bool parse(const char *text)
{
    why = (struct line){.length = 0};
    memset(vms, 0, sizeof vms);
    options = (struct cmdline_options){false};
    return cmdline_parse(text, &options, vms, MAX, &count, &why);
}

START_TEST(one_vm_with_every_key)
{
    ck_assert(parse("vm=a technique=full ram=8M kernel=k.elf modules=x,y disk=0 "
                    "cmdline=\"init=shell quiet\""));
    ck_assert_uint_eq(count, 1);
    ck_assert(slice_is(vms[0].name, "a"));
    ck_assert_ptr_eq(vms[0].technique, &technique_full);
    ck_assert_uint_eq(vms[0].ram, 8u << 20);
    ck_assert(slice_is(vms[0].kernel, "k.elf"));
    ck_assert(slice_is(vms[0].modules, "x,y"));
    ck_assert(vms[0].disk.given);
    ck_assert_uint_eq(vms[0].disk.count, 0);
    ck_assert(slice_is(vms[0].cmdline, "init=shell quiet"));
}
END_TEST

START_TEST(braces_hold_braces)
{
    ck_assert(parse("vm=a cmdline={vm=b cmdline={vm=c ram=1M} ram=2M} ram=3M cmdline=\"}\""));
    ck_assert_uint_eq(vms[0].ram, 3u << 20);
    ck_assert(slice_is(vms[0].cmdline, "}"));
    ck_assert(parse("vm=a cmdline={vm=b cmdline={vm=c ram=1M} ram=2M}"));
    ck_assert(slice_is(vms[0].cmdline, "vm=b cmdline={vm=c ram=1M} ram=2M"));
    ck_assert(!parse("vm=a cmdline={vm=b cmdline={vm=c}"));
}
END_TEST

START_TEST(what_is_not_said_has_a_default)
{
    ck_assert(parse("  vm=os\t"));
    ck_assert_ptr_eq(vms[0].technique, &technique_full);
    ck_assert_uint_eq(vms[0].ram, 16u << 20);
    ck_assert(slice_is(vms[0].kernel, "os.elf"));
    ck_assert(slice_is(vms[0].modules, ""));
    ck_assert(!vms[0].disk.given);
    ck_assert(slice_is(vms[0].cmdline, ""));
}
END_TEST

START_TEST(keys_belong_to_the_vm_before_them)
{
    ck_assert(parse("vm=a ram=1M vm=b ram=2M vm=c"));
    ck_assert_uint_eq(count, 3);
    ck_assert_uint_eq(vms[0].ram, 1u << 20);
    ck_assert_uint_eq(vms[1].ram, 2u << 20);
    ck_assert_uint_eq(vms[2].ram, 16u << 20);
}
END_TEST

START_TEST(a_monitor_that_stays_needs_no_vm)
{
    ck_assert(parse("stay=on"));
    ck_assert(options.stay);
    ck_assert_uint_eq(count, 0);
    ck_assert(parse("stay=off vm=a"));
    ck_assert(!options.stay);
    ck_assert(!parse("stay=off"));
    ck_assert(!parse("vm=a stay=on"));
    ck_assert(!parse("stay=maybe vm=a"));
    ck_assert_str_eq(why.text, "stay=maybe: there is: on, off");
}
END_TEST

START_TEST(one_word_by_itself)
{
    struct vm_description d = {.weight = 7, .cap = 9};

    why.length = 0;
    ck_assert(cmdline_value("weight", (struct slice){"12 ", 2}, &d, &why));
    ck_assert_uint_eq(d.weight, 12);
    ck_assert_uint_eq(d.cap, 9);
    ck_assert(!cmdline_value("cap", (struct slice){"x", 1}, &d, &why));
    ck_assert_str_eq(why.text, "cap=x: give percents of the processor, 1 to 100");
}
END_TEST

START_TEST(disks)
{
    ck_assert(parse("vm=a disk=128+64 vm=b disk=image.bin vm=c disk=0"));
    ck_assert_uint_eq(vms[0].disk.first, 128);
    ck_assert_uint_eq(vms[0].disk.count, 64);
    ck_assert_uint_eq(vms[0].disk.image.length, 0);
    ck_assert(slice_is(vms[1].disk.image, "image.bin"));
    ck_assert(vms[2].disk.given);
    ck_assert_uint_eq(vms[2].disk.count + vms[2].disk.image.length, 0);
}
END_TEST

START_TEST(shares_of_the_processor)
{
    ck_assert(parse("vm=a weight=65535 cap=1 vm=b cap=100 vm=c weight=1"));
    ck_assert_uint_eq(vms[0].weight, 65535);
    ck_assert_uint_eq(vms[0].cap, 1);
    ck_assert_uint_eq(vms[1].weight, SCHED_WEIGHT);
    ck_assert_uint_eq(vms[1].cap, 100);
    ck_assert_uint_eq(vms[2].weight, 1);
    ck_assert_uint_eq(vms[2].cap, 0);
}
END_TEST

static const struct {
    const char *ram;
    word bytes; /* 0: refused */
} sizes[] = {
    {"1M", 1u << 20},
    {"1024K", 1u << 20},
    {"1048576", 1u << 20},
    {"1028K", 1028u << 10},
    {"1024M", 1u << 30},
    {"1025M", 0},
    {"1023K", 0},
    {"1025K", 0},
    {"1048577", 0},
    {"", 0},
    {"M", 0},
    {"16G", 0},
    {"-1M", 0},
    {"99999999999999999999M", 0},
    {"4294967296K", 0},
    {"1 M", 0},
};

START_TEST(memory_sizes)
{
    char text[80];

    strcpy(text, "vm=a ram=");
    strcat(text, sizes[_i].ram);
    ck_assert_msg(parse(text) == (sizes[_i].bytes != 0), "ram=%s", sizes[_i].ram);
    if (sizes[_i].bytes)
        ck_assert_uint_eq(vms[0].ram, sizes[_i].bytes);
}
END_TEST

#define TECHNIQUES "full, bt, assist, npt, para"
#define KEYS       "vm technique ram min share kernel modules disk virtio nested weight cap cmdline"

static const struct {
    const char *text, *says;
} refused[] = {
    {"", "no VM to run; the command line needs vm=NAME kernel=MODULE"},
    {"vm=a colour=red", "unknown word colour; there is: " KEYS},
    {"vm=a quiet", "a word without '=': quiet"},
    {"ram=1M vm=a", "ram= stands before the first vm=NAME"},
    {"vm=a technique=magic", "no technique is called magic; there is: " TECHNIQUES},
    {"vm=a technique=ful", "no technique is called ful; there is: " TECHNIQUES},
    {"vm=a technique=fully", "no technique is called fully; there is: " TECHNIQUES},
    {"vm=", "vm=: a name has 1 to 15 characters"},
    {"vm=0123456789abcdef", "vm=0123456789abcdef: a name has 1 to 15 characters"},
    {"vm=a vm=a", "two VMs are called a"},
    {"vm=a vm=b vm=c vm=d", "too many VMs, at vm=d"},
    {"vm=a disk=1",
     "disk=1: give 0 for the machine's disk, sectors of it as in 128+64, or a module"},
    {"vm=a disk=5+0",
     "disk=5+0: give 0 for the machine's disk, sectors of it as in 128+64, or a module"},
    {"vm=a disk=5+x",
     "disk=5+x: give 0 for the machine's disk, sectors of it as in 128+64, or a module"},
    {"vm=a disk=", "disk=: give 0 for the machine's disk, sectors of it as in 128+64, or a module"},
    {"vm=a nested=yes", "nested=yes: there is: on, off"},
    {"vm=a weight=0", "weight=0: give a number from 1 to 65535; 256 is usual"},
    {"vm=a weight=65536", "weight=65536: give a number from 1 to 65535; 256 is usual"},
    {"vm=a weight=", "weight=: give a number from 1 to 65535; 256 is usual"},
    {"vm=a cap=0", "cap=0: give percents of the processor, 1 to 100"},
    {"vm=a cap=101", "cap=101: give percents of the processor, 1 to 100"},
    {"vm=a cap=5%", "cap=5%: give percents of the processor, 1 to 100"},
    {"vm=a cmdline=\"open", "a quote or brace is not closed after cmdline="},
};

START_TEST(what_cannot_be_meant_is_refused_with_a_sentence)
{
    ck_assert(!parse(refused[_i].text));
    ck_assert_str_eq(why.text, refused[_i].says);
}
END_TEST

START_TEST(a_list_is_taken_apart_at_its_commas)
{
    struct slice list = {"a,bc,,d", 7}, item;
    static const char *const items[] = {"a", "bc", "", "d"};

    for (unsigned i = 0; i < COUNT_OF(items); i++) {
        ck_assert(cmdline_next(&list, &item));
        ck_assert(slice_is(item, items[i]));
    }
    ck_assert(!cmdline_next(&list, &item));
}
END_TEST

START_TEST(a_message_longer_than_a_line_is_cut_not_overrun)
{
    char text[400];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ck_assert(!parse(text));
    ck_assert_uint_eq(strlen(why.text), sizeof why.text - 1);
}
END_TEST

Suite *suite_vmm_cmdline(void)
{
    Suite *s = suite_create("vmm_cmdline");
    TCase *t = tcase_create("cmdline");

    tcase_add_test(t, one_vm_with_every_key);
    tcase_add_test(t, braces_hold_braces);
    tcase_add_test(t, what_is_not_said_has_a_default);
    tcase_add_test(t, keys_belong_to_the_vm_before_them);
    tcase_add_test(t, disks);
    tcase_add_test(t, shares_of_the_processor);
    tcase_add_test(t, a_monitor_that_stays_needs_no_vm);
    tcase_add_test(t, one_word_by_itself);
    tcase_add_loop_test(t, memory_sizes, 0, COUNT_OF(sizes));
    tcase_add_loop_test(t, what_cannot_be_meant_is_refused_with_a_sentence, 0, COUNT_OF(refused));
    tcase_add_test(t, a_list_is_taken_apart_at_its_commas);
    tcase_add_test(t, a_message_longer_than_a_line_is_cut_not_overrun);
    suite_add_tcase(s, t);
    return s;
}
