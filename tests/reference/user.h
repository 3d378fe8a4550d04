/*
 * Random unprivileged programs that run on our machine and, as Linux executables, under
 * qemu-riscv32: registers from immediates, random RV32IM, then all registers and a scratch
 * buffer to standard output by system calls.
 */
#ifndef TESTS_REFERENCE_USER_H
#define TESTS_REFERENCE_USER_H

#include "base/types.h"
#include "tests/reference/generate.h"

#define USER_BASE    0x80010000u /* where the program is linked: RAM on our machine */
#define USER_CODE    0x8000u     /* bytes for code */
#define USER_SCRATCH 0x1000u     /* bytes that it writes out, registers included, right behind */
#define USER_SIZE    (USER_CODE + USER_SCRATCH)

struct user_program {
    word words[USER_SIZE / 4];
    unsigned count; /* words of code */
};

/* About `length` random instructions; loops make it execute more. */
void user_generate(struct user_program *p, struct rng *g, unsigned length);

/* Writes the program as a static ELF32 executable. False: the file cannot be written. */
bool user_write_elf(const struct user_program *p, const char *path);

#endif
