/*
 * Programs as files: ELF32 little-endian RISC-V executables, read with libelf.
 */
#ifndef ISA_IMAGE_H
#define ISA_IMAGE_H

#include "base/error.h"
#include "base/types.h"

struct image_segment {
    word vaddr;  /* where the program expects it */
    word paddr;  /* where the loader puts it */
    word size;   /* bytes in memory */
    word filled; /* bytes of `data`; the rest is zero */
    word flags;  /* PF_R 4, PF_W 2, PF_X 1 */
    const uint8_t *data;
};

struct image_symbol {
    const char *name;
    word value;
    word size; /* 0 when unknown */
    bool is_function;
};

struct image {
    char *path; /* for messages */
    word entry;
    struct image_segment *segments; /* in order of paddr, not overlapping */
    unsigned segment_count;
    struct image_symbol
        *symbols; /* in order of value; no sections, files, or local labels of the compiler */
    unsigned symbol_count;
    uint8_t *bytes; /* the file; data and names point into memory the image owns */
    size_t byte_count;
};

/* Refuses, saying what and where: not ELF, not 32-bit little-endian RISC-V, not an executable,
 * truncated, overlapping segments, wrapping addresses, compressed code flag. */
int image_read(struct image *out, const char *path, struct error *err);
int image_parse(struct image *out, const char *name, const void *data, size_t size,
                struct error *err);
void image_free(struct image *image);

/* The symbol that covers `address` (functions before labels), NULL when none does. */
const struct image_symbol *image_symbol_at(const struct image *image, word address);
const struct image_symbol *image_symbol_find(const struct image *image, const char *name);

#endif
