/*
 * Comments of a source file.
 */
#ifndef ISA_ASM_COMMENT_H
#define ISA_ASM_COMMENT_H

#include "isa/asm_core.h"

/* Turns the comments of `text`, the source's text, into blanks, so that every character keeps
 * its place. Complains about a comment without an end, warns of lines for the preprocessor. */
void asm_comments(struct assembler *as, const struct asm_source *source, char *text);

/* At the beginning of a line: `# 12 "file"`, left by the C preprocessor? Such lines stay. */
bool asm_is_marker(const char *p, const char *end);

#endif
