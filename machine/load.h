/*
 * The loader: puts a program, its modules and the boot page into RAM (isa.md section 11, Boot).
 */
#ifndef MACHINE_LOAD_H
#define MACHINE_LOAD_H

#include "base/error.h"
#include "machine/machine.h"

struct load_memory {
    uint8_t *data;
    hpa base;
    uint32_t size;
    bool used; /* an earlier program ran in it: cleared first */
};

/* How the processor starts. */
struct load_start {
    word entry;
    hpa boot_page;
};

/*
 * Segments go to their physical addresses, modules page-aligned behind the highest of them in
 * order, the boot page last. Refuses, saying what and what to do: nothing to load, a segment
 * outside RAM, an entry that is in no segment or misaligned, no room, too many modules, a module
 * without a name or with that of another, a name or command line too long. A refusal leaves the
 * memory as it was. Unused memory that nothing is put into is not touched.
 */
int load_program(const struct load_memory *ram, const struct machine_program *program,
                 struct load_start *start, struct error *err);

#endif
