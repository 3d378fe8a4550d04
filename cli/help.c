/*
 * Help. Commands come from the command table, topics from the tables of isa/ and trace/:
 * what is printed here cannot disagree with what the program does.
 */
#include "cli/help.h"

#include <string.h>
#include <strings.h>

#include "base/suggest.h"
#include "cli/help_vmcb.h"
#include "cli/keys.h"
#include "cli/manual.h"
#include "isa/csr.h"
#include "isa/insn.h"
#include "trace/event.h"

static void print_option(FILE *out, const struct cli_option *o)
{
    char left[64];

    snprintf(left, sizeof left, "%c%c%s --%s%s%s", o->key >= ' ' ? '-' : ' ',
             o->key >= ' ' ? o->key : ' ', o->key >= ' ' ? "," : " ", o->name, o->value ? " " : "",
             o->value ? o->value : "");
    fprintf(out, "  %-26s %s\n", left, o->meaning);
}

void help_command(FILE *out, const struct cli_command *c)
{
    fprintf(out, "usage: trapeze %s [options]%s%s\n\n%s\n", c->name, *c->arguments ? " " : "",
            c->arguments, c->text);
    if (c->more) {
        fputc('\n', out);
        c->more(out);
    }
    fputs("\noptions:\n", out);
    for (const struct cli_option *o = c->options; o->name; o++)
        print_option(out, o);
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        print_option(out, o);
}

/* ---- topics ------------------------------------------------------------------------------- */

static const char *const class_texts[] = {
    [CLASS_USER] = "every ring",
    [CLASS_PRIVILEGED] = "ring 0; cause 24 elsewhere",
    [CLASS_SENSITIVE] = "ring 0; elsewhere cause 24 (strict) or a silent hole (classic)",
    [CLASS_CSR] = "as the register says; 'trapeze help csr'",
    [CLASS_PORT] = "rings up to IOPL; cause 24 elsewhere",
    [CLASS_HCALL] = "cause 25; illegal in root ring 0",
    [CLASS_VT] = "ring 0 where hardware assist exists",
    [CLASS_HINT] = "every ring, no effect, no cost",
};

static void print_insn(enum insn_id id, bool whole)
{
    const struct insn_info *i = insn_info(id);

    if (!whole) {
        printf("  %-11s %s\n", i->name, i->meaning);
        return;
    }
    printf("%s\n  does      %s\n  runs in   %s\n  encoding  %08x under mask %08x\n", i->name,
           i->meaning, class_texts[i->class], i->match, i->mask);
}

static int topic_isa(const char *name)
{
    if (name) {
        enum insn_id id = insn_find(name);
        if (id == INSN_ILLEGAL)
            return -1;
        print_insn(id, true);
        return 0;
    }
    for (unsigned id = 1; id < INSN_COUNT; id++)
        print_insn((enum insn_id)id, false);
    return 0;
}

static void print_csr(const struct csr_info *c)
{
    static const char *const holes[] = {
        [CSR_HOLE_NONE] = "cause 24",
        [CSR_HOLE_READ] = "cause 24; classic: reads the true value",
        [CSR_HOLE_READ_UF] = "cause 24; classic: reads the true value, writes only UF",
    };

    printf("%s, number %03x\n  holds       %s\n", c->name, c->number, c->meaning);
    if (c->kind == CSR_KIND_COUNTER)
        puts("  other rings may read it where cntren allows, else cause 24; nobody writes");
    else
        printf("  other rings %s\n  writable    %08x\n", holes[c->hole], c->wmask);
    for (unsigned i = 0; i < csr_field_count; i++) {
        const struct csr_field *f = &csr_field_table[i];
        if (f->csr == c->number)
            printf("  %2u:%-2u  %-9s %s\n", f->high, f->low, f->name, f->meaning);
    }
}

