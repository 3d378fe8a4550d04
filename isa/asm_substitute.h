/*
 * A body with arguments put in: \name is the parameter's value, \@ a number that every use
 * increases, \() nothing; any other backslash stays.
 */
#ifndef ISA_ASM_SUBSTITUTE_H
#define ISA_ASM_SUBSTITUTE_H

#include "isa/asm_lex.h"

struct asm_parameter {
    struct asm_slice name, value; /* value: the default, then the argument */
    bool required, rest;
};

/* By name; NULL when there is none. */
const struct asm_parameter *asm_parameter(const struct asm_parameter *params, unsigned count,
                                          struct asm_slice name);

/* A copy in the arena. Stops the assembler when all copies together grow beyond the limit. */
struct asm_slice asm_substitute(struct assembler *as, struct asm_slice body,
                                const struct asm_parameter *params, unsigned count);

/* A string as an argument stands for what is between its quotes. */
struct asm_slice asm_unquoted(struct asm_slice s);

#endif
