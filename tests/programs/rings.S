/* Down through the rings by tret, and back up by ecall: the cause says from where. */
#include "tests/programs/program.h"

_start:
    la      t0, handler
    csrw    CSR_tvec, t0
    la      s0, back
    ecall                               /* s0: where the handler goes on, in ring 0 */
back:
    bnez    s1, from_1
    li      s1, 1
    enter_ring 1
    la      s0, from_1
    ecall
from_1:
    enter_ring 2
    la      s0, from_2
    ecall
from_2:
    enter_ring 3
    la      s0, from_3
    ecall
from_3:
    enter_ring 3
    la      s0, denied
    csrr    a0, CSR_tscratch            /* not in ring 3 */
denied:
    say     "back in ring 0"
    csrr    a0, CSR_status
    andi    a0, a0, status_cring
    hex     a0
    off     0

    .balign 4
handler:
    csrr    a0, CSR_cause
    hex     a0
# expect: 00000008
# expect: 00000009
# expect: 0000000a
# expect: 0000000b
# expect: 00000018
# expect: back in ring 0
# expect: 00000000
    jr      s0
