/*
 * Every command, its options and its help: the one table (args.h).
 */
#include "cli/commands.h"

#include <string.h>

#include "cli/debug.h"
#include "cli/help.h"
#include "cli/keys.h"

const struct cli_option cli_common_options[] = {
    {'j', "json", NULL, "one JSON object a line instead of text"},
    {'h', "help", NULL, "this"},
    {0},
};

static const struct cli_option no_options[] = {{0}};

/* The machine and the program of commands that build one (setup.h). */
#define PROGRAM_OPTIONS                                                                            \
    {'m', "module", "[NAME=]FILE", "boot module, for a program (repeat for more)"},                \
        {'c', "cmdline", "TEXT", "command line, for a program"},                                   \
        {'d', "disk", "FILE", "disk image; writes stay in memory"},                                \
        {KEY_DISK_WRITE, "disk-write", NULL, "writes go to the disk image"},                       \
        {'r', "ram", "SIZE", "RAM, 1M to 2G (default 16M)"},                                       \
        {KEY_SYMBOLS, "symbols", "FILE",                                                           \
         "names for what a snapshot has in it: executable, pack, source (repeat for more)"},       \
        {KEY_ISA, "isa", "VARIANT", "strict (default) or classic: the holes of x86 before 2005"},  \
        {KEY_VT, "vt", NULL, "hardware assist: vmrun exists"},                                     \
        {KEY_NPT, "npt", NULL, "nested paging exists, and hardware assist with it"},               \
    {                                                                                              \
        KEY_TLB, "tlb", "ENTRIES", "of each TLB array, power of two, 1 to 4096 (default 256)"      \
    }

static const struct cli_option run_options[] = {
    {'n', "max", "STEPS",
     "budget: instructions and interrupts (default 2e9); used up: exit code 4"},
    {'t', "trace", "FILTER", "print events: -t 'trap cause=privileged' (repeat for more)"},
    {KEY_STATS, "stats", NULL, "print counts of traps and instructions at the end"},
    {KEY_SAVE, "save", "FILE", "write a program's machine to a snapshot at the end"},
    PROGRAM_OPTIONS,
    {KEY_SEED, "seed", "N", "of a scenario's random numbers (default 1)"},
    {0},
};

static const struct cli_option debug_options[] = {
    {'x', "execute", "FILE", "the commands of a file (repeat for more)"},
    {'e', "eval", "COMMAND", "a command (repeat for more)"},
    {KEY_BUDGET, "max", "STEPS", "budget of one command (default, without a terminal: 2e9)"},
    PROGRAM_OPTIONS,
    {KEY_SEED, "seed", "N", "of a scenario's random numbers (default 1)"},
    {0},
};

static const struct cli_option asm_options[] = {
    {'o', "output", "FILE", "the executable (default: the source's name with .elf)"},
    {'b', "base", "ADDRESS", "where .text begins (default 0x80000000, where RAM begins)"},
    {'I', "include", "DIR", "where .include looks, after the source's folder (repeat for more)"},
    {0},
};

static const struct cli_option disasm_options[] = {
    {KEY_RAW, "raw", NULL, "no pseudo-instructions"},
    {KEY_MEANING, "meaning", NULL, "one line of meaning for each instruction"},
    {KEY_DATA, "data", NULL, "segments without instructions too"},
    {'f', "from", "PLACE", "begin at an address or a symbol"},
    {'n', "count", "BYTES", "how many bytes from there (a symbol's own size by default)"},
    {0},
};

static const struct cli_option classify_options[] = {
    {'a', "all", NULL, "innocuous, unprivileged instructions too"},
    {KEY_ISA, "isa", "VARIANT", "only strict, or only classic"},
    {0},
};

static const struct cli_option bench_options[] = {
    {KEY_SEED, "seed", "N", "of its random numbers (default 1)"},
    {0},
};

static const struct cli_option help_options[] = {
    {KEY_MAN, "man", NULL, "the manual page: trapeze help --man | man -l -"},
    {KEY_COMPLETION, "completion", "SHELL", "completion for bash or zsh"},
    {0},
};

static const struct cli_option tui_options[] = {
    {'x', "execute", "COMMANDS", "command lines to begin with, as after ':'"},
    {KEY_ASCII, "ascii", NULL, "no line-drawing characters"},
    {KEY_LIGHT, "light", NULL, "colours for a light background, as a projector's"},
    PROGRAM_OPTIONS,
    {KEY_SEED, "seed", "N", "of the scenario's random numbers (default 1)"},
    {0},
};

