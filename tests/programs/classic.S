/* The same kernel on a classic machine: it is not told, and it goes wrong. */
# machine: classic
# bare: a classic machine cannot be virtualized by trap and emulate
#include "tests/programs/program.h"

_start:
    la      t0, handler
    csrw    CSR_tvec, t0
    enter_ring 1, status_pie
    csrr    s1, CSR_status
    andi    s1, s1, status_cring
    hex     s1                          # expect: 00000010
    csrci   CSR_status, status_ie       /* "interrupts are off now" */
    csrr    s1, CSR_status
    andi    s1, s1, status_ie
    hex     s1                          # expect: 00000001
    csrr    s1, CSR_tvec
    la      t0, handler
    sub     s1, s1, t0
    hex     s1                          # expect: 00000000
    cpuid   s1, x0
    hex     s1                          # expect: 5a505254
    csrw    CSR_tvec, x0                # expect: 00000018
    ecall                               # expect: 00000009

    .balign 4
handler:
    csrr    s2, CSR_cause
    hex     s2
    li      t0, CAUSE_ecall_ring1
    beq     s2, t0, 1f
    skip
    tret
1:  off     0
