# Start-up of a workload on QEMU's virt machine: machine mode, no translation at all.
#include "report.S"
    .section .start, "ax"
    .globl _start
_start:
    la    sp, stack_top
    la    t0, trap
    csrw  mtvec, t0
    csrr  s0, instret
    call  main
    csrr  s1, instret
    print_report
    .balign 4
trap:
    li    a0, 99
    print_report

    .section .bss
    .balign 16
    .space 65536
stack_top:
