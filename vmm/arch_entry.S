/*
 * The monitor's border with the processor: start, entry into a guest, and the way back.
 *
 *   tscratch   0 while the monitor runs, struct vcpu while a guest does
 *   TPS        a trap loads ptbr with tptbr (0): the monitor runs untranslated; tret loads eptbr
 *
 * arch_enter looks like a call that returns at the guest's next trap. Its frame stays on the
 * monitor's stack while the guest runs.
 *
 * Guest instructions are counted exactly: instret is read at both ends, and the instructions of
 * the border itself, from the first reading to tret and from the vector to the second, are a
 * constant of this file (tests/vmm/test_equal.c holds it against a bare machine's count).
 */
#include "xrings.h"

/* struct vcpu; arch_cpu.c checks them. */
#define X(n)        (4 * (n))
#define CB          128
#define REAL_STATUS 132
#define REAL_PTBR   136
#define EXIT_CAUSE  140
#define EXIT_TVAL   144
#define MONITOR_SP  148
#define ENTERED     152
#define RAN         156
#define VMCB        160

#define FRAME 64

/* Instructions from border_in to tret, and from trap_entry to the second reading. */
#define BORDER (34 + 34)

    .section .text.start
    .globl _start
_start:
    la   sp, stack_top
    la   t0, trap_entry
    csrw CSR_tvec, t0
    csrw CSR_tscratch, zero
    csrw CSR_tptbr, zero
    li   t0, status_tps
    csrw CSR_status, t0
    csrw CSR_cntren, zero
    li   t0, -1
    csrw CSR_timecmp, t0
    csrw CSR_timecmph, t0
    li   t0, ie_ext | ie_timer
    csrw CSR_ie, t0
    mv   a0, a1
    call arch_main

/* The registers that a call preserves, and the way back to whoever called. */
.macro leave_monitor vcpu
    addi sp, sp, -FRAME
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
    sw   sp, MONITOR_SP(\vcpu)
.endm

.macro back_to_monitor
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
    addi sp, sp, FRAME
    ret
.endm

    .text
    .globl arch_enter
arch_enter:
    leave_monitor a0
    lw   t0, CB(a0)
    lw   t1, VMCB_pc(t0)
    csrw CSR_epc, t1
    lw   t1, REAL_STATUS(a0)
    csrw CSR_status, t1
    lw   t1, REAL_PTBR(a0)
    csrw CSR_eptbr, t1
    csrw CSR_tscratch, a0
border_in:
    csrr t1, CSR_instret
    sw   t1, ENTERED(a0)
    .irp n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    lw   x\n, X(\n)(a0)
    .endr
    lw   a0, X(10)(a0)
    tret

trap_entry:
    csrrw t6, CSR_tscratch, t6
    beqz t6, monitor_trap
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    sw   x\n, X(\n)(t6)
    .endr
    csrrw t0, CSR_tscratch, zero
    sw   t0, X(31)(t6)
    csrr t0, CSR_instret
    lw   t1, ENTERED(t6)
    sub  t0, t0, t1
    addi t0, t0, -BORDER
    sw   t0, RAN(t6)
    lw   t1, CB(t6)
    csrr t0, CSR_epc
    sw   t0, VMCB_pc(t1)
    csrr t0, CSR_cause
    sw   t0, EXIT_CAUSE(t6)
    csrr t0, CSR_tval
    sw   t0, EXIT_TVAL(t6)
    lw   sp, MONITOR_SP(t6)
    back_to_monitor

/*
 * The same by vmrun, where the processor keeps the monitor's control registers by itself, tscratch
 * among them, and counts the guest's instructions. Of the general registers it swaps a0, which
 * holds the VMCB's address on both sides.
 */
    .globl arch_enter_assist
arch_enter_assist:
    leave_monitor a0
    csrw CSR_tscratch, a0
    .irp n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    lw   x\n, X(\n)(a0)
    .endr
    lw   a0, VMCB(a0)
    vmrun a0
    csrr a0, CSR_tscratch
    .irp n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sw   x\n, X(\n)(a0)
    .endr
    csrw CSR_tscratch, zero
    lw   sp, MONITOR_SP(a0)
    back_to_monitor

/* A trap of the monitor itself: a mistake. With tvec 0 a second one ends the machine. */
monitor_trap:
    csrw CSR_tvec, zero
    la   sp, stack_top
    csrr a0, CSR_cause
    csrr a1, CSR_epc
    csrr a2, CSR_tval
    call arch_fault

    .bss
    .balign 16
    .space 32768
stack_top:
