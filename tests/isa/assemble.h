/*
 * Assembling in tests: a text that must be right, as an image.
 */
#ifndef TESTS_ISA_ASSEMBLE_H
#define TESTS_ISA_ASSEMBLE_H

#include "isa/asm.h"

/* Fails the test, showing the messages, when the text has an error. */
void assemble(struct image *out, const char *text, const struct asm_options *options);

/* The word at an address of the image; fails the test where there is none. */
word word_at(const struct image *m, word address);

/* Everything the command prints, at most size - 1 bytes; its exit status. */
int run_command(const char *command, char *out, size_t size);

/* Is the program installed? If not, says so. */
bool have_program(const char *name);

#endif
