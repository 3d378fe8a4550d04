/*
 * A stub for each system call: the parameters are in a0 to a5 already, as the compiler
 * passes them, so all that is left is the number and the trap.
 */
#define SYSCALL(number, name, result, parameters, meaning)  \
    .section .text.name, "ax", @progbits;                   \
    .globl name;                                            \
    .type name, @function;                                  \
name:                                                       \
    li      a7, number;                                     \
    ecall;                                                  \
    ret;                                                    \
    .size name, . - name;

#include "guests/syscalls.def"
