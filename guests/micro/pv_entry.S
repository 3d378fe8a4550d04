/*
 * The paravirtual kernel's way in and out, as native.S.
 *
 *   void pv_user(word pc, word times)   returns at the program's system call 1
 *
 * Where the program trapped stands in the shared page, and its kernel's stack is in sp. The way
 * back is a hypercall, whose number goes where the program's a7 was: the page holds that.
 */
#include "isa/hypercall.h"
#include "xrings.h"

#define FRAME 64

    .section .text.start, "ax", @progbits
    .globl  _start
_start:
    j       1f
    .word   HYPERCALL_SIGNATURE
1:  la      sp, stack_top
    mv      s0, a1
    la      a0, pv_shared
    li      a7, HYPERCALL_share
    hcall
    la      a0, trap_entry
    li      a7, HYPERCALL_callback
    hcall
    mv      a0, s0
    call    micro_main

    .text
    .balign 4
trap_entry:
    la      t0, pv_shared
    lw      t1, SHARED_CAUSE(t0)
    li      t2, CAUSE_ecall_ring3
    bne     t1, t2, skip
    bnez    a7, finished
skip:
    lw      t1, SHARED_EPC(t0)
    addi    t1, t1, 4
    sw      t1, SHARED_EPC(t0)
    sw      a7, SHARED_A7(t0)
    li      a7, HYPERCALL_iret
    hcall

    .globl  pv_user
pv_user:
    addi    sp, sp, -FRAME
    sw      ra, 0(sp)
    .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11
    sw      s\n, 4+\n*4(sp)
    .endr
    la      t0, pv_shared
    sw      sp, SHARED_KERNEL_SP(t0)
    sw      a0, SHARED_EPC(t0)
    li      t1, status_pring
    sw      t1, SHARED_STATUS(t0)
    sw      zero, SHARED_A7(t0)
    mv      a0, a1
    li      a7, HYPERCALL_iret
    hcall
finished:
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
    .globl  pv_ram, pv_frames
pv_ram:
    .space  4
pv_frames:
    .space  1024

/* The shared page, alone on it. */
    .balign 4096
    .globl  pv_shared
pv_shared:
    .space  4096
