/*
 * Input: a stack of texts, read statement by statement. At the bottom lies the program; an
 * .include, a macro or a repetition lies on top while it lasts.
 */
#ifndef ISA_ASM_INPUT_H
#define ISA_ASM_INPUT_H

#include "isa/asm_lex.h"

struct asm_input {
    struct asm_input *below;
    struct asm_source *source;
    const char *p; /* the next character */
    const char *file;
    unsigned line, first_line;
    unsigned depth;
    struct asm_condition *condition; /* open .if when this text began: it must end the same */
    bool is_file;
    bool at_line_start;

    /* Called at the end of the text: true when there is another round (p is set again). */
    bool (*again)(struct assembler *as, struct asm_input *in);
    void *state;
};

/* Takes a file's text: it is copied. `from` is the .include, NULL for the program itself. */
void asm_input_file(struct assembler *as, const char *name, const char *text, size_t size,
                    const struct asm_where *from);

/* Text that a macro made or that is repeated: its first line is `line` of `file`; `how` tells
 * in notes what was done at `from`. */
struct asm_input *asm_input_text(struct assembler *as, enum asm_source_kind kind,
                                 struct asm_slice text, const char *file, unsigned line,
                                 const char *how, const struct asm_where *from);
/* Another text of the same origin takes its place: the next round of .irp. */
void asm_input_replace(struct assembler *as, struct asm_input *in, struct asm_slice text);

/* The next statement that is not empty; false at the end of everything. */
bool asm_statement(struct assembler *as, struct asm_cursor *out);

/* The rest of the current text becomes empty: .exitm. */
void asm_input_leave(struct assembler *as);

/*
 * The text up to the statement that closes the block opened by `opener` (".macro" is closed by
 * ".endm"); blocks of the same kind inside belong to it. False, with a message at `opener`,
 * when the text ends first.
 */
bool asm_block(struct asm_cursor *opener, const char *const *open, const char *close,
               struct asm_slice *body, const char **file, unsigned *line);

/* .include "name", looked for beside the including file and in the folders of the options;
 * .incbin gives the bytes. */
void asm_include(struct asm_cursor *c);
bool asm_find_file(struct asm_cursor *c, const uint8_t **bytes, size_t *size, const char **path);

#endif
