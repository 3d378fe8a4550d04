/*
 * What all parts of the assembler share: its state, its memory, and how it complains.
 *
 *   asm_input      files, macros and repetitions as a stack of lines; asm_comment
 *   asm_lex        characters of a statement
 *   asm_expr       expressions as trees, and their values
 *   asm_symbol     names
 *   asm_section    bytes, and the places to fill in later (fixups)
 *   asm_directive  what begins with a dot: asm_data, asm_condition, asm_macro, asm_repeat
 *   asm_operand    operands; asm_insn instructions from them; asm_raw, asm_unknown
 *   asm_fix        the second pass
 *   asm_elf        the executable; asm_dwarf its line numbers
 *
 * All memory is the arena's. When it ends, or a limit against runaway sources is reached, the
 * assembler stops by a jump back to asm_source: nothing needs to be undone but the arena.
 */
#ifndef ISA_ASM_CORE_H
#define ISA_ASM_CORE_H

#include "isa/asm.h"

#include <setjmp.h>

#define ASM_MEMORY_MAX     ((size_t)1 << 30)
#define ASM_STATEMENTS_MAX 2000000u             /* macros and repetitions included */
#define ASM_EXPANSION_MAX  ((size_t)64 << 20)   /* bytes of text made by macros */
#define ASM_FILE_MAX       ((size_t)16 << 20)   /* bytes of one source file */
#define ASM_OUTPUT_MAX     ((uint64_t)64 << 20) /* bytes of all sections in the file */
#define ASM_ZERO_MAX       ((uint64_t)1 << 30)  /* bytes of .bss and its like */
#define ASM_SECTIONS_MAX   200u
#define ASM_DEPTH_MAX      64u /* includes, macros in macros, parentheses */

enum asm_source_kind { ASM_FILE, ASM_MACRO, ASM_REPEAT };

/* A text being read. `text` has blanks for comments, `original` is what the user wrote. */
struct asm_source {
    const char *text, *original;
    size_t size;
    const char *name; /* of a file, or how messages name an expansion's origin */
    enum asm_source_kind kind;
    const char *how;              /* "in the macro \"push\", used here"; NULL for the main file */
    const struct asm_where *from; /* where that was asked for */
};

/* A place in a source, to point at. */
struct asm_where {
    const struct asm_source *source;
    const char *file; /* as messages name it */
    unsigned line;
    unsigned length;
    const char *at;
    unsigned order;
};

struct assembler {
    struct arena arena;
    const struct asm_options *options;
    jmp_buf stop;
    struct asm_message messages[ASM_MESSAGES_MAX];
    unsigned message_count, error_count;
    bool more;                  /* a message was dropped */
    bool muted;                 /* the last message was a repetition; its notes go nowhere */
    unsigned statements, steps; /* read, and taken in expressions: against the limits */
    size_t expanded;            /* bytes of text made by macros */
    unsigned rounds;            /* uses of macros, rounds of .irp: what \@ is */
    bool ended;                 /* .end was read */
    struct asm_input *input;
    struct asm_symbols *symbols;
    struct asm_sections *sections;
    struct asm_fixups *fixups;
    struct asm_macros *macros;
    struct asm_condition *condition;
    struct asm_lines *lines;
};

/* Zeroed; never NULL. */
void *asm_alloc(struct assembler *as, size_t size);
char *asm_string(struct assembler *as, const char *text, size_t length);

/*
 * Room for one more in a growing array: *array has room for *capacity items of `size` bytes,
 * count of them used.
 */
void *asm_grow(struct assembler *as, void *array, size_t count, size_t *capacity, size_t size);

/* Ends the work at once: memory, limits, too many errors. */
_Noreturn void asm_stop(struct assembler *as);

/* Reports; asm_note adds a line to the last report ("did you mean", "first defined here"). */
void asm_error(struct assembler *as, const struct asm_where *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void asm_warning(struct assembler *as, const struct asm_where *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void asm_note(struct assembler *as, const struct asm_where *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct suggest;
/* Adds `did you mean "x"?` when there is a near name. */
void asm_note_near(struct assembler *as, const struct suggest *near);

#endif
