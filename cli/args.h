/*
 * Commands, options, and what a user typed. One table (commands.c) says what there is; the
 * parser, --help, the manual page and the shell completion read it.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdio.h>

#include "base/error.h"
#include "base/types.h"

#define OPTIONS_MAX     32 /* of one command, the common ones included */
#define POSITIONALS_MAX 16

struct cli_option {
    char key;          /* its letter, or a value from 1 to 31 when it has only a long name */
    const char *name;  /* long name */
    const char *value; /* what follows it ("FILE"), NULL for a flag */
    const char *meaning;
};

struct cli_args;

struct cli_command {
    const char *name;
    const char *arguments;                   /* "SCENARIO|PROGRAM", for the usage line */
    const char *summary;                     /* half a line */
    const char *text;                        /* the rest of the help: paragraphs, examples */
    unsigned least, most;                    /* positional arguments */
    const struct cli_option *options;        /* ends with a row without a name */
    int (*run)(const struct cli_args *args); /* the process's exit code */
    void (*more)(FILE *out);                 /* help from a table of its own; may be NULL */
};

struct cli_args {
    const struct cli_command *command;
    const char *positional[POSITIONALS_MAX];
    unsigned positional_count;
    struct {
        char key;
        const char *value;
    } given[OPTIONS_MAX * 2];
    unsigned given_count;
    bool help;
};

extern const struct cli_command cli_commands[];
extern const unsigned cli_command_count;
/* Understood by every command. */
extern const struct cli_option cli_common_options[];

const struct cli_command *cli_command_find(const char *name);

/* argv[0] is the command's name. ERROR_usage with a sentence and a hint. */
int cli_args_parse(struct cli_args *out, const struct cli_command *command, int argc, char **argv,
                   struct error *err);

bool cli_flag(const struct cli_args *args, char key);
/* The n-th value given for an option, NULL when there are not so many. */
const char *cli_value(const struct cli_args *args, char key, unsigned n);
/* The last number given for an option, or `otherwise`; ERROR_usage when it is none or out of range. */
int cli_number(const struct cli_args *args, char key, uint64_t least, uint64_t most,
               uint64_t otherwise, uint64_t *out, struct error *err);

#endif