static int topic_csr(const char *name)
{
    if (name) {
        const struct csr_info *c = csr_find(name);
        if (!c)
            return -1;
        print_csr(c);
        return 0;
    }
    for (unsigned i = 0; i < csr_count; i++)
        printf("  %03x  %-9s %s\n", csr_table[i].number, csr_table[i].name, csr_table[i].meaning);
    return 0;
}

static int topic_cause(const char *name)
{
    bool found = false;

    for (unsigned i = 0; i < cause_count; i++) {
        const struct cause_info *c = &cause_table[i];
        char number[16];
        snprintf(number, sizeof number, "%u", c->cause & ~CAUSE_INTERRUPT);
        if (name && strcmp(name, c->name) != 0 && strcmp(name, number) != 0)
            continue;
        found = true;
        printf("  %-9s %2s  %-17s %s\n", c->cause & CAUSE_INTERRUPT ? "interrupt" : "exception",
               number, c->name, c->text);
    }
    return found ? 0 : -1;
}

static int topic_event(const char *name)
{
    bool found = false;

    for (unsigned k = 0; k < EVENT_COUNT; k++) {
        const struct event_info *e = event_info((enum event_kind)k);
        if (name && strcmp(name, e->name) != 0)
            continue;
        found = true;
        printf("  %-9s %s\n", e->name, e->meaning);
        if (!name)
            continue;
        const char *const words[] = {"cause", e->cause, "tval", e->tval, "a", e->a, "b", e->b};
        for (unsigned w = 0; w < COUNT_OF(words); w += 2)
            if (*words[w + 1])
                printf("    %-6s %s\n", words[w], words[w + 1]);
    }
    return found ? 0 : -1;
}

static int topic_hint(const char *name)
{
    bool found = false;

    for (word n = 0; n < 2048; n++) {
        const struct hint_info *h = hint_info(n);
        if (!h || (name && strcmp(name, h->name) != 0))
            continue;
        found = true;
        printf("  %2u  %-11s %s\n", h->number, h->name, h->value);
    }
    return found ? 0 : -1;
}

static bool matches(const char *wanted, const char *device)
{
    return strcasecmp(wanted, device) == 0;
}

