/*
 * Start-up of the test kernels, and `attempt`: run a piece of code in some ring until it traps,
 * and come back with what the trap left.
 *
 *   void attempt(word status, const void *code, word a0, word a1, struct attempt *out)
 *
 * The code starts with a0 and a1, ra leading to an ecall. Interrupts end it as traps do.
 */
#include "xrings.h"

    .section .text.start
    .globl _start
_start:
    la   sp, stack_top
    la   t0, trapped
    csrw CSR_tvec, t0
    mv   a0, a1
    call kernel_main
    li   t0, REGION_finisher
    beqz a0, 1f
    slli a0, a0, 16
    li   t1, 0x3333
    or   a0, a0, t1
    sw   a0, 0(t0)
1:  li   t1, 0x5555
    sw   t1, 0(t0)
2:  j    2b

    .text
    .globl attempt
attempt:
    addi sp, sp, -64
    sw   ra, 0(sp)
    sw   s0, 4(sp)
    sw   s1, 8(sp)
    sw   s2, 12(sp)
    sw   s3, 16(sp)
    sw   s4, 20(sp)
    sw   s5, 24(sp)
    sw   s6, 28(sp)
    sw   s7, 32(sp)
    sw   s8, 36(sp)
    sw   s9, 40(sp)
    sw   s10, 44(sp)
    sw   s11, 48(sp)
    sw   a4, 52(sp)
    csrw CSR_tscratch, sp
    csrw CSR_status, a0
    csrw CSR_epc, a1
    mv   a0, a2
    mv   a1, a3
    la   ra, done
    tret
    .balign 4
    .globl done
done:
    ecall

    .balign 4
    .globl trapped
trapped:
    csrr sp, CSR_tscratch
    lw   t0, 52(sp)
    sw   a0, 16(t0)
    csrr t1, CSR_cause
    sw   t1, 0(t0)
    csrr t1, CSR_tval
    sw   t1, 4(t0)
    csrr t1, CSR_epc
    sw   t1, 8(t0)
    csrr t1, CSR_status
    sw   t1, 12(t0)
    lw   ra, 0(sp)
    lw   s0, 4(sp)
    lw   s1, 8(sp)
    lw   s2, 12(sp)
    lw   s3, 16(sp)
    lw   s4, 20(sp)
    lw   s5, 24(sp)
    lw   s6, 28(sp)
    lw   s7, 32(sp)
    lw   s8, 36(sp)
    lw   s9, 40(sp)
    lw   s10, 44(sp)
    lw   s11, 48(sp)
    addi sp, sp, 64
    ret

    .bss
    .balign 16
    .space 8192
    .globl stack_top
stack_top:
