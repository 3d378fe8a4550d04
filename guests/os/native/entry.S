/*
 * The way into the kernel and the way out, on the bare machine.
 *
 * tscratch says where we come from: it holds the top of the process's kernel stack while a
 * user program runs, and zero while the kernel runs. One exchange with sp therefore gives
 * either a stack to use, or zero: then the interrupted code was the kernel's, and its own
 * stack goes on being used.
 */
#include "guests/os/trap.h"
#include "xrings.h"

    .text
    .balign 4
    .globl  trap_entry
trap_entry:
    csrrw   sp, CSR_tscratch, sp
    bnez    sp, 1f
    csrr    sp, CSR_tscratch
1:
    addi    sp, sp, -FRAME_SIZE
    sw      x1, 1*4(sp)
    .irp    n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sw      x\n, \n*4(sp)
    .endr
    csrrw   t0, CSR_tscratch, zero  # the interrupted sp; from now on: in the kernel
    sw      t0, 2*4(sp)
    csrr    t0, CSR_epc
    csrr    t1, CSR_status
    csrr    t2, CSR_cause
    csrr    t3, CSR_tval
    sw      t0, FRAME_EPC(sp)
    sw      t1, FRAME_STATUS(sp)
    sw      t2, FRAME_CAUSE(sp)
    sw      t3, FRAME_TVAL(sp)
    mv      a0, sp
    call    trap_handle

/* A new process begins here: its kernel stack holds a frame as if it had trapped. */
    .globl  trap_return
trap_return:
    lw      t0, FRAME_EPC(sp)
    lw      t1, FRAME_STATUS(sp)    # with IE 0: interrupts stay off until tret
    csrw    CSR_epc, t0
    csrw    CSR_status, t1
    andi    t1, t1, status_pring
    beqz    t1, 1f
    addi    t0, sp, FRAME_SIZE      # back to a user program: remember its kernel stack
    csrw    CSR_tscratch, t0
1:
    lw      x1, 1*4(sp)
    .irp    n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    lw      x\n, \n*4(sp)
    .endr
    lw      sp, 2*4(sp)
    tret
