# What the debugger's tests debug: calls, memory, a program in ring 3, paging, the console.
        .equ  RAM, 0x80000000
        .globl _start
_start: la    sp, stack
        la    t0, handler
        csrw  tvec, t0
        li    a0, 3
        jal   twice             # 3 -> 12
        la    t1, result
        sw    a0, 0(t1)
        lw    a1, 0(t1)
        jal   paging_on
        li    t2, 0xc           # PRING = 3
        csrs  status, t2
        la    t2, user
        csrw  epc, t2
        tret

# a0 = 4 * a0
twice:  addi  sp, sp, -16
        sw    ra, 0(sp)
        jal   double
        jal   double
        lw    ra, 0(sp)
        addi  sp, sp, 16
        ret
double: add   a0, a0, a0
        ret

# One superpage: RAM as it is, for every ring.
paging_on:
        la    t0, table
        li    t1, RAM | 0x3f
        li    t2, RAM >> 22 << 2
        add   t2, t2, t0
        sw    t1, 0(t2)
        srli  t0, t0, 12
        li    t1, 0x80400000    # on, ASID 1
        or    t0, t0, t1
        csrw  ptbr, t0
        sfence.vma
        ret

user:   csrr  a2, status        # not allowed: cause 24
        ecall
        lw    a3, 64(zero)      # no page there

# Skips what trapped; a load page fault ends it.
        .align 2
handler:
        csrr  t3, cause
        li    t4, 13
        beq   t3, t4, off
        csrr  t4, epc
        addi  t4, t4, 4
        csrw  epc, t4
        tret
off:    csrw  ptbr, zero
        li    t3, 0x100000
        li    t4, 0x5555
        sw    t4, 0(t3)
        j     .

        .data
        .align 2
message: .asciz "four \"rings\""
        .align 2
result: .word 0
        .bss
        .align 12
table:  .space 4096
        .space 256
stack:
