# Start-up of a workload on Trapeze: paging on, one superpage table over RAM, main in ring 3 like
# any user program. Its result goes to the finisher: 0 powers off with status 0, else with that
# code.
#include "xrings.h"
#include "report.S"
    .section .start, "ax"
    .globl _start
_start:
    la    sp, stack_top
    la    t0, trap
    csrw  CSR_tvec, t0
    li    t0, 4                     # instret may be read in ring 3
    csrw  CSR_cntren, t0
    la    t1, root                  # entries 512 to 1023: RAM, 4 MiB each, PL 3, all rights
    li    t2, 512
    li    t3, 0x8000003f
    li    t4, 0x400000
    slli  t5, t2, 2
    add   t1, t1, t5
1:  sw    t3, 0(t1)
    add   t3, t3, t4
    addi  t1, t1, 4
    addi  t2, t2, 1
    slti  t5, t2, 1024
    bnez  t5, 1b
    la    t1, root
    srli  t1, t1, 12
    li    t2, 0x80000000
    or    t1, t1, t2
    csrw  CSR_ptbr, t1
    li    t0, 0xc
    csrs  CSR_status, t0
    la    t0, user
    csrw  CSR_epc, t0
    tret
user:
    csrr  s0, instret
    call  main
    csrr  s1, instret
    li    a7, 1
    ecall

# ecall 0 returns at once; anything else ends the run: a0 is the status, 99 after a fault. On
# another page than the program, as in a real kernel.
    .section .trap, "ax"
trap:
    csrw  CSR_tscratch, t0
    csrr  t0, CSR_cause
    addi  t0, t0, -11
    bnez  t0, 1f
    bnez  a7, 2f
    csrr  t0, CSR_epc
    addi  t0, t0, 4
    csrw  CSR_epc, t0
    csrr  t0, CSR_tscratch
    tret
1:  li    a0, 99
2:  csrw  CSR_ptbr, zero
    print_report

    .section .bss
    .balign 4096
root:
    .space 4096
    .space 65536
stack_top:
