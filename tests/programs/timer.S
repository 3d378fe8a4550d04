/* Three ticks: the handler moves the deadline on, the program counts while it waits. */
#include "tests/programs/program.h"

#define PERIOD 200000                   /* long enough for a monitor's detours */

    .balign 4
handler:                                /* the program below keeps to s registers */
    addi    s1, s1, 1
    add     s0, s0, s5
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
    li      s5, PERIOD
    csrr    s3, CSR_time
    add     s0, s3, s5
    csrw    CSR_timecmp, s0
    csrr    t0, CSR_timeh
    csrw    CSR_timecmph, t0
    li      t0, ie_timer
    csrw    CSR_ie, t0
    csrsi   CSR_status, status_ie
    li      s1, 0
    li      s4, 3
1:  wfi
    blt     s1, s4, 1b
    csrci   CSR_status, status_ie
    csrr    s2, CSR_time
    sub     s2, s2, s3
    li      t0, 3 * PERIOD
    sltu    a1, s2, t0
    hex     a1                          # expect: 00000000
    li      t0, 4 * PERIOD
    sltu    a1, s2, t0
    hex     a1                          # expect: 00000001
    off     0
