/*
 * A monitor of one page: it lives outside its guest's address space (TPS), gives the guest one
 * page of its own, emulates one privileged instruction, and ends it at an hcall.
 */
#include "tests/programs/program.h"

#define GUEST 0x00400000                /* where the guest believes its code to be */

_start:
    la      t0, handler
    csrw    CSR_tvec, t0
    la      s0, root
    la      s1, table
    ori     t0, s1, 1
    sw      t0, 4(s0)                   /* nothing but the guest's page is mapped */
    la      t0, guest
    ori     t0, t0, 0x1b                /* V R X, PL 1 */
    sw      t0, 0(s1)
    srli    t0, s0, 12
    li      t1, ptbr_on
    or      t0, t0, t1
    csrw    CSR_eptbr, t0
    csrw    CSR_tptbr, x0
    li      t0, GUEST
    csrw    CSR_epc, t0
    li      t0, status_tps | (1 << status_pring_SHIFT)
    csrw    CSR_status, t0
    li      s4, 0x7777                  /* the guest's tscratch */
    tret

    .balign 4
handler:
    csrr    s2, CSR_cause
    hex     s2
    li      t0, CAUSE_privileged
    bne     s2, t0, 1f
    csrr    a1, CSR_tval
    hex     a1
    mv      a0, s4                      /* what the guest wanted: csrr a0, tscratch */
    mv      s5, a0
    skip
    mv      a0, s5
    tret
1:  li      t0, CAUSE_hcall
    bne     s2, t0, 2f
    hex     s6                          # expect: 00000018
# expect: 7c202573
# expect: 0000000d
# expect: 80000000
# expect: 00000019
# expect: 00007778
    off     0
2:  csrr    a1, CSR_tval                /* a page that is not the guest's: give up that access */
    hex     a1
    skip
    tret

    .balign 4096
guest:
    csrr    a0, CSR_tscratch
    addi    s6, a0, 1
    lui     a1, 0x80000
    lw      a2, 0(a1)                   /* the monitor's memory: not there */
    hcall

    .bss
    .balign 4096
root:
    .space 4096
table:
    .space 4096
