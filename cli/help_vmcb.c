/* The VMCB and the exits of vmrun; see help_vmcb.h. */
#include "cli/help_vmcb.h"

#include <stdio.h>
#include <string.h>

#include "isa/vmcb.h"

static void print_words(const char *area, const char *title, const char *name)
{
    static const struct {
        const char *area, *name;
        word offset;
        const char *meaning;
    } words[] = {
#define VMCB(area, name, offset, meaning) {#area, #name, offset, meaning},
#include "isa/vmcb.def"
    };

    if (!name)
        puts(title);
    for (unsigned i = 0; i < COUNT_OF(words); i++)
        if (strcmp(words[i].area, area) == 0 && (!name || strcmp(words[i].name, name) == 0))
            printf("  %03x  %-16s %s\n", words[i].offset, words[i].name, words[i].meaning);
}

static void print_intercepts(void)
{
    puts("instruction intercepts, icept_insn");
#define INTERCEPT(name, bit, meaning) printf("  %3u  %-16s %s\n", bit, #name, meaning);
#include "isa/vmcb.def"
}

/* Which words a rule is about. */
static void print_rules(const char *word_name)
{
    static const struct {
        const char *name, *rule;
    } checks[] = {
#define VMCB_ZERO(name, rule, bits) {#name, #rule},
#define VMCB_MUST(name, rule, what) {#name, #rule},
#include "isa/vmcb_checks.def"
    };
    const struct vmcb_rule_info *rule;

    if (!word_name)
        puts("rules of vmrun: what breaks one is refused, as the event refused tells");
    for (word n = 1; (rule = vmcb_rule_info(n)); n++) {
        bool wanted = !word_name;

        for (unsigned i = 0; i < COUNT_OF(checks); i++)
            wanted |= word_name && strcmp(checks[i].name, word_name) == 0 &&
                      strcmp(checks[i].rule, rule->name) == 0;
        if (wanted)
            printf(word_name ? "       rule %-11s %s\n" : "       %-16s %s\n", rule->name,
                   rule->text);
    }
}

static bool is_word(const char *name)
{
    for (word offset = 0; offset < 0x1000; offset += sizeof(word))
        if (vmcb_word_info(offset) && strcmp(vmcb_word_info(offset)->name, name) == 0)
            return true;
    return false;
}

int help_vmcb(const char *name)
{
    if (name && !is_word(name))
        return -1;
    print_words("CONTROL", "control: the monitor writes, the processor reads", name);
    print_words("EXIT", "exit: the processor writes", name);
    print_words("GUEST", "guest: loaded at vmrun, stored at the exit", name);
    if (!name)
        print_intercepts();
    if (name && strcmp(name, "icept_insn") == 0)
        print_intercepts();
    print_rules(name);
    return 0;
}

int help_exit(const char *name)
{
    bool found = false;

#define EXITS(range, first, meaning)                                                               \
    if (!name)                                                                                     \
        printf("  from %5d  %s\n", first, meaning);
#include "isa/vmcb.def"
    for (unsigned i = 0; i < vmcb_exit_count; i++) {
        const struct cause_info *row = &vmcb_exit_table[i];
        word code = row->cause == (word)EXIT_invalid ? row->cause : row->cause & ~CAUSE_EXIT;
        char number[16];

        snprintf(number, sizeof number, "%u", code);
        if (name && strcmp(name, row->name) != 0 && strcmp(name, number) != 0)
            continue;
        found = true;
        printf("  %10s  %-17s %s\n", number, row->name, row->text);
    }
    return found ? 0 : -1;
}
