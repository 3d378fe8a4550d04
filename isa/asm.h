/*
 * Assembler: GNU-style RISC-V source to an ELF32 executable with symbols and line numbers.
 *
 * Two passes in one go: the first reads the source and lays everything out, the second fills
 * in what needed addresses that were not yet known. Every error is reported, up to a cap; a
 * program with an error gives no executable.
 */
#ifndef ISA_ASM_H
#define ISA_ASM_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "base/types.h"
#include "isa/image.h"

#define ASM_MESSAGES_MAX 20
#define ASM_NOTES_MAX    6

struct asm_note {
    const char *file; /* NULL: no place, only text */
    unsigned line;
    const char *text;
};

struct asm_message {
    const char *file;
    unsigned line, column;                /* from 1; line 0: the file as a whole */
    unsigned length;                      /* characters that the caret underlines, at least 1 */
    const char *text;                     /* what is wrong */
    const char *source;                   /* the line, without newline */
    struct asm_note notes[ASM_NOTES_MAX]; /* the valid form, a near name, where else to look */
    unsigned note_count;
    bool warning;   /* alone it does not keep the program from being assembled */
    unsigned order; /* how far into the program, for sorting */
};

struct asm_options {
    word base;                       /* where .text begins; 0: 0x80000000, where RAM begins */
    const char *const *include_dirs; /* for .include, after the including file's own folder */
    unsigned include_dir_count;
    size_t memory;             /* most bytes that may be taken; 0: 1 GiB */
    const struct image *known; /* symbols of a program that the source may use; may be NULL */
};

struct asm_result {
    const uint8_t *elf; /* the executable; NULL when there were errors */
    size_t elf_size;
    const struct asm_message *messages; /* in order of the source */
    unsigned message_count;
    unsigned error_count; /* those that are not warnings */
    bool more;            /* there were errors beyond the cap */
    struct arena arena;   /* owns all of it */
};

/*
 * 0, or an error: ERROR_input when the source has errors (they are in out->messages, and err
 * holds the first), ERROR_io when the file cannot be read, ERROR_memory. out must be freed in either case.
 * options may be NULL.
 */
int asm_file(struct asm_result *out, const char *path, const struct asm_options *options,
             struct error *err);
int asm_source(struct asm_result *out, const char *name, const char *text, size_t size,
               const struct asm_options *options, struct error *err);
void asm_result_free(struct asm_result *result);

/* `file:line:col: error: text`, the source line, a caret, notes; several lines, each with its
 * newline. */
void asm_message_text(struct text *out, const struct asm_message *message);

#endif
