/*
 * Directives that make bytes.
 */
#ifndef ISA_ASM_DATA_H
#define ISA_ASM_DATA_H

#include "isa/asm_directive.h"

/* argument: bytes of a value */
void asm_data_values(struct asm_cursor *c, const struct asm_directive *d);
/* argument: 1 with a NUL behind, 0 without */
void asm_data_string(struct asm_cursor *c, const struct asm_directive *d);
/* .space n, fill */
void asm_data_space(struct asm_cursor *c, const struct asm_directive *d);
/* .fill count, size, value */
void asm_data_fill(struct asm_cursor *c, const struct asm_directive *d);
/* argument: 1 for a power of two, 0 for a number of bytes */
void asm_data_align(struct asm_cursor *c, const struct asm_directive *d);
void asm_data_incbin(struct asm_cursor *c, const struct asm_directive *d);
/* .comm name, size, align */
void asm_data_common(struct asm_cursor *c, const struct asm_directive *d);

#endif
