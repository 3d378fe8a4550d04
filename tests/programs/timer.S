/* Three ticks: the handler moves the deadline on, the program counts while it waits. */
#include "tests/programs/program.h"

#define PERIOD 1000

    .balign 4
handler:
    addi    s1, s1, 1
    li      t0, PERIOD
    add     s0, s0, t0
    csrw    CSR_timecmp, s0
    csrr    a1, CSR_cause
    hex     a1
# expect: 80000007
# expect: 80000007
# expect: 80000007
    tret

_start:
    la      t0, handler
    csrw    CSR_tvec, t0
    csrw    CSR_timecmph, x0
    li      s0, PERIOD
    csrw    CSR_timecmp, s0
    li      t0, ie_timer
    csrw    CSR_ie, t0
    csrsi   CSR_status, status_ie
    li      s1, 0
1:  wfi
    li      t0, 3
    bne     s1, t0, 1b
    csrci   CSR_status, status_ie
    csrr    s2, CSR_time
    li      t0, 3 * PERIOD
    sltu    a1, s2, t0
    hex     a1                          # expect: 00000000
    li      t0, 4 * PERIOD
    sltu    a1, s2, t0
    hex     a1                          # expect: 00000001
    off     0
