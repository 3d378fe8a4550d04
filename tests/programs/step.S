/* A debugger in twenty lines: TF, and a handler that counts the steps of a loop. */
#include "tests/programs/program.h"

_start:
    la      t0, handler
    csrw    CSR_tvec, t0
    enter_ring 3, status_ptf

    li      t1, 4                       /* 1 step */
    li      t2, 0                       /* 1 */
1:  addi    t2, t2, 5                   /* 3 in each of 4 rounds */
    addi    t1, t1, -1
    bnez    t1, 1b
    ecall                               /* traps itself: not stepped */

    .balign 4
handler:
    csrr    t0, CSR_cause
    li      t3, CAUSE_single_step
    bne     t0, t3, 1f
    addi    s0, s0, 1
    tret
1:  mv      s1, t0
    mv      s2, t2
    hex     s0                          # expect: 0000000e
    hex     s1                          # expect: 0000000b
    hex     s2                          # expect: 00000014
    csrr    a1, CSR_status
    andi    a1, a1, status_ptf
    hex     a1                          # expect: 00000200
    off     0
