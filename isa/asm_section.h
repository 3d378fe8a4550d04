/*
 * Sections: named runs of bytes that become parts of the executable, laid out in four groups
 * by what may be done with them, each group a page-aligned segment:
 *
 *   base  text (read, execute) | rodata (read) | data (read, write) | bss (zeros)
 */
#ifndef ISA_ASM_SECTION_H
#define ISA_ASM_SECTION_H

#include "isa/asm_core.h"

enum asm_group {
    ASM_TEXT,
    ASM_RODATA,
    ASM_DATA,
    ASM_BSS,
    ASM_GROUPS,
    ASM_DISCARD = ASM_GROUPS, /* notes to the linker: read, not written out */
};

struct asm_section {
    struct asm_section *next;
    const char *name;
    enum asm_group group;
    word align;
    word size;
    uint8_t *bytes; /* NULL in ASM_BSS */
    size_t room;
    word address;       /* second pass */
    unsigned elf_index; /* while writing the file */
    bool warned;        /* that it is no place for instructions */
};

struct asm_sections {
    struct asm_section *first, **last;
    struct asm_section *current, *previous;
    struct asm_section *pushed[ASM_DEPTH_MAX];
    unsigned pushed_count, count;
    uint64_t total, zeros; /* bytes, against the limits */
};

/* Begins with .text. */
void asm_sections_init(struct assembler *as);
struct asm_section *asm_section_current(const struct assembler *as);

/* flags: the letters of .section ("ax", "aw"), or NULL: by the name. Makes it current. */
void asm_section_switch(struct assembler *as, const char *name, size_t length, const char *flags,
                        bool nobits, const struct asm_where *where);
void asm_section_select(struct assembler *as, struct asm_section *section);

/*
 * Room for n bytes at the end of the current section; zeroed, to be filled in. NULL for n = 0
 * and in .bss, where it complains when `data` says that something else than zeros was to come.
 */
uint8_t *asm_emit(struct assembler *as, const struct asm_where *where, uint64_t n, bool data);

/* Up to a multiple of `align`, a power of two; fill < 0: nops in text, zeros elsewhere. */
void asm_align(struct assembler *as, const struct asm_where *where, word align, int fill,
               word most);

/* Gives every section its address; false, with a message, when they do not fit. */
bool asm_layout(struct assembler *as, word base);

#endif
