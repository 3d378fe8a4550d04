/*
 * A small correct executable, laid out so that a test can damage any byte of it by name.
 *
 *   000 Elf32_Ehdr   034 Elf32_Phdr[2]   080 code (16 bytes)  090 data (8 bytes)
 *   0a0 symbols      100 strings         140 Elf32_Shdr[4], the end of the file
 */
#ifndef TESTS_ISA_ELF_H
#define TESTS_ISA_ELF_H

#include <elf.h>
#include <stdint.h>

struct elf_file {
    Elf32_Ehdr header;
    Elf32_Phdr segments[2];
    uint8_t gap[0x80 - sizeof(Elf32_Ehdr) - 2 * sizeof(Elf32_Phdr)];
    uint32_t code[4];
    uint8_t data[16];
    Elf32_Sym symbols[6];
    char strings[0x40];
    Elf32_Shdr sections[4];
};

/* Text at 8000_0000 (16 bytes), data at 8000_1000 (8 bytes, 64 in memory); _start, main (a
 * function of 8 bytes), table, a constant, a local label of a compiler. */
struct elf_file elf_sample(void);

#endif
