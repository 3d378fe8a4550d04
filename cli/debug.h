/*
 * What the debugger (trapeze debug) is made of, for cli/debug*.c alone.
 *
 *   debug.c         setting up, where lines come from, carrying them out
 *   debug_table.c   every command, its help and what its words complete to
 *   debug_line.c    a line with history and completion, by libedit
 *   debug_say.c     output: text for people, a JSON object a line for programs
 *   debug_run.c     verbs, breakpoints
 *   debug_back.c    the same backwards in time
 *   debug_look.c    registers, memory, page tables, code
 *   debug_source.c  source lines, symbols, contexts
 *   debug_change.c  set, asm, type, vm
 *   debug_trace.c   events
 */
#ifndef CLI_DEBUG_H
#define CLI_DEBUG_H

#include <stdio.h>

#include "cli/args.h"
#include "script/story.h"
#include "trace/recorder.h"
#include "world/verbs.h"
#include "world/view.h"

#define DEBUG_LINE_SIZE 1024

struct debug;
struct debug_line;

/* What a machine publishes to the debugger. */
struct debug_watch {
    struct trace_subscriber subscriber;
    struct debug *debug;
    struct host *host;
};

struct debug {
    const struct cli_args *args;
    struct world *world;   /* of a program: ours to free */
    struct script *script; /* of a scenario; NULL: a program */
    struct script_story story;
    struct verbs verbs;
    struct debug_line *line; /* NULL: not at a terminal */
    uint64_t budget;         /* steps of one command; 0: no bound */
    int context;             /* to look at; -1: what runs */
    bool quit;
    bool ran_out; /* a command used up the budget */

    /* Where commands come from, for messages; NULL: typed at a prompt. */
    const char *script_name;
    unsigned script_line;
    unsigned errors; /* of commands in scripts */
    unsigned depth;  /* of `source` inside `source` */

    /* Output. */
    bool json;
    bool in_line;      /* the console's last line has no end yet */
    char console[512]; /* JSON: the console line so far */
    size_t console_length;

    /* What is listened to, beside the verbs. */
    struct debug_watch watches[WORLD_HOSTS_MAX];
    unsigned watch_count;
    bool tracing, recording;
    struct filter trace, record; /* events to print; events to keep */
    struct recorder recorder;

    /* Where `x`, `disassemble` and `list` go on. */
    struct place next_x;
    char format_x;
    unsigned unit_x;
    gva next_code;
    char list_file[256];
    unsigned list_line;   /* the next one; 0: around pc */
    char shown_file[256]; /* the source line that was shown last */
    unsigned shown_line;
};

/* ---- the table ---- */

enum debug_words { WORDS_NONE, WORDS_PLACE, WORDS_FILTER, WORDS_REGISTER, WORDS_COMMAND };

struct debug_command {
    const char *name, *also; /* a second name, "" for none */
    const char *group;       /* heading in the help, only where it begins */
    const char *arguments;
    const char *meaning;
    const char *text;       /* more of it, "" for nothing */
    enum debug_words words; /* what Tab completes behind the name */
    void (*run)(struct debug *d, const char *arguments);
};

extern const struct debug_command debug_commands[];
extern const unsigned debug_command_count;
/* By name, second name, or a beginning: the first that has it. NULL when none does. */
const struct debug_command *debug_find(const char *name, size_t length);
/* Carries out one line. Empty lines and comments (#) do nothing. */
void debug_run_line(struct debug *d, const char *line);
/* The list of commands, for `help` and for `trapeze help debug`. */
void debug_help(FILE *out);

/* ---- reading ---- */

struct debug_line *debug_line_new(struct debug *d);
void debug_line_free(struct debug_line *l);
/* A line without its newline, valid until the next; NULL at the end. */
const char *debug_line_read(struct debug_line *l);
/* Offers every word that may stand there to `offer`. */
void debug_words(const struct debug *d, enum debug_words kind,
                 void (*offer)(void *user, const char *word), void *user);
/* Was Ctrl-C pressed since the last call? */
bool debug_interrupted(void);
/* Commands of a file; false when it cannot be read. */
bool debug_source(struct debug *d, const char *path);

