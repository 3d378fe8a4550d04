/*
 * The native kernel's way in and out: start, traps of the program, and `native_user`.
 *
 *   void native_user(word pc, word times)   returns at the program's system call 1
 *
 * tscratch holds the kernel's stack while the program runs. Any trap but a system call skips
 * its instruction.
 */
#include "xrings.h"

#define FRAME 64

    .section .text.start, "ax", @progbits
    .globl  _start
_start:
    la      sp, stack_top
    la      t0, trap_entry
    csrw    CSR_tvec, t0
    mv      a0, a1
    call    micro_main

    .text
    .balign 4
trap_entry:
    csrr    t0, CSR_cause
    li      t1, CAUSE_ecall_ring3
    bne     t0, t1, skip
    bnez    a7, finished
skip:
    csrr    t0, CSR_epc
    addi    t0, t0, 4
    csrw    CSR_epc, t0
    tret

    .globl  native_user
native_user:
    addi    sp, sp, -FRAME
    sw      ra, 0(sp)
    .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11
    sw      s\n, 4+\n*4(sp)
    .endr
    csrw    CSR_tscratch, sp
    csrw    CSR_epc, a0
    li      t0, status_pring
    csrw    CSR_status, t0
    mv      a0, a1
    tret
finished:
    csrr    sp, CSR_tscratch
    lw      ra, 0(sp)
    .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11
    lw      s\n, 4+\n*4(sp)
    .endr
    addi    sp, sp, FRAME
    ret

    .bss
    .balign 16
    .space  4096
stack_top:
