/* The manual page and the shells' completion, made from the tables of commands: nothing in them is
 * written twice. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include <stdbool.h>
#include <stdio.h>

/* trapeze.1, in mdoc. */
void manual_page(FILE *out);

/* For "bash" or "zsh"; false for another. */
bool manual_completion(FILE *out, const char *shell);

#endif
