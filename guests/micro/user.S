/*
 * The program of the micro-benchmarks: loops in ring 3, each ended by system call 1. a0 = times.
 * They leave the temporary registers to the kernel's handler, which saves none.
 *
 * It is linked behind the kernel and mapped elsewhere (micro.c), so it holds no absolute address of its own.
 */
#define ABSENT 0x50200000 /* in the window's table, so that the walk is a full one */

    .section .user, "ax", @progbits

.macro again label
    addi    a0, a0, -1
    bnez    a0, \label
    li      a7, 1
    ecall
.endm

    .globl  user_loop, user_syscall, user_pgfault, user_illegal, user_compute
user_loop:
    again   user_loop

user_syscall:
    li      a7, 0
1:  ecall
    again   1b

user_pgfault:
    li      s1, ABSENT
1:  lw      s0, 0(s1)
    again   1b

user_illegal:
1:  .word   0
    again   1b

/* A generator of random numbers that goes through a table in memory. */
user_compute:
    li      s0, 12345
    li      s1, 1103515245
1:  mul     s0, s0, s1
    addi    s0, s0, 1013
    srli    s2, s0, 16
    andi    s2, s2, 252
    auipc   s3, 0
    lw      s4, 0(s3)
    xor     s0, s0, s4
    srli    s5, s0, 7
    add     s6, s5, s2
    sltu    s7, s6, s0
    add     s0, s0, s7
    again   1b