/* The registers of one device, with their bits below them. */
static int topic_device(const char *name)
{
    bool found = false;

#define DEVREG(device, reg, offset, meaning)                                                       \
    if (matches(name, #device)) {                                                                  \
        printf("  %u  %-9s %s\n", offset, #reg, meaning);                                          \
        found = true;                                                                              \
    }
#define DEVBITS(device, reg, bits, value, meaning)                                                 \
    if (matches(name, #device))                                                                    \
        printf("       %04x %-9s %s\n", value, #bits, meaning);
#include "isa/devices.def"
    return found ? 0 : -1;
}

static int topic_hypercall(const char *name)
{
    bool found = false;

    for (word n = 0; n < HYPERCALL_NUMBERS; n++) {
        const struct hypercall_info *h = hypercall_info(n);
        if (!h || (name && strcmp(name, h->name) != 0))
            continue;
        found = true;
        printf("  %2u  %-14s %s\n", h->number, h->name, h->meaning);
        if (name)
            printf("      arguments   %s\n      for         %s\n",
                   *h->arguments ? h->arguments : "none",
                   h->for_all ? "every guest that asks cpuid for the monitor"
                              : "guests of technique para");
    }
    if (name)
        return found ? 0 : -1;
    puts("errors, in a0 negated");
#define HYPERCALL_ERROR(name, number, meaning) printf("  %2d  %-14s %s\n", number, #name, meaning);
#include "isa/hypercalls.def"
    return 0;
}

static int topic_platform(const char *name)
{
    if (name)
        return topic_device(name);
    puts("physical addresses");
#define REGION(rname, base, size, meaning) printf("  %08x  %-9s %s\n", base, #rname, meaning);
#include "isa/platform.def"
    puts("ports");
#define PORTS(pname, first, count, meaning)                                                        \
    printf("  %04x-%04x %-9s %s\n", first, (first) + (count)-1, #pname, meaning);
#include "isa/platform.def"
    puts("lines of the interrupt controller");
#define LINE(lname, number, meaning) printf("  %8u  %-9s %s\n", number, #lname, meaning);
#include "isa/platform.def"
    return 0;
}

static const struct {
    const char *name;
    int (*print)(const char *name);
    const char *meaning;
} topics[] = {
    {"isa", topic_isa, "instructions, or one: help isa tret"},
    {"csr", topic_csr, "control registers, or one with its fields: help csr status"},
    {"cause", topic_cause, "trap causes, or one: help cause 24"},
    {"event", topic_event, "what is published, or one with its words: help event trap"},
    {"hint", topic_hint, "numbers of the trace hint"},
    {"hypercall", topic_hypercall, "what a guest asks of its monitor, or one: help hypercall iret"},
    {"vmcb", help_vmcb, "what vmrun reads and writes, or one word: help vmcb inject"},
    {"exit", help_exit, "exit codes of vmrun, or one: help exit 128"},
    {"platform", topic_platform,
     "devices, ports, interrupt lines, or a device's registers: help platform uart"},
};

void help_overview(FILE *out)
{
    fputs("usage: trapeze COMMAND [options] [arguments]\n\n"
          "A simulated computer, a real monitor running on it, and the means to watch.\n\n",
          out);
    for (unsigned i = 0; i < cli_command_count; i++)
        fprintf(out, "  %-9s %s\n", cli_commands[i].name, cli_commands[i].summary);
    fputs("\ntopics:\n", out);
    for (unsigned i = 0; i < COUNT_OF(topics); i++)
        fprintf(out, "  %-9s %s\n", topics[i].name, topics[i].meaning);
    fputs("\n'trapeze help NAME' explains a command or a topic. Begin with: trapeze list\n", out);
}

const char *help_topic(unsigned index)
{
    return index < COUNT_OF(topics) ? topics[index].name : NULL;
}

static int unknown_topic(const char *name)
{
    struct suggest near = suggest_for(name);
    char hint[96];
    struct text text = text_init(hint, sizeof hint);

    for (unsigned i = 0; i < cli_command_count; i++)
        suggest_offer(&near, cli_commands[i].name);
    for (unsigned i = 0; i < COUNT_OF(topics); i++)
        suggest_offer(&near, topics[i].name);
    suggest_add(&near, &text);
    fprintf(stderr, "trapeze: help: nothing about \"%s\"%s (trapeze help lists what there is)\n",
            name, hint);
    return error_exit_code(ERROR_usage);
}

int cli_help(const struct cli_args *args)
{
    const char *name = args->positional_count ? args->positional[0] : NULL;
    const char *shell = cli_value(args, KEY_COMPLETION, 0);
    const char *item = args->positional_count > 1 ? args->positional[1] : NULL;

    if (cli_flag(args, 'j')) {
        fputs("trapeze: help: there is no JSON form of help\n", stderr);
        return error_exit_code(ERROR_usage);
    }
    if (cli_flag(args, KEY_MAN)) {
        manual_page(stdout);
        return 0;
    }
    if (shell && !manual_completion(stdout, shell)) {
        fprintf(stderr, "trapeze: help: completion is for bash and zsh, not \"%s\"\n", shell);
        return error_exit_code(ERROR_usage);
    }
    if (shell)
        return 0;
    if (!name) {
        help_overview(stdout);
        return 0;
    }
    for (unsigned i = 0; i < COUNT_OF(topics); i++) {
        if (strcmp(topics[i].name, name) != 0)
            continue;
        if (topics[i].print(item) == 0)
            return 0;
        fprintf(stderr, "trapeze: help %s: there is no \"%s\" (trapeze help %s lists them)\n", name,
                item ? item : "", name);
        return error_exit_code(ERROR_usage);
    }
    const struct cli_command *c = cli_command_find(name);
    if (!c || item)
        return unknown_topic(c ? item : name);
    help_command(stdout, c);
    return 0;
}
