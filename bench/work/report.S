# The end of a workload, in the highest mode of whichever machine: prints `instructions NNNNNNNN`
# (what main took, hexadecimal, s1 - s0) and powers off with status a0. The console and the
# finisher are where both Trapeze and QEMU's virt machine have them.
    .macro print_report
    la    t0, title
    li    t1, 0x10000000
1:  lbu   t2, 0(t0)
    beqz  t2, 2f
    sb    t2, 0(t1)
    addi  t0, t0, 1
    j     1b
2:  sub   s1, s1, s0
    li    t0, 28
3:  srl   t2, s1, t0
    andi  t2, t2, 15
    slti  t3, t2, 10
    addi  t2, t2, '0'
    bnez  t3, 4f
    addi  t2, t2, 'a' - '0' - 10
4:  sb    t2, 0(t1)
    addi  t0, t0, -4
    bgez  t0, 3b
    li    t2, '\n'
    sb    t2, 0(t1)
    li    t0, 0x100000
    slli  a0, a0, 16
    li    t1, 0x5555
    beqz  a0, 5f
    li    t1, 0x3333
    or    t1, t1, a0
5:  sw    t1, 0(t0)
6:  j     6b
    .endm

    .section .rodata
title:
    .asciz "instructions "
