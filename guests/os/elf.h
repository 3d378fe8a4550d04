/*
 * Programs: ELF32 executables for this processor.
 */
#ifndef OS_ELF_H
#define OS_ELF_H

#include "guests/os/types.h"

struct elf_segment {
    word address; /* where the program expects it, page-aligned */
    word size;    /* in memory; not 0 */
    word filled;  /* how much of it comes from the file, the rest is zero */
    word offset;  /* where, in the file */
    word rights;  /* PTE_R, PTE_W, PTE_X */
};

struct elf_program {
    word entry;
    word end; /* of the last segment */
    word segment_count;
    struct elf_segment segments[8]; /* in order of address; no two share a page */
};

/* All headers must lie in this many bytes at the start of the file. `head` are these bytes, or
 * the whole file when it is shorter; `size` is that of the file. */
#define ELF_HEAD_SIZE  512u

/* Only of the right kind; looks no further than ELF_MAGIC_SIZE bytes. */
#define ELF_MAGIC_SIZE 7u
bool elf_is_program(const void *head, word size);
/* Reads and checks everything. NULL, or what is wrong. */
const char *elf_parse(struct elf_program *out, const void *head, word size);

#endif
