/* On a strict machine a kernel in ring 1 traps wherever its ring would show. */
#include "tests/programs/program.h"

_start:
    la      t0, handler
    csrw    CSR_tvec, t0
    enter_ring 1
    li      s1, 0x55
    csrr    s1, CSR_status              # expect: 00000018
    csrci   CSR_status, status_ie       # expect: 00000018
    csrr    s1, CSR_tvec                # expect: 00000018
    cpuid   s1, x0                      # expect: 00000018
    probe   s1, sp                      # expect: 00000018
    pin     s1, sp                      # expect: 00000018
    wfi                                 # expect: 00000018
    hcall                               # expect: 00000019
    ebreak                              # expect: 00000003
    .word   0                           # expect: 00000002
    ecall                               # expect: 00000009

    .balign 4
handler:
    csrr    s2, CSR_cause
    hex     s2
    li      t0, CAUSE_ecall_ring1
    beq     s2, t0, 1f
    skip
    tret
1:  hex     s1                          # expect: 00000055
    off     0
