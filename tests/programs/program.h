/*
 * For test programs. What a program prints stands beside the lines that print it:
 *
 *     say     "in ring 3"         # expect: in ring 3
 *
 * One comment is one line of output, in the order of the file. More comments, anywhere:
 *
 *     # machine: classic          the variant; else strict
 *     # machine: tlb=256          entries of the TLB
 *     # bare: why                 a virtual machine may differ; else it prints the same in one
 *     # input: text               typed at the start
 *     # exit: 3                   status at power-off; else 0
 *     # shutdown: no_vector       how it ends instead (trace/shutdowns.def)
 *
 * say, hex and off change a0, t0 to t3 and ra. The console is polled at its physical address.
 */
#include "xrings.h"

.macro say text
    .pushsection .rodata
9:  .asciz  "\text"
    .popsection
    la      a0, 9b
    call    print
.endm

/* Prints a register as eight digits, and ends the line. */
.macro hex reg
    mv      a0, \reg
    call    print_hex
.endm

.macro off code
    li      a0, \code
    j       power_off
.endm

/* On with the program in a ring, behind this line, with the other status bits that are given. */
.macro enter_ring ring, bits=0
    li      t0, (\ring << status_pring_SHIFT) | (\bits)
    csrw    CSR_status, t0
    la      t0, 8f
    csrw    CSR_epc, t0
    tret
8:
.endm

/* A trap handler returns behind the instruction that trapped. */
.macro skip
    csrr    t0, CSR_epc
    addi    t0, t0, 4
    csrw    CSR_epc, t0
.endm

    .section .text.start, "ax", @progbits
    .globl  _start
