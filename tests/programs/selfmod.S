/* Code that writes code: the new instruction runs at once, in a loop that ran the old one. */
#include "tests/programs/program.h"

_start:
    li      s0, 0                       /* sum */
    li      s1, 6                       /* rounds */
    la      s2, patch
    lw      s3, other                   /* addi s0, s0, 256 */
1:  lw      s4, 0(s2)
patch:
    addi    s0, s0, 1
    sw      s3, 0(s2)                   /* swap for the next round */
    mv      s3, s4
    addi    s1, s1, -1
    bnez    s1, 1b
    hex     s0                          # expect: 00000303

    la      t0, behind                  /* and one that is only two words ahead */
    lw      t1, other
    sw      t1, 0(t0)
    nop
behind:
    addi    s0, s0, 1
    hex     s0                          # expect: 00000403
    off     0

    .balign 4
other:
    addi    s0, s0, 256
