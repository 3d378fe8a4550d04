/* What each command does; the table is in commands.c. Each returns the process's exit code. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/args.h"

int cli_asm(const struct cli_args *args);
int cli_bench(const struct cli_args *args);
int cli_classify(const struct cli_args *args);
int cli_debug(const struct cli_args *args);
int cli_disasm(const struct cli_args *args);
int cli_list(const struct cli_args *args);
int cli_run(const struct cli_args *args);
int cli_tui(const struct cli_args *args);

/* "trapeze: " and the error's text on standard error; gives its exit code. */
int cli_fail(const struct error *err);

/* A scenario by name (of scenarios/) or by path; an error that lists near names. */
int cli_scenario_path(const char *name, char *out, size_t size, struct error *err);

#endif
