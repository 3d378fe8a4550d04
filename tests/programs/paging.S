/*
 * Demand paging: a program in ring 3 touches pages that are not there, and the kernel maps each
 * when it faults. The hardware sets A, and D only where something was written.
 */
#include "tests/programs/program.h"

#define WINDOW 0x00400000               /* virtual; mapped page by page */
#define RIGHTS 0x37                     /* V R W, PL 3 */

_start:
    la      t0, handler
    csrw    CSR_tvec, t0
    la      s0, root
    la      s1, table
    li      t0, 0x8000003f              /* RAM: a superpage, every right, PL 3 */
    li      t1, 0x800
    add     t1, t1, s0
    sw      t0, 0(t1)
    li      t0, 0x1000003f              /* the console's superpage, for print */
    sw      t0, 0x100(s0)
    li      t0, 0x0000003f              /* the finisher's */
    sw      t0, 0(s0)
    ori     t0, s1, 1                   /* a pointer for WINDOW */
    sw      t0, 4(s0)
    la      s2, pages                   /* next free frame */
    srli    t0, s0, 12
    li      t1, ptbr_on
    or      t0, t0, t1
    csrw    CSR_ptbr, t0
    enter_ring 3

    li      s4, WINDOW
    lw      a1, 0(s4)                   # expect: 0000000d
# expect: 00400000
    li      s9, 0x1234
    sw      s9, 4(s4)                   /* the page is there now: no trap */
    li      s5, WINDOW + 0x3000
    sw      s9, 0x7fc(s5)               # expect: 0000000f
# expect: 004037fc
    lw      a1, 4(s4)
    hex     a1                          # expect: 00001234
    jr      s5                          # expect: 0000000c
# expect: 00403000

done:
    lw      a1, 0(s1)
    andi    a1, a1, 0xff
    hex     a1                          # expect: 000000f7
    lw      a1, 12(s1)
    andi    a1, a1, 0xff
    hex     a1                          # expect: 000000f7
    li      s8, WINDOW + 0x1000
    lw      a1, 0(s8)                   # expect: 0000000d
# expect: 00401000
    lw      a1, 4(s1)
    andi    a1, a1, 0xff
    hex     a1                          # expect: 00000077
    off     0

    .balign 4
handler:
    csrr    s6, CSR_cause
    hex     s6
    csrr    s7, CSR_tval
    hex     s7
    li      t0, CAUSE_fetch_page
    beq     s6, t0, done                /* no right to execute: the end of the tour */
    ori     t0, s2, RIGHTS
    li      t1, 0x1000
    add     s2, s2, t1
    srli    t1, s7, 10                  /* entry of the page in the table */
    andi    t1, t1, 0x7fc
    add     t1, t1, s1
    sw      t0, 0(t1)
    tret

    .bss
    .balign 4096
root:
    .space 4096
table:
    .space 4096
pages:
    .space 3 * 4096
