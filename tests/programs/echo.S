/* Input by interrupts: what is typed comes back one letter further, until a full stop. */
# input: HAL.
#include "tests/programs/program.h"

_start:
    la      t0, handler
    csrw    CSR_tvec, t0
    li      s0, REGION_uart
    li      s1, REGION_intc
    li      t0, 1 << LINE_uart
    sw      t0, 4(s1)                   /* enable its line */
    li      t0, 1
    sb      t0, 1(s0)                   /* and the console's receive interrupt */
    li      t0, 1 << INTERRUPT_external
    csrw    CSR_ie, t0
    csrsi   CSR_status, status_ie
1:  wfi
    j       1b

    .balign 4
handler:
    lw      s2, 8(s1)                   /* claim */
    lbu     s3, 0(s0)
    li      t0, '.'
    beq     s3, t0, 1f
    addi    s3, s3, 1
    sb      s3, 0(s0)                   # expect: IBM
    sw      s2, 8(s1)                   /* complete */
    tret
1:  li      t0, '\n'
    sb      t0, 0(s0)
    hex     s2                          # expect: 00000001
    off     42                          # exit: 42
