/* What every test program uses; see program.h. */
#include "xrings.h"

    .text

/* a0: text. Prints it and ends the line. */
    .globl  print
print:
    li      t0, REGION_uart
1:  lbu     t1, 0(a0)
    beqz    t1, 2f
    sb      t1, 0(t0)
    addi    a0, a0, 1
    j       1b
2:  li      t1, '\n'
    sb      t1, 0(t0)
    ret

/* a0: number. */
    .globl  print_hex
print_hex:
    li      t0, REGION_uart
    li      t3, 0
1:  srli    t1, a0, 28
    addi    t2, t1, -10
    bltz    t2, 2f
    addi    t1, t1, 'a' - '0' - 10
2:  addi    t1, t1, '0'
    sb      t1, 0(t0)
    slli    a0, a0, 4
    addi    t3, t3, 1
    andi    t2, t3, 7
    bnez    t2, 1b
    li      t1, '\n'
    sb      t1, 0(t0)
    ret

/* a0: status. */
    .globl  power_off
power_off:
    li      t0, REGION_finisher
    li      t1, 0x5555
    beqz    a0, 1f
    slli    a0, a0, 16
    li      t1, 0x3333
    or      t1, t1, a0
1:  sw      t1, 0(t0)
2:  j       2b
