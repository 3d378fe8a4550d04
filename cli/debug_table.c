/*
 * Every command of the debugger: its names, its help, what its words complete to. The help, the
 * manual page and Tab read this table.
 */
#include <ctype.h>
#include <string.h>

#include "base/suggest.h"
#include "cli/debug.h"
#include "isa/csr.h"
#include "isa/registers.h"
#include "world/home.h"

const struct debug_command debug_commands[] = {
    {"step", "s", "Run", "[N | -N]", "one instruction (or one interrupt), or N of them",
     "A number below 0 goes back in time. By lines: 'stepline'.", WORDS_NONE, debug_step},
    {"next", "n", "", "[N]", "one instruction; a call or a trap counts as one",
     "By lines: 'nextline'.", WORDS_NONE, debug_next},
    {"stepline", "sl", "", "[N]", "to another source line; goes into calls",
     "It stays in the same context and ring: traps are passed over, and so is code whose source "
     "is\n"
     "not known. Where a line jumps to its own beginning, that is another line too.",
     WORDS_NONE, debug_step_line},
    {"nextline", "nl", "", "[N]", "to another source line; a call counts as one", "", WORDS_NONE,
     debug_next_line},
    {"finish", "f", "", "", "until this function, or trap handler, returns", "", WORDS_NONE,
     debug_finish},
    {"continue", "c", "", "", "run until something stops it; Ctrl-C does", "", WORDS_NONE,
     debug_continue},
    {"until", "u", "", "PLACE | FILTER", "run to there, once",
     "What may stand there is as for 'break'.", WORDS_PLACE, debug_until},
    {"trap", "t", "", "[FILTER]", "until the next trap that passes",
     "  trap cause=privileged from=1", WORDS_FILTER, debug_trap},
    {"exit", "vmexit", "", "[FILTER]", "until control next leaves a virtual machine",
     "This is no way out of the debugger: 'quit' is.\n  exit cause=load_page vm=os", WORDS_FILTER,
     debug_exit},

    {"rstep", "rs", "Back in time", "[N]", "N steps back; the same as 'step -N'", "", WORDS_NONE,
     debug_back_step},
    {"rnext", "rn", "", "", "back by one instruction; a call or a trap counts as one", "",
     WORDS_NONE, debug_back_next},
    {"rstepline", "rsl", "", "", "back to where the source line before this one began", "",
     WORDS_NONE, debug_back_step_line},
    {"rnextline", "rnl", "", "", "the same; a call counts as one", "", WORDS_NONE,
     debug_back_next_line},
    {"rfinish", "rf", "", "",
     "back to the call of this function, or what trapped into this handler", "", WORDS_NONE,
     debug_back_finish},
    {"rcontinue", "rc", "", "", "back to the last breakpoint, or to the beginning", "", WORDS_NONE,
     debug_back_continue},
    {"rtrap", "rt", "", "[FILTER]", "back to the last trap that passes", "", WORDS_FILTER,
     debug_back_trap},
    {"rexit", "rx", "", "[FILTER]", "back to the last time control left a virtual machine", "",
     WORDS_FILTER, debug_back_exit},
    {"seek", "", "", "STEP | MARK", "to a step that has been, in the past or ahead",
     "The number behind # where it stands is that of the step.", WORDS_NONE, debug_seek},
    {"mark", "m", "", "[NAME]", "name this step for 'seek'; without a name: list the marks", "",
     WORDS_NONE, debug_mark},
    {"save", "", "", "FILE", "the whole machine as it stands, into a file",
     "Processor, memory, devices and what was written to the disk; not breakpoints and history.",
     WORDS_NONE, debug_save},
    {"load", "", "", "FILE", "the machine as 'save' has left it there",
     "Into a machine of the same description; the history begins anew.", WORDS_NONE, debug_load},

    {"break", "b", "Stop", "PLACE [FILTER] | FILTER", "stop there, or at such an event",
     "PLACE is an address, a symbol (main, os.elf:main), main+8, or FILE:LINE. It belongs to the\n"
     "program whose symbol it is, or to the context that is looked at. FILTER is words as for\n"
     "'trapeze run -t': kinds of events, cause= from= to= vm= csr= insn= addr= ...; 'ring' is "
     "every\n"
     "change of ring. It stops before an instruction, and behind anything else.\n"
     "  break main\n"
     "  break prog.s:12 from=3\n"
     "  break trap cause=privileged from=1\n"
     "  break csr=status          any instruction that names the register\n"
     "  break csr csr=status      only those that write it, with the values\n"
     "  break ring to=3",
     WORDS_PLACE, debug_break},
    {"watch", "w", "", "PLACE[,BYTES] [read|write|access]", "stop when memory is accessed there",
     "4 bytes, or all of a symbol; writes, unless told otherwise. gpa: and hpa: see an access by\n"
     "whatever virtual address. It stops behind the instruction.\n"
     "  watch counter\n  watch hpa:0x80003000,4096 access",
     WORDS_PLACE, debug_watch},
    {"breaks", "", "", "", "the breakpoints, and how often each was met", "", WORDS_NONE,
     debug_breaks},
    {"delete", "d", "", "[N]", "no more breakpoint N, or none at all", "", WORDS_NONE,
     debug_delete},
    {"disable", "", "", "[N]", "breakpoint N, or all, stops nothing until it is enabled", "",
     WORDS_NONE, debug_disable},
    {"enable", "", "", "[N]", "breakpoint N, or all, stops again", "", WORDS_NONE, debug_enable},

    {"where", "", "Look", "", "where it stands, and why", "", WORDS_NONE, debug_where},
    {"registers", "r", "", "", "the general registers, pc and ring", "", WORDS_REGISTER,
     debug_registers},
    {"csrs", "", "", "[guest|real]", "the control registers with their fields",
     "Of a virtual machine both views: guest sees | real, marked != where they differ.", WORDS_NONE,
     debug_csrs},
    {"print", "p", "", "REGISTER [guest|real] | PLACE", "one register with its fields, or a sum",
     "  print status\n  print ptbr real\n  print sp+16\n  print main", WORDS_REGISTER, debug_print},
    {"x", "", "", "[/COUNT SIZE FORM] PLACE", "memory",
     "SIZE is b, h or w; FORM is x d u c s (text) or i (instructions). PLACE may begin with gva:,\n"
     "gpa: or hpa:. Without PLACE it goes on.\n"
     "  x/8w sp\n  x/16b gpa:0x80001000\n  x/s message\n  x/4i trap_entry",
     WORDS_PLACE, debug_examine},
    {"walk", "", "", "[PLACE]", "the page-table walk of an address, entry by entry", "",
     WORDS_PLACE, debug_walk},
    {"tlb", "", "", "[load|store|fetch]", "what the TLB holds, stale entries too", "", WORDS_NONE,
     debug_tlb},
    {"disassemble", "dis", "", "[PLACE [N]]", "instructions with their source lines",
     "Without a place it goes on. > marks pc, b a breakpoint.", WORDS_PLACE, debug_disassemble},
    {"list", "l", "", "[PLACE]", "source around a place; without one it goes on", "", WORDS_PLACE,
     debug_list},
    {"symbols", "", "", "[TEXT]", "symbols that have TEXT in them", "", WORDS_NONE, debug_symbols},
    {"contexts", "", "", "", "the machine, its virtual machines, and those inside them", "",
     WORDS_NONE, debug_contexts},
    {"context", "", "", "NAME | N | auto", "through whose eyes to look; auto: of what runs", "",
     WORDS_NONE, debug_look_at},

    {"set", "", "Change", "[real] REGISTER VALUE | [/b] PLACE VALUES", "a register, or memory",
     "  set a0 5\n  set pc main+4\n  set gpa:0x80001000 1 2 3\n  set/b message 0x41",
     WORDS_REGISTER, debug_set},
    {"asm", "a", "", "PLACE INSTRUCTION", "assemble it and put it there",
     "Several between ';'. Symbols of the program are known.\n  asm main+8 addi a0, a0, 1; ret",
     WORDS_PLACE, debug_asm},
    {"type", "", "", "[TEXT]", "type TEXT and Enter on the machine's console", "", WORDS_NONE,
     debug_type},
    {"vm", "", "", "[COMMAND]", "to the monitor: list, pause VM, ...; without: its last answer",
     "It answers when the machine runs: 'until mailbox' waits for that. 'vm help' lists its "
     "commands.\n"
     "  vm weight a 512\n  vm input a ls",
     WORDS_NONE, debug_vm},
    {"typend", "", "", "", "nobody will type any more", "", WORDS_NONE, debug_type_end},

    {"trace", "", "Events", "FILTER | off", "print such events as they come",
     "'trapeze help event' lists the kinds.\n  trace trap,ret from=3", WORDS_FILTER, debug_trace},
    {"record", "", "", "[FILTER | off]", "keep such events for 'events', and no others",
     "The last 65536. Without: what is always kept, every kind but insn, mem, walk and tlb.\n"
     "  record mem addr=0x80001000+64",
     WORDS_FILTER, debug_record},
    {"events", "", "", "[N] [FILTER]", "the last N (20) recorded events that pass", "",
     WORDS_FILTER, debug_events},
    {"explain", "", "", "", "why the trap at which it stopped was taken, or the shutdown",
     "Source line, instruction, operands, the rule, and what is near. Of a shutdown it comes by\n"
     "itself.",
     WORDS_NONE, debug_explain},

    {"info", "i", "Else", "COMMAND", "the same as the command: info breaks, info registers", "",
     WORDS_COMMAND, debug_info},
    {"source", "", "", "FILE", "the commands of a file", "", WORDS_NONE, debug_source_command},
    {"help", "h", "", "[COMMAND]", "this list, or one command", "", WORDS_COMMAND,
     debug_help_command},
    {"quit", "q", "", "", "leave", "", WORDS_NONE, debug_quit},
};
const unsigned debug_command_count = COUNT_OF(debug_commands);