/* ---- output (debug_say.c) ---- */

/* One line, or several. */
void debug_say(struct debug *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What is wrong with a command: to standard error, with its place in the script. */
void debug_fail(struct debug *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An object that is already JSON. */
void debug_say_json(struct debug *d, const char *object);
void debug_event(struct debug *d, const struct host *h, const struct event *e);
void debug_console(struct debug *d, char c);
/* Ends an unfinished line of the console. */
void debug_end_line(struct debug *d);

/* ---- for all ---- */

/* The machine, or NULL after saying that there is none. */
struct host *debug_host(struct debug *d);
uint16_t debug_context(const struct debug *d);
/* Listens to machines that are new, and to what is wanted now. */
void debug_listen(struct debug *d);
bool debug_place(struct debug *d, const char *text, struct place *out);
bool debug_filter(struct debug *d, const char *text, struct filter *out);
/* The next word behind blanks, cut to `size`; false at the end. */
bool debug_word(const char **text, char *out, size_t size);
/* Where it stands, and why. */
void debug_show_stop(struct debug *d);
/* False, and it is said, when a place was given by symbol or line of a program and the context that
 * is looked at has not that program's code there. */
bool debug_code_is_there(struct debug *d, const struct place *p);
/* A line of code: address, marks, symbol, instruction. */
void debug_show_code(struct debug *d, struct space space, word address);

/* ---- commands ---- */

#define DEBUG_COMMAND(fn) void fn(struct debug *d, const char *arguments)
DEBUG_COMMAND(debug_step);
DEBUG_COMMAND(debug_next);
DEBUG_COMMAND(debug_step_line);
DEBUG_COMMAND(debug_next_line);
DEBUG_COMMAND(debug_finish);
DEBUG_COMMAND(debug_continue);
DEBUG_COMMAND(debug_until);
DEBUG_COMMAND(debug_trap);
DEBUG_COMMAND(debug_exit);
DEBUG_COMMAND(debug_back_step);
DEBUG_COMMAND(debug_back_next);
DEBUG_COMMAND(debug_back_step_line);
DEBUG_COMMAND(debug_back_next_line);
DEBUG_COMMAND(debug_back_finish);
DEBUG_COMMAND(debug_back_continue);
DEBUG_COMMAND(debug_back_trap);
DEBUG_COMMAND(debug_back_exit);
DEBUG_COMMAND(debug_seek);
DEBUG_COMMAND(debug_mark);
DEBUG_COMMAND(debug_save);
DEBUG_COMMAND(debug_load);
DEBUG_COMMAND(debug_break);
DEBUG_COMMAND(debug_watch);
DEBUG_COMMAND(debug_breaks);
DEBUG_COMMAND(debug_delete);
DEBUG_COMMAND(debug_disable);
DEBUG_COMMAND(debug_enable);
DEBUG_COMMAND(debug_where);
DEBUG_COMMAND(debug_registers);
DEBUG_COMMAND(debug_csrs);
DEBUG_COMMAND(debug_print);
DEBUG_COMMAND(debug_examine);
DEBUG_COMMAND(debug_walk);
DEBUG_COMMAND(debug_tlb);
DEBUG_COMMAND(debug_disassemble);
DEBUG_COMMAND(debug_list);
DEBUG_COMMAND(debug_symbols);
DEBUG_COMMAND(debug_contexts);
DEBUG_COMMAND(debug_look_at);
DEBUG_COMMAND(debug_set);
DEBUG_COMMAND(debug_asm);
DEBUG_COMMAND(debug_type);
DEBUG_COMMAND(debug_type_end);
DEBUG_COMMAND(debug_vm);
DEBUG_COMMAND(debug_trace);
DEBUG_COMMAND(debug_record);
DEBUG_COMMAND(debug_events);
DEBUG_COMMAND(debug_explain);
DEBUG_COMMAND(debug_info);
DEBUG_COMMAND(debug_help_command);
DEBUG_COMMAND(debug_source_command);
DEBUG_COMMAND(debug_quit);

#endif
