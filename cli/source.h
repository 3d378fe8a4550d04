/* Assembly source on the command line: recognised by name, assembled, its errors printed. */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "isa/asm.h"

/* Does the name end in .s or .S? */
bool source_is(const char *path);

/* Assembles with the default options; every message goes to standard error, and err counts them.
 * out must be freed in either case. */
int source_assemble(struct asm_result *out, const char *path, struct error *err);

#endif
