/* The two things that `trapeze run` runs. Both return the process's exit code. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/args.h"

int run_scenario(const struct cli_args *args, const char *path);
int run_program(const struct cli_args *args, const char *path);

#endif
