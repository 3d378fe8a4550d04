/*
 * The way into the kernel and the way out, with a monitor below.
 *
 * The monitor has told in the shared page what happened, and has turned interrupts off. If a
 * program was interrupted, sp is the top of its process's kernel stack, as the kernel said
 * (kernel_sp); else the kernel's own stack goes on being used.
 */
#include "guests/os/trap.h"
#include "isa/hypercall.h"
#include "xrings.h"

    .text
    .balign 4
    .globl  trap_entry
trap_entry:
    addi    sp, sp, -FRAME_SIZE
    sw      x1, 1*4(sp)
    .irp    n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sw      x\n, \n*4(sp)
    .endr
    la      a0, pv_shared
    lw      t0, SHARED_SP(a0)       # the interrupted sp
    lw      t1, SHARED_EPC(a0)
    lw      t2, SHARED_STATUS(a0)
    lw      t3, SHARED_CAUSE(a0)
    lw      t4, SHARED_TVAL(a0)
    sw      t0, 2*4(sp)
    sw      t1, FRAME_EPC(sp)
    sw      t2, FRAME_STATUS(sp)
    sw      t3, FRAME_CAUSE(sp)
    sw      t4, FRAME_TVAL(sp)
    mv      a0, sp
    call    trap_handle

/* A new process begins here: its kernel stack holds a frame as if it had trapped. */
    .globl  trap_return
trap_return:
    la      a0, pv_shared
    lw      t0, FRAME_EPC(sp)
    lw      t1, FRAME_STATUS(sp)
    lw      t2, 17*4(sp)
    sw      t0, SHARED_EPC(a0)
    sw      t1, SHARED_STATUS(a0)
    sw      t2, SHARED_A7(a0)       # a7 is needed for the number
    andi    t1, t1, status_pring
    beqz    t1, 1f
    addi    t0, sp, FRAME_SIZE      # back to a user program: here is its kernel stack
    sw      t0, SHARED_KERNEL_SP(a0)
1:
    lw      x1, 1*4(sp)
    .irp    n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    lw      x\n, \n*4(sp)
    .endr
    lw      sp, 2*4(sp)
    li      a7, HYPERCALL_iret
    hcall
    call    pv_iret_refused         # comes back only when it is refused