const struct cli_command cli_commands[] = {
    {"run", "SCENARIO|PROGRAM", "run a scenario or a program to its end",
     "SCENARIO is a name that 'trapeze list' shows, or a Lua file. Its text, its output and its\n"
     "checks are printed; the exit code is 0 when every check holds, else 1.\n\n"
     "PROGRAM is an ELF executable for rv32im, or assembly (.s), which is assembled first. Its\n"
     "console is this terminal (Ctrl-] leaves), or standard input and output. The exit code is 0\n"
     "when it powers off with status 0. A snapshot (--save, or 'save' in the debugger and the\n"
     "dashboard) is a PROGRAM too: it goes on where it was.\n\n"
     "  trapeze run trap-and-emulate\n"
     "  trapeze run hello.s\n"
     "  trapeze run os.elf -m programs=programs.pack -n 1e6 --save booted.snap\n"
     "  trapeze run os.elf -m programs=programs.pack -c init=hello -t 'trap from=3'",
     1, 1, run_options, cli_run, NULL},
    {"tui", "SCENARIO|PROGRAM", "open a scenario or a program in the dashboard",
     "What is opened is as for 'run'. The machine stands still before its first instruction: s "
     "steps, t runs to the next trap,\n"
     "c runs and stops, w explains why it stands, ? shows every key, q leaves.\n\n"
     "  trapeze tui trap-and-emulate\n"
     "  trapeze tui hello.s",
     1, 1, tui_options, cli_tui, NULL},
    {"debug", "SCENARIO|PROGRAM", "debug a program or a scenario, line by line",
     "What is debugged is as for 'run'. The machine stands before its first instruction; commands\n"
     "are typed (Tab completes, the arrows bring back), or come from files and standard input, "
     "one\n"
     "a line. Ctrl-C stops a running machine. The same verbs, filters and places as in the\n"
     "dashboard.\n\n"
     "  trapeze debug prog.s\n"
     "  echo 'break main\\ncontinue\\nregisters' | trapeze debug prog.elf\n"
     "  trapeze debug trap-and-emulate -e 'exit cause=privileged' -e explain",
     1, 1, debug_options, cli_debug, debug_help},
    {"asm", "SOURCE", "assemble a program",
     "SOURCE is GNU-style RISC-V assembly: RV32IM, Zicsr, and this machine's own instructions.\n"
     "The executable has symbols and line numbers. Every error of the source is shown at once.\n\n"
     "  trapeze asm hello.s && trapeze run hello.elf",
     1, 1, asm_options, cli_asm, NULL},
    {"disasm", "PROGRAM", "list a program's instructions",
     "PROGRAM is an ELF executable for rv32im.\n\n"
     "  trapeze disasm build/guest/os.elf --from trap_entry --meaning",
     1, 1, disasm_options, cli_disasm, NULL},
    {"classify", "", "print the Popek-Goldberg table of the machine",
     "Every instruction is run from pairs of states that differ only in the ring, or only in the\n"
     "location; the table says what that shows, with the pair that proves it, and which of the\n"
     "theorems hold for the strict machine and for the classic one.",
     0, 0, classify_options, cli_classify, NULL},
    {"bench", "[NAME]", "run a benchmark of the simulated machine",
     "Without a name: which there are. Times are simulated cycles, from a table of costs, so that\n"
     "they are the same on every computer.\n\n"
     "  trapeze bench techniques",
     0, 1, bench_options, cli_bench, NULL},
    {"list", "", "list the scenarios", "Name, title and story of every scenario.", 0, 0, no_options,
     cli_list, NULL},
    {"help", "[COMMAND|TOPIC [ITEM]]", "explain a command or a part of the machine",
     "  trapeze help run\n  trapeze help csr status\n  trapeze help cause 24", 0, 2, help_options,
     cli_help, NULL},
};
const unsigned cli_command_count = COUNT_OF(cli_commands);

const struct cli_command *cli_command_find(const char *name)
{
    for (unsigned i = 0; i < cli_command_count; i++)
        if (strcmp(cli_commands[i].name, name) == 0)
            return &cli_commands[i];
    return NULL;
}