/* What the fingers of gdb's users type; there, step and next are by lines. */
static const struct {
    const char *name, *command;
} other_names[] = {
    {"stepi", "step"},
    {"si", "step"},
    {"nexti", "next"},
    {"ni", "next"},
    {"reverse-stepi", "rstep"},
    {"reverse-nexti", "rnext"},
    {"reverse-step", "rstepline"},
    {"reverse-next", "rnextline"},
    {"reverse-finish", "rfinish"},
    {"reverse-continue", "rcontinue"},
    {"advance", "until"},
    {"regs", "registers"},
};

/* What we have not, and what there is for it. */
static const struct {
    const char *name, *hint;
} hints[] = {
    {"run", "the program is loaded: 'continue' runs it, 'seek 0' goes back to its beginning"},
    {"start", "the program is loaded and stands at its first instruction: 'until SYMBOL'"},
    {"jump", "'set pc PLACE', then 'continue'"},
    {"bt", "'finish' goes to the caller, 'rfinish' back to the call"},
    {"backtrace", "'finish' goes to the caller, 'rfinish' back to the call"},
    {"tbreak", "'until PLACE' runs there, once; 'break PLACE once' waits there"},
    {"display", "'print' shows it now; 'trapeze tui' all the time"},
    {"kill", "'quit' leaves"},
};

