/*
 * trapeze: finds the command, reads its options, runs it. The only place that prints errors.
 */
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "cli/args.h"
#include "cli/help.h"

static int unknown_command(const char *name)
{
    struct suggest near = suggest_for(name);
    char hint[96];
    struct text text = text_init(hint, sizeof hint);

    for (unsigned i = 0; i < cli_command_count; i++)
        suggest_offer(&near, cli_commands[i].name);
    suggest_add(&near, &text);
    fprintf(stderr, "trapeze: no command \"%s\"%s (trapeze help lists them)\n", name, hint);
    return error_exit_code(ERROR_usage);
}

int main(int argc, char **argv)
{
    const struct cli_command *command;
    struct cli_args args;
    struct error err;

    if (argc < 2) {
        help_overview(stderr);
        return error_exit_code(ERROR_usage);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help_overview(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("trapeze " TRAPEZE_VERSION);
        return 0;
    }
    command = cli_command_find(argv[1]);
    if (!command)
        return unknown_command(argv[1]);
    if (cli_args_parse(&args, command, argc - 1, argv + 1, &err)) {
        fprintf(stderr, "trapeze: %s\n", err.text);
        return error_exit_code(err.code);
    }
    if (args.help) {
        help_command(stdout, command);
        return 0;
    }
    return command->run(&args);
}
