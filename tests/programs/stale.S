/* A kernel that forgets to flush sees the old page; sfence.vma brings the new one. */
# machine: tlb=256
# bare: a shadow table is one TLB for loads and stores
#include "tests/programs/program.h"

#define WINDOW 0x00400000

_start:
    la      s0, root
    la      s1, table
    li      t0, 0x8000003f              /* RAM: a superpage, every right */
    li      t1, 0x800
    add     t1, t1, s0
    sw      t0, 0(t1)
    li      t0, 0x1000003f              /* the console, for print */
    sw      t0, 0x100(s0)
    li      t0, 0x0000003f              /* the finisher */
    sw      t0, 0(s0)
    ori     t0, s1, 1
    sw      t0, 4(s0)
    la      s2, first
    ori     s2, s2, 0x37
    sw      s2, 0(s1)
    srli    t0, s0, 12
    li      t1, ptbr_on
    or      t0, t0, t1
    csrw    CSR_ptbr, t0

    li      s4, WINDOW
    lw      a1, 0(s4)
    hex     a1                          # expect: 11111111
    la      s3, second
    ori     s3, s3, 0x37
    sw      s3, 0(s1)                   /* the table says second, the TLB first */
    lw      a1, 0(s4)
    hex     a1                          # expect: 11111111
    li      a1, 0x22
    sw      a1, 4(s4)                   /* stores have a TLB of their own */
    lw      a1, 4(s4)
    hex     a1                          # expect: 00000000
    la      t0, second
    lw      a1, 4(t0)
    hex     a1                          # expect: 00000022
    sfence.vma s4, x0
    lw      a1, 0(s4)
    hex     a1                          # expect: 22222222
    off     0

    .data
    .balign 4096
first:
    .word   0x11111111
    .balign 4096
second:
    .word   0x22222222
    .bss
    .balign 4096
root:
    .space 4096
table:
    .space 4096