static const struct debug_command *find_other(const char *name, size_t length)
{
    for (unsigned i = 0; i < COUNT_OF(other_names); i++)
        if (strlen(other_names[i].name) == length &&
            strncmp(other_names[i].name, name, length) == 0)
            return debug_find(other_names[i].command, strlen(other_names[i].command));
    return NULL;
}

const struct debug_command *debug_find(const char *name, size_t length)
{
    const struct debug_command *found = length ? find_other(name, length) : NULL;

    if (length == 0 || found)
        return found;
    for (unsigned i = debug_command_count; i-- > 0;) {
        const struct debug_command *c = &debug_commands[i];

        if ((strlen(c->name) == length && strncmp(c->name, name, length) == 0) ||
            (strlen(c->also) == length && strncmp(c->also, name, length) == 0))
            return c;
        if (strncmp(c->name, name, length) == 0)
            found = c;
    }
    return found;
}

static void unknown(struct debug *d, const char *name)
{
    struct suggest near = suggest_for(name);
    char hint[128];
    struct text t = text_init(hint, sizeof hint);

    for (unsigned i = 0; i < COUNT_OF(hints); i++) {
        if (strcmp(hints[i].name, name) == 0) {
            debug_fail(d, "there is no command '%s': %s", name, hints[i].hint);
            return;
        }
    }
    for (unsigned i = 0; i < debug_command_count; i++)
        suggest_offer(&near, debug_commands[i].name);
    suggest_add(&near, &t);
    debug_fail(d, "there is no command '%s'%s ('help' lists them)", name, hint);
}

void debug_run_line(struct debug *d, const char *line)
{
    char name[64], arguments[DEBUG_LINE_SIZE];
    size_t n, end;

    line += strspn(line, " \t");
    if (!*line || *line == '#')
        return;
    n = strcspn(line, " \t/");
    snprintf(name, sizeof name, "%.*s", (int)n, line);
    line += n + strspn(line + n, " \t");
    snprintf(arguments, sizeof arguments, "%s", line);
    for (end = strlen(arguments); end > 0 && isspace((unsigned char)arguments[end - 1]); end--)
        arguments[end - 1] = '\0';
    const struct debug_command *c = debug_find(name, strlen(name));
    if (!c)
        unknown(d, name);
    else if (*arguments && !*c->arguments)
        debug_fail(d, "%s stands alone: what is '%s'?", c->name, arguments);
    else
        c->run(d, arguments);
    fflush(stdout);
}

/* ---- help --------------------------------------------------------------------------------- */

static void usage(const struct debug_command *c, char *out, size_t size)
{
    struct text t = text_init(out, size);

    text_add(&t, "%s%s%s%s%s", c->name, *c->also ? ", " : "", c->also, *c->arguments ? " " : "",
             c->arguments);
}

void debug_help(FILE *out)
{
    char left[128];

    for (unsigned i = 0; i < debug_command_count; i++) {
        const struct debug_command *c = &debug_commands[i];

        if (*c->group)
            fprintf(out, "%s%s\n", i ? "\n" : "", c->group);
        usage(c, left, sizeof left);
        if (strlen(left) > 32)
            fprintf(out, "  %s\n  %-32s %s\n", left, "", c->meaning);
        else
            fprintf(out, "  %-32s %s\n", left, c->meaning);
    }
}

void debug_help_command(struct debug *d, const char *arguments)
{
    const struct debug_command *c = debug_find(arguments, strlen(arguments));
    char left[128];

    if (!*arguments) {
        debug_end_line(d);
        debug_help(stdout);
        return;
    }
    if (!c) {
        unknown(d, arguments);
        return;
    }
    usage(c, left, sizeof left);
    debug_say(d, "%s: %s%s%s", left, c->meaning, *c->text ? "\n" : "", c->text);
}

void debug_info(struct debug *d, const char *arguments)
{
    if (*arguments)
        debug_run_line(d, arguments);
    else
        debug_fail(d, "info about what? breaks, registers, csrs, tlb, symbols, contexts, events");
}

void debug_source_command(struct debug *d, const char *arguments)
{
    if (*arguments)
        debug_source(d, arguments);
    else
        debug_fail(d, "source FILE");
}

void debug_quit(struct debug *d, const char *arguments)
{
    (void)arguments;
    d->quit = true;
}

/* ---- completion --------------------------------------------------------------------------- */

static void offer_places(const struct debug *d, void (*offer)(void *user, const char *word),
                         void *user)
{
    const struct image_symbol *s;
    const char *image;

    for (unsigned i = 0; d->verbs.host && (s = view_symbol_index(d->verbs.host, i, &image)); i++)
        offer(user, s->name);
}

static void offer_filters(void (*offer)(void *user, const char *word), void *user)
{
    const struct filter_key *key;

    for (unsigned i = 0; i < EVENT_COUNT; i++)
        offer(user, event_info((enum event_kind)i)->name);
    for (unsigned i = 0; (key = filter_key(i)); i++)
        offer(user, key->name);
    for (unsigned i = 0; i < cause_count; i++)
        offer(user, cause_table[i].name);
}

static void offer_registers(void (*offer)(void *user, const char *word), void *user)
{
    for (unsigned i = 0; i < REGISTER_COUNT; i++)
        offer(user, register_name(i));
    for (unsigned i = 0; i < csr_count; i++)
        offer(user, csr_table[i].name);
    offer(user, "pc");
    offer(user, "ring");
}

void debug_words(const struct debug *d, enum debug_words kind,
                 void (*offer)(void *user, const char *word), void *user)
{
    switch (kind) {
    case WORDS_NONE:
        break;
    case WORDS_COMMAND:
        for (unsigned i = 0; i < debug_command_count; i++)
            offer(user, debug_commands[i].name);
        break;
    case WORDS_REGISTER:
        offer_registers(offer, user);
        offer_places(d, offer, user);
        break;
    case WORDS_PLACE:
        offer_places(d, offer, user);
        offer_filters(offer, user);
        break;
    case WORDS_FILTER:
        offer_filters(offer, user);
        break;
    }
}
