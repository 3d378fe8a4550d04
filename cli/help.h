/*
 * Help, printed from the command table: there is no other text about commands.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/args.h"

#define TRAPEZE_VERSION "0.1"
#define TRAPEZE_DATE    "November 23, 2026" /* of the manual page */

void help_overview(FILE *out);
void help_command(FILE *out, const struct cli_command *command);

/* Names of the topics; NULL past the end. */
const char *help_topic(unsigned index);

/* The command `help`: an overview, a command, or a topic (isa, csr, cause, event, hint, platform). */
int cli_help(const struct cli_args *args);

#endif
